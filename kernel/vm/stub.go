package vm

// MM is the memory of a program; Linux's struct mm_struct.
type MM struct{}

// Area is a range of it; Linux's struct vm_area_struct.
type Area struct{}

// AddressSpace is the page cache of a file; Linux's struct address_space.
type AddressSpace struct{}

// Size returns the file's length in bytes.
func (*AddressSpace) Size() int64 { return 0 }

// Pages returns the number of pages it holds.
func (*AddressSpace) Pages() int { return 0 }
