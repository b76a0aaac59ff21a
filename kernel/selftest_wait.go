package kernel

import (
	"errors"
	"fmt"
	"sync/atomic"

	"onsen/kernel/sched"
)

// testWaitQueue is a storm of wake-ups between all CPUs; one that gets lost
// hangs it.
func testWaitQueue() error {
	const rounds = 2000
	var c crew
	var q sched.WaitQueue
	var items atomic.Int64
	take := func() bool {
		for n := items.Load(); n > 0; n = items.Load() {
			if items.CompareAndSwap(n, n-1) {
				return true
			}
		}
		return false
	}
	for i := range 2 * len(activeCPUs()) {
		c.start(sched.AllCPUs, func() {
			for range rounds {
				if i%2 == 0 {
					q.Wait(take)
				} else if err := q.WaitExclusive(take); err != nil {
					c.errorf("%v", err)
				}
			}
		})
		c.start(sched.AllCPUs, func() {
			for r := range rounds {
				items.Add(1)
				q.Wake()
				if r%16 == 0 {
					sched.Yield()
				}
			}
		})
	}
	if err := c.wait(); err != nil {
		return err
	}
	if n := items.Load(); n != 0 || !q.Empty() {
		return fmt.Errorf("%d items left", n)
	}
	return nil
}

// testCompletion hands a token around a ring of threads, and checks timeouts.
func testCompletion() error {
	const rounds = 100
	var c crew
	ring := make([]sched.Completion, 2*len(activeCPUs())+1)
	for i := range ring {
		c.start(sched.AllCPUs, func() {
			for range rounds {
				ring[i].Wait()
				ring[(i+1)%len(ring)].Complete()
			}
		})
	}
	ring[0].Complete()
	if err := c.wait(); err != nil {
		return err
	}
	if !ring[0].TryWait() || ring[0].TryWait() {
		return errors.New("the token is not back")
	}
	if err := ring[0].WaitTimeout(1e6); err != sched.ErrTimedOut {
		return fmt.Errorf("timeout gives %v", err)
	}
	return nil
}

// testMutex counts under a mutex on all CPUs, with sleeping holders.
func testMutex() error {
	const rounds = 100
	var c crew
	var m sched.Mutex
	count := 0 // m
	threads := 3 * len(activeCPUs())
	for range threads {
		c.start(sched.AllCPUs, func() {
			for r := range rounds {
				m.Lock()
				was := count
				if r%4 == 0 {
					sched.Yield()
				}
				if r%100 == 0 {
					sched.Sleep(10e3)
				}
				count = was + 1
				m.Unlock()
			}
		})
	}
	if err := c.wait(); err != nil {
		return err
	}
	if count != threads*rounds {
		return fmt.Errorf("counted %d instead of %d", count, threads*rounds)
	}
	return nil
}

// testRWSem checks that writers are alone and readers are not.
func testRWSem() error {
	const rounds = 300
	var c crew
	var r sched.RWSem
	var readers, writers atomic.Int32
	for i := range 2*len(activeCPUs()) + 1 {
		c.start(sched.AllCPUs, func() {
			for k := range rounds {
				if (i+k)%5 == 0 {
					r.Lock()
					if writers.Add(1) != 1 || readers.Load() != 0 {
						c.errorf("a writer is not alone")
					}
					sched.Yield()
					writers.Add(-1)
					r.Unlock()
					continue
				}
				r.RLock()
				readers.Add(1)
				if writers.Load() != 0 {
					c.errorf("a reader beside a writer")
				}
				sched.Yield()
				readers.Add(-1)
				r.RUnlock()
			}
		})
	}
	return c.wait()
}
