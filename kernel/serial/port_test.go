package serial

import (
	"bytes"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"testing"

	"onsen/kernel/printk"
)

// text returns n bytes in which a lost, doubled or swapped byte shows.
func text(n int) []byte {
	b := make([]byte, n)
	x := uint32(1)
	for i := range b {
		x = x*1664525 + 1013904223
		b[i] = byte(x >> 24)
	}
	return b
}

const pasteSize = 64 << 10

// TestPaste16550 pastes 64 KiB at full speed, that is whenever the FIFO has
// room, to a reader that is slow and irregular.
func TestPaste16550(t *testing.T) {
	for seed := range uint64(5) {
		random := rand.New(rand.NewPCG(seed, 0))
		f := &fake16550{}
		p := New("ttyS0", NewNS16550(f, 0), LineOptions{})
		p.EnableInterrupts()
		want, got := text(pasteSize), []byte(nil)
		next := 0
		throttled := 0
		for steps := 0; len(got) < pasteSize; steps++ {
			if steps > 50*pasteSize {
				t.Fatalf("seed %d: stuck after %d sent, %d read; %d in the chip, interrupt lost %d times",
					seed, next, len(got), len(f.rx), f.lostEdges)
			}
			feed := func() {
				for n := random.IntN(fifoSize); n > 0 && next < pasteSize && f.canReceive(); n-- {
					f.receive(want[next], 0)
					next++
				}
			}
			feed()
			if random.IntN(3) > 0 && f.takeIRQ() {
				p.Interrupt(func() {
					feed() // too late to be served, and with the line masked
					f.unmask()
				})
			}
			if random.IntN(400) == 0 {
				var b [2000]byte
				got = append(got, b[:p.Read(b[:1+random.IntN(len(b))])]...)
			}
			if p.throttled {
				throttled++
			}
		}
		if !bytes.Equal(got, want) {
			t.Fatalf("seed %d: what was read is not what was sent", seed)
		}
		if s := p.Stats(); s.Overruns != 0 || s.Rx != pasteSize {
			t.Errorf("seed %d: %+v", seed, s)
		}
		if throttled == 0 {
			t.Errorf("seed %d: the reader was never too slow", seed)
		}
	}
}

func TestPastePL011(t *testing.T) {
	for seed := range uint64(5) {
		random := rand.New(rand.NewPCG(seed, 0))
		f := &fakePL011{}
		p := New("ttyAMA0", NewPL011(f, 0), LineOptions{})
		p.EnableInterrupts()
		want, got := text(pasteSize), []byte(nil)
		next := 0
		for steps := 0; len(got) < pasteSize; steps++ {
			if steps > 50*pasteSize {
				t.Fatalf("seed %d: stuck after %d sent, %d read", seed, next, len(got))
			}
			for n := random.IntN(fifoSize); n > 0 && next < pasteSize && f.canReceive(); n-- {
				f.receive(want[next], 0)
				next++
			}
			f.idle()
			if random.IntN(3) > 0 && f.interrupt() {
				p.Interrupt(nil)
			}
			if random.IntN(400) == 0 {
				var b [2000]byte
				got = append(got, b[:p.Read(b[:1+random.IntN(len(b))])]...)
			}
		}
		if !bytes.Equal(got, want) {
			t.Fatalf("seed %d: what was read is not what was sent", seed)
		}
		if s := p.Stats(); s.Overruns != 0 || s.Rx != pasteSize {
			t.Errorf("seed %d: %+v", seed, s)
		}
	}
}

// TestOverrun has a sender that doesn't wait.
func TestOverrun(t *testing.T) {
	f := &fake16550{}
	line := LineOptions{RTS: true}
	p := New("ttyS0", NewNS16550(f, 0), line)
	p.EnableInterrupts()
	sent := 0
	for f.mcr&mcrRTS != 0 && sent < 2*ringSize { // as long as RTS says so
		f.receive(byte(sent), 0)
		sent++
		if f.takeIRQ() {
			p.Interrupt(f.unmask)
		}
	}
	if sent != highWater {
		t.Errorf("RTS fell after %d bytes, not %d", sent, highWater)
	}
	for range fifoSize + 10 {
		f.receive('x', 0)
	}
	got := 0
	for range 3 {
		var b [highWater]byte
		got += p.Read(b[:])
		if f.takeIRQ() {
			p.Interrupt(f.unmask)
		}
	}
	if f.mcr&mcrRTS == 0 {
		t.Error("RTS has not come back")
	}
	if s := p.Stats(); s.Overruns != 1 || got != highWater+fifoSize {
		t.Errorf("%d read, %+v", got, s)
	}
}

