package fs_test

import (
	"fmt"
	"math"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"onsen/kernel/fs"
)

// TestRecordLocks does steps of the form "A w 0-9": owner, r, w or u for unlock,
// bytes. A step ends in "!" if it is to fail with EAGAIN.
func TestRecordLocks(t *testing.T) { inTask(func() { testRecordLocks(t) }) }

func testRecordLocks(t *testing.T) {
	for _, c := range []struct {
		steps string
		want  string // what another owner meets, byte by byte from 0 to 9
	}{
		{"", "----------"},
		{"A w 0-3", "wwww------"},
		{"A w 0-3, A w 4-6", "wwwwwww---"},
		{"A w 0-3, A r 2-5", "wwrrrr----"},
		{"A w 0-9, A u 3-4", "www--wwwww"},
		{"A w 0-9, A r 3-4, A w 3-4", "wwwwwwwwww"},
		{"A r 2-4, A w 0-9", "wwwwwwwwww"},
		{"A r 0-9, B r 3-4, A u 0-9", "---rr-----"},
		{"A r 0-9, B w 3-4!", "rrrrrrrrrr"},
		{"A w 0-3, B w 4-9, B r 3-3!", "wwwwwwwwww"},
		{"A w 2-3, A w 6-7, A r 3-6", "--wrrrrw--"},
		{"A u 0-9, A w 5-5, A u 4-4, A u 6-6", "-----w----"},
	} {
		ctx := root()
		write(t, ctx, "f", "0123456789")
		f, err := fs.OpenFile(ctx, "f", syscall.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, step := range strings.Split(c.steps, ", ") {
			if step != "" {
				doLock(t, f, step)
			}
		}
		var got strings.Builder
		for at := range int64(10) {
			got.WriteByte(kindAt(f, at))
		}
		if got.String() != c.want {
			t.Errorf("%s: %s, want %s", c.steps, got.String(), c.want)
		}
		f.Put()
	}
}

func doLock(t *testing.T, f *fs.File, step string) {
	t.Helper()
	var owner, kind string
	var start, end int64
	if _, err := fmt.Sscanf(strings.TrimSuffix(step, "!"), "%s %s %d-%d", &owner, &kind, &start, &end); err != nil {
		t.Fatal(step, err)
	}
	r := fs.RecordLock{Type: map[string]int16{"r": syscall.F_RDLCK, "w": syscall.F_WRLCK, "u": syscall.F_UNLCK}[kind],
		Start: start, End: end, Owner: owner}
	want := error(nil)
	if strings.HasSuffix(step, "!") {
		want = syscall.EAGAIN
	}
	if err := f.SetRecordLock(&r, false); err != want {
		t.Errorf("%s: %v, want %v", step, err, want)
	}
}

func kindAt(f *fs.File, at int64) byte {
	probe := fs.RecordLock{Type: syscall.F_WRLCK, Start: at, End: at, Owner: "nobody"}
	l, found := f.TestRecordLock(&probe)
	switch {
	case !found:
		return '-'
	case l.Type == syscall.F_WRLCK:
		return 'w'
	}
	return 'r'
}

func TestLockLength(t *testing.T) {
	for _, c := range []struct {
		start, n   int64
		from, upTo int64
		err        error
	}{
		{5, 3, 5, 7, nil}, {5, 0, 5, math.MaxInt64, nil}, {5, -5, 0, 4, nil}, {5, -6, 0, 0, syscall.EINVAL},
		{-1, 3, 0, 0, syscall.EINVAL}, {math.MaxInt64, 2, 0, 0, syscall.EOVERFLOW}, {math.MaxInt64, 1, math.MaxInt64, math.MaxInt64, nil},
	} {
		r := fs.RecordLock{Start: c.start}
		err := r.SetLength(c.n)
		if err != c.err || err == nil && (r.Start != c.from || r.End != c.upTo) {
			t.Errorf("%d, length %d: %d-%d, %v", c.start, c.n, r.Start, r.End, err)
		}
	}
}

func TestLockWaits(t *testing.T) { inTask(func() { testLockWaits(t) }) }

func testLockWaits(t *testing.T) {
	ctx := root()
	write(t, ctx, "f", "x")
	f, err := fs.OpenFile(ctx, "f", syscall.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	lock := func(owner string, typ int16, at int64) error {
		return f.SetRecordLock(&fs.RecordLock{Type: typ, Start: at, End: at, Owner: owner}, true)
	}
	for _, err := range []error{lock("A", syscall.F_WRLCK, 1), lock("B", syscall.F_WRLCK, 2)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	// Each asks for what the other has. Whoever is second is told; it gives up
	// what it has, and the other goes on.
	var deadlocks atomic.Int32
	cross := func(owner string, has, wants int64) func() {
		return func() {
			switch err := lock(owner, syscall.F_WRLCK, wants); err {
			case nil:
			case syscall.EDEADLK:
				deadlocks.Add(1)
			default:
				t.Error(owner, err)
			}
			if err := lock(owner, syscall.F_UNLCK, has); err != nil {
				t.Error(owner, err)
			}
		}
	}
	inTasks(cross("A", 1, 2), cross("B", 2, 1))
	if n := deadlocks.Load(); n != 1 {
		t.Errorf("%d deadlocks", n)
	}
}
