package cred

import (
	"math"
	"slices"
	"syscall"
)

// Unchanged as an id of the setre and setres calls keeps what is. It is no valid
// id anywhere.
const Unchanged = math.MaxUint32

// ids are the four IDs of one kind. What the calls may do with them is the same
// for users and groups.
type ids struct{ real, eff, saved, fs uint32 }

func (c *Cred) uids() ids { return ids{c.UID, c.EUID, c.SUID, c.FSUID} }

func (c *Cred) gids() ids { return ids{c.GID, c.EGID, c.SGID, c.FSGID} }

// withUIDs returns credentials with other user IDs, and the capabilities that
// follow from that.
func (c *Cred) withUIDs(to ids) *Cred {
	n := c.clone()
	n.UID, n.EUID, n.SUID, n.FSUID = to.real, to.eff, to.saved, to.fs
	n.fixCaps(c)
	return n
}

func (c *Cred) withGIDs(to ids) *Cred {
	n := c.clone()
	n.GID, n.EGID, n.SGID, n.FSGID = to.real, to.eff, to.saved, to.fs
	return n
}

// fixCaps adjusts the capabilities to a change of the user IDs from old's;
// capabilities(7), "Effect of user ID changes on capabilities".
func (c *Cred) fixCaps(old *Cred) {
	if c.Securebits&SECURE_NO_SETUID_FIXUP != 0 {
		return
	}
	wasRoot := old.UID == 0 || old.EUID == 0 || old.SUID == 0
	isRoot := c.UID == 0 || c.EUID == 0 || c.SUID == 0
	if wasRoot && !isRoot {
		if c.Securebits&SECURE_KEEP_CAPS == 0 {
			c.Permitted, c.Effective = 0, 0
		}
		c.Ambient = 0
	}
	switch {
	case old.EUID == 0 && c.EUID != 0:
		c.Effective = 0
	case old.EUID != 0 && c.EUID == 0:
		c.Effective = c.Permitted
	}
}

// set is setuid(2) and setgid(2).
func (i ids) set(id uint32, capable bool) (ids, error) {
	switch {
	case id == Unchanged:
		return i, syscall.EINVAL
	case capable:
		i.real, i.saved = id, id
	case id != i.real && id != i.saved:
		return i, syscall.EPERM
	}
	i.eff, i.fs = id, id
	return i, nil
}

// setRE is setreuid(2) and setregid(2).
func (i ids) setRE(r, e uint32, capable bool) (ids, error) {
	n := i
	if r != Unchanged {
		if n.real = r; r != i.real && r != i.eff && !capable {
			return i, syscall.EPERM
		}
	}
	if e != Unchanged {
		if n.eff = e; e != i.real && e != i.eff && e != i.saved && !capable {
			return i, syscall.EPERM
		}
	}
	if r != Unchanged || e != Unchanged && e != i.real {
		n.saved = n.eff
	}
	n.fs = n.eff
	return n, nil
}

// setRES is setresuid(2) and setresgid(2).
func (i ids) setRES(r, e, s uint32, capable bool) (ids, error) {
	n := i
	for _, c := range []struct {
		to *uint32
		id uint32
	}{{&n.real, r}, {&n.eff, e}, {&n.saved, s}} {
		if c.id == Unchanged {
			continue
		}
		if c.id != i.real && c.id != i.eff && c.id != i.saved && !capable {
			return i, syscall.EPERM
		}
		*c.to = c.id
	}
	// A call that changes nothing leaves the file system ID alone, too.
	if n != i || e != Unchanged && n.fs != n.eff {
		n.fs = n.eff
	}
	return n, nil
}

// mayBeFS reports whether an id may become the file system ID; setfsuid(2).
func (i ids) mayBeFS(id uint32, capable bool) bool {
	return id != Unchanged && (id == i.real || id == i.eff || id == i.saved || id == i.fs || capable)
}

// SetUID returns the credentials after setuid(2). EINVAL, EPERM.
func (c *Cred) SetUID(uid uint32) (*Cred, error) {
	to, err := c.uids().set(uid, c.Capable(CAP_SETUID))
	return c.changeUIDs(to, err)
}

// SetREUID returns the credentials after setreuid(2). EPERM.
func (c *Cred) SetREUID(r, e uint32) (*Cred, error) {
	to, err := c.uids().setRE(r, e, c.Capable(CAP_SETUID))
	return c.changeUIDs(to, err)
}

// SetRESUID returns the credentials after setresuid(2). EPERM.
func (c *Cred) SetRESUID(r, e, s uint32) (*Cred, error) {
	to, err := c.uids().setRES(r, e, s, c.Capable(CAP_SETUID))
	return c.changeUIDs(to, err)
}

func (c *Cred) changeUIDs(to ids, err error) (*Cred, error) {
	switch {
	case err != nil:
		return nil, err
	case to == c.uids():
		return c, nil
	}
	return c.withUIDs(to), nil
}

// SetFSUID returns the credentials after setfsuid(2), which never says whether it
// has changed them.
func (c *Cred) SetFSUID(uid uint32) *Cred {
	if uid == c.FSUID || !c.uids().mayBeFS(uid, c.Capable(CAP_SETUID)) {
		return c
	}
	n := c.clone()
	n.FSUID = uid
	if c.Securebits&SECURE_NO_SETUID_FIXUP == 0 {
		switch {
		case c.FSUID == 0:
			n.Effective &^= capFS
		case uid == 0:
			n.Effective |= c.Permitted & capFS
		}
	}
	return n
}

// SetGID returns the credentials after setgid(2). EINVAL, EPERM.
func (c *Cred) SetGID(gid uint32) (*Cred, error) {
	to, err := c.gids().set(gid, c.Capable(CAP_SETGID))
	return c.changeGIDs(to, err)
}

// SetREGID returns the credentials after setregid(2). EPERM.
func (c *Cred) SetREGID(r, e uint32) (*Cred, error) {
	to, err := c.gids().setRE(r, e, c.Capable(CAP_SETGID))
	return c.changeGIDs(to, err)
}

// SetRESGID returns the credentials after setresgid(2). EPERM.
func (c *Cred) SetRESGID(r, e, s uint32) (*Cred, error) {
	to, err := c.gids().setRES(r, e, s, c.Capable(CAP_SETGID))
	return c.changeGIDs(to, err)
}

func (c *Cred) changeGIDs(to ids, err error) (*Cred, error) {
	switch {
	case err != nil:
		return nil, err
	case to == c.gids():
		return c, nil
	}
	return c.withGIDs(to), nil
}

// SetFSGID returns the credentials after setfsgid(2).
func (c *Cred) SetFSGID(gid uint32) *Cred {
	if gid == c.FSGID || !c.gids().mayBeFS(gid, c.Capable(CAP_SETGID)) {
		return c
	}
	n := c.clone()
	n.FSGID = gid
	return n
}

// MaxGroups is how many supplementary groups there may be; NGROUPS_MAX.
const MaxGroups = 65536

// SetGroups returns the credentials after setgroups(2). It keeps and sorts
// groups. EPERM, EINVAL.
func (c *Cred) SetGroups(groups []uint32) (*Cred, error) {
	switch {
	case !c.Capable(CAP_SETGID):
		return nil, syscall.EPERM
	case len(groups) > MaxGroups, slices.Contains(groups, Unchanged):
		return nil, syscall.EINVAL
	}
	n := c.clone()
	slices.Sort(groups)
	n.Groups = groups
	return n, nil
}
