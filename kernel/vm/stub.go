package vm

import (
	"syscall"

	"onsen/kernel/uaccess"
)

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

// NewAddressSpace returns an empty one.
func NewAddressSpace(limit func(pages int) bool) *AddressSpace { return new(AddressSpace) }

// ReadIter reads what is there of a file of that size.
func (*AddressSpace) ReadIter(to *uaccess.Iter, pos, size int64) (int, error) { return 0, nil }

// WriteIter writes, and makes the file longer if need be.
func (*AddressSpace) WriteIter(from *uaccess.Iter, pos int64) (int, error) {
	return 0, syscall.ENOSPC
}

// Truncate sets the size.
func (*AddressSpace) Truncate(size int64) error { return nil }

// Release frees all pages.
func (*AddressSpace) Release() {}

// FaultPage has no pages.
func (*AddressSpace) FaultPage(uint64, bool) (uintptr, error) { return 0, syscall.EFAULT }

// Attach does nothing.
func (*AddressSpace) Attach(*Area) {}

// Detach does nothing.
func (*AddressSpace) Detach(*Area) {}
