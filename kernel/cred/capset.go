package cred

import "syscall"

// SetCaps returns the credentials after capset(2). EPERM.
func (c *Cred) SetCaps(effective, permitted, inheritable CapSet) (*Cred, error) {
	effective &= CapFull
	permitted &= CapFull
	inheritable &= CapFull
	switch {
	case !c.Capable(CAP_SETPCAP) && !inheritable.SubsetOf(c.Inheritable|c.Permitted),
		!inheritable.SubsetOf(c.Inheritable | c.Bounding),
		!permitted.SubsetOf(c.Permitted),
		!effective.SubsetOf(permitted):
		return nil, syscall.EPERM
	}
	n := c.clone()
	n.Effective, n.Permitted, n.Inheritable = effective, permitted, inheritable
	n.Ambient &= permitted & inheritable
	return n, nil
}
