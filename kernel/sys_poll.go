package kernel

import (
	"syscall"

	"onsen/arch"
	"onsen/kernel/errno"
	"onsen/kernel/fs"
	"onsen/kernel/sched"
	"onsen/kernel/timekeeping"
	"onsen/kernel/uaccess"
)

// pollSyscalls are the system calls of this file and its neighbours.
var pollSyscalls = []Syscall{
	{"poll", sysPoll},
	{"ppoll", sysPpoll},
	{"select", sysSelect},
	{"pselect6", sysPselect6},
	{"epoll_create", sysEpollCreate},
	{"epoll_create1", sysEpollCreate1},
	{"epoll_ctl", sysEpollCtl},
	{"epoll_wait", sysEpollWait},
	{"epoll_pwait", sysEpollPwait},
	{"epoll_pwait2", sysEpollPwait2},
	{"eventfd", sysEventfd},
	{"eventfd2", sysEventfd2},
	{"timerfd_create", sysTimerfdCreate},
	{"timerfd_settime", sysTimerfdSettime},
	{"timerfd_gettime", sysTimerfdGettime},
}

// pollfd is struct pollfd.
type pollfd struct {
	fd              int32
	events, revents int16
}

const (
	// atOnce and never are deadlines: do not wait, and wait for ever.
	atOnce = int64(0)
	never  = int64(sched.Forever)
)

// deadlineAfter returns when ns nanoseconds have passed.
func deadlineAfter(ns int64) int64 {
	if ns <= 0 {
		return atOnce
	}
	if at := arch.Ktime() + ns; at > 0 {
		return at
	}
	return never
}

// deadlineMs returns when a timeout in milliseconds is over, a negative one
// being none.
func deadlineMs(ms int) int64 {
	if ms < 0 {
		return never
	}
	return deadlineAfter(int64(ms) * 1e6)
}

// sysPoll is poll(2).
func sysPoll(t *Task, a *SyscallArgs) (uintptr, error) {
	return t.pollAgain(a[0], uint32(a[1]), deadlineMs(int(int32(a[2]))))
}

// pollAgain is poll(2) with a deadline: a restarted call waits for the rest of
// the time.
func (t *Task) pollAgain(addr uintptr, n uint32, deadline int64) (uintptr, error) {
	count, err := t.poll(addr, n, deadline)
	if err == errno.ERESTARTNOHAND {
		t.restart = func(t *Task) (uintptr, error) { return t.pollAgain(addr, n, deadline) }
		err = errno.ERESTART_RESTARTBLOCK
	}
	return uintptr(count), err
}

// sysPpoll is ppoll(2).
func sysPpoll(t *Task, a *SyscallArgs) (uintptr, error) {
	timeout, err := readTimeout[timekeeping.Timespec](a[2])
	if err != nil {
		return 0, err
	}
	if err := t.setUserSigmask(a[3], a[4]); err != nil {
		return 0, err
	}
	n, err := t.poll(a[0], uint32(a[1]), timeout.deadline)
	return t.finishSelect(&timeout, n, err)
}

// poll does the work of poll and ppoll. It returns the number of descriptors
// with events; EINVAL, EFAULT, ERESTARTNOHAND.
func (t *Task) poll(addr uintptr, n uint32, deadline int64) (int, error) {
	if uint64(n) > t.rlimit(RLIMIT_NOFILE) {
		return 0, syscall.EINVAL
	}
	var few [16]pollfd
	fds := few[:min(int(n), len(few))]
	if int(n) > len(few) {
		fds = make([]pollfd, n)
	}
	if err := uaccess.GetSlice(fds, addr); err != nil {
		return 0, err
	}
	count, err := t.waitForEvents(deadline, func(pt *fs.PollTable) (count int) {
		for i := range fds {
			if fds[i].look(t.files, pt) {
				count++
				pt = nil // there will be no waiting
			}
		}
		return count
	})
	if err != nil {
		return 0, err
	}
	return count, uaccess.PutSlice(addr, fds)
}

