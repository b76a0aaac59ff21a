package params

import (
	"errors"
	"math/bits"
	"strings"
	"syscall"

	"onsen/kernel/kstrtox"
)

var (
	errNotNumber = errors.New("not a number")
	errNotSize   = errors.New("not a size such as 512M")
	errNotBool   = errors.New("neither yes nor no")
	errTooLarge  = errors.New("too large")
)

// ParseInt reads a whole number as the kernel does: decimal, 0x... in hex or
// 0... in octal, with a sign if need be.
func ParseInt(s string) (int, error) {
	n, err := kstrtox.Int32(s) // Linux's int; the same on every architecture
	return int(n), inWords(err)
}

// ParseSize reads a number of bytes with an optional suffix, in the manner of
// Linux's memparse: K, M, G, T, P and E, in either case, are powers of 1024.
// Unlike memparse it refuses trailing text and values beyond 64 bits.
func ParseSize(s string) (uint64, error) {
	u, suffix, err := kstrtox.Leading(s)
	switch {
	case err == syscall.EINVAL:
		return 0, errNotSize
	case err != nil:
		return 0, inWords(err)
	}
	if suffix == "" {
		return u, nil
	}
	power := strings.IndexByte("KMGTPE", suffix[0]&^0x20)
	if power < 0 || len(suffix) > 1 {
		return 0, errNotSize
	}
	high, low := bits.Mul64(u, 1<<(10*(power+1)))
	if high != 0 {
		return 0, errTooLarge
	}
	return low, nil
}

// inWords says an error of package kstrtox to whoever wrote the command line.
func inWords(err error) error {
	switch err {
	case syscall.EINVAL:
		return errNotNumber
	case syscall.ERANGE:
		return errTooLarge
	}
	return err
}

// ParseBool reads a truth value like Linux's kstrtobool, which looks at the
// first letter: y, t, 1 and on are true, n, f, 0 and off are false.
func ParseBool(s string) (bool, error) {
	s = strings.ToLower(s)
	switch {
	case s == "":
		return false, errNotBool
	case strings.ContainsRune("yt1", rune(s[0])), strings.HasPrefix(s, "on"):
		return true, nil
	case strings.ContainsRune("nf0", rune(s[0])), strings.HasPrefix(s, "of"):
		return false, nil
	}
	return false, errNotBool
}
