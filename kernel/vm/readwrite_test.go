package vm

import (
	"testing"

	"onsen/kernel/uaccess"
)

// A read of many pages looks them up at once; holes and the ends of tables split
// it up, and nothing must be lost or come twice.
func TestReadAcrossHoles(t *testing.T) {
	run(t, testReadAcrossHoles)
}

func testReadAcrossHoles(t *testing.T) {
	const pages = 3*readBatch + 6
	c := NewAddressSpace(nil)
	want := make([]byte, pages*pageSize-77)
	for i := range want {
		if (i/pageSize)%7 != 3 && i/pageSize != readBatch {
			want[i] = byte(i/pageSize + i)
		}
	}
	for i := 0; i < pages; i++ {
		if i%7 == 3 || i == readBatch {
			continue
		}
		from := i * pageSize
		writeAt(t, c, want[from:min(len(want), from+pageSize)], int64(from))
	}
	defer c.Release()
	for _, r := range []struct{ pos, n int }{
		{0, len(want)}, {1, len(want) - 2}, {pageSize - 1, 2}, {pageSize, pageSize},
		{3*pageSize - 5, 2*pageSize + 10}, {len(want) - 10, 100}, {len(want), 10},
	} {
		got := make([]byte, r.n)
		it := uaccess.KernelIter(got)
		n, err := c.ReadIter(&it, int64(r.pos), int64(r.n))
		end := min(len(want), r.pos+r.n)
		if err != nil || n != end-r.pos || string(got[:n]) != string(want[r.pos:end]) {
			t.Errorf("%d bytes at %d: %d bytes, %v, or not those", r.n, r.pos, n, err)
		}
	}
}
