package serial

import (
	"slices"
	"testing"
)

func TestNS16550Init(t *testing.T) {
	tests := []struct {
		line    string
		clock   uint32
		lcr     byte
		divisor int
	}{
		{"", 1843200, 0x03, 0x0c0c},
		{"115200n8", 1843200, 0x03, 1},
		{"9600n8", 1843200, 0x03, 12},
		{"300e7", 1843200, 0x1a, 384},
		{"4000000o5", 1843200, 0x08, 1},
		{"115200", 48000000, 0x03, 26},
		{"9600n8", 0, 0x03, 0x0c0c}, // unknown clock: as it was
	}
	for _, tt := range tests {
		line, err := ParseLine(tt.line)
		if err != nil {
			t.Fatal(err)
		}
		f := &fake16550{dll: 0x0c, dlm: 0x0c, ier: 0x0f}
		NewNS16550(f, tt.clock).Init(line)
		if got := int(f.dlm)<<8 | int(f.dll); f.lcr != tt.lcr || got != tt.divisor {
			t.Errorf("%q: LCR %#x, divisor %d; want %#x, %d", tt.line, f.lcr, got, tt.lcr, tt.divisor)
		}
		if f.ier != 0 || f.mcr != mcrDTR|mcrRTS|mcrOUT2 || f.fcr&fcrEnable == 0 {
			t.Errorf("%q: IER %#x, MCR %#x, FCR %#x", tt.line, f.ier, f.mcr, f.fcr)
		}
	}
}

type constant byte

func (c constant) Read(uint8) byte   { return byte(c) }
func (c constant) Write(uint8, byte) {}

func TestNS16550Present(t *testing.T) {
	f := &fake16550{ier: 5}
	if !NewNS16550(f, 0).Present() || f.ier != 0 {
		t.Errorf("a chip is not seen, or IER is %#x afterwards", f.ier)
	}
	for _, v := range []byte{0x00, 0xff} {
		if NewNS16550(constant(v), 0).Present() {
			t.Errorf("there is a chip where all registers read %#x", v)
		}
	}
	// And should one ask nevertheless, it is neither busy nor has bytes.
	p := New("ttyS9", NewNS16550(constant(0xff), 0), LineOptions{})
	p.WriteAll([]byte("nobody hears"))
	if p.Read(make([]byte, 10)) != 0 {
		t.Error("read from no chip")
	}
}

func TestNS16550Errors(t *testing.T) {
	f := &fake16550{}
	c := NewNS16550(f, 0)
	c.Init(LineOptions{})
	f.receive('a', 0)
	f.receive('b', lsrPE)
	f.receive('c', lsrFE)
	f.receive(0, lsrBI|lsrFE)
	for range fifoSize {
		f.receive('x', 0)
	}
	// What a look at the transmitter clears is not forgotten.
	c.TransmitRoom()
	want := []RxStatus{RxOverrun, RxParity, RxFraming, RxBreak | RxFraming, 0}
	var got []RxStatus
	for range want {
		_, status, ok := c.Receive()
		if !ok {
			t.Fatal("the FIFO is empty")
		}
		got = append(got, status)
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestNS16550Room(t *testing.T) {
	f := &fake16550{perStep: 4}
	c := NewNS16550(f, 0)
	c.Init(LineOptions{})
	for range fifoSize {
		c.Transmit('x')
	}
	if c.TransmitRoom() != 0 || c.Idle() {
		t.Error("a full FIFO has room, or is idle")
	}
	for range 4 {
		f.step()
	}
	if c.TransmitRoom() != fifoSize || !c.Idle() {
		t.Error("an empty FIFO has no room, or is not idle")
	}
	mini := NewMiniUART(f)
	mini.Init(LineOptions{Baud: 9600})
	if mini.TransmitRoom() != 1 || f.dll != 0 {
		t.Error("the mini UART is taken for a 16550")
	}
}

func TestRTS(t *testing.T) {
	f := &fake16550{}
	c := NewNS16550(f, 0)
	c.Init(LineOptions{})
	if c.SetRTS(false); f.mcr != mcrDTR|mcrOUT2 {
		t.Errorf("RTS off: MCR %#x", f.mcr)
	}
	if c.SetRTS(true); f.mcr != mcrDTR|mcrOUT2|mcrRTS {
		t.Errorf("RTS on: MCR %#x", f.mcr)
	}
	g := &fakePL011{}
	d := NewPL011(g, 0)
	d.Init(LineOptions{})
	on := g.cr
	if d.SetRTS(false); g.cr != on&^crRTS {
		t.Errorf("RTS off: CR %#x", g.cr)
	}
	if d.SetRTS(true); g.cr != on {
		t.Errorf("RTS on: CR %#x", g.cr)
	}
}

func TestPL011Init(t *testing.T) {
	tests := []struct {
		line             string
		clock            uint32
		lcrh, ibrd, fbrd uint32
	}{
		{"115200n8", 24000000, 0x70, 13, 1},  // 13.02
		{"115200n8", 48000000, 0x70, 26, 3},  // 26.04
		{"460800e7", 4000000, 0x56, 0, 35},   // 0.5425
		{"230400o5", 4000000, 0x12, 1, 5},    // 1.085 (DDI 0183G, table 3-9)
		{"115200n8", 0, 0x70, 77, 77},        // unknown clock: as it was
		{"", 24000000, 0x70, 77, 77},         // no speed asked for
		{"9600n6", 24000000, 0x30, 156, 16},  // 156.25
		{"50n8", 24000000, 0x70, 30000, 0x0}, // exact
	}
	for _, tt := range tests {
		line, err := ParseLine(tt.line)
		if err != nil {
			t.Fatal(err)
		}
		f := &fakePL011{cr: crUARTEN, imsc: 0x7ff, ris: 0x7ff, ibrd: 77, fbrd: 77}
		NewPL011(f, tt.clock).Init(line)
		if f.lcrh != tt.lcrh || f.ibrd != tt.ibrd || f.fbrd != tt.fbrd {
			t.Errorf("%q: LCRH %#x, divisor %d+%d/64; want %#x, %d+%d/64",
				tt.line, f.lcrh, f.ibrd, f.fbrd, tt.lcrh, tt.ibrd, tt.fbrd)
		}
		if f.cr != crUARTEN|crTXE|crRXE|crDTR|crRTS || f.imsc != 0 || f.ris != 0 {
			t.Errorf("%q: CR %#x, IMSC %#x, RIS %#x", tt.line, f.cr, f.imsc, f.ris)
		}
	}
}

func TestPL011Errors(t *testing.T) {
	f := &fakePL011{}
	c := NewPL011(f, 0)
	c.Init(LineOptions{})
	f.receive('a', 0)
	f.receive('b', drPE)
	f.receive('c', drFE)
	f.receive(0, drBE|drFE)
	f.overrun = true
	f.receive('d', 0)
	want := []RxStatus{0, RxParity, RxFraming, RxBreak | RxFraming, RxOverrun}
	var got []RxStatus
	for range want {
		_, status, ok := c.Receive()
		if !ok {
			t.Fatal("the FIFO is empty")
		}
		got = append(got, status)
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if _, _, ok := c.Receive(); ok {
		t.Error("the FIFO is not empty")
	}
}
