package vm

// MM is the memory of a program; Linux's struct mm_struct.
type MM struct{}

// Area is a range of it; Linux's struct vm_area_struct.
type Area struct{}
