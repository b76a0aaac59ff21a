package kernel

import (
	"syscall"

	"onsen/kernel/cred"
	"onsen/kernel/fs"
)

// credsFromFile finds out what credentials the program will have.
func (b *binprm) credsFromFile(t *Task) {
	i := b.file.Inode
	f := cred.ExecFile{
		UID: i.UID(), GID: i.GID(),
		NoNewPrivs: t.noNewPrivs.Load(), Shared: sharesPlace(t) || !ptracerCapable(t),
	}
	if m := b.file.Path.Mount; m == nil || m.Flags()&fs.MsNosuid == 0 {
		// Without the group's right to execute the bit means something else,
		// mandatory locking.
		const setGID = syscall.S_ISGID | syscall.S_IXGRP
		f.SetUID = i.Mode()&syscall.S_ISUID != 0
		f.SetGID = i.Mode()&setGID == setGID
	}
	if !f.NoNewPrivs && (f.SetUID || f.SetGID) {
		b.perClear = perClearOnSetid
	}
	b.cred, b.secure = t.Cred().Exec(f)
}

// sharesPlace reports whether tasks outside of t's process share its working
// directory, so that they could move the program to another.
func sharesPlace(t *Task) bool {
	if t.fs.Users() == 1 {
		return false
	}
	tasklistLock.Lock()
	defer tasklistLock.Unlock()
	own := 0
	for th := t.signal.firstThread; th != nil; th = th.threads.next {
		if th.fs == t.fs {
			own++
		}
	}
	return t.fs.Users() > own
}
