package kernel

import (
	"strconv"
	"syscall"

	"onsen/kernel/errno"
	"onsen/kernel/fs"
	"onsen/kernel/printk"
	"onsen/kernel/sched"
)

// Flags of execveat(2).
const (
	atFdcwd           = -100
	atSymlinkNofollow = 0x100
	atEmptyPath       = 0x1000
)

// doExecve makes the calling task a new program, from the strings at user
// addresses. It returns only errors that leave the old program as it was; when
// that is no longer possible, the task has a fatal signal.
func doExecve(t *Task, fd int, name string, argv, envp uintptr, flags int) error {
	if err := t.checkNproc(); err != nil {
		return err
	}
	b := &binprm{filename: execName(fd, name)}
	b.interp = b.filename
	defer b.release()
	if err := b.copyUserStrings(t, argv, envp); err != nil {
		return err
	}
	return b.exec(t, fd, name, flags)
}

// execName returns the name under which a program sees itself. "If pathname is
// empty [...] /dev/fd/N" - execveat(2), for scripts and AT_EXECFN.
func execName(fd int, name string) string {
	switch {
	case fd == atFdcwd || name != "" && name[0] == '/':
		return name
	case name == "":
		return "/dev/fd/" + strconv.Itoa(fd)
	}
	return "/dev/fd/" + strconv.Itoa(fd) + "/" + name
}

// copyUserStrings copies the name, the environment and the arguments.
func (b *binprm) copyUserStrings(t *Task, argv, envp uintptr) error {
	args, err := readPointers(t, argv)
	if err != nil {
		return err
	}
	if len(args) == 0 {
		printk.WarnOnce("process '%s' launched '%s' with NULL argv: empty string added", t.Name(), b.filename)
	}
	env, err := readPointers(t, envp)
	if err != nil {
		return err
	}
	if err := b.begin(t, len(args), len(env)); err != nil {
		return err
	}
	var r argReader
	if err := copyStrings(t, &r, env, b.pushEnv); err != nil {
		return err
	}
	if err := copyStrings(t, &r, args, b.pushArg); err != nil {
		return err
	}
	return b.neverEmpty()
}

// copyStrings pushes the strings at the user addresses in list, last one first.
func copyStrings(t *Task, r *argReader, list []uintptr, push func([]byte) error) error {
	for i := len(list) - 1; i >= 0; i-- {
		s, err := r.read(list[i])
		if err != nil {
			return err
		}
		if err := push(s); err != nil {
			return err
		}
		if fatalSignalPending(t) {
			return errno.ERESTARTNOHAND
		}
	}
	return nil
}

// begin sets the limits and pushes what is above all strings: an empty word,
// and the file's name. Above them some room is left at random, so that not even
// the place within a page is always the same.
func (b *binprm) begin(t *Task, argc, envc int) error {
	limit, err := argLimit(t.rlimit(RLIMIT_STACK), argc, envc)
	if err != nil {
		return err
	}
	b.lens = make([]uint32, 0, argc+envc+maxInterpreters)
	b.takeEntropy()
	above := uintptr(wordSize)
	if t.randomizes() {
		above += b.randomBelow(stackShift, 16)
	}
	b.limit = limit + above
	if err := b.pushZeros(above); err != nil {
		return err
	}
	return b.push(cBytes(b.filename))
}

// argLimit returns how many bytes the strings may have, or E2BIG if not even
// the pointers to them fit. "the total size is limited to 1/4 of the allowed
// stack size [...] Linux also imposes an absolute limit of 3/4 of the default
// 8 MB" - execve(2).
func argLimit(stack uint64, argc, envc int) (uintptr, error) {
	limit := uintptr(max(min(stack/4, stackLimit/4*3), argMax))
	pointers := uintptr(max(argc, 1)+envc) * wordSize
	if limit <= pointers {
		return 0, syscall.E2BIG
	}
	return limit - pointers, nil
}

// neverEmpty gives a program without arguments an empty one: many take for
// granted that there is one.
func (b *binprm) neverEmpty() error {
	if b.argc > 0 {
		return nil
	}
	return b.pushArg([]byte{0})
}

// exec makes the calling task the program b. Linux's bprm_execve.
func (b *binprm) exec(t *Task, fd int, name string, flags int) error {
	f, err := openExecAt(t, fd, name, flags)
	if err != nil {
		return err
	}
	b.file = f
	guard := &t.signal.credGuard
	if guard.LockInterruptible() != nil {
		return errno.ERESTARTNOINTR
	}
	sched.Exec() // the CPU's cache has nothing that the new program needs
	pid := t.Pid // that of the leader after it
	b.pathInaccessible = fd >= 0 && b.filename != name && t.files.Cloexec(fd)
	err = b.execFile()
	guard.Unlock()
	if err != nil {
		if b.noReturn && !fatalSignalPending(t) {
			t.forceSigsegv(sigsegv)
		}
		return err
	}
	t.ptraceEvent(PTRACE_EVENT_EXEC, uintptr(pid))
	tellMonitor(procExec, t)
	return nil
}

// closeExec gives up a file from openExec.
func closeExec(f *fs.File) {
	f.Inode.AllowWrite()
	f.Put()
}

// exeFile is a program's file as its memory holds it: whoever has a reference
// keeps writers out.
type exeFile struct{ *fs.File }

// Get adds a reference.
func (f exeFile) Get() {
	f.File.Get()
	_ = f.Inode.DenyWrite() // there are no writers as long as there is a reference
}

// Put gives one up.
func (f exeFile) Put() { closeExec(f.File) }
