package kernel

import (
	"onsen/kernel/vm"
)

// What process creation and exit call of the signal code. The signal code
// replaces this file. Locks are spin locks: nothing here may allocate or sleep
// where a lock is said to be held.

// fork gives a new process its part. The caller holds no lock.
func (p *processSignal) fork(from *processSignal) {}

// cancelGroupStop forgets a stop that is under way. siglock held.
func (p *processSignal) cancelGroupStop() {}

// joinGroupStop makes a new thread take part in a stop that is under way.
// tasklistLock and siglock held.
func joinGroupStop(t *Task) {}

// killThread makes SIGKILL pending for a thread and wakes it. siglock held.
func killThread(t *Task) {}

// sendGroupSignalLocked sends a signal from the kernel to a process
// without checking permissions. tasklistLock held; it takes siglock.
func sendGroupSignalLocked(sig int, t *Task) {}

// killPgrpLocked sends a signal to every process of a group. tasklistLock held.
func killPgrpLocked(sig int, pgrp *Pid) {}

// sendChildExit sends parent's process the signal that says that the process of
// t has ended; see childStatus, and t.signal.groupExitCode if SIGNAL_GROUP_EXIT
// is set. tasklistLock and the parent's siglock held.
func sendChildExit(sig int, t, parent *Task) {}

// exitSignals is the first step of exit: it sets PF_EXITING under siglock, after
// which no signal is meant for t, hands those of the process that t was to take to
// other threads, and leaves a group stop. No lock held.
func exitSignals(t *Task) { t.flags.Or(PF_EXITING) }

// exitProcessTimers stops the timers of a process whose last thread ends. No
// lock held.
func exitProcessTimers(t *Task) {}

// flushSignals drops what is pending for a dead task, and flushProcess what is
// pending for a dead process. No lock held.
func flushSignals(t *Task)           {}
func flushProcess(sig *SignalStruct) {}

// leaveThreadGroup is called when a dead thread that is not the leader is about to
// leave the list of threads. tasklistLock and siglock held.
func leaveThreadGroup(t *Task) {}

// exitRobustList and clearChildTid are what a task does before it leaves its
// memory; set_robust_list(2), set_tid_address(2). No lock held.
func exitRobustList(t *Task) {}
func clearChildTid(t *Task)  {}

// useMM makes mm the memory of the calling task; nil for none.
func useMM(t *Task, mm *vm.MM) { t.mm = mm }
