//go:build metal

package rt

import (
	"sync/atomic"

	"onsen/arch"
)

type state uint32

const (
	free     state = iota // the slot is unused
	runnable              // waits for a CPU
	running               // is some CPU's cur
	waiting               // in futex or nanosleep, until woken or deadline
	atRest                // a task thread in Idle, until there is work
)

// thread is one M of the runtime. All fields are protected by mu unless they
// say otherwise.
type thread struct {
	state    state
	pinned   int32   // CPU of a task thread, or -1
	cpu      int32   // where it runs, if running
	sp       uintptr // saved kernel stack pointer, if not running
	stackTop uintptr // top of the kernel stack
	tls      uintptr // thread pointer, as LoadThread wants it
	futex    uintptr // address it waits on, or 0
	deadline int64   // when waiting ends by itself, or never
	timedOut bool    // how the last wait ended

	sigPending atomic.Uint64 // bit n-1 is signal n; set by any thread
	sigMask    uint64        // owned by the thread
	altStack   uintptr       // owned by the thread; 0 if disabled
	altSize    uintptr
}

// lending is how a task thread that could run has lent its CPU.
type lending uint8

const (
	notLent        lending = iota
	lentUntilEvent         // until the slice ends or there is an event for the task side
	lentFully              // until the slice ends
)

// cpu is what a processor does at the moment. Protected by mu.
type cpu struct {
	cur          int32   // index of the running thread, or idle
	task         int32   // index of the task thread, or idle while there is none
	last         int32   // background thread that was picked last
	asleep       bool    // waits for an interrupt; cleared by whoever sends one
	lent         lending // whether the task thread lets background threads run
	yields       uint    // how often in a row the task thread has yielded
	yielded      int64   // when it did last
	idleSP       uintptr // saved stack pointer of the idle loop
	sliceEnd     int64   // until when a background thread keeps the CPU
	taskDeadline int64   // next timer of the task side; owned by the CPU
	taskDue      bool    // it has come, and EventTimer says so; owned by the CPU
	armed        int64   // what the hardware timer is set to; owned by the CPU

	fault arch.Frame // registers at the last fault; owned by the CPU
}

var (
	threads [MaxThreads]thread
	used    int32 // threads[used:] have never been used

	cpus [arch.MaxCPUs]cpu
	// online is one more than the highest CPU that has arrived here. Written
	// under mu.
	online atomic.Int32

	// ready counts the background threads that are runnable.
	ready atomic.Int32
	// nextDeadline is not later than the deadline of any waiting thread.
	nextDeadline int64 = never
)

//go:nosplit
func thisCPU() *cpu { return &cpus[arch.CPU()] }

// newThread reserves a slot for a background thread and gives it a kernel
// stack. It returns -1 if there is neither slot nor memory. A slot keeps its
// stack when its thread ends, for the next one.
//
//go:nosplit
func newThread() int32 {
	lock()
	i := int32(0)
	for i < used && threads[i].state != free {
		i++
	}
	if i == MaxThreads {
		unlock()
		return -1
	}
	if i == used {
		used++
	}
	t := &threads[i]
	t.state = atRest // reserved: nobody wakes it before clone does
	t.pinned = -1
	t.futex, t.deadline = 0, never
	t.sigPending.Store(0)
	t.sigMask, t.altStack, t.altSize = 0, 0, 0
	unlock()
	if t.stackTop == 0 {
		t.stackTop = newStack(i)
	}
	if t.stackTop == 0 {
		lock()
		t.state = free
		unlock()
		return -1
	}
	return i
}

// clone starts a background thread that continues the caller's registers on
// its own stack, as clone(2) with CLONE_VM does. It returns the thread id or a
// negative errno.
//
//go:nosplit
func clone(f *arch.Frame) uintptr {
	i := newThread()
	if i < 0 {
		return fail(eagain)
	}
	sp, tls := f.CloneArgs()
	t := &threads[i]
	t.tls = tls
	t.sigMask = threads[thisCPU().cur].sigMask
	t.sp = arch.InitThreadStack(t.stackTop, f, sp, tls)
	lock()
	wake(i)
	unlock()
	return uintptr(i) + 1
}

// exitThread ends the calling thread. mu stays held until the next thread has
// left this one's kernel stack, so that nobody reuses the slot too early.
//
//go:nosplit
func exitThread() {
	c := thisCPU()
	lock()
	threads[c.cur].state = free
	c.leave()
}
