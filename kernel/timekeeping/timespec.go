package timekeeping

import "math"

// Timespec is struct timespec: Nsec is 0 to 999,999,999 in a valid one.
type Timespec struct {
	Sec  int64
	Nsec int64
}

// NsToTimespec converts nanoseconds. Before 1970 Sec is negative and Nsec not.
func NsToTimespec(ns int64) Timespec {
	t := Timespec{ns / second, ns % second}
	if t.Nsec < 0 {
		t.Sec--
		t.Nsec += second
	}
	return t
}

// Valid reports whether t may be a point in time or a duration: not negative,
// and a proper fraction (Linux's timespec64_valid).
func (t Timespec) Valid() bool { return t.Sec >= 0 && t.Nsec >= 0 && t.Nsec < second }

// Ns converts a valid t to nanoseconds, cut to the largest value there is
// (Linux's timespec64_to_ktime).
func (t Timespec) Ns() int64 {
	if t.Sec >= math.MaxInt64/second {
		return math.MaxInt64
	}
	return t.Sec*second + t.Nsec
}

// addSaturated adds, and stops at the ends of the type's range.
func addSaturated(a, b int64) int64 {
	sum := a + b
	switch {
	case a > 0 && b > 0 && sum < 0:
		return math.MaxInt64
	case a < 0 && b < 0 && sum >= 0:
		return math.MinInt64
	}
	return sum
}
