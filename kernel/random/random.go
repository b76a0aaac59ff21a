// Package random is the kernel's source of random bytes: getrandom(2),
// /dev/urandom, AT_RANDOM and the places of things in memory.
//
// It is a ChaCha20 generator with fast key erasure: every request makes a new
// key of the present one before it gets bytes, so that what is in memory does not
// tell what was given before. (D. J. Bernstein, "Fast-key-erasure random-number
// generators", 2017.) The key depends on all that Mix was given: the time of
// things that nobody can foresee to the last digit, and what a hardware generator
// says. The source never blocks and never runs dry.
package random

import (
	"encoding/binary"

	"onsen/arch"
	"onsen/kernel/spin"
)

// Hardware returns a word from the processor's generator, if there is one that
// works. It is one source among others. Set at start-up.
var Hardware = func() (v uint64, ok bool) { return 0, false }

// reseedBytes is how much is given before time and hardware are asked again.
const reseedBytes = 1 << 16

// source is the generator. lock comes after every lock but those of printk.
var source struct {
	lock  spin.Lock
	key   [keySize]byte // lock
	given int           // bytes since the last reseed. lock
}

// Mix makes the generator depend on p as well. It cannot make it worse.
func Mix(p []byte) {
	for {
		var in [keySize]byte
		n := copy(in[:], p)
		source.lock.Lock()
		reseed(&in)
		source.lock.Unlock()
		if p = p[n:]; len(p) == 0 {
			return
		}
	}
}

// reseed makes a new key of the present one, in, the time and the hardware's
// words. The old one went through the block function before in is added: who
// chooses in cannot choose the key.
//
// Preconditions: lock held.
func reseed(in *[keySize]byte) {
	var b [blockSize]byte
	block(&b, &source.key, 0)
	for i := range source.key {
		source.key[i] = b[i] ^ in[i]
	}
	xor64(source.key[0:], uint64(arch.Ktime()))
	xor64(source.key[8:], arch.Counter())
	for at := 0; at < keySize; at += 8 {
		if v, ok := Hardware(); ok {
			xor64(source.key[at:], v)
		}
	}
	clear(b[:])
	source.given = 0
}

func xor64(b []byte, v uint64) {
	binary.LittleEndian.PutUint64(b, binary.LittleEndian.Uint64(b)^v)
}

// Read fills p. It may be called with spin locks held.
func Read(p []byte) {
	var b [blockSize]byte
	source.lock.Lock()
	if source.given += len(p); source.given >= reseedBytes || source.given == len(p) {
		reseed(new([keySize]byte))
		source.given = len(p)
	}
	block(&b, &source.key, 0)
	copy(source.key[:], b[:keySize])
	source.lock.Unlock()
	// The other half is what is given, or if that is too short, its key.
	if rest := b[keySize:]; len(p) <= len(rest) {
		copy(p, rest)
		clear(b[:])
		return
	}
	key := [keySize]byte(b[keySize:])
	clear(b[:])
	stream(p, &key)
}

// Uint64 returns a random word.
func Uint64() uint64 {
	var b [8]byte
	Read(b[:])
	return binary.LittleEndian.Uint64(b[:])
}
