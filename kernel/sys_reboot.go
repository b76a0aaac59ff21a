package kernel

import (
	"syscall"

	"onsen/kernel/cred"
	"onsen/kernel/uaccess"
)

// The magic numbers of reboot(2): "to be protected from accidents".
const (
	rebootMagic1  = 0xfee1dead
	rebootMagic2  = 672274793
	rebootMagic2A = 85072278
	rebootMagic2B = 369367448
	rebootMagic2C = 537993216
)

// What reboot(2) can do.
const (
	rebootRestart  = 0x01234567
	rebootHalt     = 0xcdef0123
	rebootCadOn    = 0x89abcdef
	rebootCadOff   = 0
	rebootPowerOff = 0x4321fedc
	rebootRestart2 = 0xa1b2c3d4
)

// Machine is what reboot(2) does to the machine. Set at start-up; none returns.
var Machine struct {
	Restart  func(command string)
	Halt     func()
	PowerOff func()
}

// sysReboot is reboot(2).
func sysReboot(_ *Task, a *SyscallArgs) (uintptr, error) {
	if !Capable(cred.CAP_SYS_BOOT) {
		return 0, syscall.EPERM
	}
	if uint32(a[0]) != rebootMagic1 {
		return 0, syscall.EINVAL
	}
	switch uint32(a[1]) {
	case rebootMagic2, rebootMagic2A, rebootMagic2B, rebootMagic2C:
	default:
		return 0, syscall.EINVAL
	}
	switch uint32(a[2]) {
	case rebootRestart:
		Machine.Restart("")
	case rebootRestart2:
		command, err := userPrefix(a[3], 255)
		if err != nil {
			return 0, err
		}
		Machine.Restart(command)
	case rebootHalt:
		Machine.Halt()
	case rebootPowerOff:
		Machine.PowerOff()
	case rebootCadOn, rebootCadOff:
		// Whether Ctrl-Alt-Del restarts at once or tells init is all the same:
		// there is no keyboard to press it on.
	default:
		return 0, syscall.EINVAL
	}
	return 0, nil
}

// userPrefix reads the first most bytes of the string at addr, or all of it if
// its NUL comes before that. EFAULT.
func userPrefix(addr uintptr, most int) (string, error) {
	b := make([]byte, 0, most)
	for len(b) < most {
		c, err := uaccess.Get[byte](addr + uintptr(len(b)))
		if err != nil {
			return "", err
		}
		if c == 0 {
			break
		}
		b = append(b, c)
	}
	return string(b), nil
}
