package fs

import (
	"encoding/binary"
	"math/bits"
	"unsafe"
)

// qname is a name with what finds it quickly; Linux's struct qstr.
type qname struct {
	name string
	hash uint32
	// word are the first 8 bytes, zero-padded: all of a name that is not longer.
	word uint64
}

// makeName returns the qname of a name without slashes.
func makeName(name string) qname {
	q, _ := cutName(name)
	return q
}

// is reports whether c has the name q. Names contain no NUL.
func (c *child) is(q *qname) bool {
	return c.hash == q.hash && c.word == q.word && len(c.name) == len(q.name) &&
		(len(q.name) <= 8 || c.name == q.name)
}

// cutName returns the first name in a path that begins with one, and what
// follows it: nothing, or a slash and more.
func cutName(path string) (q qname, rest string) {
	word := loadWord(path, 0)
	n := min(findByte(word, '/'), len(path))
	if n >= 8 {
		return cutLongName(path, word)
	}
	q.word = firstBytes(word, n)
	q.hash = uint32(mix(0, q.word))
	q.name = path[:n]
	return q, path[n:]
}

// cutLongName is cutName for a name of at least 8 bytes, which are word.
func cutLongName(path string, word uint64) (q qname, rest string) {
	q.word = word
	h := mix(0, word)
	for at := 8; ; at += 8 {
		word := loadWord(path, at)
		n := min(findByte(word, '/'), len(path)-at)
		if n < 8 {
			q.hash = uint32(mix(h, firstBytes(word, n)))
			q.name = path[:at+n]
			return q, path[at+n:]
		}
		h = mix(h, word)
	}
}

// mix adds a word to a hash.
func mix(h, word uint64) uint64 {
	h = (h ^ word) * 0x9e37_79b9_7f4a_7c15
	return h ^ h>>32
}

// firstBytes clears all but the first n bytes of a word, n below 8.
func firstBytes(word uint64, n int) uint64 { return word & (1<<(8*n&63) - 1) }

// findByte returns which byte of a little-endian word is the first c, 8 if none
// is. It may take the byte above one that is c for another, which does not
// matter.
func findByte(word uint64, c byte) int {
	const ones = 0x0101_0101_0101_0101
	x := word ^ ones*uint64(c)
	return bits.TrailingZeros64((x-ones)&^x&(ones<<7)) / 8
}

// loadWord returns the 8 bytes of s from at on, little-endian. Bytes beyond the
// end have any value: they are read if they are on the same page as one that is
// not, where that cannot fault, as Linux's load_unaligned_zeropad does.
//
//go:nocheckptr
func loadWord(s string, at int) uint64 {
	const page = 4096
	if at >= len(s) {
		return 0
	}
	p := unsafe.Add(unsafe.Pointer(unsafe.StringData(s)), at)
	if uintptr(p)%page <= page-8 {
		return binary.LittleEndian.Uint64((*[8]byte)(p)[:])
	}
	var b [8]byte
	copy(b[:], s[at:])
	return binary.LittleEndian.Uint64(b[:])
}
