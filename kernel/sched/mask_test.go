//go:build !metal

package sched

import "testing"

func TestCPUMask(t *testing.T) {
	m := MaskOf(0) | MaskOf(3) | MaskOf(63)
	if m.Count() != 3 || !m.Has(3) || m.Has(2) || !m.Has(63) {
		t.Fatalf("mask %#x", m)
	}
	if AllCPUs.Count() != 64 {
		t.Fatalf("AllCPUs has %d", AllCPUs.Count())
	}
	for _, tt := range []struct{ cpu, want int }{{0, 3}, {1, 3}, {2, 3}, {3, 63}, {62, 63}, {63, 0}} {
		if got := m.After(tt.cpu); got != tt.want {
			t.Errorf("After(%d) = %d, want %d", tt.cpu, got, tt.want)
		}
	}
}
