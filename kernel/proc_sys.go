package kernel

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"

	"onsen/kernel/cred"
	"onsen/kernel/fs/procfs"
	"onsen/kernel/printk"
	"onsen/kernel/random"
)

// procSysDir is /proc/sys: what can be asked and set of the system. A file that
// cannot be written says something that does not change.
var procSysDir = &procfs.Dir{Entries: []procfs.Entry{
	{Name: "fs", Perm: 0o555, Dir: &procfs.Dir{Entries: []procfs.Entry{
		sysConstant("nr_open", nrOpenMax),
		sysConstant("pipe-max-size", 1<<20),
		sysConstant("file-max", 1<<63-1),
		sysAtomic("suid_dumpable", &suidDumpable, 0, 2),
	}}},
	{Name: "kernel", Perm: 0o555, Dir: &procfs.Dir{Entries: []procfs.Entry{
		sysConstantText("ostype", "Linux"),
		sysConstantText("osrelease", utsRelease),
		sysConstantText("version", utsVersion),
		sysText("hostname", Hostname, func(s string) error { setUtsName(&uts.nodename, s); return nil }),
		sysText("domainname", Domainname, func(s string) error { setUtsName(&uts.domain, s); return nil }),
		sysConstant("pid_max", PidMax),
		sysNumber("threads-max", MaxThreads, SetMaxThreads, minThreads, maxThreadsLimit),
		sysConstant("ngroups_max", 65536),
		sysConstant("cap_last_cap", cred.CAP_LAST_CAP),
		sysAtomic("randomize_va_space", &randomizeVaSpace, math.MinInt32, math.MaxInt32),
		sysConstant("dmesg_restrict", 0),
		sysConstant("kptr_restrict", 0),
		sysConstant("overflowuid", 65534),
		sysConstant("overflowgid", 65534),
		sysText("core_pattern", corePatternText, setCorePattern),
		sysAtomic("core_pipe_limit", &corePipeLimit, math.MinInt32, math.MaxInt32),
		sysAtomic("core_uses_pid", &coreUsesPid, math.MinInt32, math.MaxInt32),
		sysAtomic("panic", &panicTimeout, math.MinInt32, math.MaxInt32),
		{Name: "printk", Perm: 0o644, Show: showPrintkLevels, Write: writePrintkLevels},
		{Name: "random", Perm: 0o555, Dir: &procfs.Dir{Entries: []procfs.Entry{
			sysConstantText("boot_id", newUUID()),
			{Name: "uuid", Perm: 0o444, Show: procText(func() string { return newUUID() + "\n" })},
			sysConstant("entropy_avail", 256),
			sysConstant("poolsize", 256),
		}}},
	}}},
	{Name: "vm", Perm: 0o555, Dir: &procfs.Dir{Entries: []procfs.Entry{
		sysConstant("overcommit_memory", 0),
		sysConstant("max_map_count", 65530),
		sysConstant("mmap_min_addr", 65536),
		sysConstant("swappiness", 60),
		sysAction("drop_caches", dropCaches, dropPagecache, dropQuietly),
	}}},
}}

// panicTimeout is what panic= of the command line says, until it is changed: the
// seconds from a panic to the restart.
var panicTimeout atomic.Int64

// randomizeVaSpace is 0 if the places of things in a program's memory are not
// random, 1 if they are but for the heap that brk(2) grows, and 2 if all are.
var randomizeVaSpace atomic.Int64

func init() { randomizeVaSpace.Store(2) }

// sysConstant is a number that does not change.
func sysConstant(name string, v int) procfs.Entry {
	return procfs.Entry{Name: name, Perm: 0o444, Show: procFormat("%d\n", v)}
}

// sysConstantText is a text that does not change.
func sysConstantText(name, text string) procfs.Entry {
	return procfs.Entry{Name: name, Perm: 0o444, Show: procFormat("%s\n", text)}
}

// sysText is a line of text.
func sysText(name string, get func() string, set func(string) error) procfs.Entry {
	return procfs.Entry{
		Name: name, Perm: 0o644,
		Show: procText(func() string { return get() + "\n" }),
		Write: func(_ any, _ *cred.Cred, b []byte) error {
			line, _, _ := strings.Cut(cString(b), "\n")
			return set(line)
		},
	}
}

// sysNumber is a number from least to most.
func sysNumber(name string, get func() int, set func(int), least, most int) procfs.Entry {
	return procfs.Entry{
		Name: name, Perm: 0o644,
		Show: func(_ any, w *bytes.Buffer) error {
			fmt.Fprintf(w, "%d\n", get())
			return nil
		},
		Write: func(_ any, _ *cred.Cred, b []byte) error {
			n, err := strconv.ParseInt(strings.TrimSpace(cString(b)), 0, 64)
			if err != nil || n < int64(least) || n > int64(most) {
				return syscall.EINVAL
			}
			set(int(n))
			return nil
		},
	}
}

func sysAtomic(name string, v *atomic.Int64, least, most int) procfs.Entry {
	return sysNumber(name, func() int { return int(v.Load()) }, func(n int) { v.Store(int64(n)) }, least, most)
}

// sysAction does something when a number from least to most is written, and cannot
// be read.
func sysAction(name string, act func(int), least, most int) procfs.Entry {
	e := sysNumber(name, nil, act, least, most)
	e.Perm, e.Show = 0o200, nil
	return e
}

// showPrintkLevels shows the console's log level, that of messages without one,
// the least that the first can be, and what it was at start-up.
func showPrintkLevels(_ any, w *bytes.Buffer) error {
	fmt.Fprintf(w, "%d\t4\t%d\t7\n", printk.ConsoleLevel(), printk.ConsoleLevelMin)
	return nil
}

// writePrintkLevels sets the first of them.
func writePrintkLevels(_ any, _ *cred.Cred, b []byte) error {
	words := strings.Fields(cString(b))
	if len(words) == 0 {
		return syscall.EINVAL
	}
	n, err := strconv.Atoi(words[0])
	if err != nil || n < printk.ConsoleLevelMin || n > 15 {
		return syscall.EINVAL
	}
	printk.SetConsoleLevel(n)
	return nil
}

// newUUID returns a random UUID; RFC 4122, 4.4.
func newUUID() string {
	var b [16]byte
	random.Read(b[:])
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
