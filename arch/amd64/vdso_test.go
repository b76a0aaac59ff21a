package amd64

import (
	"bytes"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/arch/x86/x86asm"
)

// vdsoLine is an instruction in vdso.go: its code, and what the comment says.
type vdsoLine struct {
	code []byte
	text string
}

// vdsoLines reads vdso.go.
func vdsoLines(t *testing.T) (lines []vdsoLine) {
	src, err := os.ReadFile("vdso.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`(?m)^\t((?:0x[0-9a-f]+, ?)+)\s*// (.*)$`).FindAllSubmatch(src, -1) {
		var code []byte
		for _, n := range strings.FieldsFunc(string(m[1]), func(r rune) bool { return r == ',' || r == ' ' }) {
			b, err := strconv.ParseUint(n, 0, 8)
			if err != nil {
				t.Fatal(err)
			}
			code = append(code, byte(b))
		}
		lines = append(lines, vdsoLine{code, string(m[2])})
	}
	return lines
}

// TestVDSOCode compares each instruction with the comment behind it.
func TestVDSOCode(t *testing.T) {
	pc := 0
	for _, want := range vdsoLines(t) {
		if !bytes.HasPrefix(vdsoCode[pc:], want.code) {
			t.Fatalf("%#x: the lines are not the code", pc)
		}
		if want.text == "pad" {
			pc += len(want.code)
			continue
		}
		in, err := x86asm.Decode(want.code, 64)
		if err != nil {
			t.Fatalf("%#x: %v", pc, err)
		}
		if got := x86asm.GNUSyntax(in, uint64(pc), nil); got != want.text || in.Len != len(want.code) {
			t.Errorf("%#x: %s, the comment says %s", pc, got, want.text)
		}
		pc += len(want.code)
	}
	if pc != len(vdsoCode) {
		t.Errorf("%d bytes of %d were read", pc, len(vdsoCode))
	}
}

// TestVDSOFuncs looks at where functions begin and end.
func TestVDSOFuncs(t *testing.T) {
	end := 0
	for _, f := range vdso.Funcs {
		if f.Offset < end || f.Offset+f.Size > len(vdsoCode) {
			t.Errorf("%+v", f)
		}
		end = f.Offset + f.Size
		last := vdsoCode[f.Offset:end]
		if !bytes.HasSuffix(last, []byte{0xc3}) {
			t.Errorf("%s ends with % x", f.Name, last[len(last)-4:])
		}
	}
}
