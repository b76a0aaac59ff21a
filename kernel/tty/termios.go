package tty

// Termios are the settings of a terminal, as struct termios2 has them
// (include/uapi/asm-generic/termbits.h).
type Termios struct {
	Iflag, Oflag, Cflag, Lflag uint32
	Line                       uint8
	CC                         [19]uint8
	Ispeed, Ospeed             uint32 // baud
}

// termios1 is struct termios of the kernel: Termios without the speeds.
type termios1 struct {
	Iflag, Oflag, Cflag, Lflag uint32
	Line                       uint8
	CC                         [19]uint8
}

// termio is the struct termio of TCGETA and TCSETA.
type termio struct {
	Iflag, Oflag, Cflag, Lflag uint16
	Line                       uint8
	CC                         [8]uint8
	_                          uint8
}

// Input modes.
const (
	IGNBRK  = 0o000001
	BRKINT  = 0o000002
	IGNPAR  = 0o000004
	PARMRK  = 0o000010
	INPCK   = 0o000020
	ISTRIP  = 0o000040
	INLCR   = 0o000100
	IGNCR   = 0o000200
	ICRNL   = 0o000400
	IUCLC   = 0o001000
	IXON    = 0o002000
	IXANY   = 0o004000
	IXOFF   = 0o010000
	IMAXBEL = 0o020000
	IUTF8   = 0o040000
)

// Output modes.
const (
	OPOST  = 0o000001
	OLCUC  = 0o000002
	ONLCR  = 0o000004
	OCRNL  = 0o000010
	ONOCR  = 0o000020
	ONLRET = 0o000040
	TABDLY = 0o014000
	XTABS  = 0o014000
)

// Control modes.
const (
	CBAUD   = 0o010017
	CSIZE   = 0o000060
	CS8     = 0o000060
	CSTOPB  = 0o000100
	CREAD   = 0o000200
	PARENB  = 0o000400
	PARODD  = 0o001000
	HUPCL   = 0o002000
	CLOCAL  = 0o004000
	CBAUDEX = 0o010000
	BOTHER  = 0o010000
	CIBAUD  = 0o02003600000
	ibShift = 16
)

// Local modes.
const (
	ISIG    = 0o000001
	ICANON  = 0o000002
	ECHO    = 0o000010
	ECHOE   = 0o000020
	ECHOK   = 0o000040
	ECHONL  = 0o000100
	NOFLSH  = 0o000200
	TOSTOP  = 0o000400
	ECHOCTL = 0o001000
	ECHOPRT = 0o002000
	ECHOKE  = 0o004000
	IEXTEN  = 0o100000
	EXTPROC = 0o200000
)

// Places in CC.
const (
	VINTR    = 0
	VQUIT    = 1
	VERASE   = 2
	VKILL    = 3
	VEOF     = 4
	VTIME    = 5
	VMIN     = 6
	VSTART   = 8
	VSTOP    = 9
	VSUSP    = 10
	VEOL     = 11
	VREPRINT = 12
	VDISCARD = 13
	VWERASE  = 14
	VLNEXT   = 15
	VEOL2    = 16
)

// disabled in CC is no character; Linux's __DISABLED_CHAR.
const disabled = 0

// Standard are the settings of a new terminal; Linux's tty_std_termios. HUPCL
// and the speed are what its serial drivers begin with.
var Standard = Termios{
	Iflag: ICRNL | IXON,
	Oflag: OPOST | ONLCR,
	Cflag: 0o017 | CS8 | CREAD | HUPCL, // B38400
	Lflag: ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN,
	CC: [19]uint8{
		VINTR: 'C' & 0x1f, VQUIT: '\\' & 0x1f, VERASE: 0x7f, VKILL: 'U' & 0x1f, VEOF: 'D' & 0x1f,
		VMIN: 1, VSTART: 'Q' & 0x1f, VSTOP: 'S' & 0x1f, VSUSP: 'Z' & 0x1f, VREPRINT: 'R' & 0x1f,
		VDISCARD: 'O' & 0x1f, VWERASE: 'W' & 0x1f, VLNEXT: 'V' & 0x1f,
	},
	Ispeed: 38400, Ospeed: 38400,
}

