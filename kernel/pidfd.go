package kernel

import (
	"strconv"
	"syscall"

	"onsen/kernel/fs"
	"onsen/kernel/fs/procfs"
	"onsen/kernel/uaccess"
)

// pidfdOps are the operations of a pidfd, whose Private is the *Pid.
type pidfdOps struct{ fs.NoOps }

// Poll says that the process has ended once only a zombie of it is left.
func (pidfdOps) Poll(f *fs.File, table *fs.PollTable) fs.PollEvents {
	p := f.Private.(*Pid)
	table.Wait(&p.wait)
	tasklistLock.Lock()
	defer tasklistLock.Unlock()
	if t := p.tasks[PIDTYPE_TGID]; t == nil || t.exitState != 0 && threadGroupEmpty(t) {
		return fs.PollIn | fs.PollRdNorm
	}
	return 0
}

// ShowFdinfo adds what /proc/PID/fdinfo says of a pidfd; -1 once the process has
// been waited for.
func (pidfdOps) ShowFdinfo(f *fs.File) string {
	nr := "-1"
	p := f.Private.(*Pid)
	if p.Task(PIDTYPE_PID) != nil {
		nr = strconv.Itoa(p.nr)
	}
	return "Pid:\t" + nr + "\nNSpid:\t" + nr + "\n"
}

// newPidfd returns an open pidfd. flags may have O_NONBLOCK.
func newPidfd(p *Pid, flags uint32) *fs.File {
	return fs.NewAnonFile("[pidfd]", pidfdOps{}, p, syscall.O_RDWR|flags)
}

// pidOfFd returns the process of a pidfd and whether that has O_NONBLOCK. EBADF.
func (t *Task) pidOfFd(fd int) (p *Pid, nonblock bool, err error) {
	f := t.files.Borrow(fd)
	if f.File == nil {
		return nil, false, syscall.EBADF
	}
	defer f.Done()
	if _, ok := f.Ops.(pidfdOps); !ok {
		return nil, false, syscall.EBADF
	}
	return f.Private.(*Pid), f.NonBlock(), nil
}

// pidOfFdOrProc is pidOfFd, and takes the directory of a process in /proc, too, as
// programs had it before there were pidfds. EBADF.
func (t *Task) pidOfFdOrProc(fd int) (*Pid, error) {
	p, _, err := t.pidOfFd(fd)
	if err == nil {
		return p, nil
	}
	f := t.files.Borrow(fd)
	if f.File == nil {
		return nil, err
	}
	defer f.Done()
	if e, key := procfs.OpenedDir(f.File); e == processEntry {
		return key.(procKey).pid, nil
	}
	return nil, err
}

// copyPidfd takes a descriptor for p's pidfd and tells the program, if asked for.
func copyPidfd(p, cur *Task, args *KernelCloneArgs) error {
	if args.Flags&CLONE_PIDFD == 0 {
		return nil
	}
	fd, err := cur.files.AllocFd(0, cur.rlimit(RLIMIT_NOFILE), true)
	if err != nil {
		return err
	}
	if err := uaccess.Put(args.Pidfd, int32(fd)); err != nil {
		cur.files.PutUnused(fd)
		return err
	}
	args.pidfd = fd
	return nil
}

func undoPidfd(_ *Task, args *KernelCloneArgs) {
	if args.Flags&CLONE_PIDFD != 0 {
		Current().files.PutUnused(args.pidfd)
	}
}

// installPidfd gives the descriptor its file, once p is there for sure.
func installPidfd(p, cur *Task, args *KernelCloneArgs) {
	if args.Flags&CLONE_PIDFD != 0 {
		cur.files.Install(args.pidfd, newPidfd(p.pid, 0))
	}
}
