package timekeeping

import (
	"errors"
	"math"
	"sync"
	"syscall"
	"testing"
)

// newKeeper returns clocks whose monotonic time is *now.
func newKeeper() (k *keeper, now *int64) {
	now = new(int64)
	return &keeper{ktime: func() int64 { return *now }}, now
}

const day = 24 * 3600

func TestRead(t *testing.T) {
	k, now := newKeeper()
	*now = 5 * second
	if err := k.init(func() (int64, error) { return 1_700_000_000, nil }); err != nil {
		t.Fatal(err)
	}
	k.tai.Store(37)
	*now += 7
	const mono, real = 5*second + 7, 1_700_000_000*second + 7
	for _, c := range []struct {
		id   ClockID
		want int64
	}{
		{CLOCK_REALTIME, real},
		{CLOCK_MONOTONIC, mono},
		{CLOCK_MONOTONIC_RAW, mono},
		{CLOCK_REALTIME_COARSE, real},
		{CLOCK_MONOTONIC_COARSE, mono},
		{CLOCK_BOOTTIME, mono},
		{CLOCK_TAI, real + 37*second},
	} {
		if got, err := k.read(c.id); got != c.want || err != nil {
			t.Errorf("clock %d: %d, %v; want %d", c.id, got, err, c.want)
		}
		if ns, err := k.shift(c.id, mono, +1); ns != c.want || err != nil {
			t.Errorf("clock %d: from monotonic: %d, %v; want %d", c.id, ns, err, c.want)
		}
		if ns, err := k.shift(c.id, c.want, -1); ns != mono || err != nil {
			t.Errorf("clock %d: to monotonic: %d, %v; want %d", c.id, ns, err, mono)
		}
	}
	for _, id := range []ClockID{
		-1, 10, 12, math.MaxInt32, math.MinInt32,
		CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID, CLOCK_REALTIME_ALARM, CLOCK_BOOTTIME_ALARM,
	} {
		if _, err := k.read(id); err != syscall.EINVAL {
			t.Errorf("clock %d: error %v", id, err)
		}
		if _, err := k.shift(id, 1, +1); err != syscall.EINVAL {
			t.Errorf("clock %d: shift: error %v", id, err)
		}
		if _, err := Resolution(id); err != syscall.EINVAL {
			t.Errorf("clock %d: resolution: error %v", id, err)
		}
	}
}

func TestResolution(t *testing.T) {
	for id, want := range map[ClockID]int64{CLOCK_REALTIME: 1, CLOCK_BOOTTIME: 1, CLOCK_MONOTONIC_COARSE: 4_000_000} {
		if got, err := Resolution(id); got != want || err != nil {
			t.Errorf("clock %d: %d, %v", id, got, err)
		}
	}
}

func TestNoRTC(t *testing.T) {
	k, now := newKeeper()
	*now = 3
	broken := errors.New("broken")
	if err := k.init(func() (int64, error) { return 99, broken }); err != broken {
		t.Errorf("error %v", err)
	}
	if got, _ := k.read(CLOCK_REALTIME); got != 3 {
		t.Errorf("the wall clock shows %d, want 3 ns after the start of 1970", got)
	}
}

func TestSetTime(t *testing.T) {
	const hour = 3600
	for _, c := range []struct {
		name string
		set  Timespec
		ok   bool
	}{
		{"now", Timespec{1_700_000_000, 5}, true},
		{"uptime itself", Timespec{hour, 0}, true},
		{"before uptime", Timespec{hour - 1, 999_999_999}, false},
		{"1970", Timespec{0, 0}, false},
		{"before 1970", Timespec{-1, 0}, false},
		{"negative fraction", Timespec{1_700_000_000, -1}, false},
		{"improper fraction", Timespec{1_700_000_000, 1_000_000_000}, false},
		{"latest", Timespec{maxSettableSeconds - 1, 999_999_999}, true},
		{"too late", Timespec{maxSettableSeconds, 0}, false},
		{"far too late", Timespec{math.MaxInt64, 0}, false},
	} {
		k, now := newKeeper()
		*now = hour * second
		k.offset.Store(42)
		told := 0
		k.onSet(func() { told++ })
		err := k.set(c.set)
		got, _ := k.read(CLOCK_REALTIME)
		switch {
		case c.ok && (err != nil || got != c.set.Ns() || told != 1):
			t.Errorf("%s: %v, the clock shows %d, told %d times", c.name, err, got, told)
		case !c.ok && (err != syscall.EINVAL || got != hour*second+42 || told != 0):
			t.Errorf("%s: %v, the clock shows %d, told %d times", c.name, err, got, told)
		}
		// 30 years later there is still no overflow.
		*now += 29 * 365 * day * second
		if later, _ := k.read(CLOCK_REALTIME); later < got {
			t.Errorf("%s: the clock goes from %d to %d", c.name, got, later)
		}
		if mono, _ := k.read(CLOCK_MONOTONIC); mono != *now {
			t.Errorf("%s: setting the time changed the monotonic clock", c.name)
		}
	}
}

