package qemu

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// maxCalls bounds the stack that Diagnose shows of a CPU.
const maxCalls = 24

// Diagnose describes where every CPU of a running machine stands: the functions
// and lines of its calls, and, after an empty line, QEMU's full register dump.
// It is meant for a machine that hangs, and stops it. symbols may be nil.
func (vm *VM) Diagnose(ctx context.Context, symbols *Symbols) (string, error) {
	if err := vm.Monitor.Execute(ctx, "stop", nil, nil); err != nil {
		return "", err
	}
	dump, err := vm.Monitor.Human(ctx, 0, "info registers -a")
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for cpu, regs := range splitDump(dump) {
		fmt.Fprintf(&b, "cpu %d: %s\n", cpu, symbols.Describe(regs.pc))
		for _, pc := range vm.callers(ctx, cpu, regs.fp, symbols) {
			fmt.Fprintf(&b, "       %s\n", symbols.Describe(pc-1))
		}
	}
	return b.String() + "\n" + dump, nil
}

// callers follows the frame pointers of a stopped CPU. Each points to the
// caller's, behind which is the return address (cmd/compile/abi-internal.md).
func (vm *VM) callers(ctx context.Context, cpu int, fp uint64, symbols *Symbols) []uint64 {
	var pcs []uint64
	for len(pcs) < maxCalls && fp != 0 {
		text, err := vm.Monitor.Human(ctx, cpu, fmt.Sprintf("x /2gx %#x", fp))
		words := parseWords(text)
		if err != nil || len(words) != 2 || !symbols.Contain(words[1]) {
			break
		}
		fp = words[0]
		pcs = append(pcs, words[1])
	}
	return pcs
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
		return fmt.Sprintf("the machine still runs, and its registers are out of reach: %v\n", err)
	}
	return report
}

// registers are those of a CPU that tell where it stands.
type registers struct{ pc, fp uint64 }

var (
	dumpedPC = regexp.MustCompile(`\b(?:RIP|EIP|PC) ?= ?([0-9a-fA-F]+)`)
	dumpedFP = regexp.MustCompile(`\b(?:RBP|EBP|X29) ?= ?([0-9a-fA-F]+)`)
	hexWord  = regexp.MustCompile(`0x([0-9a-fA-F]{16})\b`)
)

// splitDump finds the registers of every CPU in the output of "info registers
// -a".
func splitDump(dump string) []registers {
	var all []registers
	for _, cpu := range strings.Split(dump, "CPU#")[1:] {
		all = append(all, registers{hexAfter(dumpedPC, cpu), hexAfter(dumpedFP, cpu)})
	}
	return all
}

// hexAfter is the number that re's group matches in s, or 0.
func hexAfter(re *regexp.Regexp, s string) uint64 {
	if m := re.FindStringSubmatch(s); m != nil {
		n, _ := strconv.ParseUint(m[1], 16, 64) // too long is as bad as missing
		return n
	}
	return 0
}

// parseWords finds the words in the output of "x /gx".
func parseWords(text string) []uint64 {
	var words []uint64
	for _, m := range hexWord.FindAllStringSubmatch(text, -1) {
		n, _ := strconv.ParseUint(m[1], 16, 64) // has 16 digits
		words = append(words, n)
	}
	return words
}
