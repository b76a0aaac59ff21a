package cred

// ExecFile is what decides about the credentials of a program that is executed.
type ExecFile struct {
	// SetUID and SetGID say that the file's bits ask for its owner's or group's
	// ID, which are UID and GID. The caller has left them out if the file
	// system was mounted with nosuid.
	SetUID, SetGID bool
	UID, GID       uint32
	// NoNewPrivs is PR_SET_NO_NEW_PRIVS's. Shared says that tasks of other
	// processes share the root and working directory: they could fool a program
	// with privileges.
	NoNewPrivs, Shared bool
}

// Exec returns the credentials of the program in a file, and whether it has more
// rights than its caller so that it must not trust its environment (AT_SECURE).
// Files have no capabilities of their own. execve(2), capabilities(7).
func (c *Cred) Exec(f ExecFile) (n *Cred, secure bool) {
	n = c.clone()
	if f.SetUID && !f.NoNewPrivs {
		n.EUID = f.UID
	}
	if f.SetGID && !f.NoNewPrivs {
		n.EGID = f.GID
	}
	n.Permitted = 0
	effective := false
	if c.Securebits&SECURE_NOROOT == 0 {
		if n.UID == 0 || n.EUID == 0 {
			n.Permitted = c.Bounding | c.Inheritable
		}
		effective = n.EUID == 0
	}
	setID := n.EUID != c.UID || n.EGID != c.GID
	if (setID || !n.Permitted.SubsetOf(c.Permitted)) && (f.NoNewPrivs || f.Shared) {
		if f.NoNewPrivs || !c.Capable(CAP_SETUID) {
			n.EUID, n.EGID = n.UID, n.GID
		}
		n.Permitted &= c.Permitted
	}
	n.SUID, n.FSUID = n.EUID, n.EUID
	n.SGID, n.FSGID = n.EGID, n.EGID
	if setID {
		n.Ambient = 0
	}
	n.Permitted |= n.Ambient
	n.Effective = n.Ambient
	if effective {
		n.Effective = n.Permitted
	}
	n.Securebits &^= SECURE_KEEP_CAPS
	secure = setID || n.UID != 0 && (effective || !n.Permitted.SubsetOf(n.Ambient))
	return n, secure
}
