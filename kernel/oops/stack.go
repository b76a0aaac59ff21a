package oops

import (
	"fmt"
	"runtime"
)

// A Context is where a CPU or a task stopped.
type Context struct {
	PC, SP, FP uintptr

	// LR is the link register of an architecture that has one, else 0.
	LR uintptr

	// Exact is set if PC is the instruction the CPU stopped at. It is not
	// for a task that isn't running, whose PC is a return address.
	Exact bool
}

// A Trace is a stack, innermost call first.
type Trace struct {
	// PCs are return addresses, as runtime.Callers gives them: the address of
	// the instruction one is interested in lies in front of each.
	PCs []uintptr

	// Exact says that the first one belongs to no call: it stands 1 behind
	// the instruction the CPU stopped at.
	Exact bool

	// Guess is the index of an element that may be no caller at all, or 0.
	Guess int
}

const (
	// maxFrames bounds a stack.
	maxFrames = 64

	// maxStackSwitches bounds how often a stack may continue at a lower
	// address: a goroutine's goes on from that of its thread and from that of
	// a signal handler.
	maxStackSwitches = 2
)

// Backtrace follows the frame pointers from c. It stops at the first one that
// can't be right.
//
// On amd64 and arm64 alike a frame pointer points to the caller's frame pointer,
// behind which is the return address (cmd/compile/abi-internal.md).
func Backtrace(c Context, mem Memory) Trace {
	t := Trace{PCs: []uintptr{c.PC}, Exact: c.Exact}
	if c.Exact {
		t.PCs[0]++
	}
	fp, switches := c.FP, 0
	for len(t.PCs) < maxFrames && fp != 0 {
		next, ok := mem.word(fp)
		if !ok {
			break
		}
		pc, ok := mem.word(fp + wordSize)
		if !ok || !inText(pc) {
			break
		}
		t.PCs = append(t.PCs, pc)
		if next <= fp {
			switches++
		}
		if next == fp || switches > maxStackSwitches {
			break
		}
		fp = next
	}
	if c.Exact {
		t.addGuess(c, mem)
	}
	return t
}

// addGuess adds the caller that Backtrace skips when the CPU was stopped in a
// function that has no frame, or before it had made it. Its return address is
// then in the link register or on top of the stack; but if the function has a
// frame, anything may be there.
func (t *Trace) addGuess(c Context, mem Memory) {
	guess, ok := c.LR, true
	if guess == 0 {
		guess, ok = mem.word(c.SP)
	}
	if !ok || len(t.PCs) > 1 && guess == t.PCs[1] {
		return
	}
	_, here := Symbol(c.PC)
	_, there := Symbol(guess)
	if there == 0 || there == guess || there == here {
		return // not behind a call, or behind one that has returned
	}
	t.PCs = append(t.PCs[:1], append([]uintptr{guess}, t.PCs[1:]...)...)
	t.Guess = 1
}

// Lines returns one line per call, functions that were inlined included.
func (t Trace) Lines() []string {
	var lines []string
	for start := 0; start < len(t.PCs); {
		end := start
		for end < len(t.PCs) && inText(t.PCs[end]) {
			end++
		}
		if end == start {
			lines = append(lines, fmt.Sprintf(" %016x", t.PCs[start]))
			start++
			continue
		}
		lines = t.appendRun(lines, t.PCs[start:end])
		start = end
	}
	return lines
}

// appendRun appends the lines of addresses that all belong to functions. They
// are looked up together because runtime.Callers gives an element of its own to
// every inlined call, and Backtrace doesn't.
func (t Trace) appendRun(lines []string, pcs []uintptr) []string {
	// CallersFrames adds inlined calls to every element but the last.
	const nowhere = 0
	frames := runtime.CallersFrames(append(append([]uintptr(nil), pcs...), nowhere))
	for {
		f, more := frames.Next()
		if f.PC != 0 {
			lines = append(lines, t.line(f))
		}
		if !more {
			return lines
		}
	}
}

func (t Trace) line(f runtime.Frame) string {
	ret := f.PC + 1 // CallersFrames goes back into the call
	addr, mark := ret, ""
	switch {
	case t.Exact && ret == t.PCs[0]:
		addr = f.PC
	case t.Guess > 0 && ret == t.PCs[t.Guess]:
		mark = "? "
	}
	place := fmt.Sprintf("+%#x", addr-f.Entry)
	if f.Func == nil {
		place = " (inlined)"
	}
	return fmt.Sprintf(" %016x %s%s%s %s:%d", addr, mark, f.Function, place, f.File, f.Line)
}
