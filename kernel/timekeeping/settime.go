package timekeeping

import (
	"math"
	"syscall"
)

// maxSettableSeconds leaves room for 30 years of uptime after the latest time
// that can be set (Linux's TIME_SETTOD_SEC_MAX).
const maxSettableSeconds = math.MaxInt64/second - 30*365*24*3600

// CheckSettable returns EINVAL for a clock that cannot be set and for a time
// that none can be set to. A system call checks it before the caller's right to
// set the time, which is not this package's business.
func CheckSettable(id ClockID, t Timespec) error {
	if id != CLOCK_REALTIME || !t.Valid() || t.Sec >= maxSettableSeconds {
		return syscall.EINVAL
	}
	return nil
}

// SetTime sets CLOCK_REALTIME. Errors: EINVAL as for CheckSettable, and for a
// time before CLOCK_MONOTONIC.
func SetTime(t Timespec) error { return system.set(t) }

func (k *keeper) set(t Timespec) error {
	if err := CheckSettable(CLOCK_REALTIME, t); err != nil {
		return err
	}
	k.mu.Lock()
	offset := t.Ns() - k.ktime()
	if offset < 0 {
		k.mu.Unlock()
		return syscall.EINVAL
	}
	k.offset.Store(offset)
	watchers := k.watchers
	k.mu.Unlock()
	for _, f := range watchers {
		f()
	}
	return nil
}

// OnSet has f called after every time CLOCK_REALTIME was set: timers that wait
// for a time of that clock have another way to go then. f must not set the time.
func OnSet(f func()) { system.onSet(f) }

func (k *keeper) onSet(f func()) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.watchers = append(k.watchers[:len(k.watchers):len(k.watchers)], f)
}

// SetTAIOffset sets how many seconds TAI is ahead of UTC, as adjtimex(2) does
// with ADJ_TAI.
func SetTAIOffset(seconds int32) { system.tai.Store(int64(seconds)) }

// Timezone is struct timezone: what settimeofday(2) gave and gettimeofday(2)
// returns, without a meaning to the kernel but for SetTimezone.
type Timezone struct {
	MinutesWest int32
	DSTTime     int32
}

// GetTimezone returns what SetTimezone set last.
func GetTimezone() Timezone {
	system.mu.Lock()
	defer system.mu.Unlock()
	return system.zone
}

// SetTimezone sets the time zone. "On the very first settimeofday() call (after
// booting) that has a non-NULL tz argument, if tv is NULL and the tz_minuteswest
// field is nonzero", the wall clock is taken to show local time and is warped to
// UTC - settimeofday(2). withTime says that the call sets the time, too. It
// returns EINVAL for a zone more than 15 hours away.
func SetTimezone(z Timezone, withTime bool) error { return system.setTimezone(z, withTime) }

func (k *keeper) setTimezone(z Timezone, withTime bool) error {
	const most = 15 * 60
	if z.MinutesWest < -most || z.MinutesWest > most {
		return syscall.EINVAL
	}
	k.mu.Lock()
	first := !k.zoneSet
	k.zone, k.zoneSet = z, true
	k.mu.Unlock()
	if !first || withTime || z.MinutesWest == 0 {
		return nil
	}
	now := k.ktime() + k.offset.Load()
	return k.set(NsToTimespec(now + int64(z.MinutesWest)*60*second))
}
