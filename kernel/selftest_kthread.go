package kernel

import (
	"errors"
	"fmt"
	"sync/atomic"
	"syscall"

	"onsen/kernel/sched"
)

// testPids starts many threads that live at the same time and checks that their
// PIDs are different, and found.
func testPids() error {
	const threads = 200
	var c crew
	var seen [PidMax]atomic.Bool
	var release sched.Completion
	for range threads {
		c.start(sched.AllCPUs, func() {
			me := Current()
			if me.Pid < 3 || me.Tgid != me.Pid || seen[me.Pid].Swap(true) {
				c.errorf("PID %d, TGID %d", me.Pid, me.Tgid)
			}
			if FindTaskByPid(me.Pid) != me {
				c.errorf("PID %d is not found", me.Pid)
			}
			release.Wait()
		})
	}
	release.CompleteAll()
	if err := c.wait(); err != nil {
		return err
	}
	if t := FindTaskByPid(0); t != nil {
		return fmt.Errorf("PID 0 is %s", t.Name())
	}
	for pid, name := range map[int]string{1: "init", 2: "kthreadd"} {
		if t := FindTaskByPid(pid); t == nil || t.Name() != name {
			return fmt.Errorf("PID %d is not %s", pid, name)
		}
	}
	return nil
}

// testKthread creates, stops and binds kernel threads.
func testKthread() error {
	started := new(sched.Completion)
	t, err := KthreadRun(func(arg any) int {
		started.Complete()
		for !KthreadShouldStop() {
			sched.SleepInterruptible(3600e9)
		}
		return arg.(int)
	}, 42, "selftest-stop")
	if err != nil {
		return err
	}
	started.Wait()
	if t.Parent().Pid != 2 {
		return fmt.Errorf("child of PID %d instead of kthreadd", t.Parent().Pid)
	}
	if got := KthreadStop(t); got != 42 {
		return fmt.Errorf("result %d instead of 42", got)
	}
	t, err = KthreadCreate(func(any) int { return 0 }, nil, "selftest-never")
	if err != nil {
		return err
	}
	if got := KthreadStop(t); got != -int(syscall.EINTR) {
		return fmt.Errorf("result of a thread that never ran: %d", got)
	}
	// Most threads end while others begin.
	var c crew
	c.startEach(func(cpu int) {
		for range 100 {
			t, err := KthreadCreateOnCPU(func(any) int { return sched.CPU() }, nil, cpu, "selftest-short")
			if err != nil {
				c.errorf("%v", err)
				return
			}
			sched.WakeUpProcess(&t.Task)
			t.kthread.exited.Wait()
			if got := KthreadStop(t); got != cpu {
				c.errorf("ran on CPU %d, bound to %d", got, cpu)
			}
		}
	})
	return c.wait()
}

// testKthreadPark parks and unparks one thread per CPU.
func testKthreadPark() error {
	for _, cpu := range activeCPUs() {
		var turns atomic.Int64
		t, err := KthreadCreateOnCPU(func(any) int {
			for !KthreadShouldStop() {
				KthreadParkme()
				turns.Add(1)
				sched.Sleep(50e3)
			}
			return 7
		}, nil, cpu, "selftest-park")
		if err != nil {
			return err
		}
		sched.WakeUpProcess(&t.Task)
		for range 10 {
			n := turns.Load()
			for turns.Load() == n {
				sched.Sleep(50e3)
			}
			if err := KthreadPark(t); err != nil {
				return err
			}
			n = turns.Load()
			sched.WakeUpProcess(&t.Task)
			sched.Sleep(200e3)
			if turns.Load() != n || t.State() != sched.TaskParked {
				return errors.New("runs while parked")
			}
			KthreadUnpark(t)
		}
		if got := KthreadStop(t); got != 7 {
			return fmt.Errorf("result %d instead of 7", got)
		}
	}
	return nil
}

// testWorkQueue queues works on all CPUs, works that wait for one another, and
// delayed ones.
func testWorkQueue() error {
	var ran atomic.Uint64
	for _, cpu := range activeCPUs() {
		w := sched.NewWork(func(*sched.Work) { ran.Or(uint64(sched.MaskOf(sched.CPU()))) })
		w.QueueOn(cpu)
		w.Flush()
	}
	if got := sched.CPUMask(ran.Load()); got != sched.Active() {
		return fmt.Errorf("works ran on CPUs %#x", got)
	}
	var links [9]sched.Completion
	for i := range len(links) - 1 {
		sched.NewWork(func(*sched.Work) {
			links[i+1].Wait()
			links[i].Complete()
		}).Queue()
	}
	links[len(links)-1].Complete()
	if links[0].WaitTimeout(30e9) != nil {
		return errors.New("works that sleep block others")
	}
	var late sched.Completion
	d := sched.NewDelayedWork(func(*sched.Work) { late.Complete() })
	d.QueueAfter(3600e9)
	if !d.CancelSync() || late.Done() {
		return errors.New("a cancelled work ran")
	}
	d.QueueAfter(1e6)
	if late.WaitTimeout(30e9) != nil {
		return errors.New("a delayed work does not run")
	}
	d.CancelSync()
	return nil
}
