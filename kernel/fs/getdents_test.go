package fs_test

import (
	"encoding/binary"
	"fmt"
	"syscall"
	"testing"

	"onsen/kernel/fs"
)

// FuzzGetdents lists a directory of any size through buffers of any size: every
// name comes once, and entries are well-formed.
func FuzzGetdents(f *testing.F) {
	f.Add(uint8(10), uint16(100), false)
	f.Add(uint8(200), uint16(24), true)
	f.Add(uint8(0), uint16(4096), false)
	f.Fuzz(func(t *testing.T, files uint8, size uint16, old bool) {
		inTask(func() { checkGetdents(t, int(files), int(size), old) })
	})
}

func checkGetdents(t *testing.T, files, size int, old bool) {
	ctx := root()
	for i := range files {
		tree(t, ctx, fmt.Sprintf("%0*d", 1+i%40, i))
	}
	dir, err := fs.OpenFile(ctx, "/", syscall.O_RDONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Put()
	put, nameAt := fs.PutDirent, 19
	if old {
		put, nameAt = fs.PutOldDirent, 18
	}
	seen := map[string]bool{}
	for {
		b := make([]byte, 0, size)
		err := dir.ListDir(&b, put)
		if err == syscall.EINVAL && size < 64 {
			return // too small for the next name
		}
		if err != nil {
			t.Fatal(err)
		}
		if len(b) == 0 {
			break
		}
		for len(b) > 0 {
			n := int(binary.NativeEndian.Uint16(b[16:]))
			if n%8 != 0 || n > len(b) || n < nameAt+2 {
				t.Fatalf("entry of %d bytes in %d", n, len(b))
			}
			name := b[nameAt:n]
			for i, c := range name {
				if c == 0 {
					name = name[:i]
					break
				}
			}
			if seen[string(name)] {
				t.Errorf("%s twice", name)
			}
			seen[string(name)] = true
			b = b[n:]
		}
	}
	if len(seen) != files+2 {
		t.Errorf("%d names of %d", len(seen), files+2)
	}
}
