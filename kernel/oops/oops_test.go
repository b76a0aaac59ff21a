package oops

import (
	"encoding/binary"
	"iter"
	"maps"
	"os"
	"reflect"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"unsafe"
)

// ownMemory reads the memory of this process as it is.
func ownMemory(t *testing.T) Memory {
	t.Helper()
	f, err := os.Open("/proc/self/mem")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return func(addr uintptr, p []byte) int {
		n, _ := f.ReadAt(p, int64(addr))
		return n
	}
}

// fakeMemory has words at addresses.
type fakeMemory map[uintptr]uintptr

func (m fakeMemory) read(addr uintptr, p []byte) int {
	v, ok := m[addr]
	if !ok || len(p) < wordSize {
		return 0
	}
	binary.NativeEndian.PutUint64(p, uint64(v))
	return wordSize
}

func entryOf(f any) uintptr {
	return reflect.ValueOf(f).Pointer()
}

//go:noinline
func known(p *int) int { // line numbers of this function are not tested
	if p == nil {
		return 1
	}
	return known(nil) + *p
}

//go:noinline
func faulting(p *int) int {
	*p = 1 // "oops: here" in the report
	return 2
}

func inlined(f func()) { f() }

func TestSymbol(t *testing.T) {
	entry := entryOf(known)
	for _, offset := range []uintptr{0, 1, 4} {
		name, e := Symbol(entry + offset)
		if name != "onsen/kernel/oops.known" || e != entry {
			t.Errorf("offset %d: %q at %#x", offset, name, e)
		}
	}
	if got := SymbolString(entry + 3); got != "onsen/kernel/oops.known+0x3" {
		t.Errorf("got %q", got)
	}
	for _, addr := range []uintptr{0, 1, ^uintptr(0)} {
		if name, e := Symbol(addr); name != "" || e != 0 {
			t.Errorf("%#x is in %q", addr, name)
		}
	}
	if got := SymbolString(0x10); got != "0x10" {
		t.Errorf("got %q", got)
	}
}

// functions returns the names of the functions in the lines of a trace.
func functions(t *testing.T, lines []string) []string {
	t.Helper()
	pattern := regexp.MustCompile(`^ [0-9a-f]{16} (\? )?(\S+?)(\+0x[0-9a-f]+| \(inlined\)) (\S+):(\d+)$`)
	var names []string
	for _, line := range lines {
		m := pattern.FindStringSubmatch(line)
		if m == nil {
			t.Fatalf("odd line %q", line)
		}
		names = append(names, m[1]+m[2])
	}
	return names
}

func TestTraceOfCallers(t *testing.T) {
	var trace Trace
	var line int
	inlined(func() {
		pcs := make([]uintptr, 20)
		trace.PCs = pcs[:runtime.Callers(1, pcs)]
		_, _, line, _ = runtime.Caller(0)
	})
	lines := trace.Lines()
	names := functions(t, lines)
	want := []string{
		"onsen/kernel/oops.TestTraceOfCallers.func1",
		"onsen/kernel/oops.inlined",
		"onsen/kernel/oops.TestTraceOfCallers",
		"testing.tRunner",
		"runtime.goexit",
	}
	if !reflect.DeepEqual(names, want) {
		t.Errorf("trace is %q\n%s", names, strings.Join(lines, "\n"))
	}
	if file, n, ok := strings.Cut(lines[0], "oops_test.go:"); !ok || n != itoa(line-1) {
		t.Errorf("line %q (%s), want %d", n, file, line-1)
	}
}

func itoa(n int) string {
	var b strings.Builder
	if n >= 10 {
		b.WriteString(itoa(n / 10))
	}
	b.WriteByte(byte('0' + n%10))
	return b.String()
}

// here returns the context of its caller, found by looking for the return
// address on the stack, above which is the caller's frame.
//
//go:noinline
func here(mem Memory) (c Context, ok bool) {
	var pcs [2]uintptr
	runtime.Callers(2, pcs[:])
	var local int
	start := uintptr(unsafe.Pointer(&local)) &^ (wordSize - 1)
	for addr := start; addr < start+4<<10; addr += wordSize {
		if pc, _ := mem.word(addr); pc == pcs[1] {
			return Context{PC: pcs[0], SP: addr, FP: addr - wordSize}, true
		}
	}
	return c, false
}

//go:noinline
func deep(n int, f func()) {
	if n == 0 {
		f()
	} else {
		deep(n-1, f)
	}
	runtime.KeepAlive(&n)
}

// TestBacktrace compares a walk along the frame pointers with the runtime's own.
func TestBacktrace(t *testing.T) {
	mem := ownMemory(t)
	deep(3, func() {
		c, ok := here(mem)
		if !ok {
			t.Fatal("the return address is not on the stack")
		}
		pcs := make([]uintptr, maxFrames)
		want := Trace{PCs: pcs[:runtime.Callers(1, pcs)]}
		got := functions(t, Backtrace(c, mem).Lines())
		// The runtime leaves the compiler's wrappers out.
		got = slices.DeleteFunc(got, func(f string) bool { return strings.Contains(f, ".gowrap") })
		if !reflect.DeepEqual(got, functions(t, want.Lines())) {
			t.Errorf("got %q\nwant %q", got, functions(t, want.Lines()))
		}
		if len(got) < 5 {
			t.Errorf("only %q", got)
		}
	})
}

