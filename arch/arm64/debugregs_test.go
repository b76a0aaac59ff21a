package arm64

import (
	"encoding/binary"
	"syscall"
	"testing"
)

// testDFR0 is a processor with 6 breakpoints and 4 watchpoints.
const testDFR0 = 0x0030_5006

// debugBytes lays out a register set with these pairs of address and control word.
func debugBytes(pairs ...uint64) []byte {
	le := binary.LittleEndian
	b := make([]byte, debugHead+len(pairs)/2*debugEntry)
	for i := 0; i < len(pairs); i += 2 {
		at := b[debugHead+i/2*debugEntry:]
		le.PutUint64(at, pairs[i])
		le.PutUint32(at[debugCtrlAt:], uint32(pairs[i+1]))
	}
	return b
}

func TestSetDebug(t *testing.T) {
	const stores = 2 << ctrlTypeShift
	for name, tt := range map[string]struct {
		kind       int
		set        []byte
		err        error
		addr, ctrl uint64
	}{
		"watch 8 bytes":   {kindWatch, debugBytes(0x1000, 0xff<<5|stores|1), nil, 0x1000, 0xff<<5 | stores | ctrlEL0 | 1},
		"watch byte 3":    {kindWatch, debugBytes(0x1000, 8<<5|stores|1), nil, 0x1000, 8<<5 | stores | ctrlEL0 | 1},
		"watch at 4":      {kindWatch, debugBytes(0x1004, 0xf<<5|stores|1), nil, 0x1000, 0xf0<<5 | stores | ctrlEL0 | 1},
		"watch off":       {kindWatch, debugBytes(0x1000, 0), nil, 0x1000, 0xf<<5 | 3<<3 | ctrlEL0},
		"watch no bytes":  {kindWatch, debugBytes(0x1000, stores|1), syscall.EINVAL, 0x1000, 0xf<<5 | 3<<3 | ctrlEL0},
		"watch a gap":     {kindWatch, debugBytes(0x1000, 5<<5|stores|1), syscall.EINVAL, 0x1000, 0xf<<5 | 3<<3 | ctrlEL0},
		"watch execution": {kindWatch, debugBytes(0x1000, 0xf<<5|1), syscall.EINVAL, 0x1000, 0xf<<5 | 3<<3 | ctrlEL0},
		"watch EL1":       {kindWatch, debugBytes(0x1000, 0xff<<5|stores|1<<1|1), nil, 0x1000, 0xff<<5 | stores | ctrlEL0 | 1},
		"watch kernel":    {kindWatch, debugBytes(0xffff_0000_0000_0000, 0xff<<5|stores|1), syscall.EINVAL, 0, 0},
		"break":           {kindBreak, debugBytes(0x1004, 0xf<<5|1), nil, 0x1004, 0xf<<5 | ctrlEL0 | 1},
		"break on stores": {kindBreak, debugBytes(0x1004, 0xf<<5|stores|1), syscall.EINVAL, 0x1004, 0xf<<5 | ctrlEL0},
		"ends in address": {kindBreak, debugBytes(0x1004, 0)[:12], syscall.EINVAL, 0, 0},
		"only an address": {kindBreak, debugBytes(0x1004, 0xf<<5|1)[:16], nil, 0x1004, 0xf<<5 | ctrlEL0},
		"head only":       {kindBreak, make([]byte, 8), nil, 0, 0},
		"nothing":         {kindBreak, nil, nil, 0, 0},
	} {
		d, err := (*debugRegs)(nil).set(tt.kind, testDFR0, tt.set)
		if err != tt.err || d.addr[tt.kind][0] != tt.addr || d.ctrl[tt.kind][0] != tt.ctrl {
			t.Errorf("%s: %v, %#x, %#x; want %v, %#x, %#x", name,
				err, d.addr[tt.kind][0], d.ctrl[tt.kind][0], tt.err, tt.addr, tt.ctrl)
		}
	}
}

func TestSetDebugTooMany(t *testing.T) {
	five := debugBytes(8, 0, 16, 0, 24, 0, 32, 0, 40, 0)
	d, err := (*debugRegs)(nil).set(kindWatch, testDFR0, five)
	if err != syscall.ENOSPC || d.addr[kindWatch][3] != 32 || d.addr[kindWatch][4] != 0 {
		t.Errorf("%v, %#x", err, d.addr[kindWatch])
	}
	if _, err := d.set(kindBreak, testDFR0, five); err != nil {
		t.Errorf("five breakpoints of six: %v", err)
	}
}

// What a program's registers become must never let it see, or stop, the kernel.
func FuzzSetDebug(f *testing.F) {
	f.Add(debugBytes(0x1000, 0xff<<5|2<<3|1), false)
	f.Add(debugBytes(0xffff_8000_0000_0000, 0xf<<5|7), true)
	f.Fuzz(func(t *testing.T, b []byte, watch bool) {
		kind := kindBreak
		if watch {
			kind = kindWatch
		}
		d, _ := (*debugRegs)(nil).set(kind, testDFR0, b)
		for i := range maxDebug {
			addr, ctrl := d.addr[kind][i], d.ctrl[kind][i]
			if addr >= uint64(TaskSize) || ctrl != 0 && ctrl&(3<<1) != ctrlEL0 ||
				ctrl&^(ctrlLenMask<<ctrlLenShift|ctrlTypeMask<<ctrlTypeShift|3<<1|1) != 0 {
				t.Errorf("breakpoint %d: %#x, %#x", i, addr, ctrl)
			}
		}
		if got := d.get(kind, testDFR0); len(got) != debugSize {
			t.Errorf("%d bytes", len(got))
		}
	})
}
