//go:build metal && amd64

package amd64

import (
	"errors"
	"time"

	"github.com/usbarmory/tamago/soc/intel/rtc"

	"onsen/arch/bootinfo"
)

// leastReadings is how often the clock is read, however long that takes, before it
// counts as broken.
const leastReadings = 100

// ReadRTC returns the wall clock in seconds since 1970, from the CMOS clock,
// which is taken to run on UTC. It waits for up to two updates of the clock,
// some 4 ms. Ordinary Go.
//
// As in Linux, the clock is expected in BCD and 24-hour mode, which is how
// every PC's firmware leaves it.
func ReadRTC(info *bootinfo.Info) (int64, error) {
	if info.RTC.Kind != bootinfo.RTCMC146818 {
		return 0, errors.New("the firmware says there is no clock")
	}
	// The clock changes once a second, and its registers cannot be read at
	// once: two equal readings in a row are right.
	var clock rtc.RTC
	var last time.Time
	// A busy host may let the 10 ms pass between two readings.
	deadline := Ktime() + 10_000_000
	for tries := 0; tries < leastReadings || Ktime() < deadline; tries++ {
		now, err := clock.Now()
		if err != nil { // an update is under way
			last = time.Time{}
			continue
		}
		if now.Equal(last) {
			return plausibleTime(now)
		}
		last = now
	}
	return 0, errors.New("the clock is not there, or never settles")
}

// plausibleTime checks what came out of the clock.
func plausibleTime(t time.Time) (int64, error) {
	// Without a register for the century, years are two digits.
	if t.Year() < 100 {
		t = t.AddDate(2000, 0, 0)
	}
	if t.Year() < 2000 || t.Year() > 2199 {
		return 0, errors.New("the clock shows the year " + t.Format("2006"))
	}
	return t.Unix(), nil
}
