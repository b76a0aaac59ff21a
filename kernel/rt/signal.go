//go:build metal

package rt

import (
	"math/bits"
	"syscall"

	"onsen/arch"
)

const (
	maxSignal = 64

	siKernel  = 128 // si_code SI_KERNEL
	siTkill   = -6  // si_code SI_TKILL
	segvMaper = 1   // si_code SEGV_MAPERR
	segvAccer = 2   // si_code SEGV_ACCERR
	fpeIntdiv = 1   // si_code FPE_INTDIV
	illIllopc = 1   // si_code ILL_ILLOPC
	trapBrkpt = 1   // si_code TRAP_BRKPT
)

// action is the kernel's struct sigaction, the same on amd64 and arm64.
type action struct {
	handler  uintptr
	flags    uint64
	restorer uintptr
	mask     uint64
}

// actions is written while the runtime starts, on one CPU.
var actions [maxSignal + 1]action

// sigaction is rt_sigaction(2).
//
//go:nosplit
func sigaction(sig, next, old uintptr) uintptr {
	if sig == 0 || sig > maxSignal {
		return fail(einval)
	}
	a := &actions[sig]
	if old != 0 {
		*(*action)(at(old)) = *a
	}
	if next != 0 {
		*a = *(*action)(at(next))
	}
	return 0
}

// sigprocmask is rt_sigprocmask(2).
//
//go:nosplit
func (t *thread) sigprocmask(how, next, old uintptr) uintptr {
	if old != 0 {
		*(*uint64)(at(old)) = t.sigMask
	}
	if next == 0 {
		return 0
	}
	set := *(*uint64)(at(next))
	switch how {
	case 0: // SIG_BLOCK
		t.sigMask |= set
	case 1: // SIG_UNBLOCK
		t.sigMask &^= set
	case 2: // SIG_SETMASK
		t.sigMask = set
	default:
		return fail(einval)
	}
	return 0
}

// stackT is stack_t.
type stackT struct {
	sp    uintptr
	flags int32
	_     int32
	size  uintptr
}

const ssDisable = 2

// sigaltstack is sigaltstack(2).
//
//go:nosplit
func (t *thread) sigaltstack(next, old uintptr) uintptr {
	cur := stackT{sp: t.altStack, size: t.altSize}
	if t.altStack == 0 {
		cur.flags = ssDisable
	}
	if next != 0 {
		st := (*stackT)(at(next))
		t.altStack, t.altSize = st.sp, st.size
		if st.flags&ssDisable != 0 {
			t.altStack, t.altSize = 0, 0
		}
	}
	if old != 0 {
		*(*stackT)(at(old)) = cur
	}
	return 0
}

// tgkill makes a signal pending for a thread and makes the thread notice.
//
//go:nosplit
func tgkill(tid, sig uintptr) uintptr {
	if tid == 0 || tid > MaxThreads || sig == 0 || sig > maxSignal {
		return fail(einval)
	}
	t := &threads[tid-1]
	lock()
	switch t.state {
	case free:
		unlock()
		return fail(esrch)
	case running:
		t.sigPending.Or(1 << (sig - 1))
		kick(t.cpu)
	case atRest:
		t.sigPending.Or(1 << (sig - 1))
		if t.pinned >= 0 {
			kick(t.pinned)
		}
	default:
		t.sigPending.Or(1 << (sig - 1))
	}
	unlock()
	return 0
}

// deliver makes f call the handler of one pending signal. Further ones follow
// when the handler returns.
//
//go:nosplit
func (t *thread) deliver(f *arch.Frame) {
	set := t.sigPending.Load() &^ t.sigMask
	if set == 0 {
		return
	}
	sig := bits.TrailingZeros64(set) + 1
	t.sigPending.And(^(uint64(1) << (sig - 1)))
	t.push(f, sig, siTkill, 0)
}

// push makes f call the handler of sig. It reports whether there is one.
//
//go:nosplit
func (t *thread) push(f *arch.Frame, sig, code int, addr uintptr) bool {
	a := &actions[sig]
	if a.handler <= 1 || t.altStack == 0 { // SIG_DFL, SIG_IGN
		return false
	}
	t.touchAltStack(f)
	f.PushSignal(a.handler, a.restorer, t.altStack, t.altSize, t.sigMask, sig, code, addr)
	t.sigMask |= a.mask | 1<<(sig-1)
	return true
}

// signalFrameMax is more than a signal frame takes on any architecture.
const signalFrameMax = 6 << 10

// touchAltStack maps the pages that a signal frame will be written to. A fault
// on the way into the handler of a fault would use the same exception stack.
//
//go:nosplit
func (t *thread) touchAltStack(f *arch.Frame) {
	top := t.altStack + t.altSize
	if sp := f.SP(); sp > t.altStack && sp <= top {
		top = sp
	}
	for va := max(top-signalFrameMax, t.altStack); va < top; va += arch.PageSize {
		touch(va)
	}
	touch(top - 1)
}

//go:nosplit
func touch(va uintptr) {
	if reserved(va) && !arch.KernelPageMapped(va) {
		populate(va)
	}
}

// signalOf translates a fault into the signal Linux sends for it.
//
//go:nosplit
func signalOf(kind arch.FaultKind) (sig, code int) {
	switch kind {
	case arch.FaultTranslation:
		return int(syscall.SIGSEGV), segvMaper
	case arch.FaultAccess:
		return int(syscall.SIGSEGV), segvAccer
	case arch.FaultDivide:
		return int(syscall.SIGFPE), fpeIntdiv
	case arch.FaultIllegal:
		return int(syscall.SIGILL), illIllopc
	case arch.FaultBreakpoint:
		return int(syscall.SIGTRAP), trapBrkpt
	}
	return 0, siKernel
}
