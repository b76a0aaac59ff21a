package kernel

import (
	"bytes"
	"fmt"
	"runtime"
	"strconv"
	"strings"

	"onsen/arch"
	"onsen/kernel/cred"
	"onsen/kernel/fs"
	"onsen/kernel/fs/procfs"
	"onsen/kernel/irq"
	"onsen/kernel/mm"
	"onsen/kernel/sched"
	"onsen/kernel/timekeeping"
)

// procSystemFiles are the files about the whole system.
var procSystemFiles = []procfs.Entry{
	{Name: "self", Link: func(any, *cred.Cred) (string, fs.Path, error) {
		return strconv.Itoa(Current().Tgid), fs.Path{}, nil
	}},
	{Name: "thread-self", Link: func(any, *cred.Cred) (string, fs.Path, error) {
		t := Current()
		return fmt.Sprintf("%d/task/%d", t.Tgid, t.Pid), fs.Path{}, nil
	}},
	{Name: "net", Link: func(any, *cred.Cred) (string, fs.Path, error) { return "self/net", fs.Path{}, nil }},
	{Name: "mounts", Link: func(any, *cred.Cred) (string, fs.Path, error) { return "self/mounts", fs.Path{}, nil }},
	{Name: "cmdline", Perm: 0o444, Show: procText(func() string { return CommandLine() + "\n" })},
	{Name: "cpuinfo", Perm: 0o444, Show: showCPUInfo},
	{Name: "devices", Perm: 0o444, Show: showDevices},
	{Name: "filesystems", Perm: 0o444, Show: showFilesystems},
	{Name: "interrupts", Perm: 0o444, Show: showInterrupts},
	{Name: "loadavg", Perm: 0o444, Show: showLoadavg},
	{Name: "meminfo", Perm: 0o444, Show: showMeminfo},
	{Name: "partitions", Perm: 0o444, Show: procFormat("major minor  #blocks  name\n\n")},
	{Name: "stat", Perm: 0o444, Show: showSystemStat},
	{Name: "swaps", Perm: 0o444, Show: procFormat("Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n")},
	{Name: "sys", Perm: 0o555, Dir: procSysDir},
	{Name: "uptime", Perm: 0o444, Show: showUptime},
	{Name: "version", Perm: 0o444, Show: procText(func() string {
		return fmt.Sprintf("Linux version %s (%s) %s\n", utsRelease, runtime.Version(), utsVersion)
	})},
	{Name: "vmstat", Perm: 0o444, Show: showVmstat},
}

// CommandLine returns the kernel's. Set at start-up.
var CommandLine = func() string { return "" }

// memoryPages returns how many pages the machine has for the page allocator.
func memoryPages() int { return mm.ReadStats().Total }

func kib(pages int) int { return pages * (arch.PageSize >> 10) }

// showMeminfo shows /proc/meminfo. There is no swap, and the page cache holds
// only what has no other place: what is free is what is available.
func showMeminfo(_ any, w *bytes.Buffer) error {
	s := mm.ReadStats()
	shared := int(sharedPages())
	for _, line := range []struct {
		name  string
		pages int
	}{
		{"MemTotal", s.Total},
		{"MemFree", s.Free},
		{"MemAvailable", max(s.Free-s.Reserve, 0)},
		{"Buffers", 0},
		{"Cached", shared},
		{"SwapCached", 0},
		{"Active", 0},
		{"Inactive", shared},
		{"Unevictable", 0},
		{"Mlocked", 0},
		{"SwapTotal", 0},
		{"SwapFree", 0},
		{"Dirty", 0},
		{"Writeback", 0},
		{"AnonPages", max(s.Total-s.Free-s.Heap-shared, 0)},
		{"Mapped", 0},
		{"Shmem", shared},
		{"KReclaimable", 0},
		{"Slab", s.Heap},
		{"SReclaimable", 0},
		{"SUnreclaim", s.Heap},
		{"CommitLimit", s.Total / 2},
		{"Committed_AS", s.Total - s.Free},
	} {
		fmt.Fprintf(w, "%-16s%8d kB\n", line.name+":", kib(line.pages))
	}
	return nil
}

func showVmstat(_ any, w *bytes.Buffer) error {
	s := mm.ReadStats()
	fmt.Fprintf(w, "nr_free_pages %d\nnr_shmem %d\nnr_dirty 0\nnr_writeback 0\n", s.Free, sharedPages())
	return nil
}

func showUptime(_ any, w *bytes.Buffer) error {
	idle := int64(0)
	for m := sched.Active(); m != 0; m &= m - 1 {
		idle += sched.IdleTime(m.First())
	}
	up := timekeeping.Monotonic()
	fmt.Fprintf(w, "%d.%02d %d.%02d\n", up/1e9, up%1e9/1e7, idle/1e9, idle%1e9/1e7)
	return nil
}

