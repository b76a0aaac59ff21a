package kernel

import (
	"syscall"

	"onsen/kernel/sched"
)

// Commands of membarrier(2) (include/uapi/linux/membarrier.h).
const (
	membarrierQuery                    = 0
	membarrierGlobal                   = 1 << 0
	membarrierGlobalExpedited          = 1 << 1
	membarrierRegisterGlobalExpedited  = 1 << 2
	membarrierPrivateExpedited         = 1 << 3
	membarrierRegisterPrivateExpedited = 1 << 4
	membarrierCommands                 = 1<<5 - 1
)

// sysMembarrier is membarrier(2): what other threads do in their order looks
// ordered to the caller as well. Every other CPU is made to enter the kernel,
// which orders everything.
func sysMembarrier(t *Task, a *SyscallArgs) (uintptr, error) {
	cmd, flags := int32(a[0]), uint32(a[1])
	if flags != 0 {
		return 0, syscall.EINVAL
	}
	switch cmd {
	case membarrierQuery:
		return membarrierCommands, nil
	case membarrierGlobal, membarrierGlobalExpedited:
		barrierEverywhere()
	case membarrierRegisterGlobalExpedited, membarrierRegisterPrivateExpedited:
		t.mm.Membarrier.Or(uint32(cmd))
	case membarrierPrivateExpedited:
		if t.mm.Membarrier.Load()&membarrierRegisterPrivateExpedited == 0 {
			return 0, syscall.EPERM
		}
		if t.mm.Users() > 1 {
			barrierEverywhere()
		}
	default:
		return 0, syscall.EINVAL
	}
	return 0, nil
}

func barrierEverywhere() {
	if sched.Active().Count() > 1 {
		sched.CallAll(func(int) {})
	}
}
