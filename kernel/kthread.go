package kernel

import (
	"sync/atomic"
	"syscall"

	"onsen/kernel/sched"
	"onsen/kernel/spin"
)

// Bits of Kthread.flags.
const (
	kthreadIsPerCPU   uint32 = 1 << iota // bound to one CPU by KthreadCreateOnCPU
	kthreadShouldStop                    // asked to end
	kthreadShouldPark                    // asked to park
)

// Kthread is what a kernel thread from KthreadCreate has beyond a Task.
type Kthread struct {
	flags  atomic.Uint32
	cpu    int // where it is bound to, if kthreadIsPerCPU
	fn     func(arg any) int
	arg    any
	result int // written before exited is completed
	parked sched.Completion
	exited sched.Completion
}

func (k *Kthread) has(bit uint32) bool { return k.flags.Load()&bit != 0 }

// kthreadCreateInfo is a request to kthreadd: a kernel thread or, if that is not
// nil, a helper.
type kthreadCreateInfo struct {
	helper *SubprocessInfo

	name string
	k    *Kthread
	task *Task // the answer, or
	err  error // why there is none
	done sched.Completion
	next *kthreadCreateInfo // kthreadd.lock
}

// kthreadd is PID 2, which makes all other kernel threads so that they take
// after it and not after whoever asks.
var kthreadd struct {
	task        *Task
	lock        spin.Lock
	first, last *kthreadCreateInfo // lock
	wait        sched.WaitQueue
}

// startKthreadd starts it.
func startKthreadd() error {
	pid, err := KernelThread(kthreaddMain, nil, CLONE_FS|CLONE_FILES)
	if err != nil {
		return err
	}
	kthreadd.task = FindTaskByPid(pid)
	kthreadd.task.SetName("kthreadd")
	return nil
}

func kthreaddMain(any) int {
	for {
		var create *kthreadCreateInfo
		kthreadd.wait.WaitIdle(func() bool {
			create = nextCreate()
			return create != nil
		})
		if create.helper != nil {
			createHelper(create.helper)
		} else {
			createKthread(create)
		}
	}
}

// nextCreate takes the first request, if there is one.
func nextCreate() *kthreadCreateInfo {
	kthreadd.lock.Lock()
	defer kthreadd.lock.Unlock()
	c := kthreadd.first
	if c != nil {
		kthreadd.first, c.next = c.next, nil
	}
	return c
}

// createKthread answers a request. The new thread completes it.
func createKthread(c *kthreadCreateInfo) {
	p, err := CopyProcess(&KernelCloneArgs{
		Flags:   CLONE_VM | CLONE_UNTRACED | CLONE_FS | CLONE_FILES,
		Name:    c.name,
		Kthread: true,
		Fn:      kthreadMain,
		FnArg:   c,
	})
	if err != nil {
		c.err = err
		c.done.Complete()
		return
	}
	p.kthread = c.k
	sched.WakeUpNewTask(&p.Task)
}

// kthreadMain is what every thread from KthreadCreate runs. It sleeps until it
// is woken for the first time, and then runs the thread's function unless it
// has been told to stop meanwhile.
func kthreadMain(arg any) int {
	c := arg.(*kthreadCreateInfo)
	t := Current()
	k := c.k
	c.task = t
	sched.SetCurrentState(sched.TaskUninterruptible)
	c.done.Complete()
	sched.Schedule()
	k.result = -int(syscall.EINTR)
	if !k.has(kthreadShouldStop) {
		KthreadParkme()
		k.result = -int(syscall.EFAULT) // of a thread that oopses
		k.result = k.fn(k.arg)
	}
	return 0
}

// KthreadCreate makes a kernel thread that will run fn(arg) once it is woken
// with sched.WakeUpProcess. It may run on every CPU. The caller sleeps; it is
// not kthreadd.
func KthreadCreate(fn func(arg any) int, arg any, name string) (*Task, error) {
	return kthreadCreate(&Kthread{fn: fn, arg: arg}, name)
}

