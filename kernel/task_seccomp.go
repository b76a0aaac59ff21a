package kernel

import (
	"sync/atomic"

	"onsen/kernel/sched"
	"onsen/kernel/seccomp"
)

// Modes of taskSeccomp: SECCOMP_MODE_*, and Linux's own for a task that dies of a
// system call.
const (
	SECCOMP_MODE_DISABLED = 0
	SECCOMP_MODE_STRICT   = 1
	SECCOMP_MODE_FILTER   = 2
	seccompModeDead       = 3
)

// taskSeccomp is which system calls the task may make. TIFSeccomp is set once mode
// is not SECCOMP_MODE_DISABLED.
type taskSeccomp struct {
	// mode never goes back. Written under siglock, or by the task as it dies.
	mode atomic.Uint32
	// filter is the topmost filter in SECCOMP_MODE_FILTER. Written under siglock.
	filter atomic.Pointer[seccomp.Filter]
	// data is what the filters look at. Owned by the task.
	data seccomp.Data
}

// forkSeccomp gives a new task what its maker has.
//
// Preconditions: cur's siglock held.
func (t *Task) forkSeccomp(cur *Task) {
	mode := cur.seccomp.mode.Load()
	if mode == SECCOMP_MODE_DISABLED {
		return
	}
	filter := cur.seccomp.filter.Load()
	filter.Use()
	t.seccomp.filter.Store(filter)
	// It may have been set since the task was made.
	t.noNewPrivs.Store(cur.noNewPrivs.Load())
	t.setSeccompMode(mode)
}

// releaseSeccomp lets go of the filters of a task that has been released.
func (t *Task) releaseSeccomp() { t.seccomp.filter.Swap(nil).Unuse() }

// setSeccompMode has the task's system calls checked from now on.
//
// Preconditions: siglock held, or t is new. The filter is set.
func (t *Task) setSeccompMode(mode uint32) {
	t.seccomp.mode.Store(mode)
	t.SetFlag(sched.TIFSeccomp)
}

// addSeccompFilter puts a filter on top of the calling task's; sync gives it to the
// other threads, too. An error has no effect: EINVAL in another mode, EBUSY for a
// second listener, ENOMEM if there are too many. unsynced is the thread that does
// not allow sync, nil if there is none.
//
// Preconditions: siglock held; if sync is set, credGuard as well.
func (t *Task) addSeccompFilter(f *seccomp.Filter, sync bool) (unsynced *Task, err error) {
	if err := t.maySetSeccomp(SECCOMP_MODE_FILTER); err != nil {
		return nil, err
	}
	prev := t.seccomp.filter.Load()
	if err := f.MayAttach(prev); err != nil {
		return nil, err
	}
	if sync {
		if u := t.unsyncedThread(); u != nil {
			return u, nil
		}
	}
	f.Attach(prev)
	t.seccomp.filter.Store(f)
	if sync {
		t.syncSeccomp(f)
	}
	t.setSeccompMode(SECCOMP_MODE_FILTER)
	return nil, nil
}

// unsyncedThread returns a thread of the process that has gone its own way: its
// filters are not below the calling task's.
//
// Preconditions: siglock held.
func (t *Task) unsyncedThread() *Task {
	for u := t.signal.firstThread; u != nil; u = u.threads.next {
		mode := u.seccomp.mode.Load()
		if u == t || mode == SECCOMP_MODE_DISABLED ||
			mode == SECCOMP_MODE_FILTER && u.seccomp.filter.Load().Below(t.seccomp.filter.Load()) {
			continue
		}
		return u
	}
	return nil
}

// syncSeccomp gives the other threads of the process the calling task's filters. Who
// calls it waits for barrierEverywhere before the program goes on.
//
// Preconditions: siglock and credGuard held; unsyncedThread is nil.
func (t *Task) syncSeccomp(f *seccomp.Filter) {
	for u := t.signal.firstThread; u != nil; u = u.threads.next {
		if u == t {
			continue
		}
		f.Use()
		u.seccomp.filter.Swap(f).Unuse()
		if t.noNewPrivs.Load() {
			u.noNewPrivs.Store(true)
		}
		if u.seccomp.mode.Load() == SECCOMP_MODE_DISABLED {
			u.setSeccompMode(SECCOMP_MODE_FILTER)
		}
	}
}
