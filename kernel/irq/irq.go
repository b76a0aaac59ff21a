// Package irq runs the handlers of device interrupts.
//
// An interrupt only records its line, masked, on the CPU that took it (package
// arch). RunPending, called by that CPU's task at its next safe point, runs the
// handlers, which are therefore ordinary Go: they may allocate and take spin
// locks. They must not sleep, nor wait for a sync.Mutex or a channel.
//
// A line may have several handlers; each runs on every interrupt and finds out
// itself whether its device is concerned. A handler that panics is not called
// again (see Isolate); a line without working handlers stays masked.
//
// Locking: mu is held by Request and Free; handlers are found without a lock.
package irq

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"onsen/arch"
	"onsen/arch/bootinfo"
	"onsen/arch/spec"
	"onsen/kernel/printk"
)

// MaxLines bounds the numbers of lines.
const MaxLines = 1024

var (
	// ErrNoLine says that there is no such interrupt line.
	ErrNoLine = errors.New("irq: no such line")
	// ErrTrigger says that a line is in use with another trigger mode.
	ErrTrigger = errors.New("irq: line is in use with another trigger mode")
)

// Action is one handler of a line.
type Action struct {
	irq     int
	name    string
	handler func()
	dead    atomic.Bool // has panicked
}

// line is one interrupt line in use. Lines are never removed: their counters
// go on.
type line struct {
	trigger bootinfo.Trigger // written before the line is published, and with no action
	actions atomic.Pointer[[]*Action]
	running atomic.Int32  // how many CPUs run handlers now
	pass    atomic.Uint64 // the last call of RunPending that handled it
	counts  [spec.MaxCPUs]atomic.Uint64
}

// controller is what this package needs of the machine.
type controller interface {
	TakeIRQ() (irq int, ok bool)
	MaskIRQ(irq int)
	UnmaskIRQ(irq int)
	SetupIRQ(irq int, level, activeLow bool) error
	CPU() int
	// Handlers run between these two; see Isolate.
	EnterHandler()
	LeaveHandler()
}

// table is all lines of a machine.
type table struct {
	hw     controller
	report func(format string, args ...any)
	passes atomic.Uint64
	strays atomic.Uint64 // interrupts of lines that nobody has requested

	mu    sync.Mutex // held to change lines and their actions
	lines [MaxLines]atomic.Pointer[line]
}

var system = &table{hw: machine{}, report: printk.Err}

// Request adds a handler to a line and lets the line interrupt. The handler can
// run before Request returns. The result is for Free. Errors: ErrNoLine,
// ErrTrigger, and those of arch.SetupIRQ.
func Request(l bootinfo.IRQ, name string, handler func()) (*Action, error) {
	return system.request(l, name, handler)
}

// Free removes a handler and returns when it is not running anywhere. It must
// not be called by the handler itself.
func Free(a *Action) { system.free(a) }

// Isolate is called with true before and with false after a handler, if it is
// not nil. It makes a context in which the Go runtime recovers from a panic,
// which it does not while preemption is disabled, and in which nothing can sleep
// all the same. Without it a handler that panics ends the machine. Set at
// start-up.
var Isolate func(on bool)

// RunPending runs the handlers of all lines recorded on this CPU. It is called
// by the CPU's task, with preemption disabled once and no lock held.
func RunPending() { system.runPending() }

func (t *table) request(l bootinfo.IRQ, name string, handler func()) (*Action, error) {
	if l.Number < 0 || l.Number >= MaxLines {
		return nil, ErrNoLine
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	n := t.lines[l.Number].Load()
	if n == nil {
		n = &line{}
	}
	old := n.list()
	if len(old) > 0 && n.trigger != l.Trigger {
		return nil, ErrTrigger
	}
	if len(old) == 0 {
		level := l.Trigger != bootinfo.TriggerDefault && !l.Trigger.Edge()
		if err := t.hw.SetupIRQ(l.Number, level, l.Trigger.Low()); err != nil {
			return nil, fmt.Errorf("irq: line %d: %w", l.Number, err)
		}
		n.trigger = l.Trigger
	}
	a := &Action{irq: l.Number, name: name, handler: handler}
	list := append(slices.Clone(old), a)
	n.actions.Store(&list)
	t.lines[l.Number].Store(n)
	t.hw.UnmaskIRQ(l.Number)
	return a, nil
}

func (t *table) free(a *Action) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := t.lines[a.irq].Load()
	list := slices.DeleteFunc(slices.Clone(n.list()), func(b *Action) bool { return b == a })
	if len(list) == 0 {
		t.hw.MaskIRQ(a.irq)
	}
	n.actions.Swap(&list) // and then look: see package sched
	for n.running.Load() != 0 {
		arch.CPURelax()
	}
}

// list returns the line's actions.
func (n *line) list() []*Action {
	if p := n.actions.Load(); p != nil {
		return *p
	}
	return nil
}

func (t *table) runPending() {
	pass := t.passes.Add(1)
	for {
		irq, ok := t.hw.TakeIRQ()
		if !ok {
			return
		}
		again := t.handle(irq, pass)
		if again {
			// A line that is never quiet must not keep the CPU here. Having
			// been recorded anew it has set EventDevice, so that what is left
			// is not forgotten.
			return
		}
	}
}

// handle runs the handlers of one line. It reports whether this call of
// RunPending had already done so.
func (t *table) handle(irq int, pass uint64) (again bool) {
	n := (*line)(nil)
	if irq >= 0 && irq < MaxLines {
		n = t.lines[irq].Load()
	}
	if n == nil {
		t.strays.Add(1) // and it stays masked
		return false
	}
	again = n.pass.Swap(pass) == pass
	n.counts[t.hw.CPU()].Add(1)
	n.running.Add(1)
	defer n.running.Add(-1)
	list := n.list()
	// An edge that comes while the line is masked is lost. So it is unmasked
	// first, and an edge that comes during the handler brings the next call.
	// With a level it would come back at once, before the handler could do
	// anything about it.
	edge := n.trigger.Edge() || n.trigger == bootinfo.TriggerDefault
	if edge && alive(list) {
		t.hw.UnmaskIRQ(irq)
	}
	for _, a := range list {
		t.run(a)
	}
	switch working := alive(list); {
	case edge && !working:
		t.hw.MaskIRQ(irq)
	case !edge && working:
		t.hw.UnmaskIRQ(irq)
	}
	return again
}

// alive reports whether a handler of the list still works.
func alive(list []*Action) bool {
	return slices.ContainsFunc(list, func(a *Action) bool { return !a.dead.Load() })
}

// run calls one handler.
func (t *table) run(a *Action) {
	if a.dead.Load() {
		return
	}
	if v := t.call(a); v != nil {
		a.dead.Store(true)
		t.report("irq %d: handler of %s is switched off: %v", a.irq, a.name, v)
	}
}

// call calls one handler and returns what it panicked with.
func (t *table) call(a *Action) (panicked any) {
	t.hw.EnterHandler()
	defer t.hw.LeaveHandler()
	defer func() { panicked = recover() }()
	a.handler()
	return nil
}
