package kernel

import (
	"syscall"

	"onsen/kernel/fs"
	"onsen/kernel/uaccess"
)

// listChunk is how much of a directory is listed by one call at most; a program
// asks until there is nothing.
const listChunk = 32 << 10

func sysGetdents64(t *Task, a *SyscallArgs) (uintptr, error) { return t.getdents(a, fs.PutDirent) }

func sysGetdents(t *Task, a *SyscallArgs) (uintptr, error) { return t.getdents(a, fs.PutOldDirent) }

func (t *Task) getdents(a *SyscallArgs, put func(*[]byte, string, uint64, uint8, int64) bool) (uintptr, error) {
	f := t.files.Borrow(int(int32(a[0])))
	if f.File == nil {
		return 0, syscall.EBADF
	}
	defer f.Done()
	size := uintptr(uint32(a[2]))
	if !uaccess.AccessOK(a[1], size) {
		return 0, syscall.EFAULT
	}
	b := make([]byte, 0, min(size, listChunk))
	at := f.Pos()
	if err := f.ListDir(&b, put); err != nil {
		return 0, err
	}
	if _, err := uaccess.CopyToUser(a[1], b); err != nil {
		f.SetPos(at)
		return 0, err
	}
	return uintptr(len(b)), nil
}
