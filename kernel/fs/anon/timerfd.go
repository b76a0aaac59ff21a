package anon

import (
	"encoding/binary"
	"math"
	"sync/atomic"
	"syscall"

	"onsen/kernel/errno"
	"onsen/kernel/fs"
	"onsen/kernel/sched"
	"onsen/kernel/spin"
	"onsen/kernel/timekeeping"
	"onsen/kernel/uaccess"
)

// Itimerspec is struct itimerspec.
type Itimerspec struct{ Interval, Value timekeeping.Timespec }

// Timerfd is a timer whose expirations are read. It is the Ops of its file.
//
// It is set on the monotonic clock; deadline is when it goes off next, by its
// own clock. After it has gone off it rests until somebody reads: then the
// expirations since are computed, and it is set again.
type Timerfd struct {
	fs.NoopSeek
	clock timekeeping.ClockID // constant
	timer sched.Timer
	wait  sched.WaitQueue

	// setLock serialises Set and the setting of the clock. It comes before lock.
	setLock sched.Mutex

	lock     spin.Lock
	interval int64         // ns, 0 for once. lock
	deadline int64         // ns on clock, 0 for none. lock
	armed    bool          // timer is or was set for deadline. lock
	ticks    atomic.Uint64 // expirations not read yet. Written under lock
	absolute bool          // deadline moves with the clock. lock
	// cancelOnSet asks reads to tell when the clock is set, and canceled says
	// that it was. lock.
	cancelOnSet bool
	canceled    atomic.Bool
}

// timerfds are those that follow a clock which can be set.
var timerfds struct {
	lock sched.Mutex // comes before Timerfd.setLock
	all  map[*Timerfd]bool
}

func init() {
	timekeeping.OnSet(func() {
		timerfds.lock.Lock()
		defer timerfds.lock.Unlock()
		for t := range timerfds.all {
			t.clockSet()
		}
	})
}

// clockOf returns the clock behind a clock id of timerfd_create(2). The alarm
// clocks cannot wake the machine up: it never sleeps.
func clockOf(id timekeeping.ClockID) (timekeeping.ClockID, bool) {
	switch id {
	case timekeeping.CLOCK_REALTIME, timekeeping.CLOCK_MONOTONIC, timekeeping.CLOCK_BOOTTIME:
		return id, true
	case timekeeping.CLOCK_REALTIME_ALARM:
		return timekeeping.CLOCK_REALTIME, true
	case timekeeping.CLOCK_BOOTTIME_ALARM:
		return timekeeping.CLOCK_BOOTTIME, true
	}
	return 0, false
}

// NewTimerfd returns a timer that is not set: EINVAL for a clock that has none.
func NewTimerfd(id timekeeping.ClockID) (*Timerfd, error) {
	clock, ok := clockOf(id)
	if !ok {
		return nil, syscall.EINVAL
	}
	t := &Timerfd{clock: clock}
	t.timer.Init(func(*sched.Timer) { t.expired() })
	if clock == timekeeping.CLOCK_REALTIME {
		timerfds.lock.Lock()
		if timerfds.all == nil {
			timerfds.all = map[*Timerfd]bool{}
		}
		timerfds.all[t] = true
		timerfds.lock.Unlock()
	}
	return t, nil
}

// Release implements fs.FileOps.
func (t *Timerfd) Release(*fs.File) {
	if t.clock == timekeeping.CLOCK_REALTIME {
		timerfds.lock.Lock()
		delete(timerfds.all, t)
		timerfds.lock.Unlock()
	}
	t.timer.StopSync()
}

// TimerfdOf returns the timer of an open file, or nil if it is none.
func TimerfdOf(f *fs.File) *Timerfd {
	t, _ := f.Ops.(*Timerfd)
	return t
}

// expired is called by the timer.
func (t *Timerfd) expired() {
	t.lock.Lock()
	t.ticks.Add(1)
	t.lock.Unlock()
	t.wait.WakeAll()
}

// now returns the time of the timer's clock.
func (t *Timerfd) now() int64 {
	v, _ := timekeeping.Read(t.clock)
	return v
}

// start sets the timer for deadline. One set by an interval does not follow a
// clock that is set.
//
// Preconditions: setLock held, the timer is stopped.
func (t *Timerfd) start() {
	t.lock.Lock()
	at, set := t.deadline, t.armed
	t.lock.Unlock()
	if !set {
		return
	}
	if t.clock == timekeeping.CLOCK_REALTIME {
		at, _ = timekeeping.ToMonotonic(t.clock, at)
	}
	t.timer.Start(at)
}

