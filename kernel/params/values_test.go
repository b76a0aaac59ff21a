package params

import (
	"math"
	"testing"
)

func TestParseInt(t *testing.T) {
	tests := []struct {
		s    string
		want int
		ok   bool
	}{
		{"0", 0, true},
		{"7", 7, true},
		{"-1", -1, true},
		{"+5", 5, true},
		{"0x10", 16, true},
		{"0X1f", 31, true},
		{"010", 8, true},
		{"2147483647", math.MaxInt32, true},
		{"2147483648", 0, false},
		{"99999999999999999999999", 0, false},
		{"", 0, false},
		{"-", 0, false},
		{"--1", 0, false},
		{"-+1", 0, false},
		{"abc", 0, false},
		{"5x", 0, false},
		{"08", 0, false},
		{"0x", 0, false},
		{" 5", 0, false},
		{"1_000", 0, false},
	}
	for _, tt := range tests {
		got, err := ParseInt(tt.s)
		if got != tt.want || (err == nil) != tt.ok {
			t.Errorf("ParseInt(%q) = %d, %v; want %d, ok %v", tt.s, got, err, tt.want, tt.ok)
		}
	}
}

func TestParseSize(t *testing.T) {
	tests := []struct {
		s    string
		want uint64
		ok   bool
	}{
		{"0", 0, true},
		{"4096", 4096, true},
		{"512M", 512 << 20, true},
		{"1G", 1 << 30, true},
		{"1g", 1 << 30, true},
		{"64k", 64 << 10, true},
		{"2T", 2 << 40, true},
		{"1P", 1 << 50, true},
		{"15E", 15 << 60, true},
		{"0x10000", 0x10000, true},
		{"0x1M", 1 << 20, true},
		{"0xeM", 14 << 20, true},
		{"010K", 8 << 10, true},
		{"16E", 0, false},
		{"18446744073709551616", 0, false},
		{"", 0, false},
		{"M", 0, false},
		{"512MB", 0, false},
		{"512 M", 0, false},
		{"512X", 0, false},
		{"512\x0d", 0, false}, // 'M' &^ 0x40
		{"-1", 0, false},
		{"1.5G", 0, false},
	}
	for _, tt := range tests {
		got, err := ParseSize(tt.s)
		if got != tt.want || (err == nil) != tt.ok {
			t.Errorf("ParseSize(%q) = %d, %v; want %d, ok %v", tt.s, got, err, tt.want, tt.ok)
		}
	}
}

func TestParseBool(t *testing.T) {
	tests := []struct {
		s        string
		want, ok bool
	}{
		{"y", true, true}, {"Yes", true, true}, {"1", true, true}, {"on", true, true}, {"true", true, true},
		{"n", false, true}, {"No", false, true}, {"0", false, true}, {"OFF", false, true}, {"false", false, true},
		{"", false, false}, {"o", false, false}, {"2", false, false}, {"maybe", false, false},
	}
	for _, tt := range tests {
		got, err := ParseBool(tt.s)
		if got != tt.want || (err == nil) != tt.ok {
			t.Errorf("ParseBool(%q) = %v, %v; want %v, ok %v", tt.s, got, err, tt.want, tt.ok)
		}
	}
}

