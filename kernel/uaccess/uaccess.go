// Package uaccess reads and writes the memory of the calling task's program.
//
// A user address may be anything: every function checks it against the end of
// user space, survives a fault at any byte, and says EFAULT. A page that is not
// there yet is brought in through HandleFault, so the caller may sleep and must
// hold no spin lock.
package uaccess

import (
	"syscall"
	"unsafe"

	"onsen/arch"
	"onsen/arch/spec"
)

// HandleFault resolves a fault of the kernel at a user address on behalf of the
// calling task, or returns EFAULT. Set at start-up.
var HandleFault = func(addr uintptr, a spec.Access) error { return syscall.EFAULT }

// AccessOK reports whether [addr, addr+n) lies within user space.
func AccessOK(addr, n uintptr) bool { return n <= arch.TaskSize && addr <= arch.TaskSize-n }

// CopyFromUser fills dst from the user address src. It returns how many bytes
// it has copied, and EFAULT if that is not all of them.
func CopyFromUser(dst []byte, src uintptr) (n int, err error) {
	if len(dst) == 0 {
		return 0, nil
	}
	if !AccessOK(src, uintptr(len(dst))) {
		return 0, syscall.EFAULT
	}
	left := arch.CopyFromUser(unsafe.Pointer(unsafe.SliceData(dst)), src, uintptr(len(dst)))
	if left == 0 {
		return len(dst), nil
	}
	return copyFromUser(dst, src, len(dst)-int(left))
}

// copyFromUser goes on with CopyFromUser at byte n, whose page is not there.
func copyFromUser(dst []byte, src uintptr, n int) (int, error) {
	for {
		if err := HandleFault(src+uintptr(n), spec.AccessRead); err != nil {
			return n, err
		}
		left := int(arch.CopyFromUser(unsafe.Pointer(&dst[n]), src+uintptr(n), uintptr(len(dst)-n)))
		if n = len(dst) - left; left == 0 {
			return n, nil
		}
	}
}

// CopyToUser writes src to the user address dst. It returns how many bytes it
// has copied, and EFAULT if that is not all of them.
func CopyToUser(dst uintptr, src []byte) (n int, err error) {
	if len(src) == 0 {
		return 0, nil
	}
	if !AccessOK(dst, uintptr(len(src))) {
		return 0, syscall.EFAULT
	}
	left := arch.CopyToUser(dst, unsafe.Pointer(unsafe.SliceData(src)), uintptr(len(src)))
	if left == 0 {
		return len(src), nil
	}
	return copyToUser(dst, src, len(src)-int(left))
}

// copyToUser goes on with CopyToUser at byte n, whose page is not there.
func copyToUser(dst uintptr, src []byte, n int) (int, error) {
	for {
		if err := HandleFault(dst+uintptr(n), spec.AccessWrite); err != nil {
			return n, err
		}
		left := int(arch.CopyToUser(dst+uintptr(n), unsafe.Pointer(&src[n]), uintptr(len(src)-n)))
		if n = len(src) - left; left == 0 {
			return n, nil
		}
	}
}

// ClearUser zeroes n bytes at the user address dst. It returns how many, and
// EFAULT if that is not all of them.
func ClearUser(dst, n uintptr) (done uintptr, err error) {
	if !AccessOK(dst, n) {
		return 0, syscall.EFAULT
	}
	left := arch.ClearUser(dst, n)
	if left == 0 {
		return n, nil
	}
	return clearUser(dst, n, n-left)
}

// clearUser goes on with ClearUser at byte done, whose page is not there.
func clearUser(dst, n, done uintptr) (uintptr, error) {
	for {
		if err := HandleFault(dst+done, spec.AccessWrite); err != nil {
			return done, err
		}
		left := arch.ClearUser(dst+done, n-done)
		if done = n - left; left == 0 {
			return done, nil
		}
	}
}

// Get reads a T, which holds no pointers, from a user address.
func Get[T any](addr uintptr) (v T, err error) {
	_, err = CopyFromUser(bytesOf(&v), addr)
	return v, err
}

// Load fills v, which holds no pointers, from a user address: Get for a hot path.
func Load[T any](v *T, addr uintptr) error {
	if addr < arch.TaskSize-unsafe.Sizeof(*v) && arch.CopyFromUser(unsafe.Pointer(v), addr, unsafe.Sizeof(*v)) == 0 {
		return nil
	}
	_, err := CopyFromUser(bytesOf(v), addr)
	return err
}

