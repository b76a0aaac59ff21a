package procfs

import (
	"bytes"
	"io"
	"syscall"

	"onsen/kernel/fs"
	"onsen/kernel/sched"
	"onsen/kernel/uaccess"
)

// text is an open file: what Show wrote when it was read from the start.
type text struct {
	lock  sched.Mutex
	valid bool // lock
	buf   bytes.Buffer
}

// textOps is what a file of text does.
type textOps struct{ fs.NoOps }

// Read gives the contents as they were when the reader began. Going back to the
// start begins anew.
func (textOps) Read(f *fs.File, to *uaccess.Iter, pos *int64) (int, error) {
	n, t := f.Inode.Private.(*node), f.Private.(*text)
	t.lock.Lock()
	defer t.lock.Unlock()
	if *pos < 0 {
		return 0, syscall.EINVAL
	}
	if *pos == 0 || !t.valid {
		t.valid = false
		t.buf.Reset()
		if !n.alive() {
			return 0, syscall.ESRCH
		}
		if err := n.e.Show(n.key, &t.buf); err != nil {
			return 0, err
		}
		t.valid = true
	}
	all := t.buf.Bytes()
	if *pos >= int64(len(all)) {
		return 0, nil
	}
	done, err := to.CopyOut(all[*pos:])
	*pos += int64(done)
	if done > 0 {
		err = nil
	}
	return done, err
}

// Write hands what was written to the entry.
func (textOps) Write(f *fs.File, from *uaccess.Iter, pos *int64) (int, error) {
	n := f.Inode.Private.(*node)
	if !n.alive() {
		return 0, syscall.ESRCH
	}
	w := Write{Cred: f.Cred, Text: make([]byte, min(from.Len(), MaxText)), Len: from.Len(), Pos: *pos}
	if _, err := from.CopyIn(w.Text); err != nil {
		return 0, err
	}
	done, err := n.e.Write(n.key, &w)
	*pos = w.Pos
	return done, err
}

// Seek moves the position. There is no end to seek from.
func (textOps) Seek(f *fs.File, off int64, whence int) (int64, error) {
	switch whence {
	case io.SeekStart:
	case io.SeekCurrent:
		off += f.Pos()
	default:
		return 0, syscall.EINVAL
	}
	if off < 0 {
		return 0, syscall.EINVAL
	}
	f.SetPos(off)
	return off, nil
}
