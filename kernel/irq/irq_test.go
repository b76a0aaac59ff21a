package irq

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"onsen/arch/bootinfo"
)

// fake is a machine with interrupt lines as the real ones have them: an
// interrupt of an unmasked line is recorded and masks it; an edge on a masked
// line is lost; a level comes back until it is low.
type fake struct {
	mu       sync.Mutex
	unmasked map[int]bool
	high     map[int]bool // level lines that are asserted
	recorded []int
	setup    []string
	missing  int // a line that does not exist
	depth    int
	log      []string
}

func newFake() (*fake, *table) {
	f := &fake{unmasked: map[int]bool{}, high: map[int]bool{}, missing: 666}
	return f, &table{hw: f, report: func(format string, args ...any) { f.log = append(f.log, fmt.Sprintf(format, args...)) }}
}

func (f *fake) record(irq int) {
	if f.unmasked[irq] {
		f.unmasked[irq] = false
		f.recorded = append(f.recorded, irq)
	}
}

// pulse is an edge, or a level that lasts until lower.
func (f *fake) pulse(irq int) { f.mu.Lock(); f.record(irq); f.mu.Unlock() }
func (f *fake) raise(irq int) { f.mu.Lock(); f.high[irq] = true; f.record(irq); f.mu.Unlock() }
func (f *fake) lower(irq int) { f.mu.Lock(); f.high[irq] = false; f.mu.Unlock() }

func (f *fake) TakeIRQ() (int, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.recorded) == 0 {
		return 0, false
	}
	irq := f.recorded[0]
	f.recorded = f.recorded[1:]
	return irq, true
}

func (f *fake) MaskIRQ(irq int) { f.mu.Lock(); f.unmasked[irq] = false; f.mu.Unlock() }

func (f *fake) UnmaskIRQ(irq int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.unmasked[irq] = true
	if f.high[irq] {
		f.record(irq)
	}
}

func (f *fake) SetupIRQ(irq int, level, activeLow bool) error {
	if irq == f.missing {
		return errors.New("not there")
	}
	f.setup = append(f.setup, fmt.Sprint(irq, level, activeLow))
	return nil
}

func (f *fake) CPU() int      { return 1 }
func (f *fake) EnterHandler() { f.depth++ }
func (f *fake) LeaveHandler() { f.depth-- }

var (
	edge4  = bootinfo.IRQ{Number: 4, Trigger: bootinfo.TriggerEdgeRising}
	level9 = bootinfo.IRQ{Number: 9, Trigger: bootinfo.TriggerLevelLow}
)

