//go:build metal && amd64

package amd64

// EarlyPutc writes to the first serial port of a PC, as the firmware has set
// it up (16550 data sheet). It waits for the transmitter for a bounded time
// only, so that a missing port costs little.
//
//go:nosplit
func EarlyPutc(c byte) {
	const (
		data, lineStatus = 0x3f8, 0x3fd
		empty            = 1 << 5
		attempts         = 10_000 // of at least 1 µs; a byte takes 87 µs at 115200 baud
	)
	for range attempts {
		if In8(lineStatus)&empty != 0 {
			break
		}
	}
	Out8(data, c)
}
