package kernel

import (
	"math"
	"sync/atomic"
	"syscall"

	"onsen/kernel/sched"
	"onsen/kernel/signal"
	"onsen/kernel/spin"
	"onsen/kernel/timekeeping"
)

// posixTimers are the timers of timer_create(2) that a process has.
type posixTimers struct {
	lock  sched.Mutex
	table map[int]*posixTimer // lock
	next  int                 // the next id. lock
}

// posixTimer is one of them. Fields without a note are constant.
type posixTimer struct {
	process *SignalStruct
	// thread is who gets the signal; nil for the process.
	thread *Task
	id     int
	clock  timekeeping.ClockID
	cpu    cpuClock // if clock is a CPU-time clock
	silent bool     // SIGEV_NONE
	sig    int
	value  uint64

	// entry is the signal, of which there is one at a time. siglock.
	entry signal.Entry
	// timer expires at due, unless the clock is a CPU-time clock.
	timer sched.Timer
	// due is when the timer expires or expired last, by its clock, while armed.
	// interval is the time between two expiries, or 0. siglock.
	due, interval int64
	armed         bool
	// overrun is how many expiries the pending signal stands for beyond one,
	// overrunLast that of the last signal taken. siglock.
	overrun, overrunLast int64

	cpuNext *posixTimer // cpuTimers.posix. siglock
	// wallNext and wallPrev link wallTimers. wallTimers.lock.
	wallNext, wallPrev *posixTimer
	inWall             bool
}

// wallTimers are the timers that have to be set again when the wall clock is.
var wallTimers struct {
	lock  spin.Lock // after siglock
	first *posixTimer
}

func init() { timekeeping.OnSet(restartWallTimers) }

// isCPU reports whether the timer goes by CPU time.
func (p *posixTimer) isCPU() bool { return isCPUClock(p.clock) }

// now returns the time of the timer's clock.
//
// Preconditions: no siglock held if it is a CPU-time clock.
func (p *posixTimer) now() int64 {
	if p.isCPU() {
		return p.cpu.now()
	}
	now, _ := timekeeping.Read(p.clock)
	return now
}

// start arms the timer to expire at p.due.
//
// Preconditions: siglock held.
func (p *posixTimer) start() {
	p.armed = true
	switch {
	case p.silent: // nobody is told, and who asks sees the time
		return
	case p.isCPU():
		c := &p.process.cpu
		p.cpuNext, c.posix = c.posix, p
		if c.poll != nil && !c.poll.Queued() {
			c.poll.Start(timekeeping.Monotonic())
		}
		return
	case isWallClock(p.clock):
		p.joinWall()
	}
	mono, _ := timekeeping.ToMonotonic(p.clock, p.due)
	p.timer.Start(mono)
}

// stop disarms the timer. Its function may still be running.
//
// Preconditions: siglock held.
func (p *posixTimer) stop() {
	p.armed = false
	if p.isCPU() {
		for at := &p.process.cpu.posix; *at != nil; at = &(*at).cpuNext {
			if *at == p {
				*at, p.cpuNext = p.cpuNext, nil
				break
			}
		}
		return
	}
	p.leaveWall()
	p.timer.Stop()
}

func (p *posixTimer) joinWall() {
	wallTimers.lock.Lock()
	if !p.inWall {
		p.inWall = true
		p.wallPrev, p.wallNext = nil, wallTimers.first
		if p.wallNext != nil {
			p.wallNext.wallPrev = p
		}
		wallTimers.first = p
	}
	wallTimers.lock.Unlock()
}

func (p *posixTimer) leaveWall() {
	wallTimers.lock.Lock()
	if p.inWall {
		p.inWall = false
		if p.wallPrev != nil {
			p.wallPrev.wallNext = p.wallNext
		} else {
			wallTimers.first = p.wallNext
		}
		if p.wallNext != nil {
			p.wallNext.wallPrev = p.wallPrev
		}
		p.wallNext, p.wallPrev = nil, nil
	}
	wallTimers.lock.Unlock()
}

// restartWallTimers is called after the wall clock was set.
func restartWallTimers() {
	wallTimers.lock.Lock()
	for p := wallTimers.first; p != nil; p = p.wallNext {
		mono, _ := timekeeping.ToMonotonic(p.clock, atomic.LoadInt64(&p.due))
		p.timer.Start(mono)
	}
	wallTimers.lock.Unlock()
}

// expired is the timer's function.
func (p *posixTimer) expired() {
	tasklistLock.Lock()
	defer tasklistLock.Unlock()
	t := p.process.firstThread
	if t == nil || t.sighand == nil {
		return
	}
	t.sighand.siglock.Lock()
	now, _ := timekeeping.Read(p.clock)
	switch {
	case !p.armed:
	case p.due > now: // the clock was set back
		p.start()
	default:
		p.leaveWall()
		p.fire(t, now)
	}
	t.sighand.siglock.Unlock()
}

// fire sends the timer's signal. One that nobody takes is not sent again before it
// is taken: that counts what it has missed.
//
// Preconditions: siglock held, t is a thread of the process.
func (p *posixTimer) fire(t *Task, now int64) {
	p.armed = false
	typ := PIDTYPE_TGID
	if p.thread != nil {
		if t, typ = p.thread, PIDTYPE_PID; t.sighand == nil {
			return // the thread has gone
		}
	}
	switch {
	case !prepareSignal(p.sig, t, false):
		// Ignored: that takes it at once.
		p.again(now)
	case !p.entry.Queued():
		p.entry.Info = signal.Timer(p.sig, p.id, p.value)
		queue := &t.signal.sharedPending
		if typ == PIDTYPE_PID {
			queue = &t.pending
		}
		queue.Add(&p.entry)
		if q := &t.sighand.signalfdQueue; q.Active() {
			q.WakeAll()
		}
		completeSignal(p.sig, t, typ)
	default:
		p.overrun++ // set again before the signal was taken
	}
}

