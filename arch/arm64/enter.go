//go:build metal && arm64

package arm64

import (
	"runtime"
	"unsafe"

	"onsen/arch/spec"
)

// userRecord is what enterUser leaves on the thread's kernel stack while a
// program runs: how to get back.
type userRecord struct {
	context uintptr // *UserContext
	sp      uintptr // SP_EL0
	g, fp   uint64
	lr      uint64
	_       uint64
	scratch [2]uint64 // for the entry code
}

const userRecordSize = 64

// What enterUser returns: a spec.Entry, but every exception is one.
const (
	leftInterrupt = uint64(spec.EntryInterrupt)
	leftSyscall   = uint64(spec.EntrySyscall)
	leftException = uint64(spec.EntryException)
)

// enterUser goes to user mode with the registers in c and returns after the
// next exception there. Interrupts are masked before and enabled afterwards.
//
//go:noescape
func enterUser(c *UserContext) (left uint64)

// EnterUser goes to user mode with the registers in c and returns after the next
// exception there, with all registers in c. The caller has masked interrupts;
// they are enabled on return.
//
// An interrupt in user mode is not acknowledged there: it ends user mode, and
// comes again as soon as interrupts are enabled, in kernel mode.
//
//go:nosplit
func EnterUser(c *UserContext) spec.Entry {
	left := enterUser(c)
	if left != leftSyscall {
		return c.other(left)
	}
	return spec.EntrySyscall
}

// other says in detail why user mode was left, if not for a system call.
func (c *UserContext) other(left uint64) spec.Entry {
	if left == leftException {
		return c.decode()
	}
	// The interrupt may be there because the runtime wants to stop this thread.
	runtime.TaskSafePoint()
	return spec.EntryInterrupt
}

// SwitchUser saves what prev has in the processor beyond what EnterUser saves,
// and loads that of next. Either may be nil. The caller cannot migrate.
//
//go:nosplit
func SwitchUser(prev, next *UserContext) {
	if prev != nil && prev.loaded() {
		prev.tls = readTLS()
	}
	if next != nil {
		writeTLS(next.tls)
	}
	thisCPU().user = uintptr(unsafe.Pointer(next))
}

// loaded reports whether the thread pointer of c is in this CPU's register.
//
//go:nosplit
func (c *UserContext) loaded() bool { return thisCPU().user == uintptr(unsafe.Pointer(c)) }

// TLS returns the thread pointer. c is the caller's, or its task does not run.
//
//go:nosplit
func (c *UserContext) TLS() uintptr {
	if c.loaded() {
		return uintptr(readTLS())
	}
	return uintptr(c.tls)
}

// SetTLS sets the thread pointer, which may be anything. c is the caller's, or
// its task does not run.
//
//go:nosplit
func (c *UserContext) SetTLS(tls uintptr) error {
	c.tls = uint64(tls)
	if c.loaded() {
		writeTLS(c.tls)
	}
	return nil
}

// readTLS and writeTLS access TPIDR_EL0.
func readTLS() uint64
func writeTLS(v uint64)
