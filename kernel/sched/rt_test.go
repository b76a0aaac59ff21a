//go:build !metal

package sched

import (
	"slices"
	"sync/atomic"
	"testing"
)

// realTime makes the caller real time, or fair again with priority 0.
func realTime(p Policy, prio int) {
	if prio == 0 {
		p = PolicyNormal
	}
	Current().SetParams(Params{Policy: p, RTPriority: prio})
}

func TestRealTimeOrder(t *testing.T) {
	g := newTasks(t)
	var order []int // all run on one CPU
	g.start(onCPUs(1), func() {
		realTime(PolicyFIFO, 99)
		for i, prio := range []int{0, 10, 50, 10, 20, 0} {
			task := g.start(onCPUs(1), func() { order = append(order, i) })
			task.SetParams(Params{Policy: PolicyNormal, Nice: 5})
			if prio != 0 {
				task.SetParams(Params{Policy: PolicyFIFO, RTPriority: prio})
			}
		}
		for range 3 {
			Yield() // nobody is its equal
		}
		if len(order) != 0 {
			t.Error("others ran beside priority 99")
		}
	})
	g.wait()
	if want := []int{2, 4, 1, 3}; !slices.Equal(order[:4], want) {
		t.Errorf("ran in order %v, want %v first", order, want)
	}
}

func TestRealTimeYield(t *testing.T) {
	g := newTasks(t)
	var order []int
	g.start(onCPUs(1), func() {
		realTime(PolicyFIFO, 99)
		for i := range 2 {
			task := g.start(onCPUs(1), func() {
				for range 3 {
					order = append(order, i)
					Yield()
				}
			})
			task.SetParams(Params{Policy: PolicyFIFO, RTPriority: 5})
		}
	})
	g.wait()
	if want := []int{0, 1, 0, 1, 0, 1}; !slices.Equal(order, want) {
		t.Errorf("order %v, want %v", order, want)
	}
}

func TestRealTimePreempts(t *testing.T) {
	g := newTasks(t)
	var q WaitQueue
	var go_, ran atomic.Bool
	g.start(onCPUs(1), func() {
		realTime(PolicyRR, 3)
		q.Wait(go_.Load)
		ran.Store(true)
	})
	g.start(onCPUs(1), func() {
		Sleep(2e6)
		go_.Store(true)
		q.Wake()
		if !NeedResched() {
			t.Error("a real-time task does not preempt")
		}
		CondResched()
		if !ran.Load() {
			t.Error("it did not run at once")
		}
	})
	g.wait()
}

// TestRealTimeSpreads has more urgent tasks than one CPU can run: each gets one.
func TestRealTimeSpreads(t *testing.T) {
	g := newTasks(t)
	var running, most atomic.Int32
	for range testCPUs {
		g.start(AllCPUs, func() {
			realTime(PolicyFIFO, 10)
			Sleep(2e6)
			n := running.Add(1)
			for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
			}
			for end := ktime() + 200e6; ktime() < end && most.Load() < testCPUs; {
				CondResched()
			}
			running.Add(-1)
		})
	}
	g.wait()
	if n := most.Load(); n != testCPUs {
		t.Errorf("%d of %d real-time tasks ran at a time", n, testCPUs)
	}
}

func TestResetOnFork(t *testing.T) {
	for _, tt := range []struct{ parent, want Params }{
		{Params{Policy: PolicyFIFO, RTPriority: 7, Nice: -5}, Params{Policy: PolicyFIFO, RTPriority: 7, Nice: -5}},
		{Params{Policy: PolicyFIFO, RTPriority: 7, Nice: -5, ResetOnFork: true}, Params{}},
		{Params{Nice: -5, ResetOnFork: true}, Params{}},
		{Params{Nice: 5, ResetOnFork: true}, Params{Nice: 5}},
		{Params{Policy: PolicyBatch, Nice: -5}, Params{Policy: PolicyBatch, Nice: -5}},
	} {
		var parent, child Task
		Fork(&parent, nil)
		parent.SetParams(tt.parent)
		Fork(&child, &parent)
		if got := child.Params(); got != tt.want {
			t.Errorf("%+v: child has %+v, want %+v", tt.parent, got, tt.want)
		}
	}
}
