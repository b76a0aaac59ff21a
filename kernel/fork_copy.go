package kernel

import (
	"math"
	"syscall"

	"onsen/kernel/cred"
	"onsen/kernel/signal"
)

// allFiles as the number of files to copy leaves none out.
const allFiles = math.MaxInt32

// copyFiles shares the open files or copies the table.
func copyFiles(p, cur *Task, args *KernelCloneArgs) error {
	switch {
	case cur.files == nil || args.NoFiles || args.Idle:
		return nil
	case args.Flags&CLONE_FILES != 0:
		cur.files.Share()
		p.files = cur.files
		return nil
	}
	files, err := cur.files.Dup(allFiles)
	p.files = files
	return err
}

func undoFiles(p *Task, _ *KernelCloneArgs) {
	if p.files != nil {
		p.files.Put()
	}
}

// copyFS shares the root, working directory and umask or copies them.
func copyFS(p, cur *Task, args *KernelCloneArgs) error {
	switch {
	case cur.fs == nil || args.Idle:
	case args.Flags&CLONE_FS != 0:
		cur.fs.Get()
		p.fs = cur.fs
	default:
		p.fs = cur.fs.Copy()
	}
	return nil
}

func undoFS(p *Task, _ *KernelCloneArgs) {
	if p.fs != nil {
		p.fs.Put()
	}
}

// copySighand shares the signal handlers or copies them. Kernel threads share
// theirs.
func copySighand(p, cur *Task, args *KernelCloneArgs) error {
	if args.Idle {
		return nil
	}
	shared := cur.sighand
	if args.Kthread {
		shared = &kthreadSighand
	}
	if args.Flags&CLONE_SIGHAND != 0 || args.Kthread {
		shared.users.Add(1)
		p.sighand = shared
		return nil
	}
	h := new(SighandStruct)
	h.users.Store(1)
	cur.sighand.siglock.Lock()
	h.actions = cur.sighand.actions
	cur.sighand.siglock.Unlock()
	if args.Flags&CLONE_CLEAR_SIGHAND != 0 {
		h.clear()
	}
	p.sighand = h
	return nil
}

func undoSighand(p *Task, _ *KernelCloneArgs) {
	if p.sighand != nil {
		p.sighand.put()
	}
}

// put gives up a share of signal handlers.
func (h *SighandStruct) put() { h.users.Add(-1) }

// clear sets every signal that is not ignored to its default action.
//
// Preconditions: nobody else uses h.
func (h *SighandStruct) clear() {
	for i := range h.actions {
		if h.actions[i].Handler != sigIgn {
			h.actions[i] = signal.Action{}
		}
	}
}

// copySignal makes p a thread of the caller's process or a process of its own.
func copySignal(p, cur *Task, args *KernelCloneArgs) error {
	if args.Idle {
		return nil
	}
	if args.Flags&CLONE_THREAD != 0 {
		p.signal = cur.signal
		return nil
	}
	s := new(SignalStruct)
	s.live.Store(1)
	s.quickThreads = 1
	s.oomScoreAdj.Store(cur.signal.oomScoreAdj.Load())
	s.tty.Store(cur.signal.tty.Load())
	s.processSignal.fork(&cur.signal.processSignal)
	s.processLimits.fork(&cur.signal.processLimits)
	p.signal = s
	return nil
}

// copyMM shares the memory or copies it. A kernel thread has none.
func copyMM(p, cur *Task, args *KernelCloneArgs) error {
	var err error
	switch {
	case cur.mm == nil || args.Kthread:
		return nil
	case args.Flags&CLONE_VM != 0:
		cur.mm.Get()
		p.mm = cur.mm
	default:
		if p.mm, err = cur.mm.Dup(); err != nil {
			return err
		}
	}
	p.MM, p.User = p.mm.Context(), &p.user
	return nil
}

func undoMM(p *Task, _ *KernelCloneArgs) {
	if p.mm != nil {
		p.mm.Put()
	}
}

// unsupportedCloneFlags are the flags for what this kernel does not have. It
// answers as a Linux built without them.
const unsupportedCloneFlags = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |
	CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWTIME | CLONE_INTO_CGROUP

// copyNamespaces refuses what would need new ones.
func copyNamespaces(_, cur *Task, args *KernelCloneArgs) error {
	switch {
	case args.Flags&unsupportedCloneFlags == 0:
		return nil
	case args.Flags&(CLONE_NEWUSER|CLONE_INTO_CGROUP) != 0, cur.Cred().Capable(cred.CAP_SYS_ADMIN):
		return syscall.EINVAL
	}
	return syscall.EPERM
}

// copyThread sets up the registers with which p enters user mode: the caller's,
// but for the result, 0, and what args say of stack and thread pointer. What
// begins as a function in the kernel gets registers with which user mode would
// fault at once.
func copyThread(p, cur *Task, args *KernelCloneArgs) error {
	if args.Fn != nil || args.Idle {
		p.user.Reset()
		return nil
	}
	p.user.Copy(&cur.user)
	p.call.word = cur.call.word
	regs := p.user.Regs()
	regs.SetReturnValue(0)
	if args.Stack != 0 {
		regs.SetSP(args.Stack)
	}
	if args.Flags&CLONE_SETTLS != 0 {
		return p.user.SetTLS(args.Tls)
	}
	return nil
}
