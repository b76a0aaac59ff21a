package params

import (
	"errors"
	"math/bits"
	"strconv"
	"strings"
)

var (
	errNotNumber = errors.New("not a number")
	errNotSize   = errors.New("not a size such as 512M")
	errNotBool   = errors.New("neither yes nor no")
	errTooLarge  = errors.New("too large")
)

// ParseInt reads a whole number as the kernel does: decimal, 0x... in hex or
// 0... in octal, with a sign if need be.
func ParseInt(s string) (int, error) {
	digits, negative := strings.CutPrefix(s, "-")
	if !negative {
		digits = strings.TrimPrefix(digits, "+")
	}
	u, rest, err := leadingUint(digits)
	switch {
	case err != nil:
		return 0, err
	case rest != "":
		return 0, errNotNumber
	case u > 1<<31-1: // Linux's int; the same on every architecture
		return 0, errTooLarge
	case negative:
		return -int(u), nil
	}
	return int(u), nil
}

// ParseSize reads a number of bytes with an optional suffix, in the manner of
// Linux's memparse: K, M, G, T, P and E, in either case, are powers of 1024.
// Unlike memparse it refuses trailing text and values beyond 64 bits.
func ParseSize(s string) (uint64, error) {
	u, suffix, err := leadingUint(s)
	if err != nil {
		if errors.Is(err, errNotNumber) {
			err = errNotSize
		}
		return 0, err
	}
	if suffix == "" {
		return u, nil
	}
	power := strings.IndexByte("KMGTPE", suffix[0]&^0x20)
	if power < 0 || len(suffix) > 1 {
		return 0, errNotSize
	}
	high, low := bits.Mul64(u, 1<<(10*(power+1)))
	if high != 0 {
		return 0, errTooLarge
	}
	return low, nil
}

// leadingUint reads the number at the front of s and returns what follows it.
func leadingUint(s string) (u uint64, rest string, err error) {
	base := uint64(10)
	digits := s
	switch {
	case len(s) > 2 && s[0] == '0' && s[1]|0x20 == 'x' && digitValue(s[2]) < 16:
		base, digits = 16, s[2:]
	case len(s) > 1 && s[0] == '0':
		base = 8
	}
	n := 0
	for n < len(digits) && digitValue(digits[n]) < base {
		n++
	}
	u, err = strconv.ParseUint(digits[:n], int(base), 64)
	switch {
	case errors.Is(err, strconv.ErrRange):
		err = errTooLarge
	case err != nil:
		err = errNotNumber
	}
	return u, digits[n:], err
}

// digitValue returns the value of a digit in base 16, or 16 if it is none.
func digitValue(c byte) uint64 {
	switch {
	case '0' <= c && c <= '9':
		return uint64(c - '0')
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return uint64(c|0x20-'a') + 10
	}
	return 16
}

// ParseBool reads a truth value like Linux's kstrtobool, which looks at the
// first letter: y, t, 1 and on are true, n, f, 0 and off are false.
func ParseBool(s string) (bool, error) {
	s = strings.ToLower(s)
	switch {
	case s == "":
		return false, errNotBool
	case strings.ContainsRune("yt1", rune(s[0])), strings.HasPrefix(s, "on"):
		return true, nil
	case strings.ContainsRune("nf0", rune(s[0])), strings.HasPrefix(s, "of"):
		return false, nil
	}
	return false, errNotBool
}
