package arm64

import (
	"bytes"
	"encoding/binary"
	"math/rand"
	"reflect"
	"syscall"
	"testing"

	"onsen/arch/spec"
)

// userStack is a program's memory.
type userStack struct {
	base  uintptr
	bytes []byte
}

func newUserStack() *userStack { return &userStack{0x7fff_0000_0000, make([]byte, 32<<10)} }

func (s *userStack) top() uintptr { return s.base + uintptr(len(s.bytes)) }

func (s *userStack) at(addr uintptr, n int) ([]byte, error) {
	if addr < s.base || addr > s.top() || s.top()-addr < uintptr(n) {
		return nil, syscall.EFAULT
	}
	return s.bytes[addr-s.base:][:n], nil
}

func (s *userStack) write(addr uintptr, b []byte) error {
	m, err := s.at(addr, len(b))
	copy(m, b)
	return err
}

func (s *userStack) read(addr uintptr, b []byte) error {
	m, err := s.at(addr, len(b))
	copy(b, m)
	return err
}

// someContext returns a context with something in every register.
func someContext(sp uintptr) *UserContext {
	c := new(UserContext)
	rng := rand.New(rand.NewSource(7))
	for i := range c.regs.R {
		c.regs.R[i] = rng.Uint64()
	}
	for i := range c.v {
		c.v[i] = rng.Uint64()
	}
	c.regs.Stack, c.regs.IP, c.regs.PState = uint64(sp), 0x40_1234, 1<<31|1<<29|3<<10
	c.fpsr, c.fpcr = 0x0800_001f, 0x0340_0000
	return c
}

func someFrame() *spec.SignalFrame {
	f := &spec.SignalFrame{
		Handler: 0x40_5678, Restorer: 0x7fff_8000_0000, Sig: int(syscall.SIGSEGV), Mask: 0x8000_0000_0000_0001,
		AltStack: spec.AltStack{SP: 0x1000, Flags: 2, Size: 0x2000},
	}
	f.Info = new([spec.SiginfoUsed]byte)
	binary.LittleEndian.PutUint32(f.Info[infoSigno:], uint32(f.Sig))
	binary.LittleEndian.PutUint32(f.Info[infoCode:], 1)
	f.Info[47] = 0x5a
	return f
}

func TestSignalFrame(t *testing.T) {
	for _, esr := range []uint64{0, 0x9200_0047} {
		s := newUserStack()
		c := someContext(s.top() - 8)
		c.trap = spec.Trap{Addr: 0x5555, Number: ecDataLower, Error: esr}
		before := *c
		f := someFrame()
		if err := PushSignalFrame(c, f, s.write); err != nil {
			t.Fatal(err)
		}
		base := c.regs.SP()
		checkEntry(t, c, f, s)
		checkLayout(t, &before, s.bytes[base-s.base:], esr)

		clear(c.regs.R[:])
		clear(c.v[:])
		c.fpsr, c.fpcr, c.regs.PState = 0, 0, 0
		mask, alt, err := PopSignalFrame(c, s.read)
		if err != nil || mask != f.Mask || alt != f.AltStack {
			t.Errorf("mask %#x, stack %+v, error %v", mask, alt, err)
		}
		if !reflect.DeepEqual(c.regs, before.regs) || c.v != before.v || c.fpsr != before.fpsr || c.fpcr != before.fpcr {
			t.Errorf("registers %+v, want %+v", c.regs, before.regs)
		}
	}
}

// checkEntry looks at the registers with which a handler begins.
func checkEntry(t *testing.T, c *UserContext, f *spec.SignalFrame, s *userStack) {
	t.Helper()
	base := c.regs.Stack
	want := PtRegs{R: c.regs.R, Stack: base, IP: uint64(f.Handler), PState: 1<<31 | 1<<29}
	want.R[0], want.R[1], want.R[2], want.R[30] = uint64(f.Sig), base, base+128, uint64(f.Restorer)
	want.R[29] = base + 4688
	if c.regs != want || base%16 != 0 || want.R[29]+16 > uint64(s.top()-8) {
		t.Errorf("handler begins with %+v, want %+v", c.regs, want)
	}
}

// checkLayout looks at a frame with the offsets of Linux's headers.
func checkLayout(t *testing.T, c *UserContext, m []byte, esr uint64) {
	t.Helper()
	le := binary.LittleEndian
	for _, w := range []struct {
		at   int
		want uint64
	}{
		{128, 0}, {136, 0}, {144, 0x1000}, {160, 0x2000}, {168, 0x8000_0000_0000_0001},
		{312, c.regs.R[0]}, {312 + 30*8, c.regs.R[30]}, {560, c.regs.Stack}, {568, c.regs.IP}, {576, c.regs.PState},
		{592, 528<<32 | 0x46508001}, {600, c.fpcr<<32 | c.fpsr}, {608, c.v[0]}, {608 + 63*8, c.v[63]},
		{4688, c.regs.R[29]}, {4696, c.regs.R[30]},
	} {
		if got := le.Uint64(m[w.at:]); got != w.want {
			t.Errorf("offset %d: %#x, want %#x", w.at, got, w.want)
		}
	}
	if m[47] != 0x5a || le.Uint32(m[152:]) != 2 {
		t.Errorf("siginfo ends with %#x, alternate stack flags %d", m[47], le.Uint32(m[152:]))
	}
	end := m[1120:]
	if esr != 0 {
		if le.Uint64(end) != 16<<32|0x45535201 || le.Uint64(end[8:]) != esr || le.Uint64(m[304:]) != 0x5555 {
			t.Errorf("esr_context % x", end[:16])
		}
		end = end[16:]
	}
	if le.Uint64(end) != 0 {
		t.Errorf("the list of records ends with % x", end[:8])
	}
}

