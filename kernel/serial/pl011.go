package serial

// Registers of the PL011 (PrimeCell UART technical reference manual, DDI 0183G,
// table 3-1).
const (
	uartDR   = 0x00 // data
	uartFR   = 0x18 // flags
	uartIBRD = 0x24 // divisor, integer part
	uartFBRD = 0x28 // divisor, in 64ths
	uartLCRH = 0x2c // line control
	uartCR   = 0x30 // control
	uartIFLS = 0x34 // FIFO levels that interrupt
	uartIMSC = 0x38 // interrupt mask: a set bit enables
	uartICR  = 0x44 // interrupt clear
)

// Bits of the registers (DDI 0183G, sections 3.3.1 to 3.3.13).
const (
	drFE = 1 << 8  // framing error
	drPE = 1 << 9  // parity error
	drBE = 1 << 10 // break
	drOE = 1 << 11 // overrun

	frBUSY = 1 << 3
	frRXFE = 1 << 4 // receive FIFO empty
	frTXFF = 1 << 5 // transmit FIFO full
	frTXFE = 1 << 7 // transmit FIFO empty

	lcrhPEN  = 1 << 1 // parity
	lcrhEPS  = 1 << 2 // even
	lcrhFEN  = 1 << 4 // FIFOs
	lcrhWLEN = 5      // shift of the number of bits - 5

	crUARTEN = 1 << 0
	crTXE    = 1 << 8
	crRXE    = 1 << 9
	crDTR    = 1 << 10
	crRTS    = 1 << 11

	iflsLevels = 2<<3 | 0<<0 // receive at half full, transmit at an eighth

	intRX  = 1 << 4
	intTX  = 1 << 5
	intRT  = 1 << 6 // receive timeout
	intAll = 0x7ff
)

// pl011FIFO is the depth of the transmit FIFO: 16 up to revision r1p4, 32 since.
const pl011FIFO = 16

// Registers32 are the registers of a PL011, by their offset.
type Registers32 interface {
	Read(offset uint16) uint32
	Write(offset uint16, v uint32)
}

// A PL011 is Arm's UART.
type PL011 struct {
	regs Registers32

	// clock is UARTCLK in Hz. If it is 0 the speed stays what it is.
	clock uint32

	cr uint32
}

// NewPL011 returns the chip with these registers. clock is UARTCLK in Hz, 0 if
// unknown.
func NewPL011(regs Registers32, clock uint32) *PL011 {
	return &PL011{regs: regs, clock: clock}
}

// Init implements Chip.
func (c *PL011) Init(line LineOptions) {
	c.regs.Write(uartIMSC, 0)
	waitIdle(c)
	c.regs.Write(uartCR, 0) // the line is set up while the chip is off (3.3.7)
	c.setLine(line)
	c.regs.Write(uartIFLS, iflsLevels)
	c.regs.Write(uartICR, intAll)
	c.cr = crUARTEN | crTXE | crRXE | crDTR | crRTS
	c.regs.Write(uartCR, c.cr)
}

// setLine sets the speed first, because the write to LCRH latches it (3.3.6).
func (c *PL011) setLine(line LineOptions) {
	if line.Baud != 0 && c.clock != 0 {
		// The divisor is clock/(16*baud), in 64ths.
		divisor := (4*c.clock + uint32(line.Baud)/2) / uint32(line.Baud)
		c.regs.Write(uartIBRD, divisor>>6)
		c.regs.Write(uartFBRD, divisor&0x3f)
	}
	lcrh := uint32(line.bits()-5)<<lcrhWLEN | lcrhFEN
	switch line.parity() {
	case 'o':
		lcrh |= lcrhPEN
	case 'e':
		lcrh |= lcrhPEN | lcrhEPS
	}
	c.regs.Write(uartLCRH, lcrh)
}

// Receive implements Chip.
func (c *PL011) Receive() (b byte, status RxStatus, ok bool) {
	if c.regs.Read(uartFR)&frRXFE != 0 {
		return 0, 0, false
	}
	dr := c.regs.Read(uartDR)
	if dr&^0xff != 0 {
		status = pl011Errors(dr)
	}
	return byte(dr), status, true
}

func pl011Errors(dr uint32) (status RxStatus) {
	for _, e := range []struct {
		bit    uint32
		status RxStatus
	}{{drOE, RxOverrun}, {drPE, RxParity}, {drFE, RxFraming}, {drBE, RxBreak}} {
		if dr&e.bit != 0 {
			status |= e.status
		}
	}
	return status
}

// TransmitRoom implements Chip.
func (c *PL011) TransmitRoom() int {
	switch fr := c.regs.Read(uartFR); {
	case fr&frTXFE != 0:
		return pl011FIFO
	case fr&frTXFF != 0:
		return 0
	}
	return 1
}

// Transmit implements Chip.
func (c *PL011) Transmit(b byte) {
	c.regs.Write(uartDR, uint32(b))
}

// Idle implements Chip.
func (c *PL011) Idle() bool {
	return c.regs.Read(uartFR)&frBUSY == 0
}

// SetInterrupts implements Chip. The transmit interrupt comes when the FIFO is
// emptied past its level, not while it is below (3.4.2): it must have been
// filled to the brim, which Port does.
func (c *PL011) SetInterrupts(rx, tx bool) {
	var imsc uint32
	if rx {
		imsc |= intRX | intRT
	}
	if tx {
		imsc |= intTX
	}
	c.regs.Write(uartIMSC, imsc)
}

// SetRTS implements Chip.
func (c *PL011) SetRTS(on bool) {
	c.cr &^= crRTS
	if on {
		c.cr |= crRTS
	}
	c.regs.Write(uartCR, c.cr)
}
