package check

import (
	"debug/elf"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// roots are the functions through which the lowest layer is entered: from the
// boot code, from exceptions, on a new thread's kernel stack. What the others
// refer to is found from them.
var roots = []string{
	"onsen/kernel/rt.Start",
	"onsen/kernel/rt.SecondaryStart",
	"onsen/kernel/rt.Syscall",
	"onsen/kernel/rt.Interrupt",
	"onsen/kernel/rt.Fault",
}

// archRoots are the entry points in assembly.
var archRoots = map[elf.Machine][]string{
	elf.EM_X86_64:  {"onsen/arch/amd64.start64", "onsen/arch/amd64.secondary64"},
	elf.EM_AARCH64: {"onsen/arch/arm64.start", "onsen/arch/arm64.secondaryStart"},
}

// hooks are the functions that call through a variable which is set at run
// time, and the functions it is set to, which are checked in their turn.
var hooks = map[string][]string{
	"onsen/kernel/rt.exit":      {"onsen/kernel.runtimeDied"}, // OnExit
	"onsen/kernel/mm.reportBug": nil,                          // SetBugHook
}

// morestack begins the names of the functions that grow the stack. The
// compiler has every function call one but those that are marked go:nosplit or
// need little stack; the lowest layer has no stack that could grow.
const morestack = "runtime.morestack"

// forbidden are other functions, by the start of their name, that the lowest
// layer must not call, and why: it has no P to allocate with, and it may
// interrupt the garbage collector.
var forbidden = []struct{ prefix, why string }{
	{"runtime.mallocgc", "allocates"},
	{"runtime.newobject", "allocates"},
	{"runtime.growslice", "allocates"},
	{"runtime.makeslice", "allocates"},
	{"runtime.gcWriteBarrier", "stores a pointer with a write barrier"},
	{"runtime.wbZero", "stores pointers with a write barrier"},
	{"runtime.wbMove", "stores pointers with a write barrier"},
	{"runtime.typedmemmove", "stores pointers with a write barrier"},
	{"runtime.typedmemclr", "stores pointers with a write barrier"},
	{"runtime.memclrHasPointers", "stores pointers with a write barrier"},
	{"runtime.gopanic", "panics"},
	{"runtime.deferproc", "defers"},
	{"runtime.deferreturn", "defers"},
	{"runtime.newproc", "starts a goroutine"},
}

// ends are functions, by the start of their name, at which the search stops:
// the lowest layer hands over to ordinary Go there, or dies.
var ends = []string{
	"_rt0_",                             // Go's own entry point, on a stack of its own
	"onsen/arch/arm64.leftForException", // user mode was left: the task's goroutine goes on
	"runtime.panic",                     // panicBounds, panicdivide and the like: fatal here
	"runtime.goPanic",
	"runtime.throw",
	"runtime.fatal",
}

// LowestLayer checks that nothing reachable from the entry points of the
// lowest layer grows the stack, allocates, or has a write barrier. It follows
// direct calls and jumps, and the functions whose address the code takes. It
// returns the number of functions it has looked at. The error names every
// offending call and how it is reached.
func LowestLayer(f *elf.File) (functions int, err error) {
	p, err := newProgram(f)
	if err != nil {
		return 0, err
	}
	w := walk{program: p, from: make(map[*function]*function)}
	for _, name := range slices.Concat(roots, archRoots[f.Machine]) {
		fn := p.lookup(name)
		if fn == nil {
			return 0, fmt.Errorf("the kernel has no function %s to check from", name)
		}
		w.visit(nil, fn)
	}
	for len(w.queue) > 0 {
		fn := w.queue[0]
		w.queue = w.queue[1:]
		if err := w.follow(fn); err != nil {
			return 0, err
		}
	}
	return len(w.from), errors.Join(w.errs...)
}

// A walk visits every function of the lowest layer once, nearest first.
type walk struct {
	*program
	from  map[*function]*function // by whom a function was found first
	queue []*function
	errs  []error
}

func (w *walk) visit(from, fn *function) {
	if _, seen := w.from[fn]; seen {
		return
	}
	w.from[fn] = from
	w.queue = append(w.queue, fn)
}

// follow visits what fn refers to.
func (w *walk) follow(fn *function) error {
	r, err := w.references(fn)
	if err != nil {
		return err
	}
	for _, target := range r.functions {
		if strings.HasPrefix(target.name, morestack) {
			// Ordinary Go: what it does in turn makes it no worse.
			w.errs = append(w.errs, fmt.Errorf("%s grows the stack", w.path(fn)))
			return nil
		}
	}
	for _, target := range r.functions {
		switch why := reason(target.name); {
		case isEnd(target.name):
		case why != "":
			w.errs = append(w.errs, fmt.Errorf("%s calls %s, which %s", w.path(fn), target.name, why))
		default:
			w.visit(fn, target)
		}
	}
	behind, hook := hooks[fn.name]
	for _, name := range behind {
		target := w.lookup(name)
		if target == nil {
			return fmt.Errorf("the kernel has no function %s for the hook in %s", name, fn.name)
		}
		w.visit(fn, target)
	}
	if r.blind && !hook && !w.assembly(fn) {
		w.errs = append(w.errs, fmt.Errorf("%s calls through a pointer that cannot be followed", w.path(fn)))
	}
	return nil
}

// path tells how fn is reached.
func (w *walk) path(fn *function) string {
	var names []string
	for ; fn != nil; fn = w.from[fn] {
		names = append(names, fn.name)
	}
	slices.Reverse(names)
	return strings.Join(names, " -> ")
}

func reason(name string) string {
	for _, f := range forbidden {
		if strings.HasPrefix(name, f.prefix) {
			return f.why
		}
	}
	return ""
}

func isEnd(name string) bool {
	return slices.ContainsFunc(ends, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
}
