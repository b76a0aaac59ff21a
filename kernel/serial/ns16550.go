package serial

// Registers of the 16550 (PC16550D data sheet, table II). Register numbers, not
// addresses.
const (
	regRBR = 0 // receiver buffer (read)
	regTHR = 0 // transmitter holding (write)
	regDLL = 0 // divisor latch, low byte, while LCR has lcrDLAB
	regIER = 1 // interrupt enable
	regDLM = 1 // divisor latch, high byte, while LCR has lcrDLAB
	regIIR = 2 // interrupt identification (read)
	regFCR = 2 // FIFO control (write)
	regLCR = 3 // line control
	regMCR = 4 // modem control
	regLSR = 5 // line status
	regMSR = 6 // modem status
)

// Bits of the registers (PC16550D data sheet, sections 8.1 to 8.8).
const (
	ierRDI  = 1 << 0 // received data available, and FIFO timeout
	ierTHRI = 1 << 1 // transmitter holding register empty
	ierRLSI = 1 << 2 // receive error

	iirFIFO = 3 << 6 // FIFOs are enabled, and work

	fcrEnable  = 1 << 0
	fcrTrigger = 2 << 6 // interrupt at 8 bytes

	lcrParity = 1 << 3
	lcrEven   = 1 << 4
	lcrDLAB   = 1 << 7

	mcrDTR  = 1 << 0
	mcrRTS  = 1 << 1
	mcrOUT2 = 1 << 3 // on a PC: connects the interrupt line

	lsrDR   = 1 << 0 // data ready
	lsrOE   = 1 << 1 // overrun error
	lsrPE   = 1 << 2 // parity error
	lsrFE   = 1 << 3 // framing error
	lsrBI   = 1 << 4 // break
	lsrTHRE = 1 << 5 // transmitter holding register, or FIFO, empty
	lsrTEMT = 1 << 6 // transmitter empty

	lsrErrors = lsrOE | lsrPE | lsrFE | lsrBI
	lsrAbsent = 0xff // what is read where there is no chip
)

// fifoSize is the depth of the 16550's FIFOs.
const fifoSize = 16

// Registers8 are the registers of a 16550, wherever they are.
type Registers8 interface {
	Read(reg uint8) byte
	Write(reg uint8, v byte)
}

// An NS16550 is a chip of the 16550 family.
type NS16550 struct {
	regs Registers8

	// clock is the input of the baud rate generator in Hz. If it is 0 the
	// speed stays what it is.
	clock uint32

	// fifo is how many bytes fit when lsrTHRE is set.
	fifo int

	// mini marks the BCM2835's mini UART, which sets lsrTHRE when there is
	// room for one byte, and computes its speed in its own way (BCM2835 ARM
	// Peripherals, 2.2).
	mini bool

	mcr byte

	// errors are those that a read of LSR has shown, and thereby cleared,
	// before Receive could tell them.
	errors byte
}

// NewNS16550 returns the chip with these registers. clock is the input of its
// baud rate generator in Hz, 0 if unknown.
func NewNS16550(regs Registers8, clock uint32) *NS16550 {
	return &NS16550{regs: regs, clock: clock}
}

// NewMiniUART returns the BCM2835's mini UART with these registers.
func NewMiniUART(regs Registers8) *NS16550 {
	return &NS16550{regs: regs, mini: true}
}

// Present tells whether there is a chip at all: IER keeps what is written to
// it. Interrupts are off afterwards.
func (c *NS16550) Present() bool {
	const all = 0x0f // the upper half reads as 0
	c.regs.Write(regIER, all)
	ones := c.regs.Read(regIER)
	c.regs.Write(regIER, 0)
	zeros := c.regs.Read(regIER)
	return ones&all != 0 && zeros&all == 0
}

// Init implements Chip.
func (c *NS16550) Init(line LineOptions) {
	c.regs.Write(regIER, 0)
	waitIdle(c) // enabling the FIFOs empties them
	c.regs.Write(regFCR, fcrEnable|fcrTrigger)
	c.fifo = 1
	if !c.mini && c.regs.Read(regIIR)&iirFIFO == iirFIFO {
		c.fifo = fifoSize
	}
	c.setLine(line)
	c.mcr = mcrDTR | mcrRTS | mcrOUT2
	c.regs.Write(regMCR, c.mcr)
	for _, reg := range []uint8{regLSR, regIIR, regMSR} {
		c.regs.Read(reg) // clears what the register reports
	}
	c.errors = 0
}

func (c *NS16550) setLine(line LineOptions) {
	lcr := byte(line.bits() - 5)
	switch line.parity() {
	case 'o':
		lcr |= lcrParity
	case 'e':
		lcr |= lcrParity | lcrEven
	}
	if line.Baud != 0 && c.clock != 0 {
		divisor := max((c.clock+8*uint32(line.Baud))/(16*uint32(line.Baud)), 1)
		c.regs.Write(regLCR, lcr|lcrDLAB)
		c.regs.Write(regDLL, byte(divisor))
		c.regs.Write(regDLM, byte(divisor>>8))
	}
	c.regs.Write(regLCR, lcr)
}

// status reads LSR and keeps the errors that this clears.
func (c *NS16550) status() byte {
	lsr := c.regs.Read(regLSR)
	c.errors |= lsr & lsrErrors
	return lsr
}

// Receive implements Chip.
func (c *NS16550) Receive() (b byte, status RxStatus, ok bool) {
	lsr := c.status()
	if lsr&lsrDR == 0 || lsr == lsrAbsent {
		return 0, 0, false
	}
	b = c.regs.Read(regRBR)
	if c.errors != 0 {
		status = c.takeErrors()
	}
	return b, status, true
}

func (c *NS16550) takeErrors() (status RxStatus) {
	for _, e := range []struct {
		bit    byte
		status RxStatus
	}{{lsrOE, RxOverrun}, {lsrPE, RxParity}, {lsrFE, RxFraming}, {lsrBI, RxBreak}} {
		if c.errors&e.bit != 0 {
			status |= e.status
		}
	}
	c.errors = 0
	return status
}

// TransmitRoom implements Chip.
func (c *NS16550) TransmitRoom() int {
	if c.status()&lsrTHRE == 0 {
		return 0
	}
	return c.fifo
}

// Transmit implements Chip.
func (c *NS16550) Transmit(b byte) {
	c.regs.Write(regTHR, b)
}

// Idle implements Chip.
func (c *NS16550) Idle() bool {
	return c.status()&lsrTEMT != 0
}

// SetInterrupts implements Chip.
func (c *NS16550) SetInterrupts(rx, tx bool) {
	var ier byte
	if rx {
		ier |= ierRDI | ierRLSI
	}
	if tx {
		ier |= ierTHRI
	}
	c.regs.Write(regIER, ier)
}

// SetRTS implements Chip.
func (c *NS16550) SetRTS(on bool) {
	c.mcr &^= mcrRTS
	if on {
		c.mcr |= mcrRTS
	}
	c.regs.Write(regMCR, c.mcr)
}
