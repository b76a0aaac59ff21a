package arm64

import (
	"math/big"
	"testing"
)

var frequencies = []uint64{
	1, 1e6, 19_200_000, 24_000_000, 25_000_000, 31_250_000, 54_000_000,
	62_500_000, 100_000_000, 1_000_000_000, 3_999_999_999, 4_000_000_000,
}

// exact returns x * to / from, rounded down.
func exact(x, from, to uint64) *big.Int {
	n := new(big.Int).Mul(new(big.Int).SetUint64(x), new(big.Int).SetUint64(to))
	return n.Div(n, new(big.Int).SetUint64(from))
}

func TestScaleIsExactOverYears(t *testing.T) {
	const year = 365 * 24 * 3600
	for _, hz := range frequencies {
		s := newScale(hz, 1e9)
		for _, x := range []uint64{0, 1, 2, 999, hz - 1, hz, hz + 1, 60 * hz, year*hz - 1, 10 * year * hz} {
			got := new(big.Int).SetUint64(s.of(x))
			if diff := got.Sub(got, exact(x, hz, 1e9)); diff.Sign() < 0 || diff.Cmp(big.NewInt(1)) > 0 {
				t.Errorf("%d ticks of %d Hz: %v ns too much", x, hz, diff)
			}
		}
	}
}

func TestScaleKnownValues(t *testing.T) {
	for _, test := range []struct{ from, to, x, want uint64 }{
		{62_500_000, 1e9, 1, 16},
		{62_500_000, 1e9, 1 << 40, 16 << 40},
		{24_000_000, 1e9, 24, 1000},
		{24_000_000, 1e9, 1, 41},
		{1e9, 1e9, 1<<63 + 12345, 1<<63 + 12345},
		{1e9, 62_500_000, 1600, 100},
		{1e9, 24_000_000, 1e9, 24_000_000},
	} {
		if got := newScale(test.from, test.to).of(test.x); got != test.want {
			t.Errorf("%d from %d to %d: %d, want %d", test.x, test.from, test.to, got, test.want)
		}
	}
}

// A timer must not fire before the clock shows its deadline.
func TestDeadlineIsNotEarly(t *testing.T) {
	for _, hz := range frequencies {
		toNano, toTicks := newScale(hz, 1e9), newScale(1e9, hz)
		tick := 1e9/hz + 1
		for _, ns := range []uint64{0, 1, 15, 16, 17, 1000, 999_999_999, 1e9, 86_400e9 + 7, 10 * 365 * 86_400e9} {
			at := toNano.of(toTicks.of(ns) + 1)
			if at < ns || at > ns+2*tick {
				t.Errorf("%d Hz: timer for %d ns fires at %d ns", hz, ns, at)
			}
		}
	}
}

func FuzzDivideUp(f *testing.F) {
	f.Add(uint64(0), uint64(1), uint64(3))
	f.Add(uint64(1)<<62, ^uint64(0), uint64(1)<<63)
	f.Fuzz(func(t *testing.T, hi, lo, y uint64) {
		if hi >= y {
			return
		}
		n := new(big.Int).SetUint64(hi)
		n.Lsh(n, 64).Add(n, new(big.Int).SetUint64(lo))
		q, rest := n.DivMod(n, new(big.Int).SetUint64(y), new(big.Int))
		if rest.Sign() != 0 {
			q.Add(q, big.NewInt(1))
		}
		want := q.And(q, new(big.Int).SetUint64(^uint64(0))).Uint64()
		if got := divideUp(hi, lo, y); got != want {
			t.Errorf("(%#x, %#x) / %#x = %#x, want %#x", hi, lo, y, got, want)
		}
	})
}
