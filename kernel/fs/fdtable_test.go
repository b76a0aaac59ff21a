package fs_test

import (
	"syscall"
	"testing"

	"onsen/kernel/fs"
)

// counted is a file that counts its releases.
type counted struct {
	fs.NoOps
	released *int
}

func (c counted) Release(*fs.File) { *c.released++ }

func newCounted(released *int) *fs.File {
	return fs.NewAnonFile("[test]", counted{released: released}, nil, syscall.O_RDWR)
}

func TestFdTable(t *testing.T) {
	inTask(func() { testFdTable(t) })
}

func testFdTable(t *testing.T) {
	s := fs.NewFiles()
	released := 0
	add := func(want int) *fs.File {
		t.Helper()
		f := newCounted(&released)
		if fd, err := s.Add(f, 1024, false); fd != want || err != nil {
			t.Fatalf("descriptor %d, %v, want %d", fd, err, want)
		}
		return f
	}
	a := add(0)
	add(1)
	add(2)
	if err := s.Close(1); err != nil || released != 1 {
		t.Fatalf("close: %v, %d released", err, released)
	}
	if err := s.Close(1); err != syscall.EBADF {
		t.Errorf("second close: %v", err)
	}
	add(1) // the lowest
	add(3)

	for _, c := range []struct {
		from  int
		limit uint64
		want  int
		err   error
	}{
		{0, 1024, 4, nil}, {0, 5, -1, syscall.EMFILE}, {100, 1024, 100, nil}, {100, 1024, 101, nil},
		{1023, 1024, 1023, nil}, {1023, 1024, -1, syscall.EMFILE}, {5, 1024, 5, nil}, {0, 1 << 40, 6, nil},
	} {
		if fd, err := s.AllocFd(c.from, c.limit, false); fd != c.want || err != c.err {
			t.Errorf("AllocFd(%d, %d): %d, %v, want %d, %v", c.from, c.limit, fd, err, c.want, c.err)
		}
	}
	// Descriptors without files are not there yet.
	if s.Get(4) != nil || s.SetCloexec(4, true) != syscall.EBADF || s.Dup2(a, 4, 1024, false) != syscall.EBUSY {
		t.Error("a reserved descriptor is visible")
	}
	s.PutUnused(4)

	if err := s.Dup2(a, 2, 1024, true); err != nil || released != 2 {
		t.Errorf("Dup2: %v, %d released", err, released)
	}
	if f := s.Get(2); f != a {
		t.Error("Dup2 has not taken")
	} else {
		f.Put()
	}
	if s.Dup2(a, 1024, 1024, false) != syscall.EBADF || s.Dup2(a, -1, 1024, false) != syscall.EBADF {
		t.Error("Dup2 beyond the limit")
	}
	if !s.Cloexec(2) || s.Cloexec(0) || s.Cloexec(1<<20) {
		t.Error("FD_CLOEXEC")
	}

	child, err := s.Dup(1 << 30)
	if err != nil {
		t.Fatal(err)
	}
	if fd, err := child.AllocFd(0, 1024, false); fd != 4 || err != nil {
		t.Errorf("in the child: %d, %v; descriptors without files should be free", fd, err)
	}
	if child.Get(2) != a || !child.Cloexec(2) {
		t.Error("the child's copy")
	}
	a.Put()
	child.CloseOnExec()
	if child.Get(2) != nil || s.Get(2) != a {
		t.Error("CloseOnExec")
	}
	a.Put()
	s.CloseRange(1, 1<<40, false)
	if s.Get(1) != nil || s.Get(0) != a {
		t.Error("CloseRange")
	}
	a.Put()
	before := released
	s.Put()
	if released != before {
		t.Error("files that the child has were released")
	}
	child.Put()
	if released != 5 {
		t.Errorf("%d of 5 files released", released)
	}
}

func TestBorrow(t *testing.T) {
	inTask(func() {
		s := fs.NewFiles()
		released := 0
		if _, err := s.Add(newCounted(&released), 10, false); err != nil {
			t.Fatal(err)
		}
		alone := s.Borrow(0)
		alone.Done()
		s.Share()
		f := s.Borrow(0)
		if err := s.Close(0); err != nil || released != 0 {
			t.Errorf("close: %v, %d released while borrowed", err, released)
		}
		f.Done()
		if released != 1 {
			t.Errorf("%d released", released)
		}
		if f := s.Borrow(0); f.File != nil {
			t.Error("closed file borrowed")
		}
	})
}
