package qemu

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Diagnose describes where every CPU of a running machine stands: its program
// counter with the function and line, then QEMU's full register dump. It is
// meant for a machine that hangs, and stops it.
func (vm *VM) Diagnose(ctx context.Context, symbols *Symbols) (string, error) {
	if err := vm.Monitor.Execute(ctx, "stop", nil, nil); err != nil {
		return "", err
	}
	regs, err := vm.Monitor.Human(ctx, "info registers -a")
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for cpu, pc := range programCounters(regs) {
		fmt.Fprintf(&b, "cpu %d: %s\n", cpu, symbols.Describe(pc))
	}
	b.WriteString(regs)
	return b.String(), nil
}

// LastWords gives a machine that has failed a moment to finish what it says. If
// it ends by itself the result is empty; else it is what Diagnose finds, and the
// machine stands still.
func (vm *VM) LastWords(moment time.Duration) string {
	ctx, cancel := context.WithTimeout(context.Background(), moment)
	defer cancel()
	if _, err := vm.Wait(ctx); err == nil {
		return ""
	}
	ctx, cancel = context.WithTimeout(context.Background(), moment)
	defer cancel()
	symbols, _ := ReadSymbols(or(vm.Config.Symbols, vm.Config.Kernel+".elf")) // nil is usable
	report, err := vm.Diagnose(ctx, symbols)
	if err != nil {
		return fmt.Sprintf("the machine still runs, and its registers are out of reach: %v", err)
	}
	return report
}

var programCounter = regexp.MustCompile(`(?m)\b(?:RIP|EIP|PC) ?= ?([0-9a-fA-F]+)`)

// programCounters finds the program counter of every CPU, in the order of the
// dump.
func programCounters(dump string) []uint64 {
	var pcs []uint64
	for _, m := range programCounter.FindAllStringSubmatch(dump, -1) {
		if pc, err := strconv.ParseUint(m[1], 16, 64); err == nil {
			pcs = append(pcs, pc)
		}
	}
	return pcs
}
