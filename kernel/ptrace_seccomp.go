package kernel

import (
	"encoding/binary"
	"syscall"

	"onsen/kernel/cred"
	"onsen/kernel/seccomp"
	"onsen/kernel/uaccess"
)

// seesSeccomp reports whether the calling task t may look into others' filters, and
// suspend them: it has CAP_SYS_ADMIN, and none itself.
func (t *Task) seesSeccomp() bool {
	return Capable(cred.CAP_SYS_ADMIN) && t.seccomp.mode.Load() == SECCOMP_MODE_DISABLED
}

// nthFilter returns one of a frozen tracee's filters, counted from 0, oldest first.
// EACCES, EINVAL if it is in another mode, ENOENT if it has not as many.
func nthFilter(t, child *Task, n uint64) (*seccomp.Filter, error) {
	switch {
	case !t.seesSeccomp():
		return nil, syscall.EACCES
	case child.seccomp.mode.Load() != SECCOMP_MODE_FILTER:
		return nil, syscall.EINVAL
	}
	f := child.seccomp.filter.Load().Nth(n)
	if f == nil {
		return nil, syscall.ENOENT
	}
	return f, nil
}

// ptraceSeccompFilter copies a filter's program to data, unless that is 0, and returns
// how many instructions it has.
func ptraceSeccompFilter(t, child *Task, n, data uintptr) (uintptr, error) {
	f, err := nthFilter(t, child, uint64(n))
	if err != nil {
		return 0, err
	}
	code := f.Program.Code()
	if data != 0 {
		err = uaccess.PutSlice(data, code)
	}
	return uintptr(len(code)), err
}

// ptraceSeccompMetadata completes struct seccomp_metadata: the number of a filter, and
// of the flags with which it was installed SECCOMP_FILTER_FLAG_LOG. There are size
// bytes at data. It returns how many of them it uses. EINVAL if there are too few to ask.
func ptraceSeccompMetadata(t, child *Task, size, data uintptr) (uintptr, error) {
	switch {
	case !t.seesSeccomp():
		return 0, syscall.EACCES
	case size < 8:
		return 0, syscall.EINVAL
	}
	n, err := uaccess.Get64(data)
	if err != nil {
		return 0, err
	}
	f, err := nthFilter(t, child, n)
	if err != nil {
		return 0, err
	}
	flags := uint64(0)
	if f.Log {
		flags = uint64(SECCOMP_FILTER_FLAG_LOG)
	}
	m := binary.LittleEndian.AppendUint64(nil, n)
	m = binary.LittleEndian.AppendUint64(m, flags)
	size = min(size, uintptr(len(m)))
	_, err = uaccess.CopyToUser(data, m[:size])
	return size, err
}