func TestBacktraceFake(t *testing.T) {
	pc := entryOf(known) + 8
	ret1, ret2 := entryOf(faulting)+5, entryOf(inlined)+5
	good := fakeMemory{
		0x1010: 0x1030, 0x1018: ret1,
		0x1030: 0, 0x1038: ret2,
		0x1000: 7, // top of stack
	}
	with := func(changes fakeMemory) fakeMemory {
		m := fakeMemory{}
		for _, src := range []fakeMemory{good, changes} {
			for k, v := range src {
				m[k] = v
			}
		}
		return m
	}
	loop := with(fakeMemory{0x1030: 0x1010})
	tests := []struct {
		name  string
		c     Context
		mem   fakeMemory
		want  []uintptr
		guess int
	}{
		{"good", Context{PC: pc, FP: 0x1010}, good, []uintptr{pc, ret1, ret2}, 0},
		{"exact", Context{PC: pc, FP: 0x1010, SP: 0x1000, Exact: true}, good, []uintptr{pc + 1, ret1, ret2}, 0},
		{"no frame pointer", Context{PC: pc}, good, []uintptr{pc}, 0},
		{"misaligned", Context{PC: pc, FP: 0x1011}, good, []uintptr{pc}, 0},
		{"unreadable", Context{PC: pc, FP: 0x5000}, good, []uintptr{pc}, 0},
		{"return address is no code", Context{PC: pc, FP: 0x1010}, with(fakeMemory{0x1038: 0x1234}), []uintptr{pc, ret1}, 0},
		{"next is unreadable", Context{PC: pc, FP: 0x1010}, with(fakeMemory{0x1010: 0x8000}), []uintptr{pc, ret1}, 0},
		{"points to itself", Context{PC: pc, FP: 0x1010}, with(fakeMemory{0x1010: 0x1010}), []uintptr{pc, ret1}, 0},
		{"loop", Context{PC: pc, FP: 0x1010}, loop, []uintptr{pc, ret1, ret2, ret1, ret2, ret1, ret2}, 0},
		{"stack switch", Context{PC: pc, FP: 0x2010}, with(fakeMemory{0x2010: 0x1010, 0x2018: ret2}), []uintptr{pc, ret2, ret1, ret2}, 0},

		{"leaf, stack", Context{PC: pc, FP: 0x1010, SP: 0x1000, Exact: true},
			with(fakeMemory{0x1000: ret2}), []uintptr{pc + 1, ret2, ret1, ret2}, 1},
		{"leaf, link register", Context{PC: pc, FP: 0x1010, LR: ret2, SP: 0x1000, Exact: true},
			good, []uintptr{pc + 1, ret2, ret1, ret2}, 1},
		{"link register of the frame", Context{PC: pc, FP: 0x1010, LR: ret1, Exact: true}, good, []uintptr{pc + 1, ret1, ret2}, 0},
		{"link register is stale", Context{PC: pc, FP: 0x1010, LR: pc + 4, Exact: true}, good, []uintptr{pc + 1, ret1, ret2}, 0},
		{"function pointer on the stack", Context{PC: pc, FP: 0x1010, SP: 0x1000, Exact: true},
			with(fakeMemory{0x1000: entryOf(faulting)}), []uintptr{pc + 1, ret1, ret2}, 0},
		{"leaf, no frame pointer", Context{PC: pc, SP: 0x1000, Exact: true}, with(fakeMemory{0x1000: ret1}), []uintptr{pc + 1, ret1}, 1},
		{"nothing", Context{}, nil, []uintptr{0}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := Backtrace(tt.c, tt.mem.read)
			if !reflect.DeepEqual(got.PCs, tt.want) || got.Guess != tt.guess {
				t.Errorf("got %#x, guess %d; want %#x, %d", got.PCs, got.Guess, tt.want, tt.guess)
			}
			if n := len(got.Lines()); n < len(got.PCs) {
				t.Errorf("%d lines for %d calls", n, len(got.PCs))
			}
		})
	}
	endless := func(addr uintptr, p []byte) int {
		v := addr + 0x10
		if addr%0x10 != 0 {
			v = ret1
		}
		binary.NativeEndian.PutUint64(p, uint64(v))
		return wordSize
	}
	if got := Backtrace(Context{PC: pc, FP: 0x1000}, endless); len(got.PCs) != maxFrames {
		t.Errorf("endless stack: %d frames", len(got.PCs))
	}
}

func TestTraceLines(t *testing.T) {
	entry := entryOf(faulting)
	trace := Trace{PCs: []uintptr{entry + 5, 0x1234, entry + 9}, Exact: true, Guess: 2}
	lines := trace.Lines()
	if len(lines) != 3 {
		t.Fatalf("%d lines: %q", len(lines), lines)
	}
	for i, want := range []string{" onsen/kernel/oops.faulting+0x4 ", " 0000000000001234", " ? onsen/kernel/oops.faulting+0x9 "} {
		if !strings.Contains(lines[i], want) {
			t.Errorf("line %d is %q, want %q", i, lines[i], want)
		}
	}
}

