package serial

import (
	"strings"
	"testing"
	"unsafe"

	"onsen/arch/bootinfo"
)

// registers is memory that stands for a chip: it keeps what is written.
var registers [4096]byte

func TestOpen(t *testing.T) {
	base := uint64(uintptr(unsafe.Pointer(&registers)))
	tests := []struct {
		name string
		s    bootinfo.Serial
		err  string
	}{
		{"PL011", bootinfo.Serial{Kind: bootinfo.SerialPL011, Name: "ttyAMA0", Base: base, Options: "9600n8"}, ""},
		{"bad options of the firmware's", bootinfo.Serial{Kind: bootinfo.SerialPL011, Name: "ttyAMA0", Base: base, Options: "fast"}, ""},
		{"16550 in memory", bootinfo.Serial{Kind: bootinfo.Serial8250, Name: "ttyS0", Base: base, RegShift: 2, RegWidth: 4}, ""},
		{"16550 in bytes", bootinfo.Serial{Kind: bootinfo.Serial8250, Name: "ttyS0", Base: base, RegWidth: 1}, ""},
		{"mini UART", bootinfo.Serial{Kind: bootinfo.SerialMiniUART, Name: "ttyS0", Base: base, RegShift: 2, RegWidth: 4}, ""},
		{"nothing", bootinfo.Serial{Name: "ttyS7"}, "unknown kind"},
		{"ports on a host", bootinfo.Serial{Kind: bootinfo.Serial8250Port, Name: "ttyS0", Base: 0x3f8}, "no I/O ports"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			clear(registers[:])
			p, err := Open(tt.s, LineOptions{})
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) || !strings.Contains(err.Error(), tt.s.Name) {
					t.Errorf("error is %v", err)
				}
				return
			}
			if err != nil || p.Name() != tt.s.Name {
				t.Errorf("got %v, %v", p, err)
			}
		})
	}
}

func TestMMIO8(t *testing.T) {
	base := uintptr(unsafe.Pointer(&registers))
	tests := []struct {
		name string
		m    mmio8
		at   int
	}{
		{"bytes", mmio8{base: base}, regMCR},
		{"bytes, 4 apart", mmio8{base: base, shift: 2}, regMCR << 2},
		{"words", mmio8{base: base, shift: 2, wide: true}, regMCR << 2},
	}
	for _, tt := range tests {
		clear(registers[:])
		tt.m.Write(regMCR, 0xa5)
		if registers[tt.at] != 0xa5 || tt.m.Read(regMCR) != 0xa5 {
			t.Errorf("%s: register is not at %d", tt.name, tt.at)
		}
	}
}