func kthreadCreate(k *Kthread, name string) (*Task, error) {
	c := &kthreadCreateInfo{name: name, k: k}
	askKthreadd(c)
	c.done.Wait()
	return c.task, c.err
}

// askKthreadd puts a request in kthreadd's queue.
func askKthreadd(c *kthreadCreateInfo) {
	kthreadd.lock.Lock()
	if kthreadd.first == nil {
		kthreadd.first = c
	} else {
		kthreadd.last.next = c
	}
	kthreadd.last = c
	kthreadd.lock.Unlock()
	kthreadd.wait.Wake()
}

// KthreadRun is KthreadCreate and the first wake-up.
func KthreadRun(fn func(arg any) int, arg any, name string) (*Task, error) {
	t, err := KthreadCreate(fn, arg, name)
	if err == nil {
		sched.WakeUpProcess(&t.Task)
	}
	return t, err
}

// KthreadCreateOnCPU is KthreadCreate for a thread that runs on one CPU only,
// also after it was parked.
func KthreadCreateOnCPU(fn func(arg any) int, arg any, cpu int, name string) (*Task, error) {
	k := &Kthread{fn: fn, arg: arg, cpu: cpu}
	k.flags.Store(kthreadIsPerCPU)
	t, err := kthreadCreate(k, name)
	if err == nil {
		err = KthreadBind(t, cpu)
	}
	return t, err
}

// KthreadBind binds a thread that has been created but not woken, or is parked,
// to a CPU. EINVAL means that it is neither or that the CPU is not there.
func KthreadBind(t *Task, cpu int) error {
	if !sched.WaitTaskInactive(&t.Task, sched.TaskUninterruptible|sched.TaskParked) {
		return syscall.EINVAL
	}
	t.flags.Or(PF_NO_SETAFFINITY)
	return sched.SetCPUsAllowed(&t.Task, sched.MaskOf(cpu))
}

// KthreadStop asks a thread to end and waits until it has. It returns what the
// thread's function returned, -EINTR if that was never called. The thread may
// have ended by itself.
func KthreadStop(t *Task) int {
	k := t.kthread
	k.flags.Or(kthreadShouldStop)
	KthreadUnpark(t)
	t.SetFlag(sched.TIFNotifySignal) // ends interruptible sleeps
	sched.WakeUpProcess(&t.Task)
	k.exited.Wait()
	return k.result
}

// KthreadShouldStop reports whether somebody waits in KthreadStop for the
// calling thread to return from its function.
func KthreadShouldStop() bool { return Current().kthread.has(kthreadShouldStop) }

// KthreadPark asks a thread to park and waits until it has. EBUSY means that it
// has been asked before, ENOSYS that it is about to end.
func KthreadPark(t *Task) error {
	k := t.kthread
	if k.exited.Done() {
		return syscall.ENOSYS
	}
	if k.flags.Or(kthreadShouldPark)&kthreadShouldPark != 0 {
		return syscall.EBUSY
	}
	if t == Current() {
		return nil
	}
	sched.WakeUpProcess(&t.Task)
	k.parked.Wait()
	return nil
}

// KthreadUnpark lets a parked thread go on, on its CPU if it has one.
func KthreadUnpark(t *Task) {
	k := t.kthread
	if !k.has(kthreadShouldPark) {
		return
	}
	if k.has(kthreadIsPerCPU) {
		_ = KthreadBind(t, k.cpu)
	}
	k.flags.And(^kthreadShouldPark)
	sched.TryToWakeUp(&t.Task, sched.TaskParked)
}

// KthreadShouldPark reports whether the calling thread should call
// KthreadParkme.
func KthreadShouldPark() bool { return Current().kthread.has(kthreadShouldPark) }

// KthreadParkme parks the calling thread as long as it should be.
func KthreadParkme() {
	k := Current().kthread
	for {
		// A wake-up meant for something else must not be taken for Unpark.
		sched.SetSpecialState(sched.TaskParked)
		if !k.has(kthreadShouldPark) {
			break
		}
		k.parked.Complete()
		sched.Schedule()
	}
	sched.SetCurrentState(sched.TaskRunning)
}
