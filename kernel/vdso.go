package kernel

import (
	"syscall"
	"unsafe"

	"onsen/arch"
	"onsen/arch/spec"
	"onsen/kernel/mm"
	"onsen/kernel/printk"
	"onsen/kernel/spin"
	"onsen/kernel/timekeeping"
	"onsen/kernel/vdso"
	"onsen/kernel/vm"
)

// vdsoPages are the two pages of the vDSO, which all programs share: vvar, which
// the kernel writes the time to, and the image with the code.
var vdsoPages struct {
	data, image vdsoPage // with address 0 if there are none
	lock        spin.Lock
}

// vdsoPage is a page that never goes away.
type vdsoPage struct{ pa uintptr }

// FaultPage returns the page.
func (p *vdsoPage) FaultPage(index uint64, _ bool) (uintptr, error) {
	if index != 0 {
		return 0, syscall.EFAULT
	}
	mm.GetPage(p.pa)
	return p.pa, nil
}

// Attach does nothing: the page stays.
func (*vdsoPage) Attach(*vm.Area) {}

// Detach does nothing.
func (*vdsoPage) Detach(*vm.Area) {}

// bytes returns the page's contents.
func (p *vdsoPage) bytes() []byte {
	return unsafe.Slice((*byte)(unsafe.Add(nil, arch.PhysToVirt(p.pa))), arch.PageSize)
}

// initVDSO makes the pages, once, before the first program. Without memory or
// code for them programs have none.
func initVDSO() {
	v, p := arch.VDSO(), &vdsoPages
	if v == nil {
		return
	}
	if p.data.pa, p.image.pa = mm.AllocPage(), mm.AllocPage(); p.data.pa == 0 || p.image.pa == 0 {
		printk.Warn("vdso: no memory")
		p.image.pa = 0
		return
	}
	clear(p.data.bytes())
	copy(p.image.bytes(), vdso.Build(v))
	arch.SyncICache(arch.PhysToVirt(p.image.pa), arch.PageSize)
	timekeeping.OnSet(updateVDSO)
	updateVDSO()
}

// updateVDSO tells programs how the time is found out from now on. It may be called
// from interrupts.
func updateVDSO() {
	p := &vdsoPages
	if p.image.pa == 0 {
		return
	}
	p.lock.Lock()
	defer p.lock.Unlock()
	var offsets [vdso.Clocks]int64
	for id := range offsets {
		// An error is a clock that the code does not know.
		offsets[id], _ = timekeeping.FromMonotonic(timekeeping.ClockID(id), 0)
	}
	scale := arch.UserClockScale()
	data := (*vdso.Data)(unsafe.Pointer(&p.data.bytes()[0]))
	data.Set(scale, &offsets)
}

// mapVDSO maps both pages into the memory of a new program. ENOMEM. Linux's
// arch_setup_additional_pages.
func mapVDSO(m *vm.MM) error {
	p := &vdsoPages
	if p.image.pa == 0 {
		return nil
	}
	at, err := m.UnmappedArea(2 * arch.PageSize)
	if err != nil {
		return err
	}
	_, err = m.Mmap(vm.MmapArgs{
		Addr: at, Len: arch.PageSize, Prot: vm.PROT_READ, Deny: vm.PROT_WRITE | vm.PROT_EXEC,
		Flags: vm.MAP_PRIVATE | vm.MAP_FIXED, Object: &p.data, Name: "[vvar]", Special: true,
	})
	if err != nil {
		return err
	}
	at, err = m.Mmap(vm.MmapArgs{
		Addr: at + arch.PageSize, Len: arch.PageSize, Prot: vm.PROT_READ | vm.PROT_EXEC,
		Flags: vm.MAP_PRIVATE | vm.MAP_FIXED, Object: &p.image, Name: "[vdso]", Special: true,
	})
	m.VDSO.Store(at)
	return err
}

// sigreturnCode returns where code that does rt_sigreturn is mapped, or 0.
func (t *Task) sigreturnCode() uintptr {
	v, at := arch.VDSO(), t.mm.VDSO.Load()
	if at == 0 || !v.HasSigReturn {
		return 0
	}
	return at + spec.VDSOTextOffset + v.SigReturn
}
