package x86dis

import (
	"encoding/hex"
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
		code string
		n    int
		text string
	}{
		{"90", 1, "NOPL"},
		{"488b08", 3, "MOVQ 0(AX), CX"},
		{"48c7042400000000", 8, "MOVQ $0x0, 0(SP)"},
		{"64488b0c25f8ffffff", 9, "MOVQ FS:0xfffffff8, CX"},
		{"e8fb0f0000", 5, "CALL pkg.callee(SB)"},
		{"e800000000", 5, "CALL 0x1005"},
		{"0f05", 2, "SYSCALL"},
		{"0f0b", 2, "UD2"},
		{"f4", 1, "HLT"},
		{"fa", 1, "CLI"},
		{"0f22d8", 3, "MOVL AX, CR3"},
		{"0f30", 2, "WRMSR"},
		{"48cf", 2, "IRETQ"},
		{"f0480fb111", 5, "LOCK CMPXCHGQ DX, 0(CX)"},
		{"f3a4", 2, "REP; MOVSB DS:0(SI), ES:0(DI)"},
		{"ec", 1, "INL DX, AL"},
		{"90ff", 1, "NOPL"}, // the first one only

		{"", 0, ""},
		{"48", 0, ""},   // a prefix only
		{"488b", 0, ""}, // cut off
		{"06", 0, ""},   // not in 64-bit mode
		{"0f0a", 0, ""}, // undefined
		{"66666666666666666666666666666690", 0, ""}, // too long
	}
	for _, tt := range tests {
		code, err := hex.DecodeString(tt.code)
		if err != nil {
			t.Fatal(err)
		}
		if n := Len(code); n != tt.n {
			t.Errorf("%s: length %d, want %d", tt.code, n, tt.n)
		}
		if text := Text(code, 0x1000, symbol); text != tt.text {
			t.Errorf("%s: %q, want %q", tt.code, text, tt.text)
		}
	}
}

func FuzzText(f *testing.F) {
	f.Add([]byte{0x48, 0x8b, 0x08})
	f.Add([]byte{0x62, 0xf1, 0x7c, 0x48, 0x10, 0x00})
	f.Fuzz(func(t *testing.T, code []byte) {
		n := Len(code)
		if n < 0 || n > MaxLen || n > len(code) {
			t.Fatalf("length %d of %d bytes", n, len(code))
		}
		if text := Text(code, 0x1000, symbol); (text == "") != (n == 0) {
			t.Errorf("length %d, text %q", n, text)
		}
	})
}
