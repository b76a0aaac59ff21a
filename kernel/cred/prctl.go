package cred

import "syscall"

// Securebits (capabilities(7)). Each has a lock in the bit above it.
const (
	SECURE_NOROOT               = 1 << 0
	SECURE_NO_SETUID_FIXUP      = 1 << 2
	SECURE_KEEP_CAPS            = 1 << 4
	SECURE_KEEP_CAPS_LOCKED     = 1 << 5
	SECURE_NO_CAP_AMBIENT_RAISE = 1 << 6

	secureAllBits  = 0x55
	secureAllLocks = secureAllBits << 1
)

// HasSecurebit reports whether a securebit is set.
func (c *Cred) HasSecurebit(bit uint32) bool { return c.Securebits&bit != 0 }

// SetKeepCaps is PR_SET_KEEPCAPS. EPERM: the bit is locked.
func (c *Cred) SetKeepCaps(on bool) (*Cred, error) {
	if c.HasSecurebit(SECURE_KEEP_CAPS_LOCKED) {
		return nil, syscall.EPERM
	}
	n := c.clone()
	n.Securebits &^= SECURE_KEEP_CAPS
	if on {
		n.Securebits |= SECURE_KEEP_CAPS
	}
	return n, nil
}

// SetSecurebits is PR_SET_SECUREBITS. EPERM: a bit is locked or a lock would be
// opened, there is no such bit, or CAP_SETPCAP is missing.
func (c *Cred) SetSecurebits(bits uint64) (*Cred, error) {
	old := uint64(c.Securebits)
	locked := old & secureAllLocks
	if locked>>1&(old^bits) != 0 || locked&^bits != 0 || bits&^(secureAllBits|secureAllLocks) != 0 ||
		!c.Capable(CAP_SETPCAP) {
		return nil, syscall.EPERM
	}
	n := c.clone()
	n.Securebits = uint32(bits)
	return n, nil
}

// DropBounding is PR_CAPBSET_DROP. EPERM without CAP_SETPCAP, EINVAL if there is
// no such capability.
func (c *Cred) DropBounding(capability uint64) (*Cred, error) {
	if !c.Capable(CAP_SETPCAP) {
		return nil, syscall.EPERM
	}
	if capability > CAP_LAST_CAP {
		return nil, syscall.EINVAL
	}
	n := c.clone()
	n.Bounding &^= 1 << capability
	return n, nil
}

// RaiseAmbient is PR_CAP_AMBIENT_RAISE for a capability there is. EPERM: it is not
// both permitted and inheritable, or the securebits forbid it.
func (c *Cred) RaiseAmbient(capability uint64) (*Cred, error) {
	bit := CapSet(1) << capability
	if c.Permitted&bit == 0 || c.Inheritable&bit == 0 || c.HasSecurebit(SECURE_NO_CAP_AMBIENT_RAISE) {
		return nil, syscall.EPERM
	}
	n := c.clone()
	n.Ambient |= bit
	return n, nil
}

// LowerAmbient is PR_CAP_AMBIENT_LOWER for all capabilities of a set.
func (c *Cred) LowerAmbient(set CapSet) *Cred {
	n := c.clone()
	n.Ambient &^= set
	return n
}
