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
	x := *s
	for range 10 {
		quarter(&x, 0, 4, 8, 12)
		quarter(&x, 1, 5, 9, 13)
		quarter(&x, 2, 6, 10, 14)
		quarter(&x, 3, 7, 11, 15)
		quarter(&x, 0, 5, 10, 15)
		quarter(&x, 1, 6, 11, 12)
		quarter(&x, 2, 7, 8, 13)
		quarter(&x, 3, 4, 9, 14)
	}
	for i := range x {
		binary.LittleEndian.PutUint32(out[4*i:], x[i]+s[i])
	}
}

// quarter is the quarter round on four words of a state.
func quarter(x *[16]uint32, a, b, c, d int) {
	x[a] += x[b]
	x[d] = bits.RotateLeft32(x[d]^x[a], 16)
	x[c] += x[d]
	x[b] = bits.RotateLeft32(x[b]^x[c], 12)
	x[a] += x[b]
	x[d] = bits.RotateLeft32(x[d]^x[a], 8)
	x[c] += x[d]
	x[b] = bits.RotateLeft32(x[b]^x[c], 7)
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
