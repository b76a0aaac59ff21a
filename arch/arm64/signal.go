package arm64

// The frame that a signal handler finds on its stack: struct rt_sigframe of
// Linux's arch/arm64/kernel/signal.c, which holds a siginfo and a ucontext
// (include/uapi/asm/{siginfo,ucontext,sigcontext}.h). Offsets in bytes.
const (
	infoSigno = 0  // siginfo: int si_signo, si_errno, si_code
	infoErrno = 4  //
	infoCode  = 8  //
	infoAddr  = 16 // void *si_addr

	frameContext   = 128 // rt_sigframe: struct ucontext uc
	contextFlags   = 0   // ucontext: unsigned long uc_flags
	contextLink    = 8   // struct ucontext *uc_link
	contextStack   = 16  // stack_t uc_stack: void *ss_sp, int ss_flags, size_t ss_size
	contextMask    = 40  // sigset_t uc_sigmask
	contextMachine = 176 // struct sigcontext uc_mcontext

	machineAddress  = 0   // sigcontext: fault_address
	machineRegs     = 8   // regs[31], sp, pc, pstate
	machineReserved = 288 // __reserved[4096]: records, the first one here:
	fpsimdMagic     = 0x46508001
	fpsimdSize      = 528
	fpsimdSR        = 8  // fpsimd_context: fpsr after magic and size
	fpsimdCR        = 12 // fpcr
	fpsimdRegs      = 16 // vregs[32]; a record of zeros ends the list

	reservedSize = 4096
	contextSize  = contextMachine + machineReserved + reservedSize

	// frameRecord is where Linux puts the frame record (x29, x30) that links
	// the handler to the interrupted code.
	frameRecord    = frameContext + contextSize
	signalFrameLen = frameRecord + 16
)

// belowStack is how far below its stack pointer Go code may have written.
const belowStack = 256

//go:nosplit
func store32(addr uintptr, v uint32) { *(*uint32)(at(addr)) = v }

//go:nosplit
func store64(addr uintptr, v uint64) { *(*uint64)(at(addr)) = v }

//go:nosplit
func load32(addr uintptr) uint32 { return *(*uint32)(at(addr)) }

//go:nosplit
func load64(addr uintptr) uint64 { return *(*uint64)(at(addr)) }

// PushSignal makes the interrupted code call a signal handler, on the alternate
// signal stack. When the handler returns to restorer, or to a trampoline of
// ours if restorer is 0, the code goes on with mask and its own registers.
//
// The handler's stack may be memory that is not mapped yet.
//
//go:nosplit
func (f *Frame) PushSignal(handler, restorer, altsp, altsize uintptr, mask uint64, sig, code int, addr uintptr) {
	top := altsp + altsize
	if sp := f.SP(); sp-altsp < altsize { // on that stack already
		top = sp - belowStack
	}
	base := (top - signalFrameLen) &^ 15
	store32(base+infoSigno, uint32(sig))
	store32(base+infoErrno, 0)
	store32(base+infoCode, uint32(code))
	store64(base+infoAddr, uint64(addr))

	uc := base + frameContext
	store64(uc+contextFlags, 0)
	store64(uc+contextLink, 0)
	store64(uc+contextStack, uint64(altsp))
	store64(uc+contextStack+8, 0)
	store64(uc+contextStack+16, uint64(altsize))
	store64(uc+contextMask, mask)
	f.storeMachine(uc+contextMachine, addr)
	store64(base+frameRecord, f.R[29])
	store64(base+frameRecord+8, f.IP)

	if restorer == 0 {
		restorer = signalReturn()
	}
	f.R[0], f.R[1], f.R[2] = uint64(sig), uint64(base), uint64(uc)
	f.R[29] = uint64(base + frameRecord)
	f.R[30] = uint64(restorer)
	f.Stack = uint64(base)
	f.IP = uint64(handler)
}

// PopSignal makes the code that was interrupted by a signal go on: its handler
// has returned, and f is its rt_sigreturn. It returns the signal mask to
// restore.
//
//go:nosplit
func (f *Frame) PopSignal() (mask uint64) {
	uc := f.SP() + frameContext
	f.loadMachine(uc + contextMachine)
	return load64(uc + contextMask)
}

// storeMachine writes f as a struct sigcontext.
//
//go:nosplit
func (f *Frame) storeMachine(mc, addr uintptr) {
	store64(mc+machineAddress, uint64(addr))
	regs := mc + machineRegs
	for i := range uintptr(len(f.R)) {
		store64(regs+8*i, f.R[i])
	}
	regs += 8 * uintptr(len(f.R))
	store64(regs, f.Stack)
	store64(regs+8, f.IP)
	store64(regs+16, f.PState)

	fp := mc + machineReserved
	store32(fp, fpsimdMagic)
	store32(fp+4, fpsimdSize)
	store64(fp+fpsimdSize, 0)
	if f.VValid == 0 { // a call: the caller expects nothing in them
		store64(fp+fpsimdSR, 0)
		return
	}
	store32(fp+fpsimdSR, uint32(f.FPSR))
	store32(fp+fpsimdCR, uint32(f.FPCR))
	for i := range uintptr(len(f.V)) {
		store64(fp+fpsimdRegs+8*i, f.V[i])
	}
}

// loadMachine reads f from a struct sigcontext.
//
//go:nosplit
func (f *Frame) loadMachine(mc uintptr) {
	regs := mc + machineRegs
	for i := range uintptr(len(f.R)) {
		f.R[i] = load64(regs + 8*i)
	}
	regs += 8 * uintptr(len(f.R))
	f.Stack = load64(regs)
	f.IP = load64(regs + 8)
	f.PState = load64(regs + 16)

	fp := mc + machineReserved
	f.FPSR = uint64(load32(fp + fpsimdSR))
	f.FPCR = uint64(load32(fp + fpsimdCR))
	for i := range uintptr(len(f.V)) {
		f.V[i] = load64(fp + fpsimdRegs + 8*i)
	}
	f.VValid = 1
}
