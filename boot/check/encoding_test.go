package check

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/arch/arm64/arm64asm"
	"golang.org/x/arch/x86/x86asm"
)

// Instructions that Go's assembler does not know, and code for processor modes
// that it does not know, are written as numbers with the mnemonic in GNU
// syntax behind them:
//
//	BYTE $0x0f; BYTE $0x22; BYTE $0xd8 // mov %eax,%cr3
//	WORD $0xd51c1000 // msr s3_4_c1_c0_0, x0 (SCTLR_EL2)
//
// On amd64 a comment "mode: 16" or "mode: 32" starts code for that mode and
// "mode: 64" ends it, as does the next TEXT. In it everything is in numbers.

// A coded line holds numbers in place of an instruction.
type coded struct {
	mode int // amd64: 16, 32 or 64
	code []byte
	text string // what the comment says
}

var (
	modeComment = regexp.MustCompile(`^//\s*mode: (16|32|64)$`)
	number      = regexp.MustCompile(`^(BYTE|WORD|LONG|QUAD)\s+\$([^;/]+)$`)
	label       = regexp.MustCompile(`^[A-Za-z_][A-Za-z_0-9]*:$`)
	// What is no instruction: preprocessor lines, symbols, alignment.
	directive = regexp.MustCompile(`^(#|TEXT|DATA|GLOBL|PCALIGN|FUNCDATA|PCDATA|NO_LOCAL_POINTERS)`)
)

// sizes of the directives: WORD is 2 bytes on amd64 and 4 on arm64.
var sizes = map[string]map[string]int{
	"amd64": {"BYTE": 1, "WORD": 2, "LONG": 4, "QUAD": 8},
	"arm64": {"WORD": 4},
}

