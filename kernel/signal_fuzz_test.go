//go:build !metal

package kernel

import (
	"syscall"
	"testing"

	"onsen/arch"
	"onsen/arch/spec"
	"onsen/kernel/signal"
)

// FuzzAltStack: whatever stack_t a program has, or a forged frame, the alternate
// stack is one that sigaltstack(2) allows, and stays as it is while it is in use.
func FuzzAltStack(f *testing.F) {
	f.Add(uint64(0x1000), int32(0), uint64(8192), uint64(0x2000), int32(2), uint64(0), uint64(0x1800))
	f.Add(uint64(0x1000), spec.SSAutodisarm, uint64(2048), uint64(1)<<63, int32(1), ^uint64(0), uint64(0x1001))
	f.Fuzz(func(t *testing.T, sp1 uint64, flags1 int32, size1, sp2 uint64, flags2 int32, size2, sp uint64) {
		var task Task
		task.altStack.Flags = ssDisable
		for _, s := range []spec.AltStack{
			{SP: uintptr(sp1), Flags: flags1, Size: uintptr(size1)}, {SP: uintptr(sp2), Flags: flags2, Size: uintptr(size2)},
		} {
			before, used := task.altStack, task.altStack.InUse(uintptr(sp))
			err := task.setAltStack(s, uintptr(sp))
			now := task.altStack
			switch {
			case err != nil && err != syscall.EPERM && err != syscall.EINVAL && err != syscall.ENOMEM:
				t.Fatalf("%+v: %v", s, err)
			case (err == syscall.EPERM) != used:
				t.Fatalf("%+v: %v, in use %v", s, err, used)
			case err != nil && now != before:
				t.Fatalf("%+v: %v, and it is %+v", s, err, now)
			}
			mode := now.Flags &^ spec.SSAutodisarm
			if disabled := now.Size == 0; disabled != (mode == ssDisable) || !disabled && (mode != 0 && mode != ssOnStack || now.Size < arch.MinSignalStack) {
				t.Fatalf("%+v makes it %+v", s, now)
			}
		}
	})
}

// FuzzSigevent: a timer that timer_create(2) takes sends a signal that there is, to
// a thread of the process, or none.
func FuzzSigevent(f *testing.F) {
	f.Add(int32(10), int32(sigevSignal), int32(0))
	f.Add(int32(0), int32(sigevNone), int32(-1))
	f.Add(int32(65), int32(sigevThread), int32(1))
	f.Add(int32(40), int32(sigevThreadID), int32(1<<30))
	f.Fuzz(func(t *testing.T, signo, notify, tid int32) {
		inProcess(t, func() {
			c := Current()
			var p posixTimer
			e := sigevent{Signo: signo, Notify: notify, Tid: tid}
			err := p.setEvent(c, &e)
			if err != nil {
				if err != syscall.EINVAL {
					t.Errorf("%+v: %v", e, err)
				}
				return
			}
			switch {
			case notify == sigevNone:
				if !p.silent {
					t.Error("not silent")
				}
			case !signal.Valid(p.sig):
				t.Errorf("%+v: signal %d", e, p.sig)
			case p.thread != nil && (!sameProcess(p.thread, c) || notify != sigevThreadID):
				t.Errorf("%+v: another thread", e)
			case p.thread == nil && notify == sigevThreadID:
				t.Errorf("%+v: no thread", e)
			}
		})
	})
}
