package oops

import (
	"fmt"
	"iter"
	"strings"
)

// Registers are those of a CPU at the moment it stopped.
type Registers interface {
	PC() uintptr
	SP() uintptr
	FP() uintptr
	LR() uintptr // 0 if the architecture has no link register

	// All gives all registers worth printing, with their names, in the order
	// of the report.
	All() iter.Seq2[string, uint64]
}

// A Report says why and where something failed. Fields that are zero are left
// out.
type Report struct {
	// Title is the first line: what happened.
	Title string

	// Where tells the CPU and the task, such as "CPU: 1 PID: 2 Comm: kthreadd".
	Where string

	Registers Registers

	// PC is the instruction to show the code around. If it is 0 it is taken
	// from Registers.
	PC uintptr

	// Trace is the stack. If it is empty it is walked from Registers.
	Trace Trace

	// Memory reads code and stack; nil reads nothing.
	Memory Memory

	// ISA disassembles the code; nil is Native.
	ISA *ISA
}

// Print gives the report to print, line by line.
func (r *Report) Print(print func(line string)) {
	for _, line := range []string{r.Title, r.Where} {
		if line != "" {
			print(line)
		}
	}
	pc, trace := r.PC, r.Trace
	if regs := r.Registers; regs != nil {
		if pc == 0 {
			pc = regs.PC()
		}
		if len(trace.PCs) == 0 {
			trace = Backtrace(ContextOf(regs), r.Memory)
		}
		for _, line := range registerLines(regs) {
			print(line)
		}
	}
	if pc != 0 {
		isa := r.ISA
		if isa == nil {
			isa = &Native
		}
		print("Code:")
		for _, line := range isa.Code(pc, r.Memory) {
			print(line)
		}
	}
	if len(trace.PCs) > 0 {
		print("Call trace:")
		for _, line := range trace.Lines() {
			print(line)
		}
	}
}

// ContextOf returns where a CPU stopped that has these registers.
func ContextOf(r Registers) Context {
	return Context{PC: r.PC(), SP: r.SP(), FP: r.FP(), LR: r.LR(), Exact: true}
}

// registersPerLine fits 80 columns.
const registersPerLine = 3

func registerLines(r Registers) []string {
	lines := []string{"PC: " + SymbolString(r.PC())}
	if lr := r.LR(); lr != 0 {
		lines = append(lines, "LR: "+SymbolString(lr))
	}
	var line []string
	for name, value := range r.All() {
		line = append(line, fmt.Sprintf("%6s: %016x", name, value))
		if len(line) == registersPerLine {
			lines = append(lines, strings.Join(line, " "))
			line = nil
		}
	}
	if len(line) > 0 {
		lines = append(lines, strings.Join(line, " "))
	}
	return lines
}
