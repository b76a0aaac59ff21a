package kernel

import (
	"strconv"
	"strings"
	"sync/atomic"

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

// setCorePattern changes the pattern; what is too long is cut off.
func setCorePattern(s string) {
	s = strings.Clone(s[:min(len(s), corePatternMax)])
	corePattern.Store(&s)
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
	name := f.expand(pattern)
	if f.usesPid && !hasPid(pattern) {
		name += "." + strconv.Itoa(f.tgid)
	}
	return name
}

// coreCommand returns the program and the arguments that a pattern, without its
// "|", names; core(5), "Piping core dumps to a program". Spaces in what a specifier
// stands for do not part arguments, and one behind a % belongs to that.
func coreCommand(pattern string, f *coreFacts) []string {
	argv := []string{""}
	begun, parted := false, false
	for i := 0; i < len(pattern); i++ {
		c := pattern[i]
		if c == ' ' || c >= '\t' && c <= '\r' {
			parted = begun
			continue
		}
		if parted {
			argv, parted = append(argv, ""), false
		}
		text := string(c)
		if c == '%' {
			if i++; i == len(pattern) {
				break
			}
			text = f.specifier(pattern[i])
		}
		argv[len(argv)-1] += text
		begun = begun || text != ""
	}
	return argv
}

// hasPid reports whether a pattern has %p.
func hasPid(pattern string) bool {
	for i := 0; i+1 < len(pattern); i++ {
		if pattern[i] == '%' {
			if i++; pattern[i] == 'p' {
				return true
			}
		}
	}
	return false
}

// expand returns a pattern with what its specifiers stand for. A single % at the
// end is dropped.
func (f *coreFacts) expand(pattern string) string {
	var b strings.Builder
	for i := 0; i < len(pattern); i++ {
		if pattern[i] != '%' {
			b.WriteByte(pattern[i])
		} else if i++; i < len(pattern) {
			b.WriteString(f.specifier(pattern[i]))
		}
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

// facts returns what is known of the process that dumps.
func (c *coredump) facts() *coreFacts {
	t, user := c.task, c.task.Cred()
	exe := ""
	if f := c.mm.ExeFile(); f != nil {
		exe = f.MapPath()
		f.Put()
	}
	return &coreFacts{
		tgid: t.Tgid, pid: t.Pid, uid: user.UID, gid: user.GID,
		dumpable: c.dumpable, sig: c.sig, seconds: timekeeping.Realtime() / 1e9,
		host: Hostname(), comm: t.Name(), exe: exe, limit: c.limit,
		usesPid: coreUsesPid.Load() != 0,
	}
}
