package main

import (
	"context"
	"fmt"
	"regexp"
	"time"

	"onsen/qemu"
)

// noInit is how far a boot without an initramfs gets.
var (
	noInit  = regexp.MustCompile(`^Kernel panic - not syncing: No working init found`)
	noBoot  = regexp.MustCompile(`^(Kernel panic|fatal error: |panic: )`)
	mostMem = 128 // MiB; enough for any kernel worth measuring
)

// smallestMem returns the smallest size of memory, in MiB, with which the
// kernel gets as far as looking for init.
func smallestMem(arch qemu.Arch) (int, error) {
	var failed error
	size := bisect(1, mostMem, func(mib int) bool {
		err := bootsWith(arch, mib)
		if err != nil {
			failed = err
		}
		return err == nil
	})
	if size > mostMem {
		return 0, fmt.Errorf("does not boot with %d MiB: %w", mostMem, failed)
	}
	return size, nil
}

func bootsWith(arch qemu.Arch, mib int) error {
	fmt.Printf("  MEM     %s, %d MiB\n", arch, mib)
	m := machine(arch)
	m.Icount = false
	m.Memory = fmt.Sprintf("%dM", mib)
	vm, err := qemu.Start(m, nil)
	if err != nil {
		return err
	}
	defer vm.Kill()
	vm.Console.Fatal = noBoot
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	_, err = vm.Console.Expect(ctx, noInit)
	return err
}

// bisect returns the smallest n from low to high for which ok is true, or
// high+1. ok must be false below that n and true above it.
func bisect(low, high int, ok func(int) bool) int {
	for low <= high {
		middle := (low + high) / 2
		if ok(middle) {
			high = middle - 1
		} else {
			low = middle + 1
		}
	}
	return low
}
