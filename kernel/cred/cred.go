// Package cred has credentials: user and group IDs, capabilities and securebits,
// and the rules by which they change (credentials(7), capabilities(7)).
package cred

// Cred is what a task may do. It is immutable once a task has it; who changes
// credentials copies them first. Linux's struct cred.
type Cred struct {
	UID, EUID, SUID, FSUID uint32
	GID, EGID, SGID, FSGID uint32
	Groups                 []uint32 // sorted

	Inheritable, Permitted, Effective, Bounding, Ambient CapSet

	Securebits uint32
}

// CapSet is a set of capabilities, bit n for capability n.
type CapSet uint64
