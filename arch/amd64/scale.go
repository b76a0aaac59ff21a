package amd64

import "math/bits"

// scale converts between a counter and nanoseconds: the counter was at ticks
// when the time was ns. The factors are times 2^32.
type scale struct {
	ticks      uint64
	ns         int64
	nsPerTick  uint64
	ticksPerNS uint64
}

// setHz sets the counter's frequency, between 1 Hz and 2^62 Hz.
//
//go:nosplit
func (s *scale) setHz(hz uint64) {
	const second = 1_000_000_000
	s.nsPerTick = second << 32 / hz
	s.ticksPerNS, _ = bits.Div64(hz>>32, hz<<32, second)
	s.ticksPerNS++ // rounded up, so that deadlines are not early
}

// timeAt returns the time when the counter is at ticks. Before the start of
// the scale, where another CPU may find itself by a few ticks, time stands
// still.
//
//go:nosplit
func (s *scale) timeAt(ticks uint64) int64 {
	d := ticks - s.ticks
	if int64(d) < 0 {
		return s.ns
	}
	hi, lo := bits.Mul64(d, s.nsPerTick)
	return s.ns + int64(hi<<32|lo>>32)
}

// ticksIn returns how many ticks pass in ns nanoseconds or a little more.
//
//go:nosplit
func (s *scale) ticksIn(ns int64) uint64 {
	if ns <= 0 {
		return 0
	}
	hi, lo := bits.Mul64(uint64(ns), s.ticksPerNS)
	return (hi<<32 | lo>>32) + 2
}

// pitHz is the frequency of the 8254 in a PC.
const pitHz = 1193182

// measurement is what is known of the TSC's frequency: hz, to within ppm parts
// in a million.
type measurement struct {
	hz, ppm uint64
}

// measure returns the frequency of the TSC if it counted ticks while the PIT
// counted pit, more than 0 and both give or take slack ticks of the TSC.
//
//go:nosplit
func measure(ticks, pit, slack uint64) measurement {
	return measurement{
		hz:  ticks * pitHz / pit,
		ppm: min(1_000_000/pit+slack*1_000_000/ticks+1, 1_000_000),
	}
}

// refine improves a measurement by a longer one, in which the PIT counted pit
// modulo 65536. ok is false if that is not better, if m is not precise enough
// to be sure how often the PIT went round, or if the two contradict each other.
func (m measurement) refine(ticks uint64, pit uint16, slack uint64) (better measurement, ok bool) {
	const round, longest = 1 << 16, 100 // PIT ticks, seconds
	if m.hz == 0 || ticks == 0 || ticks/m.hz > longest {
		return m, false
	}
	expected := ticks * pitHz / m.hz
	if expected*m.ppm/1_000_000 > round/4 {
		return m, false
	}
	// The number that is pit modulo 65536 and nearest to what is expected.
	count := int64(expected) + int64(int16(pit-uint16(expected)))
	if count <= 0 {
		return m, false
	}
	better = measure(ticks, uint64(count), slack)
	tolerance := int64(m.hz * (m.ppm + better.ppm) / 1_000_000)
	if d := int64(better.hz - m.hz); better.ppm >= m.ppm || d > tolerance || -d > tolerance {
		return m, false
	}
	return better, true
}
