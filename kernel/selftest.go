package kernel

import (
	"errors"
	"fmt"
	"sync"

	"onsen/kernel/sched"
)

// selfTest is a check of the running kernel. It uses the machine as it is, with
// as many CPUs as there are, and leaves nothing behind.
type selfTest struct {
	name string
	run  func() error
}

// selfTests is every self test, in the order in which they run. Files for one
// architecture or for bare metal only add to it.
var selfTests = []selfTest{
	{"switch", testSwitch},
	{"wait-queue", testWaitQueue},
	{"completion", testCompletion},
	{"mutex", testMutex},
	{"mutex-order", testMutexOrder},
	{"sleep-order", testSleepOrder},
	{"rwsem", testRWSem},
	{"timer-order", testTimerOrder},
	{"timer-cancel", testTimerCancel},
	{"timer-accuracy", testTimerAccuracy},
	{"affinity", testAffinity},
	{"migration", testMigration},
	{"balance", testBalance},
	{"call", testCall},
	{"pid", testPids},
	{"kthread", testKthread},
	{"kthread-park", testKthreadPark},
	{"work-queue", testWorkQueue},
	{"go-park", testGoPark},
	{"gc", testGC},
	{"gc-calls", testGCCalls},
	{"gc-no-calls", testGCNoCalls},
	{"oops", testOops},
}

// selfTestTime is how long one self test may take, in ns. On an emulated
// machine none needs a tenth of it.
const selfTestTime = 120e9

// RunSelfTests runs the self tests that want asks for, calls report with one
// line for each and one for all, and returns how many failed. The caller is a
// task.
func RunSelfTests(want func(name string) bool, report func(line string)) (failed int) {
	passed := 0
	for _, s := range selfTests {
		if !want(s.name) {
			continue
		}
		if err := s.runInThread(); err != nil {
			failed++
			report(fmt.Sprintf("selftest: FAIL %s: %v", s.name, err))
			continue
		}
		passed++
		report("selftest: ok " + s.name)
	}
	report(fmt.Sprintf("selftest: %d passed, %d failed", passed, failed))
	return failed
}

// runInThread runs the test in a kernel thread of its own, so that one that
// hangs or dies does not take the others along.
func (s selfTest) runInThread() error {
	var done sched.Completion
	err := errors.New("the test died")
	_, startErr := KthreadRun(func(any) int {
		defer done.Complete()
		err = s.run()
		return 0
	}, nil, "selftest")
	if startErr != nil {
		return startErr
	}
	if done.WaitTimeout(selfTestTime) != nil {
		return errors.New("hangs")
	}
	return err
}

// crew is a number of threads that one self test runs.
type crew struct {
	threads []*Task
	mu      sync.Mutex
	err     error // the first complaint. mu
}

// errorf notes what is wrong. Any thread may call it.
func (c *crew) errorf(format string, args ...any) {
	c.mu.Lock()
	if c.err == nil {
		c.err = fmt.Errorf(format, args...)
	}
	c.mu.Unlock()
}

// start runs fn in a new thread that may run on the CPUs of m.
func (c *crew) start(m sched.CPUMask, fn func()) *Task {
	t, err := KthreadCreate(func(any) int { fn(); return 0 }, nil, "selftest-crew")
	if err != nil {
		c.errorf("no thread: %v", err)
		return nil
	}
	if m != sched.AllCPUs {
		sched.WaitTaskInactive(&t.Task, sched.TaskUninterruptible)
		if err := sched.SetCPUsAllowed(&t.Task, m); err != nil {
			c.errorf("affinity %#x: %v", m, err)
		}
	}
	c.threads = append(c.threads, t)
	sched.WakeUpProcess(&t.Task)
	return t
}

// startEach runs fn in one thread bound to each CPU.
func (c *crew) startEach(fn func(cpu int)) {
	for _, cpu := range activeCPUs() {
		c.start(sched.MaskOf(cpu), func() { fn(cpu) })
	}
}

// wait waits for all threads and returns the first complaint.
func (c *crew) wait() error {
	for _, t := range c.threads {
		t.kthread.exited.Wait()
		if t.exitCode != 0 {
			c.errorf("a thread died with status %#x", t.exitCode)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// activeCPUs returns the CPUs that run tasks, in order.
func activeCPUs() (cpus []int) {
	for m := sched.Active(); m != 0; m &= m - 1 {
		cpus = append(cpus, m.First())
	}
	return cpus
}

// onGoroutine runs fn on an ordinary goroutine and sleeps until it returns.
func onGoroutine(fn func()) {
	var done sched.Completion
	go func() {
		fn()
		done.Complete()
	}()
	done.Wait()
}
