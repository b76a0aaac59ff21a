package kernel

import (
	"syscall"

	"onsen/kernel/cred"
	"onsen/kernel/errno"
	"onsen/kernel/printk"
	"onsen/kernel/sched"
	"onsen/kernel/uaccess"
)

// sysSyslog is syslog(2).
func sysSyslog(t *Task, a *SyscallArgs) (uintptr, error) {
	action, addr, n := int(int32(a[0])), a[1], int(int32(a[2]))
	if !mayReadLog(action) {
		return 0, syscall.EPERM
	}
	switch action {
	case printk.SyslogRead, printk.SyslogReadAll, printk.SyslogReadClear:
		return readLog(action, addr, n)
	}
	v, e := printk.Syslog(action, nil, n)
	return uintptr(v), errnoOrNil(e)
}

// mayReadLog checks who may do what. With dmesg_restrict at 0 everybody may read
// all of the log and ask for its size.
func mayReadLog(action int) bool {
	switch action {
	case printk.SyslogReadAll, printk.SyslogSizeBuffer:
		return true
	}
	return Capable(cred.CAP_SYSLOG) || Capable(cred.CAP_SYS_ADMIN)
}

// readLog does the actions that copy out of the log.
func readLog(action int, addr uintptr, n int) (uintptr, error) {
	if addr == 0 || n < 0 {
		return 0, syscall.EINVAL
	}
	if n == 0 {
		return 0, nil
	}
	if !uaccess.AccessOK(addr, uintptr(n)) {
		return 0, syscall.EFAULT
	}
	size, _ := printk.Syslog(printk.SyslogSizeBuffer, nil, 0)
	buf := make([]byte, min(n, size))
	for {
		got, e := printk.Syslog(action, buf, len(buf))
		if e == syscall.EAGAIN {
			if err := logWait.WaitInterruptible(printk.SyslogReady); err != nil {
				return 0, errno.ERESTARTSYS
			}
			continue
		}
		if e != 0 {
			return 0, e
		}
		_, err := uaccess.CopyToUser(addr, buf[:got])
		return uintptr(got), err
	}
}

// logWait is where readers of the log wait for more of it.
var logWait sched.WaitQueue

func errnoOrNil(e syscall.Errno) error {
	if e == 0 {
		return nil
	}
	return e
}
