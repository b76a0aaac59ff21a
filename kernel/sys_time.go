package kernel

import (
	"syscall"
	"unsafe"

	"onsen/kernel/cred"
	"onsen/kernel/timekeeping"
	"onsen/kernel/uaccess"
)

// timeSyscalls are the system calls of this file and its neighbours.
var timeSyscalls = []Syscall{
	{"clock_gettime", sysClockGettime},
	{"clock_settime", sysClockSettime},
	{"clock_getres", sysClockGetres},
	{"clock_nanosleep", sysClockNanosleep},
	{"nanosleep", sysNanosleep},
	{"gettimeofday", sysGettimeofday},
	{"settimeofday", sysSettimeofday},
	{"time", sysTime},
	{"clock_adjtime", sysClockAdjtime},
	{"adjtimex", sysAdjtimex},
	{"getitimer", sysGetitimer},
	{"setitimer", sysSetitimer},
	{"alarm", sysAlarm},
	{"timer_create", sysTimerCreate},
	{"timer_settime", sysTimerSettime},
	{"timer_gettime", sysTimerGettime},
	{"timer_getoverrun", sysTimerGetoverrun},
	{"timer_delete", sysTimerDelete},
}

// readClock returns the time of any clock in ns. EINVAL if there is no such.
func readClock(id timekeeping.ClockID) (int64, error) {
	if isCPUClock(id) {
		c, err := findCPUClock(id, true)
		if err != nil {
			return 0, err
		}
		return c.now(), nil
	}
	return timekeeping.Read(id)
}

// sysClockGettime: clock_gettime(clockid_t clock, struct timespec *tp).
func sysClockGettime(_ *Task, a *SyscallArgs) (uintptr, error) {
	ns, err := readClock(timekeeping.ClockID(a[0]))
	if err != nil {
		return 0, err
	}
	return 0, uaccess.Put(a[1], timekeeping.NsToTimespec(ns))
}

// sysClockSettime: clock_settime(clockid_t clock, const struct timespec *tp).
func sysClockSettime(_ *Task, a *SyscallArgs) (uintptr, error) {
	id := timekeeping.ClockID(a[0])
	if isCPUClock(id) {
		if _, err := findCPUClock(id, false); err != nil {
			return 0, err
		}
		return 0, syscall.EPERM
	}
	if id != timekeeping.CLOCK_REALTIME {
		return 0, syscall.EINVAL
	}
	ts, err := uaccess.Get[timekeeping.Timespec](a[1])
	if err != nil {
		return 0, err
	}
	return 0, setTime(id, ts)
}

// setTime sets the wall clock, if the caller may.
func setTime(id timekeeping.ClockID, ts timekeeping.Timespec) error {
	if err := timekeeping.CheckSettable(id, ts); err != nil {
		return err
	}
	if !Capable(cred.CAP_SYS_TIME) {
		return syscall.EPERM
	}
	return timekeeping.SetTime(ts)
}

// sysClockGetres: clock_getres(clockid_t clock, struct timespec *res).
func sysClockGetres(_ *Task, a *SyscallArgs) (uintptr, error) {
	id := timekeeping.ClockID(a[0])
	var ns int64
	if isCPUClock(id) {
		c, err := findCPUClock(id, false)
		if err != nil {
			return 0, err
		}
		ns = c.resolution()
	} else {
		var err error
		if ns, err = timekeeping.Resolution(id); err != nil {
			return 0, err
		}
	}
	if a[1] == 0 {
		return 0, nil
	}
	return 0, uaccess.Put(a[1], timekeeping.NsToTimespec(ns))
}

// timespec converts a timeval; EINVAL if it is no proper time.
func (v timeval) timespec() (timekeeping.Timespec, error) {
	if v.Sec < 0 || v.Usec < 0 || v.Usec >= 1_000_000 {
		return timekeeping.Timespec{}, syscall.EINVAL
	}
	return timekeeping.Timespec{Sec: v.Sec, Nsec: v.Usec * 1000}, nil
}

// sysGettimeofday: gettimeofday(struct timeval *tv, struct timezone *tz).
func sysGettimeofday(_ *Task, a *SyscallArgs) (uintptr, error) {
	if a[0] != 0 {
		if err := uaccess.Put(a[0], nsToTimeval(timekeeping.Realtime())); err != nil {
			return 0, err
		}
	}
	if a[1] != 0 {
		return 0, uaccess.Put(a[1], timekeeping.GetTimezone())
	}
	return 0, nil
}

