package params

import (
	"errors"
	"fmt"
	"math/bits"
	"strconv"
	"strings"

	"onsen/arch/spec"
)

// A CPUMask is a set of CPU numbers, bit n for CPU n.
type CPUMask uint64

// The mask has a bit for every CPU.
var _ [64 - spec.MaxCPUs]struct{}

// Has tells whether cpu is in the set.
func (m CPUMask) Has(cpu int) bool {
	return cpu >= 0 && cpu < spec.MaxCPUs && m>>cpu&1 != 0
}

// Count returns the number of CPUs in the set.
func (m CPUMask) Count() int {
	return bits.OnesCount64(uint64(m))
}

// String returns the set as a CPU list: 0-3,5.
func (m CPUMask) String() string {
	var b strings.Builder
	for first := 0; first < spec.MaxCPUs; first++ {
		if !m.Has(first) {
			continue
		}
		last := first
		for m.Has(last + 1) {
			last++
		}
		if b.Len() > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.Itoa(first))
		if last > first {
			fmt.Fprintf(&b, "-%d", last)
		}
		first = last
	}
	return b.String()
}

var (
	errEmptyList = errors.New("no CPU is listed")
	errBadRange  = errors.New("the range ends before it starts")
	errBadGroup  = errors.New("the used part must be at least 1 and at most the group")
)

// ParseCPUList reads a list of CPUs, as in "cpu lists" of
// kernel-parameters.rst:
//
//	0-3,5      numbers and ranges
//	7-         to the last CPU (not in Linux)
//	8-N        N is the last CPU the kernel can handle
//	all        every CPU
//	0-31:2/8   of every group of 8 the first 2
//
// Numbers the kernel can't handle are an error; CPUs the machine doesn't have
// are not, because nobody knows them yet.
func ParseCPUList(s string) (CPUMask, error) {
	var mask CPUMask
	for part := range strings.SplitSeq(s, ",") {
		if part == "" { // Linux allows 0,,1 and a comma at the end
			continue
		}
		m, err := parseCPURange(part)
		if err != nil {
			return 0, fmt.Errorf("CPU list: %q: %w", part, err)
		}
		mask |= m
	}
	if mask == 0 {
		return 0, errEmptyList
	}
	return mask, nil
}

func parseCPURange(s string) (CPUMask, error) {
	s, group, grouped := strings.Cut(s, ":")
	first, last, err := parseCPUBounds(s)
	if err != nil {
		return 0, err
	}
	used, size := 1, 1
	if grouped {
		if used, size, err = parseCPUGroup(group); err != nil {
			return 0, err
		}
	}
	var m CPUMask
	for cpu := first; cpu <= last; cpu++ {
		if (cpu-first)%size < used {
			m |= 1 << cpu
		}
	}
	return m, nil
}

func parseCPUBounds(s string) (first, last int, err error) {
	if s == "all" {
		return 0, spec.MaxCPUs - 1, nil
	}
	lo, hi, isRange := strings.Cut(s, "-")
	if first, err = parseCPU(lo); err != nil {
		return 0, 0, err
	}
	switch {
	case !isRange:
		return first, first, nil
	case hi == "":
		return first, spec.MaxCPUs - 1, nil
	}
	if last, err = parseCPU(hi); err != nil {
		return 0, 0, err
	}
	if last < first {
		return 0, 0, errBadRange
	}
	return first, last, nil
}

func parseCPU(s string) (int, error) {
	if s == "N" {
		return spec.MaxCPUs - 1, nil
	}
	n, err := strconv.ParseUint(s, 10, 64)
	switch {
	case errors.Is(err, strconv.ErrRange) || err == nil && n >= spec.MaxCPUs:
		return 0, fmt.Errorf("the kernel handles %d CPUs", spec.MaxCPUs)
	case err != nil:
		return 0, errNotNumber
	}
	return int(n), nil
}

func parseCPUGroup(s string) (used, size int, err error) {
	before, after, ok := strings.Cut(s, "/")
	if !ok {
		return 0, 0, errors.New("a group is written used/size")
	}
	if used, err = strconv.Atoi(before); err != nil {
		return 0, 0, errNotNumber
	}
	if size, err = strconv.Atoi(after); err != nil {
		return 0, 0, errNotNumber
	}
	if used < 1 || used > size {
		return 0, 0, errBadGroup
	}
	return used, size, nil
}

// IsolCPUs is the value of isolcpus=.
type IsolCPUs struct {
	CPUs CPUMask

	// Domain keeps the scheduler's balancing away from the CPUs, NoHZ the
	// tick, ManagedIRQ the interrupts of queues.
	Domain, NoHZ, ManagedIRQ bool
}

// ParseIsolCPUs reads [flag,...,]cpu-list. Without a flag it means domain.
func ParseIsolCPUs(s string) (IsolCPUs, error) {
	var v IsolCPUs
	for s != "" && 'a' <= s[0] && s[0] <= 'z' {
		flag, rest, _ := strings.Cut(s, ",")
		if flag == "all" || strings.HasPrefix(flag, "all:") {
			break // already the list
		}
		switch flag {
		case "domain":
			v.Domain = true
		case "nohz":
			v.NoHZ = true
		case "managed_irq":
			v.ManagedIRQ = true
		default:
			return IsolCPUs{}, fmt.Errorf("unknown flag %q", flag)
		}
		s = rest
	}
	if v == (IsolCPUs{}) {
		v.Domain = true
	}
	var err error
	if v.CPUs, err = ParseCPUList(s); err != nil {
		return IsolCPUs{}, err
	}
	return v, nil
}