func showLoadavg(_ any, w *bytes.Buffer) error {
	for _, l := range loadAverages() {
		l += loadOne / 200 // as Linux rounds
		fmt.Fprintf(w, "%d.%02d ", l>>loadShift, l&(loadOne-1)*100>>loadShift)
	}
	running := 0
	for m := sched.Active(); m != 0; m &= m - 1 {
		running += sched.NrRunning(m.First())
	}
	fmt.Fprintf(w, "%d/%d %d\n", running, NrTasks(), LastPid())
	return nil
}

// cpuTimes divides the time in which a CPU is not idle.
var cpuTimes [arch.MaxCPUs]cpuSplit

// showSystemStat shows /proc/stat.
func showSystemStat(_ any, w *bytes.Buffer) error {
	var switches uint64
	var perCPU bytes.Buffer
	var allUser, allSystem, allIdle int64
	running := 0
	up := timekeeping.Monotonic()
	for m := sched.Active(); m != 0; m &= m - 1 {
		cpu := m.First()
		idle := min(sched.IdleTime(cpu), up)
		user, system := cpuTimes[cpu].split(sched.BusySample(cpu, up))
		allUser, allSystem, allIdle = allUser+user, allSystem+system, allIdle+idle
		fmt.Fprintf(&perCPU, "cpu%d %d 0 %d %d 0 0 0 0 0 0\n", cpu, nsToClock(user), nsToClock(system), nsToClock(idle))
		switches += sched.Switches(cpu)
		running += sched.NrRunning(cpu)
	}
	fmt.Fprintf(w, "cpu  %d 0 %d %d 0 0 0 0 0 0\n", nsToClock(allUser), nsToClock(allSystem), nsToClock(allIdle))
	w.Write(perCPU.Bytes())
	lines, strays := irq.Stats(sched.Active().Count())
	total, counts := strays, ""
	for _, l := range lines {
		n := uint64(0)
		for _, c := range l.Counts {
			n += c
		}
		total += n
		counts += " " + strconv.FormatUint(n, 10)
	}
	fmt.Fprintf(w, "intr %d%s\nctxt %d\nbtime %d\nprocesses %d\nprocs_running %d\nprocs_blocked 0\n",
		total, counts, switches, timekeeping.BootTime()/1e9, TotalForks(), running)
	fmt.Fprint(w, "softirq 0 0 0 0 0 0 0 0 0 0 0\n")
	return nil
}

func showInterrupts(_ any, w *bytes.Buffer) error {
	cpus := sched.Active().Count()
	lines, strays := irq.Stats(cpus)
	w.WriteString("    ")
	for cpu := range cpus {
		fmt.Fprintf(w, "       %-8s", "CPU"+strconv.Itoa(cpu))
	}
	w.WriteByte('\n')
	for _, l := range lines {
		fmt.Fprintf(w, "%3d:", l.IRQ)
		for _, c := range l.Counts {
			fmt.Fprintf(w, " %10d", c)
		}
		fmt.Fprintf(w, "  %s\n", l.Name)
	}
	fmt.Fprintf(w, "ERR: %10d\n", strays)
	return nil
}

func showFilesystems(_ any, w *bytes.Buffer) error {
	for _, t := range fs.Filesystems() {
		if t.NoDev {
			w.WriteString("nodev")
		}
		w.WriteString("\t" + t.Name + "\n")
	}
	return nil
}

// showDevices shows the major numbers of devices.
func showDevices(_ any, w *bytes.Buffer) error {
	w.WriteString("Character devices:\n")
	for _, d := range fs.Chrdevs() {
		fmt.Fprintf(w, "%3d %s\n", d.Dev.Major(), d.Name)
	}
	w.WriteString("\nBlock devices:\n")
	return nil
}

// showCPUInfo shows each CPU.
func showCPUInfo(_ any, w *bytes.Buffer) error {
	for m := sched.Active(); m != 0; m &= m - 1 {
		fmt.Fprintf(w, "processor\t: %d\n%s\n", m.First(), arch.CPUInfo(m.First()))
	}
	return nil
}

// escapeOctal replaces the bytes in what by their octal numbers, as mount tables
// do.
func escapeOctal(s, what string) string {
	if !strings.ContainsAny(s, what) {
		return s
	}
	var b strings.Builder
	for i := range len(s) {
		if strings.IndexByte(what, s[i]) >= 0 {
			fmt.Fprintf(&b, "\\%03o", s[i])
		} else {
			b.WriteByte(s[i])
		}
	}
	return b.String()
}
