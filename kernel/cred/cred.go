// Package cred has credentials: user and group IDs, capabilities and securebits,
// and the rules by which they change (credentials(7), capabilities(7)). The rules
// are functions from the old credentials to the new ones; who has which
// credentials, and may look at whose, is package kernel's.
package cred

import "slices"

// Cred is what a task may do. It is immutable once a task has it; who changes
// credentials copies them first. Linux's struct cred.
type Cred struct {
	UID, EUID, SUID, FSUID uint32
	GID, EGID, SGID, FSGID uint32
	Groups                 []uint32 // sorted

	Inheritable, Permitted, Effective, Bounding, Ambient CapSet

	Securebits uint32
}

// Root returns the credentials of the first task: may do everything.
func Root() *Cred {
	return &Cred{Permitted: CapFull, Effective: CapFull, Bounding: CapFull}
}

// Capable reports whether a capability is in effect.
func (c *Cred) Capable(capability int) bool { return c.Effective.Has(capability) }

// InGroup reports whether the file system group or one of the supplementary
// groups is gid; Linux's in_group_p.
func (c *Cred) InGroup(gid uint32) bool {
	if c.FSGID == gid {
		return true
	}
	_, found := slices.BinarySearch(c.Groups, gid)
	return found
}

// InEGroup is InGroup for the effective group.
func (c *Cred) InEGroup(gid uint32) bool {
	if c.EGID == gid {
		return true
	}
	_, found := slices.BinarySearch(c.Groups, gid)
	return found
}

// clone returns a copy to change. The groups are shared: they are replaced, never
// changed.
func (c *Cred) clone() *Cred {
	n := *c
	return &n
}
