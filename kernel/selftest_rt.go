package kernel

import (
	"sync/atomic"

	"onsen/arch"
	"onsen/kernel/sched"
)

func init() { selfTests = append(selfTests, selfTest{"rt", testRealTime}) }

// testRealTime checks on every CPU that a fair task does not run beside a
// real-time one, that the more urgent of two runs first, and that as many
// real-time tasks as there are CPUs run at a time.
func testRealTime() error {
	const busy = 3e6 // ns
	var c crew
	c.startEach(func(cpu int) {
		realTime(90)
		var turns atomic.Int32
		var order [2]int32
		here := sched.MaskOf(cpu)
		var low, high, fair sched.Completion
		spawn := func(prio int, at *int32, done *sched.Completion) {
			_, err := KernelThread(func(any) int {
				_ = sched.SetCPUsAllowed(&Current().Task, here)
				realTime(prio)
				sched.CondResched()
				*at = turns.Add(1)
				done.Complete()
				return 0
			}, nil, 0)
			if err != nil {
				c.errorf("%v", err)
				done.Complete()
			}
		}
		pid, err := KernelThread(func(any) int {
			turns.Add(100)
			fair.Complete()
			return 0
		}, nil, 0)
		if err != nil {
			c.errorf("%v", err)
			return
		}
		FindTaskByPid(pid).SetParams(sched.Params{})
		for end := arch.Ktime() + busy; arch.Ktime() < end; {
			sched.CondResched()
		}
		if turns.Load() != 0 {
			c.errorf("a fair task ran beside a real-time one")
		}
		spawn(10, &order[0], &low)
		spawn(20, &order[1], &high)
		low.Wait()
		high.Wait()
		fair.Wait()
		if order[0]%100 != 2 || order[1]%100 != 1 {
			c.errorf("the less urgent of two tasks ran first: %d, %d", order[0], order[1])
		}
		realTime(0)
	})
	if err := c.wait(); err != nil {
		return err
	}
	return testRealTimeSpread()
}

// testRealTimeSpread starts a real-time thread for every CPU, which have to run at
// the same time.
func testRealTimeSpread() error {
	const patience = 10e9 // ns
	var c crew
	var here atomic.Int32
	want := int32(len(activeCPUs()))
	for range want {
		c.start(sched.AllCPUs, func() {
			realTime(10)
			sched.Sleep(1e6)
			here.Add(1)
			for end := arch.Ktime() + patience; here.Load() < want; sched.CondResched() {
				if arch.Ktime() > end {
					c.errorf("only %d of %d run", here.Load(), want)
					return
				}
			}
		})
	}
	return c.wait()
}

// realTime gives the calling thread a real-time priority, or none for 0.
func realTime(prio int) {
	p := sched.Params{RTPriority: prio}
	if prio != 0 {
		p.Policy = sched.PolicyFIFO
	}
	Current().SetParams(p)
}
