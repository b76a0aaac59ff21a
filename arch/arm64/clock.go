package arm64

import "math/bits"

// scale multiplies by a fixed fraction: x becomes x * mul / 2^shift, with a
// 128-bit product.
type scale struct {
	mul   uint64
	shift uint // 1 to 63
}

// newScale returns the scale that turns from units into to units, neither of
// which is 0. The factor is rounded up, by less than one part in 2^32 for the
// frequencies of counters (1 Hz to 4 GHz) and nanoseconds.
//
//go:nosplit
func newScale(from, to uint64) scale {
	shift := uint(63)
	for shift > 1 && to>>(64-shift) >= from {
		shift--
	}
	return scale{divideUp(to>>(64-shift), to<<shift, from), shift}
}

// divideUp divides hi * 2^64 + lo by y, which is more than hi, and rounds up.
// The library's division is not nosplit.
//
//go:nosplit
func divideUp(hi, lo, y uint64) (q uint64) {
	for range 64 {
		carry := hi >> 63
		hi = hi<<1 | lo>>63
		lo <<= 1
		q <<= 1
		if carry != 0 || hi >= y {
			hi -= y
			q |= 1
		}
	}
	if hi != 0 {
		q++
	}
	return q
}

// of returns x scaled and rounded down. Results from 2^64 on are cut.
//
//go:nosplit
func (s scale) of(x uint64) uint64 {
	hi, lo := bits.Mul64(x, s.mul)
	return hi<<((64-s.shift)&63) | lo>>(s.shift&63)
}
