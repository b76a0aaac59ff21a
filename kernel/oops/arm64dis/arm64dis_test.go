package arm64dis

import (
	"encoding/binary"
	"testing"
)

func symbol(addr uint64) (string, uint64) {
	if addr >= 0x2000 && addr < 0x3000 {
		return "pkg.callee", 0x2000
	}
	return "", 0
}

func TestText(t *testing.T) {
	tests := []struct {
		code uint32
		text string
	}{
		{0xd503201f, "NOOP"},
		{0xf9400001, "MOVD (R0), R1"},
		{0xf81e0ffe, "MOVD.W R30, -32(RSP)"},
		{0xd65f03c0, "RET"},
		{0x94000400, "CALL pkg.callee(SB)"},
		{0x94000001, "CALL 1(PC)"},
		{0xd4000001, "SVC $0"},
		{0xd4200000, "BRK $0"},
		{0xd69f03e0, "ERET"},
		{0xd503207f, "WFI"},
		{0xc8dffc20, "LDAR (R1), R0"},
		{0x00000000, ""},
		{0xffffffff, ""},
	}
	for _, tt := range tests {
		code := binary.LittleEndian.AppendUint32(nil, tt.code)
		if text := Text(code, 0x1000, symbol); text != tt.text {
			t.Errorf("%08x: %q, want %q", tt.code, text, tt.text)
		}
		if n := Len(code); n != MaxLen {
			t.Errorf("%08x: length %d", tt.code, n)
		}
	}
	if Len([]byte{1, 2, 3}) != 0 || Text([]byte{1, 2, 3}, 0, symbol) != "" {
		t.Error("an instruction of 3 bytes")
	}
}

func FuzzText(f *testing.F) {
	f.Add(uint32(0xd503201f))
	f.Add(uint32(0xd5380000)) // MRS
	f.Fuzz(func(t *testing.T, code uint32) {
		Text(binary.LittleEndian.AppendUint32(nil, code), 0x1000, symbol)
	})
}
