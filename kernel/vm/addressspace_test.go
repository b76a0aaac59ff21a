package vm

import (
	"bytes"
	"math/rand/v2"
	"syscall"
	"testing"

	"onsen/arch/spec"
	"onsen/kernel/uaccess"
)

// readAll reads the file in pieces.
func readAll(t *testing.T, c *AddressSpace) []byte {
	b := make([]byte, c.Size()+10)
	it := uaccess.KernelIter(b)
	n, err := c.ReadIter(&it, 0, int64(len(b)))
	if err != nil || int64(n) != c.Size() {
		t.Errorf("read %d of %d, %v", n, c.Size(), err)
	}
	return b[:n]
}

func writeAt(t *testing.T, c *AddressSpace, b []byte, pos int64) {
	it := uaccess.KernelIter(b)
	if n, err := c.WriteIter(&it, pos); err != nil || n != len(b) {
		t.Errorf("wrote %d, %v", n, err)
	}
}

func TestAddressSpaceModel(t *testing.T) {
	run(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(1, 2))
		c := NewAddressSpace(nil)
		m := newMM(t)
		if _, err := m.Mmap(MmapArgs{Addr: testBase, Len: 32 * pageSize, Prot: PROT_READ | PROT_WRITE, Flags: MAP_SHARED | MAP_FIXED, Object: c}); err != nil {
			t.Error(err)
		}
		var file []byte
		for range 400 {
			pos := r.IntN(20 * pageSize)
			n := 1 + r.IntN(3*pageSize)
			switch r.IntN(4) {
			case 0, 1:
				b := bytes.Repeat([]byte{byte(1 + r.IntN(255))}, n)
				if pos+n > len(file) {
					file = append(file, make([]byte, pos+n-len(file))...)
				}
				copy(file[pos:], b)
				writeAt(t, c, b, int64(pos))
			case 2:
				if err := c.Truncate(int64(pos)); err != nil {
					t.Error(err)
				}
				if pos < len(file) {
					file = file[:pos]
				} else {
					file = append(file, make([]byte, pos-len(file))...)
				}
			case 3:
				if n = min(n, len(file)-pos); n > 0 {
					clear(file[pos : pos+n])
					c.Punch(int64(pos), int64(n))
				}
			}
			if !bytes.Equal(readAll(t, c), file) {
				t.Errorf("contents differ at %d bytes", len(file))
				return
			}
			if len(file) > 0 { // and through the mapping
				at := r.IntN(len(file))
				if got := get(t, m, testBase+uintptr(at)); got != file[at] {
					t.Errorf("mapping shows %d at %d, want %d", got, at, file[at])
				}
			}
			m.check(t)
		}
		m.Put()
		if c.Mapped() {
			t.Error("still mapped")
		}
		c.Release()
	})
}

func TestTruncateUnmaps(t *testing.T) {
	run(t, func(t *testing.T) {
		c := NewAddressSpace(nil)
		writeAt(t, c, bytes.Repeat([]byte{7}, 4*pageSize), 0)
		var mms [2]*MM
		for i, flags := range []int{MAP_SHARED, MAP_PRIVATE} {
			mms[i] = newMM(t)
			if _, err := mms[i].Mmap(MmapArgs{Addr: testBase, Len: 4 * pageSize, Prot: PROT_READ | PROT_WRITE, Flags: flags | MAP_FIXED, Object: c}); err != nil {
				t.Error(err)
			}
			put(t, mms[i], testBase+3*pageSize, byte(i))
			get(t, mms[i], testBase)
		}
		if err := c.Truncate(pageSize + 100); err != nil {
			t.Error(err)
		}
		if c.Pages() != 2 {
			t.Errorf("%d pages are left", c.Pages())
		}
		for i, m := range mms {
			if r := m.HandleFault(testBase+3*pageSize, spec.AccessRead); r != FaultBus {
				t.Errorf("mapping %d: fault beyond the end: %d", i, r)
			}
			if get(t, m, testBase+pageSize+99) != 7 || get(t, m, testBase+pageSize+100) != 0 {
				t.Errorf("mapping %d: the last page is not cut at the end", i)
			}
			m.check(t)
			m.Put()
		}
		c.Release()
	})
}

func TestCharge(t *testing.T) {
	run(t, func(t *testing.T) {
		used, limit := 0, 3
		c := NewAddressSpace(func(n int) bool {
			if used+n > limit {
				return false
			}
			used += n
			return true
		})
		it := uaccess.KernelIter(make([]byte, 5*pageSize))
		if n, err := c.WriteIter(&it, 0); n != 3*pageSize || err != syscall.ENOSPC {
			t.Errorf("wrote %d, %v", n, err)
		}
		if err := c.Truncate(1); err != nil || used != 1 {
			t.Errorf("%d pages are charged, %v", used, err)
		}
		if err := c.Allocate(0, 4*pageSize); err != syscall.ENOSPC || used != 3 {
			t.Errorf("allocating too much: %v, %d are charged", err, used)
		}
		c.Release()
		if used != 0 {
			t.Errorf("%d pages stay charged", used)
		}
	})
}

func TestSparse(t *testing.T) {
	run(t, func(t *testing.T) {
		c := NewAddressSpace(nil)
		for _, pos := range []int64{1 << 50, 1 << 30, 5, 1 << 40} {
			writeAt(t, c, []byte{1}, pos)
		}
		if c.Size() != 1<<50+1 || c.Pages() != 4 {
			t.Errorf("size %d, %d pages", c.Size(), c.Pages())
		}
		for _, tt := range []struct{ from, want int64 }{{0, 0}, {4096, 1 << 30}, {1<<30 + 4096, 1 << 40}, {1<<40 + 4096, 1 << 50}} {
			if at, ok := c.NextData(tt.from); !ok || at != tt.want {
				t.Errorf("data after %#x: %#x, %v", tt.from, at, ok)
			}
		}
		if at := c.NextHole(0); at != 4096 {
			t.Errorf("first hole: %#x", at)
		}
		c.Release()
	})
}

func TestSharedMemory(t *testing.T) {
	run(t, func(t *testing.T) {
		m := newMM(t)
		at, err := m.Mmap(MmapArgs{Len: 4 * pageSize, Prot: PROT_READ | PROT_WRITE, Flags: MAP_SHARED})
		if err != nil {
			t.Error(err)
		}
		c, err := m.Dup()
		if err != nil {
			t.Error(err)
			return
		}
		put(t, c, at+pageSize, 5)
		if get(t, m, at+pageSize) != 5 {
			t.Error("the parent does not see what the child writes")
		}
		if err := m.Munmap(at, 2*pageSize); err != nil {
			t.Error(err)
		}
		m.check(t)
		m.Put()
		if get(t, c, at+pageSize) != 5 {
			t.Error("memory is gone with the parent")
		}
		c.Put()
	})
}