func TestSignalFrameStack(t *testing.T) {
	s := newUserStack()
	f := someFrame()
	alt := spec.AltStack{SP: s.base, Size: 0x2000}
	end := alt.SP + alt.Size
	f.AltStack, f.OnStack = alt, true
	c := someContext(s.top())
	if err := PushSignalFrame(c, f, s.write); err != nil || c.regs.SP() > end-4704 || c.regs.SP() < end-4720 {
		t.Errorf("frame at %#x for a stack that ends at %#x: %v", c.regs.SP(), end, err)
	}
	for _, sp := range []uintptr{0, 8, 4000, s.base + 4700, 1<<64 - 1} {
		c := someContext(sp)
		before := c.regs
		f.OnStack = false
		if err := PushSignalFrame(c, f, s.write); err != syscall.EFAULT || c.regs != before {
			t.Errorf("stack pointer %#x: error %v", sp, err)
		}
	}
}

// record appends a record to a list.
func record(list []byte, magic, size uint32, body ...byte) []byte {
	at := len(list)
	list = binary.LittleEndian.AppendUint32(list, magic)
	list = binary.LittleEndian.AppendUint32(list, size)
	list = append(list, body...)
	for len(list) < at+int(size) || len(list)%8 != 0 {
		list = append(list, 0)
	}
	return list
}

func TestPopSignalFrameRecords(t *testing.T) {
	const base = 0x7fff_0000_0000
	fp := func(list []byte) []byte { return record(list, fpsimdMagic, fpsimdSize) }
	esr := func(list []byte) []byte { return record(list, esrMagic, esrSize) }
	end := func(list []byte) []byte { return record(list, 0, 0) }
	extra := func(list []byte, distance, n int) []byte {
		at := base + recordsAt + len(list)
		body := binary.LittleEndian.AppendUint64(nil, uint64(at+distance))
		return record(list, extraMagic, extraSize, binary.LittleEndian.AppendUint32(body, uint32(n))...)
	}
	pad := func(list []byte) []byte { return append(list, make([]byte, 8)...) }
	for _, test := range []struct {
		name string
		list []byte
		ok   bool
	}{
		{"as we write it", end(esr(fp(nil))), true},
		{"the other way round", end(fp(esr(nil))), true},
		{"no vectors", end(esr(nil)), false},
		{"vectors twice", end(fp(fp(nil))), false},
		{"vectors too short", end(record(nil, fpsimdMagic, 512)), false},
		{"vectors too long", end(record(nil, fpsimdMagic, 544)), false},
		{"SVE", end(record(fp(nil), 0x53564501, 16)), false},
		{"unknown", end(record(fp(nil), 0x12345678, 16)), false},
		{"end with a size", record(fp(nil), 0, 16), false},
		{"size 0", record(fp(nil), esrMagic, 0), false},
		{"size unaligned", end(record(fp(nil), esrMagic, 24)), false},
		{"size beyond the end", record(fp(nil), esrMagic, 4096), false},
		{"extra", end(fp(pad(end(extra(nil, 48, 544))))), true},
		{"extra behind vectors", end(pad(end(extra(fp(nil), 48, 16)))), true},
		{"extra elsewhere", end(fp(pad(end(extra(nil, 64, 544))))), false},
		{"extra without terminator", end(fp(pad(record(extra(nil, 48, 544), 1, 0)))), false},
		{"extra twice", end(extra(pad(end(extra(nil, 48, 544))), 48, 16)), false},
		{"extra too large", end(fp(pad(end(extra(nil, 48, 1<<20))))), false},
		{"extra of odd size", end(fp(pad(end(extra(nil, 48, 540))))), false},
	} {
		s := &userStack{base, make([]byte, 8192)}
		copy(s.bytes[recordsAt:], test.list)
		c := new(UserContext)
		c.regs.Stack = base
		if _, _, err := PopSignalFrame(c, s.read); (err == nil) != test.ok {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

// FuzzPopSignalFrame makes sure that no frame gives a program more than it may
// have, and that none that is taken was read from outside of itself.
func FuzzPopSignalFrame(f *testing.F) {
	s := newUserStack()
	c := someContext(s.top())
	if err := PushSignalFrame(c, someFrame(), s.write); err != nil {
		f.Fatal(err)
	}
	f.Add(bytes.Clone(s.bytes[c.regs.SP()-s.base:][frameContext:1200]), uint16(0))
	f.Add([]byte{}, uint16(8))
	f.Fuzz(func(t *testing.T, frame []byte, offset uint16) {
		s := newUserStack()
		c := someContext(s.base + uintptr(offset))
		if addr := int(offset) + frameContext; addr < len(s.bytes) {
			copy(s.bytes[addr:], frame)
		}
		_, _, err := PopSignalFrame(c, func(addr uintptr, b []byte) error {
			if addr < s.base || addr-s.base > 1<<20 {
				t.Fatalf("reads %d bytes at %#x", len(b), addr)
			}
			return s.read(addr, b)
		})
		if p := c.regs.PState; err == nil && p&(pstateMode|pstateDAIF|pstateRes0) != 0 {
			t.Errorf("the program may continue with %#x", p)
		}
		if err != nil && err != syscall.EFAULT && err != syscall.EINVAL {
			t.Errorf("error %v", err)
		}
	})
}
