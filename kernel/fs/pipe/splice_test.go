//go:build !metal

package pipe

import (
	"syscall"
	"testing"

	"onsen/kernel/fs"
	"onsen/kernel/sched/schedtest"
	"onsen/kernel/uaccess"
)

// memFile is a file in memory that takes up to room bytes.
type memFile struct {
	fs.NoOps
	data []byte
	room int
}

func (m *memFile) Read(_ *fs.File, to *uaccess.Iter, pos *int64) (int, error) {
	n, err := to.CopyOut(m.data[min(int(*pos), len(m.data)):])
	*pos += int64(n)
	return n, err
}

func (m *memFile) Write(_ *fs.File, from *uaccess.Iter, pos *int64) (int, error) {
	b := make([]byte, min(from.Len(), m.room))
	if len(b) == 0 {
		return 0, syscall.ENOSPC
	}
	n, err := from.CopyIn(b)
	m.room -= n
	m.data = append(m.data, b...)
	*pos += int64(n)
	return n, err
}

func newMemFile(s string, room int) (*fs.File, *memFile) {
	m := &memFile{data: []byte(s), room: room}
	i := fs.NewPseudoInode(syscall.S_IFREG|0o600, fs.NoInodeOps{})
	return fs.NewPseudoFile(i, "file", m, nil, syscall.O_RDWR), m
}

func TestSpliceFile(t *testing.T) {
	schedtest.Run(t, func() {
		e := open(t, syscall.O_NONBLOCK)
		all := text(20*pageSize + 7)
		in, _ := newMemFile(all, 0)
		pos := int64(5)
		if n, err := e.p.FromFile(in, &pos, len(all), true); n != 16*pageSize || err != nil || pos != int64(n)+5 {
			t.Errorf("in: %d %v, position %d", n, err, pos)
		}
		if n, err := e.p.FromFile(in, &pos, 1, true); n != 0 || err != syscall.EAGAIN {
			t.Errorf("into a full pipe: %d %v", n, err)
		}
		out, m := newMemFile("", 10*pageSize+1)
		to := int64(0)
		if n, err := e.p.ToFile(out, &to, 1<<20, true); n != 10*pageSize+1 || err != nil {
			t.Errorf("out: %d %v", n, err)
		}
		if string(m.data) != all[5:5+10*pageSize+1] {
			t.Error("not the same data")
		}
		if n, err := e.p.ToFile(out, &to, 1<<20, true); n != 0 || err != syscall.ENOSPC {
			t.Errorf("to a full file: %d %v", n, err)
		}
		e.got(pageSize-1, all[5+10*pageSize+1:5+11*pageSize], nil)
		pos = int64(len(all)) - 3
		if n, err := e.p.FromFile(in, &pos, 100, true); n != 3 || err != nil {
			t.Errorf("the end: %d %v", n, err)
		}
		if n, err := e.p.FromFile(in, &pos, 100, true); n != 0 || err != nil {
			t.Errorf("behind the end: %d %v", n, err)
		}
		e.r.Put()
		if n, err := e.p.FromFile(in, &pos, 100, true); n != 0 || err != syscall.EPIPE {
			t.Errorf("without a reader: %d %v", n, err)
		}
		e.w.Put()
	})
	leaks(t)
}

func TestMoveAndTee(t *testing.T) {
	schedtest.Run(t, func() {
		a, b := open(t, syscall.O_NONBLOCK), open(t, syscall.O_NONBLOCK)
		a.wrote("hello", 5, nil)
		if n, err := a.p.CopyTo(b.p, 4, true); n != 4 || err != nil {
			t.Errorf("tee: %d %v", n, err)
		}
		a.wrote("!", 1, nil) // must not appear in b
		b.wrote("?", 1, nil) // must not appear in a
		b.got(10, "hell?", nil)
		if n, err := a.p.MoveTo(b.p, 3, true); n != 3 || err != nil {
			t.Errorf("move: %d %v", n, err)
		}
		a.got(10, "lo!", nil)
		b.got(10, "hel", nil)
		if _, err := a.p.MoveTo(b.p, 3, true); err != syscall.EAGAIN {
			t.Errorf("out of an empty pipe: %v", err)
		}
		a.w.Put()
		if n, err := a.p.CopyTo(b.p, 3, true); n != 0 || err != nil {
			t.Errorf("out of an ended pipe: %d %v", n, err)
		}
		for _, f := range []*fs.File{a.r, b.r, b.w} {
			f.Put()
		}
	})
	leaks(t)
}

func TestVmspliceAndCopy(t *testing.T) {
	schedtest.Run(t, func() {
		e := open(t, syscall.O_NONBLOCK)
		it := uaccess.KernelIter([]byte(text(20 * pageSize)))
		if n, err := e.p.FromUser(&it, true); n != 16*pageSize || err != nil {
			t.Errorf("vmsplice: %d %v", n, err)
		}
		e.r.Put()
		e.w.Put()
		in, _ := newMemFile(text(3*pageSize), 0)
		out, m := newMemFile("", 2*pageSize+10)
		from, to := int64(1), int64(0)
		if n, err := Copy(in, &from, out, &to, 1<<20); n != 2*pageSize+10 || err != nil || from != int64(n)+1 || to != int64(n) {
			t.Errorf("sendfile: %d %v, positions %d %d", n, err, from, to)
		}
		if string(m.data) != text(3 * pageSize)[1:2*pageSize+11] {
			t.Error("not the same data")
		}
	})
	leaks(t)
}
