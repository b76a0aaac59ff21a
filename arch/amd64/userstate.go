//go:build metal && amd64

package amd64

import (
	"encoding/binary"
	"syscall"
	"unsafe"

	"onsen/arch/amd64/sigframe"
)

// The extended state of signal frames goes straight from the registers to the
// program's stack and back, by storeFrame, loadUsualState and loadState.

// What these know of the formats.
const (
	legacyState = sigframe.X87 | sigframe.SSE
	magic2      = sigframe.Magic2
	offSoftware = sigframe.OffSoftware

	// frameQuads is the size of a frame without the state.
	frameQuads = sigframe.Size / 8

	// legacyOnly stands for the components that FXRSTOR loads.
	legacyOnly = -1
	// unusualState is a result of loadUsualState.
	unusualState = 0x100
)

// xformat describes the extended state. Written by initXState, as the next three.
var xformat = sigframe.XFormat{Size: sigframe.FXSize, MXCSRMask: 0xffbf}

var (
	// frameStateSize is the size of the state on the stack.
	frameStateSize = sigframe.FXSize
	// software is what the frame of every signal says of its state.
	software sigframe.Software
	// newState is the address of a state without components, which stands for
	// that of a new program.
	newState uintptr
)

// newStateArea has newState in it.
var newStateArea [sigframe.MinSize + stateAlign]byte

// setXFormat notes what initXState has found out.
func setXFormat() {
	xformat.Features, xformat.Size = xfeatures, int(xsaveSize)
	frameStateSize, software = xformat.FrameSize(), xformat.Software()
	base := uintptr(unsafe.Pointer(&newStateArea))
	off := -base & (stateAlign - 1)
	newState = base + off
	area := newStateArea[off:][:sigframe.MinSize]
	// "If all the bits of this field are 0, the mask is 0000FFBFH" - SDM vol. 1,
	// 11.6.6, of MXCSR_MASK in the FXSAVE area.
	const maskAt = 28
	fxsave(newState)
	if mask := binary.LittleEndian.Uint32(area[maskAt:]); mask != 0 {
		xformat.MXCSRMask = mask
	}
	sigframe.Reset(area)
}

// hold makes this CPU's registers hold the state.
func (c *UserContext) hold() {
	if c.loaded == 0 {
		flags := IRQSave()
		c.load()
		IRQRestore(flags)
	}
}

// pushFrame saves the frame and the state at user addresses, and makes the state
// that of a new program. Nothing but user memory changes if it fails.
func (c *UserContext) pushFrame(at, state int, write func(addr uintptr, b []byte) error) error {
	c.hold()
	for storeFrame(uintptr(at), uintptr(unsafe.Pointer(c)), uintptr(state)) != 0 {
		if err := touch(uintptr(at), uintptr(state-at+frameStateSize), write); err != nil {
			return err
		}
		c.hold()
	}
	return nil
}

// popState brings back the state that is at a user address, where 0 stands for
// that of a new program. That is what the program gets, too, if it fails.
func (c *UserContext) popState(at uintptr, read func(addr uintptr, b []byte) error) error {
	if at == 0 {
		c.resetState()
		return nil
	}
	err := error(syscall.EFAULT)
	if at < TaskSize-uintptr(frameStateSize) && (at%stateAlign == 0 || xfeatures == 0) {
		c.hold()
		if xfeatures != 0 && loadUsualState(uintptr(unsafe.Pointer(c)), at, 0) == 0 {
			err = c.checkMXCSR()
		} else {
			err = c.getState(at, read)
		}
	}
	if err != nil {
		c.resetState()
	}
	return err
}

// checkMXCSR returns EFAULT for one that a processor does not load. QEMU does.
func (c *UserContext) checkMXCSR() error {
	if c.mxcsr&^xformat.MXCSRMask != 0 {
		return syscall.EFAULT
	}
	return nil
}

// getState brings back any state that is at a user address.
func (c *UserContext) getState(at uintptr, read func(addr uintptr, b []byte) error) error {
	components, err := stateComponents(at, read)
	if err != nil {
		return err
	}
	for {
		c.hold()
		switch loadState(uintptr(unsafe.Pointer(c)), at, uintptr(components)) {
		case 0:
			return c.checkMXCSR()
		case vecPageFault:
			if err := touch(at, uintptr(frameStateSize), read); err != nil {
				return err
			}
		default: // the processor does not load it
			return syscall.EFAULT
		}
	}
}

// stateComponents returns the components that the state at a user address says to
// have, or legacyOnly.
func stateComponents(at uintptr, read func(addr uintptr, b []byte) error) (int, error) {
	if xfeatures == 0 {
		return legacyOnly, nil
	}
	var s sigframe.Software
	if err := getUser(unsafe.Pointer(&s), at+offSoftware, unsafe.Sizeof(s), read); err != nil {
		return 0, err
	}
	components, end := xformat.Claims(&s)
	if end == 0 {
		return legacyOnly, nil
	}
	var magic uint32
	if err := getUser(unsafe.Pointer(&magic), at+uintptr(end), unsafe.Sizeof(magic), read); err != nil {
		return 0, err
	}
	if magic != sigframe.Magic2 {
		return legacyOnly, nil
	}
	return int(components), nil
}

// getUser reads n bytes at a user address.
func getUser(dst unsafe.Pointer, src, n uintptr, read func(addr uintptr, b []byte) error) error {
	if src >= TaskSize-n {
		return syscall.EFAULT
	}
	for CopyFromUser(dst, src, n) != 0 {
		if err := touch(src, n, read); err != nil {
			return err
		}
	}
	return nil
}

// touch reads or writes a byte of every page that n bytes at a user address are
// in. What is written there does not matter.
func touch(at, n uintptr, access func(addr uintptr, b []byte) error) error {
	var b [1]byte
	last := at + n - 1
	for ; at < last; at = min(last, at&^(pageSize-1)+pageSize) {
		if err := access(at, b[:]); err != nil {
			return err
		}
	}
	return access(last, b[:])
}

// resetState gives the program the x87 and vector state of a new one.
func (c *UserContext) resetState() {
	c.forget()
	c.x, c.mxcsr = [32]uint64{}, defaultMXCSR
	sigframe.Reset(c.area())
}
