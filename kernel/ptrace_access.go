package kernel

import (
	"syscall"

	"onsen/kernel/cred"
)

// Who may look into whose process; Linux's __ptrace_may_access and the
// capability module's part of it. There are no other security modules.

// accessMode says for what, and which of the caller's IDs count.
type accessMode uint8

const (
	// accessReadFS is PTRACE_MODE_READ_FSCREDS: files of /proc.
	accessReadFS accessMode = iota
	// accessAttachFS is PTRACE_MODE_ATTACH_FSCREDS: /proc/PID/mem.
	accessAttachFS
	// accessReadReal is PTRACE_MODE_READ_REALCREDS: what system calls tell.
	accessReadReal
	// accessAttachReal is PTRACE_MODE_ATTACH_REALCREDS: tracing.
	accessAttachReal
)

// fsIDs reports whether the IDs for files count, not the real ones.
func (m accessMode) fsIDs() bool { return m == accessReadFS || m == accessAttachFS }

// mayAccess reports whether somebody with credentials c may access a process with
// credentials o. dumpable is that of its memory.
func mayAccess(c, o *cred.Cred, m accessMode, dumpable bool) bool {
	uid, gid, own := c.UID, c.GID, c.Permitted
	if m.fsIDs() {
		uid, gid, own = c.FSUID, c.FSGID, c.Effective
	}
	if c.Capable(cred.CAP_SYS_PTRACE) {
		return true
	}
	return uid == o.EUID && uid == o.SUID && uid == o.UID &&
		gid == o.EGID && gid == o.SGID && gid == o.GID &&
		dumpable && o.Permitted.SubsetOf(own)
}

// ptraceMayAccess returns EPERM if t may not access target.
func ptraceMayAccess(t, target *Task, m accessMode) error {
	return credMayAccess(t, t.Cred(), target, m)
}

// credMayAccess is ptraceMayAccess for the calling task with other credentials.
func credMayAccess(t *Task, c *cred.Cred, target *Task, m accessMode) error {
	if sameProcess(t, target) || mayAccess(c, target.Cred(), m, isDumpable(target)) {
		return nil
	}
	return syscall.EPERM
}

// mayBeTracedBy reports whether a process may make its parent its tracer: it must
// not have capabilities that the parent has not.
func mayBeTracedBy(child, parent *cred.Cred) bool {
	return child.Permitted.SubsetOf(parent.Permitted) || parent.Capable(cred.CAP_SYS_PTRACE)
}

// ptracerCapable reports whether t may become a program with more rights than it
// has: it has no tracer, or one that has attached with the right to trace all.
func ptracerCapable(t *Task) bool {
	tasklistLock.Lock()
	defer tasklistLock.Unlock()
	return t.ptrace.Load() == 0 || t.ptracerCred.Capable(cred.CAP_SYS_PTRACE)
}
