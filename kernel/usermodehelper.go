package kernel

import (
	"syscall"

	"onsen/kernel/fs"
	"onsen/kernel/sched"
	"onsen/kernel/signal"
)

// SubprocessInfo is a program that the kernel wants to be run; Linux's struct
// subprocess_info.
type SubprocessInfo struct {
	Path       string
	Argv, Envp []string
	// Init is called by the task that becomes the program, before it does, if it
	// is not nil: it gives the program files and limits. After an error there is no
	// program.
	Init func(t *Task) error

	err  error // why there is no program. Owned by that task until done
	done sched.Completion
}

// CallUsermodehelper runs a program in a process of its own, a child of kthreadd
// with root's rights, init's root and working directory, and no open files. It returns when
// the program has begun, or why it has not: what execve(2) returns. As on Linux
// an empty path is nothing to do.
func CallUsermodehelper(info *SubprocessInfo) error {
	if info.Path == "" {
		return nil
	}
	askKthreadd(&kthreadCreateInfo{helper: info})
	info.done.Wait()
	return info.err
}

// createHelper makes the task that becomes the program.
func createHelper(info *SubprocessInfo) {
	if _, err := UserModeThread(helperMain, info, uint64(signal.SIGCHLD)); err != nil {
		info.err = err
		info.done.Complete()
	}
}

// helperMain is what that task does; Linux's call_usermodehelper_exec_async.
func helperMain(arg any) int {
	t, info := Current(), arg.(*SubprocessInfo)
	info.err = t.becomeHelper(info)
	info.done.Complete()
	return 0
}

// becomeHelper makes the calling kernel thread the program.
func (t *Task) becomeHelper(info *SubprocessInfo) error {
	place := copyInitFS()
	if place == nil {
		return syscall.ENOENT
	}
	place.SetUmask(0o022)
	t.allocLock.Lock()
	t.fs, t.files = place, fs.NewFiles() // kthreadd has none
	t.allocLock.Unlock()
	t.defaultActions()
	if info.Init != nil {
		if err := info.Init(t); err != nil {
			return err
		}
	}
	return KernelExecve(info.Path, info.Argv, info.Envp)
}

// defaultActions gives the calling task the default action for every signal,
// whatever its maker has.
func (t *Task) defaultActions() {
	t.sighand.siglock.Lock()
	defer t.sighand.siglock.Unlock()
	clear(t.sighand.actions[:])
}
