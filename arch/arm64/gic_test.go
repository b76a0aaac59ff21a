package arm64

import "testing"

func TestBitWord(t *testing.T) {
	for _, test := range []struct {
		array, irq, offset uintptr
		bit                uint32
	}{
		{gicdSetEnable, 0, 0x100, 1},
		{gicdSetEnable, 27, 0x100, 1 << 27},
		{gicdClrEnable, 33, 0x184, 1 << 1},
		{gicdGroup, 1019, 0x80 + 31*4, 1 << 27},
	} {
		if offset, bit := bitWord(test.array, test.irq); offset != test.offset || bit != test.bit {
			t.Errorf("interrupt %d in %#x: bit %#x at %#x, want %#x at %#x", test.irq, test.array, bit, offset, test.bit, test.offset)
		}
	}
}

func TestConfigBits(t *testing.T) {
	for _, test := range []struct {
		irq, offset uintptr
		edge        uint32
	}{
		{16, 0xc04, 0x2},
		{27, 0xc04, 0x2 << 22},
		{32, 0xc08, 0x2},
		{47, 0xc08, 0x8000_0000},
		{48, 0xc0c, 0x2},
	} {
		if offset, edge := configBits(test.irq); offset != test.offset || edge != test.edge {
			t.Errorf("interrupt %d: bit %#x at %#x, want %#x at %#x", test.irq, edge, offset, test.edge, test.offset)
		}
	}
}

func TestSGIRegister(t *testing.T) {
	for _, test := range []struct{ mpidr, want uint64 }{
		{0x0, 1},
		{0x3, 1 << 3},
		{0xf, 1 << 15},
		{0x10, 1<<44 | 1},              // range selector
		{0x1_02, 1<<16 | 1<<2},         // Aff1
		{0x2_01_00, 2<<32 | 1<<16 | 1}, // Aff2
		{0x7f_0000_0001, 0x7f<<48 | 2}, // Aff3
	} {
		if got := sgiRegister(test.mpidr); got != test.want {
			t.Errorf("MPIDR %#x: %#x, want %#x", test.mpidr, got, test.want)
		}
	}
}

func TestRedistributor(t *testing.T) {
	for _, test := range []struct {
		typer, stride  uint64
		affinity, size uint64
	}{
		{0x0000_0000_0000_0000, 0, 0, 0x20000},
		{0x0000_0102_0000_0211, 0, 0x102, 0x20000},
		{0x0001_0203_0000_0002, 0, 0x1_0203, 0x40000},
		{0x8001_0203_0000_0002, 0x10000, 0x80_0001_0203, 0x10000},
	} {
		if got := redistributorAffinity(test.typer); got != test.affinity {
			t.Errorf("GICR_TYPER %#x: affinity %#x, want %#x", test.typer, got, test.affinity)
		}
		if got := redistributorSize(test.typer, test.stride); got != test.size {
			t.Errorf("GICR_TYPER %#x: size %#x, want %#x", test.typer, got, test.size)
		}
	}
}
