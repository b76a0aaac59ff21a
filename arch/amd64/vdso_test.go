package amd64

import (
	"bytes"
	"testing"

	"golang.org/x/arch/x86/x86asm"

	"onsen/arch/codetest"
)

// TestVDSOCode compares each instruction with the comment behind it.
func TestVDSOCode(t *testing.T) {
	codetest.Check(t, "vdso.go", vdsoCode[:], func(code []byte, pc uint64) (string, int, error) {
		in, err := x86asm.Decode(code, 64)
		if err != nil {
			return "", 0, err
		}
		return x86asm.GNUSyntax(in, pc, nil), in.Len, nil
	})
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
