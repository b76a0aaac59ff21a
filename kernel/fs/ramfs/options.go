package ramfs

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"syscall"

	"onsen/arch"
	"onsen/kernel/mm"
)

// options are those of mount(2) (tmpfs(5)).
type options struct {
	mode, uid, gid uint32
	pages, inodes  int64 // limits, 0 for none
	// which of the above were given, for /proc/mounts
	hasMode, hasPages, hasInodes bool
}

// totalPages returns how much memory there is. A variable for tests.
var totalPages = func() int64 { return int64(mm.ReadStats().Total) }

// tmpfsDefaults limits a tmpfs to half of the memory, "and the number of inodes
// … to half of the number of your physical RAM pages" - tmpfs(5).
func tmpfsDefaults() options {
	half := totalPages() / 2
	return options{mode: 0o777 | syscall.S_ISVTX, pages: half, inodes: half}
}

// parse reads options, separated by commas. ramfs has mode= only and ignores
// what it does not know; tmpfs answers EINVAL.
func (o *options) parse(data string, tmpfs bool) error {
	for data != "" {
		var word string
		word, data, _ = strings.Cut(data, ",")
		if word == "" {
			continue
		}
		key, value, _ := strings.Cut(word, "=")
		if err := o.set(key, value, tmpfs); err != nil {
			return err
		}
	}
	return nil
}

func (o *options) set(key, value string, tmpfs bool) (err error) {
	if key == "mode" {
		o.hasMode = true
		return parseUint(value, 8, &o.mode)
	}
	if !tmpfs {
		return nil
	}
	switch key {
	case "uid":
		return parseUint(value, 10, &o.uid)
	case "gid":
		return parseUint(value, 10, &o.gid)
	case "size":
		o.hasPages = true
		n, err := parseSize(value, totalPages()*arch.PageSize)
		o.pages = (n + arch.PageSize - 1) / arch.PageSize
		return err
	case "nr_blocks":
		o.hasPages = true
		o.pages, err = parseSize(value, 0)
		return err
	case "nr_inodes":
		o.hasInodes = true
		o.inodes, err = parseSize(value, 0)
		return err
	}
	return syscall.EINVAL
}

func parseUint(s string, base int, to *uint32) error {
	n, err := strconv.ParseUint(s, base, 32)
	if err != nil {
		return syscall.EINVAL
	}
	*to = uint32(n)
	return nil
}

// parseSize reads a number with an optional suffix k, m, g or t, or, if
// percentOf is not 0, a percentage of that.
func parseSize(s string, percentOf int64) (int64, error) {
	shift := 0
	if s != "" {
		last := s[len(s)-1]
		if last == '%' && percentOf != 0 {
			n, err := strconv.ParseUint(s[:len(s)-1], 10, 31)
			if err != nil {
				return 0, syscall.EINVAL
			}
			return int64(n) * (percentOf / 100), nil
		}
		if at := strings.IndexByte("kmgt", last|0x20); at >= 0 {
			shift, s = 10*(at+1), s[:len(s)-1]
		}
	}
	n, err := strconv.ParseUint(s, 0, 63)
	if err != nil || n > (math.MaxInt64-arch.PageSize)>>shift {
		return 0, syscall.EINVAL
	}
	return int64(n) << shift, nil
}

// show formats the options as Linux does.
func (o *options) show(tmpfs bool) string {
	var b strings.Builder
	if tmpfs && o.hasPages {
		fmt.Fprintf(&b, ",size=%dk", o.pages*(arch.PageSize/1024))
	}
	if tmpfs && o.hasInodes {
		fmt.Fprintf(&b, ",nr_inodes=%d", o.inodes)
	}
	if tmpfs && o.mode != 0o777|syscall.S_ISVTX || !tmpfs && o.mode != 0o755 {
		fmt.Fprintf(&b, ",mode=%03o", o.mode&0o7777)
	}
	if o.uid != 0 {
		fmt.Fprintf(&b, ",uid=%d", o.uid)
	}
	if o.gid != 0 {
		fmt.Fprintf(&b, ",gid=%d", o.gid)
	}
	return b.String()
}
