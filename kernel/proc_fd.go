package kernel

import (
	"bytes"
	"fmt"
	"strconv"
	"syscall"

	"onsen/kernel/cred"
	"onsen/kernel/fs"
	"onsen/kernel/fs/procfs"
)

// fdKey is what a file in /proc/PID/fd is about.
type fdKey struct {
	procKey
	fd int
}

// task returns the task as long as it has the descriptor.
func (k fdKey) task() *Task {
	t := k.procKey.task()
	if t == nil {
		return nil
	}
	f := fileOf(t, k.fd)
	if f == nil {
		return nil
	}
	f.Put()
	return t
}

var (
	fdLinkEntry = &procfs.Entry{Link: fdLink}
	fdInfoEntry = &procfs.Entry{Perm: 0o444, Show: showFdinfo}
)

// filesOf returns the open files of a task with one more user, or nil.
func filesOf(t *Task) *fs.Files {
	t.allocLock.Lock()
	defer t.allocLock.Unlock()
	if t.files != nil {
		t.files.Share()
	}
	return t.files
}

// fileOf returns the file of a descriptor with a reference, or nil.
func fileOf(t *Task, fd int) *fs.File {
	files := filesOf(t)
	if files == nil {
		return nil
	}
	defer files.Put()
	return files.GetRaw(fd)
}

// fdPermission lets a process into its own directory whoever owns that.
func fdPermission(key any, c *cred.Cred, mask uint32) error {
	if mask&fs.MayWrite != 0 {
		return syscall.EACCES
	}
	t, err := keyTask(key)
	if err != nil {
		return syscall.ENOENT
	}
	return procMayRead(c, t)
}

func findFd(e *procfs.Entry) func(any, string) (*procfs.Entry, any, error) {
	return func(key any, name string) (*procfs.Entry, any, error) {
		n, err := procNumber(name)
		if err != nil {
			return nil, nil, err
		}
		k := fdKey{key.(procKey), n}
		if k.task() == nil {
			return nil, nil, syscall.ENOENT
		}
		return e, k, nil
	}
}

func listFds(key any, from int64, emit func(int64, string, uint32) bool) error {
	t, err := keyTask(key)
	if err != nil {
		return syscall.ENOENT
	}
	files := filesOf(t)
	if files == nil {
		return nil
	}
	defer files.Put()
	files.Walk(int(from), func(fd int, _ *fs.File) bool {
		return emit(int64(fd), strconv.Itoa(fd), syscall.S_IFLNK)
	})
	return nil
}

// fdLink leads to what is open. What has no name says what it is.
func fdLink(key any, c *cred.Cred) (string, fs.Path, error) {
	k := key.(fdKey)
	t := k.procKey.task()
	if t == nil {
		return "", fs.Path{}, syscall.ENOENT
	}
	if err := procMayRead(c, t); err != nil {
		return "", fs.Path{}, err
	}
	f := fileOf(t, k.fd)
	if f == nil {
		return "", fs.Path{}, syscall.ENOENT
	}
	defer f.Put()
	return "", f.Path, nil
}

func showFdinfo(key any, w *bytes.Buffer) error {
	k := key.(fdKey)
	t := k.procKey.task()
	if t == nil {
		return syscall.ENOENT
	}
	files := filesOf(t)
	if files == nil {
		return syscall.ENOENT
	}
	defer files.Put()
	f := files.GetRaw(k.fd)
	if f == nil {
		return syscall.ENOENT
	}
	defer f.Put()
	flags := f.Flags()
	if files.Cloexec(k.fd) {
		flags |= syscall.O_CLOEXEC
	}
	mount := 0
	if f.Path.Mount != nil {
		mount = f.Path.Mount.ID
	}
	fmt.Fprintf(w, "pos:\t%d\nflags:\t0%o\nmnt_id:\t%d\nino:\t%d\n", f.Pos(), flags, mount, f.Inode.Ino)
	if more, ok := f.Ops.(interface{ ShowFdinfo(*fs.File) string }); ok {
		w.WriteString(more.ShowFdinfo(f))
	}
	return nil
}
