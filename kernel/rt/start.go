//go:build metal

package rt

import (
	"unsafe"

	"onsen/arch"
)

// Entries of the auxiliary vector, from the kernel's include/uapi/linux/auxvec.h.
const (
	atNull   = 0
	atPagesz = 6
	atHwcap  = 16
	atRandom = 25
)

// Strings of the runtime's process image.
var (
	argv0     = [...]byte{'o', 'n', 's', 'e', 'n', 0}
	maxprocs  = [...]byte{'G', 'O', 'M', 'A', 'X', 'P', 'R', 'O', 'C', 'S', '=', '2', 0}
	traceback = [...]byte{'G', 'O', 'T', 'R', 'A', 'C', 'E', 'B', 'A', 'C', 'K', '=', 's', 'y', 's', 't', 'e', 'm', 0}
	seed      [16]byte
)

// Start makes the code that calls it the first thread, on the boot CPU. It
// writes what Linux leaves on the stack of a new program below top and returns
// the stack pointer with which the runtime's entry point expects to be entered.
// The page allocator already works, from the early pool.
//
//go:nosplit
func Start(top uintptr) uintptr {
	heap.next.Store(arch.HeapBase)
	anon.next.Store(arch.VMBase)
	for i := range cpus {
		c := &cpus[i]
		c.cur, c.task = idle, idle
		c.taskDeadline, c.armed = never, never
	}
	online.Store(1)
	t := &threads[0]
	t.state, t.pinned, t.deadline = running, -1, never
	used = 1
	t.stackTop = newStack(0)
	c := &cpus[0]
	c.idleSP = arch.InitIdleStack()
	c.take(0)
	arch.LoadThread(t.stackTop, 0)
	getrandom(uintptr(unsafe.Pointer(&seed)), uintptr(len(seed)))
	return image(top)
}

// image writes argc, argv, envp and auxv below top.
//
//go:nosplit
func image(top uintptr) uintptr {
	words := [...]uintptr{
		1, uintptr(unsafe.Pointer(&argv0)), 0,
		uintptr(unsafe.Pointer(&maxprocs)), uintptr(unsafe.Pointer(&traceback)), 0,
		atPagesz, arch.PageSize,
		atHwcap, arch.HWCAP(),
		atRandom, uintptr(unsafe.Pointer(&seed)),
		atNull, 0,
	}
	sp := (top - unsafe.Sizeof(words)) &^ 15
	*(*[len(words)]uintptr)(at(sp)) = words
	return sp
}

// IdleStart is where the boot CPU's idle stack begins. mu is held.
//
//go:nosplit
func IdleStart() { idleLoop() }

// SecondaryStart is where another CPU arrives, on its idle stack, with
// interrupts masked. It does not return.
//
//go:nosplit
func SecondaryStart(cpu int) {
	lock()
	online.Store(max(online.Load(), int32(cpu)+1))
	arch.LoadThread(0, 0)
	idleLoop()
}

// ThreadStart is the first thing a new thread does, still on its kernel stack.
//
//go:nosplit
func ThreadStart() { unlock() }
