//go:build !metal

package kernel

import (
	"bytes"
	"debug/elf"
	"strings"
	"testing"
)

func TestCoreName(t *testing.T) {
	f := coreFacts{tgid: 12, pid: 13, uid: 1000, gid: 100, dumpable: 1, sig: 11, seconds: 99,
		host: "onsen", comm: "a/b", exe: "/bin/prog", limit: 4096}
	for pattern, want := range map[string]string{
		"core":              "core",
		"":                  "",
		"%":                 "",
		"%%x%q%":            "%x",
		"c.%p.%P.%i.%I":     "c.12.12.13.13",
		"%u-%g-%d-%s-%t-%c": "1000-100-1-11-99-4096",
		"/tmp/%h/%e":        "/tmp/onsen/a!b",
		"%f %E":             "prog !bin!prog",
	} {
		if got := coreName(pattern, &f); got != want {
			t.Errorf("%q: %q, want %q", pattern, got, want)
		}
	}
	f.usesPid = true
	f.exe = ""
	for pattern, want := range map[string]string{
		"core": "core.12", "%p": "12", "%P": "12.12", "%f": "a!b (path unknown).12",
	} {
		if got := coreName(pattern, &f); got != want {
			t.Errorf("with the PID, %q: %q, want %q", pattern, got, want)
		}
	}
	for name, want := range map[string]string{"": "!", ".": "!", "..": "!.", "...": "...", "a": "a", "/": "!"} {
		if got := coreComponent(name); got != want {
			t.Errorf("component %q: %q, want %q", name, got, want)
		}
	}
}

func FuzzCoreName(f *testing.F) {
	f.Add("c.%e.%h", "..", "/x")
	f.Fuzz(func(t *testing.T, pattern, comm, exe string) {
		got := coreName(pattern, &coreFacts{comm: comm, host: comm, exe: exe})
		if strings.Count(got, "/") != strings.Count(pattern, "/")-strings.Count(pattern, "%/") &&
			!strings.Contains(pattern, "%") {
			t.Errorf("%q: %q", pattern, got)
		}
	})
}

// A core file is one for debug/elf, and its notes have Linux's sizes and order.
func TestCoreHeaders(t *testing.T) {
	regs := make([]byte, 27*8)
	p := coreProcess{
		sig: 11, info: make([]byte, 128), auxv: make([]byte, 32),
		ps:    corePSInfo{name: "a name that is too long", args: []byte("a\x00b\x00")},
		files: []coreFile{{0x1000, 0x2000, 3, "/bin/x"}},
		threads: []coreThread{
			{pid: 7, regs: regs, fpvalid: true, more: []coreRegset{{"CORE", ntPRFPReg, make([]byte, 512)}}},
			{pid: 8, regs: regs},
		},
	}
	segments := []coreSegment{{0x1000, 0x3000, 5, 0x1000}, {0x8000, 0x9000, 6, 0}, {0xa000, 0xc000, 6, 0x2000}}
	head, data := coreHeaders(62, p.notes(), segments)
	if data%4096 != 0 || data < int64(len(head)) {
		t.Fatalf("data at %#x behind %#x", data, len(head))
	}
	f, err := elf.NewFile(bytes.NewReader(append(head, make([]byte, int(data)+0x3000-len(head))...)))
	if err != nil {
		t.Fatal(err)
	}
	if f.Type != elf.ET_CORE || f.Machine != elf.EM_X86_64 || len(f.Progs) != 4 {
		t.Fatalf("%v", f.FileHeader)
	}
	for i, s := range segments {
		g := f.Progs[i+1]
		if g.Type != elf.PT_LOAD || g.Vaddr != uint64(s.start) || g.Memsz != uint64(s.end-s.start) ||
			g.Filesz != uint64(s.size) || g.Flags != elf.ProgFlag(s.flags) || g.Off%4096 != 0 {
			t.Errorf("segment %d: %+v", i, g.ProgHeader)
		}
	}
	notes := make([]byte, f.Progs[0].Filesz)
	if _, err := f.Progs[0].ReadAt(notes, 0); err != nil {
		t.Fatal(err)
	}
	want := []struct{ typ, size uint32 }{
		{ntPRStatus, 336}, {ntPRPSInfo, 136}, {ntSigInfo, 128}, {ntAuxv, 32}, {ntFile, 16 + 24 + 7},
		{ntPRFPReg, 512}, {ntPRStatus, 336},
	}
	for i, w := range want {
		size, typ := f.ByteOrder.Uint32(notes[4:]), f.ByteOrder.Uint32(notes[8:])
		if typ != w.typ || size != w.size {
			t.Errorf("note %d: type %#x size %d, want %#x, %d", i, typ, size, w.typ, w.size)
		}
		notes = notes[12+8+(size+3)&^3:]
	}
	if len(notes) != 0 {
		t.Errorf("%d bytes behind the notes", len(notes))
	}
}

func TestCoreCommand(t *testing.T) {
	f := coreFacts{tgid: 12, comm: "a b/c", sig: 11}
	for pattern, want := range map[string]string{
		"/bin/x":           "/bin/x",
		"  /bin/x  %p\t%s": "/bin/x|12|11",
		"x y ":             "x|y",
		"x %e z":           "x|a b!c|z",
		"x %q z":           "x||z",
		"%q x":             "x",
		"%qx":              "x",
		"% x% y":           "xy",
		"x %%y %":          "x|%y|",
		"":                 "",
		" ":                "",
	} {
		if got := strings.Join(coreCommand(pattern, &f), "|"); got != want {
			t.Errorf("%q: %q, want %q", pattern, got, want)
		}
	}
}
