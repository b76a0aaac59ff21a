package kernel

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"syscall"

	"onsen/arch"
	"onsen/kernel/fs/procfs"
	"onsen/kernel/kstrtox"
)

// What the files of /proc/sys take (Linux: kernel/sysctl.c). Numbers have white
// space around them, and what comes behind as many as a file has is left for
// another write. That one is not at the beginning of the file, and so is ignored:
// sysctl_writes_strict.

const (
	// sysctlMax bytes are too many for one write: KMALLOC_MAX_SIZE.
	sysctlMax = 4 << 20
	// sysctlDigits is how many characters a number may not have.
	sysctlDigits = 21
	sysctlSpace  = " \t\n\v\f\r"
)

// sysctlInts is a file of n numbers.
func sysctlInts(name string, n int, get func(i int) int, set func(i, v int) error) procfs.Entry {
	return procfs.Entry{
		Name: name, Perm: 0o644,
		Show: func(_ any, w *bytes.Buffer) error {
			for i := range n {
				fmt.Fprintf(w, "%d%c", get(i), "\t\n"[boolWord(i == n-1)])
			}
			return nil
		},
		Write: func(_ any, w *procfs.Write) (int, error) { return writeSysctlInts(w, n, set) },
	}
}

// writeSysctlInts hands up to n numbers to set, and returns how many bytes they
// are, with the white space around them: EINVAL if there is none or something that
// is not one, after those in front of it have been set.
func writeSysctlInts(w *procfs.Write, n int, set func(i, v int) error) (int, error) {
	switch {
	case w.Len >= sysctlMax:
		return 0, syscall.ENOMEM
	case w.Len == 0:
		return 0, nil
	case w.Pos != 0:
		w.Pos += int64(w.Len)
		return w.Len, nil
	}
	rest := strings.TrimLeft(string(w.Text[:min(len(w.Text), arch.PageSize-1)]), sysctlSpace)
	if rest == "" {
		return 0, syscall.EINVAL
	}
	for i := 0; i < n && rest != ""; i++ {
		v, behind, err := sysctlInt(rest)
		if err == nil {
			err = set(i, v)
		}
		if err != nil {
			return 0, err
		}
		rest = strings.TrimLeft(behind, sysctlSpace)
	}
	done := w.Len - len(rest)
	w.Pos += int64(done)
	return done, nil
}

// sysctlInt reads the number at the front of s and returns what follows it: EINVAL
// if it is not an int32 or if no white space follows.
func sysctlInt(s string) (v int, rest string, err error) {
	digits, limit := s[:min(len(s), sysctlDigits)], uint64(math.MaxInt32)
	negative := len(digits) > 1 && digits[0] == '-'
	if negative {
		digits, limit = digits[1:], limit+1
	}
	u, behind, err := kstrtox.Leading(digits)
	used := min(len(s), sysctlDigits) - len(behind)
	switch rest = s[used:]; {
	case err != nil || u > limit, used == sysctlDigits, rest != "" && !strings.Contains(" \t\n", rest[:1]):
		return 0, "", syscall.EINVAL
	case negative:
		u = -u
	}
	return int(u), rest, nil
}

// sysctlString is a line of text.
func sysctlString(name string, get func() string, set func(string)) procfs.Entry {
	return procfs.Entry{
		Name: name, Perm: 0o644,
		Show:  procText(func() string { return get() + "\n" }),
		Write: func(_ any, w *procfs.Write) (int, error) { return writeSysctlString(w, get(), set) },
	}
}

// writeSysctlString sets a line that was old. A write behind the beginning changes
// what it is from there on, one behind the end nothing.
func writeSysctlString(w *procfs.Write, old string, set func(string)) (int, error) {
	switch {
	case w.Len >= sysctlMax:
		return 0, syscall.ENOMEM
	case w.Len == 0 || w.Pos > int64(len(old)):
		return w.Len, nil
	}
	line, _, _ := strings.Cut(cString(w.Text), "\n")
	set(old[:w.Pos] + line)
	w.Pos += int64(w.Len)
	return w.Len, nil
}
