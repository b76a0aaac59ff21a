package serial

// fake16550 is a 16550 behind its registers, with an interrupt line into a
// controller that, like an I/O APIC, forgets edges which come while the line is
// masked.
type fake16550 struct {
	ier, fcr, lcr, mcr, dll, dlm byte

	rx     []byte // receive FIFO
	status []byte // errors of each byte of rx
	lsr    byte   // overrun

	tx      []byte // transmit FIFO
	sent    []byte // what has left the chip
	perStep int    // bytes that leave at each step; 0: all, at once

	thrPending bool // the transmit interrupt is due

	level, masked, pending bool // of the interrupt line
	lostEdges              int
	interrupts             int
}

func (f *fake16550) depth() int {
	if f.fcr&fcrEnable != 0 {
		return fifoSize
	}
	return 1
}

// canReceive is what an emulator asks before it gives the chip a byte.
func (f *fake16550) canReceive() bool { return len(f.rx) < f.depth() }

func (f *fake16550) receive(b, status byte) {
	if !f.canReceive() {
		f.lsr |= lsrOE
		return
	}
	f.rx = append(f.rx, b)
	f.status = append(f.status, status)
	f.update()
}

// step lets the transmitter run for a while.
func (f *fake16550) step() {
	n := len(f.tx)
	if f.perStep > 0 {
		n = min(n, f.perStep)
	}
	if n == 0 {
		return
	}
	f.sent = append(f.sent, f.tx[:n]...)
	f.tx = f.tx[n:]
	if len(f.tx) == 0 {
		f.thrPending = true
		f.update()
	}
}

func (f *fake16550) update() {
	level := f.ier&ierRDI != 0 && len(f.rx) > 0 ||
		f.ier&ierRLSI != 0 && f.lsr != 0 ||
		f.ier&ierTHRI != 0 && f.thrPending
	level = level && f.mcr&mcrOUT2 != 0
	if level && !f.level {
		if f.masked {
			f.lostEdges++
		} else {
			f.pending = true
			f.interrupts++
		}
	}
	f.level = level
}

func (f *fake16550) Read(reg uint8) (v byte) {
	switch {
	case reg == regDLL && f.lcr&lcrDLAB != 0:
		return f.dll
	case reg == regDLM && f.lcr&lcrDLAB != 0:
		return f.dlm
	case reg == regRBR && len(f.rx) > 0:
		v = f.rx[0]
		f.rx, f.status = f.rx[1:], f.status[1:]
	case reg == regIER:
		v = f.ier
	case reg == regIIR:
		if f.fcr&fcrEnable != 0 {
			v = iirFIFO
		}
		f.thrPending = false
	case reg == regLCR:
		v = f.lcr
	case reg == regMCR:
		v = f.mcr
	case reg == regLSR:
		v, f.lsr = f.lsr, 0
		if len(f.rx) > 0 {
			v |= lsrDR | f.status[0]
			f.status[0] = 0
		}
		if len(f.tx) == 0 {
			v |= lsrTHRE | lsrTEMT
		}
	}
	f.update()
	return v
}

func (f *fake16550) Write(reg uint8, v byte) {
	switch {
	case reg == regDLL && f.lcr&lcrDLAB != 0:
		f.dll = v
	case reg == regDLM && f.lcr&lcrDLAB != 0:
		f.dlm = v
	case reg == regTHR:
		if len(f.tx) == f.depth() {
			panic("transmit FIFO overflows")
		}
		f.tx = append(f.tx, v)
		f.thrPending = false
		if f.perStep == 0 {
			f.step()
		}
	case reg == regIER:
		if v&ierTHRI != 0 && f.ier&ierTHRI == 0 && len(f.tx) == 0 {
			f.thrPending = true
		}
		f.ier = v & 0x0f
	case reg == regFCR:
		if (v^f.fcr)&fcrEnable != 0 {
			f.rx, f.status, f.tx = nil, nil, nil
		}
		f.fcr = v
	case reg == regLCR:
		f.lcr = v
	case reg == regMCR:
		f.mcr = v
	}
	f.update()
}

