// Package timekeeping is the kernel's clocks: Linux's CLOCK_* on top of
// arch.Ktime and an offset to the wall clock.
//
// Realtime is monotonic time plus an offset, which the real-time clock gives at
// start-up and which setting the time changes. As in Linux the wall clock is
// never set to less than the monotonic clock, so the offset, the wall clock's
// time at boot, is never negative.
//
// Everything here may be called at any time on any CPU. The offset is one
// atomic word; setting the time takes mu.
package timekeeping

import (
	"sync"
	"sync/atomic"
	"syscall"

	"onsen/arch"
)

// ClockID names a clock. Negative numbers are clocks of processes and devices,
// which are not here.
type ClockID int32

// The clocks of include/uapi/linux/time.h, with Linux's names.
const (
	CLOCK_REALTIME           ClockID = 0
	CLOCK_MONOTONIC          ClockID = 1
	CLOCK_PROCESS_CPUTIME_ID ClockID = 2
	CLOCK_THREAD_CPUTIME_ID  ClockID = 3
	CLOCK_MONOTONIC_RAW      ClockID = 4
	CLOCK_REALTIME_COARSE    ClockID = 5
	CLOCK_MONOTONIC_COARSE   ClockID = 6
	CLOCK_BOOTTIME           ClockID = 7
	CLOCK_REALTIME_ALARM     ClockID = 8
	CLOCK_BOOTTIME_ALARM     ClockID = 9
	CLOCK_TAI                ClockID = 11
)

const (
	second = 1_000_000_000

	// coarseResolution is what clock_getres(2) tells of the coarse clocks: a
	// tick of a Linux with HZ=250. Ours are as fine as the others.
	coarseResolution = second / 250
)

// keeper is a set of clocks.
type keeper struct {
	ktime  func() int64 // monotonic time, ns
	offset atomic.Int64 // wall clock minus monotonic clock, ns
	tai    atomic.Int64 // TAI minus UTC, s

	mu       sync.Mutex
	zone     Timezone
	zoneSet  bool
	watchers []func()
}

var system = &keeper{ktime: arch.Ktime}

// Init sets the wall clock from a real-time clock, which tells seconds since
// 1970. If it cannot, the wall clock starts in 1970, and its error is returned.
func Init(readRTC func() (seconds int64, err error)) error { return system.init(readRTC) }

func (k *keeper) init(readRTC func() (int64, error)) error {
	seconds, err := readRTC()
	if err != nil {
		return err
	}
	return k.set(Timespec{Sec: seconds})
}

// Monotonic returns CLOCK_MONOTONIC: nanoseconds since boot.
func Monotonic() int64 { return system.ktime() }

// After returns when ns nanoseconds from now will be over, by CLOCK_MONOTONIC. A
// time that never comes is the latest there is.
func After(ns int64) int64 { return addSaturated(system.ktime(), ns) }

// Realtime returns CLOCK_REALTIME: nanoseconds since 1970, leap seconds left
// out.
func Realtime() int64 { return system.ktime() + system.offset.Load() }

// BootTime returns when the kernel was started, by the wall clock as it is set
// now, in nanoseconds since 1970.
func BootTime() int64 { return system.offset.Load() }

// Read returns the time of a clock in nanoseconds. It returns EINVAL for a
// clock that does not exist or is not here; the alarm clocks exist in Linux
// only where a real-time clock can wake the machine.
func Read(id ClockID) (ns int64, err error) { return system.read(id) }

func (k *keeper) read(id ClockID) (int64, error) {
	switch id {
	case CLOCK_MONOTONIC, CLOCK_MONOTONIC_RAW, CLOCK_MONOTONIC_COARSE, CLOCK_BOOTTIME:
		return k.ktime(), nil
	case CLOCK_REALTIME, CLOCK_REALTIME_COARSE:
		return k.ktime() + k.offset.Load(), nil
	case CLOCK_TAI:
		return k.ktime() + k.offset.Load() + k.tai.Load()*second, nil
	}
	return 0, syscall.EINVAL
}

// Resolution returns what clock_getres(2) says of a clock, in nanoseconds.
func Resolution(id ClockID) (ns int64, err error) {
	switch id {
	case CLOCK_REALTIME_COARSE, CLOCK_MONOTONIC_COARSE:
		return coarseResolution, nil
	}
	if _, err := system.read(id); err != nil {
		return 0, err
	}
	return 1, nil
}

// FromMonotonic converts a time of CLOCK_MONOTONIC to one of a clock that Read
// knows, as if the clock had been set at boot to what it is now.
func FromMonotonic(id ClockID, ns int64) (int64, error) {
	return system.shift(id, ns, +1)
}

// ToMonotonic undoes FromMonotonic: it tells when a clock will show a time, if
// it is not set again.
func ToMonotonic(id ClockID, ns int64) (int64, error) {
	return system.shift(id, ns, -1)
}

// shift adds to ns the distance of a clock from the monotonic one, times sign.
// The result stays within the range of the type, as Linux's ktime_add_safe.
func (k *keeper) shift(id ClockID, ns, sign int64) (int64, error) {
	offset := int64(0)
	switch id {
	case CLOCK_TAI:
		offset = k.tai.Load() * second
		fallthrough
	case CLOCK_REALTIME, CLOCK_REALTIME_COARSE:
		offset += k.offset.Load()
	default:
		if _, err := k.read(id); err != nil {
			return 0, err
		}
	}
	return addSaturated(ns, sign*offset), nil
}