// Set is timerfd_settime(2); it returns what the setting was. EINVAL.
func (t *Timerfd) Set(v *Itimerspec, absolute, cancelOnSet bool) (old Itimerspec, err error) {
	if !v.Value.Valid() || !v.Interval.Valid() {
		return old, syscall.EINVAL
	}
	t.setLock.Lock()
	defer t.setLock.Unlock()
	t.timer.StopSync()
	value, interval := v.Value.Ns(), v.Interval.Ns()
	at := value
	if !absolute {
		if at = t.now() + value; at < 0 {
			at = math.MaxInt64
		}
	}
	t.lock.Lock()
	old = t.setting()
	t.deadline, t.interval, t.armed = at, interval, value != 0
	t.absolute = absolute
	t.cancelOnSet = cancelOnSet && absolute && t.clock == timekeeping.CLOCK_REALTIME
	t.ticks.Store(0)
	canceled := t.canceled.Swap(false) && t.cancelOnSet
	t.lock.Unlock()
	t.start()
	if canceled {
		// As in Linux the timer is set nevertheless.
		return old, syscall.ECANCELED
	}
	return old, nil
}

// clockSet follows when the clock was set.
func (t *Timerfd) clockSet() {
	t.setLock.Lock()
	defer t.setLock.Unlock()
	t.lock.Lock()
	absolute, cancel := t.absolute, t.cancelOnSet
	if cancel {
		t.canceled.Store(true)
	}
	t.lock.Unlock()
	// A timer that has gone off waits for a read.
	if absolute && t.timer.StopSync() {
		t.start()
	}
	if cancel {
		t.wait.WakeAll()
	}
}

// catchUp counts the expirations of an interval since the timer went off, and
// moves deadline to the next one. It reports whether the timer is to be started.
//
// Preconditions: lock held, setLock held.
func (t *Timerfd) catchUp() bool {
	if t.ticks.Load() == 0 || t.interval == 0 || !t.armed || t.timer.Queued() {
		return false
	}
	over := int64(1)
	if late := t.now() - t.deadline; late > 0 {
		over += late / t.interval
	}
	t.deadline += over * t.interval
	t.ticks.Add(uint64(over - 1))
	return true
}

// setting returns the time left and the interval.
//
// Preconditions: lock and setLock held.
func (t *Timerfd) setting() (v Itimerspec) {
	v.Interval = timekeeping.NsToTimespec(t.interval)
	if !t.armed {
		return v
	}
	deadline := t.deadline
	if t.ticks.Load() != 0 {
		if t.interval == 0 {
			return v
		}
		if late := t.now() - deadline; late >= 0 {
			deadline += (late/t.interval + 1) * t.interval
		}
	}
	// A timer that is about to go off has not gone off: 1 ns is left.
	v.Value = timekeeping.NsToTimespec(max(deadline-t.now(), 1))
	return v
}

// Get is timerfd_gettime(2).
func (t *Timerfd) Get() Itimerspec {
	t.setLock.Lock()
	defer t.setLock.Unlock()
	t.lock.Lock()
	defer t.lock.Unlock()
	return t.setting()
}

// readable is what readers wait for.
func (t *Timerfd) readable() bool { return t.ticks.Load() != 0 || t.canceled.Load() }

// Read gives the number of expirations since the last Read or Set, once there is
// one. ECANCELED if the clock was set.
func (t *Timerfd) Read(f *fs.File, to *uaccess.Iter, _ *int64) (int, error) {
	if to.Len() < 8 {
		return 0, syscall.EINVAL
	}
	for {
		if !t.readable() {
			if f.NonBlock() {
				return 0, syscall.EAGAIN
			}
			if t.wait.WaitInterruptible(t.readable) != nil {
				return 0, errno.ERESTARTSYS
			}
		}
		n, err := t.take()
		if err != nil {
			return 0, err
		}
		if n == 0 {
			continue // another reader was faster
		}
		var b [8]byte
		binary.NativeEndian.PutUint64(b[:], n)
		if _, err := to.CopyOut(b[:]); err != nil {
			return 0, err
		}
		return len(b), nil
	}
}

// take takes the expirations, and sets the timer again if it has an interval.
func (t *Timerfd) take() (n uint64, err error) {
	t.setLock.Lock()
	defer t.setLock.Unlock()
	t.lock.Lock()
	if t.canceled.Swap(false) {
		t.ticks.Store(0)
		t.lock.Unlock()
		return 0, syscall.ECANCELED
	}
	again := t.catchUp()
	n = t.ticks.Swap(0)
	if n != 0 && t.interval == 0 {
		t.armed = false
	}
	t.lock.Unlock()
	if again {
		t.start()
	}
	return n, nil
}

// Poll implements fs.FileOps.
func (t *Timerfd) Poll(_ *fs.File, pt *fs.PollTable) fs.PollEvents {
	pt.Wait(&t.wait)
	if t.readable() {
		return fs.PollIn
	}
	return 0
}
