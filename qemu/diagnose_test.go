package qemu

import (
	"os"
	"reflect"
	"runtime"
	"strings"
	"testing"
)

func TestProgramCounters(t *testing.T) {
	for name, tt := range map[string]struct {
		dump string
		want []uint64
	}{
		"amd64": {"CPU#0\nRAX=00 RBX=01\nRIP=ffffffff80234567 RFL=00000046\n\nCPU#1\nRIP=000000000000fff0 RFL=00\n",
			[]uint64{0xffffffff80234567, 0xfff0}},
		"16 bit": {"CPU#0\nEAX=00000000\nEIP=0000fff0 EFL=00000002\n", []uint64{0xfff0}},
		"arm64":  {"CPU#0\n PC=0000000040200000 X00=0000000044000000\n", []uint64{0x40200000}},
		"none":   {"nothing here", nil},
	} {
		if got := programCounters(tt.dump); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: %#x, want %#x", name, got, tt.want)
		}
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
