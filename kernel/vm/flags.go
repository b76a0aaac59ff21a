package vm

import "onsen/arch/spec"

// Rights of mmap(2) and mprotect(2) (include/uapi/asm-generic/mman-common.h).
const (
	PROT_NONE      = 0
	PROT_READ      = 1
	PROT_WRITE     = 2
	PROT_EXEC      = 4
	PROT_SEM       = 8
	PROT_GROWSDOWN = 0x01000000
	PROT_GROWSUP   = 0x02000000
)

// Flags of mmap(2). Of these only MAP_GROWSDOWN and above might differ between
// architectures, and do not on ours.
const (
	MAP_SHARED          = 0x01
	MAP_PRIVATE         = 0x02
	MAP_SHARED_VALIDATE = 0x03
	MAP_TYPE            = 0x0f
	MAP_FIXED           = 0x10
	MAP_ANONYMOUS       = 0x20
	MAP_GROWSDOWN       = 0x0100
	MAP_DENYWRITE       = 0x0800
	MAP_EXECUTABLE      = 0x1000
	MAP_LOCKED          = 0x2000
	MAP_NORESERVE       = 0x4000
	MAP_POPULATE        = 0x8000
	MAP_NONBLOCK        = 0x10000
	MAP_STACK           = 0x20000
	MAP_HUGETLB         = 0x40000
	MAP_SYNC            = 0x80000
	MAP_FIXED_NOREPLACE = 0x100000

	mapHugeMask = 0x7c000000 // the size with MAP_HUGETLB, MAP_UNINITIALIZED
)

// Flags of mremap(2).
const (
	MREMAP_MAYMOVE   = 1
	MREMAP_FIXED     = 2
	MREMAP_DONTUNMAP = 4
)

// Flags say what an area is; Linux's vm_flags, with its values.
type Flags uint32

const (
	VM_READ        Flags = 0x00000001
	VM_WRITE       Flags = 0x00000002
	VM_EXEC        Flags = 0x00000004
	VM_SHARED      Flags = 0x00000008 // shared, and writable or once so
	VM_MAYREAD     Flags = 0x00000010 // mprotect(2) may add VM_READ
	VM_MAYWRITE    Flags = 0x00000020
	VM_MAYEXEC     Flags = 0x00000040
	VM_MAYSHARE    Flags = 0x00000080 // MAP_SHARED
	VM_GROWSDOWN   Flags = 0x00000100 // a stack
	VM_LOCKED      Flags = 0x00002000
	VM_SEQ_READ    Flags = 0x00008000
	VM_RAND_READ   Flags = 0x00010000
	VM_DONTCOPY    Flags = 0x00020000 // not for the child of a fork
	VM_DONTEXPAND  Flags = 0x00040000 // mremap(2) must not enlarge it
	VM_LOCKONFAULT Flags = 0x00080000 // with VM_LOCKED: pages are not brought in
	VM_ACCOUNT     Flags = 0x00100000 // counts against what memory there is
	VM_NORESERVE   Flags = 0x00200000
	VM_WIPEONFORK  Flags = 0x02000000 // zeros for the child of a fork
	VM_DONTDUMP    Flags = 0x04000000
	VM_SPECIAL     Flags = 0x10000000 // ours: the kernel's own, such as the vDSO

	vmAccess   = VM_READ | VM_WRITE | VM_EXEC
	vmMay      = VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC
	vmDontMove = VM_DONTEXPAND | VM_SPECIAL
)

// private reports whether pages are copied before they are written.
func (f Flags) private() bool { return f&VM_MAYSHARE == 0 }

// rights returns what entries of such an area may allow, a write to a page that
// must be copied first aside.
func (f Flags) rights() (p spec.UserProt) {
	if f&vmAccess == 0 {
		return 0
	}
	p = spec.UserR
	if f&VM_WRITE != 0 {
		p |= spec.UserW
	}
	if f&VM_EXEC != 0 {
		p |= spec.UserX
	}
	return p
}

// permits reports whether the program may do a. As on Linux what may be written
// or executed can be read.
func (f Flags) permits(a spec.Access) bool {
	switch {
	case a&spec.AccessWrite != 0:
		return f&VM_WRITE != 0
	case a&spec.AccessExec != 0:
		return f&VM_EXEC != 0
	}
	return f&vmAccess != 0
}
