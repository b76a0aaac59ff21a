package kernel

import (
	"fmt"
	"sync/atomic"

	"onsen/arch"
	"onsen/kernel/sched"
)

// These tests have two CPUs each store one word and load the other's at the same
// moment. Who then sleeps relies on it that not both loads can come first; see
// package sched. A wake-up that gets lost hangs the test.

const (
	orderRounds = 50000
	// orderTime is when a test ends even without that many rounds, in ns: each
	// takes long if the host runs one of the two CPUs at a time.
	orderTime = 5e9
)

// meeting lets two threads go on at the same moment. The words are far enough apart
// not to share a cache line.
type meeting struct {
	arrived [2]struct {
		round atomic.Uint32
		_     [60]byte
	}
	last  atomic.Uint32 // the last round
	delay atomic.Uint32
}

// await waits, without sleeping, until the other thread has come to this round as well,
// and then for a moment that is another one in every round.
func (m *meeting) await(me int, round uint32) {
	m.arrived[me].round.Store(round)
	for m.arrived[1-me].round.Load() < round {
		arch.CPURelax()
	}
	for range round * uint32(1+6*me) % 64 {
		m.delay.Load()
	}
}

// pairUp has one thread on each of the first two CPUs run fn for many rounds. With one
// CPU there is nothing to test.
func pairUp(fn func(me int, round uint32)) error {
	cpus := activeCPUs()
	if len(cpus) < 2 {
		return nil
	}
	var c crew
	var m meeting
	m.last.Store(orderRounds)
	end := arch.Ktime() + orderTime
	for me := range 2 {
		c.start(sched.MaskOf(cpus[me]), func() {
			for round := uint32(1); round <= m.last.Load(); round++ {
				if me == 0 && arch.Ktime() > end {
					m.last.Store(round)
				}
				m.await(me, round)
				fn(me, round)
			}
		})
	}
	return c.wait()
}

// testMutexOrder lets each thread give a mutex back while the other begins to wait.
func testMutexOrder() error {
	const times = 4
	var m sched.Mutex
	var count uint32 // m
	err := pairUp(func(int, uint32) {
		for range times {
			m.Lock()
			count++
			m.Unlock()
		}
	})
	if err == nil && count%(2*times) != 0 {
		err = fmt.Errorf("%d is no whole number of rounds", count)
	}
	return err
}

// testSleepOrder lets one thread wake another that is about to sleep.
func testSleepOrder() error {
	var sleeper atomic.Pointer[Task]
	var called atomic.Uint32
	return pairUp(func(me int, round uint32) {
		switch {
		case me == 0 && round == 1:
			sleeper.Store(Current())
		case me == 0:
			for sched.SetCurrentState(sched.TaskUninterruptible); called.Load() < round; {
				sched.Schedule()
				sched.SetCurrentState(sched.TaskUninterruptible)
			}
			sched.SetCurrentState(sched.TaskRunning)
		case round > 1:
			called.Store(round)
			sched.WakeUpProcess(&sleeper.Load().Task)
		}
	})
}
