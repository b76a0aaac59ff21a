package kernel

import (
	"fmt"
	"sync/atomic"

	"onsen/kernel/sched"
)

// testSwitch lets two threads of one CPU take turns, and checks that each comes
// back as itself, with its stack as it left it.
func testSwitch() error {
	const rounds = 500
	var c crew
	for _, cpu := range activeCPUs() {
		for i := range 2 {
			c.start(sched.MaskOf(cpu), func() {
				me := Current()
				for r := range rounds {
					if err := deepYield(r%40, i); err != nil {
						c.errorf("%v", err)
					}
					if Current() != me || sched.CPU() != cpu {
						c.errorf("came back as %s on CPU %d", Current().Name(), sched.CPU())
						return
					}
				}
			})
		}
	}
	return c.wait()
}

// deepYield yields with some stack in use, so that stacks of different depths
// are switched, grown and moved.
func deepYield(depth, mark int) error {
	var stack [64]int
	for i := range stack {
		stack[i] = mark
	}
	if depth > 0 {
		if err := deepYield(depth-1, mark); err != nil {
			return err
		}
	} else {
		sched.Yield()
	}
	for _, v := range stack {
		if v != mark {
			return fmt.Errorf("the stack holds %d instead of %d", v, mark)
		}
	}
	return nil
}

// testAffinity keeps threads to their CPUs while they sleep and are woken from
// others.
func testAffinity() error {
	const rounds = 50
	cpus := activeCPUs()
	var c crew
	turns := make([]sched.Completion, len(cpus))
	for i, cpu := range cpus {
		c.start(sched.MaskOf(cpu), func() {
			for range rounds {
				turns[i].Wait()
				if got := sched.CPU(); got != cpu {
					c.errorf("on CPU %d, bound to %d", got, cpu)
				}
				turns[(i+1)%len(cpus)].Complete()
			}
		})
	}
	turns[0].Complete()
	return c.wait()
}

// testMigration moves a running, a sleeping and a waiting thread from CPU to
// CPU.
func testMigration() error {
	cpus := activeCPUs()
	var c crew
	c.start(sched.AllCPUs, func() { // moves itself
		for r := range 50 * len(cpus) {
			cpu := cpus[r%len(cpus)]
			if err := sched.SetCPUsAllowed(&Current().Task, sched.MaskOf(cpu)); err != nil {
				c.errorf("%v", err)
			}
			sched.CondResched()
			if got := sched.CPU(); got != cpu {
				c.errorf("on CPU %d after moving to %d", got, cpu)
			}
		}
	})
	var stop atomic.Bool
	var moved []*Task
	for i := range 4 { // are moved
		moved = append(moved, c.start(sched.AllCPUs, func() {
			for !stop.Load() {
				if i%2 == 0 {
					sched.Sleep(100e3)
				} else {
					sched.Yield()
				}
			}
		}))
	}
	for r := range 50 * len(cpus) {
		t := moved[r%len(moved)]
		if t == nil {
			break
		}
		if err := sched.SetCPUsAllowed(&t.Task, sched.MaskOf(cpus[r%len(cpus)])); err != nil {
			c.errorf("%v", err)
		}
		sched.Sleep(50e3)
	}
	stop.Store(true)
	return c.wait()
}

// testBalance starts as many busy threads as there are CPUs on one of them, lets
// them go, and waits until every CPU has run one.
func testBalance() error {
	cpus := activeCPUs()
	var seen atomic.Uint64
	var c crew
	for range cpus {
		c.start(sched.MaskOf(cpus[0]), func() {
			if err := sched.SetCPUsAllowed(&Current().Task, sched.AllCPUs); err != nil {
				c.errorf("%v", err)
			}
			for sched.CPUMask(seen.Load()) != sched.Active() {
				seen.Or(uint64(sched.MaskOf(sched.CPU())))
				sched.CondResched()
			}
		})
	}
	return c.wait()
}

// testCall calls a function on every CPU from every CPU.
func testCall() error {
	var c crew
	var calls atomic.Int32
	c.startEach(func(int) {
		for range 20 {
			sched.CallAll(func(cpu int) {
				if got := sched.CPU(); got != cpu {
					c.errorf("called on CPU %d instead of %d", got, cpu)
				}
				calls.Add(1)
			})
		}
	})
	if err := c.wait(); err != nil {
		return err
	}
	n := int32(len(activeCPUs()))
	if got, want := calls.Load(), 20*n*n; got != want {
		return fmt.Errorf("%d calls instead of %d", got, want)
	}
	return nil
}
