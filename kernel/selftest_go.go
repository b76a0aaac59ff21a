package kernel

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"syscall"

	"onsen/kernel/sched"
)

// testGoPark lets threads wait inside Go's own scheduler, for a channel that
// ordinary goroutines serve. They must come back on their CPU, as themselves.
func testGoPark() error {
	ping, pong := make(chan int), make(chan int)
	defer close(ping)
	for range 2 {
		go func() {
			for v := range ping {
				pong <- v
			}
		}()
	}
	var c crew
	c.startEach(func(cpu int) {
		me := Current()
		for r := range 50 {
			ping <- r
			<-pong
			if Current() != me || sched.CPU() != cpu {
				c.errorf("came back as %s on CPU %d, left as %s on CPU %d",
					Current().Name(), sched.CPU(), me.Name(), cpu)
				return
			}
			sched.Yield()
		}
	})
	return c.wait()
}

// leaf is garbage with a check.
type leaf struct {
	next  *leaf
	value int
	pad   [5]int
}

// grow makes a list of n leaves.
func grow(n, value int) (head *leaf) {
	for range n {
		head = &leaf{next: head, value: value}
	}
	return head
}

// count returns how many leaves of the list still hold value.
func (l *leaf) count(value int) (n int) {
	for ; l != nil; l = l.next {
		if l.value == value {
			n++
		}
	}
	return n
}

// testGC collects garbage while threads on all CPUs make some, keep some, sleep
// and switch.
func testGC() error {
	const length, rounds = 2000, 15
	var stop atomic.Bool
	var c crew
	c.startEach(func(cpu int) {
		for r := 0; !stop.Load(); r++ {
			list := grow(length, cpu+r)
			sched.Sleep(20e3)
			if n := list.count(cpu + r); n != length {
				c.errorf("%d leaves of %d are left", n, length)
				return
			}
			sched.Yield()
		}
	})
	c.start(sched.AllCPUs, func() { // lives on its stack only
		list := grow(length, 99)
		for !stop.Load() {
			sched.Sleep(100e3)
		}
		if n := list.count(99); n != length {
			c.errorf("%d leaves of %d are left", n, length)
		}
	})
	for range rounds {
		onGoroutine(runtime.GC)
	}
	runtime.GC() // by a task: it waits inside Go's scheduler
	stop.Store(true)
	return c.wait()
}

// testGCCalls stops the world again and again while CPUs wait for each other: one
// that has stopped cannot answer, so one that waits for it has to stop, too.
func testGCCalls() error {
	const rounds = 10
	var stop atomic.Bool
	var c crew
	c.startEach(func(int) {
		for !stop.Load() {
			sched.CallAll(func(int) {})
			sched.Yield()
		}
	})
	for range rounds {
		onGoroutine(runtime.GC)
	}
	stop.Store(true)
	return c.wait()
}

// testGCNoCalls stops the world while goroutines run that never call anything,
// and that nobody can stop but by an interrupt.
func testGCNoCalls() error {
	var stop atomic.Bool
	var ended atomic.Int32
	loops := int32(len(activeCPUs()))
	for range loops {
		go func() {
			for !stop.Load() {
			}
			ended.Add(1)
		}()
	}
	sched.Sleep(5e6)
	var c crew
	c.startEach(func(int) {
		for range 20 {
			_ = grow(500, 1)
			sched.Sleep(100e3)
		}
	})
	for range 5 {
		onGoroutine(runtime.GC)
	}
	err := c.wait()
	stop.Store(true)
	for ended.Load() != loops {
		sched.Sleep(100e3)
	}
	return err
}

// testOops lets kernel threads die of faults of their own.
func testOops() error {
	var null *leaf
	zero := 0
	told := 0
	report := Oops
	defer func() { Oops = report }()
	Oops = func(t *Task, v any, pcs []uintptr) {
		told++
		report(t, v, pcs)
	}
	faults := []struct {
		name string
		fn   func(any) int
	}{
		{"nil dereference", func(any) int { return null.value }},
		{"nil write", func(any) int { null.value = 1; return 0 }},
		{"division by zero", func(any) int { return 1 / zero }},
		{"index", func(any) int { return grow(1, 1).pad[zero+7] }},
		{"panic", func(any) int { panic("a panic of the self test") }},
	}
	for i, f := range faults {
		t, err := KthreadRun(f.fn, nil, "selftest-victim")
		if err != nil {
			return err
		}
		t.kthread.exited.Wait()
		if got := KthreadStop(t); got != -int(syscall.EFAULT) || told != i+1 {
			return fmt.Errorf("%s: result %d, %d oopses instead of %d", f.name, got, told, i+1)
		}
	}
	// All is well after that.
	t, err := KthreadRun(func(any) int { return 5 }, nil, "selftest-healthy")
	if err != nil {
		return err
	}
	t.kthread.exited.Wait()
	if got := KthreadStop(t); got != 5 {
		return fmt.Errorf("a thread after the oopses returned %d", got)
	}
	return nil
}
