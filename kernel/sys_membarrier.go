package kernel

import (
	"syscall"

	"onsen/kernel/sched"
	"onsen/kernel/vm"
)

// Commands of membarrier(2) (include/uapi/linux/membarrier.h). Those that also order
// what processors have fetched of changed code (SYNC_CORE) do not exist, as on a
// Linux for a processor that cannot say when it does so.
const (
	membarrierQuery                        = 0
	membarrierGlobal                       = 1 << 0
	membarrierGlobalExpedited              = 1 << 1
	membarrierRegisterGlobalExpedited      = 1 << 2
	membarrierPrivateExpedited             = 1 << 3
	membarrierRegisterPrivateExpedited     = 1 << 4
	membarrierPrivateExpeditedRseq         = 1 << 7
	membarrierRegisterPrivateExpeditedRseq = 1 << 8

	membarrierCommands = 1<<5 - 1 | membarrierPrivateExpeditedRseq | membarrierRegisterPrivateExpeditedRseq

	membarrierFlagCPU = 1 << 0
)

// sysMembarrier is membarrier(2): what other threads do in their order looks
// ordered to the caller as well. Every other CPU is made to enter the kernel,
// which orders everything, and with _RSEQ has the program's threads abort their
// restartable sequences.
func sysMembarrier(t *Task, a *SyscallArgs) (uintptr, error) {
	cmd, flags, cpu := int32(a[0]), uint32(a[1]), int(int32(a[2]))
	if flags != 0 && (cmd != membarrierPrivateExpeditedRseq || flags != membarrierFlagCPU) {
		return 0, syscall.EINVAL
	}
	switch cmd {
	case membarrierQuery:
		return membarrierCommands, nil
	case membarrierGlobal, membarrierGlobalExpedited:
		barrierEverywhere()
	case membarrierRegisterGlobalExpedited, membarrierRegisterPrivateExpedited, membarrierRegisterPrivateExpeditedRseq:
		t.mm.Membarrier.Or(uint32(cmd))
	case membarrierPrivateExpedited:
		if t.mm.Membarrier.Load()&membarrierRegisterPrivateExpedited == 0 {
			return 0, syscall.EPERM
		}
		if t.mm.Users() > 1 {
			barrierEverywhere()
		}
	case membarrierPrivateExpeditedRseq:
		if t.mm.Membarrier.Load()&membarrierRegisterPrivateExpeditedRseq == 0 {
			return 0, syscall.EPERM
		}
		if flags == 0 {
			cpu = -1
		}
		abortSequences(t.mm, cpu)
	default:
		return 0, syscall.EINVAL
	}
	return 0, nil
}

// barrierEverywhere makes every CPU leave user mode, if it is there, and enter it anew.
func barrierEverywhere() {
	if sched.Active().Count() > 1 {
		sched.CallAll(func(int) {})
	}
}

// abortSequences makes the threads of m that run on a CPU, on any if it is -1, look
// whether they are in a restartable sequence. Threads that do not run have to anyway.
func abortSequences(m *vm.MM, cpu int) {
	sched.CallAll(func(on int) {
		if t := Current(); t.mm == m && (cpu < 0 || cpu == on) {
			t.SetFlag(sched.TIFNotifyResume)
		}
	})
}
