package overlay

import (
	"embed"
	"io/fs"
	"slices"
)

// Kind says how a file of the standard library changes.
type Kind string

const (
	// Replace puts a whole file of ours where Go has one.
	Replace Kind = "replaced"
	// Add gives the standard library a file that it does not have.
	Add Kind = "added"
	// Substitute changes one piece of text in Go's own file.
	Substitute Kind = "substituted"
)

// A Change is one difference between the standard library of the installed
// toolchain and the one the kernel is built with.
type Change struct {
	Kind Kind
	File string   // path below GOROOT/src
	Arch []string // architectures that need it; all if empty
	Why  string

	Old, New string // Substitute: Old stands in File exactly once and becomes New
}

// changes is everything that is not stock. The contents of replaced and added
// files are in _src under the same path.
var changes = []Change{
	{
		Kind: Substitute, File: "runtime/malloc.go", Arch: []string{"arm64"},
		Old: "arenaBaseOffset = 0xffff800000000000*goarch.IsAmd64 +",
		New: "arenaBaseOffset = 0xffff800000000000*goarch.IsAmd64 + 0xffff000000000000*goarch.IsArm64 +",
		Why: "The heap lies in the high half (TTBR1). The arena index starts where that half does, as it already can on amd64.",
	},
	{
		Kind: Substitute, File: "runtime/tagptr_64bit.go", Arch: []string{"arm64"},
		Old: `if GOARCH == "amd64" {`,
		New: `if GOARCH == "amd64" || GOARCH == "arm64" {`,
		Why: "Addresses of the high half lose their upper bits in a tagged pointer and get them back by sign extension, as they already do on amd64.",
	},
	{
		Kind: Substitute, File: "runtime/proc.go",
		Old: `const haveSysmon = GOARCH != "wasm"`,
		New: "const haveSysmon = false",
		Why: "No monitor thread that wakes up at least every 10 ms: the kernel is tickless. What the thread does here is done by the two changes below.",
	},
	{
		Kind: Substitute, File: "runtime/preempt.go",
		Old: "return (gp.preempt || gp.m.p != 0 && gp.m.p.ptr().preempt) && readgstatus(gp)&^_Gscan == _Grunning",
		New: "return readgstatus(gp)&^_Gscan == _Grunning",
		Why: "Every SIGURG preempts. The kernel sends it when a background thread has used up its slice, in place of the monitor thread.",
	},
	{
		Kind: Substitute, File: "runtime/proc.go",
		Old: "for !gp.atomicstatus.CompareAndSwap(_Grunning, _Gscan|_Gpreempted) {",
		New: "for !gp.atomicstatus.CompareAndSwap(_Grunning, _Gscan|_Gpreempted) { osyield()",
		Why: "A task's thread that waits here for the scan bit must give its CPU to the background thread that holds the bit, or neither ever goes on.",
	},
	{
		Kind: Substitute, File: "runtime/mspanset.go",
		Old: "for s == nil {",
		New: "for s == nil { osyield()",
		Why: "The same for the background thread that is just about to add the span that is waited for here.",
	},
	{
		Kind: Substitute, File: "runtime/mstats.go",
		Old: "for p.statsSeq.Load()%2 != 0 {",
		New: "for p.statsSeq.Load()%2 != 0 { osyield()",
		Why: "The same for the background thread that is just counting.",
	},
	{
		Kind: Substitute, File: "runtime/mgclimit.go",
		Old: "return l.enabled.Load()",
		New: "return false",
		Why: "The memory limit is a hard one: what is beyond it belongs to programs. The runtime would rather exceed it than spend half of the CPU time on collecting; the kernel would die of that.",
	},
	{
		Kind: Replace, File: "runtime/netpoll_epoll.go",
		Why: "The kernel has no epoll below the runtime. Go's timers wait on a futex with a deadline in nanoseconds.",
	},
	{
		Kind: Add, File: "runtime/onsen_task.go",
		Why: "Goroutines that only the kernel's scheduler runs, and a direct switch between them: the base of tasks. Also the monitor thread's call to the scavenger.",
	},
	{
		Kind: Add, File: "runtime/onsen_cpu.go",
		Why: "Masking interrupts and finding the CPU's own record, declared for the assembly below.",
	},
	{
		Kind: Add, File: "runtime/onsen_cpu_amd64.s", Arch: []string{"amd64"},
		Why: "The same in assembly: only package runtime may use the register calling convention there, and these are the kernel's hottest calls.",
	},
	{
		Kind: Add, File: "runtime/onsen_cpu_arm64.s", Arch: []string{"arm64"},
		Why: "The same in assembly: only package runtime may use the register calling convention there, and these are the kernel's hottest calls.",
	},
	{
		Kind: Add, File: "runtime/onsen_tamago.go",
		Why: "Functions of TamaGo's fork of the runtime that its device drivers call.",
	},
	{
		Kind: Add, File: "runtime/goos/goos.go",
		Why: "The package that TamaGo's drivers import; its hooks are unused.",
	},
	{
		Kind: Add, File: "os/signal/onsen_waiting.go",
		Why: "A function of TamaGo's fork that its CPU packages call.",
	},
}

// Changes returns what changes for one architecture.
func Changes(arch string) []Change {
	var list []Change
	for _, c := range changes {
		if len(c.Arch) == 0 || slices.Contains(c.Arch, arch) {
			list = append(list, c)
		}
	}
	return list
}

//go:embed all:_src
var embedded embed.FS

// sources holds the replaced and added files, by their path below GOROOT/src.
func sources() fs.FS {
	sub, err := fs.Sub(embedded, "_src")
	if err != nil {
		panic(err) // the path is a constant and valid
	}
	return sub
}