// takeIRQ does what the interrupt stub and the kernel do: it masks the line and
// hands it over. unmask is for Port.Interrupt.
func (f *fake16550) takeIRQ() bool {
	if !f.pending {
		return false
	}
	f.pending, f.masked = false, true
	return true
}

func (f *fake16550) unmask() {
	f.masked = false
}

// fakePL011 is a PL011 behind its registers, with a level interrupt line.
type fakePL011 struct {
	cr, lcrh, imsc, ris, ifls, ibrd, fbrd uint32

	rx      []uint32 // receive FIFO, with errors
	tx      []byte
	sent    []byte
	perStep int // bytes that leave at each step

	overrun bool
}

func (f *fakePL011) depth() int {
	if f.lcrh&lcrhFEN != 0 {
		return pl011FIFO
	}
	return 1
}

func (f *fakePL011) canReceive() bool { return len(f.rx) < f.depth() }

func (f *fakePL011) receive(b byte, errors uint32) {
	if !f.canReceive() {
		f.overrun = true
		return
	}
	v := uint32(b) | errors
	if f.overrun {
		v |= drOE
		f.overrun = false
	}
	f.rx = append(f.rx, v)
	if len(f.rx) == f.depth()/2 {
		f.ris |= intRX
	}
}

// idle is 32 bit times without a byte.
func (f *fakePL011) idle() {
	if len(f.rx) > 0 {
		f.ris |= intRT
	}
}

func (f *fakePL011) step() {
	n := min(len(f.tx), f.perStep)
	before := len(f.tx)
	f.sent = append(f.sent, f.tx[:n]...)
	f.tx = f.tx[n:]
	if level := f.depth() / 8; before > level && len(f.tx) <= level {
		f.ris |= intTX // only on the way down
	}
}

func (f *fakePL011) interrupt() bool { return f.ris&f.imsc != 0 }

func (f *fakePL011) Read(offset uint16) uint32 {
	switch offset {
	case uartDR:
		if len(f.rx) == 0 {
			return 0
		}
		v := f.rx[0]
		f.rx = f.rx[1:]
		if len(f.rx) < f.depth()/2 {
			f.ris &^= intRX
		}
		if len(f.rx) == 0 {
			f.ris &^= intRT
		}
		return v
	case uartFR:
		var v uint32
		if len(f.rx) == 0 {
			v |= frRXFE
		}
		if len(f.tx) == 0 {
			v |= frTXFE
		} else {
			v |= frBUSY
		}
		if len(f.tx) == f.depth() {
			v |= frTXFF
		}
		return v
	}
	panic("read of an unknown register")
}

func (f *fakePL011) Write(offset uint16, v uint32) {
	switch offset {
	case uartDR:
		if len(f.tx) == f.depth() {
			panic("transmit FIFO overflows")
		}
		f.tx = append(f.tx, byte(v))
		if len(f.tx) > f.depth()/8 {
			f.ris &^= intTX
		}
	case uartIBRD:
		f.ibrd = v
	case uartFBRD:
		f.fbrd = v
	case uartLCRH:
		if f.cr&crUARTEN != 0 {
			panic("line control changed while the UART is on")
		}
		f.lcrh = v
	case uartCR:
		f.cr = v
	case uartIFLS:
		f.ifls = v
	case uartIMSC:
		f.imsc = v
	case uartICR:
		f.ris &^= v
	default:
		panic("write of an unknown register")
	}
}

// pipe is a chip without a FIFO's details: it can be told to be stuck.
type pipe struct {
	sent  []byte
	room  int // -1: no bound
	onSet func(rx, tx bool)
}

func (c *pipe) Init(LineOptions)                {}
func (c *pipe) Receive() (byte, RxStatus, bool) { return 0, 0, false }
func (c *pipe) Idle() bool                      { return true }
func (c *pipe) SetRTS(bool)                     {}

func (c *pipe) SetInterrupts(rx, tx bool) {
	if c.onSet != nil {
		c.onSet(rx, tx)
	}
}

func (c *pipe) TransmitRoom() int {
	if c.room < 0 {
		return 16
	}
	return c.room
}

func (c *pipe) Transmit(b byte) {
	c.sent = append(c.sent, b)
	if c.room > 0 {
		c.room--
	}
}
