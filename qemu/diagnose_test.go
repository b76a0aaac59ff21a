package qemu

import (
	"os"
	"reflect"
	"runtime"
	"strings"
	"testing"
)

func TestSplitDump(t *testing.T) {
	for name, tt := range map[string]struct {
		dump string
		want []registers
	}{
		"amd64": {"\r\nCPU#0\r\nRAX=00 RBX=01\r\nRSI=1 RDI=2 RBP=ffff888000639dc0 RSP=3\r\nRIP=ffffffff80234567 RFL=00000046\r\n\r\n" +
			"CPU#1\r\nRIP=000000000000fff0 RFL=00\r\n",
			[]registers{{0xffffffff80234567, 0xffff888000639dc0}, {0xfff0, 0}}},
		"16 bit": {"CPU#0\nEAX=00000000\nEIP=0000fff0 EFL=00000002\n", []registers{{pc: 0xfff0}}},
		"arm64": {"CPU#0\n PC=0000000040200000 X00=0000000044000000\nX29=ffff40004409fd38 X30=ffffffff800c8b48\n",
			[]registers{{0x40200000, 0xffff40004409fd38}}},
		"none": {"nothing here", nil},
	} {
		if got := splitDump(tt.dump); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: %#x, want %#x", name, got, tt.want)
		}
	}
}

func TestParseWords(t *testing.T) {
	got := parseWords("ffff888000639dc0: 0xffff888000639df8 0xffffffff802d7654\r\n")
	if want := []uint64{0xffff888000639df8, 0xffffffff802d7654}; !reflect.DeepEqual(got, want) {
		t.Errorf("%#x, want %#x", got, want)
	}
	if got := parseWords("Cannot access memory\r\n"); got != nil {
		t.Errorf("%#x from an error", got)
	}
}

func TestSymbols(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Skip(err)
	}
	s, err := ReadSymbols(self)
	if err != nil {
		t.Skipf("the test binary is no readable ELF file: %v", err)
	}
	pc, _, _, _ := runtime.Caller(0)
	if got := s.Describe(uint64(pc)); !strings.Contains(got, "TestSymbols+0x") || !strings.Contains(got, "diagnose_test.go:") {
		t.Errorf("Describe(own pc) = %q", got)
	}
	if !s.Contain(uint64(pc)) || s.Contain(1) {
		t.Errorf("Contain(own pc) = %v, Contain(1) = %v", s.Contain(uint64(pc)), s.Contain(1))
	}
	if got := s.Describe(1); got != "0x1" {
		t.Errorf("Describe(1) = %q", got)
	}
	if got := (*Symbols)(nil).Describe(1); got != "0x1" {
		t.Errorf("nil Describe(1) = %q", got)
	}
}

func TestReadSymbolsRefuses(t *testing.T) {
	for _, file := range []string{"doc.go", "no such file"} {
		if _, err := ReadSymbols(file); err == nil {
			t.Errorf("ReadSymbols(%q) succeeds", file)
		}
	}
}
