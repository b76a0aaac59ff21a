package kernel

import (
	"bytes"
	"fmt"

	"onsen/arch"
	"onsen/kernel/vm"
)

// showSmaps shows the areas and what of each is in memory; proc(5).
func showSmaps(m *vm.MM, w *bytes.Buffer) error {
	at := heapAndStack(m)
	m.Walk(func(a *vm.Area) bool {
		showArea(w, a, at)
		line(w, "Size", (a.End-a.Start)>>10)
		line(w, "KernelPageSize", arch.PageSize>>10)
		line(w, "MMUPageSize", arch.PageSize>>10)
		u := a.Usage()
		showUsage(w, &u, false)
		line(w, "Locked", lockedShare(a, &u))
		fmt.Fprintf(w, "THPeligible:    %d\nVmFlags: ", 0)
		for _, f := range vmFlagNames {
			if a.Flags&f.flag != 0 {
				w.WriteString(f.name + " ")
			}
		}
		w.WriteByte('\n')
		return true
	})
	return nil
}

// showSmapsRollup shows the sum of all areas. A task without memory is ESRCH.
func showSmapsRollup(key any, w *bytes.Buffer) error {
	m, err := mustKeyMM(key)
	if err != nil {
		return err
	}
	defer m.Put()
	var sum vm.Usage
	var start, end, locked uintptr
	m.Walk(func(a *vm.Area) bool {
		if end == 0 {
			start = a.Start
		}
		end = a.End
		u := a.Usage()
		sum.Add(&u)
		locked += lockedShare(a, &u)
		return true
	})
	n, _ := fmt.Fprintf(w, "%08x-%08x ---p %08x %02x:%02x %d ", start, end, 0, 0, 0, 0)
	fmt.Fprintf(w, "%*s%s\n", max(mapsNameColumn-n, 0), "", "[rollup]")
	showUsage(w, &sum, true)
	line(w, "Locked", locked)
	return nil
}

// lockedShare returns an area's share of what mlock(2) keeps in memory, in KiB.
func lockedShare(a *vm.Area, u *vm.Usage) uintptr {
	if a.Flags&vm.VM_LOCKED == 0 {
		return 0
	}
	return pssKiB(u.PSSAnon + u.PSSShmem + u.PSSFile)
}

func pssKiB(share uint64) uintptr { return uintptr(share >> (10 + vm.PSSShift)) }

// line shows one size.
func line(w *bytes.Buffer, name string, kib uintptr) {
	fmt.Fprintf(w, "%-16s%8d kB\n", name+":", kib)
}

// showUsage shows the lines that an area and the sum of areas have in common, and
// for the sum also whose the pages are.
func showUsage(w *bytes.Buffer, u *vm.Usage, sum bool) {
	pages := func(name string, n int) { line(w, name, uintptr(n)*(arch.PageSize>>10)) }
	pages("Rss", u.Rss())
	line(w, "Pss", pssKiB(u.PSSAnon+u.PSSShmem+u.PSSFile))
	line(w, "Pss_Dirty", pssKiB(u.PSSAnon+u.PSSShmem))
	if sum {
		line(w, "Pss_Anon", pssKiB(u.PSSAnon))
		line(w, "Pss_File", pssKiB(u.PSSFile))
		line(w, "Pss_Shmem", pssKiB(u.PSSShmem))
	}
	pages("Shared_Clean", u.SharedClean)
	pages("Shared_Dirty", u.SharedDirty)
	pages("Private_Clean", u.PrivateClean)
	pages("Private_Dirty", u.PrivateDirty)
	pages("Referenced", u.Rss())
	pages("Anonymous", u.Anonymous)
	for _, name := range [...]string{"LazyFree", "AnonHugePages", "ShmemPmdMapped", "FilePmdMapped",
		"Shared_Hugetlb", "Private_Hugetlb", "Swap", "SwapPss"} {
		line(w, name, 0) // there are neither huge pages nor swap
	}
}

// vmFlagNames are the names of flags in smaps, in their order.
var vmFlagNames = [...]struct {
	flag vm.Flags
	name string
}{
	{vm.VM_READ, "rd"}, {vm.VM_WRITE, "wr"}, {vm.VM_EXEC, "ex"}, {vm.VM_SHARED, "sh"},
	{vm.VM_MAYREAD, "mr"}, {vm.VM_MAYWRITE, "mw"}, {vm.VM_MAYEXEC, "me"}, {vm.VM_MAYSHARE, "ms"},
	{vm.VM_GROWSDOWN, "gd"}, {vm.VM_LOCKED, "lo"}, {vm.VM_SEQ_READ, "sr"}, {vm.VM_RAND_READ, "rr"},
	{vm.VM_DONTCOPY, "dc"}, {vm.VM_DONTEXPAND | vm.VM_SPECIAL, "de"}, {vm.VM_LOCKONFAULT, "lf"},
	{vm.VM_ACCOUNT, "ac"}, {vm.VM_NORESERVE, "nr"}, {vm.VM_WIPEONFORK, "wf"}, {vm.VM_DONTDUMP, "dd"},
}
