//go:build metal

package kernel

import (
	"time"

	"onsen/arch"
	"onsen/kernel/printk"
	"onsen/kernel/sched"
	"onsen/kernel/timekeeping"
)

// refineDelay is when the clock's rate is measured again, in ns after start-up.
const refineDelay = 2_000_000_000

var refineTimer = sched.NewTimer(func(*sched.Timer) {
	arch.RefineClock()
	updateVDSO()
})

// startTimekeeping sets the wall clock.
func startTimekeeping() {
	printk.Info("clocksource: %s", machine.Timer.CounterSource)
	refineTimer.Start(arch.Ktime() + refineDelay)
	initVDSO()
	err := timekeeping.Init(func() (int64, error) { return arch.ReadRTC(machine) })
	if err != nil {
		printk.Warn("rtc: %v; the wall clock starts in 1970", err)
		return
	}
	printk.Info("rtc: %s UTC", time.Unix(0, timekeeping.Realtime()).UTC().Format(time.DateTime))
}
