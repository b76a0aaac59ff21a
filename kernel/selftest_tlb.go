//go:build metal

package kernel

import (
	"fmt"
	"sync/atomic"
	"unsafe"

	"onsen/arch"
	"onsen/kernel/mm"
	"onsen/kernel/sched"
)

func init() { selfTests = append(selfTests, selfTest{"tlb-shootdown", testShootdown}) }

// testShootdown moves a page from frame to frame. After each flush all CPUs
// must see the new one. Then all CPUs flush at the same time, and have to answer
// each other.
func testShootdown() error {
	const rounds = 20
	va, err := vmalloc.Alloc(1)
	if err != nil {
		return err
	}
	word := (*atomic.Uint64)(unsafe.Add(nil, va))
	value := uint64(0)
	for _, cpu := range activeCPUs() {
		var c crew
		c.start(sched.MaskOf(cpu), func() {
			for range rounds {
				value++
				if err := remap(va, value); err != nil {
					c.errorf("%v", err)
					return
				}
				sched.CallAll(func(reader int) {
					if v := word.Load(); v != value {
						c.errorf("CPU %d reads %d instead of %d, which CPU %d mapped", reader, v, value, cpu)
					}
				})
			}
		})
		if err := c.wait(); err != nil {
			return err
		}
	}
	var c crew
	c.startEach(func(int) {
		for range rounds {
			arch.FlushKernelTLB(va, va+arch.PageSize)
			sched.Yield()
		}
	})
	if err := c.wait(); err != nil {
		return err
	}
	return vmalloc.Free(va)
}

// remap puts a new frame that begins with value at va, and frees the old one.
func remap(va uintptr, value uint64) error {
	pa := mm.AllocPage()
	if pa == 0 {
		return fmt.Errorf("no memory")
	}
	*(*uint64)(unsafe.Add(nil, arch.PhysToVirt(pa))) = value
	old, ok := arch.UnmapKernelPage(va)
	if !ok || !arch.MapKernelPage(va, pa, arch.ProtR|arch.ProtW) {
		mm.FreePage(pa)
		return fmt.Errorf("%#x cannot be mapped", va)
	}
	arch.FlushKernelTLB(va, va+arch.PageSize)
	mm.FreePage(old)
	return nil
}