func TestCaptureGoPanic(t *testing.T) {
	capture := func(f func()) (g GoPanic, v any) {
		defer func() {
			v = recover()
			g = CaptureGoPanic()
		}()
		f()
		return
	}
	g, v := capture(func() { faulting(nil) })
	lines := g.Trace.Lines()
	if names := functions(t, lines); names[0] != "onsen/kernel/oops.faulting" {
		t.Errorf("fault: trace starts in %s", names[0])
	}
	if name, _ := Symbol(g.PC); name != "onsen/kernel/oops.faulting" {
		t.Errorf("fault: PC is in %s", name)
	}
	if got := PanicValue(v); got != "runtime error: invalid memory address or nil pointer dereference" {
		t.Errorf("fault: value %q", got)
	}
	source, err := os.ReadFile("oops_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(string(source), "\n") {
		if strings.HasSuffix(line, `// "oops: here" in the report`) && !strings.HasSuffix(lines[0], ":"+itoa(i+1)) {
			t.Errorf("fault: trace starts with %q, want line %d", lines[0], i+1)
		}
	}

	g, v = capture(func() { panic("told you") })
	if names := functions(t, g.Trace.Lines()); names[0] != "onsen/kernel/oops.TestCaptureGoPanic.func3" {
		t.Errorf("panic: trace starts in %s", names[0])
	}
	if g.PC != 0 || PanicValue(v) != "told you" {
		t.Errorf("panic: PC %#x, value %q", g.PC, PanicValue(v))
	}

	var m map[string]int
	g, _ = capture(func() { maps.Copy(m, map[string]int{"a": 1}) })
	if names := functions(t, g.Trace.Lines()); names[0] != "maps.Copy[...]" {
		t.Errorf("panic in the runtime: trace starts in %s", names[0])
	}

	if g = CaptureGoPanic(); len(g.Trace.PCs) == 0 || g.PC != 0 {
		t.Error("no panic: no trace")
	}
}

type addrError struct{}

func (addrError) Error() string { return "bad" }
func (addrError) Addr() uintptr { return 0x18 }

type badError struct{}

func (badError) Error() string { panic("no") }

type stringer struct{}

func (stringer) String() string { return "I am" }

func TestPanicValue(t *testing.T) {
	tests := []struct {
		v    any
		want string
	}{
		{"text", "text"},
		{addrError{}, "bad at address 0x18"},
		{stringer{}, "I am"},
		{42, "(int) 42"},
		{struct{ A int }{1}, "(struct { A int }) {A:1}"},
		{nil, "(<nil>) <nil>"},
		{badError{}, "(oops.badError) which panics when printed"},
	}
	for _, tt := range tests {
		if got := PanicValue(tt.v); got != tt.want {
			t.Errorf("%#v: %q, want %q", tt.v, got, tt.want)
		}
	}
}

type fakeRegisters struct{ pc, sp, fp, lr uintptr }

func (r fakeRegisters) PC() uintptr { return r.pc }
func (r fakeRegisters) SP() uintptr { return r.sp }
func (r fakeRegisters) FP() uintptr { return r.fp }
func (r fakeRegisters) LR() uintptr { return r.lr }
func (r fakeRegisters) All() iter.Seq2[string, uint64] {
	return func(yield func(string, uint64) bool) {
		for i, name := range []string{"AX", "BX", "CX", "FLAGS"} {
			if !yield(name, uint64(i)<<60|0xab) {
				return
			}
		}
	}
}

func TestReport(t *testing.T) {
	entry := entryOf(known)
	r := Report{
		Title:     "Oops: test",
		Where:     "CPU: 0 PID: 1 Comm: init",
		Registers: fakeRegisters{pc: entry + 0, lr: entryOf(faulting) + 8},
		Memory:    ownMemory(t),
	}
	var lines []string
	r.Print(func(line string) { lines = append(lines, line) })
	text := strings.Join(lines, "\n")
	for _, want := range []string{
		"Oops: test\nCPU: 0 PID: 1 Comm: init\n",
		"\nPC: onsen/kernel/oops.known+0x0\nLR: onsen/kernel/oops.faulting+0x8\n",
		"\n    AX: 00000000000000ab     BX: 10000000000000ab     CX: 20000000000000ab\n FLAGS: 30000000000000ab\n",
		"\nCode:\n> ",
		"\nCall trace:\n ",
		" onsen/kernel/oops.known+0x0 ",
		" ? onsen/kernel/oops.faulting+0x8 ",
	} {
		if !strings.Contains("\n"+text+"\n", want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}

	// A report of next to nothing.
	lines = nil
	(&Report{Title: "x", PC: 0x10}).Print(func(line string) { lines = append(lines, line) })
	if got := strings.Join(lines, "\n"); got != "x\nCode:\n> 0000000000000010: can't be read" {
		t.Errorf("got %q", got)
	}
}