// Get64 is Get for a quadword on a hot path.
func Get64(addr uintptr) (v uint64, err error) {
	if AccessOK(addr, 8) && arch.CopyFromUser(unsafe.Pointer(&v), addr, 8) == 0 {
		return v, nil
	}
	return Get[uint64](addr)
}

// Put writes a T, which holds no pointers, to a user address.
func Put[T any](addr uintptr, v T) error {
	_, err := CopyToUser(addr, bytesOf(&v))
	return err
}

// GetSlice fills v, whose elements hold no pointers, from a user address.
func GetSlice[T any](v []T, addr uintptr) error {
	if len(v) == 0 {
		return nil
	}
	_, err := CopyFromUser(unsafe.Slice((*byte)(unsafe.Pointer(&v[0])), uintptr(len(v))*unsafe.Sizeof(v[0])), addr)
	return err
}

// PutSlice writes v, whose elements hold no pointers, to a user address.
func PutSlice[T any](addr uintptr, v []T) error {
	if len(v) == 0 {
		return nil
	}
	_, err := CopyToUser(addr, unsafe.Slice((*byte)(unsafe.Pointer(&v[0])), uintptr(len(v))*unsafe.Sizeof(v[0])))
	return err
}

func bytesOf[T any](v *T) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(v)), unsafe.Sizeof(*v))
}

// String reads a NUL-terminated string of at most most bytes, the NUL not
// counted. It returns ENAMETOOLONG if there is no NUL until then, and EFAULT.
func String(addr uintptr, most int) (string, error) {
	var small [256]byte
	buf := small[:0]
	for {
		// Never across the end of a page: the next one need not be there.
		n := min(uintptr(cap(buf)-len(buf)), arch.PageSize-addr%arch.PageSize)
		part := buf[len(buf) : len(buf)+int(n)]
		if !AccessOK(addr, n) {
			if addr >= arch.TaskSize {
				return "", syscall.EFAULT
			}
			part = part[:arch.TaskSize-addr]
		}
		if _, err := CopyFromUser(part, addr); err != nil {
			return "", err
		}
		for i, c := range part {
			if c == 0 {
				buf = buf[:len(buf)+i]
				if len(buf) > most {
					return "", syscall.ENAMETOOLONG
				}
				return string(buf), nil
			}
		}
		buf = buf[:len(buf)+len(part)]
		addr += uintptr(len(part))
		if len(buf) > most {
			return "", syscall.ENAMETOOLONG
		}
		if len(buf) == cap(buf) {
			buf = append(make([]byte, 0, min(4*cap(buf), most+1+cap(buf))), buf...)
		}
	}
}

// Cmpxchg32 replaces the aligned word at a user address by new if it is old,
// atomically, and returns what it was. It returns EFAULT.
func Cmpxchg32(addr uintptr, old, new uint32) (prev uint32, err error) {
	if !AccessOK(addr, 4) {
		return 0, syscall.EFAULT
	}
	for {
		prev, ok := arch.CmpxchgUser32(addr, old, new)
		if ok {
			return prev, nil
		}
		if err := HandleFault(addr, spec.AccessWrite); err != nil {
			return 0, err
		}
	}
}

// Cmpxchg32NoFault is Cmpxchg32 that may be called with spin locks held: ok is
// false if the page is not there or cannot be written.
func Cmpxchg32NoFault(addr uintptr, old, new uint32) (prev uint32, ok bool) {
	if !AccessOK(addr, 4) {
		return 0, false
	}
	return arch.CmpxchgUser32(addr, old, new)
}

// Load32 reads the aligned word at a user address in one access. It returns
// EFAULT.
func Load32(addr uintptr) (v uint32, err error) {
	if !AccessOK(addr, 4) {
		return 0, syscall.EFAULT
	}
	for {
		v, ok := arch.LoadUser32(addr)
		if ok {
			return v, nil
		}
		if err := HandleFault(addr, spec.AccessRead); err != nil {
			return 0, err
		}
	}
}

// Load32NoFault is Load32 that may be called with spin locks held: ok is false
// if the page is not there.
func Load32NoFault(addr uintptr) (v uint32, ok bool) {
	if !AccessOK(addr, 4) {
		return 0, false
	}
	return arch.LoadUser32(addr)
}
