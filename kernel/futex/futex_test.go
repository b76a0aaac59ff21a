package futex

import (
	"testing"
	"unsafe"
)

func TestDecodeOp(t *testing.T) {
	encode := func(op, oparg, cmp, cmparg uint32) uint32 {
		return op<<28 | cmp<<24 | oparg&0xfff<<12 | cmparg&0xfff
	}
	minus := func(n int32) uint32 { return uint32(-n) }
	for _, tt := range []struct {
		name string
		code uint32
		want Op
	}{
		{"set", encode(opSet, 5, cmpEQ, 7), Op{opSet, cmpEQ, 5, 7}},
		{"negative arguments", encode(opAdd, minus(1), cmpLT, minus(2048)), Op{opAdd, cmpLT, -1, -2048}},
		{"largest arguments", encode(opXor, 2047, cmpGE, 2047), Op{opXor, cmpGE, 2047, 2047}},
		{"shift", encode(opOr|opArgShift, 4, cmpNE, 0), Op{opOr, cmpNE, 16, 0}},
		{"shift by 31", encode(opOr|opArgShift, 31, cmpNE, 0), Op{opOr, cmpNE, -1 << 31, 0}},
		{"shift by too much", encode(opOr|opArgShift, 33, cmpNE, 0), Op{opOr, cmpNE, 2, 0}},
		{"negative shift", encode(opOr|opArgShift, minus(1), cmpNE, 0), Op{opOr, cmpNE, -1 << 31, 0}},
	} {
		if got := DecodeOp(tt.code); got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
}

func TestOps(t *testing.T) {
	for op, want := range map[uint8]uint32{opSet: 6, opAdd: 16, opOr: 14, opAndn: 8, opXor: 12} {
		if got, ok := (Op{Op: op, OpArg: 6}).Apply(10); !ok || got != want {
			t.Errorf("operation %d: %d %v, want %d", op, got, ok, want)
		}
	}
	if _, ok := (Op{Op: 5}).Apply(0); ok {
		t.Error("there is an operation 5")
	}
	for cmp, want := range map[uint8][3]bool{ // of 4, 5 and 6 with 5
		cmpEQ: {false, true, false}, cmpNE: {true, false, true},
		cmpLT: {true, false, false}, cmpLE: {true, true, false},
		cmpGT: {false, false, true}, cmpGE: {false, true, true},
	} {
		for i, want := range want {
			if got, ok := (Op{Cmp: cmp, CmpArg: 5}).Met(uint32(4 + i)); !ok || got != want {
				t.Errorf("condition %d of %d: %v %v", cmp, 4+i, got, ok)
			}
		}
	}
	if met, _ := (Op{Cmp: cmpLT, CmpArg: 0}).Met(0xffff_ffff); !met {
		t.Error("the comparison has no sign")
	}
	if _, ok := (Op{Cmp: 6}).Met(0); ok {
		t.Error("there is a condition 6")
	}
}

// robustArena is the memory of a program with a list of robust locks: entries of a
// link and a word each.
type robustArena struct {
	head    robustHead
	entries [64]struct {
		next uintptr
		word uint32
		_    uint32
	}
}

func (a *robustArena) entry(i byte) uintptr {
	if int(i) >= len(a.entries) {
		return uintptr(unsafe.Pointer(&a.head))
	}
	return uintptr(unsafe.Pointer(&a.entries[i]))
}

// shareAll makes every address a key of its own.
func shareAll(t testing.TB) {
	old := SharedKey
	SharedKey = func(addr uintptr) (Key, error) { return Key{Offset: uint64(addr)}, nil }
	t.Cleanup(func() { SharedKey = old })
}

func TestRobustList(t *testing.T) {
	shareAll(t)
	const tid = 77
	a := new(robustArena)
	a.head = robustHead{Next: a.entry(0), Offset: 8, Pending: a.entry(3)}
	a.entries[0].next, a.entries[0].word = a.entry(1)|1, tid
	a.entries[1].next, a.entries[1].word = a.entry(2), tid|Waiters
	a.entries[2].next, a.entries[2].word = a.entry(255), 78
	a.entries[3].word = tid
	ExitRobustList(nil, a.entry(255), tid)
	for i, want := range []uint32{OwnerDied, OwnerDied | Waiters, 78, OwnerDied} {
		if got := a.entries[i].word; got != want {
			t.Errorf("word %d is %#x, want %#x", i, got, want)
		}
	}
}

// FuzzRobustList gives every shape of list, rings and lists that point nowhere
// sensible among them. It has to end, and only locks of the thread may change.
func FuzzRobustList(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 0, 1})
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, shape []byte) {
		shareAll(t)
		const tid = 5
		a := new(robustArena)
		at := func(i int) byte {
			if len(shape) == 0 {
				return 0
			}
			return shape[i%len(shape)]
		}
		a.head = robustHead{Next: a.entry(at(0)), Offset: 8, Pending: a.entry(at(1))}
		var before [len(a.entries)]uint32
		for i := range a.entries {
			e := &a.entries[i]
			e.next = a.entry(at(2*i+2)) | uintptr(at(i)>>7)
			e.word = uint32(at(2*i+3)&7) | uint32(at(i)&0x40)<<25
			before[i] = e.word
		}
		// The head itself may be taken for an entry; its offset is not a lock.
		ExitRobustList(nil, a.entry(255), tid)
		for i := range a.entries {
			got, was := a.entries[i].word, before[i]
			if got != was && (was&TIDMask != tid || got != was&Waiters|OwnerDied) {
				t.Errorf("word %d: %#x became %#x", i, was, got)
			}
		}
	})
}
