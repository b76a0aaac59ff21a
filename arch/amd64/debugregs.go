//go:build metal && amd64

package amd64

import (
	"sync/atomic"
	"syscall"
)

// Hardware breakpoints and watchpoints: the debug registers (SDM vol. 3, 17.2), of
// which each program has its own once a tracer has written one. They are loaded
// with the extended state and stay in the CPU until another program's are needed,
// so that who has none pays for a comparison.

// breakpoints is the number of addresses, DR0 to DR3.
const breakpoints = 4

// Fields of DR7.
const (
	dr7Fixed    = 1 << 10
	dr7Reserved = 0xffff_ffff_0000_fc00 // what does not get there: Linux's DR_CONTROL_RESERVED
	dr6Fixed    = 0xffff_0ff0           // what reads as 1: Linux's DR6_RESERVED
	dr6Hits     = 1<<breakpoints - 1
	dr6Step     = 1 << 14

	dr7Execute = 0
	dr7IO      = 2
)

// debugRegs are a program's debug registers. Written while it does not run, and
// dr6 by an exception of its own.
type debugRegs struct {
	// id is a number that no other state of debug registers has had.
	id   uint64
	addr [breakpoints]uint64
	dr6  uint64 // without dr6Fixed
	dr7  uint64 // as the tracer has written it
}

// lastDebugID is the last debugRegs.id.
var lastDebugID atomic.Uint64

func writeDebug(addr *[breakpoints]uint64, dr7 uint64)

// dr7Enabled reports whether breakpoint i is on, locally or globally.
func dr7Enabled(dr7 uint64, i int) bool { return dr7>>(2*i)&3 != 0 }

// dr7Kind returns what breakpoint i waits for, and the length of its memory.
func dr7Kind(dr7 uint64, i int) (kind, size uint64) {
	v := dr7 >> (16 + 4*i)
	// "10 (8-byte length)" - SDM vol. 3, 17.2.4
	return v & 3, [...]uint64{1, 2, 8, 4}[v>>2&3]
}

// checkDebug returns EINVAL if Linux has no breakpoint i like that: on ports, in
// the kernel's half, executing more or less than a byte, or not aligned.
func checkDebug(d *debugRegs, i int) error {
	kind, size := dr7Kind(d.dr7, i)
	if kind == dr7IO || kind == dr7Execute && size != 1 ||
		d.addr[i]+size > uint64(TaskSize) || d.addr[i]&(size-1) != 0 {
		return syscall.EINVAL
	}
	return nil
}

// peekDebug returns debug register n as a tracer sees it.
func (c *UserContext) peekDebug(n int) uint64 {
	switch d := c.debug; {
	case n == 6:
		if d == nil {
			return dr6Fixed
		}
		return d.dr6 ^ dr6Fixed
	case d == nil:
		return 0
	case n < breakpoints:
		return d.addr[n]
	case n == 7:
		return d.dr7
	}
	return 0
}

// pokeDebug changes debug register n of a program that does not run. EIO for the
// two that are none, EINVAL for a breakpoint that there cannot be.
func (c *UserContext) pokeDebug(n int, v uint64) error {
	var d debugRegs
	if c.debug != nil {
		d = *c.debug
	}
	switch {
	case n == 6:
		d.dr6 = v ^ dr6Fixed
	case n == 7:
		d.dr7 = v
		for i := range breakpoints {
			if !dr7Enabled(d.dr7, i) {
				continue
			}
			if err := checkDebug(&d, i); err != nil {
				return err
			}
		}
	case n < breakpoints:
		d.addr[n] = v
		if v >= uint64(TaskSize) {
			return syscall.EINVAL
		}
		if dr7Enabled(d.dr7, n) {
			if err := checkDebug(&d, n); err != nil {
				return err
			}
		}
	default:
		return syscall.EIO
	}
	d.id = lastDebugID.Add(1)
	c.debug = &d
	return nil
}

// loadDebug makes the debug registers those of c, if it has any.
//
//go:nosplit
func (c *UserContext) loadDebug(cpu *percpu) {
	var none [breakpoints]uint64
	if c.debug == nil {
		writeDebug(&none, dr7Fixed)
		cpu.debug = 0
		return
	}
	writeDebug(&c.debug.addr, c.debug.dr7&^dr7Reserved|dr7Fixed)
	cpu.debug = c.debug.id
}

// debugID names what the debug registers have to be, 0 for nothing.
//
//go:nosplit
func (c *UserContext) debugID() uint64 {
	if c.debug == nil {
		return 0
	}
	return c.debug.id
}

// noteDebug takes note of why there was a debug exception in user mode.
//
//go:nosplit
func (c *UserContext) noteDebug(dr6 uint64) {
	d := c.debug
	if d == nil {
		return
	}
	d.dr6 = dr6 & (dr6Hits | dr6Step)
	for i := range breakpoints {
		if kind, _ := dr7Kind(d.dr7, i); dr6>>i&1 != 0 && dr7Enabled(d.dr7, i) && kind == dr7Execute {
			// The exception comes before the instruction, which RF lets
			// through the next time (SDM vol. 3, 17.3.1.1).
			c.regs.flags |= flagRF
		}
	}
}
