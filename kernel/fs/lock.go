package fs

import (
	"math"
	"slices"
	"sync/atomic"
	"syscall"

	"onsen/kernel/sched"
)

// lockTable are the locks of a file.
type lockTable struct {
	// lock protects the lists. It is taken with no other lock of this package
	// held but lockWaits', which comes first.
	lock sched.Mutex
	// flocks are those of flock(2).
	flocks []flock // lock
	// records are those of fcntl(2), by start. Those of one owner do not
	// overlap. lock
	records []RecordLock
	// freed is woken when locks are given up.
	freed sched.WaitQueue
	// changes counts that, for those who wait.
	changes atomic.Uint64
}

// flock is a lock of flock(2), which belongs to an open file.
type flock struct {
	file      *File
	exclusive bool
}

// RecordLock is a lock of fcntl(2) on a range of a file.
type RecordLock struct {
	// Type is F_RDLCK, F_WRLCK or, in a request, F_UNLCK.
	Type int16
	// Start and End are the first and the last byte.
	Start, End int64
	// Owner is the *Files of the process, or the *File of an open file
	// description lock.
	Owner any
	// PID is the process that F_GETLK names; -1 for the latter kind.
	PID int32
}

// SetLength sets End from a length, which is 0 for all there ever will be, or
// negative for what is in front of Start: EINVAL, EOVERFLOW.
func (r *RecordLock) SetLength(n int64) error {
	if r.Start < 0 {
		return syscall.EINVAL
	}
	switch {
	case n == 0:
		r.End = math.MaxInt64
	case n > 0:
		if r.End = r.Start + n - 1; r.End < 0 {
			return syscall.EOVERFLOW
		}
	default:
		r.End = r.Start - 1
		if r.Start += n; r.Start < 0 {
			return syscall.EINVAL
		}
	}
	return nil
}

// Length is what SetLength was given, if it was not negative.
func (r *RecordLock) Length() int64 {
	if r.End == math.MaxInt64 {
		return 0
	}
	return r.End - r.Start + 1
}

// conflicts reports whether r and other exclude each other.
func (r *RecordLock) conflicts(other *RecordLock) bool {
	return r.Owner != other.Owner && r.Start <= other.End && other.Start <= r.End &&
		(r.Type == syscall.F_WRLCK || other.Type == syscall.F_WRLCK)
}

// lockTable returns the inode's table, which it makes if there is none.
func (i *Inode) lockTable() *lockTable {
	if t := i.locks.Load(); t != nil {
		return t
	}
	i.locks.CompareAndSwap(nil, new(lockTable))
	return i.locks.Load()
}

// announce wakes those who wait for a lock.
func (t *lockTable) announce() {
	t.changes.Add(1)
	t.freed.WakeAll()
}

// Flock does flock(2); how is LOCK_SH, LOCK_EX or LOCK_UN. EWOULDBLOCK unless
// it may wait.
func (f *File) Flock(how uint32, wait bool) error {
	switch how {
	case syscall.LOCK_UN:
		if t := f.Inode.locks.Load(); t != nil {
			t.unflock(f)
		}
		return nil
	case syscall.LOCK_SH, syscall.LOCK_EX:
	default:
		return syscall.EINVAL
	}
	if f.mode&(modeRead|modeWrite) == 0 {
		return syscall.EBADF
	}
	t := f.Inode.lockTable()
	// "Converting a lock … is not guaranteed to be atomic" - flock(2): the old
	// one goes first.
	for {
		seen := t.changes.Load()
		if t.tryFlock(f, how == syscall.LOCK_EX) {
			return nil
		}
		if !wait {
			return syscall.EWOULDBLOCK
		}
		if err := t.freed.WaitInterruptible(func() bool { return t.changes.Load() != seen }); err != nil {
			return err
		}
	}
}

// tryFlock takes a lock, in exchange for the one that f has, if it can.
func (t *lockTable) tryFlock(f *File, exclusive bool) bool {
	t.lock.Lock()
	defer t.lock.Unlock()
	for _, l := range t.flocks {
		if l.file == f && l.exclusive == exclusive {
			return true
		}
	}
	if t.dropFlock(f) {
		t.announce()
	}
	for _, l := range t.flocks {
		if exclusive || l.exclusive {
			return false
		}
	}
	t.flocks = append(t.flocks, flock{f, exclusive})
	return true
}

func (t *lockTable) dropFlock(f *File) bool {
	n := len(t.flocks)
	t.flocks = slices.DeleteFunc(t.flocks, func(l flock) bool { return l.file == f })
	return len(t.flocks) != n
}

func (t *lockTable) unflock(f *File) {
	t.lock.Lock()
	dropped := t.dropFlock(f)
	t.lock.Unlock()
	if dropped {
		t.announce()
	}
}

