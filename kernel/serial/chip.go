package serial

import (
	"onsen/arch"
	"onsen/kernel/spin"
)

// RxStatus is what went wrong with a received byte.
type RxStatus uint8

// The receive errors.
const (
	RxOverrun RxStatus = 1 << iota // bytes before this one were lost
	RxParity
	RxFraming
	RxBreak // the line was held low; the byte is 0
)

// A Chip is one UART. Its methods are called with the port's lock held; but
// for Init they don't wait, and they don't allocate.
type Chip interface {
	// Init makes the chip ready, with its interrupts masked. It waits, for a
	// bounded time, until what was sent before is out. What has been received
	// may be lost. What line leaves open stays as the firmware set it up.
	Init(line LineOptions)

	// Receive takes a byte out of the receive FIFO. ok is false if it is
	// empty. It works before Init too.
	Receive() (b byte, status RxStatus, ok bool)

	// TransmitRoom returns how many bytes may be given to Transmit now.
	TransmitRoom() int

	// Transmit puts a byte into the transmit FIFO.
	Transmit(b byte)

	// Idle tells whether the last bit has left the chip.
	Idle() bool

	// SetInterrupts says when the chip interrupts: rx while there are bytes
	// to receive, tx when the transmit FIFO has room after it was full.
	SetInterrupts(rx, tx bool)

	// SetRTS tells the sender whether it may send.
	SetRTS(on bool)
}

// idleTime is how long Init waits, in ns: 32 bytes at 9600 baud take 33 ms.
const idleTime = 50e6

// waitIdle waits until a chip is done with what was sent before Init.
func waitIdle(c Chip) {
	for deadline := arch.Ktime() + idleTime; !c.Idle() && arch.Ktime() < deadline; {
		spin.Relax()
	}
}
