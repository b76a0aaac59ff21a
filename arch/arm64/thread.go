//go:build metal && arm64

package arm64

// switchRecord is what SwitchStack leaves on a stack, see thread_arm64.s.
type switchRecord struct {
	fp, pc uint64 // x29, x30
	g      uint64
	_      uint64
}

const switchRecordSize = 32

// initSwitch puts a record below top, so that the first switch to the returned
// stack pointer goes to pc with the stack pointer top.
//
//go:nosplit
func initSwitch(top, pc uintptr) uintptr {
	sp := top - switchRecordSize
	r := (*switchRecord)(at(sp))
	r.fp, r.pc, r.g = 0, uint64(pc), 0
	return sp
}

// InitThreadStack prepares a new kernel stack below top. The first switch to
// the returned stack calls rt.ThreadStart and then leaves the kernel with the
// registers of parent, but with stack pointer sp and result 0: the child's side
// of clone(2).
//
//go:nosplit
func InitThreadStack(top uintptr, parent *Frame, sp, _ uintptr) uintptr {
	frame := top - frameSize
	f := (*Frame)(at(frame))
	for i := range f.R {
		f.R[i] = parent.R[i]
	}
	f.R[0] = 0
	f.Stack = uint64(sp)
	f.IP = parent.IP
	f.PState = parent.PState
	f.VValid = 0
	return initSwitch(frame, threadEntry())
}

// threadStart is entered from thread_arm64.s.
//
//go:nosplit
func threadStart() { rtThreadStart() }
