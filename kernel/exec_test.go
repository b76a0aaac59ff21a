package kernel

import (
	"bytes"
	"encoding/binary"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"onsen/arch"
)

func init() {
	allocArgPage = func() (argPage, bool) { return argPage{data: new([arch.PageSize]byte)}, true }
}

func TestParseScript(t *testing.T) {
	pad := strings.Repeat(" ", binprmBufSize)
	long := strings.Repeat("x", binprmBufSize)
	tests := []struct{ line, interp, arg string }{
		{"#!/bin/sh\n", "/bin/sh", ""},
		{"#! /bin/sh\n", "/bin/sh", ""},
		{"#!\t/bin/sh \t\necho", "/bin/sh", ""},
		{"#!/bin/sh -x -y \nz", "/bin/sh", "-x -y"},
		{"#!/bin/sh", "/bin/sh", ""},
		{"#!/bin/sh -x", "/bin/sh", "-x"},
		{"#!/bin/sh -x ", "/bin/sh", "-x "},
		{"#!/bin/sh\x00-x\n", "/bin/sh", ""},
		{"#!/bin/sh " + long, "/bin/sh", long[:binprmBufSize-1-len("#!/bin/sh ")]},
		{"#!/bin/sh" + pad, "/bin/sh", ""},
		{"#!", "", ""}, // an empty name, which is not found
	}
	for _, tt := range tests {
		var buf [binprmBufSize]byte
		copy(buf[:], tt.line)
		interp, arg, err := parseScript(&buf)
		if interp != tt.interp || arg != tt.arg || err != nil {
			t.Errorf("%q: %q, %q, %v; want %q, %q", tt.line, interp, arg, err, tt.interp, tt.arg)
		}
	}
	for _, line := range []string{"", "#", "x!/bin/sh\n", "#!\n", "#! \t\n", "#!" + pad, "#!" + long, "#! " + long} {
		var buf [binprmBufSize]byte
		copy(buf[:], line)
		if interp, _, err := parseScript(&buf); err != syscall.ENOEXEC {
			t.Errorf("%q: %q, %v; want ENOEXEC", line, interp, err)
		}
	}
}

func FuzzParseScript(f *testing.F) {
	f.Add([]byte("#!/bin/sh -x\n"))
	f.Add([]byte("#! a"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var buf [binprmBufSize]byte
		copy(buf[:], b)
		interp, arg, err := parseScript(&buf)
		if err == nil && (strings.ContainsAny(interp, "\x00 \t\n") || strings.ContainsAny(arg, "\x00\n")) {
			t.Errorf("%q: %q, %q", b, interp, arg)
		}
	})
}

func TestArgLimit(t *testing.T) {
	tests := []struct {
		stack      uint64
		argc, envc int
		limit      uintptr
		err        error
	}{
		{8 << 20, 0, 0, 2<<20 - 8, nil},
		{8 << 20, 1, 2, 2<<20 - 24, nil},
		{RLIM_INFINITY, 1, 0, 6<<20 - 8, nil},
		{0, 1, 0, 128<<10 - 8, nil},
		{0, 16 << 10, 0, 0, syscall.E2BIG},
	}
	for _, tt := range tests {
		limit, err := argLimit(tt.stack, tt.argc, tt.envc)
		if limit != tt.limit || err != tt.err {
			t.Errorf("argLimit(%d, %d, %d) = %d, %v", tt.stack, tt.argc, tt.envc, limit, err)
		}
	}
}

// image returns what the area looks like in memory.
func image(a *argArea) []byte {
	b := make([]byte, a.used)
	for i, p := range a.pages {
		for at, c := range p.data {
			if below := uintptr(i+1)*arch.PageSize - uintptr(at); below <= a.used {
				b[a.used-below] = c
			}
		}
	}
	return b
}

