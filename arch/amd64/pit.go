//go:build metal && amd64

package amd64

// Channel 2 of the 8254 programmable interval timer has no interrupt, which
// makes it free to be a reference clock (8254 data sheet; its gate is bit 0 of
// the PC's port 0x61, the speaker behind it bit 1).
const (
	pitChannel2 = 0x42
	pitCommand  = 0x43
	pitGate     = 0x61

	pitGateOn    = 1 << 0
	pitSpeakerOn = 1 << 1

	pitSelect2       = 2 << 6
	pitLatch         = 0 << 4
	pitLowHigh       = 3 << 4
	pitRateGenerator = 2 << 1
)

// startPIT makes channel 2 count down from 65536, again and again.
//
//go:nosplit
func startPIT() {
	Out8(pitGate, In8(pitGate)&^pitSpeakerOn|pitGateOn)
	Out8(pitCommand, pitSelect2|pitLowHigh|pitRateGenerator)
	Out8(pitChannel2, 0)
	Out8(pitChannel2, 0)
}

// readPIT returns the ticks that channel 2 has counted, modulo 65536.
//
//go:nosplit
func readPIT() uint16 {
	Out8(pitCommand, pitSelect2|pitLatch)
	low := In8(pitChannel2)
	high := In8(pitChannel2)
	return -(uint16(high)<<8 | uint16(low))
}

// pitSample is a reading of the PIT, and of the TSC at that moment give or take
// half of took.
type pitSample struct {
	tsc, took uint64
	pit       uint16
}

// samplePIT returns the best of several readings, the one that took least: a
// virtual machine can be taken off its processor in the middle of one.
//
//go:nosplit
func samplePIT() (s pitSample) {
	s.took = ^uint64(0)
	for range 5 {
		before := ReadTSC()
		pit := readPIT()
		if took := ReadTSC() - before; took < s.took {
			s = pitSample{before + took/2, took, pit}
		}
	}
	return s
}
