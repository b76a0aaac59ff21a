//go:build metal && arm64

package arm64

// RandomWord returns a word from the processor's random number generator. It is
// not ok if there is none, or it has none to give within a few tries.
func RandomWord() (v uint64, ok bool) {
	const tries = 10
	for i := 0; i < tries && HWCAP2()&hwcap2RNG != 0 && !ok; i++ {
		v, ok = rndr()
	}
	return v, ok
}

// rndr reads RNDR; it is not ok if that sets the Z flag (Arm ARM D17.2.114).
func rndr() (v uint64, ok bool)
