package kernel

import (
	"strconv"

	"onsen/kernel/cred"
	"onsen/kernel/sched"
)

// bootIdle is the idle task of the boot CPU, the first task there is.
var bootIdle Task

// What the idle tasks share, and init inherits.
var (
	bootCred    = cred.Root()
	bootSignal  SignalStruct
	bootSighand SighandStruct
)

// kthreadSighand is what all kernel threads have: they ignore every signal, and
// so leave no zombies when their children end.
var kthreadSighand SighandStruct

func init() {
	for typ := range bootSignal.pids {
		bootSignal.pids[typ] = &idlePid
	}
	for i := range kthreadSighand.actions {
		kthreadSighand.actions[i].Handler = sigIgn
	}
}

// initIdle makes p the idle task of cpu.
func initIdle(p *Task, cpu int) {
	p.flags.Store(PF_IDLE | PF_KTHREAD | PF_NO_SETAFFINITY)
	p.realParent, p.parent, p.groupLeader = p, p, p
	p.cred.Store(bootCred)
	p.signal, p.sighand = &bootSignal, &bootSighand
	p.pid = &idlePid
	sched.InitIdle(&p.Task, "swapper/"+strconv.Itoa(cpu), cpu)
}

// startBootIdle makes the caller the idle task of the boot CPU. From here on
// there is a Current. The caller is a goroutine locked to the task thread of
// CPU 0; it may not sleep.
func startBootIdle() {
	initIdle(&bootIdle, 0)
	sched.StartIdle(&bootIdle.Task)
}

// restInit is the end of the boot CPU's start: it starts init (PID 1) and
// kthreadd (PID 2) and turns to being idle. init waits until kthreadd is there.
func restInit(init func(arg any) int) {
	var kthreaddDone sched.Completion
	start := func(arg any) int {
		kthreaddDone.Wait()
		return init(arg)
	}
	if _, err := UserModeThread(start, nil, CLONE_FS); err != nil {
		die("cannot start init: " + err.Error())
	}
	FindTaskByPid(1).SetName("init")
	if err := startKthreadd(); err != nil {
		die("cannot start kthreadd: " + err.Error())
	}
	kthreaddDone.Complete()
	sched.Idle()
}

// CPUStartup makes the caller the idle task of a CPU that has come up, which
// thereby takes part in scheduling. p is from ForkIdle for this CPU; the caller
// is a goroutine locked to the CPU's task thread. It does not return.
func CPUStartup(p *Task) {
	sched.StartIdle(&p.Task)
	sched.Idle()
}
