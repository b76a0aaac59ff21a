//go:build !metal

package kernel

import (
	"sync/atomic"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"onsen/kernel/errno"
	"onsen/kernel/futex"
	"onsen/kernel/sched"
	"onsen/kernel/timekeeping"
)

// testMM is what the private futexes of tests belong to.
var testMM = unsafe.Pointer(new(int))

// userWords returns words of memory that do not move, as those of a program's.
func userWords(n int) []uint32 {
	keepWords = make([]uint32, n)
	return keepWords
}

var keepWords []uint32

// futexLock is a lock made of a futex, as the C library makes it: 0 is free, 1
// taken, 2 taken and waited for.
type futexLock struct{ word uint32 }

func (l *futexLock) addr() uintptr { return uintptr(unsafe.Pointer(&l.word)) }

func (l *futexLock) Lock() {
	if atomic.CompareAndSwapUint32(&l.word, 0, 1) {
		return
	}
	for atomic.SwapUint32(&l.word, 2) != 0 {
		_ = futex.Wait(&Current().futexWaiter, testMM, l.addr(), 0, 2, futex.Forever, futex.BitsetMatchAny)
	}
}

func (l *futexLock) Unlock() {
	if atomic.SwapUint32(&l.word, 0) == 2 {
		_, _ = futex.Wake(testMM, l.addr(), 0, 1, futex.BitsetMatchAny)
	}
}

// inTasks runs fn in n tasks and waits for all.
func inTasks(t *testing.T, n int, fn func(i int)) {
	t.Helper()
	done := make(chan bool, n)
	for i := range n {
		startTask(func() {
			fn(i)
			done <- true
		})
	}
	for range n {
		select {
		case <-done:
		case <-time.After(time.Minute):
			t.Fatal("hangs")
		}
	}
}

// TestFutexLock lets tasks on all CPUs meet at a lock. A lost wake-up hangs it.
func TestFutexLock(t *testing.T) {
	const tasks, rounds = 8, 500
	l := new(futexLock)
	count := 0 // protected by l
	inTasks(t, tasks, func(int) {
		for r := range rounds {
			l.Lock()
			count++
			if r%5 == 0 {
				sched.Yield() // let others find it taken
			}
			l.Unlock()
		}
	})
	if count != tasks*rounds {
		t.Errorf("count is %d, want %d", count, tasks*rounds)
	}
}

func TestFutexWaitEndings(t *testing.T) {
	inTask(t, func() {
		addr := uintptr(unsafe.Pointer(&userWords(1)[0]))
		c := Current()
		wait := func(val uint32, deadline int64, bitset uint32) error {
			return futex.Wait(&c.futexWaiter, testMM, addr, 0, val, deadline, bitset)
		}
		if err := wait(1, futex.Forever, 1); err != syscall.EAGAIN {
			t.Errorf("another value: %v", err)
		}
		if err := wait(0, futex.Forever, 0); err != syscall.EINVAL {
			t.Errorf("no bits: %v", err)
		}
		if err := wait(0, timekeeping.After(1e6), 1); err != syscall.ETIMEDOUT {
			t.Errorf("timeout: %v", err)
		}
		if err := wait(0, 0, 1); err != syscall.ETIMEDOUT {
			t.Errorf("timeout in the past: %v", err)
		}
		c.SetFlag(sched.TIFSigPending)
		if err := wait(0, futex.Forever, 1); err != errno.ERESTARTSYS {
			t.Errorf("signal: %v", err)
		}
		if err := c.futexWaitUntil(addr, 0, 0, timekeeping.After(1e12), 1); err != errno.ERESTART_RESTARTBLOCK || c.restart == nil {
			t.Errorf("signal with timeout: %v", err)
		}
		c.ClearFlag(sched.TIFSigPending)
		if n, _ := futex.Wake(testMM, addr, 0, 1, 1); n != 0 {
			t.Error("still queued")
		}
	})
}

func TestFutexArguments(t *testing.T) {
	words := userWords(2)
	mm, addr := testMM, uintptr(unsafe.Pointer(&words[0]))
	const opAdd = 1
	for _, tt := range []struct {
		name string
		do   func() (int, error)
		want error
	}{
		{"wake nobody", func() (int, error) { return futex.Wake(mm, addr, 0, 1, futex.BitsetMatchAny) }, nil},
		{"wake without bits", func() (int, error) { return futex.Wake(mm, addr, 0, 1, 0) }, syscall.EINVAL},
		{"wake unaligned", func() (int, error) { return futex.Wake(mm, addr+1, 0, 1, 1) }, syscall.EINVAL},
		{"wake in the kernel", func() (int, error) { return futex.Wake(mm, ^uintptr(3), 0, 1, 1) }, syscall.EFAULT},
		{"requeue", func() (int, error) { return futex.Requeue(mm, addr, addr+4, 0, 1, 1, true, 0) }, nil},
		{"requeue changed", func() (int, error) { return futex.Requeue(mm, addr, addr+4, 0, 1, 1, true, 1) }, syscall.EAGAIN},
		{"requeue less than none", func() (int, error) { return futex.Requeue(mm, addr, addr+4, 0, 1, -1, false, 0) }, syscall.EINVAL},
		{"wake op", func() (int, error) { return futex.WakeOp(mm, addr, addr+4, 0, 1, 1, opAdd<<28|3<<12) }, nil},
		{"wake op unknown", func() (int, error) { return futex.WakeOp(mm, addr, addr+4, 0, 1, 1, 7<<28) }, syscall.ENOSYS},
		{"wake op unknown condition", func() (int, error) { return futex.WakeOp(mm, addr, addr+4, 0, 1, 1, 6<<24) }, syscall.ENOSYS},
	} {
		inTask(t, func() {
			if _, err := tt.do(); err != tt.want {
				t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
			}
		})
	}
	if words[0] != 0 || words[1] != 0 { // the last one has set it to 0 again
		t.Errorf("words are %v", words)
	}
}

