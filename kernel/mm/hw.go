//go:build metal

package mm

import "onsen/arch"

const (
	maxCPUs      = arch.MaxCPUs
	vmemmapBase  = arch.VmemmapBase
	vmemmapLimit = arch.VmemmapEnd - arch.VmemmapBase // bytes
)

//go:nosplit
func hwCPU() int { return arch.CPU() }

//go:nosplit
func hwCPURelax() { arch.CPURelax() }

//go:nosplit
func hwIRQSave() uintptr { return arch.IRQSave() }

//go:nosplit
func hwIRQRestore(flags uintptr) { arch.IRQRestore(flags) }

//go:nosplit
func hwPhysToVirt(pa uintptr) uintptr { return arch.PhysToVirt(pa) }

//go:nosplit
func hwZeroPage(va uintptr) { arch.ZeroPage(va) }

func hwMapDirect(start, end uintptr) { arch.MapDirect(start, end) }

func hwMapPage(va, pa uintptr) bool {
	return arch.MapKernelPage(va, pa, arch.ProtR|arch.ProtW)
}

func hwUnmapPage(va uintptr) (pa uintptr, ok bool) { return arch.UnmapKernelPage(va) }

func hwFlushTLB(start, end uintptr) { arch.FlushKernelTLB(start, end) }

func hwPageMapped(va uintptr) bool { return arch.KernelPageMapped(va) }
