package kernel

import (
	"syscall"

	"onsen/kernel/fs"
	"onsen/kernel/signal"
	"onsen/kernel/uaccess"
)

// Signals of open files with O_ASYNC: who gets them, and what (fcntl(2), F_SETOWN and
// F_SETSIG; Linux's fs/fcntl.c).

func init() { fs.SendSIGIO = sendSIGIO }

// ownerEx is struct f_owner_ex.
type ownerEx struct{ kind, pid int32 }

// ownerTypes are the types of owners by the kinds of ownerEx: F_OWNER_TID, _PID and
// _PGRP.
var ownerTypes = [...]PidType{PIDTYPE_PID, PIDTYPE_TGID, PIDTYPE_PGID}

// fileOwner returns the owner of a file that the task names.
func (t *Task) fileOwner(pid *Pid, typ PidType) *fs.Owner {
	o := &fs.Owner{Type: uint8(typ)}
	if pid != nil {
		o.Pid, o.UID, o.EUID = pid, t.Cred().UID, t.Cred().EUID
	}
	return o
}

// setOwner does F_SETOWN: a process, or, negative, a process group: EINVAL, ESRCH.
func (t *Task) setOwner(f *fs.File, who int32) error {
	switch {
	case who == -1<<31:
		return syscall.EINVAL
	case who < 0:
		return t.setOwnerPid(f, -who, PIDTYPE_PGID)
	}
	return t.setOwnerPid(f, who, PIDTYPE_TGID)
}

// setOwnerEx does F_SETOWN_EX: EINVAL, ESRCH, EFAULT.
func (t *Task) setOwnerEx(f *fs.File, addr uintptr) error {
	o, err := uaccess.Get[ownerEx](addr)
	if err != nil {
		return err
	}
	if uint32(o.kind) >= uint32(len(ownerTypes)) {
		return syscall.EINVAL
	}
	return t.setOwnerPid(f, o.pid, ownerTypes[o.kind])
}

// setOwnerPid makes the id nr the owner of f, 0 nobody. Whatever has the number may
// be named, also what is not of this type: ESRCH if nothing has it.
func (t *Task) setOwnerPid(f *fs.File, nr int32, typ PidType) error {
	var pid *Pid
	if nr != 0 {
		if pid = FindPid(int(nr)); pid == nil {
			return syscall.ESRCH
		}
	}
	f.SetOwner(t.fileOwner(pid, typ))
	return nil
}

// ownerOf returns the number and the type of a file's owner, 0 if there is none any
// more.
func ownerOf(f *fs.File) (nr int32, typ PidType) {
	o := f.Owner()
	if o == nil {
		return 0, PIDTYPE_PID
	}
	typ = PidType(o.Type)
	if pid, ok := o.Pid.(*Pid); ok && pid.Task(typ) != nil {
		nr = int32(pid.Nr())
	}
	return nr, typ
}

// getOwner does F_GETOWN.
func getOwner(f *fs.File) int32 {
	nr, typ := ownerOf(f)
	if typ == PIDTYPE_PGID {
		return -nr
	}
	return nr
}

// getOwnerEx does F_GETOWN_EX: EFAULT.
func getOwnerEx(f *fs.File, addr uintptr) error {
	nr, typ := ownerOf(f)
	for kind, of := range ownerTypes {
		if of == typ {
			return uaccess.Put(addr, ownerEx{int32(kind), nr})
		}
	}
	return syscall.EINVAL
}

// sendSIGIO is fs.SendSIGIO. Linux's send_sigio.
func sendSIGIO(f *fs.File, fd int, band fs.Band) {
	o := f.Owner()
	if o == nil || o.Pid == nil {
		return
	}
	stockSignalEntries()
	tasklistLock.Lock()
	defer tasklistLock.Unlock()
	typ := PidType(o.Type)
	for p := o.Pid.(*Pid).tasks[typ]; p != nil; p = p.pidLinks[typ].next {
		if sigioPerm(p, o) {
			sendSIGIOTo(p, typ, f.Signal(), fd, band)
		}
	}
}

// sigioPerm reports whether whoever has named the owner may send t signals. Linux's
// sigio_perm.
func sigioPerm(t *Task, o *fs.Owner) bool {
	c := t.Cred()
	return o.EUID == 0 || o.EUID == c.SUID || o.EUID == c.UID || o.UID == c.SUID || o.UID == c.UID
}

// bandEvents are the events that si_band has for a Band. Linux's band_table.
var bandEvents = map[fs.Band]fs.PollEvents{
	fs.BandIn:  fs.PollIn | fs.PollRdNorm,
	fs.BandOut: fs.PollOut | fs.PollWrNorm | fs.PollWrBand,
	fs.BandErr: fs.PollErr,
	fs.BandHup: fs.PollHup | fs.PollErr,
}

// sendSIGIOTo sends one task, or its process, the signal that the file asks for, or
// plain SIGIO if that is none or cannot be queued. Linux's send_sigio_to_task.
//
// Preconditions: tasklistLock held.
func sendSIGIOTo(t *Task, typ PidType, sig, fd int, band fs.Band) {
	if typ != PIDTYPE_PID {
		typ = PIDTYPE_TGID
	}
	if sig != 0 {
		code := int32(band)
		if sig != signal.SIGIO && signal.HasCodes(sig) {
			code = signal.SI_SIGIO
		}
		info := signal.Poll(sig, code, int64(bandEvents[band]), fd)
		if sendUnderTasklist(sig, &info, t, typ) == nil {
			return
		}
	}
	_ = sendUnderTasklist(signal.SIGIO, nil, t, typ)
}
