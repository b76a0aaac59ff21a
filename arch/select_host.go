//go:build !metal

package arch

import (
	"onsen/arch/spec"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

// The fake machine of host tests. It has one CPU, whose interrupts can be
// masked without effect, and its direct map is the host's address space, or a
// part of it.

// Regions of the kernel's half of the address space; the fake has none of them.
const (
	DirectMapBase uintptr = 0
	HeapBase      uintptr = 0xffff_c000_0000_0000
	HeapEnd       uintptr = 0xffff_d000_0000_0000
	VMBase        uintptr = 0xffff_d000_0000_0000
	VMEnd         uintptr = 0xffff_e000_0000_0000
	VmallocBase   uintptr = 0xffff_e000_0000_0000
	VmallocEnd    uintptr = 0xffff_e100_0000_0000
	VmemmapBase   uintptr = 0xffff_ea00_0000_0000
	VmemmapEnd    uintptr = 0xffff_eb00_0000_0000
	ImageBase     uintptr = 0xffff_ffff_8000_0000

	ThreadStackBase uintptr = 0xffff_f000_4000_0000
)

var hostStart = time.Now()

var hostEvents atomic.Uint32

var hostCurrent atomic.Uintptr

// CPU returns 0.
func CPU() int { return 0 }

// CPURelax lets other goroutines run.
func CPURelax() { runtime.Gosched() }

// Current returns the word stored by SetCurrent.
func Current() uintptr { return hostCurrent.Load() }

// SetCurrent stores a word.
func SetCurrent(t uintptr) { hostCurrent.Store(t) }

// IRQSave does nothing.
func IRQSave() uintptr { return 0 }

// IRQRestore does nothing.
func IRQRestore(uintptr) {}

// IRQEnable does nothing.
func IRQEnable() {}

// IRQDisable does nothing.
func IRQDisable() {}

// IRQDisabled returns false.
func IRQDisabled() bool { return false }

// PendingEvents returns what SendIPI recorded.
func PendingEvents() Event { return Event(hostEvents.Load()) }

// EventWord returns the word in which SendIPI records.
func EventWord() *atomic.Uint32 { return &hostEvents }

// TakeEvents returns and clears what SendIPI recorded.
func TakeEvents() Event { return Event(hostEvents.Swap(0)) }

// ClearEvents forgets recorded events.
func ClearEvents(e Event) { hostEvents.And(^uint32(e)) }

// SendIPI records an event.
func SendIPI(_ int, e Event) { hostEvents.Or(uint32(e)) }

// TakeIRQ finds nothing.
func TakeIRQ() (int, bool) { return 0, false }

// MaskIRQ does nothing.
func MaskIRQ(int) {}

// UnmaskIRQ does nothing.
func UnmaskIRQ(int) {}

// SetupIRQ accepts every line.
func SetupIRQ(int, bool, bool) error { return nil }

// Ktime returns the nanoseconds since the program started.
func Ktime() int64 { return int64(time.Since(hostStart)) }

// Counter is Ktime.
func Counter() uint64 { return uint64(Ktime()) }

// CounterHz returns the frequency of Counter.
func CounterHz() uint64 { return 1e9 }

// ArmTimer does nothing.
func ArmTimer(int64) {}

// hostDirectMap is where the pretended memory begins.
var hostDirectMap uintptr

// SetDirectMap says where memory that a test pretends to have is.
func SetDirectMap(base uintptr) { hostDirectMap = base }

// PhysToVirt is the identity until SetDirectMap.
func PhysToVirt(pa uintptr) uintptr { return hostDirectMap + pa }

// VirtToPhys undoes PhysToVirt.
func VirtToPhys(va uintptr) uintptr { return va - hostDirectMap }

// MapKernelPage fails.
func MapKernelPage(_, _ uintptr, _ Prot) bool { return false }

// UnmapKernelPage finds nothing.
func UnmapKernelPage(uintptr) (uintptr, bool) { return 0, false }

// KernelPageMapped returns false.
func KernelPageMapped(uintptr) bool { return false }

// FlushKernelTLB does nothing.
func FlushKernelTLB(_, _ uintptr) {}

// MapDirect does nothing.
func MapDirect(_, _ uintptr) {}

// MapDevice is the identity.
func MapDevice(pa, _ uintptr) uintptr { return pa }

// PCIFunctions says that there are none.
func PCIFunctions() []spec.PCIFunction { return nil }

// ZeroPage clears the page at va.
func ZeroPage(va uintptr) {
	clear(hostBytes(va, PageSize))
}

// RandomWord says that there is no generator.
func RandomWord() (v uint64, ok bool) { return 0, false }

// EarlyPutc writes to standard error.
func EarlyPutc(c byte) { _, _ = syscall.Write(2, []byte{c}) }

// PowerOff panics.
func PowerOff() { panic("arch: power off") }

// Restart panics.
func Restart() { panic("arch: restart") }

// Halt panics.
func Halt() { panic("arch: halt") }

// StopOtherCPUs does nothing.
func StopOtherCPUs() {}

// TaskSize is the end of user space.
const TaskSize uintptr = 0x0000_7fff_ffff_f000

// CopyFromUser copies n bytes: the fake program shares the test's memory. Go
// 1.26's compiler fails on such copies when it inlines them.
//
//go:noinline
func CopyFromUser(dst unsafe.Pointer, src, n uintptr) (left uintptr) {
	copy(unsafe.Slice((*byte)(dst), n), hostBytes(src, n))
	return 0
}

// CopyToUser copies n bytes; see CopyFromUser.
//
//go:noinline
func CopyToUser(dst uintptr, src unsafe.Pointer, n uintptr) (left uintptr) {
	copy(hostBytes(dst, n), unsafe.Slice((*byte)(src), n))
	return 0
}

// ClearUser zeroes n bytes.
func ClearUser(dst, n uintptr) (left uintptr) {
	clear(hostBytes(dst, n))
	return 0
}

// LoadUser32 loads a word.
func LoadUser32(addr uintptr) (v uint32, ok bool) {
	return atomic.LoadUint32((*uint32)(hostPointer(addr))), true
}

// CmpxchgUser32 compares and swaps a word.
func CmpxchgUser32(addr uintptr, old, new uint32) (prev uint32, ok bool) {
	p := (*uint32)(hostPointer(addr))
	for {
		if prev = atomic.LoadUint32(p); prev != old || atomic.CompareAndSwapUint32(p, old, new) {
			return prev, true
		}
	}
}

func hostPointer(addr uintptr) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&addr)) }

// hostBytes returns memory that need not be one object: who copies from a program
// reads on until the end of the page.
//
//go:nocheckptr
func hostBytes(addr, n uintptr) []byte { return unsafe.Slice((*byte)(hostPointer(addr)), n) }
