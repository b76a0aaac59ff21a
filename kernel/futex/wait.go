package futex

import (
	"math"
	"syscall"
	"unsafe"

	"onsen/kernel/errno"
	"onsen/kernel/sched"
	"onsen/kernel/timekeeping"
	"onsen/kernel/uaccess"
)

// Forever as a deadline means none.
const Forever = math.MaxInt64

// Wait sleeps until the word at addr is woken by one of the bits of bitset, unless
// it is not val: EAGAIN. deadline is a time of CLOCK_MONOTONIC, or of
// CLOCK_REALTIME if f says so, or Forever. Other errors: EINVAL for no bits or an
// address that is not aligned, EFAULT, ETIMEDOUT, ERESTARTSYS for a signal.
//
// w is the caller's to sleep with, and mm its memory.
func Wait(w *Waiter, mm unsafe.Pointer, addr uintptr, f Flags, val uint32, deadline int64, bitset uint32) error {
	if bitset == 0 {
		return syscall.EINVAL
	}
	for {
		k, err := key(mm, addr, f)
		if err != nil {
			return err
		}
		w.key = k
		w.init(sched.Current(), bitset)
		if err := w.enqueue(addr, val); err != nil {
			return err
		}
		// Whoever wakes from here on sets the state back.
		timedOut := sleep(deadline, f)
		switch {
		case !w.leave():
			return nil
		case timedOut:
			return syscall.ETIMEDOUT
		case sched.SignalPending(w.task):
			return errno.ERESTARTSYS
		}
	}
}

// enqueue queues w and sets the state of its task to sleep, if the word at addr is
// val. EAGAIN or EFAULT otherwise.
func (w *Waiter) enqueue(addr uintptr, val uint32) error {
	b := w.key.bucket()
	for {
		b.count.Add(1) // before the look at the word; see Wake
		b.take()
		have, ok := uaccess.Load32NoFault(addr)
		if ok && have == val {
			sched.SetCurrentState(sched.TaskInterruptible)
			b.add(w)
			b.release()
			return nil
		}
		b.release()
		b.count.Add(-1)
		if ok {
			return syscall.EAGAIN
		}
		if _, err := uaccess.Load32(addr); err != nil {
			return err
		}
	}
}

// sleep sleeps, in the state that the caller has set, up to a deadline. It reports
// whether that has passed.
func sleep(deadline int64, f Flags) (timedOut bool) {
	if deadline == Forever {
		sched.Schedule()
		return false
	}
	return SleepUntil(f.clock(), deadline)
}

// clock returns the clock that f means.
func (f Flags) clock() timekeeping.ClockID {
	if f&ClockRealtime != 0 {
		return timekeeping.CLOCK_REALTIME
	}
	return timekeeping.CLOCK_MONOTONIC
}

// SleepUntil sleeps, in the state that the caller has set, until a clock shows a
// time or the task is woken, also by somebody setting that clock. It reports
// whether the time has passed, and leaves the task running. Set at start-up.
var SleepUntil = func(clock timekeeping.ClockID, deadline int64) (passed bool) {
	return sched.ScheduleTimeout(deadline-timekeeping.Monotonic()) <= 0
}

// WaitVec is one of the futexes of WaitMultiple.
type WaitVec struct {
	Addr   uintptr
	Val    uint32
	Flags  Flags
	waiter Waiter
}

// WaitMultiple is Wait for any of several words; futex_waitv(2). It returns the
// index of one that was woken. f says which clock deadline is of.
func WaitMultiple(v []WaitVec, mm unsafe.Pointer, f Flags, deadline int64) (int, error) {
	for {
		i, err := enqueueAll(v, mm)
		if i >= 0 || err != nil {
			return i, err
		}
		timedOut := sleep(deadline, f)
		switch i := leaveAll(v); {
		case i >= 0:
			return i, nil
		case timedOut:
			return 0, syscall.ETIMEDOUT
		case sched.SignalPending(sched.Current()):
			return 0, errno.ERESTARTSYS
		}
	}
}

// enqueueAll queues all. If one cannot be, none is: then the index of one that was
// woken meanwhile is the result, or else the error. Otherwise it is -1.
func enqueueAll(v []WaitVec, mm unsafe.Pointer) (int, error) {
	for i := range v {
		e := &v[i]
		k, err := key(mm, e.Addr, e.Flags)
		if err == nil {
			e.waiter.key = k
			e.waiter.init(sched.Current(), BitsetMatchAny)
			err = e.waiter.enqueue(e.Addr, e.Val)
		}
		// To look at the next word may sleep.
		sched.SetCurrentState(sched.TaskRunning)
		if err != nil {
			if woken := leaveAll(v[:i]); woken >= 0 {
				return woken, nil
			}
			return -1, err
		}
	}
	sched.SetCurrentState(sched.TaskInterruptible)
	for i := range v {
		if v[i].waiter.bucket.Load() == nil {
			// Woken before the state was set for the last time.
			sched.SetCurrentState(sched.TaskRunning)
			return leaveAll(v), nil
		}
	}
	return -1, nil
}

// leaveAll dequeues all, and returns the index of the last that was woken, or -1.
func leaveAll(v []WaitVec) int {
	woken := -1
	for i := range v {
		if !v[i].waiter.leave() {
			woken = i
		}
	}
	return woken
}
