package kernel

import (
	"io"
	"syscall"

	"onsen/arch"
	"onsen/kernel/cred"
	"onsen/kernel/fs"
	"onsen/kernel/fs/procfs"
	"onsen/kernel/uaccess"
	"onsen/kernel/vm"
)

// memOps is /proc/PID/mem: the memory of a program as its tracer sees it, the
// position being the address. It is that of the program which there was when the
// file was opened; once that has gone, there is nothing to read.
type memOps struct{ fs.NoOps }

// attachMem returns the memory of the task that the file is about, for those who
// may trace it: EACCES. The file does not keep the memory alive.
func attachMem(key any, c *cred.Cred) (any, error) {
	t, err := keyTask(key)
	if err != nil {
		return nil, err
	}
	m := getTaskMM(t)
	if m == nil {
		return (*vm.MM)(nil), nil
	}
	defer m.Put()
	if m != Current().mm && credMayAccess(Current(), c, t, accessAttachFS) != nil {
		return nil, syscall.EACCES
	}
	return m, nil
}

// memOf returns the memory of an open file with one more use, or nil.
func memOf(f *fs.File) *vm.MM {
	m := f.Private.(*procfs.Opened).Private.(*vm.MM)
	if m == nil || !m.TryGet() {
		return nil
	}
	return m
}

// Read copies from *pos on. EIO for an address where there is nothing.
func (memOps) Read(f *fs.File, to *uaccess.Iter, pos *int64) (int, error) {
	return copyMem(f, to.Len(), pos, func(m *vm.MM, addr uintptr, page []byte) (int, error) {
		n, _ := m.PeekRemote(addr, page)
		if n == 0 {
			return 0, syscall.EIO
		}
		return to.CopyOut(page[:n])
	})
}

// Write copies to *pos.
func (memOps) Write(f *fs.File, from *uaccess.Iter, pos *int64) (int, error) {
	return copyMem(f, from.Len(), pos, func(m *vm.MM, addr uintptr, page []byte) (int, error) {
		n, err := from.CopyIn(page)
		if n == 0 {
			return 0, err
		}
		if n, _ = m.PokeRemote(addr, page[:n]); n == 0 {
			err = syscall.EIO
		}
		return n, err
	})
}

// copyMem has n bytes from *pos on copied by each, a page at a time, and moves
// *pos. An error counts only if nothing has been copied.
func copyMem(f *fs.File, n int, pos *int64, each func(m *vm.MM, addr uintptr, page []byte) (int, error)) (done int, err error) {
	m := memOf(f)
	if m == nil {
		return 0, nil
	}
	defer m.Put()
	buf := make([]byte, min(n, int(arch.PageSize)))
	for done < n && err == nil {
		addr := uintptr(*pos)
		var part int
		part, err = each(m, addr, buf[:min(n-done, int(arch.PageSize-addr%arch.PageSize))])
		done += part
		*pos += int64(part)
	}
	if done > 0 {
		err = nil
	}
	return done, err
}

// Seek moves the position to any address. There is no end.
func (memOps) Seek(f *fs.File, off int64, whence int) (int64, error) {
	switch whence {
	case io.SeekStart:
	case io.SeekCurrent:
		off += f.Pos()
	default:
		return 0, syscall.EINVAL
	}
	f.SetPos(off)
	return off, nil
}