// look finds out what holds of what is asked about a descriptor.
func (p *pollfd) look(files *fs.Files, pt *fs.PollTable) bool {
	p.revents = 0
	if p.fd < 0 {
		return false
	}
	f := files.Borrow(int(p.fd))
	if f.File == nil {
		p.revents = int16(fs.PollNval)
		return true
	}
	wanted := fs.PollEvents(uint16(p.events)) | fs.PollErr | fs.PollHup
	p.revents = int16(f.Ops.Poll(f.File, pt) & wanted)
	f.Done()
	return p.revents != 0
}

// waitForEvents calls look until it finds something or the deadline has passed;
// the first time with a table for the files. ERESTARTNOHAND if it finds nothing
// and a signal is pending.
func (t *Task) waitForEvents(deadline int64, look func(*fs.PollTable) int) (count int, err error) {
	if deadline == atOnce {
		count = look(nil)
		if count == 0 && sched.SignalPending(&t.Task) {
			err = errno.ERESTARTNOHAND
		}
		return count, err
	}
	w := new(fs.PollWaiter)
	w.Init()
	defer w.Free()
	pt := &w.Table
	for late := false; ; {
		count = look(pt)
		pt = nil
		switch {
		case count != 0:
			return count, nil
		case sched.SignalPending(&t.Task):
			return 0, errno.ERESTARTNOHAND
		case late:
			return 0, nil
		}
		left := never
		if deadline != never {
			left = max(deadline-arch.Ktime(), 0)
		}
		late = w.Wait(left) == 0
	}
}

// timeout is that of ppoll, select and pselect6, which Linux updates.
type timeout struct {
	addr     uintptr
	deadline int64
	store    func(addr uintptr, left int64) error
}

// readTimeout reads a Timespec or timeval at a user address, none being for
// ever. EFAULT, EINVAL.
func readTimeout[T timekeeping.Timespec | timeval](addr uintptr) (timeout, error) {
	o := timeout{addr: addr, deadline: never}
	if addr == 0 {
		return o, nil
	}
	v, err := uaccess.Get[T](addr)
	if err != nil {
		return o, err
	}
	var ts timekeeping.Timespec
	switch v := any(v).(type) {
	case timekeeping.Timespec:
		ts = v
		o.store = func(addr uintptr, left int64) error { return uaccess.Put(addr, timekeeping.NsToTimespec(left)) }
	case timeval:
		ts = timekeeping.Timespec{Sec: v.Sec + v.Usec/1e6, Nsec: v.Usec % 1e6 * 1e3}
		o.store = func(addr uintptr, left int64) error {
			return uaccess.Put(addr, nsToTimeval(left))
		}
	}
	if !ts.Valid() {
		return o, syscall.EINVAL
	}
	o.deadline = deadlineAfter(ts.Ns())
	return o, nil
}

// stickyTimeouts is the bit of personality(2) that keeps timeouts as they are.
const stickyTimeouts = 0x4000000

// finishSelect ends ppoll, select and pselect6: it brings the signal mask back
// and tells how much of the timeout is left. Where it cannot, because that is in
// read-only memory, the call cannot be restarted either.
func (t *Task) finishSelect(o *timeout, n int, err error) (uintptr, error) {
	t.restoreSavedSigmaskUnless(err == errno.ERESTARTNOHAND)
	if o.addr == 0 {
		return uintptr(n), err
	}
	stored := false
	if t.personality.Load()&stickyTimeouts == 0 {
		if o.deadline == atOnce {
			return uintptr(n), err
		}
		left := max(o.deadline-arch.Ktime(), 0)
		stored = o.deadline == never || o.store(o.addr, left) == nil
	}
	if !stored && err == errno.ERESTARTNOHAND {
		err = syscall.EINTR
	}
	return uintptr(n), err
}
