package kernel

import (
	"bytes"
	"encoding/hex"
	"strconv"
	"sync/atomic"
	"syscall"

	"onsen/arch"
	"onsen/kernel/cred"
	"onsen/kernel/fs"
	"onsen/kernel/fs/procfs"
	"onsen/kernel/printk"
	"onsen/kernel/seccomp"
	"onsen/kernel/timekeeping"
)

// seccompLogged is /proc/sys/kernel/seccomp/actions_logged, a seccomp.ActionSet.
var seccompLogged atomic.Uint32

func init() { seccompLogged.Store(uint32(seccomp.AllActions &^ seccomp.SetOf(seccomp.Allow))) }

// showActionsLogged shows it.
func showActionsLogged(_ any, w *bytes.Buffer) error {
	w.WriteString(seccomp.ActionSet(seccompLogged.Load()).String() + "\n")
	return nil
}

// writeActionsLogged sets it: EPERM; EINVAL for a name that there is not, and for what
// is allowed.
func writeActionsLogged(_ any, w *procfs.Write) (int, error) {
	if !Capable(cred.CAP_SYS_ADMIN) {
		return 0, syscall.EPERM
	}
	line := "" // and that is what a write that means nothing else sets
	n, err := writeSysctlString(w, "", func(s string) { line = s })
	if err == nil {
		err = setActionsLogged(line)
	}
	if err != nil {
		return 0, err
	}
	return n, nil
}

func setActionsLogged(names string) error {
	names = names[:min(len(names), len(seccomp.AllActions.String()))]
	set, ok := seccomp.ParseActions(names)
	if !ok || set.Has(seccomp.Allow) {
		return syscall.EINVAL
	}
	seccompLogged.Store(uint32(set))
	return nil
}

// seccompSelfLogged are the actions that are logged though the filter has not asked
// for it.
var seccompSelfLogged = seccomp.SetOf(seccomp.KillProcess, seccomp.KillThread, seccomp.Log)

// seccompMessages bounds the messages about seccomp: a program could make any number
// of them. Linux's printk_ratelimit has the same figures.
var seccompMessages = messageLimit{burst: 10, interval: 5e9}

// auditSerial counts the messages in Linux's audit format.
var auditSerial atomic.Uint32

// logSeccomp says what was done about the system call that the calling task is in, if
// that is to be logged: sig is the signal that ends the task, or 0, and match the
// filter that has decided, or nil. The words are those of Linux's audit messages.
func (t *Task) logSeccomp(action seccomp.Action, sig int, match *seccomp.Filter) {
	wanted := match != nil && match.Log || seccompSelfLogged.Has(action)
	if !wanted || !seccomp.ActionSet(seccompLogged.Load()).Has(action) || !seccompMessages.allow() {
		return
	}
	now := timekeeping.Realtime()
	c := t.Cred()
	printk.Notice("audit: type=1326 audit(%d.%03d:%d): auid=4294967295 uid=%d gid=%d ses=4294967295 "+
		"pid=%d comm=%s exe=%s sig=%d arch=%x syscall=%d compat=0 ip=%#x code=%#x",
		now/1e9, now%1e9/1e6, auditSerial.Add(1), c.UID, c.GID,
		t.Pid, auditString(t.Name()), auditString(exePath(t)), sig, uint32(auditArch), t.call.nr(),
		t.user.Regs().PC(), uint32(action))
}

// exePath returns the path of a task's program.
func exePath(t *Task) string {
	f, ok := t.mm.ExeFile().(exeFile)
	if !ok {
		return "(null)"
	}
	defer f.Put()
	return fs.DPath(fs.Path{}, f.Path)
}

// auditString writes what a program has chosen so that it cannot look like anything
// else: in quotes or, if that does not do, in hexadecimal.
func auditString(s string) string {
	for _, c := range []byte(s) {
		if c == '"' || c < 0x21 || c > 0x7e {
			return hex.EncodeToString([]byte(s))
		}
	}
	return strconv.Quote(s)
}

// messageLimit allows some messages in an interval, and says afterwards how many it
// has not allowed.
type messageLimit struct {
	burst    int64
	interval int64 // ns

	began, used, missed atomic.Int64
}

// allow reports whether there may be a message. The count need not be exact.
func (l *messageLimit) allow() bool {
	now := arch.Ktime()
	if began := l.began.Load(); began == 0 || now-began > l.interval {
		if l.began.CompareAndSwap(began, now) {
			l.used.Store(0)
			if n := l.missed.Swap(0); n > 0 {
				printk.Warn("audit: %d messages suppressed", n)
			}
		}
	}
	if l.used.Add(1) > l.burst {
		l.missed.Add(1)
		return false
	}
	return true
}
