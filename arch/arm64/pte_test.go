package arm64

import (
	"testing"

	"onsen/arch/spec"
)

func TestPTE(t *testing.T) {
	const pa = 0x1234_5678_9000
	for p := range spec.UserR | spec.UserW | spec.UserX + 1 {
		want := p
		if p != 0 {
			want |= spec.UserR // as the rights to write and to execute include it
		}
		e := MakePTE(pa, p)
		if e.Prot() != want || e.PA() != pa || e.None() || e.Table() {
			t.Errorf("%v: %#x has rights %v, address %#x, none %v, table %v", p, e, e.Prot(), e.PA(), e.None(), e.Table())
		}
		if valid := e&descValid != 0; valid != (p != 0) {
			t.Errorf("%v: %#x is valid: %v", p, e, valid)
		}
		if p != 0 && (e&descPXN == 0 || e&descUser == 0 || e&descNotGlobal == 0 || e&descAccessed == 0 || e&3 != descPage) {
			t.Errorf("%v: %#x lacks a bit", p, e)
		}
		if got := e.WrProtect(); got.Prot() != want&^spec.UserW || got.PA() != pa {
			t.Errorf("%v: write-protected %#x", p, got)
		}
		for q := range spec.UserR | spec.UserW | spec.UserX + 1 {
			if got := e.WithProt(q); got != MakePTE(pa, q) {
				t.Errorf("%v with %v: %#x, want %#x", p, q, got, MakePTE(pa, q))
			}
		}
	}
	if e := MakePTE(0, 0); e.None() {
		t.Error("the page at 0 without rights is nothing")
	}
	if e := MakeTable(pa); !e.Table() || e.None() || e.PA() != pa || !isTable(uint64(e), 0) {
		t.Errorf("table %#x", e)
	}
}
