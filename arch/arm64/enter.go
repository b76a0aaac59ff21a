//go:build metal && arm64

package arm64

import (
	"sync/atomic"
	"unsafe"

	"onsen/arch/spec"
)

// userRecord is what EnterUser leaves on the thread's kernel stack while a
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

const (
	leftForSyscall   = uint64(spec.EntrySyscall)
	leftForInterrupt = uint64(spec.EntryInterrupt)
	entryWork        = uint64(spec.EntryWork)
)

// EnterUser goes to user mode with the registers in c, unless there is work to
// do, and returns after the next exception there, with all registers in c; see
// package arch.
//
// An interrupt in user mode is not acknowledged there: it ends user mode, and
// comes again as soon as interrupts are enabled, in kernel mode.
//
//go:noescape
func EnterUser(c *UserContext, flags *atomic.Uint32, work uint32) spec.Entry

// EnterUserStep is EnterUser for a program that executes one instruction at a time.
// Nothing can put another task on this CPU before it returns.
func EnterUserStep(c *UserContext, flags *atomic.Uint32, work uint32) spec.Entry {
	mdscr := c.debug.mdscr()
	writeMDSCR(mdscr | mdscrSS)
	e := EnterUser(c, flags, work)
	writeMDSCR(mdscr)
	return e
}

// leftForException takes the place of EnterUser when user mode was left for an
// exception: it returns to the caller.
func leftForException(c *UserContext, _ *atomic.Uint32, _ uint32) spec.Entry { return c.decode() }

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
		if next.debugID != thisCPU().debug {
			next.debug.load()
		}
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