func TestParseCPUList(t *testing.T) {
	tests := []struct {
		s    string
		want CPUMask
		ok   bool
	}{
		{"0", 1, true},
		{"0-3,5,7-", 0xf | 1<<5 | (1<<57-1)<<7, true},
		{"63", 1 << 63, true},
		{"0-63", ^CPUMask(0), true},
		{"all", ^CPUMask(0), true},
		{"60-N", 0xf << 60, true},
		{"N", 1 << 63, true},
		{"0-7:2/4", 0x33, true},
		{"all:1/32", 1 | 1<<32, true},
		{"0,,1,", 3, true},
		{"", 0, false},
		{",", 0, false},
		{"64", 0, false},
		{"0-64", 0, false},
		{"99999999999999999999", 0, false},
		{"3-1", 0, false},
		{"-3", 0, false},
		{"-", 0, false},
		{"a", 0, false},
		{"1-2-3", 0, false},
		{"+1", 0, false},
		{"0-7:2", 0, false},
		{"0-7:0/4", 0, false},
		{"0-7:5/4", 0, false},
		{"0-7:1/0", 0, false},
		{"0-7:/", 0, false},
	}
	for _, tt := range tests {
		got, err := ParseCPUList(tt.s)
		if got != tt.want || (err == nil) != tt.ok {
			t.Errorf("ParseCPUList(%q) = %#x, %v; want %#x, ok %v", tt.s, got, err, tt.want, tt.ok)
		}
	}
}

func TestCPUMask(t *testing.T) {
	tests := []struct {
		m    CPUMask
		want string
	}{
		{0, ""},
		{1, "0"},
		{1 << 63, "63"},
		{0xf | 1<<5 | 1<<8 | 1<<9, "0-3,5,8-9"},
		{^CPUMask(0), "0-63"},
	}
	for _, tt := range tests {
		if got := tt.m.String(); got != tt.want {
			t.Errorf("%#x: %q, want %q", uint64(tt.m), got, tt.want)
		}
	}
	if m := CPUMask(5); !m.Has(0) || m.Has(1) || !m.Has(2) || m.Has(-1) || m.Has(64) || m.Count() != 2 {
		t.Error("Has or Count is wrong")
	}
}

func TestParseIsolCPUs(t *testing.T) {
	tests := []struct {
		s    string
		want IsolCPUs
		ok   bool
	}{
		{"1-2", IsolCPUs{CPUs: 6, Domain: true}, true},
		{"nohz,1-2", IsolCPUs{CPUs: 6, NoHZ: true}, true},
		{"nohz,domain,managed_irq,3", IsolCPUs{CPUs: 8, NoHZ: true, Domain: true, ManagedIRQ: true}, true},
		{"all", IsolCPUs{CPUs: ^CPUMask(0), Domain: true}, true},
		{"domain,all:1/64", IsolCPUs{CPUs: 1, Domain: true}, true},
		{"nohz", IsolCPUs{}, false},
		{"nohz,", IsolCPUs{}, false},
		{"tick,1", IsolCPUs{}, false},
		{"", IsolCPUs{}, false},
	}
	for _, tt := range tests {
		got, err := ParseIsolCPUs(tt.s)
		if got != tt.want || (err == nil) != tt.ok {
			t.Errorf("ParseIsolCPUs(%q) = %+v, %v; want %+v, ok %v", tt.s, got, err, tt.want, tt.ok)
		}
	}
}

func TestParseReboot(t *testing.T) {
	tests := []struct {
		s    string
		want Reboot
		ok   bool
	}{
		{"warm", Reboot{Mode: RebootWarm}, true},
		{"c", Reboot{Mode: RebootCold}, true},
		{"hard,force", Reboot{Mode: RebootHard, Force: true}, true},
		{"triple", Reboot{Method: 't'}, true},
		{"w,a", Reboot{Mode: RebootWarm, Method: 'a'}, true},
		{"panic_soft,cold", Reboot{Mode: RebootCold, PanicMode: RebootSoft}, true},
		{"gpio", Reboot{Mode: RebootGPIO}, true},
		{"", Reboot{}, false},
		{"x", Reboot{}, false},
		{"warm,", Reboot{}, false},
		{"panic_", Reboot{}, false},
	}
	for _, tt := range tests {
		got, err := ParseReboot(tt.s)
		if got != tt.want || (err == nil) != tt.ok {
			t.Errorf("ParseReboot(%q) = %+v, %v; want %+v, ok %v", tt.s, got, err, tt.want, tt.ok)
		}
	}
}
