package net

import (
	"syscall"

	"onsen/kernel/uaccess"
)

// MaxAddr is the size of struct sockaddr_storage: no name is longer.
const MaxAddr = 128

// AddrFromUser reads a name of n bytes at a user address: EINVAL if that is too long
// or negative, EFAULT. Linux's move_addr_to_kernel.
func AddrFromUser(addr uintptr, n int32) ([]byte, error) {
	if n < 0 || n > MaxAddr {
		return nil, syscall.EINVAL
	}
	b := make([]byte, n)
	if _, err := uaccess.CopyFromUser(b, addr); err != nil {
		return nil, err
	}
	return b, nil
}

// AddrToUser stores a name at a user address, as much of it as there is room for, and
// its whole length in the int32 at lenAddr, which says how much that is: EINVAL if it
// is negative, EFAULT. Linux's move_addr_to_user.
func AddrToUser(name []byte, addr, lenAddr uintptr) error {
	room, err := uaccess.Get[int32](lenAddr)
	if err != nil {
		return err
	}
	if room < 0 {
		return syscall.EINVAL
	}
	if _, err := uaccess.CopyToUser(addr, name[:min(int(room), len(name))]); err != nil {
		return err
	}
	return uaccess.Put(lenAddr, int32(len(name)))
}
