package kernel

import (
	"syscall"

	"onsen/kernel/fs"
	"onsen/kernel/uaccess"
)

// execSyscalls are the system calls of this file.
var execSyscalls = []Syscall{
	{"execve", sysExecve},
	{"execveat", sysExecveat},
}

// sysExecve is execve(2).
func sysExecve(t *Task, a *SyscallArgs) (uintptr, error) {
	name, err := execPath(a[0], false)
	if err != nil {
		return 0, err
	}
	return 0, doExecve(t, atFdcwd, name, a[1], a[2], 0)
}

// sysExecveat is execveat(2).
func sysExecveat(t *Task, a *SyscallArgs) (uintptr, error) {
	name, err := execPath(a[1], a[4]&atEmptyPath != 0)
	if err != nil {
		return 0, err
	}
	return 0, doExecve(t, int(int32(a[0])), name, a[2], a[3], int(int32(a[4])))
}

// execPath reads a path. It returns EFAULT, ENAMETOOLONG, and ENOENT for an
// empty one unless that is allowed.
func execPath(addr uintptr, empty bool) (string, error) {
	name, err := uaccess.String(addr, pathMax-1)
	if err == nil && name == "" && !empty {
		err = syscall.ENOENT
	}
	return name, err
}

// pathMax is the longest path, its NUL counted; PATH_MAX.
const pathMax = 4096

// openExecAt opens a file to be executed, from the directory fd if name is
// relative. It returns what execveat(2) returns. The file must be given up with
// closeExec.
func openExecAt(t *Task, fd int, name string, flags int) (*fs.File, error) {
	if flags&^(atSymlinkNofollow|atEmptyPath) != 0 {
		return nil, syscall.EINVAL
	}
	lookup := fs.LookupFollow
	if flags&atSymlinkNofollow != 0 {
		lookup = 0
	}
	if flags&atEmptyPath != 0 {
		lookup |= fs.LookupEmpty
	}
	return fs.OpenExec(execContext(t), fd, name, lookup)
}

// openExec opens an interpreter.
func openExec(name string) (*fs.File, error) { return openExecAt(Current(), atFdcwd, name, 0) }

// execContext is on whose behalf t opens what it executes.
func execContext(t *Task) *fs.Context { return &fs.Context{Cred: t.Cred(), FS: t.fs, Files: t.files} }
