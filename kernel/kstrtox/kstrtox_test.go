package kstrtox

import (
	"math"
	"math/big"
	"strings"
	"syscall"
	"testing"
)

func TestInt32(t *testing.T) {
	tests := []struct {
		s    string
		want int32
		err  error
	}{
		{"0", 0, nil},
		{"-0", 0, nil},
		{"+1", 1, nil},
		{"-1\n", -1, nil},
		{"010", 8, nil},
		{"-0x10", -16, nil},
		{"0Xff", 255, nil},
		{"2147483647", math.MaxInt32, nil},
		{"-2147483648", math.MinInt32, nil},
		{"2147483648", 0, syscall.ERANGE},
		{"-2147483649", 0, syscall.ERANGE},
		{"99999999999999999999999", 0, syscall.ERANGE},
		{"99999999999999999999999x", 0, syscall.EINVAL},
		{"", 0, syscall.EINVAL},
		{"\n", 0, syscall.EINVAL},
		{"1\n\n", 0, syscall.EINVAL},
		{"1\r\n", 0, syscall.EINVAL},
		{"-+1", 0, syscall.EINVAL},
		{"--1", 0, syscall.EINVAL},
		{" 1", 0, syscall.EINVAL},
		{"0x", 0, syscall.EINVAL},
		{"08", 0, syscall.EINVAL},
		{"0b1", 0, syscall.EINVAL},
		{"0o1", 0, syscall.EINVAL},
		{"1_0", 0, syscall.EINVAL},
	}
	for _, tt := range tests {
		if got, err := Int32(tt.s); got != tt.want || err != tt.err {
			t.Errorf("Int32(%q) = %d, %v; want %d, %v", tt.s, got, err, tt.want, tt.err)
		}
	}
}

func TestUint32(t *testing.T) {
	tests := []struct {
		s    string
		want uint32
		err  error
	}{
		{"+4294967295\n", math.MaxUint32, nil},
		{"0xffffffff", math.MaxUint32, nil},
		{"4294967296", 0, syscall.ERANGE},
		{"-0", 0, syscall.EINVAL},
		{"++1", 0, syscall.EINVAL},
	}
	for _, tt := range tests {
		if got, err := Uint32(tt.s); got != tt.want || err != tt.err {
			t.Errorf("Uint32(%q) = %d, %v; want %d, %v", tt.s, got, err, tt.want, tt.err)
		}
	}
}

func TestDecimal64(t *testing.T) {
	tests := []struct {
		s    string
		want uint64
		err  error
	}{
		{"010\n", 10, nil},
		{"18446744073709551615", math.MaxUint64, nil},
		{"18446744073709551616", 0, syscall.ERANGE},
		{"0x1", 0, syscall.EINVAL},
		{"-1", 0, syscall.EINVAL},
	}
	for _, tt := range tests {
		if got, err := Decimal64(tt.s); got != tt.want || err != tt.err {
			t.Errorf("Decimal64(%q) = %d, %v; want %d, %v", tt.s, got, err, tt.want, tt.err)
		}
	}
}

// FuzzLeading compares with math/big, which needs to be told the base.
func FuzzLeading(f *testing.F) {
	for _, s := range []string{"0", "18446744073709551615", "18446744073709551616", "0xffffffffffffffff", "01777777777777777777777", "12 3", "x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		u, rest, err := Leading(s)
		digits, ok := strings.CutSuffix(s, rest)
		if !ok {
			t.Fatalf("Leading(%q) leaves %q", s, rest)
		}
		base := 10
		switch {
		case strings.HasPrefix(digits, "0x"), strings.HasPrefix(digits, "0X"):
			digits, base = digits[2:], 16
		case len(s) > 1 && s[0] == '0':
			base = 8
		}
		want, valid := new(big.Int).SetString(digits, base)
		switch {
		case !valid && err != syscall.EINVAL, valid && want.IsUint64() && (err != nil || u != want.Uint64()),
			valid && !want.IsUint64() && err != syscall.ERANGE:
			t.Errorf("Leading(%q) = %d, %q, %v; want %v", s, u, rest, err, want)
		}
	})
}
