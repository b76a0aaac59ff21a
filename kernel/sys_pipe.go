package kernel

import (
	"strconv"
	"syscall"

	"onsen/kernel/fs"
	"onsen/kernel/fs/pipe"
	"onsen/kernel/signal"
	"onsen/kernel/uaccess"
)

// pipeSyscalls are the system calls of this file and its neighbours.
var pipeSyscalls = []Syscall{
	{"pipe", sysPipe},
	{"pipe2", sysPipe2},
	{"splice", sysSplice},
	{"tee", sysTee},
	{"vmsplice", sysVmsplice},
	{"sendfile", sysSendfile},
}

func init() {
	fs.OpenFifo = pipe.OpenFifo
	pipe.Capable = Capable
	pipe.SendSIGPIPE = func() { sendToSelf(signal.SIGPIPE) }
}

func sysPipe(t *Task, a *SyscallArgs) (uintptr, error) { return 0, t.pipe(a[0], 0) }

func sysPipe2(t *Task, a *SyscallArgs) (uintptr, error) { return 0, t.pipe(a[0], uint32(a[1])) }

// pipe makes a pipe and stores the descriptors of its ends at addr.
func (t *Task) pipe(addr uintptr, flags uint32) error {
	const notificationPipe = syscall.O_EXCL
	if flags&^(syscall.O_CLOEXEC|syscall.O_NONBLOCK|syscall.O_DIRECT|notificationPipe) != 0 {
		return syscall.EINVAL
	}
	if flags&notificationPipe != 0 {
		return syscall.ENOPKG // as a Linux without CONFIG_WATCH_QUEUE
	}
	return t.installPair(addr, flags&syscall.O_CLOEXEC != 0, func() (r, w *fs.File, err error) {
		r, w = t.newPipe(flags)
		return r, w, nil
	})
}

// installPair takes two descriptors, stores them at addr, and gives them the files that
// open returns: EMFILE, EFAULT, or the error of that.
func (t *Task) installPair(addr uintptr, cloexec bool, open func() (one, two *fs.File, err error)) error {
	limit := t.rlimit(RLIMIT_NOFILE)
	var fds [2]int32
	var files [2]*fs.File
	n := 0
	err := error(nil)
	for n < 2 && err == nil {
		var fd int
		if fd, err = t.files.AllocFd(0, limit, cloexec); err == nil {
			fds[n] = int32(fd)
			n++
		}
	}
	if err == nil {
		err = uaccess.Put(addr, fds)
	}
	if err == nil {
		files[0], files[1], err = open()
	}
	if err != nil {
		for _, fd := range fds[:n] {
			t.files.PutUnused(int(fd))
		}
		return err
	}
	t.files.Install(int(fds[0]), files[0])
	t.files.Install(int(fds[1]), files[1])
	return nil
}

// newPipe returns the open files of a new pipe's ends.
func (t *Task) newPipe(flags uint32) (r, w *fs.File) {
	inode := fs.NewPseudoInode(syscall.S_IFIFO|0o600, fs.NoInodeOps{})
	inode.SetOwner(t.Cred().FSUID, t.Cred().FSGID)
	name := "pipe:[" + strconv.FormatUint(inode.Ino, 10) + "]"
	re, we := pipe.NewEnds(inode)
	r = fs.NewPseudoFile(inode, name, re, nil, syscall.O_RDONLY|flags&syscall.O_NONBLOCK)
	w = fs.NewPseudoFile(inode, name, we, nil, syscall.O_WRONLY|flags&(syscall.O_NONBLOCK|syscall.O_DIRECT))
	return r, w
}
