package vm

import (
	"syscall"

	"onsen/arch"
	"onsen/kernel/mm"
)

// Resources of getrlimit(2) that Rlimit is asked for.
const (
	rlimitData    = 2
	rlimitStack   = 3
	rlimitMemlock = 8
	rlimitAS      = 9
)

// Capabilities that Capable is asked for (include/uapi/linux/capability.h).
const (
	capIPCLock  = 14
	capSysRawIO = 17
)

// Rlimit returns a soft limit of the calling task, and Capable whether it has a
// capability. Set at start-up.
var (
	Rlimit  = func(resource int) uint64 { return ^uint64(0) }
	Capable = func(capability int) bool { return true }
)

const (
	// maxAreas is the default of /proc/sys/vm/max_map_count.
	maxAreas = 65530
	// minAddr is the default of /proc/sys/vm/mmap_min_addr.
	minAddr = 65536
	// stackGuardGap is Linux's default, 256 pages.
	stackGuardGap = 256 << pageShift
)

// mayExpand checks RLIMIT_AS and RLIMIT_DATA for n more pages. Linux's
// may_expand_vm.
//
// Preconditions: lock held for writing.
func (m *MM) mayExpand(f Flags, n int) bool {
	if n <= 0 {
		return true
	}
	if uint64(m.total.Load())+uint64(n) > Rlimit(rlimitAS)>>pageShift {
		return false
	}
	return !isData(f) || uint64(m.data.Load())+uint64(n) <= Rlimit(rlimitData)>>pageShift
}

// mayLock checks RLIMIT_MEMLOCK for n more pages if they are to be locked:
// EAGAIN. Linux's mlock_future_check.
//
// Preconditions: lock held for writing.
func (m *MM) mayLock(f Flags, n int) error {
	if f&VM_LOCKED == 0 || Capable(capIPCLock) {
		return nil
	}
	if uint64(m.locked.Load())+uint64(n) > Rlimit(rlimitMemlock)>>pageShift {
		return syscall.EAGAIN
	}
	return nil
}

// enoughMemory is the check of the default overcommit policy: only what could
// never be had is refused.
func enoughMemory(pages int) bool { return pages <= mm.TotalPages() }

// accountable reports whether pages of an area may become the program's own.
func accountable(f Flags) bool { return f&(VM_NORESERVE|VM_SHARED|VM_WRITE) == VM_WRITE }

// MmapBase returns below which address mappings are placed if the stack may
// become stackLimit bytes large and begins up to stackRandom bytes lower than it
// might; random is subtracted. Linux's mmap_base: without randomisation and with
// an ordinary limit, 128 MiB below the end, where debuggers expect it.
func MmapBase(stackLimit uint64, stackRandom, random uintptr) uintptr {
	const (
		minGap = 128 << 20
		maxGap = arch.TaskSize / 6 * 5
	)
	gap := min(stackLimit, uint64(maxGap))
	gap = max(gap+stackGuardGap+uint64(stackRandom), minGap)
	return (arch.TaskSize - uintptr(min(gap, uint64(maxGap))) - random) &^ pageMask
}
