// Package kstrtox reads numbers out of text as the kernel does (Linux:
// lib/kstrtox.c): decimal, 0x... in hex or 0... in octal, and nothing of what
// else Go's strconv takes for a number.
package kstrtox

import (
	"math"
	"math/bits"
	"strings"
	"syscall"
)

// Int32 reads a whole number with an optional sign and an optional newline at its
// end: EINVAL if there is anything else, ERANGE if it does not fit.
func Int32(s string) (int32, error) {
	limit := uint64(math.MaxInt32)
	digits, negative := strings.CutPrefix(s, "-")
	if negative {
		limit++
	} else {
		digits = strings.TrimPrefix(digits, "+")
	}
	u, err := number(digits, 0, limit)
	if negative {
		u = -u
	}
	return int32(u), err
}

// Uint32 is Int32 for numbers without a sign, but that + may be one.
func Uint32(s string) (uint32, error) {
	u, err := number(strings.TrimPrefix(s, "+"), 0, math.MaxUint32)
	return uint32(u), err
}

// Decimal64 reads a decimal number as Uint32 does, of 64 bits.
func Decimal64(s string) (uint64, error) {
	return number(strings.TrimPrefix(s, "+"), 10, math.MaxUint64)
}

// number reads digits of a base, 0 being the one they tell, up to an optional
// newline.
func number(s string, base, limit uint64) (uint64, error) {
	u, rest, err := leading(s, base)
	switch {
	case err == syscall.EINVAL, rest != "" && rest != "\n":
		return 0, syscall.EINVAL
	case err != nil || u > limit:
		return 0, syscall.ERANGE
	}
	return u, nil
}

// Leading reads the digits at the front of s and returns what follows them:
// EINVAL if there are none, ERANGE if they are for more than 64 bits.
func Leading(s string) (u uint64, rest string, err error) { return leading(s, 0) }

func leading(s string, base uint64) (u uint64, rest string, err error) {
	switch {
	case base != 0:
	case len(s) > 2 && s[0] == '0' && s[1]|0x20 == 'x' && digit(s[2]) < 16:
		base, s = 16, s[2:]
	case len(s) > 1 && s[0] == '0':
		base = 8
	default:
		base = 10
	}
	n := 0
	for ; n < len(s) && digit(s[n]) < base; n++ {
		high, low := bits.Mul64(u, base)
		sum, carry := bits.Add64(low, digit(s[n]), 0)
		if u = sum; high|carry != 0 {
			err = syscall.ERANGE
		}
	}
	if n == 0 {
		err = syscall.EINVAL
	}
	return u, s[n:], err
}

// digit returns the value of a digit in base 16, or 16 if it is none.
func digit(c byte) uint64 {
	switch {
	case '0' <= c && c <= '9':
		return uint64(c - '0')
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return uint64(c|0x20-'a') + 10
	}
	return 16
}
