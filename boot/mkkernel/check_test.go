package main

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// lowest is the tiny module with the entry points of a lowest layer. Each case
// of TestCheck replaces the function low, which rt.Syscall calls.
var lowest = map[string]string{
	"arch/amd64/start.s": `TEXT ·bootPVH(SB), 7, $0
	JMP ·start64(SB)

TEXT ·start64(SB), 7, $0
	LEAQ ·secondary64(SB), AX
	JMP _rt0_amd64_linux(SB)

TEXT ·secondary64(SB), 7, $0
	RET
`,
	"arch/arm64/start.s": `TEXT ·start(SB), 7, $0
	MOVD $·secondaryStart(SB), R0
	JMP _rt0_arm64_linux(SB)

TEXT ·secondaryStart(SB), 7, $0
	RET
`,
	"main.go": "//go:build metal\n\npackage main\n\nimport \"onsen/arch\"\nimport \"onsen/kernel/rt\"\n\nfunc main() { println(arch.Name); rt.Setup(); rt.Entries[rt.Word]() }\n",
	"kernel/rt/rt.go": `package rt

var (
	Word    uintptr
	Pointer *int
	Value   = hidden
	Later   func()

	Entries []func()
)

// Setup is ordinary Go.
func Setup() {
	Later = func() {}
	println(make([]byte, Word))
	Entries = []func(){Start, Syscall, Interrupt, Fault, SecondaryStart}
}

//go:noinline
func ordinary(n int) (r int) { var a [100]int; for i := range a { a[i] = n; r += a[r%100] }; return }

//go:nosplit
func Start() {}

//go:nosplit
func Syscall() { low() }

//go:nosplit
func Interrupt() { Word++ }

//go:nosplit
func Fault() { Word /= uintptr(len([]int{1, 2, 3}[:Word])) }

//go:nosplit
func SecondaryStart() {}
`,
}

func TestCheck(t *testing.T) {
	tests := []struct {
		name string
		low  string // kernel/rt/low.go
		want string // in the only line of the error; none if empty
	}{
		{"fine", "//go:nosplit\nfunc low() { Word++ }\nfunc hidden() {}", ""},
		{"bounds", "var a [4]byte\n//go:nosplit\nfunc low() { a[Word]++ }\nfunc hidden() {}", ""},
		{"grows the stack", "//go:nosplit\nfunc low() { Word = uintptr(ordinary(1)) }\nfunc hidden() {}",
			"onsen/kernel/rt.Syscall -> onsen/kernel/rt.ordinary grows the stack"},
		{"allocates", "//go:nosplit\nfunc low() { Word = uintptr(*leak()) }\n//go:nosplit\n//go:noinline\nfunc leak() *int { return new(int) }\nfunc hidden() {}",
			"onsen/kernel/rt.leak calls runtime.newobject, which allocates"},
		{"write barrier", "var n int\n//go:nosplit\nfunc low() { Pointer = &n }\nfunc hidden() {}",
			"onsen/kernel/rt.Syscall calls runtime.gcWriteBarrier"},
		{"panics", "//go:nosplit\nfunc low() { panic(1) }\nfunc hidden() {}",
			"onsen/kernel/rt.Syscall calls runtime.gopanic, which panics"},
		{"behind a variable", "//go:nosplit\nfunc low() { Value() }\nfunc hidden() { Word = uintptr(ordinary(1)) }",
			"onsen/kernel/rt.Syscall -> onsen/kernel/rt.hidden grows the stack"},
		{"cannot be followed", "//go:nosplit\nfunc low() { Later() }\nfunc hidden() {}",
			"onsen/kernel/rt.Syscall calls through a pointer that cannot be followed"},
	}
	for _, arch := range []string{"amd64", "arm64"} {
		dir := module(t)
		files := maps.Clone(lowest)
		for _, test := range tests {
			t.Run(arch+" "+test.name, func(t *testing.T) {
				files["kernel/rt/low.go"] = "package rt\n\n" + test.low + "\n"
				writeFiles(t, dir, files)
				out, err := mkkernel(t, dir, "-arch", arch, "-check")
				errors := 0
				for line := range strings.Lines(out) {
					if strings.Contains(line, "onsen/kernel/rt.") {
						errors++
					}
				}
				switch {
				case test.want == "" && err != nil:
					t.Errorf("%v\n%s", err, out)
				case test.want != "" && (err == nil || errors != 1 || !strings.Contains(out, test.want)):
					t.Errorf("%v\n%s\nwant one error with %q", err, out, test.want)
				}
			})
		}
		t.Run(arch+" missing entry point", func(t *testing.T) {
			delete(files, "arch/amd64/start.s")
			if err := os.Remove(filepath.Join(dir, "kernel/rt/low.go")); err != nil {
				t.Fatal(err)
			}
			writeFiles(t, dir, tiny)
			out, err := mkkernel(t, dir, "-arch", arch, "-check")
			if want := "no function onsen/kernel/rt.Start"; err == nil || !strings.Contains(out, want) {
				t.Errorf("%v\n%s\nwant %q", err, out, want)
			}
		})
	}
}
