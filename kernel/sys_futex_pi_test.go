//go:build !metal

package kernel

import (
	"sync/atomic"
	"syscall"
	"testing"
	"unsafe"

	"onsen/kernel/futex"
	"onsen/kernel/sched"
)

// piLock is a lock as the C library makes it of a futex that passes on priority.
type piLock struct{ word uint32 }

func (l *piLock) addr() uintptr { return uintptr(unsafe.Pointer(&l.word)) }

func (l *piLock) Lock(t *testing.T) {
	if atomic.CompareAndSwapUint32(&l.word, 0, uint32(Current().Pid)) {
		return
	}
	if err := futex.LockPI(&Current().futexWaiter, testMM, l.addr(), 0, futex.Forever, false); err != nil {
		t.Error("lock:", err)
	}
}

func (l *piLock) Unlock(t *testing.T) {
	if atomic.CompareAndSwapUint32(&l.word, uint32(Current().Pid), 0) {
		return
	}
	if err := futex.UnlockPI(testMM, l.addr(), 0); err != nil {
		t.Error("unlock:", err)
	}
}

// TestPILock lets tasks of several priorities, on all CPUs, meet at a lock. Some give
// up at once, so that the lock is handed to who is not there any more.
func TestPILock(t *testing.T) {
	const tasks, rounds = 8, 400
	l := new(piLock)
	count := 0 // protected by l
	var late atomic.Int32
	inTasksOfPrograms(t, tasks, func(i int) {
		if i >= 4 {
			Current().SetParams(sched.Params{Policy: sched.PolicyFIFO, RTPriority: i})
		}
		for r := range rounds {
			if i%2 == 1 && r%3 == 0 {
				err := futex.LockPI(&Current().futexWaiter, testMM, l.addr(), 0, int64(r), false)
				if err == syscall.ETIMEDOUT {
					late.Add(1)
					continue
				}
				if err != nil {
					t.Error("lock:", err)
				}
			} else {
				l.Lock(t)
			}
			count++
			if r%5 == 0 {
				sched.Yield()
			}
			l.Unlock(t)
		}
	})
	if want := tasks*rounds - int(late.Load()); count != want || l.word != 0 {
		t.Errorf("count %d, want %d; the word is %#x", count, want, l.word)
	}
}

// TestPICondition has one task hand a number to others by a condition variable whose
// waiters are requeued.
func TestPICondition(t *testing.T) {
	const tasks, rounds = 5, 200
	l, seq := new(piLock), new(uint32)
	served, done := 0, 0 // protected by l
	inTasksOfPrograms(t, tasks+1, func(i int) {
		for {
			l.Lock(t)
			was := atomic.LoadUint32(seq)
			if served == tasks*rounds {
				done++
				atomic.AddUint32(seq, 1)
				requeueAll(t, seq, l)
				l.Unlock(t)
				return
			}
			if i == 0 {
				atomic.AddUint32(seq, 1)
				requeueAll(t, seq, l)
				l.Unlock(t)
				sched.Yield()
				continue
			}
			l.Unlock(t)
			err := futex.WaitRequeuePI(&Current().futexWaiter, testMM, uintptr(unsafe.Pointer(seq)), 0, was, futex.Forever, l.addr())
			if err == syscall.EAGAIN {
				l.Lock(t)
			} else if err != nil {
				t.Error("wait:", err)
				return
			}
			if served < tasks*rounds {
				served++
			}
			l.Unlock(t)
		}
	})
	if done != tasks+1 || l.word != 0 {
		t.Errorf("%d are through, the word is %#x", done, l.word)
	}
}

func requeueAll(t *testing.T, seq *uint32, l *piLock) {
	_, err := futex.RequeuePI(testMM, uintptr(unsafe.Pointer(seq)), l.addr(), 0, 1, 100, atomic.LoadUint32(seq))
	if err != nil {
		t.Error("requeue:", err)
	}
}

// FuzzPIWord gives the calls every kind of word. They must neither hang nor leave
// anything behind.
func FuzzPIWord(f *testing.F) {
	for _, v := range []uint32{0, 1, 2, futex.Waiters, futex.OwnerDied, futex.TIDMask} {
		f.Add(v, uint8(0))
	}
	f.Fuzz(func(t *testing.T, v uint32, op uint8) {
		l := new(piLock)
		inTasksOfPrograms(t, 1, func(int) {
			l.word = v
			switch w := &Current().futexWaiter; op % 3 {
			case 0:
				_ = futex.LockPI(w, testMM, l.addr(), 0, 0, false)
			case 1:
				_ = futex.LockPI(w, testMM, l.addr(), 0, 0, true)
			case 2:
				_ = futex.UnlockPI(testMM, l.addr(), 0)
			}
		})
		inTasksOfPrograms(t, 1, func(int) {
			l.word = 0
			l.Lock(t)
			if err := futex.LockPI(&Current().futexWaiter, testMM, l.addr(), 0, 0, false); err != syscall.EDEADLK {
				t.Errorf("locked twice: %v", err)
			}
			l.Unlock(t)
		})
	})
}

// inTasksOfPrograms is inTasks for tasks that can own a futex.
func inTasksOfPrograms(t *testing.T, n int, fn func(i int)) {
	t.Helper()
	inTasks(t, n, func(i int) {
		Current().flags.And(^PF_KTHREAD)
		fn(i)
		Current().flags.Or(PF_KTHREAD)
	})
}
