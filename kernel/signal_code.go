package kernel

import (
	"sync"
	"syscall"
	"unsafe"

	"onsen/arch"
	"onsen/kernel/mm"
	"onsen/kernel/vm"
)

// sigreturnPage is the page of code that handlers return to where the C library
// does not bring its own; part of Linux's vDSO. All programs share it.
type sigreturnPage struct {
	once sync.Once
	pa   uintptr // 0 if there is none
}

var sigreturnCode sigreturnPage

// FaultPage returns the page.
func (p *sigreturnPage) FaultPage(index uint64, _ bool) (uintptr, error) {
	if index != 0 || p.pa == 0 {
		return 0, syscall.EFAULT
	}
	mm.GetPage(p.pa)
	return p.pa, nil
}

// Attach and Detach do nothing: the page stays.
func (p *sigreturnPage) Attach(*vm.Area) {}

// Detach does nothing.
func (p *sigreturnPage) Detach(*vm.Area) {}

// mapSigreturnCode maps the code into the memory of a new program, if the
// architecture has some. ENOMEM.
func mapSigreturnCode(m *vm.MM) error {
	code := arch.SigReturnCode()
	if len(code) == 0 {
		return nil
	}
	p := &sigreturnCode
	p.once.Do(func() { p.pa = newCodePage(code) })
	if p.pa == 0 {
		return syscall.ENOMEM
	}
	addr, err := m.Mmap(vm.MmapArgs{
		Len:     arch.PageSize,
		Prot:    syscall.PROT_READ | syscall.PROT_EXEC,
		Flags:   syscall.MAP_PRIVATE,
		Object:  p,
		Name:    "[vdso]",
		Special: true,
	})
	m.SigReturn = addr
	return err
}

// newCodePage returns a page that begins with code, 0 if there is no memory.
func newCodePage(code []byte) uintptr {
	pa := mm.AllocPage()
	if pa == 0 {
		return 0
	}
	va := arch.PhysToVirt(pa)
	page := unsafe.Slice((*byte)(unsafe.Add(nil, va)), arch.PageSize)
	clear(page)
	copy(page, code)
	arch.SyncICache(va, uintptr(len(code)))
	return pa
}
