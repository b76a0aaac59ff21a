//go:build metal && arm64

package arm64

import (
	"errors"

	"onsen/arch/bootinfo"
)

// Registers of the PL031 (Arm DDI 0224, chapter 3).
const (
	rtcData    = 0x00 // seconds
	rtcControl = 0x0c // bit 0: the clock runs
)

// ReadRTC returns the wall clock in seconds since 1970, from a PL031 that runs
// on UTC. Ordinary Go, once: it maps the clock's registers.
func ReadRTC(info *bootinfo.Info) (int64, error) {
	if info.RTC.Kind != bootinfo.RTCPL031 {
		return 0, errors.New("the device tree has no clock we can read")
	}
	registers := MapDevice(uintptr(info.RTC.Base.Start), uintptr(info.RTC.Base.Size()))
	if registers == 0 {
		return 0, errors.New("no memory to map the clock")
	}
	if read32(registers+rtcControl)&1 == 0 {
		return 0, errors.New("the clock does not run")
	}
	return int64(read32(registers + rtcData)), nil
}
