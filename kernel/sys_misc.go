package kernel

import (
	"math"
	"syscall"

	"onsen/arch"
	"onsen/kernel/mm"
	"onsen/kernel/timekeeping"
	"onsen/kernel/uaccess"
	"onsen/kernel/vm"
)

// miscSyscalls are the system calls of this file and its neighbours.
var miscSyscalls = []Syscall{
	{"uname", sysUname},
	{"sethostname", sysSethostname},
	{"setdomainname", sysSetdomainname},
	{"sysinfo", sysSysinfo},
	{"getrusage", sysGetrusage},
	{"times", sysTimes},
	{"getrandom", sysGetrandom},
	{"syslog", sysSyslog},
	{"reboot", sysReboot},
	{"personality", sysPersonality},
	{"getcpu", sysGetcpu},
	{"arch_prctl", sysArchPrctl},
}

// sysGetcpu is getcpu(2). All memory is one NUMA node.
func sysGetcpu(_ *Task, a *SyscallArgs) (uintptr, error) {
	if a[0] != 0 {
		if err := uaccess.Put(a[0], uint32(arch.CPU())); err != nil {
			return 0, err
		}
	}
	if a[1] != 0 {
		return 0, uaccess.Put(a[1], uint32(0))
	}
	return 0, nil
}

// sysArchPrctl is arch_prctl(2), where there is one.
func sysArchPrctl(t *Task, a *SyscallArgs) (uintptr, error) {
	return arch.ArchPrctl(&t.user, int(int32(a[0])), a[1])
}

// Flags of getrandom(2).
const (
	grndNonblock = 1
	grndRandom   = 2
	grndInsecure = 4
)

// sysGetrandom is getrandom(2). The source never blocks, so that all flags give
// the same.
func sysGetrandom(t *Task, a *SyscallArgs) (uintptr, error) {
	flags := uint32(a[2])
	if flags&^(grndNonblock|grndRandom|grndInsecure) != 0 ||
		flags&(grndRandom|grndInsecure) == grndRandom|grndInsecure {
		return 0, syscall.EINVAL
	}
	n := min(a[1], math.MaxInt32)
	if !uaccess.AccessOK(a[0], n) {
		return 0, syscall.EFAULT
	}
	it := uaccess.UserIter(a[0], n)
	return count(readRandom(&it))
}

// Bits of personality(2) that this kernel acts on. The others are kept and
// shown, as in Linux.
const (
	MMAP_PAGE_ZERO      = 0x0100000
	ADDR_NO_RANDOMIZE   = 0x0040000
	ADDR_COMPAT_LAYOUT  = 0x0200000
	READ_IMPLIES_EXEC   = 0x0400000
	perClearOnSetid     = READ_IMPLIES_EXEC | ADDR_NO_RANDOMIZE | ADDR_COMPAT_LAYOUT | MMAP_PAGE_ZERO
	personalityOnlyRead = 0xffffffff
)

// sysPersonality is personality(2).
func sysPersonality(t *Task, a *SyscallArgs) (uintptr, error) {
	old := t.personality.Load()
	if p := uint32(a[0]); p != personalityOnlyRead {
		t.personality.Store(p)
	}
	return uintptr(old), nil
}

// sysinfo is struct sysinfo.
type sysinfo struct {
	Uptime    int64
	Loads     [3]uint64
	Totalram  uint64
	Freeram   uint64
	Sharedram uint64
	Bufferram uint64
	Totalswap uint64
	Freeswap  uint64
	Procs     uint16
	_         uint16
	_         uint32
	Totalhigh uint64
	Freehigh  uint64
	Unit      uint32
	_         uint32
}

// sysSysinfo is sysinfo(2).
func sysSysinfo(_ *Task, a *SyscallArgs) (uintptr, error) {
	m := mm.ReadStats()
	up := timekeeping.NsToTimespec(timekeeping.Monotonic())
	info := sysinfo{
		Uptime:    up.Sec,
		Totalram:  uint64(m.Total) * arch.PageSize,
		Freeram:   uint64(m.Free) * arch.PageSize,
		Sharedram: sharedPages() * arch.PageSize,
		Procs:     uint16(NrTasks()),
		Unit:      1,
	}
	if up.Nsec > 0 {
		info.Uptime++
	}
	for i, l := range loadAverages() {
		info.Loads[i] = l << (siLoadShift - loadShift)
	}
	return 0, uaccess.Put(a[0], info)
}

// siLoadShift is the number of fraction bits of a load in struct sysinfo.
const siLoadShift = 16

// sharedPages returns how many pages are in tmpfs and shared memory, the only
// page cache that there is.
func sharedPages() uint64 { return uint64(vm.CachedPages()) }
