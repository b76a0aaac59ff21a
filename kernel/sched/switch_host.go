//go:build !metal

package sched

import (
	"bytes"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"onsen/arch"
)

// On the host a CPU is a baton: of all goroutines that are tasks of one CPU
// only the one that holds it runs. A switch passes it on over a channel.
// Goroutines that are not tasks stand for the background threads of CPU 0.

// hostG is the goroutine of a task.
type hostG struct {
	baton chan struct{}
	cpu   int // where it runs; written by who passes the baton
	task  *Task
	// atomic counts preemptDisable. Exclusive to the goroutine.
	atomic int
}

type goroutine = *hostG

// hostGs finds the hostG of a goroutine by its number.
var hostGs sync.Map

func self() *hostG {
	g, ok := hostGs.Load(goroutineID())
	if !ok {
		return nil
	}
	return g.(*hostG)
}

// goroutineID parses "goroutine 12 [running]:".
func goroutineID() int {
	var buf [64]byte
	text := buf[:runtime.Stack(buf[:], false)]
	text, _, _ = bytes.Cut(bytes.TrimPrefix(text, []byte("goroutine ")), []byte(" "))
	id, err := strconv.Atoi(string(text))
	if err != nil {
		panic(err)
	}
	return id
}

func newGoroutine(fn func()) goroutine {
	g := &hostG{baton: make(chan struct{})}
	go func() {
		<-g.baton
		hostGs.Store(goroutineID(), g)
		fn()
	}()
	return g
}

func (t *Task) passBaton(prev *Task) {
	t.g.cpu, t.g.task = prev.g.cpu, t
	t.g.baton <- struct{}{}
}

func switchGoroutine(prev, next *Task) {
	g := prev.g // prev may be on another CPU as soon as next runs
	next.passBaton(prev)
	<-g.baton
}

func exitGoroutine(prev, next *Task) {
	hostGs.Delete(goroutineID())
	next.passBaton(prev)
	runtime.Goexit()
}

func bindIdle(t *Task) {
	t.g = &hostG{baton: make(chan struct{}), cpu: t.CPU(), task: t}
	hostGs.Store(goroutineID(), t.g)
}

// Current returns the calling task.
func Current() *Task { return self().task }

func setCurrent(*Task) {}

func thisCPU() int {
	if g := self(); g != nil {
		return g.cpu
	}
	return 0
}

func onTaskThread(*Rq) bool { return self() != nil }

func counter() int64 { return int64(arch.Counter()) }

func ktime() int64 { return arch.Ktime() }

// hostCPU is the interrupt side of a CPU.
type hostCPU struct {
	events atomic.Uint32
	kicked chan struct{}
	timer  *time.Timer
}

var hostCPUs [maxCPUs]hostCPU

func init() {
	for i := range hostCPUs {
		c := &hostCPUs[i]
		c.kicked = make(chan struct{}, 1)
		c.timer = time.AfterFunc(time.Hour, func() { c.interrupt(arch.EventTimer) })
		c.timer.Stop()
	}
}

// interrupt records an event and ends idleWait.
func (c *hostCPU) interrupt(e arch.Event) {
	c.events.Or(uint32(e))
	select {
	case c.kicked <- struct{}{}:
	default:
	}
}

func eventWord() *atomic.Uint32 { return &hostCPUs[thisCPU()].events }

func takeEvents() arch.Event { return arch.Event(eventWord().Swap(0)) }

func sendReschedule(cpu int) { hostCPUs[cpu].interrupt(arch.EventReschedule) }

func sendCall(cpu int) { hostCPUs[cpu].interrupt(arch.EventCallFunction) }

func setDeadline(ns int64) { hostCPUs[thisCPU()].timer.Reset(time.Duration(ns - ktime())) }

func timerTick() {}

func idleWait() { <-hostCPUs[thisCPU()].kicked }

func backgroundRunnable() bool { return false }

func lendToBackground(int64) {}

func safePoint() {}

func preemptDisable() {
	if g := self(); g != nil {
		g.atomic++
	}
}

func preemptEnable() {
	if g := self(); g != nil {
		g.atomic--
	}
}

func atomicContext() bool {
	g := self()
	return g != nil && g.atomic != 0
}

// Sched returns nothing on the host.
func (t *Task) Sched() (pc, sp, fp uintptr) { return 0, 0, 0 }
