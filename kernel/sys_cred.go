package kernel

import (
	"syscall"

	"onsen/kernel/cred"
	"onsen/kernel/uaccess"
)

var credSyscalls = []Syscall{
	{"getuid", func(t *Task, _ *SyscallArgs) (uintptr, error) { return uintptr(t.Cred().UID), nil }},
	{"geteuid", func(t *Task, _ *SyscallArgs) (uintptr, error) { return uintptr(t.Cred().EUID), nil }},
	{"getgid", func(t *Task, _ *SyscallArgs) (uintptr, error) { return uintptr(t.Cred().GID), nil }},
	{"getegid", func(t *Task, _ *SyscallArgs) (uintptr, error) { return uintptr(t.Cred().EGID), nil }},
	{"getresuid", func(t *Task, a *SyscallArgs) (uintptr, error) {
		c := t.Cred()
		return putThree(a, c.UID, c.EUID, c.SUID)
	}},
	{"getresgid", func(t *Task, a *SyscallArgs) (uintptr, error) {
		c := t.Cred()
		return putThree(a, c.GID, c.EGID, c.SGID)
	}},
	{"setuid", func(t *Task, a *SyscallArgs) (uintptr, error) { return t.changeCred(t.Cred().SetUID(uint32(a[0]))) }},
	{"setgid", func(t *Task, a *SyscallArgs) (uintptr, error) { return t.changeCred(t.Cred().SetGID(uint32(a[0]))) }},
	{"setreuid", func(t *Task, a *SyscallArgs) (uintptr, error) {
		return t.changeCred(t.Cred().SetREUID(uint32(a[0]), uint32(a[1])))
	}},
	{"setregid", func(t *Task, a *SyscallArgs) (uintptr, error) {
		return t.changeCred(t.Cred().SetREGID(uint32(a[0]), uint32(a[1])))
	}},
	{"setresuid", func(t *Task, a *SyscallArgs) (uintptr, error) {
		return t.changeCred(t.Cred().SetRESUID(uint32(a[0]), uint32(a[1]), uint32(a[2])))
	}},
	{"setresgid", func(t *Task, a *SyscallArgs) (uintptr, error) {
		return t.changeCred(t.Cred().SetRESGID(uint32(a[0]), uint32(a[1]), uint32(a[2])))
	}},
	{"setfsuid", func(t *Task, a *SyscallArgs) (uintptr, error) {
		old := t.Cred()
		t.commitCreds(old.SetFSUID(uint32(a[0])))
		return uintptr(old.FSUID), nil
	}},
	{"setfsgid", func(t *Task, a *SyscallArgs) (uintptr, error) {
		old := t.Cred()
		t.commitCreds(old.SetFSGID(uint32(a[0])))
		return uintptr(old.FSGID), nil
	}},
	{"getgroups", sysGetgroups},
	{"setgroups", sysSetgroups},
	{"capget", sysCapget},
	{"capset", sysCapset},
}

// putThree stores three IDs where the first three arguments say.
func putThree(a *SyscallArgs, ids ...uint32) (uintptr, error) {
	for i, id := range ids {
		if err := uaccess.Put(a[i], id); err != nil {
			return 0, err
		}
	}
	return 0, nil
}

// changeCred gives the calling task new credentials unless there was an error. A
// task that becomes one of a user who has too many already may go on, but not
// execute another program; see checkNproc.
func (t *Task) changeCred(c *cred.Cred, err error) (uintptr, error) {
	if err != nil {
		return 0, err
	}
	uid := t.Cred().UID
	t.commitCreds(c)
	if c.UID != uid {
		if t.nprocExceeded() {
			t.flags.Or(PF_NPROC_EXCEEDED)
		} else {
			t.flags.And(^PF_NPROC_EXCEEDED)
		}
	}
	return 0, nil
}

