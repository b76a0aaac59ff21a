// Package serial has the serial ports: the 16550 family and Arm's PL011.
//
// A Port is the part that knows no hardware. It keeps what was received and
// what is to be sent in two rings, and moves bytes between them and a Chip,
// driven by interrupts or, before there are any and in a panic, by polling. A
// Chip is the registers of one kind of UART and nothing else.
//
// # Flow control
//
// When the receive ring is filled up to highWater, the port stops reading the
// chip and masks its receive interrupt until the ring is down to lowWater. The
// chip's own FIFO then fills up, and the sender has to wait: an emulator sees
// the full FIFO, and on a wire RTS says it if the line's options ask for it.
// Nothing is lost on this side; what a sender that doesn't wait loses is
// counted as overruns.
//
// # Interrupts
//
// PC ports have an edge-triggered line, and an interrupt controller forgets
// edges that come while the line is masked there. So Port.Interrupt lowers the
// line by masking everything in the chip, serves it, and raises the line again
// as its last step, after the line was unmasked: if by then there is anything
// to do, that is a new edge.
//
// # Locking
//
// Port.mu guards all of a Port and its chip. It is a leaf: no hook is called
// and nothing is logged with it held.
//
// TamaGo's driver for the 16550 (soc/intel/uart) isn't used, because it neither
// knows interrupts nor reports receive errors, waits without end for a chip
// that is stuck, and exists for I/O ports only. A test compares its register
// definitions with ours.
package serial
