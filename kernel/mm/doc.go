// Package mm is the kernel's memory: which physical memory there is
// (memblock.go), who has which page of it (the page allocator), and areas of
// kernel address space (area.go).
//
// # The page allocator
//
// It serves the lowest layer of the kernel (page faults of the Go heap, page
// tables, thread stacks) as well as ordinary Go. Every nosplit function may
// therefore be called with interrupts masked and from exception context, on
// any stack; it takes no lock that sleeps, allocates nothing from the Go heap
// and stores no Go pointers. A non-maskable interrupt must not call it.
//
// Three sources stand behind AllocPage, tried in this order:
//
//	cpus     up to cpuListMax single pages per CPU
//	zones    the buddy allocator over all memory, in blocks of 2^0..2^10 pages
//	early    a pool inside the kernel image, all there is before Init
//
// # Locks
//
// Interrupts are masked while either lock is held.
//
//	cpuList.lock  one per CPU; only draining takes another CPU's, one at a time
//	buddyLock     all zones; taken with or without a cpuList.lock held
//
// The early pool has no lock: until Init returns only one CPU runs.
package mm
