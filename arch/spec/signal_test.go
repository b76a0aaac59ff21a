package spec

import "testing"

func TestStackTop(t *testing.T) {
	const start, size = 0x10000, 0x2000
	const end = start + size
	on := AltStack{SP: start, Size: size}
	disarmed := AltStack{SP: start, Flags: SSAutodisarm, Size: size}
	for _, test := range []struct {
		name    string
		alt     AltStack
		onStack bool
		sp, top uintptr
		enters  bool
	}{
		{"elsewhere", on, true, 0x7000, end, true},
		{"elsewhere, without SA_ONSTACK", on, false, 0x7000, 0x7000, false},
		{"elsewhere, no stack", AltStack{}, true, 0x7000, 0x7000, false},
		{"the first address", on, true, start, end, true},
		{"the next", on, true, start + 1, start + 1, false},
		{"the end", on, true, end, end, false},
		{"behind the end", on, true, end + 1, end, true},
		{"SS_AUTODISARM", disarmed, true, start + 1, end, true},
	} {
		f := SignalFrame{AltStack: test.alt, OnStack: test.onStack}
		if top, enters := f.StackTop(test.sp); top != test.top || enters != test.enters {
			t.Errorf("%s: %#x, %v", test.name, top, enters)
		}
	}
}
