package kernel

import (
	"syscall"

	"onsen/kernel/cred"
	"onsen/kernel/fs/anon"
	"onsen/kernel/timekeeping"
	"onsen/kernel/uaccess"
)

const efdSemaphore = 1

// sysEventfd is eventfd(2) of old, without flags.
func sysEventfd(t *Task, a *SyscallArgs) (uintptr, error) { return t.eventfd(uint32(a[0]), 0) }

// sysEventfd2 is eventfd2(2).
func sysEventfd2(t *Task, a *SyscallArgs) (uintptr, error) {
	return t.eventfd(uint32(a[0]), uint32(a[1]))
}

func (t *Task) eventfd(count, flags uint32) (uintptr, error) {
	if flags&^(efdSemaphore|syscall.O_CLOEXEC|syscall.O_NONBLOCK) != 0 {
		return 0, syscall.EINVAL
	}
	e := anon.NewEventfd(uint64(count), flags&efdSemaphore != 0)
	return t.addAnonFile("[eventfd]", e, syscall.O_RDWR|flags&syscall.O_NONBLOCK, flags&syscall.O_CLOEXEC != 0)
}

// Flags of timerfd_settime(2).
const (
	tfdTimerAbstime     = 1
	tfdTimerCancelOnSet = 2
)

// sysTimerfdCreate is timerfd_create(2).
func sysTimerfdCreate(t *Task, a *SyscallArgs) (uintptr, error) {
	clock, flags := timekeeping.ClockID(int32(a[0])), uint32(a[1])
	if flags&^(syscall.O_CLOEXEC|syscall.O_NONBLOCK) != 0 {
		return 0, syscall.EINVAL
	}
	timer, err := anon.NewTimerfd(clock)
	if err != nil {
		return 0, err
	}
	alarm := clock == timekeeping.CLOCK_REALTIME_ALARM || clock == timekeeping.CLOCK_BOOTTIME_ALARM
	if alarm && !Capable(cred.CAP_WAKE_ALARM) {
		timer.Release(nil)
		return 0, syscall.EPERM
	}
	return t.addAnonFile("[timerfd]", timer, syscall.O_RDWR|flags&syscall.O_NONBLOCK, flags&syscall.O_CLOEXEC != 0)
}

// useTimerfd calls f with the timer of a descriptor: EBADF, EINVAL.
func (t *Task) useTimerfd(fd uintptr, f func(*anon.Timerfd) error) error {
	file := t.files.Borrow(int(int32(fd)))
	if file.File == nil {
		return syscall.EBADF
	}
	defer file.Done()
	timer := anon.TimerfdOf(file.File)
	if timer == nil {
		return syscall.EINVAL
	}
	return f(timer)
}

// sysTimerfdSettime is timerfd_settime(2).
func sysTimerfdSettime(t *Task, a *SyscallArgs) (uintptr, error) {
	flags := uint32(a[1])
	v, err := uaccess.Get[anon.Itimerspec](a[2])
	if err != nil {
		return 0, err
	}
	if flags&^(tfdTimerAbstime|tfdTimerCancelOnSet) != 0 {
		return 0, syscall.EINVAL
	}
	return 0, t.useTimerfd(a[0], func(timer *anon.Timerfd) error {
		old, err := timer.Set(&v, flags&tfdTimerAbstime != 0, flags&tfdTimerCancelOnSet != 0)
		if err == nil && a[3] != 0 {
			err = uaccess.Put(a[3], old)
		}
		return err
	})
}

// sysTimerfdGettime is timerfd_gettime(2).
func sysTimerfdGettime(t *Task, a *SyscallArgs) (uintptr, error) {
	return 0, t.useTimerfd(a[0], func(timer *anon.Timerfd) error { return uaccess.Put(a[1], timer.Get()) })
}
