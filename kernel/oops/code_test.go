package oops

import (
	"strings"
	"testing"

	"onsen/kernel/oops/arm64dis"
	"onsen/kernel/oops/x86dis"
)

var (
	amd64 = ISA{MaxLen: x86dis.MaxLen, Len: x86dis.Len, Text: x86dis.Text}
	arm64 = ISA{MaxLen: arm64dis.MaxLen, Fixed: true, Len: arm64dis.Len, Text: arm64dis.Text}
)

// codeAt is a memory that has code at addr.
func codeAt(addr uintptr, code []byte) Memory {
	return func(a uintptr, p []byte) int {
		if a < addr || a >= addr+uintptr(len(code)) {
			return 0
		}
		return copy(p, code[a-addr:])
	}
}

// instructions returns the lines without addresses and bytes.
func instructions(lines []string) string {
	var b strings.Builder
	for _, line := range lines {
		if strings.HasSuffix(line, "can't be read") {
			line = line[:2] + "x x unreadable"
		}
		fields := strings.Fields(strings.Replace(line, ">", " ", 1))
		if line[0] == '>' {
			b.WriteString("> ")
		}
		b.WriteString(strings.Join(fields[2:], " ") + "\n")
	}
	return b.String()
}

// amd64Code is a function that loads from a constant of many bytes, so that
// decoding from the wrong byte gives other instructions.
var amd64Code = []byte{
	0x49, 0x3b, 0x66, 0x10, // CMPQ SP, 0x10(R14)
	0x55,             // PUSHQ BP
	0x48, 0x89, 0xe5, // MOVQ SP, BP
	0x48, 0xb8, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, // MOVQ $0x9090909090909090, AX
	0x48, 0x8b, 0x08, // MOVQ 0(AX), CX
	0x0f, 0x0b, // UD2
	0x5d, // POPQ BP
	0xc3, // RET
}

func TestCodeAMD64(t *testing.T) {
	entry := entryOf(known) // so that Code finds an entry; the bytes are ours
	mem := codeAt(entry, amd64Code)
	want := `CMPQ SP, 0x10(R14)
PUSHQ BP
MOVQ SP, BP
MOVQ $0x9090909090909090, AX
> MOVQ 0(AX), CX
UD2
POPQ BP
RET
unreadable
`
	if got := instructions(amd64.Code(entry+18, mem)); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}

	// A program counter in the middle of an instruction is shown as it is.
	lines := amd64.Code(entry+14, mem)
	got := instructions(lines)
	if !strings.Contains(got, "> NOPL\n") && !strings.Contains(got, "> NOP\n") {
		t.Errorf("in the middle of MOVQ:\n%s", strings.Join(lines, "\n"))
	}
	if !strings.Contains(got, "(bad)\n> ") {
		t.Errorf("the instruction in front is not cut off at the program counter:\n%s", strings.Join(lines, "\n"))
	}
}

func TestCodeBefore(t *testing.T) {
	entry := entryOf(known)
	nops := make([]byte, 100)
	for i := range nops {
		nops[i] = 0x90
	}
	lines := amd64.Code(entry+50, codeAt(entry, nops))
	if len(lines) != linesBefore+1+linesAfter {
		t.Errorf("%d lines:\n%s", len(lines), strings.Join(lines, "\n"))
	}
	for i, line := range lines {
		if (line[0] == '>') != (i == linesBefore) {
			t.Errorf("line %d is %q", i, line)
		}
	}
}

func TestCodeARM64(t *testing.T) {
	code := []byte{
		0x90, 0x0b, 0x40, 0xf9, // MOVD 16(R28), R16
		0xfe, 0x0f, 0x1e, 0xf8, // MOVD.W R30, -32(RSP)
		0xfd, 0x83, 0x1f, 0xf8, // MOVD R29, -8(RSP)
		0x01, 0x00, 0x40, 0xf9, // MOVD (R0), R1
		0x00, 0x00, 0x00, 0x00, // no instruction
		0xc0, 0x03, 0x5f, 0xd6, // RET
	}
	const base = 0x10000 // in no function
	want := `MOVD 16(R28), R16
MOVD.W R30, -32(RSP)
MOVD R29, -8(RSP)
> MOVD (R0), R1
(bad)
RET
unreadable
`
	if got := instructions(arm64.Code(base+12, codeAt(base, code))); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestCodeOfThisProgram disassembles a function of the test binary.
func TestCodeOfThisProgram(t *testing.T) {
	mem := ownMemory(t)
	entry := entryOf(deep)
	pc := entry
	for range 5 { // to the start of some instruction
		pc += uintptr(max(Native.Len(Native.read(pc, Native.MaxLen, mem)), 1))
	}
	lines := Native.Code(pc, mem)
	if len(lines) != 5+1+linesAfter || lines[5][0] != '>' {
		t.Errorf("got\n%s", strings.Join(lines, "\n"))
	}
	if text := strings.Join(lines, "\n"); strings.Contains(text, "(bad)") {
		t.Errorf("an instruction of Go's is unknown:\n%s", text)
	}
}

func TestCodeUnreadable(t *testing.T) {
	for _, isa := range []*ISA{&amd64, &arm64} {
		lines := isa.Code(0x1000, codeAt(0x8000, nil))
		last := lines[len(lines)-1]
		if last != "> 0000000000001000: can't be read" {
			t.Errorf("last line is %q", last)
		}
	}
}
