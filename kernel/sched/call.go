package sched

import (
	"sync/atomic"

	"onsen/kernel/spin"
)

// call is a function that one CPU asks another to run.
type call struct {
	fn   func()
	next *call
	done atomic.Bool
}

// callQueue holds what other CPUs have asked of one.
type callQueue struct {
	lock  spin.Lock
	first *call // last come, first. lock
}

var callQueues [maxCPUs]callQueue

// CallOn runs fn on cpu, which is active, and returns when it has. fn runs at
// the CPU's next safe point, with preemption disabled, and must not sleep. The
// caller is a task and holds no spin lock; while it waits it serves the calls
// of others.
func CallOn(cpu int, fn func()) {
	if cpu == thisCPU() {
		preemptDisable()
		defer preemptEnable()
		fn()
		return
	}
	c := &call{fn: fn}
	q := &callQueues[cpu]
	q.lock.Lock()
	c.next, q.first = q.first, c
	q.lock.Unlock()
	sendCall(cpu)
	for !c.done.Load() {
		preemptDisable()
		runCalls()
		preemptEnable()
		// The Go runtime may have stopped the other CPU, which answers when
		// everybody, the caller included, has been stopped and goes on.
		safePoint()
		spin.Relax()
	}
}

// CallAll runs fn on every active CPU, one after the other.
func CallAll(fn func(cpu int)) {
	for m := Active(); m != 0; m &= m - 1 {
		cpu := m.First()
		CallOn(cpu, func() { fn(cpu) })
	}
}

// runCalls runs what other CPUs have asked of this one.
//
// Preconditions: preemption is disabled.
func runCalls() {
	q := &callQueues[thisCPU()]
	q.lock.Lock()
	c := q.first
	q.first = nil
	q.lock.Unlock()
	for c != nil {
		next := c.next
		c.fn()
		c.done.Store(true)
		c = next
	}
}