func TestTransmit16550(t *testing.T) {
	f := &fake16550{perStep: 3}
	p := New("ttyS0", NewNS16550(f, 0), LineOptions{})
	p.EnableInterrupts()
	rooms := 0
	p.SetHooks(Hooks{TxRoom: func() { rooms++ }})
	want := text(pasteSize)
	rest := want
	for steps := 0; len(f.sent) < pasteSize; steps++ {
		if steps > pasteSize {
			t.Fatalf("stuck after %d bytes", len(f.sent))
		}
		rest = rest[p.Write(rest):]
		f.step()
		if f.takeIRQ() {
			p.Interrupt(f.unmask)
		}
	}
	if !bytes.Equal(f.sent, want) {
		t.Error("what was sent is not what was written")
	}
	if f.ier&ierTHRI != 0 {
		t.Error("the transmit interrupt is still on")
	}
	if rooms == 0 || p.Stats().Tx != pasteSize {
		t.Errorf("TxRoom called %d times, %d bytes sent", rooms, p.Stats().Tx)
	}
}

func TestTransmitPL011(t *testing.T) {
	f := &fakePL011{perStep: 3}
	p := New("ttyAMA0", NewPL011(f, 0), LineOptions{})
	p.EnableInterrupts()
	want := text(pasteSize)
	rest := want
	for steps := 0; len(f.sent) < pasteSize; steps++ {
		if steps > pasteSize {
			t.Fatalf("stuck after %d bytes", len(f.sent))
		}
		rest = rest[p.Write(rest):]
		f.step()
		if f.interrupt() {
			p.Interrupt(nil)
		}
	}
	if !bytes.Equal(f.sent, want) {
		t.Error("what was sent is not what was written")
	}
	if f.imsc&intTX != 0 {
		t.Error("the transmit interrupt is still on")
	}
}

// TestFewInterrupts checks that a write does not cost an interrupt per byte.
func TestFewInterrupts(t *testing.T) {
	f := &fake16550{perStep: fifoSize}
	p := New("ttyS0", NewNS16550(f, 0), LineOptions{})
	p.EnableInterrupts()
	p.Write(make([]byte, 1600))
	for len(f.sent) < 1600 {
		f.step()
		if f.takeIRQ() {
			p.Interrupt(f.unmask)
		}
	}
	if f.interrupts > 1600/fifoSize {
		t.Errorf("%d interrupts for 1600 bytes", f.interrupts)
	}
}

func TestRxReady(t *testing.T) {
	f := &fake16550{}
	p := New("ttyS0", NewNS16550(f, 0), LineOptions{})
	ready := 0
	p.SetHooks(Hooks{RxReady: func() { ready += p.Readable() }}) // no lock held
	p.EnableInterrupts()
	f.receive('a', 0)
	f.receive('b', lsrFE)
	if !f.takeIRQ() {
		t.Fatal("no interrupt")
	}
	p.Interrupt(f.unmask)
	if ready != 2 || p.Stats().Framing != 1 {
		t.Errorf("%d ready, %+v", ready, p.Stats())
	}
}

func TestPolling(t *testing.T) {
	f := &fake16550{}
	f.receive('k', 0) // before the port exists
	p := New("ttyS0", NewNS16550(f, 0), LineOptions{})
	f.receive('o', 0)
	var b [10]byte
	if n := p.Read(b[:]); string(b[:n]) != "ko" {
		t.Errorf("read %q", b[:n])
	}
	p.WriteAll(text(3 * ringSize))
	if !bytes.Equal(f.sent, text(3*ringSize)) {
		t.Error("what was sent is not what was written")
	}
	if f.interrupts != 0 || f.ier != 0 {
		t.Error("interrupts are on")
	}
}

func TestWriteAllSleeps(t *testing.T) {
	chip := &pipe{room: 0}
	p := New("ttyS0", chip, LineOptions{})
	p.EnableInterrupts()
	waits := 0
	p.SetHooks(Hooks{Wait: func(ready func() bool) bool {
		waits++
		if ready() {
			t.Error("ready before there is room")
		}
		chip.room = 1000
		p.Interrupt(nil)
		if !ready() {
			t.Error("not ready when there is room")
		}
		chip.room = 0
		return true
	}})
	want := text(2 * ringSize)
	p.WriteAll(want)
	chip.room = -1
	p.Flush()
	if !bytes.Equal(chip.sent, want) || waits != 5 {
		t.Errorf("%d bytes sent, waited %d times", len(chip.sent), waits)
	}

	// Who may not sleep polls.
	p.SetHooks(Hooks{Wait: func(func() bool) bool { return false }})
	chip.sent = nil
	p.WriteAll(want)
	p.Flush()
	if !bytes.Equal(chip.sent, want) {
		t.Errorf("%d bytes polled", len(chip.sent))
	}
}

