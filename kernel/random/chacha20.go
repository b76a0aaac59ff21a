package random

import (
	"encoding/binary"
	"math/bits"
)

const (
	keySize   = 32
	blockSize = 64
)

// block is the ChaCha20 block function (RFC 8439, section 2.3) with a nonce of
// zeros: a key is never used for more than one stream.
func block(out *[blockSize]byte, key *[keySize]byte, counter uint64) {
	s := [16]uint32{0x61707865, 0x3320646e, 0x79622d32, 0x6b206574} // "expand 32-byte k"
	for i := range 8 {
		s[4+i] = binary.LittleEndian.Uint32(key[4*i:])
	}
	s[12], s[13] = uint32(counter), uint32(counter>>32)
	permute(out, &s)
}

// permute does the 20 rounds on a state and adds the state to the result.
func permute(out *[blockSize]byte, s *[16]uint32) {
	// Sixteen variables, not an array: the compiler keeps them in registers.
	x0, x1, x2, x3, x4, x5, x6, x7 := s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7]
	x8, x9, x10, x11, x12, x13, x14, x15 := s[8], s[9], s[10], s[11], s[12], s[13], s[14], s[15]
	for range 10 {
		x0, x4, x8, x12 = quarter(x0, x4, x8, x12)
		x1, x5, x9, x13 = quarter(x1, x5, x9, x13)
		x2, x6, x10, x14 = quarter(x2, x6, x10, x14)
		x3, x7, x11, x15 = quarter(x3, x7, x11, x15)
		x0, x5, x10, x15 = quarter(x0, x5, x10, x15)
		x1, x6, x11, x12 = quarter(x1, x6, x11, x12)
		x2, x7, x8, x13 = quarter(x2, x7, x8, x13)
		x3, x4, x9, x14 = quarter(x3, x4, x9, x14)
	}
	for i, x := range [16]uint32{x0, x1, x2, x3, x4, x5, x6, x7, x8, x9, x10, x11, x12, x13, x14, x15} {
		binary.LittleEndian.PutUint32(out[4*i:], x+s[i])
	}
}

// quarter is the quarter round on four words of a state.
func quarter(a, b, c, d uint32) (uint32, uint32, uint32, uint32) {
	a += b
	d = bits.RotateLeft32(d^a, 16)
	c += d
	b = bits.RotateLeft32(b^c, 12)
	a += b
	d = bits.RotateLeft32(d^a, 8)
	c += d
	b = bits.RotateLeft32(b^c, 7)
	return a, b, c, d
}

// stream fills p with what comes of a key, and forgets the key.
func stream(p []byte, key *[keySize]byte) {
	var b [blockSize]byte
	for n := uint64(0); len(p) > 0; n++ {
		block(&b, key, n)
		p = p[copy(p, b[:]):]
	}
	clear(b[:])
	clear(key[:])
}
