//go:build metal

package kernel

import (
	"runtime"

	"onsen/arch"
	"onsen/kernel/printk"
)

func init() {
	Machine.PowerOff = PowerOff
	Machine.Halt = Halt
	Machine.Restart = func(command string) {
		if command != "" {
			printk.Emerg("reboot: Restarting system with command '%s'", command)
		}
		Restart()
	}
}

// PowerOff switches the machine off. Ordinary Go, any task; it does not return.
func PowerOff() {
	printk.Emerg("reboot: Power down")
	quiesce()
	arch.PowerOff()
	Panic("the machine does not power off")
}

// Restart resets the machine. Ordinary Go, any task; it does not return.
func Restart() {
	printk.Emerg("reboot: Restarting system")
	quiesce()
	arch.Restart()
	Panic("the machine does not restart")
}

// Halt stops the machine without switching it off.
func Halt() {
	printk.Emerg("reboot: System halted")
	quiesce()
	arch.Halt()
}

// quiesce sends what the console still holds and stops the other CPUs.
func quiesce() {
	if console != nil {
		console.Flush()
	}
	goOnAlone()
}

// goOnAlone stops the other CPUs for good. From here on the caller must not wait for a
// lock that one of them may hold: it takes no interrupt, the Go runtime does not make
// it stop for a collection, and its stack, which has room by now, does not grow.
func goOnAlone() {
	runtime.PreemptDisable()
	growStack()
	arch.IRQDisable()
	arch.StopOtherCPUs()
}

// growStack makes the caller's stack larger than anything that comes needs.
//
//go:noinline
func growStack() {
	var room [16 << 10]byte
	runtime.KeepAlive(&room)
}