// bauds are the speeds of B0 to B38400 and, from CBAUDEX+1 on, of B57600 to
// B4000000.
var (
	bauds  = [...]uint32{0, 50, 75, 110, 134, 150, 200, 300, 600, 1200, 1800, 2400, 4800, 9600, 19200, 38400}
	baudsX = [...]uint32{
		57600, 115200, 230400, 460800, 500000, 576000, 921600, 1000000, 1152000, 1500000, 2000000,
		2500000, 3000000, 3500000, 4000000,
	}
)

// baudOf returns the speed that the CBAUD bits stand for; other is that of
// BOTHER.
func baudOf(bits, other uint32) uint32 {
	switch bits &= CBAUD; {
	case bits == BOTHER:
		return other
	case bits&CBAUDEX != 0:
		return baudsX[bits&^CBAUDEX-1]
	}
	return bauds[bits]
}

// baudBits returns the CBAUD bits of a speed, BOTHER if it has none of its own.
func baudBits(speed uint32) uint32 {
	for i, b := range bauds {
		if b == speed {
			return uint32(i)
		}
	}
	for i, b := range baudsX {
		if b == speed {
			return CBAUDEX + uint32(i) + 1
		}
	}
	return BOTHER
}

// SetSpeed makes both speeds the given one.
func (t *Termios) SetSpeed(baud uint32) {
	t.Cflag = t.Cflag&^(CBAUD|CIBAUD) | baudBits(baud)
	t.Ispeed, t.Ospeed = baud, baud
}

// computeSpeeds sets the speeds that the bits of Cflag stand for. Input has the
// speed of output unless it has bits of its own.
func (t *Termios) computeSpeeds() {
	t.Ospeed = baudOf(t.Cflag, t.Ospeed)
	if in := t.Cflag >> ibShift & CBAUD; in != 0 {
		t.Ispeed = baudOf(in, t.Ispeed)
	} else {
		t.Ispeed = t.Ospeed
	}
}

func (t *Termios) short() termios1 {
	return termios1{t.Iflag, t.Oflag, t.Cflag, t.Lflag, t.Line, t.CC}
}

func (t *Termios) setShort(s *termios1) {
	t.Iflag, t.Oflag, t.Cflag, t.Lflag, t.Line, t.CC = s.Iflag, s.Oflag, s.Cflag, s.Lflag, s.Line, s.CC
}

func (t *Termios) old() (o termio) {
	o.Iflag, o.Oflag, o.Cflag, o.Lflag = uint16(t.Iflag), uint16(t.Oflag), uint16(t.Cflag), uint16(t.Lflag)
	o.Line = t.Line
	copy(o.CC[:], t.CC[:])
	return o
}

// setOld changes the lower halves of the flags, and the characters that there
// were in System V.
func (t *Termios) setOld(o *termio) {
	const high = 0xffff_0000
	t.Iflag = t.Iflag&high | uint32(o.Iflag)
	t.Oflag = t.Oflag&high | uint32(o.Oflag)
	t.Cflag = t.Cflag&high | uint32(o.Cflag)
	t.Lflag = t.Lflag&high | uint32(o.Lflag)
	t.Line = o.Line
	copy(t.CC[:], o.CC[:])
}

// KeepLine takes the settings of the line itself, speed and format, from old:
// for a driver that cannot change them.
func (t *Termios) KeepLine(old *Termios) {
	const line = CBAUD | CIBAUD | CSIZE | CSTOPB | PARENB | PARODD
	t.Cflag = t.Cflag&^line | old.Cflag&line
	t.Ispeed, t.Ospeed = old.Ispeed, old.Ospeed
}
