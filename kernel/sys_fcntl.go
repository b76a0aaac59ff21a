package kernel

import (
	"syscall"

	"onsen/kernel/fs"
	"onsen/kernel/signal"
	"onsen/kernel/uaccess"
)

// Commands of fcntl(2) that package syscall does not have.
const (
	fGetsig       = 11
	fSetsig       = 10
	fSetownEx     = 15
	fGetownEx     = 16
	fOfdGetlk     = 36
	fOfdSetlk     = 37
	fOfdSetlkw    = 38
	fDupfdCloexec = 1030
	fSetpipeSz    = 1031
	fGetpipeSz    = 1032
	fGetlease     = 1025
	fAddSeals     = 1033
	fGetSeals     = 1034
)

func sysFcntl(t *Task, a *SyscallArgs) (uintptr, error) {
	fd, cmd, arg := int(int32(a[0])), int(uint32(a[1])), a[2]
	f := t.files.BorrowRaw(fd)
	if f.File == nil {
		return 0, syscall.EBADF
	}
	defer f.Done()
	switch cmd {
	case syscall.F_DUPFD, fDupfdCloexec:
		if uint64(uint32(arg)) >= t.nofile() {
			return 0, syscall.EINVAL
		}
		f.Get()
		return t.dupFrom(f.File, int(uint32(arg)), cmd == fDupfdCloexec)
	case syscall.F_GETFD:
		if t.files.Cloexec(fd) {
			return syscall.FD_CLOEXEC, nil
		}
		return 0, nil
	case syscall.F_SETFD:
		return 0, t.files.SetCloexec(fd, arg&syscall.FD_CLOEXEC != 0)
	case syscall.F_GETFL:
		return uintptr(f.Flags()), nil
	}
	if f.IsPath() {
		return 0, syscall.EBADF
	}
	return t.fcntl(f.File, fd, cmd, arg)
}

// fcntl does the commands that a file of O_PATH does not have.
func (t *Task) fcntl(f *fs.File, fd, cmd int, arg uintptr) (uintptr, error) {
	switch cmd {
	case syscall.F_SETFL:
		return 0, f.SetStatus(t.cred.Load(), fd, uint32(arg))
	case syscall.F_GETLK, fOfdGetlk:
		return 0, t.getLock(f, arg, cmd == fOfdGetlk)
	case syscall.F_SETLK, syscall.F_SETLKW, fOfdSetlk, fOfdSetlkw:
		return 0, t.setLock(f, arg, cmd >= fOfdGetlk, cmd == syscall.F_SETLKW || cmd == fOfdSetlkw)
	case syscall.F_SETOWN:
		return 0, t.setOwner(f, int32(arg))
	case syscall.F_GETOWN:
		return uintptr(getOwner(f)), nil
	case fGetsig:
		return uintptr(f.Signal()), nil
	case fSetsig:
		if arg > signal.Max {
			return 0, syscall.EINVAL
		}
		f.SetSignal(int(arg))
		return 0, nil
	case fGetlease:
		return syscall.F_UNLCK, nil // there are no leases
	case fSetownEx:
		return 0, t.setOwnerEx(f, arg)
	case fGetownEx:
		return 0, getOwnerEx(f, arg)
	case fAddSeals, fGetSeals:
		return seals(f, cmd == fAddSeals, uint32(arg))
	case fSetpipeSz, fGetpipeSz:
		p, ok := f.Ops.(pipeSizer)
		if !ok {
			return 0, syscall.EBADF
		}
		n := p.PipeSize(f)
		if cmd == fSetpipeSz {
			var err error
			if n, err = p.SetPipeSize(f, uint(uint32(arg))); err != nil {
				return 0, err
			}
		}
		return uintptr(n), nil
	}
	return 0, syscall.EINVAL
}

// sealer is what the Ops of files have that can know seals.
type sealer interface {
	Seals(*fs.File) (set uint32, ok bool)
	AddSeals(f *fs.File, add uint32) error
}

// seals adds seals to a file, EPERM if it is not open for writing, or tells which it
// has. EINVAL for a file that knows none.
func seals(f *fs.File, add bool, arg uint32) (uintptr, error) {
	s, ok := f.Ops.(sealer)
	switch {
	case add && !f.CanWrite():
		return 0, syscall.EPERM
	case !ok:
		return 0, syscall.EINVAL
	case add:
		return 0, s.AddSeals(f, arg)
	}
	have, ok := s.Seals(f)
	if !ok {
		return 0, syscall.EINVAL
	}
	return uintptr(have), nil
}

// pipeSizer is what the FileOps of a pipe have besides.
type pipeSizer interface {
	PipeSize(f *fs.File) int
	SetPipeSize(f *fs.File, n uint) (int, error)
}

// setFileFlag sets a status flag if the int at a user address is not 0, else
// clears it.
func setFileFlag(f *fs.File, flag uint32, addr uintptr) error {
	on, err := uaccess.Get[int32](addr)
	if err != nil {
		return err
	}
	flags := f.Flags() &^ flag
	if on != 0 {
		flags |= flag
	}
	f.SetFlags(flags)
	return nil
}
