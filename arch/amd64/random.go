//go:build metal && amd64

package amd64

// hasRDRAND says that there is RDRAND: SDM vol. 2, CPUID leaf 1, ECX bit 30.
var hasRDRAND bool

func init() {
	_, _, c, _ := CPUID(1, 0)
	hasRDRAND = c>>30&1 != 0
}

// RandomWord returns a word from the processor's random number generator. It is
// not ok if there is none, or it has none to give: "software should [...] retry",
// ten times (SDM vol. 1, 7.3.17.1).
func RandomWord() (v uint64, ok bool) {
	const tries = 10
	for i := 0; i < tries && hasRDRAND && !ok; i++ {
		v, ok = rdrand()
	}
	return v, ok
}

// rdrand is RDRAND; ok is the carry flag.
func rdrand() (v uint64, ok bool)
