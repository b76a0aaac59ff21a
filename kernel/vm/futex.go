package vm

import (
	"syscall"
	"unsafe"
)

// FutexKey tells what the memory at an address is when programs share it: the
// address of the page cache that it belongs to, and the place there. Private
// memory is its program's own: inFile is false. EFAULT if there is no memory.
func (m *MM) FutexKey(addr uintptr) (object uintptr, offset uint64, inFile bool, err error) {
	m.lock.RLock()
	defer m.lock.RUnlock()
	a := m.find(addr)
	if a == nil || addr < a.Start {
		return 0, 0, false, syscall.EFAULT
	}
	c, ok := a.Object.(*AddressSpace)
	if !ok && a.Flags&VM_WRITE == 0 {
		return 0, 0, false, syscall.EFAULT // nobody can ever change the word
	}
	if !ok || a.Flags&VM_MAYSHARE == 0 {
		return 0, 0, false, nil
	}
	return uintptr(unsafe.Pointer(c)), a.Offset + uint64(addr-a.Start), true, nil
}
