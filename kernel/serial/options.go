package serial

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// LineOptions are the settings of a line.
type LineOptions struct {
	// Baud is the speed; 0 leaves it as it is.
	Baud int

	// Parity is 'n', 'o' or 'e', Bits 5 to 8. Zero values mean 'n' and 8.
	Parity byte
	Bits   int

	// RTS makes the port tell the sender by RTS when it may send.
	RTS bool
}

// String returns the options as they are written: 115200n8r.
func (o LineOptions) String() string {
	s := strconv.Itoa(o.Baud) + string(rune(o.parity())) + strconv.Itoa(o.bits())
	if o.RTS {
		s += "r"
	}
	return s
}

func (o LineOptions) parity() byte {
	if o.Parity == 0 {
		return 'n'
	}
	return o.Parity
}

func (o LineOptions) bits() int {
	if o.Bits == 0 {
		return 8
	}
	return o.Bits
}

// ConsoleOptions is the value of console=.
type ConsoleOptions struct {
	// Name is the device, such as ttyS0; empty for no console.
	Name string

	Line LineOptions
}

var (
	errBaud    = errors.New("the speed is no number from 50 to 4000000")
	errParity  = errors.New("parity is not n, o or e")
	errBits    = errors.New("there are 5 to 8 bits")
	errFlow    = errors.New("flow control is r or nothing")
	errOptions = errors.New("too much text")
)

// ParseConsole reads the value of console=: "ttyS<n>[,options]: Use the
// specified serial port. The options are of the form "bbbbpnf", where "bbbb" is
// the baud rate, "p" is parity ("n", "o", or "e"), "n" is number of bits, and
// "f" is flow control ("r" for RTS or omit it)" - Documentation/admin-guide/
// kernel-parameters.txt. As there, the number of a device may be left out if it
// is 0, console=1 is console=ttyS1, and console= or console=null is none.
func ParseConsole(value string) (ConsoleOptions, error) {
	name, options, _ := strings.Cut(value, ",")
	switch {
	case name == "" || name == "null" || name == "ttynull":
		name = ""
	case isDigit(name[0]):
		name = "ttyS" + name
	case !isDigit(name[len(name)-1]):
		name += "0"
	}
	line, err := ParseLine(options)
	if err != nil {
		return ConsoleOptions{}, fmt.Errorf("console=%s: %w", value, err)
	}
	return ConsoleOptions{name, line}, nil
}

// ParseLine reads line options such as 115200n8r. Each part may be left out if
// those behind it are.
func ParseLine(s string) (LineOptions, error) {
	var o LineOptions
	if s == "" {
		return o, nil
	}
	digits := 0
	for digits < len(s) && isDigit(s[digits]) {
		digits++
	}
	baud, err := strconv.Atoi(s[:digits])
	if err != nil || baud < 50 || baud > 4000000 {
		return LineOptions{}, errBaud
	}
	o.Baud = baud
	for i, c := range []byte(s[digits:]) {
		switch i {
		case 0:
			if c != 'n' && c != 'o' && c != 'e' {
				return LineOptions{}, errParity
			}
			o.Parity = c
		case 1:
			if c < '5' || c > '8' {
				return LineOptions{}, errBits
			}
			o.Bits = int(c - '0')
		case 2:
			if c != 'r' {
				return LineOptions{}, errFlow
			}
			o.RTS = true
		default:
			return LineOptions{}, errOptions
		}
	}
	return o, nil
}

func isDigit(c byte) bool {
	return '0' <= c && c <= '9'
}