// sysSettimeofday: settimeofday(const struct timeval *tv, const struct timezone
// *tz).
func sysSettimeofday(_ *Task, a *SyscallArgs) (uintptr, error) {
	var ts timekeeping.Timespec
	if a[0] != 0 {
		tv, err := uaccess.Get[timeval](a[0])
		if err != nil {
			return 0, err
		}
		if ts, err = tv.timespec(); err != nil {
			return 0, err
		}
		if err := timekeeping.CheckSettable(timekeeping.CLOCK_REALTIME, ts); err != nil {
			return 0, err
		}
	}
	var tz timekeeping.Timezone
	if a[1] != 0 {
		var err error
		if tz, err = uaccess.Get[timekeeping.Timezone](a[1]); err != nil {
			return 0, err
		}
	}
	if !Capable(cred.CAP_SYS_TIME) {
		return 0, syscall.EPERM
	}
	if a[1] != 0 {
		if err := timekeeping.SetTimezone(tz, a[0] != 0); err != nil {
			return 0, err
		}
	}
	if a[0] != 0 {
		return 0, timekeeping.SetTime(ts)
	}
	return 0, nil
}

// sysTime: time(time_t *t).
func sysTime(_ *Task, a *SyscallArgs) (uintptr, error) {
	now := timekeeping.NsToTimespec(timekeeping.Realtime()).Sec
	if a[0] != 0 {
		if err := uaccess.Put(a[0], now); err != nil {
			return 0, err
		}
	}
	return uintptr(now), nil
}

// timex is struct timex.
type timex struct {
	Modes     uint32
	_         int32
	Offset    int64
	Freq      int64
	Maxerror  int64
	Esterror  int64
	Status    int32
	_         int32
	Constant  int64
	Precision int64
	Tolerance int64
	Time      timeval
	Tick      int64
	Ppsfreq   int64
	Jitter    int64
	Shift     int32
	_         int32
	Stabil    int64
	Jitcnt    int64
	Calcnt    int64
	Errcnt    int64
	Stbcnt    int64
	Tai       int32
	_         [44]byte
}

var _ [208]byte = [unsafe.Sizeof(timex{})]byte{}

// What adjtimex(2) tells of a clock that nothing disciplines.
const (
	timeError      = 5      // the result: not synchronised
	staUnsync      = 0x0040 // the same in Status
	ntpPhaseLimit  = 16_000_000
	ntpMaxFreq     = 500 << 16
	usecPerUserTic = 10_000
)

// sysAdjtimex: adjtimex(struct timex *buf).
func sysAdjtimex(_ *Task, a *SyscallArgs) (uintptr, error) { return adjtimex(a[0]) }

// sysClockAdjtime: clock_adjtime(clockid_t clock, struct timex *buf).
func sysClockAdjtime(_ *Task, a *SyscallArgs) (uintptr, error) {
	id := timekeeping.ClockID(a[0])
	if id != timekeeping.CLOCK_REALTIME {
		if _, err := readClock(id); err != nil {
			return 0, err
		}
		return 0, syscall.EOPNOTSUPP
	}
	return adjtimex(a[1])
}

// adjtimex tells the state of the wall clock. It cannot be steered: EINVAL for
// whoever tries and has the right to, EPERM for the others.
func adjtimex(addr uintptr) (uintptr, error) {
	x, err := uaccess.Get[timex](addr)
	if err != nil {
		return 0, err
	}
	if x.Modes != 0 {
		if !Capable(cred.CAP_SYS_TIME) {
			return 0, syscall.EPERM
		}
		return 0, syscall.EINVAL
	}
	realtime := timekeeping.Realtime()
	tai, err := timekeeping.FromMonotonic(timekeeping.CLOCK_TAI, timekeeping.Monotonic())
	if err != nil {
		return 0, err
	}
	x = timex{
		Maxerror:  ntpPhaseLimit,
		Esterror:  ntpPhaseLimit,
		Status:    staUnsync,
		Constant:  2,
		Precision: 1,
		Tolerance: ntpMaxFreq,
		Time:      nsToTimeval(realtime),
		Tick:      usecPerUserTic,
		Tai:       int32((tai - realtime + 500_000_000) / 1_000_000_000),
	}
	return timeError, uaccess.Put(addr, x)
}
