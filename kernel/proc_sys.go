package kernel

import (
	"encoding/hex"
	"math"
	"sync/atomic"
	"syscall"

	"onsen/kernel/cred"
	"onsen/kernel/fs/procfs"
	"onsen/kernel/net"
	"onsen/kernel/net/unix"
	"onsen/kernel/printk"
	"onsen/kernel/random"
	"onsen/kernel/sched"
	"onsen/kernel/seccomp"
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
		sysctlString("hostname", Hostname, func(s string) { setUtsName(&uts.nodename, s) }),
		sysctlString("domainname", Domainname, func(s string) { setUtsName(&uts.domain, s) }),
		sysConstant("pid_max", PidMax),
		sysNumber("threads-max", MaxThreads, SetMaxThreads, minThreads, maxThreadsLimit),
		sysConstant("ngroups_max", 65536),
		sysConstant("cap_last_cap", cred.CAP_LAST_CAP),
		sysAtomic("randomize_va_space", &randomizeVaSpace, math.MinInt32, math.MaxInt32),
		sysConstant("dmesg_restrict", 0),
		sysConstant("kptr_restrict", 0),
		sysConstant("overflowuid", 65534),
		sysConstant("overflowgid", 65534),
		sysctlString("core_pattern", corePatternText, setCorePattern),
		sysAtomic("core_pipe_limit", &corePipeLimit, math.MinInt32, math.MaxInt32),
		sysAtomic("core_uses_pid", &coreUsesPid, math.MinInt32, math.MaxInt32),
		sysAtomic("max_lock_depth", &sched.MaxLockDepth, math.MinInt32, math.MaxInt32),
		sysAtomic("panic", &panicTimeout, math.MinInt32, math.MaxInt32),
		sysctlInts("printk", printk.LevelsCount, printkLevel, setPrintkLevel),
		{Name: "seccomp", Perm: 0o555, Dir: &procfs.Dir{Entries: []procfs.Entry{
			sysConstantText("actions_avail", seccomp.AllActions.String()),
			{Name: "actions_logged", Perm: 0o644, Show: showActionsLogged, Write: writeActionsLogged},
		}}},
		{Name: "random", Perm: 0o555, Dir: &procfs.Dir{Entries: []procfs.Entry{
			sysConstantText("boot_id", newUUID()),
			{Name: "uuid", Perm: 0o444, Show: procText(func() string { return newUUID() + "\n" })},
			sysConstant("entropy_avail", 256),
			sysConstant("poolsize", 256),
		}}},
	}}},
	{Name: "net", Perm: 0o555, Dir: &procfs.Dir{Entries: []procfs.Entry{
		{Name: "core", Perm: 0o555, Dir: &procfs.Dir{Entries: []procfs.Entry{sysConstant("somaxconn", net.SoMaxConn)}}},
		{Name: "unix", Perm: 0o555, Dir: &procfs.Dir{Entries: []procfs.Entry{sysConstant("max_dgram_qlen", unix.MaxDgramQlen)}}},
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

// sysNumber is a number from least to most.
func sysNumber(name string, get func() int, set func(int), least, most int) procfs.Entry {
	return sysctlInts(name, 1, func(int) int { return get() }, func(_, n int) error {
		if n < least || n > most {
			return syscall.EINVAL
		}
		set(n)
		return nil
	})
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

// printkLevel and setPrintkLevel are the four levels of package printk.
func printkLevel(i int) int { return printk.Levels()[i] }

func setPrintkLevel(i, level int) error {
	printk.SetLevel(i, level)
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
