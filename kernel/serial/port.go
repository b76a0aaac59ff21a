package serial

import (
	"onsen/arch"
	"onsen/kernel/printk"
	"onsen/kernel/spin"
)

// Marks of the receive ring; see the package comment. Above highWater there is
// room for what the chip's FIFO may still hold.
const (
	highWater = ringSize - 256
	lowWater  = ringSize / 4
)

// patience is how long a chip may take, in ns, before it counts as stuck. The
// slowest usual line, 1200 baud, empties a FIFO of 16 bytes in 133 ms.
const patience = 1e9

// A Port is one serial port. Its methods may be called by anyone at any time.
type Port struct {
	name string

	mu spin.Lock

	// All below is protected by mu.

	chip       Chip
	line       LineOptions
	hooks      Hooks
	rx, tx     ring
	interrupts bool // EnableInterrupts was called
	throttled  bool // the receive ring was full, and isn't empty enough yet
	rxOn, txOn bool // interrupts that the chip has enabled
	stuck      bool // the chip took nothing for patience
	stats      Stats

	patience int64
}

// Hooks connect a port to what waits for it. Each may be nil. They are called
// without a lock.
type Hooks struct {
	// RxReady is called when bytes have come, TxRoom when at least half of
	// the transmit ring is free again. Both run in Port.Interrupt.
	RxReady, TxRoom func()

	// Wait sleeps until ready returns true, which TxRoom is the time to ask
	// again for, and returns true; or it returns false at once if the caller
	// may not sleep.
	Wait func(ready func() bool) bool
}

// Stats counts since boot.
type Stats struct {
	Rx, Tx                           uint64 // bytes
	Overruns, Parity, Framing, Break uint64 // receive errors
	TxDropped                        uint64 // bytes a stuck chip didn't take
}

// New makes a port out of a chip, which it initialises. What was received
// before is kept, for Read.
func New(name string, chip Chip, line LineOptions) *Port {
	p := &Port{name: name, chip: chip, line: line, patience: patience}
	p.receive()
	chip.Init(line)
	return p
}

// Name returns Linux's name of the port, such as ttyS0.
func (p *Port) Name() string {
	return p.name
}

// SetHooks replaces the hooks.
func (p *Port) SetHooks(h Hooks) {
	p.mu.Lock()
	p.hooks = h
	p.mu.Unlock()
}

// Stats returns the counters.
func (p *Port) Stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stats
}

// EnableInterrupts ends polling. From now on Interrupt must be called whenever
// the port's line is raised.
func (p *Port) EnableInterrupts() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.interrupts = true
	p.setInterrupts()
}

// Interrupt serves the port. unmask, which may be nil, unmasks its line in the
// interrupt controller; it is called with the port's lock held. Who unmasks the
// line himself does so before the call if the line is edge-triggered.
func (p *Port) Interrupt(unmask func()) {
	p.mu.Lock()
	p.chip.SetInterrupts(false, false)
	p.rxOn, p.txOn = false, false
	received := p.receive()
	p.transmit()
	room := p.tx.room() >= ringSize/2
	if unmask != nil {
		unmask()
	}
	p.setInterrupts()
	hooks := p.hooks
	p.mu.Unlock()

	if received && hooks.RxReady != nil {
		hooks.RxReady()
	}
	if room && hooks.TxRoom != nil {
		hooks.TxRoom()
	}
}

// Read takes what has been received, as far as it fits into b. It doesn't wait.
func (p *Port) Read(b []byte) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.interrupts {
		p.receive()
	}
	n := p.rx.read(b)
	if p.throttled && p.rx.len() <= lowWater {
		p.setThrottled(false)
		p.setInterrupts()
	}
	return n
}

// Readable returns how many bytes Read can give.
func (p *Port) Readable() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.rx.len()
}

// Write sends as much of b as there is room for, and returns how much that is.
// It doesn't wait.
func (p *Port) Write(b []byte) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := p.tx.write(b)
	p.transmit()
	p.setInterrupts()
	return n
}

// Writable returns how many bytes Write can take.
func (p *Port) Writable() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.tx.room()
}

// Unsent returns how many bytes Write has taken that are not on the line yet,
// roughly: what the chip still holds counts as one.
func (p *Port) Unsent() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := p.tx.len()
	if n == 0 && !p.chip.Idle() {
		n = 1
	}
	return n
}