// codedLines returns the coded lines of an assembly file by line number, and
// what is wrong with others.
func codedLines(arch, file string) (lines map[int]coded, errs []error) {
	lines = make(map[int]coded)
	mode, announced := 64, false
	macro := false
	n := 0
	for s := bufio.NewScanner(strings.NewReader(file)); s.Scan(); {
		n++
		code, comment, _ := strings.Cut(s.Text(), "//")
		code = strings.TrimSpace(code)
		inMacro := macro || strings.HasPrefix(code, "#define")
		macro = strings.HasSuffix(code, `\`)
		if code == "" {
			if m := modeComment.FindStringSubmatch(strings.TrimSpace(s.Text())); m != nil {
				mode, _ = strconv.Atoi(m[1])
				announced = true
			}
			continue
		}
		if strings.HasPrefix(code, "TEXT") && !announced {
			mode = 64
		}
		announced = false
		if inMacro || directive.MatchString(code) || label.MatchString(code) {
			continue
		}
		bytes, ok, err := parseNumbers(arch, code)
		switch {
		case err != nil:
			errs = append(errs, fmt.Errorf("line %d: %w", n, err))
		case ok && strings.TrimSpace(comment) == "":
			errs = append(errs, fmt.Errorf("line %d: no mnemonic behind the numbers", n))
		case ok:
			lines[n] = coded{mode, bytes, strings.TrimSpace(comment)}
		case mode != 64:
			errs = append(errs, fmt.Errorf("line %d: %q is assembled for 64-bit mode, not %d", n, code, mode))
		}
	}
	return lines, errs
}

// parseNumbers returns the bytes that a line of numbers stands for; ok is
// false if it is an ordinary instruction.
func parseNumbers(arch, line string) (code []byte, ok bool, err error) {
	for _, part := range strings.Split(strings.TrimRight(line, "; \t"), ";") {
		m := number.FindStringSubmatch(strings.TrimSpace(part))
		if m == nil {
			if ok {
				return nil, false, fmt.Errorf("%q follows numbers", part)
			}
			return nil, false, nil
		}
		ok = true
		size := sizes[arch][m[1]]
		v, err := strconv.ParseUint(strings.TrimSpace(m[2]), 0, 8*size)
		if err != nil || size == 0 {
			return nil, false, fmt.Errorf("%q is not a %s of %s", m[2], m[1], arch)
		}
		code = append(code, binary.LittleEndian.AppendUint64(nil, v)[:size]...)
	}
	return code, ok, nil
}

// disassemble returns the coded instruction in GNU syntax.
func disassemble(arch string, c coded) (string, error) {
	if arch == "amd64" {
		inst, err := x86asm.Decode(c.code, c.mode)
		if err != nil {
			return "", err
		}
		if inst.Len != len(c.code) {
			return "", fmt.Errorf("the instruction is %d bytes long, not %d", inst.Len, len(c.code))
		}
		return x86asm.GNUSyntax(inst, 0, nil), nil
	}
	if len(c.code) != 4 {
		return "", fmt.Errorf("%d bytes, not one instruction", len(c.code))
	}
	if text, ok := undecoded[binary.LittleEndian.Uint32(c.code)]; ok {
		return text, nil
	}
	inst, err := arm64asm.Decode(c.code)
	if err != nil {
		return "", err
	}
	return arm64asm.GNUSyntax(inst), nil
}

// plain makes texts comparable: single spaces, none around commas, lower case.
func plain(text string) string {
	text = strings.Join(strings.Fields(strings.ToLower(text)), " ")
	return strings.ReplaceAll(text, ", ", ",")
}

// data marks numbers that are not instructions: "// data: the pseudo-descriptor".
const data = "data:"

// checkFile returns what is wrong in an assembly file.
func checkFile(arch, file string) []error {
	lines, errs := codedLines(arch, file)
	for n, c := range lines {
		if strings.HasPrefix(c.text, data) {
			continue
		}
		if err := checkLine(arch, c); err != nil {
			errs = append(errs, fmt.Errorf("line %d: % x: %w", n, c.code, err))
		}
	}
	return errs
}

// checkLine compares the comment with what the numbers mean.
func checkLine(arch string, c coded) error {
	want := c.text
	if arch == "arm64" {
		var err error
		if want, err = cutRemark(want); err != nil {
			return err
		}
	}
	got, err := disassemble(arch, c)
	if err != nil {
		return err
	}
	if plain(got) != plain(want) {
		return fmt.Errorf("this is %q, the comment says %q", plain(got), plain(want))
	}
	return nil
}

// TestEncodings checks every assembly file of the kernel.
func TestEncodings(t *testing.T) {
	coded := make(map[string]int)
	for _, arch := range []string{"amd64", "arm64"} {
		files, err := filepath.Glob(filepath.Join("..", "..", "arch", arch, "*.s"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range files {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for _, err := range checkFile(arch, string(text)) {
				t.Errorf("%s: %v", path, err)
			}
			lines, _ := codedLines(arch, string(text))
			for _, c := range lines {
				coded[fmt.Sprint(arch, " ", c.mode)]++
			}
		}
	}
	// Start-up code that is not found is not checked.
	for _, want := range []string{"amd64 32", "arm64 64"} {
		if coded[want] == 0 {
			t.Errorf("no instructions in numbers for %s; found %v", want, coded)
		}
	}
}

func TestCheckFile(t *testing.T) {
	tests := []struct {
		name string
		arch string
		file string
		want string // in the only error; none if empty
	}{
		{"right", "amd64", "// mode: 32\nTEXT ·f(SB),4,$0\n\tBYTE $0x0f; BYTE $0x22; BYTE $0xd8; // mov %eax,%cr3\n", ""},
		{"long operand", "amd64", "// mode: 32\nTEXT ·f(SB),4,$0\n\tBYTE $0xb8; LONG $0x00101000 // mov $0x101000,%eax\n", ""},
		{"16 bits", "amd64", "// mode: 16\nTEXT ·f(SB),4,$0\n\tBYTE $0xb8; WORD $0x1234 // mov $0x1234,%ax\n", ""},
		{"in another mode", "amd64", "// mode: 16\nTEXT ·f(SB),4,$0\n\tBYTE $0xb8; LONG $0x00101000 // mov $0x101000,%eax\n", "long, not 5"},
		{"wrong mnemonic", "amd64", "// mode: 32\nTEXT ·f(SB),4,$0\n\tBYTE $0xfa // sti\n", `fa: this is "cli", the comment says "sti"`},
		{"truncated", "amd64", "// mode: 32\nTEXT ·f(SB),4,$0\n\tBYTE $0xb8 // mov $0x0,%eax\n", "the comment says"},
		{"two instructions", "amd64", "// mode: 32\nTEXT ·f(SB),4,$0\n\tBYTE $0xfa; BYTE $0xfc // cli\n", "1 bytes long, not 2"},
		{"no comment", "amd64", "// mode: 32\nTEXT ·f(SB),4,$0\n\tBYTE $0xfa\n", "no mnemonic"},
		{"assembled in 64-bit mode", "amd64", "// mode: 32\nTEXT ·f(SB),4,$0\n\tMOVL AX, BX\n", "not 32"},
		{"back in 64-bit mode", "amd64", "// mode: 32\nTEXT ·f(SB),4,$0\n\tBYTE $0xfa // cli\n\t// mode: 64\n\tMOVL AX, BX\n", ""},
		{"the next TEXT", "amd64", "// mode: 32\nTEXT ·f(SB),4,$0\nlabel:\n\tBYTE $0xfa // cli\n\nTEXT ·g(SB),4,$0\n\tMOVL AX, BX\n", ""},
		{"unannounced mode", "amd64", "TEXT ·f(SB),4,$0\n\tBYTE $0x48; BYTE $0x0f; BYTE $0x07 // rex.w sysretq\n", ""},
		{"number too large", "amd64", "TEXT ·f(SB),4,$0\n\tBYTE $0x100 // nop\n", "not a BYTE"},
		{"data", "amd64", "// mode: 32\nTEXT ·f(SB),4,$0\n\tQUAD $0x00af9b000000ffff // data: 64-bit code\n", ""},
		{"macro", "amd64", "#define V(v) \\\n\tBYTE $0x68; LONG $v \\\n\tJMP ·f(SB)\n", ""},
		{"mixed", "amd64", "TEXT ·f(SB),4,$0\n\tBYTE $0xfa; CLI // cli\n", "follows numbers"},

		{"right", "arm64", "TEXT ·f(SB),4,$0\n\tWORD $0xd50342df // msr DAIFSet, #0x2\n", ""},
		{"system register", "arm64", "TEXT ·f(SB),4,$0\n\tWORD $0xd51c1000 // msr s3_4_c1_c0_0, x0 (SCTLR_EL2)\n", ""},
		{"wrong name", "arm64", "TEXT ·f(SB),4,$0\n\tWORD $0xd51c1000 // msr s3_4_c1_c0_0, x0 (HCR_EL2)\n", "HCR_EL2 is s3_4_c1_c1_0"},
		{"no name", "arm64", "TEXT ·f(SB),4,$0\n\tWORD $0xd51c1000 // msr s3_4_c1_c0_0, x0\n", "not a known system register"},
		{"wrong number", "arm64", "TEXT ·f(SB),4,$0\n\tWORD $0xd51c1000 // msr s3_4_c1_c1_0, x0 (HCR_EL2)\n", `this is "msr s3_4_c1_c0_0,x0"`},
		{"by the manual", "arm64", "TEXT ·f(SB),4,$0\n\tWORD $0xd4000002 // hvc #0 (Arm ARM C6.2)\n", ""},
		{"not in the manual", "arm64", "TEXT ·f(SB),4,$0\n\tWORD $0x00000000 // udf #0\n", "unknown instruction"},
		{"ordinary", "arm64", "TEXT ·f(SB),4,$0\n\tMOVD R0, R1\n", ""},
	}
	for _, test := range tests {
		t.Run(test.arch+" "+test.name, func(t *testing.T) {
			errs := checkFile(test.arch, test.file)
			switch {
			case test.want == "" && len(errs) > 0:
				t.Error(errs)
			case test.want != "" && (len(errs) != 1 || !strings.Contains(errs[0].Error(), test.want)):
				t.Errorf("errors %v, want one with %q", errs, test.want)
			}
		})
	}
}
