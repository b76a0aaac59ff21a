package kernel

import (
	"onsen/kernel/fs"
	"onsen/kernel/uaccess"
)

// taskFiles is what the task's system calls on files work with, so that they
// need no memory of their own. Owned by the task, between the entry and the end
// of one system call.
type taskFiles struct {
	// paths are the buffers of path and path2.
	paths [2][]byte
	// iter and pos belong to read and write.
	iter uaccess.Iter
	pos  int64
	// context is what fsContext returns.
	context fs.Context
}

// path reads a path argument. It is good until the next call of path.
func (t *Task) path(addr uintptr) (string, error) {
	return uaccess.Path(&t.paths[0], addr, fs.PathMax)
}

// path2 reads a second path argument, good until the next call of path2.
func (t *Task) path2(addr uintptr) (string, error) {
	return uaccess.Path(&t.paths[1], addr, fs.PathMax)
}

// fsContext returns on whose behalf the task walks paths, for one system call.
func (t *Task) fsContext() *fs.Context {
	t.context = fs.Context{Cred: t.cred.Load(), FS: t.fs, Files: t.files}
	return &t.context
}

// nofile is the soft RLIMIT_NOFILE.
func (t *Task) nofile() uint64 { return t.rlimit(RLIMIT_NOFILE) }
