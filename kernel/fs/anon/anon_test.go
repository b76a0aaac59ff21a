//go:build !metal

package anon

import (
	"encoding/binary"
	"math"
	"os"
	"syscall"
	"testing"

	"onsen/arch"
	"onsen/kernel/fs"
	"onsen/kernel/sched/schedtest"
	"onsen/kernel/timekeeping"
	"onsen/kernel/uaccess"
)

func TestMain(m *testing.M) { os.Exit(schedtest.Main(m)) }

func file(ops fs.FileOps, flags uint32) *fs.File {
	return fs.NewAnonFile("test", ops, nil, syscall.O_RDWR|flags)
}

func write(f *fs.File, v uint64) error {
	var b [8]byte
	binary.NativeEndian.PutUint64(b[:], v)
	it := uaccess.KernelIter(b[:])
	_, err := f.Ops.Write(f, &it, nil)
	return err
}

func read(f *fs.File) (uint64, error) {
	var b [8]byte
	it := uaccess.KernelIter(b[:])
	_, err := f.Ops.Read(f, &it, nil)
	return binary.NativeEndian.Uint64(b[:]), err
}

func TestEventfd(t *testing.T) {
	schedtest.Run(t, func() {
		f := file(NewEventfd(3, false), syscall.O_NONBLOCK)
		want := func(v uint64, err error, events fs.PollEvents) {
			t.Helper()
			if got, err2 := read(f); got != v || err2 != err {
				t.Errorf("read %d %v, want %d %v", got, err2, v, err)
			}
			if got := f.Ops.Poll(f, nil); got != events {
				t.Errorf("poll %x, want %x", got, events)
			}
		}
		want(3, nil, fs.PollOut)
		want(0, syscall.EAGAIN, fs.PollOut)
		for _, c := range []struct {
			v   uint64
			err error
		}{{5, nil}, {2, nil}, {0, nil}, {math.MaxUint64, syscall.EINVAL}, {maxCount - 7, nil}, {1, syscall.EAGAIN}} {
			if err := write(f, c.v); err != c.err {
				t.Errorf("write %d: %v, want %v", c.v, err, c.err)
			}
		}
		if got := f.Ops.Poll(f, nil); got != fs.PollIn {
			t.Errorf("full: %x", got)
		}
		want(maxCount, nil, fs.PollOut)
		it := uaccess.KernelIter(make([]byte, 7))
		if _, err := f.Ops.Read(f, &it, nil); err != syscall.EINVAL {
			t.Errorf("short read: %v", err)
		}
		f = file(NewEventfd(2, true), syscall.O_NONBLOCK)
		want(1, nil, fs.PollIn|fs.PollOut)
		want(1, nil, fs.PollOut)
		want(0, syscall.EAGAIN, fs.PollOut)
	})
}

func TestEventfdBlocks(t *testing.T) {
	const rounds = 200
	a, b := file(NewEventfd(0, false), 0), file(NewEventfd(0, true), 0)
	schedtest.Run(t, func() {
		for range rounds {
			_ = write(a, 2)
			_, _ = read(b)
			_, _ = read(b)
		}
	}, func() {
		for i := range rounds {
			if v, err := read(a); v != 2 || err != nil {
				t.Errorf("%d: %d %v", i, v, err)
			}
			_ = write(b, 1)
			_ = write(b, 1)
		}
	})
	full := file(NewEventfd(maxCount, false), 0)
	g := schedtest.Go(t, func() { _ = write(full, 1) })
	schedtest.Asleep(t, g.Tasks[0])
	schedtest.Run(t, func() { _, _ = read(full) })
	g.Wait()
}

func spec(value, interval int64) *Itimerspec {
	return &Itimerspec{timekeeping.NsToTimespec(interval), timekeeping.NsToTimespec(value)}
}

func TestTimerfd(t *testing.T) {
	if _, err := NewTimerfd(timekeeping.CLOCK_TAI); err != syscall.EINVAL {
		t.Errorf("CLOCK_TAI: %v", err)
	}
	schedtest.Run(t, func() {
		for _, clock := range []timekeeping.ClockID{
			timekeeping.CLOCK_MONOTONIC, timekeeping.CLOCK_REALTIME, timekeeping.CLOCK_BOOTTIME,
		} {
			tm, err := NewTimerfd(clock)
			if err != nil {
				t.Error(err)
				continue
			}
			f := file(tm, 0)
			begin := arch.Ktime()
			if _, err := tm.Set(spec(5e6, 0), false, false); err != nil {
				t.Error(err)
			}
			if v := tm.Get(); v.Value.Ns() > 5e6 || v.Value.Ns() < 1 {
				t.Errorf("%d ns left of 5 ms", v.Value.Ns())
			}
			if n, err := read(f); n != 1 || err != nil || arch.Ktime() < begin+5e6 {
				t.Errorf("clock %d: %d %v after %d ns", clock, n, err, arch.Ktime()-begin)
			}
			if v := tm.Get(); v.Value.Ns() != 0 {
				t.Errorf("%d ns left", v.Value.Ns())
			}
			now, _ := timekeeping.Read(clock)
			if _, err := tm.Set(spec(now-10e6, 3e6), true, false); err != nil {
				t.Error(err)
			}
			if n, err := read(f); n < 4 || err != nil {
				t.Errorf("clock %d: %d expirations in 10 ms, %v", clock, n, err)
			}
			old, err := tm.Set(spec(0, 0), false, false)
			if err != nil || old.Interval.Ns() != 3e6 || old.Value.Ns() > 3e6 {
				t.Errorf("was %v, %v", old, err)
			}
			if f.Ops.Poll(f, nil) != 0 {
				t.Error("readable though not set")
			}
			f.Put()
		}
		if len(timerfds.all) != 0 {
			t.Error("a timer is left")
		}
	})
}

func TestTimerfdClockSet(t *testing.T) {
	var tm *Timerfd
	var f *fs.File
	var err error
	schedtest.Run(t, func() {
		tm, _ = NewTimerfd(timekeeping.CLOCK_REALTIME)
		f = file(tm, 0)
		_, _ = tm.Set(spec(timekeeping.Realtime()+3600e9, 0), true, true)
	})
	g := schedtest.Go(t, func() { _, err = read(f) })
	schedtest.Asleep(t, g.Tasks[0])
	schedtest.Run(t, func() {
		now := timekeeping.Realtime()
		if err := timekeeping.SetTime(timekeeping.NsToTimespec(now + 60e9)); err != nil {
			t.Error(err)
		}
	})
	g.Wait()
	if err != syscall.ECANCELED {
		t.Errorf("%v, want ECANCELED", err)
	}
	// Set forward past the deadline, the timer goes off.
	schedtest.Run(t, func() {
		now := timekeeping.Realtime()
		_, _ = tm.Set(spec(now+3600e9, 0), true, false)
		_ = timekeeping.SetTime(timekeeping.NsToTimespec(now + 7200e9))
		if n, err := read(f); n != 1 || err != nil {
			t.Errorf("%d %v", n, err)
		}
		f.Put()
	})
}