func TestFutexBitsetAndRequeue(t *testing.T) {
	words := userWords(2)
	from, to := uintptr(unsafe.Pointer(&words[0])), uintptr(unsafe.Pointer(&words[1]))
	var waiting, woken atomic.Int32
	start := func(n int, bitset uint32) {
		for range n {
			startTask(func() {
				waiting.Add(1)
				_ = futex.Wait(&Current().futexWaiter, testMM, from, 0, 0, futex.Forever, bitset)
				woken.Add(1)
			})
		}
	}
	queued := func(want int) {
		t.Helper()
		eventually(t, "queued", func() (ok bool) {
			inTask(t, func() {
				n, _ := futex.Requeue(testMM, from, from, 0, 0, 100, false, 0)
				ok = n == want
			})
			return ok
		})
	}
	wake := func(addr uintptr, n int, bitset uint32, want int) {
		t.Helper()
		inTask(t, func() {
			if got, err := futex.Wake(testMM, addr, 0, n, bitset); got != want || err != nil {
				t.Errorf("woke %d %v, want %d", got, err, want)
			}
		})
	}
	start(2, 1)
	start(3, 2)
	queued(5)
	wake(from, 10, 4, 0)
	wake(from, 10, 1, 2)
	inTask(t, func() {
		if n, err := futex.Requeue(testMM, from, to, 0, 1, 1, true, 0); n != 2 || err != nil {
			t.Errorf("requeue: %d %v", n, err)
		}
	})
	wake(from, 10, 2, 1)
	wake(to, 10, 2, 1)
	eventually(t, "woken", func() bool { return woken.Load() == 5 })
	start(1, futex.BitsetMatchAny)
	queued(1)
	const addOne = 1<<28 | 1<<12 // old == 0
	inTask(t, func() {
		if n, err := futex.WakeOp(testMM, to, from, 0, 1, 1, addOne); n != 1 || err != nil || words[0] != 1 {
			t.Errorf("wake op: %d %v, word %d", n, err, words[0])
		}
	})
	eventually(t, "woken", func() bool { return woken.Load() == 6 })
}

func TestFutexWaitMultiple(t *testing.T) {
	words := userWords(3)
	vec := func() []futex.WaitVec {
		v := make([]futex.WaitVec, len(words))
		for i := range v {
			v[i].Addr = uintptr(unsafe.Pointer(&words[i]))
		}
		return v
	}
	var index atomic.Int32
	index.Store(-1)
	startTask(func() {
		i, err := futex.WaitMultiple(vec(), testMM, 0, futex.Forever)
		if err != nil {
			t.Error(err)
		}
		index.Store(int32(i))
	})
	eventually(t, "woken", func() (ok bool) {
		inTask(t, func() {
			n, _ := futex.Wake(testMM, uintptr(unsafe.Pointer(&words[1])), 0, 1, futex.BitsetMatchAny)
			ok = n == 1
		})
		return ok
	})
	eventually(t, "through", func() bool { return index.Load() == 1 })
	inTask(t, func() {
		v := vec()
		v[2].Val = 9
		if i, err := futex.WaitMultiple(v, testMM, 0, futex.Forever); err != syscall.EAGAIN {
			t.Errorf("another value: %d %v", i, err)
		}
		if i, err := futex.WaitMultiple(vec(), testMM, 0, timekeeping.After(1e6)); err != syscall.ETIMEDOUT {
			t.Errorf("timeout: %d %v", i, err)
		}
	})
	for i := range words {
		if n, _ := futex.Wake(testMM, uintptr(unsafe.Pointer(&words[i])), 0, 1, futex.BitsetMatchAny); n != 0 {
			t.Errorf("still queued at %d", i)
		}
	}
}

// TestSleepUntilClockSet: who sleeps until a time of the wall clock wakes when that
// is set to it.
func TestSleepUntilClockSet(t *testing.T) {
	var slept atomic.Bool
	later := timekeeping.Realtime() + int64(time.Hour)
	startTask(func() { slept.Store(sleepInterruptibly(timekeeping.CLOCK_REALTIME, later)) })
	eventually(t, "sleeps", func() bool { return !clockWasSet.Empty() })
	inTask(t, func() {
		if err := timekeeping.SetTime(timekeeping.NsToTimespec(later)); err != nil {
			t.Error(err)
		}
	})
	eventually(t, "woken", slept.Load)
}
