//go:build metal

package kernel

import (
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

// quiesce sends what the console still holds and stops the other CPUs. No
// interrupt is taken afterwards: it might wait for a lock that one of them holds.
func quiesce() {
	if console != nil {
		console.Flush()
	}
	arch.IRQDisable()
	arch.StopOtherCPUs()
}