// taken is called when the timer's signal is taken.
//
// Preconditions: siglock held.
func (p *posixTimer) taken(e *signal.Entry) {
	if !p.isCPU() {
		now, _ := timekeeping.Read(p.clock)
		p.again(now)
	}
	p.overrunLast, p.overrun = p.overrun, 0
	e.Info.SetOverrun(int32(min(p.overrunLast, math.MaxInt32)))
}

// again arms a timer with an interval for its next expiry and counts those that
// were missed.
//
// Preconditions: siglock held.
func (p *posixTimer) again(now int64) {
	if p.interval == 0 || p.armed {
		return
	}
	next, n := forward(p.due, p.interval, now)
	p.overrun += max(n-1, 0)
	atomic.StoreInt64(&p.due, next)
	p.start()
}

// checkPosix fires the timers that go by CPU time and are due, and returns the
// least that is left of the others. A periodic one goes on at once.
//
// Preconditions: tasklistLock and siglock held.
func (c *cpuTimers) checkPosix() (left int64) {
	left = maxInt64
	var next *posixTimer
	for p := c.posix; p != nil; p = next {
		next = p.cpuNext
		now := p.cpu.nowLocked()
		if now >= p.due {
			p.stop()
			t := p.process.firstThread
			p.fire(t, now)
			p.again(now)
		}
		if p.armed {
			left = min(left, max(p.due-now, 1))
		}
	}
	return left
}

// get returns the timer's state.
//
// Preconditions: siglock held.
func (p *posixTimer) get(now int64) (v itimerval) {
	v.interval = p.interval
	switch {
	case p.due == 0, p.due <= now && p.interval == 0 && (p.silent || !p.armed):
	case p.due > now:
		v.value = p.due - now
	case p.interval == 0:
		v.value = 1 // about to expire
	default:
		// Its signal has not been taken, or nobody is told.
		next, _ := forward(p.due, p.interval, now)
		v.value = next - now
	}
	return v
}

// set sets the timer and returns what it was. With absolute, v.value is a time of
// its clock.
func (p *posixTimer) set(t *Task, v itimerval, absolute bool) (old itimerval) {
	now := p.now()
	t.sighand.siglock.Lock()
	old = p.get(now)
	p.stop()
	p.interval, p.overrun, p.overrunLast = 0, 0, 0
	atomic.StoreInt64(&p.due, 0)
	if v.value != 0 {
		due := v.value
		if !absolute {
			due = saturatedAdd(now, due)
		}
		atomic.StoreInt64(&p.due, due)
		p.interval = v.interval
		p.start()
	}
	t.sighand.siglock.Unlock()
	if v.value != 0 && p.isCPU() {
		t.startCPUTimers()
	}
	return old
}

// newPosixTimer makes a timer of t's process. EAGAIN if the user may not have
// another signal pending.
func (t *Task) newPosixTimer(p *posixTimer) error {
	s := t.signal
	count := t.sigpendingCount()
	if uint64(count.Add(1)) > t.rlimit(RLIMIT_SIGPENDING) {
		count.Add(-1)
		return syscall.EAGAIN
	}
	p.process = s
	p.entry.Charged, p.entry.Timer = count, p.taken
	p.timer.Init(func(*sched.Timer) { p.expired() })
	s.posix.lock.Lock()
	defer s.posix.lock.Unlock()
	if s.posix.table == nil {
		s.posix.table = map[int]*posixTimer{}
	}
	for s.posix.table[s.posix.next] != nil {
		s.posix.next = (s.posix.next + 1) & math.MaxInt32
	}
	p.id = s.posix.next
	s.posix.next = (s.posix.next + 1) & math.MaxInt32
	s.posix.table[p.id] = p
	return nil
}

// findPosixTimer returns a timer of t's process; EINVAL.
func (t *Task) findPosixTimer(id int) (*posixTimer, error) {
	s := &t.signal.posix
	s.lock.Lock()
	defer s.lock.Unlock()
	if p := s.table[id]; p != nil {
		return p, nil
	}
	return nil, syscall.EINVAL
}

// deletePosixTimer deletes a timer of t's process; EINVAL. A signal that is
// pending stays, and is counted until it is taken.
func (t *Task) deletePosixTimer(id int) error {
	s := &t.signal.posix
	s.lock.Lock()
	p := s.table[id]
	delete(s.table, id)
	s.lock.Unlock()
	if p == nil {
		return syscall.EINVAL
	}
	t.sighand.siglock.Lock()
	p.stop()
	p.entry.Orphan()
	if !p.entry.Queued() {
		freeSignalEntry(&p.entry)
	}
	t.sighand.siglock.Unlock()
	p.timer.StopSync()
	return nil
}

// deletePosixTimers deletes all timers of t's process: it ends, or becomes another
// program.
func (s *SignalStruct) deletePosixTimers(t *Task) {
	s.posix.lock.Lock()
	table := s.posix.table
	ids := make([]int, 0, len(table))
	for id := range table {
		ids = append(ids, id)
	}
	s.posix.lock.Unlock()
	for _, id := range ids {
		_ = t.deletePosixTimer(id)
	}
}