// sysGetgroups is getgroups(2).
func sysGetgroups(t *Task, a *SyscallArgs) (uintptr, error) {
	size, groups := int(int32(a[0])), t.Cred().Groups
	switch {
	case size < 0, size != 0 && len(groups) > size:
		return 0, syscall.EINVAL
	case size != 0:
		if err := uaccess.PutSlice(a[1], groups); err != nil {
			return 0, err
		}
	}
	return uintptr(len(groups)), nil
}

// sysSetgroups is setgroups(2).
func sysSetgroups(t *Task, a *SyscallArgs) (uintptr, error) {
	size := int(int32(a[0]))
	switch {
	case !Capable(cred.CAP_SETGID):
		return 0, syscall.EPERM
	case uint(size) > cred.MaxGroups:
		return 0, syscall.EINVAL
	}
	groups := make([]uint32, size)
	if err := uaccess.GetSlice(groups, a[1]); err != nil {
		return 0, err
	}
	return t.changeCred(t.Cred().SetGroups(groups))
}

// The versions of capget(2)'s structures. The first has 32 capabilities, the
// others 64.
const (
	capVersion1 = 0x19980330
	capVersion2 = 0x20071026
	capVersion3 = 0x20080522
)

// capHeader is struct __user_cap_header_struct.
type capHeader struct {
	version uint32
	pid     int32
}

// capData is struct __user_cap_data_struct: 32 capabilities of each set.
type capData struct{ effective, permitted, inheritable uint32 }

// readCapHeader reads the header of capget and capset, and tells how many
// capData follow. EINVAL means that the version is unknown, in which case the
// program is told a known one.
func readCapHeader(addr uintptr) (h capHeader, n int, err error) {
	if h.version, err = uaccess.Get[uint32](addr); err != nil {
		return h, 0, err
	}
	switch h.version {
	case capVersion1:
		n = 1
	case capVersion2, capVersion3:
		n = 2
	default:
		if err := uaccess.Put(addr, uint32(capVersion3)); err != nil {
			return h, 0, err
		}
		return h, 0, syscall.EINVAL
	}
	return h, n, nil
}

// sysCapget is capget(2).
func sysCapget(t *Task, a *SyscallArgs) (uintptr, error) {
	h, n, err := readCapHeader(a[0])
	if a[1] == 0 && err == syscall.EINVAL {
		return 0, nil // it only asked for the version
	}
	if err != nil || a[1] == 0 {
		return 0, err
	}
	if h.pid, err = uaccess.Get[int32](a[0] + 4); err != nil {
		return 0, err
	}
	if h.pid < 0 {
		return 0, syscall.EINVAL
	}
	c := t.Cred()
	if h.pid != 0 {
		target := FindTaskByPid(int(h.pid))
		if target == nil {
			return 0, syscall.ESRCH
		}
		c = target.Cred()
	}
	var data [2]capData
	for i := range data {
		data[i] = capData{
			uint32(c.Effective >> (32 * i)),
			uint32(c.Permitted >> (32 * i)),
			uint32(c.Inheritable >> (32 * i)),
		}
	}
	return 0, uaccess.PutSlice(a[1], data[:n])
}

// sysCapset is capset(2).
func sysCapset(t *Task, a *SyscallArgs) (uintptr, error) {
	h, n, err := readCapHeader(a[0])
	if err != nil {
		return 0, err
	}
	if h.pid, err = uaccess.Get[int32](a[0] + 4); err != nil {
		return 0, err
	}
	if h.pid != 0 && int(h.pid) != t.Pid {
		return 0, syscall.EPERM
	}
	var data [2]capData
	if err := uaccess.GetSlice(data[:n], a[1]); err != nil {
		return 0, err
	}
	set := func(low, high uint32) cred.CapSet { return cred.CapSet(low) | cred.CapSet(high)<<32 }
	return t.changeCred(t.Cred().SetCaps(
		set(data[0].effective, data[1].effective),
		set(data[0].permitted, data[1].permitted),
		set(data[0].inheritable, data[1].inheritable)))
}