// TestRecordLock finds a lock that excludes r.
func (f *File) TestRecordLock(r *RecordLock) (other RecordLock, found bool) {
	t := f.Inode.locks.Load()
	if t == nil {
		return other, false
	}
	t.lock.Lock()
	defer t.lock.Unlock()
	if c := t.conflict(r); c != nil {
		return *c, true
	}
	return other, false
}

// conflict returns the first lock that excludes r.
//
// Preconditions: lock held.
func (t *lockTable) conflict(r *RecordLock) *RecordLock {
	for i := range t.records {
		if r.conflicts(&t.records[i]) {
			return &t.records[i]
		}
	}
	return nil
}

// lockWaits says for whom each owner of record locks waits, to find deadlocks.
var lockWaits = struct {
	lock  sched.Mutex
	waits map[any]any // lock
}{waits: map[any]any{}}

// SetRecordLock takes or gives up a lock. EAGAIN unless it may wait; EDEADLK if
// that would be for ever.
func (f *File) SetRecordLock(r *RecordLock, wait bool) error {
	t := f.Inode.lockTable()
	for {
		seen := t.changes.Load()
		blocker := t.trySet(r)
		if blocker == nil {
			return nil
		}
		if !wait {
			return syscall.EAGAIN
		}
		_, ofd := r.Owner.(*File)
		if !ofd && !beginWait(r.Owner, blocker) {
			return syscall.EDEADLK
		}
		err := t.freed.WaitInterruptible(func() bool { return t.changes.Load() != seen })
		if !ofd {
			endWait(r.Owner)
		}
		if err != nil {
			return err
		}
	}
}

// beginWait notes that owner waits for blocker, or returns false if that waits
// for owner, if through others. Open file descriptions are not looked at: they
// have no one process.
func beginWait(owner, blocker any) bool {
	lockWaits.lock.Lock()
	defer lockWaits.lock.Unlock()
	const depth = 10 // Linux's MAX_DEADLK_ITERATIONS
	at := blocker
	for range depth {
		if at == owner {
			return false
		}
		next, waits := lockWaits.waits[at]
		if !waits {
			break
		}
		at = next
	}
	lockWaits.waits[owner] = blocker
	return true
}

func endWait(owner any) {
	lockWaits.lock.Lock()
	delete(lockWaits.waits, owner)
	lockWaits.lock.Unlock()
}

// trySet takes or gives up a lock unless another excludes it, whose owner is
// then returned.
func (t *lockTable) trySet(r *RecordLock) (blocker any) {
	t.lock.Lock()
	defer t.lock.Unlock()
	if r.Type != syscall.F_UNLCK {
		if c := t.conflict(r); c != nil {
			return c.Owner
		}
	}
	t.replace(r)
	return nil
}

// replace makes the locks of r's owner in r's range what r says.
//
// Preconditions: lock held.
func (t *lockTable) replace(r *RecordLock) {
	had := len(t.records) > 0
	list := make([]RecordLock, 0, len(t.records)+2)
	put := *r
	for _, l := range t.records {
		touches := l.Start <= put.End || l.Start-1 == put.End
		if l.Owner != put.Owner || !touches || l.End < put.Start-1 {
			list = append(list, l)
			continue
		}
		if l.Type == put.Type { // joins
			put.Start, put.End = min(put.Start, l.Start), max(put.End, l.End)
			continue
		}
		if l.Start < put.Start { // keeps its beginning
			before := l
			before.End = min(l.End, put.Start-1)
			list = append(list, before)
		}
		if l.End > put.End { // keeps its end
			after := l
			after.Start = max(l.Start, put.End+1)
			list = append(list, after)
		}
	}
	if put.Type != syscall.F_UNLCK {
		list = append(list, put)
	}
	slices.SortStableFunc(list, func(a, b RecordLock) int {
		switch {
		case a.Start < b.Start:
			return -1
		case a.Start > b.Start:
			return 1
		}
		return 0
	})
	t.records = list
	if had {
		t.announce()
	}
}

// unlockRecords gives up all locks of an owner, as closing any descriptor of
// the file does.
func (i *Inode) unlockRecords(owner any) {
	t := i.locks.Load()
	if t == nil {
		return
	}
	t.lock.Lock()
	n := len(t.records)
	t.records = slices.DeleteFunc(t.records, func(l RecordLock) bool { return l.Owner == owner })
	n -= len(t.records)
	t.lock.Unlock()
	if n != 0 {
		t.announce()
	}
}

// unlockFile gives up the locks that belong to an open file.
func (i *Inode) unlockFile(f *File) {
	if t := i.locks.Load(); t != nil {
		t.unflock(f)
		i.unlockRecords(f)
	}
}