// WriteAll sends b. When there is no room it sleeps, if it may and if there are
// interrupts to wake it; else it polls.
func (p *Port) WriteAll(b []byte) {
	for {
		b = b[p.Write(b):]
		if len(b) == 0 {
			return
		}
		if !p.sleep() {
			p.poll((*Port).hasRoom)
		}
	}
}

// sleep waits for room, and returns false if it can't.
func (p *Port) sleep() bool {
	p.mu.Lock()
	wait := p.hooks.Wait
	if !p.interrupts || printk.Panicking() {
		wait = nil
	}
	p.mu.Unlock()
	return wait != nil && wait(func() bool { return p.Writable() > 0 })
}

// Flush returns when everything has been sent. It polls, and gives up on a chip
// that is stuck.
func (p *Port) Flush() {
	p.poll((*Port).isIdle)
}

func (p *Port) hasRoom() bool { return p.tx.room() > 0 }
func (p *Port) isEmpty() bool { return p.tx.len() == 0 }
func (p *Port) isIdle() bool  { return p.tx.len() == 0 && p.chip.Idle() }

// poll sends until done, which is called with mu held, is true. If the chip
// takes nothing for too long, the transmit ring is thrown away, and from then
// on the chip is only given a chance, and no time, until it works again.
func (p *Port) poll(done func(*Port) bool) {
	locked := p.lockNow()
	defer func() { p.unlock(locked) }()
	deadline := arch.Ktime() + p.patience
	for {
		if p.transmit() > 0 {
			deadline = arch.Ktime() + p.patience
		}
		if done(p) {
			p.setInterrupts()
			return
		}
		if p.stuck || arch.Ktime() > deadline {
			p.stuck = true
			p.stats.TxDropped += uint64(p.tx.len())
			p.tx.head = p.tx.tail
			p.setInterrupts()
			return
		}
		// Let others have the lock, and this CPU its interrupts.
		p.unlock(locked)
		spin.Relax()
		locked = p.lockNow()
	}
}

// lockNow takes mu for the console, which must go on even if the CPU is inside
// this package already, or if the holder of the lock was stopped by a panic.
// It returns whether mu is to be unlocked.
func (p *Port) lockNow() bool {
	return !p.mu.HeldHere() && printk.TryLock(&p.mu)
}

func (p *Port) unlock(locked bool) {
	if locked {
		p.mu.Unlock()
	}
}

// receive empties the chip's FIFO into the ring and tells whether there was
// something. Precondition: p.mu held.
func (p *Port) receive() bool {
	n := 0
	for !p.throttled && p.rx.room() > 0 {
		b, status, ok := p.chip.Receive()
		if !ok {
			break
		}
		if status != 0 {
			p.count(status)
		}
		p.rx.put(b)
		n++
	}
	p.stats.Rx += uint64(n)
	if !p.throttled && p.rx.len() >= highWater {
		p.setThrottled(true)
	}
	return n > 0
}

func (p *Port) count(status RxStatus) {
	for _, c := range []struct {
		bit RxStatus
		n   *uint64
	}{
		{RxOverrun, &p.stats.Overruns},
		{RxParity, &p.stats.Parity},
		{RxFraming, &p.stats.Framing},
		{RxBreak, &p.stats.Break},
	} {
		if status&c.bit != 0 {
			*c.n++
		}
	}
}

// setThrottled starts or ends the time in which the sender waits.
// Precondition: p.mu held.
func (p *Port) setThrottled(on bool) {
	p.throttled = on
	if p.line.RTS {
		p.chip.SetRTS(!on)
	}
}

// transmit fills the chip's FIFO from the ring and returns how many bytes that
// were. Precondition: p.mu held.
func (p *Port) transmit() int {
	n := 0
	for p.tx.len() > 0 {
		room := min(p.chip.TransmitRoom(), p.tx.len())
		if room == 0 {
			break
		}
		for range room {
			p.chip.Transmit(p.tx.get())
		}
		n += room
	}
	if n > 0 {
		p.stats.Tx += uint64(n)
		p.stuck = false
	}
	return n
}

// setInterrupts enables those that are needed. Precondition: p.mu held.
func (p *Port) setInterrupts() {
	rx := p.interrupts && !p.throttled
	tx := p.interrupts && p.tx.len() > 0
	if rx != p.rxOn || tx != p.txOn {
		p.rxOn, p.txOn = rx, tx
		p.chip.SetInterrupts(rx, tx)
	}
}
