package kernel

import (
	"sync/atomic"

	"onsen/kernel/sched"
	"onsen/kernel/signal"
	"onsen/kernel/spin"
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
}

// SignalStruct is what the threads of a process share; Linux's struct
// signal_struct.
type SignalStruct struct {
	// leader is the thread whose PID is the process's. tasklistLock.
	leader *Task
	// threads is the number of threads that have not ended. siglock.
	threads int
	// live is the number of threads that have not begun to exit.
	live atomic.Int32

	// groupExitCode is the status of the process once signalGroupExit is set.
	// siglock.
	groupExitCode int
	// flags are SIGNAL_* bits. siglock.
	flags uint32

	// waitChildExit is where wait(2) sleeps.
	waitChildExit sched.WaitQueue

	processSignal
	processLimits
}

// processSignal is the signal code's part.
type processSignal struct{}
