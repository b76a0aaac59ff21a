package kernel

import (
	"encoding/binary"
	"math/bits"
	"strings"
	"syscall"

	"onsen/arch"
	"onsen/kernel/elf"
	"onsen/kernel/fs"
	"onsen/kernel/random"
	"onsen/kernel/vm"
)

// beginNewExec is the point of no return: what b needs has been found, and now
// the old program goes. After an error the task cannot go on, unless b.noReturn
// is still false. Linux's begin_new_exec.
func (b *binprm) beginNewExec(t *Task) (err error) {
	b.wouldDump(b.file)
	if b.mm, err = vm.NewMM(); err != nil {
		return syscall.ENOMEM
	}
	if t.mm != nil {
		b.mm.SetCoredumpFilter(t.mm.CoredumpFilter())
		b.mm.SetTHPDisabled(t.mm.THPDisabled())
	}
	b.credsFromFile(t)
	b.noReturn = true
	if err := deThread(t); err != nil {
		return err
	}
	if err := t.ownFiles(); err != nil {
		return err
	}
	b.mm.SetExeFile(exeFile{b.file})
	execMM(t, b.mm)
	b.mm = nil // it is the task's now

	t.flags.And(^(PF_KTHREAD | PF_FORKNOEXEC | PF_NO_SETAFFINITY))
	t.personality.And(^b.perClear)
	t.files.CloseOnExec()
	if b.secure {
		t.pdeathSignal.Store(0)
		t.signal.capStackLimit()
	}
	b.setDumpable(t)
	t.SetName(baseName(b.filename))
	t.selfExecID++
	flushSignalHandlers(t)
	t.resetRseq()
	t.commitCreds(b.cred)
	return nil
}

// execMM makes m the memory of t in place of what it has.
func execMM(t *Task, m *vm.MM) {
	if t.mm != nil {
		mmRelease(t)
		keepPeak(t)
	}
	useMM(t, m)
}

func init() {
	restrictDumpable = func(t *Task) {
		if t.mm != nil {
			t.mm.SetDumpable(int(suidDumpable.Load()))
		}
	}
	isDumpable = func(t *Task) bool {
		m := getTaskMM(t)
		if m == nil {
			return true
		}
		defer m.Put()
		return m.Dumpable() == 1
	}
}

// wouldDump notes whether the caller may read a file that goes into the memory
// of the new program.
func (b *binprm) wouldDump(f *fs.File) {
	if fs.Permission(Current().Cred(), f.Inode, fs.MayRead) != nil {
		b.unreadable = true
	}
}

// setDumpable says who may look at the new program; "The process's effective
// user or group ID is changed" or "executes [...] a program for which the caller
// does not have read permission" - PR_SET_DUMPABLE(2const). That the IDs change is
// commitCreds's, which comes next: a set-user-ID program that has not got them is
// like any other. What counts here is that they differed before.
func (b *binprm) setDumpable(t *Task) {
	if c := t.Cred(); b.unreadable || c.UID != c.EUID || c.GID != c.EGID {
		t.mm.SetDumpable(int(suidDumpable.Load()))
	} else {
		t.mm.SetDumpable(1)
	}
}

// capStackLimit lowers the soft limit of the stack to what a program with
// rights of its own can take for granted.
func (s *SignalStruct) capStackLimit() {
	s.rlimLock.Lock()
	defer s.rlimLock.Unlock()
	if l := s.rlimit(RLIMIT_STACK); l.Cur > stackLimit {
		l.Cur = stackLimit
		s.setRlimit(RLIMIT_STACK, l)
	}
}

func baseName(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

// randomizes reports whether the places of things in t's memory are random.
func (t *Task) randomizes() bool {
	return t.personality.Load()&ADDR_NO_RANDOMIZE == 0 && randomizeVaSpace.Load() != 0
}

func pageAlign(a uintptr) uintptr { return (a + arch.PageSize - 1) &^ (arch.PageSize - 1) }

// By how much places differ from program to program, in bytes.
const (
	stackShift = 1 << 11
	brkRandom  = 1 << 30 // arch_randomize_brk
	mmapRandom = 1 << 40
)

// takeEntropy gets all that is needed of random numbers at once.
func (b *binprm) takeEntropy() {
	var all [32]byte
	random.Read(all[:])
	copy(b.seed[:], all[:])
	for i := range b.entropy {
		b.entropy[i] = binary.LittleEndian.Uint64(all[16+8*i:])
	}
}

// randomBelow returns a random number below n, a power of two, that is a multiple
// of step, one too. All calls together are for no more bits than entropy has.
func (b *binprm) randomBelow(n, step uintptr) uintptr {
	count := uint(bits.Len(uint(n/step)) - 1)
	if b.entropyUsed%64+count > 64 {
		b.entropyUsed = 64
	}
	v := b.entropy[b.entropyUsed/64%2] >> (b.entropyUsed % 64)
	b.entropyUsed += count
	return uintptr(v) & (n/step - 1) * step
}

// setupStack gives the program its stack and its arguments, and says where
// mappings go below it.
func (b *binprm) setupStack(t *Task, mode elf.StackMode) error {
	b.top = arch.UserStackTop
	var lower, shift uintptr
	if t.randomizes() {
		lower = arch.StackRandom
		b.top -= b.randomBelow(arch.StackRandom, arch.PageSize)
		shift = b.randomBelow(mmapRandom, arch.PageSize)
	}
	t.mm.SetMmapBase(vm.MmapBase(t.rlimit(RLIMIT_STACK), lower, shift))
	prot := vm.PROT_READ | vm.PROT_WRITE
	if mode == elf.StackExec {
		prot |= vm.PROT_EXEC
	}
	return t.mm.SetupStack(b.top, b.stackSize(), prot)
}

// stackSize is how large the stack is at first: what is on it so far, what comes
// below that, and some more.
func (b *binprm) stackSize() uintptr {
	const auxWords = 64
	return pageAlign(b.used + uintptr(b.argc+b.envc+auxWords)*wordSize + stackExtra)
}

// stackExtra is how much of the stack a program has without growing it.
const stackExtra = 32 * arch.PageSize

// finishStack pushes what comes below the strings, and writes the whole to the
// stack. It returns the stack pointer.
func (b *binprm) finishStack(t *Task, aux func(execfn, platform, random uintptr) auxVector) (sp uintptr, err error) {
	b.limit = ^uintptr(0)
	argBytes, envBytes := b.sizes()
	argStart := b.top - b.used
	execfn := argStart + argBytes + envBytes

	if err := b.pushZeros((b.top - b.used) % 16); err != nil {
		return 0, err
	}
	if err := b.push(cBytes(arch.Platform())); err != nil {
		return 0, err
	}
	platform := b.top - b.used
	if err := b.push(b.seed[:]); err != nil {
		return 0, err
	}
	v := aux(execfn, platform, b.top-b.used)
	if sp, err = b.pushTable(v, b.top, argStart); err != nil {
		return 0, err
	}
	m := t.mm
	m.ArgLock.Lock()
	m.ArgStart, m.ArgEnd = argStart, argStart+argBytes
	m.EnvStart, m.EnvEnd = m.ArgEnd, execfn
	m.StartStack = sp
	m.Auxv = v
	m.ArgLock.Unlock()
	return sp, b.give(func(below uintptr, p argPage) error { return m.AdoptPage(b.top-below, p.pa) })
}

// startThread lets the task begin the program when it goes to user mode.
func startThread(t *Task, pc, sp uintptr) {
	t.user.Reset()
	t.User = &t.user
	t.user.Regs().StartThread(pc, sp)
}