func TestStuckChip(t *testing.T) {
	chip := &pipe{room: 0}
	p := New("ttyS0", chip, LineOptions{})
	p.patience = 1e6
	p.WriteAll(make([]byte, ringSize+100)) // comes back
	p.Flush()
	if s := p.Stats(); s.TxDropped != ringSize+100 || len(chip.sent) != 0 {
		t.Errorf("%d sent, %+v", len(chip.sent), s)
	}
	// It works again.
	chip.room = -1
	p.WriteAll([]byte("hello"))
	p.Flush()
	if string(chip.sent) != "hello" || p.stuck {
		t.Errorf("sent %q, stuck %v", chip.sent, p.stuck)
	}
}

func TestConsole(t *testing.T) {
	tests := []struct{ in, want string }{
		{"line\n", "line\r\n"},
		{"two\nlines\n", "two\r\nlines\r\n"},
		{"\n\n", "\r\n\r\n"},
		{"no newline", "no newline"},
		{"already\r\n", "already\r\r\n"},
		{"", ""},
	}
	for _, tt := range tests {
		for _, interrupts := range []bool{false, true} {
			f := &fake16550{}
			p := New("ttyS0", NewNS16550(f, 0), LineOptions{})
			if interrupts {
				p.EnableInterrupts()
			}
			p.Console().Write([]byte(tt.in))
			if string(f.sent) != tt.want {
				t.Errorf("%q, interrupts %v: sent %q", tt.in, interrupts, f.sent)
			}
		}
	}
}

// TestConsoleFullRing writes more than the ring holds without anyone to serve
// interrupts, as a CPU does that has them masked.
func TestConsoleFullRing(t *testing.T) {
	chip := &pipe{room: 0}
	p := New("ttyS0", chip, LineOptions{})
	p.EnableInterrupts()
	p.Write(text(ringSize))
	chip.room = -1
	p.Console().Write([]byte("message\n"))
	p.Flush()
	if want := string(text(ringSize)) + "message\r\n"; string(chip.sent) != want {
		t.Errorf("%d bytes sent, want %d", len(chip.sent), len(want))
	}
}

// TestConsoleLockHeld writes while a CPU that has been stopped holds the lock.
// There is no way back from a panic, so it runs in a process of its own.
func TestConsoleLockHeld(t *testing.T) {
	const child = "ONSEN_TEST_PANIC"
	if os.Getenv(child) == "" {
		cmd := exec.Command(os.Args[0], "-test.run=^TestConsoleLockHeld$")
		cmd.Env = append(os.Environ(), child+"=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	chip := &pipe{room: -1}
	p := New("ttyS0", chip, LineOptions{})
	p.EnableInterrupts()
	p.mu.Lock()
	defer p.mu.Unlock()
	printk.EnterPanic()
	p.Console().Write([]byte("last words\n"))
	if string(chip.sent) != "last words\r\n" {
		t.Errorf("sent %q", chip.sent)
	}
}

func TestConsoleDoesNotAllocate(t *testing.T) {
	f := &fake16550{}
	p := New("ttyS0", NewNS16550(f, 0), LineOptions{})
	f.sent, f.tx = make([]byte, 0, 1<<20), make([]byte, 0, 1<<20)
	c := p.Console()
	line := []byte("a line\n")
	if n := testing.AllocsPerRun(100, func() { c.Write(line) }); n != 0 {
		t.Errorf("Write allocates %v times", n)
	}
}

// lockedFake makes the fake usable by several goroutines.
type lockedFake struct {
	mu sync.Mutex
	fake16550
}

func (f *lockedFake) Read(reg uint8) byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.fake16550.Read(reg)
}

func (f *lockedFake) Write(reg uint8, v byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fake16550.Write(reg, v)
}

// TestConcurrent has two writers, a reader, a sender and interrupts at once, for
// the race detector.
func TestConcurrent(t *testing.T) {
	f := &lockedFake{}
	p := New("ttyS0", NewNS16550(f, 0), LineOptions{})
	p.EnableInterrupts()
	const size = 8 << 10
	want := text(size)
	var got []byte
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() { p.WriteAll(make([]byte, size)) })
	}
	wg.Go(func() {
		for next := 0; next < size; {
			f.mu.Lock()
			if f.canReceive() {
				f.receive(want[next], 0)
				next++
			}
			f.mu.Unlock()
			runtime.Gosched()
		}
	})
	wg.Go(func() {
		var b [100]byte
		for len(got) < size {
			got = append(got, b[:p.Read(b[:])]...)
			f.mu.Lock()
			irq := f.takeIRQ()
			f.mu.Unlock()
			runtime.Gosched()
			if irq {
				p.Interrupt(func() {
					f.mu.Lock()
					f.unmask()
					f.mu.Unlock()
				})
			}
		}
	})
	wg.Wait()
	p.Flush()
	if !bytes.Equal(got, want) || len(f.sent) != 2*size {
		t.Errorf("%d read, %d sent", len(got), len(f.sent))
	}
}