func TestArgArea(t *testing.T) {
	a := argArea{limit: 3 * arch.PageSize}
	var want []byte
	for i, n := range []int{1, 7, 4000, 88, 1, 4096, 0, 3000} {
		b := bytes.Repeat([]byte{byte('a' + i)}, n)
		if err := a.push(b); err != nil {
			t.Fatal(err)
		}
		want = append(b, want...)
	}
	if got := image(&a); !bytes.Equal(got, want) {
		t.Errorf("area differs")
	}
	if err := a.push(make([]byte, 2000)); err != syscall.E2BIG {
		t.Errorf("over the limit: %v", err)
	}
	a.pop(3000 + 4096)
	if err := a.push([]byte("end")); err != nil || !bytes.HasPrefix(image(&a), []byte("ende")) {
		t.Errorf("after pop: %v, %q", err, image(&a)[:8])
	}
}

func TestStackTable(t *testing.T) {
	const top = 0x7fff_ffff_f000
	for _, envc := range []int{0, 1, 2} {
		s := execStrings{argArea: argArea{limit: 1 << 20}}
		env, args := []string{"A=1", "HOME=/"}[:envc], []string{"sh", "-c", "true"}
		for i := len(env) - 1; i >= 0; i-- {
			_ = s.pushEnv(cBytes(env[i]))
		}
		for i := len(args) - 1; i >= 0; i-- {
			_ = s.pushArg(cBytes(args[i]))
		}
		start := top - s.used
		sp, err := s.pushTable(auxVector{AT_PAGESZ, 4096, AT_NULL, 0}, top, start)
		if err != nil || sp%16 != 0 {
			t.Fatalf("sp %#x, %v", sp, err)
		}
		mem := image(&s.argArea)
		word := func(i int) uintptr { return uintptr(binary.LittleEndian.Uint64(mem[i*8:])) }
		str := func(at uintptr) string { return cString(mem[at-sp:]) }
		var got []string
		i := 1
		for ; word(i) != 0; i++ {
			got = append(got, str(word(i)))
		}
		for i++; word(i) != 0; i++ {
			got = append(got, str(word(i)))
		}
		if want := append(args, env...); int(word(0)) != 3 || strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("%d: %q, want %q", word(0), got, want)
		}
		if word(i+1) != AT_PAGESZ || word(i+2) != 4096 || word(i+3) != AT_NULL {
			t.Errorf("auxiliary vector: %x", mem[i*8:])
		}
	}
}

func TestDropArg(t *testing.T) {
	s := execStrings{argArea: argArea{limit: 100}}
	_ = s.pushArg([]byte("b\x00"))
	_ = s.pushArg([]byte("first\x00"))
	s.dropArg()
	if string(image(&s.argArea)) != "b\x00" || s.argc != 1 {
		t.Errorf("%q, %d", image(&s.argArea), s.argc)
	}
}

// userPointer returns p as a program's address. What it points to must not move:
// it is put on the heap.
func userPointer[T any](p *T) uintptr {
	userMemory = p
	return uintptr(unsafe.Pointer(p))
}

var userMemory any

func TestArgReader(t *testing.T) {
	for _, n := range []int{0, 1, 63, 64, 65, 255, 256, 4095, 4096, 10000, maxArgStrlen - 1} {
		text := append(bytes.Repeat([]byte{'x'}, n), 0)
		var r argReader
		got, err := r.read(userPointer(&text[0]))
		if err != nil || !bytes.Equal(got, text) {
			t.Errorf("%d bytes: %d, %v", n, len(got), err)
		}
	}
	text := append(bytes.Repeat([]byte{'x'}, maxArgStrlen), 0)
	var r argReader
	if _, err := r.read(userPointer(&text[0])); err != syscall.E2BIG {
		t.Errorf("too long: %v", err)
	}
	if _, err := r.read(arch.TaskSize); err != syscall.EFAULT {
		t.Errorf("no address: %v", err)
	}
}

func TestExecName(t *testing.T) {
	tests := []struct {
		fd         int
		name, want string
	}{
		{atFdcwd, "sh", "sh"}, {3, "/bin/sh", "/bin/sh"}, {3, "", "/dev/fd/3"}, {3, "sh", "/dev/fd/3/sh"},
	}
	for _, tt := range tests {
		if got := execName(tt.fd, tt.name); got != tt.want {
			t.Errorf("%d %q: %q", tt.fd, tt.name, got)
		}
	}
}
