//go:build metal && arm64

package arm64

import (
	"fmt"
	"unsafe"

	"onsen/arch/arm64/fdt"
	"onsen/arch/bootinfo"
)

// boot is what the entry code found in the registers.
var boot struct {
	tree  uintptr // x0: physical address of the device tree
	level uint64  // exception level of the entry
}

// Probe reads the device tree. From then on the earliest console works, if the
// tree names one.
func Probe() (*bootinfo.Info, error) {
	tree, err := deviceTree()
	if err != nil {
		return nil, err
	}
	info, err := fdt.Parse(tree)
	if err != nil {
		return nil, err
	}
	initConsole(&info.Console)
	firmware = info.PSCI
	setCounterHz(uint64(info.Timer.CounterHz))
	hz := CounterHz()
	info.Timer.CounterSource = fmt.Sprintf("generic timer at %d.%03d MHz", hz/1e6, hz/1e3%1e3)
	info.MarkBootCPU(cpus[0].mpidr)
	info.Reserve(imageRange(), "kernel")
	info.Reserve(bootinfo.RangeOf(uint64(boot.tree), uint64(len(tree))), "device tree")
	return info, nil
}

// deviceTree returns the device tree as the boot loader left it: at most 2 MiB,
// 8-byte aligned, in RAM. Linux's Documentation/arch/arm64/booting.rst,
// section 2.
func deviceTree() ([]byte, error) {
	if boot.tree == 0 || boot.tree%8 != 0 || boot.tree > directMapEnd-DirectMapBase-fdt.MaxSize {
		return nil, fmt.Errorf("the boot loader passed no device tree (x0 = %#x)", boot.tree)
	}
	MapDirect(boot.tree, boot.tree+fdt.HeaderSize)
	start := (*byte)(at(PhysToVirt(boot.tree)))
	size, err := fdt.Size(unsafe.Slice(start, fdt.HeaderSize))
	if err != nil {
		return nil, err
	}
	MapDirect(boot.tree, boot.tree+uintptr(size))
	return unsafe.Slice(start, size), nil
}

// imageRange is the memory of the kernel image.
func imageRange() bootinfo.Range {
	start, end := ImageBase, sections().end
	return bootinfo.Range{Start: uint64(VirtToPhys(start)), End: uint64(VirtToPhys(end))}
}

// BootLevel returns the exception level at which the kernel was entered.
func BootLevel() int { return int(boot.level) }
