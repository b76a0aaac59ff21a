package kernel

import (
	"sync/atomic"

	"onsen/kernel/sched"
	"onsen/kernel/signal"
	"onsen/kernel/spin"
	"onsen/kernel/tty"
)

// Bits of SignalStruct.flags; Linux's SIGNAL_*.
const (
	SIGNAL_STOP_STOPPED   uint32 = 0x01 // stopped, wait(2) may report it
	SIGNAL_STOP_CONTINUED uint32 = 0x02 // continued, wait(2) may report it
	SIGNAL_GROUP_EXIT     uint32 = 0x04 // every thread is to end
	SIGNAL_CLD_STOPPED    uint32 = 0x10 // the parent is still to be told
	SIGNAL_CLD_CONTINUED  uint32 = 0x20
	SIGNAL_CLD_MASK              = SIGNAL_CLD_STOPPED | SIGNAL_CLD_CONTINUED
	SIGNAL_UNKILLABLE     uint32 = 0x40 // init: default actions do not apply
	SIGNAL_STOP_MASK             = SIGNAL_CLD_MASK | SIGNAL_STOP_STOPPED | SIGNAL_STOP_CONTINUED
)

// SighandStruct is how a process, or several that share it, answers signals;
// Linux's struct sighand_struct.
type SighandStruct struct {
	// siglock protects the actions, and the signals and thread lists of all
	// processes that share them. It comes after tasklistLock and before every
	// lock of package sched.
	siglock spin.Lock
	actions [signal.Max]signal.Action // siglock
	users   atomic.Int32

	// signalfdQueue is where the readers of signalfds wait for signals of any
	// thread of these processes.
	signalfdQueue sched.WaitQueue
}

// SignalStruct is what the threads of a process share; Linux's struct
// signal_struct.
type SignalStruct struct {
	// firstThread is the first thread, linked by Task.threads, oldest first.
	// Changed with tasklistLock and siglock held; either keeps it as it is.
	firstThread, lastThread *Task
	// nrThreads is the length of that list: zombies count.
	nrThreads int
	// live is the number of threads that have not begun to exit.
	live atomic.Int32
	// quickThreads is the number of threads that have not entered DoExit.
	quickThreads int

	// pids are the process's id, process group and session, indexed by PidType.
	// tasklistLock; that of PIDTYPE_TGID is constant.
	pids [pidTypes]*Pid

	// groupExitCode is the status of the process once SIGNAL_GROUP_EXIT is set,
	// and the signal that stopped it while it is stopped. siglock.
	groupExitCode int
	// flags are SIGNAL_* bits. siglock.
	flags uint32

	// groupExecTask is the thread that waits in deThread until notifyCount
	// others have gone, or if that is negative, until the leader is a zombie.
	// siglock.
	groupExecTask *Task
	notifyCount   int

	// isChildSubreaper: orphans among the descendants become children of this
	// process (PR_SET_CHILD_SUBREAPER). hasChildSubreaper: an ancestor is one.
	// tasklistLock.
	isChildSubreaper, hasChildSubreaper bool
	// isSessionLeader: the process has called setsid. tasklistLock.
	isSessionLeader bool

	// cpuTimes divides the CPU time of the process. It has its own lock.
	cpuTimes cpuSplit

	// credGuard is held by an execve from when it finds out what rights the
	// program will have until it has them, and by who begins to trace a thread.
	credGuard sched.Mutex

	// waitChildExit is where wait(2) sleeps.
	waitChildExit sched.WaitQueue

	// tty is the process's controlling terminal, or nil.
	tty atomic.Pointer[tty.TTY]

	// oomScoreAdj is what the user adds to the process's badness, -1000..1000.
	oomScoreAdj atomic.Int32

	processSignal
	processLimits
}
