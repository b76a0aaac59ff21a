package main

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"onsen/qemu"
)

// How many tasks user/soak lets sleep at once. The machine has room for more
// threads here than Linux allows it.
const (
	sleepingProcesses = 1_000
	sleepingThreads   = 10_000
	linuxThreads      = 1_000
)

// sleepers runs user/soak as PID 1 under Linux and under the kernel and returns
// how much memory a sleeping process and a sleeping thread take there.
func sleepers(arch qemu.Arch) (linux, ours []Operation, err error) {
	m := machine(arch)
	m.Initrd = filepath.Join("build", "user", string(arch), "soak.cpio")
	fmt.Printf("  BENCH   %s, sleepers\n", arch)
	if ours, err = memoryOf(m, sleepingThreads); err != nil {
		return nil, nil, err
	}
	fmt.Printf("  BENCH   %s, sleepers on Linux\n", arch)
	linux, err = memoryOf(strongestLinux(m), linuxThreads)
	return linux, ours, err
}

func memoryOf(m qemu.Config, threads int) ([]Operation, error) {
	m.Append = append(m.Append, "--", fmt.Sprintf("alive=%d", sleepingProcesses), fmt.Sprintf("threads=%d", threads))
	lines, err := run(m, "sleepers")
	if err != nil {
		return nil, err
	}
	return parseSleepers(lines)
}

var sleepersLine = regexp.MustCompile(`^soak: (alive|threads) \d+, (\d+) KiB each\b`)

// parseSleepers reads what user/soak said of the memory of tasks.
func parseSleepers(lines []string) ([]Operation, error) {
	names := map[string]string{"alive": "sleeping-process,-KiB", "threads": "sleeping-thread,-KiB"}
	var found []Operation
	for _, line := range lines {
		if strings.HasPrefix(line, "soak: ") && strings.Contains(line, "FAIL") {
			return nil, fmt.Errorf("%q", line)
		}
		if m := sleepersLine.FindStringSubmatch(line); m != nil {
			kib, err := strconv.ParseFloat(m[2], 64)
			if err != nil {
				return nil, fmt.Errorf("%q: %w", line, err)
			}
			found = append(found, Operation{names[m[1]], kib})
		}
	}
	if len(found) != len(names) {
		return nil, fmt.Errorf("the program measured %d of %d", len(found), len(names))
	}
	return found, nil
}
