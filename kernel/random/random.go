// Package random is the kernel's source of random bytes: getrandom(2),
// /dev/urandom, AT_RANDOM and the places of things in memory.
//
// It is a ChaCha8 generator that replaces its key as it goes, so that what is in
// memory now does not tell what it has given. Its seed is what Mix was given:
// the time of things that nobody can foresee to the last digit, and what a
// hardware generator says. It never blocks and never runs dry.
package random

import (
	"encoding/binary"
	"math/rand/v2"

	"onsen/arch"
	"onsen/kernel/spin"
)

// Hardware returns a word from the processor's generator, if there is one that
// works. It is one source among others. Set at start-up.
var Hardware = func() (v uint64, ok bool) { return 0, false }

// reseedBytes is how much is given before the seed is mixed with what time and
// hardware say then.
const reseedBytes = 1 << 16

// source is the generator. lock comes after every lock but those of printk.
var source struct {
	lock  spin.Lock
	gen   *rand.ChaCha8 // lock
	given int           // bytes since the last reseed. lock
}

func init() { source.gen = rand.NewChaCha8([32]byte{}) }

// Mix makes the generator depend on p as well. It cannot make it worse.
func Mix(p []byte) {
	source.lock.Lock()
	defer source.lock.Unlock()
	var seed [32]byte
	for {
		n := copy(seed[:], p)
		reseed(&seed)
		if p = p[n:]; len(p) == 0 {
			return
		}
	}
}

// reseed makes a new key of the present one, in, the time and the hardware's
// word.
//
// Preconditions: lock held.
func reseed(in *[32]byte) {
	var key [32]byte
	_, _ = source.gen.Read(key[:])
	for i := range key {
		key[i] ^= in[i]
	}
	xor64(key[0:], uint64(arch.Ktime()))
	xor64(key[8:], uint64(arch.Counter()))
	for at := 16; at < len(key); at += 8 {
		if v, ok := Hardware(); ok {
			xor64(key[at:], v)
		}
	}
	source.gen.Seed(key)
	source.given = 0
}

func xor64(b []byte, v uint64) {
	binary.LittleEndian.PutUint64(b, binary.LittleEndian.Uint64(b)^v)
}

// Read fills p. It may be called with spin locks held.
func Read(p []byte) {
	source.lock.Lock()
	defer source.lock.Unlock()
	if source.given += len(p); source.given >= reseedBytes || source.given == len(p) {
		reseed(&[32]byte{})
		source.given = len(p)
	}
	_, _ = source.gen.Read(p)
}

// Uint64 returns a random word.
func Uint64() uint64 {
	var b [8]byte
	Read(b[:])
	return binary.LittleEndian.Uint64(b[:])
}
