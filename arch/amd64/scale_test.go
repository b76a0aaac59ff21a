package amd64

import (
	"math"
	"testing"
)

func TestScale(t *testing.T) {
	const day = 24 * 3600 * 1_000_000_000
	for _, hz := range []uint64{10_000_000, 999_999_937, 1_000_000_000, 2_249_997_584, 20_000_000_000} {
		s := scale{ticks: 12345, ns: 777}
		s.setHz(hz)
		// The factors have 32 bits behind the point.
		ghz := float64(hz) / 1e9
		down, up := ghz/(1<<32), 1/ghz/(1<<32)
		for _, seconds := range []uint64{0, 1, 100, 86400, 365 * 86400} {
			got, want := s.timeAt(12345+seconds*hz)-777, int64(seconds*1_000_000_000)
			if d := float64(want - got); d < 0 || d > 1+float64(want)*down {
				t.Errorf("%d Hz: %d s are %d ns", hz, seconds, got)
			}
		}
		if got := s.timeAt(12000); got != 777 {
			t.Errorf("%d Hz: before the start it is %d", hz, got)
		}
		// A deadline may be missed by two ticks and a part of how far away it
		// is, even when the machine has been up for long.
		now := uint64(12345 + 1000*86400*hz)
		for _, ns := range []int64{-5, 0, 1, 1000, 1_000_000_000, day} {
			late := float64(s.timeAt(now+s.ticksIn(ns)) - s.timeAt(now) - max(ns, 0))
			if far := float64(max(ns, 0)); late < -1-far*down || late > 1+2/ghz+far*up {
				t.Errorf("%d Hz: deadline in %d ns is late by %g ns", hz, ns, late)
			}
		}
	}
}

// TestScaleIsMonotonic includes a change of the scale.
func TestScaleIsMonotonic(t *testing.T) {
	a := scale{ticks: 100}
	a.setHz(2_250_011_250)
	last := int64(-1)
	for ticks := uint64(50); ticks < 1_000_000; ticks += 97 {
		now := a.timeAt(ticks)
		if now < last {
			t.Fatalf("tick %d: %d after %d", ticks, now, last)
		}
		last = now
		if ticks%(97*1000) == 50%97 {
			b := scale{ticks: ticks, ns: a.timeAt(ticks)}
			b.setHz(2_249_998_583 + ticks%1000)
			a = b
		}
	}
}

// counted returns what the PIT shows after the TSC has counted ticks at hz.
func counted(hz, ticks uint64) (pit uint64) { return ticks * pitHz / hz }

func TestMeasure(t *testing.T) {
	const hz = 2_250_000_000
	ticks := uint64(hz / 2000)
	m := measure(ticks, counted(hz, ticks), 4500)
	if d := int64(m.hz) - hz; d < -hz/100 || d > hz/100 || m.ppm < 4000 || m.ppm > 7000 {
		t.Errorf("%+v", m)
	}
	if m := measure(10, 1, math.MaxUint64/1_000_000); m.ppm != 1_000_000 {
		t.Errorf("a useless measurement: %+v", m)
	}
}

func TestRefine(t *testing.T) {
	const hz = 2_250_000_000
	for _, c := range []struct {
		name    string
		known   measurement
		seconds float64
		skew    int // of the PIT's reading
		ok      bool
	}{
		{"10 ms", measurement{hz * 1.004, 5000}, 0.01, 0, true},
		{"one round", measurement{hz * 0.996, 5000}, 0.0549, 0, true},
		{"1 s", measurement{hz * 1.004, 5000}, 1, 0, true},
		{"too long for so little precision", measurement{hz * 1.004, 5000}, 20, 0, false},
		{"60 s, known well enough", measurement{hz * 1.0001, 200}, 60, 0, true},
		{"two minutes", measurement{hz, 1}, 120, 0, false},
		{"not better", measurement{hz, 10}, 0.01, 0, false},
		{"contradiction", measurement{hz * 1.0001, 20}, 1, 0, false},
		{"PIT that has stopped", measurement{hz, 5000}, 1, 1 << 14, false},
		{"nothing known", measurement{0, 5000}, 1, 0, false},
		{"no time gone by", measurement{hz, 5000}, 0, 0, false},
	} {
		ticks := uint64(c.seconds * hz)
		pit := uint16(counted(hz, ticks) + uint64(c.skew))
		m, ok := c.known.refine(ticks, pit, 4500)
		if ok != c.ok {
			t.Errorf("%s: %+v, %v", c.name, m, ok)
			continue
		}
		if !ok {
			if m != c.known {
				t.Errorf("%s: changed to %+v", c.name, m)
			}
			continue
		}
		if d := math.Abs(float64(m.hz)-hz) / hz * 1e6; d > float64(m.ppm) || m.ppm >= c.known.ppm {
			t.Errorf("%s: %+v is off by %.1f ppm", c.name, m, d)
		}
	}
}

func FuzzRefine(f *testing.F) {
	f.Add(uint64(2_250_000_000), uint64(5000), uint64(22_500_000), uint16(11931), uint64(4500))
	f.Fuzz(func(t *testing.T, hz, ppm, ticks uint64, pit uint16, slack uint64) {
		hz, ppm, slack = hz%20_000_000_000, ppm%1_000_000, slack%(1<<40)
		known := measurement{hz, ppm}
		if m, ok := known.refine(ticks, pit, slack); ok && (m.hz == 0 || m.ppm >= ppm) {
			t.Errorf("%+v became %+v", known, m)
		}
	})
}
