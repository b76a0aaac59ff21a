package arm64

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/arch/arm64/arm64asm"

	"onsen/arch/codetest"
)

// TestVDSOCode compares each instruction with the comment behind it.
func TestVDSOCode(t *testing.T) {
	codetest.Check(t, "vdso.go", vdsoCode[:], func(code []byte, _ uint64) (string, int, error) {
		in, err := arm64asm.Decode(code)
		if err != nil {
			return "", 0, err
		}
		text := strings.TrimSpace(arm64asm.GNUSyntax(in))
		if i := strings.Index(text, ".+0xffff"); i >= 0 { // a branch backwards
			v, _ := strconv.ParseUint(text[i+2:], 0, 64)
			text = fmt.Sprintf("%s.-%#x", text[:i], -v)
		}
		return text, 4, nil
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
		if !(bytes.HasSuffix(last, []byte{0xc0, 0x03, 0x5f, 0xd6}) || bytes.HasSuffix(last, []byte{0x01, 0, 0, 0xd4})) {
			t.Errorf("%s ends with % x", f.Name, last[len(last)-4:])
		}
	}
}
