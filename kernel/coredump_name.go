package kernel

import (
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"

	"onsen/kernel/timekeeping"
)

var (
	// corePattern is /proc/sys/kernel/core_pattern; nil stands for "core".
	corePattern atomic.Pointer[string]
	// coreUsesPid is not 0 if a name without %p gets the PID at its end.
	coreUsesPid atomic.Int64
	// suidDumpable is what a program that has changed its rights is for
	// vm.MM.SetDumpable; "/proc/sys/fs/suid_dumpable" - proc(5).
	suidDumpable atomic.Int64
)

// corePatternMax is the length of the longest pattern.
const corePatternMax = 127

func corePatternText() string {
	if p := corePattern.Load(); p != nil {
		return *p
	}
	return "core"
}

// setCorePattern changes the pattern; what is too long is cut off. Programs that
// read core dumps from a pipe ("|") are not started by this kernel: EINVAL.
func setCorePattern(s string) error {
	if strings.HasPrefix(s, "|") {
		return syscall.EINVAL
	}
	s = strings.Clone(s[:min(len(s), corePatternMax)])
	corePattern.Store(&s)
	return nil
}

// coreFacts are what the specifiers of a pattern stand for.
type coreFacts struct {
	tgid, pid     int
	uid, gid      uint32
	dumpable, sig int
	seconds       int64
	host, comm    string
	exe           string // the path; "" if it is not known
	limit         uint64
	usesPid       bool
}

// coreName returns the name of a core file; core(5), "Naming of core dump files".
func coreName(pattern string, f *coreFacts) string {
	var b strings.Builder
	hasPid := false
	for i := 0; i < len(pattern); i++ {
		if pattern[i] != '%' {
			b.WriteByte(pattern[i])
			continue
		}
		if i++; i == len(pattern) {
			break // a single % at the end is dropped
		}
		hasPid = hasPid || pattern[i] == 'p'
		b.WriteString(f.specifier(pattern[i]))
	}
	if !hasPid && f.usesPid {
		b.WriteString("." + strconv.Itoa(f.tgid))
	}
	return b.String()
}

// specifier returns what %c stands for: nothing if it is not known.
func (f *coreFacts) specifier(c byte) string {
	switch c {
	case '%':
		return "%"
	case 'p', 'P':
		return strconv.Itoa(f.tgid)
	case 'i', 'I':
		return strconv.Itoa(f.pid)
	case 'u':
		return strconv.FormatUint(uint64(f.uid), 10)
	case 'g':
		return strconv.FormatUint(uint64(f.gid), 10)
	case 'd':
		return strconv.Itoa(f.dumpable)
	case 's':
		return strconv.Itoa(f.sig)
	case 't':
		return strconv.FormatInt(f.seconds, 10)
	case 'h':
		return coreComponent(f.host)
	case 'e':
		return coreComponent(f.comm)
	case 'f':
		if f.exe == "" {
			return coreComponent(f.comm + " (path unknown)")
		}
		return coreComponent(baseName(f.exe))
	case 'E':
		if f.exe == "" {
			return coreComponent(f.comm + " (path unknown)")
		}
		return coreComponent(f.exe)
	case 'c':
		return strconv.FormatUint(f.limit, 10)
	}
	return ""
}

// coreComponent makes a string of the program's part of a file's name: it must
// lead nowhere else.
func coreComponent(s string) string {
	switch s {
	case "", ".":
		return "!"
	case "..":
		return "!."
	}
	return strings.ReplaceAll(s, "/", "!")
}

// name returns the name of the file to write.
func (c *coredump) name() string {
	t, user := c.task, c.task.Cred()
	exe := ""
	if f := c.mm.ExeFile(); f != nil {
		exe = f.MapPath()
		f.Put()
	}
	return coreName(corePatternText(), &coreFacts{
		tgid: t.Tgid, pid: t.Pid, uid: user.UID, gid: user.GID,
		dumpable: c.dumpable, sig: c.sig, seconds: timekeeping.Realtime() / 1e9,
		host: Hostname(), comm: t.Name(), exe: exe, limit: c.limit,
		usesPid: coreUsesPid.Load() != 0,
	})
}