func TestCheckSettable(t *testing.T) {
	good := Timespec{1_700_000_000, 0}
	for id := ClockID(-3); id < 16; id++ {
		if err := CheckSettable(id, good); (err == nil) != (id == CLOCK_REALTIME) {
			t.Errorf("clock %d: %v", id, err)
		}
	}
}

func TestTimezone(t *testing.T) {
	k, _ := newKeeper()
	k.offset.Store(1_000_000 * second)
	show := func() int64 { ns, _ := k.read(CLOCK_REALTIME); return ns / second }
	for _, c := range []struct {
		zone     Timezone
		withTime bool
		err      error
		want     int64
	}{
		{Timezone{MinutesWest: 901}, false, syscall.EINVAL, 1_000_000},
		{Timezone{MinutesWest: -901}, false, syscall.EINVAL, 1_000_000},
		{Timezone{MinutesWest: -60, DSTTime: 1}, false, nil, 1_000_000 - 3600}, // the first: warps
		{Timezone{MinutesWest: -120}, false, nil, 1_000_000 - 3600},
	} {
		if err := k.setTimezone(c.zone, c.withTime); err != c.err || show() != c.want {
			t.Errorf("%+v: %v, the clock shows %d, want %d", c.zone, err, show(), c.want)
		}
		if c.err == nil && k.zone != c.zone {
			t.Errorf("%+v was not kept", c.zone)
		}
	}
	k, _ = newKeeper()
	k.offset.Store(1_000_000 * second)
	if err := k.setTimezone(Timezone{MinutesWest: 60}, true); err != nil || show() != 1_000_000 {
		t.Errorf("with the time: %v, the clock shows %d", err, show())
	}
	if err := k.setTimezone(Timezone{MinutesWest: 60}, false); err != nil || show() != 1_000_000 {
		t.Errorf("a second call: %v, the clock shows %d", err, show())
	}
}

func TestTimespec(t *testing.T) {
	for ns, want := range map[int64]Timespec{
		0: {0, 0}, 1: {0, 1}, second: {1, 0}, -1: {-1, second - 1}, -second: {-1, 0},
		math.MaxInt64: {9223372036, 854775807}, math.MinInt64: {-9223372037, 145224192},
	} {
		if got := NsToTimespec(ns); got != want {
			t.Errorf("%d ns = %v, want %v", ns, got, want)
		}
		if ns >= 0 && ns < math.MaxInt64 && want.Ns() != ns {
			t.Errorf("%v = %d ns, want %d", want, want.Ns(), ns)
		}
	}
	for _, ts := range []Timespec{{math.MaxInt64, 0}, {9223372036, 999999999}} {
		if got := ts.Ns(); got != math.MaxInt64 {
			t.Errorf("%v = %d ns", ts, got)
		}
	}
}

func TestShiftSaturates(t *testing.T) {
	k, _ := newKeeper()
	k.offset.Store(1_700_000_000 * second)
	if ns, err := k.shift(CLOCK_REALTIME, math.MaxInt64, +1); ns != math.MaxInt64 || err != nil {
		t.Errorf("%d, %v", ns, err)
	}
	if ns, err := k.shift(CLOCK_REALTIME, math.MinInt64+1, -1); ns != math.MinInt64 || err != nil {
		t.Errorf("%d, %v", ns, err)
	}
}

// TestConcurrent is for the race detector.
func TestConcurrent(t *testing.T) {
	k, _ := newKeeper()
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for j := range 100 {
				if err := k.set(Timespec{int64(1_700_000_000 + i + j), 0}); err != nil {
					t.Error(err)
				}
				if ns, _ := k.read(CLOCK_REALTIME); ns < 1_700_000_000*second {
					t.Error(ns)
				}
				k.onSet(func() {})
			}
		})
	}
	wg.Wait()
}
