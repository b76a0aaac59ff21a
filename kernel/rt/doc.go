// Package rt is the tiny Linux that the Go runtime sees.
//
// The kernel is built with the unmodified Go toolchain for GOOS=linux, so the
// runtime beneath it starts threads with clone, waits with futex, asks for
// memory with mmap and expects faults as signals. Its own system call
// instruction, executed in kernel mode, arrives here; about twenty-five calls
// and four signals are enough.
//
// # Threads
//
// A thread is what the runtime calls an M. Each has a kernel stack of
// KernelStackSize bytes, on which its system calls, interrupts and the switch
// to another thread run. Two kinds share the CPUs:
//
//   - Each CPU has one task thread, pinned to it, which runs the kernel's
//     tasks and through them user mode. It always goes first. It waits for work
//     in Idle, and it lends its CPU with YieldToBackground. No interrupt ever
//     switches away from it.
//   - Background threads run the rest of the runtime: garbage collection, Go
//     timers, goroutines of libraries. They run where the task thread waits,
//     and lose the CPU at the first event for the task side.
//
// # Rules of this package
//
// Everything reachable from Syscall, Interrupt, Fault and the start functions
// runs on a kernel stack with interrupts masked, possibly without a P. It is
// nosplit, allocates nothing, and stores no pointers where the garbage
// collector would want to know: threads are indices, addresses are uintptr. A
// check on the linked kernel proves it.
//
// # Locking
//
// mu protects the thread table and the per-CPU records. It is held across a
// switch of stacks and released by the thread that goes on. It is the innermost
// lock but for the page allocator's, and is never held while mm is called.
package rt
