package kernel

import (
	"syscall"
	"unsafe"

	"onsen/kernel/futex"
)

func init() { futex.SharedKey = sharedFutexKey }

// sharedFutexKey is futex.SharedKey.
func sharedFutexKey(addr uintptr) (futex.Key, error) {
	m := Current().mm
	if m == nil {
		return futex.Key{}, syscall.EFAULT
	}
	object, offset, inFile, err := m.FutexKey(addr)
	switch {
	case err != nil:
		return futex.Key{}, err
	case inFile:
		return futex.Key{Object: object, Offset: offset, Kind: futex.InFile}, nil
	}
	return futex.Key{Object: uintptr(unsafe.Pointer(m)), Offset: uint64(addr), Kind: futex.MMShared}, nil
}