func must(t *testing.T, a *Action, err error) *Action {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestHandlers(t *testing.T) {
	f, table := newFake()
	var calls []string
	handler := func(name string, then func()) func() {
		return func() {
			if f.depth != 1 {
				t.Errorf("%s runs at depth %d", name, f.depth)
			}
			calls = append(calls, name)
			then()
		}
	}
	nothing := func() {}
	a, err := table.request(edge4, "a", handler("a", nothing))
	must(t, a, err)
	b, err := table.request(edge4, "b", handler("b", nothing))
	must(t, b, err)
	disk, err := table.request(level9, "disk", handler("disk", func() { f.lower(9) }))
	must(t, disk, err)
	if want := []string{"4 false false", "9 true true"}; !reflect.DeepEqual(f.setup, want) {
		t.Errorf("set up %q, want %q", f.setup, want)
	}

	f.pulse(4)
	f.raise(9)
	table.runPending()
	f.pulse(4)
	table.runPending()
	table.runPending()
	if want := []string{"a", "b", "disk", "a", "b"}; !reflect.DeepEqual(calls, want) {
		t.Errorf("calls %q, want %q", calls, want)
	}

	stats, strays := table.stats(2)
	want := []Stat{
		{4, bootinfo.TriggerEdgeRising, "a, b", []uint64{0, 2}},
		{9, bootinfo.TriggerLevelLow, "disk", []uint64{0, 1}},
	}
	if !reflect.DeepEqual(stats, want) || strays != 0 {
		t.Errorf("stats %+v, %d strays", stats, strays)
	}

	calls = nil
	table.free(a)
	f.pulse(4)
	table.runPending()
	table.free(b)
	f.pulse(4)
	table.runPending()
	if want := []string{"b"}; !reflect.DeepEqual(calls, want) || f.unmasked[4] {
		t.Errorf("after Free: calls %q, want %q; unmasked: %v", calls, want, f.unmasked[4])
	}
}

// TestEdgeDuringHandler loses no edge that comes while the handler runs.
func TestEdgeDuringHandler(t *testing.T) {
	f, table := newFake()
	calls := 0
	a, err := table.request(edge4, "uart", func() {
		if calls++; calls < 3 {
			f.pulse(4)
		}
	})
	must(t, a, err)
	f.pulse(4)
	for range 3 {
		table.runPending()
	}
	if calls != 3 {
		t.Errorf("%d calls, want 3", calls)
	}
}

// TestLevelIsMaskedDuringHandler has the handler quiet the device in peace.
func TestLevelIsMaskedDuringHandler(t *testing.T) {
	f, table := newFake()
	calls := 0
	a, err := table.request(level9, "disk", func() {
		if calls++; f.unmasked[9] || len(f.recorded) != 0 {
			t.Error("the line can interrupt during its handler")
		}
		f.lower(9)
	})
	must(t, a, err)
	f.raise(9)
	table.runPending()
	if calls != 1 || !f.unmasked[9] {
		t.Errorf("%d calls, unmasked: %v", calls, f.unmasked[9])
	}
}

// TestStorm shows that a line that is never quiet keeps neither RunPending nor
// other lines.
func TestStorm(t *testing.T) {
	f, table := newFake()
	noise, quiet := 0, 0
	a, err := table.request(level9, "noise", func() { noise++ })
	must(t, a, err)
	b, err := table.request(edge4, "quiet", func() { quiet++ })
	must(t, b, err)
	f.raise(9)
	f.pulse(4)
	table.runPending()
	table.runPending()
	if noise < 2 || noise > 4 || quiet != 1 || len(f.recorded) == 0 {
		t.Errorf("noise %d, quiet %d, recorded %v", noise, quiet, f.recorded)
	}
}

func TestPanic(t *testing.T) {
	for _, l := range []bootinfo.IRQ{edge4, level9} {
		f, table := newFake()
		good := 0
		var p *fake
		bad, err := table.request(l, "bad", func() { p.missing = 1 })
		must(t, bad, err)
		f.raise(l.Number)
		table.runPending()
		if len(f.log) != 1 || !strings.Contains(f.log[0], "bad is switched off: runtime error") || f.depth != 0 {
			t.Errorf("%v: log %q, depth %d", l, f.log, f.depth)
		}
		if f.unmasked[l.Number] {
			t.Errorf("%v: unmasked without a handler that works", l)
		}

		a, err := table.request(l, "good", func() { good++; f.lower(l.Number) })
		must(t, a, err)
		f.raise(l.Number)
		table.runPending()
		if good == 0 || len(f.log) != 1 || !f.unmasked[l.Number] {
			t.Errorf("%v: good handler called %d times, log %q", l, good, f.log)
		}
	}
}

func TestRequestErrors(t *testing.T) {
	f, table := newFake()
	a, err := table.request(edge4, "a", func() {})
	must(t, a, err)
	for _, c := range []struct {
		l    bootinfo.IRQ
		want error
	}{
		{bootinfo.IRQ{Number: bootinfo.NoIRQ}, ErrNoLine},
		{bootinfo.IRQ{Number: MaxLines}, ErrNoLine},
		{bootinfo.IRQ{Number: 4, Trigger: bootinfo.TriggerLevelLow}, ErrTrigger},
	} {
		if _, err := table.request(c.l, "x", func() {}); !errors.Is(err, c.want) {
			t.Errorf("%v: %v, want %v", c.l, err, c.want)
		}
	}
	if _, err := table.request(bootinfo.IRQ{Number: f.missing}, "x", func() {}); err == nil {
		t.Error("a line that does not exist: no error")
	}
	if stats, _ := table.stats(1); len(stats) != 1 {
		t.Errorf("lines in use: %v", stats)
	}
}

func TestStray(t *testing.T) {
	f, table := newFake()
	f.recorded = []int{77, -1, MaxLines}
	table.runPending()
	if _, strays := table.stats(1); strays != 3 || f.unmasked[77] {
		t.Errorf("%d strays, unmasked: %v", strays, f.unmasked[77])
	}
}

// TestFreeWaits returns from Free only when the handler has returned.
func TestFreeWaits(t *testing.T) {
	f, table := newFake()
	entered, leave := make(chan bool), make(chan bool)
	a, err := table.request(edge4, "slow", func() { entered <- true; <-leave })
	must(t, a, err)
	f.pulse(4)
	go table.runPending()
	<-entered
	freed := make(chan bool)
	go func() { table.free(a); close(freed) }()
	select {
	case <-freed:
		t.Error("Free did not wait")
	case <-time.After(10 * time.Millisecond):
	}
	leave <- true
	<-freed
}
