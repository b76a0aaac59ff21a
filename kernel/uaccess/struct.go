package uaccess

import (
	"syscall"
	"unsafe"

	"onsen/arch"
)

// GetStruct fills v, whose type holds no pointers, from a structure of size
// bytes at a user address, which a newer or older program may know longer or
// shorter: what is missing is zero; what is too much must be. It returns E2BIG
// and EFAULT. Linux's copy_struct_from_user; the caller checks for the smallest
// size.
func GetStruct[T any](v *T, addr, size uintptr) error {
	if size > arch.PageSize {
		return syscall.E2BIG
	}
	b := bytesOf(v)
	for at := uintptr(len(b)); at < size; {
		var rest [64]byte
		part := rest[:min(size-at, uintptr(len(rest)))]
		if _, err := CopyFromUser(part, addr+at); err != nil {
			return err
		}
		for _, c := range part {
			if c != 0 {
				return syscall.E2BIG
			}
		}
		at += uintptr(len(part))
	}
	n := min(size, uintptr(len(b)))
	clear(b[n:])
	_, err := CopyFromUser(b[:n], addr)
	return err
}

// PutFrom writes *v, which holds no pointers, to a user address: Put for what is
// large, and for a hot path.
func PutFrom[T any](addr uintptr, v *T) error {
	if addr < arch.TaskSize-unsafe.Sizeof(*v) && arch.CopyToUser(addr, unsafe.Pointer(v), unsafe.Sizeof(*v)) == 0 {
		return nil
	}
	_, err := CopyToUser(addr, bytesOf(v))
	return err
}
