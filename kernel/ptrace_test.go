//go:build !metal

package kernel

import (
	"syscall"
	"testing"

	"onsen/kernel/cred"
	"onsen/kernel/signal"
)

func TestPtraceOptions(t *testing.T) {
	for _, test := range []struct {
		options uintptr
		want    error
	}{
		{0, nil},
		{0xff, nil},
		{uintptr(PTRACE_O_EXITKILL), nil},
		{1 << 8, syscall.EINVAL},
		{1 << 19, syscall.EINVAL},
		{1 << 22, syscall.EINVAL},
		{1 << 32, syscall.EINVAL},
	} {
		if err := checkPtraceOptions(nil, test.options); err != test.want {
			t.Errorf("options %#x: %v, want %v", test.options, err, test.want)
		}
	}
}

func TestPtraceMayAccess(t *testing.T) {
	user := func(uid uint32) cred.Cred {
		return cred.Cred{
			UID: uid, EUID: uid, SUID: uid, FSUID: uid,
			GID: uid, EGID: uid, SGID: uid, FSGID: uid,
		}
	}
	with := func(c cred.Cred, f func(c *cred.Cred)) cred.Cred {
		f(&c)
		return c
	}
	tracer := with(user(1), func(c *cred.Cred) {
		c.Effective, c.Permitted = 1<<cred.CAP_SYS_PTRACE, 1<<cred.CAP_SYS_PTRACE
	})
	for name, test := range map[string]struct {
		c, o        cred.Cred
		dumpable    bool
		real, files bool
	}{
		"same user":          {user(1), user(1), true, true, true},
		"other user":         {user(1), user(2), true, false, false},
		"not dumpable":       {user(1), user(1), false, false, false},
		"capability":         {tracer, user(2), false, true, true},
		"root without any":   {user(0), user(1), true, false, false},
		"set-user-ID":        {user(1), with(user(1), func(c *cred.Cred) { c.EUID = 0 }), true, false, false},
		"saved ID":           {user(1), with(user(1), func(c *cred.Cred) { c.SUID = 2 }), true, false, false},
		"other group":        {user(1), with(user(1), func(c *cred.Cred) { c.GID = 2 }), true, false, false},
		"ID for files":       {with(user(1), func(c *cred.Cred) { c.FSUID = 2 }), user(2), true, false, false},
		"both IDs for files": {with(user(1), func(c *cred.Cred) { c.FSUID, c.FSGID = 2, 2 }), user(2), true, false, true},
		"more capabilities":  {user(1), with(user(1), func(c *cred.Cred) { c.Permitted = 1 }), true, false, false},
		"only permitted ones": {
			with(user(1), func(c *cred.Cred) { c.Permitted = 1 }),
			with(user(1), func(c *cred.Cred) { c.Permitted = 1 }), true, true, false,
		},
	} {
		if got := mayAccess(&test.c, &test.o, accessAttachReal, test.dumpable); got != test.real {
			t.Errorf("%s: %v with real IDs", name, got)
		}
		if got := mayAccess(&test.c, &test.o, accessReadFS, test.dumpable); got != test.files {
			t.Errorf("%s: %v with IDs for files", name, got)
		}
	}
}

func TestPtraceEligible(t *testing.T) {
	child, clone := &Task{}, &Task{}
	child.exitSignal, clone.exitSignal = sigchld, 0
	for _, test := range []struct {
		p      *Task
		traced bool
		flags  uint
		want   bool
	}{
		{child, false, 0, true},
		{child, false, __WCLONE, false},
		{child, false, __WALL, true},
		{clone, false, 0, false},
		{clone, false, __WCLONE, true},
		{clone, false, __WALL, true},
		{clone, true, 0, true},
		{child, true, __WCLONE, true},
	} {
		w := waitOpts{typ: pidTypeAny, flags: test.flags}
		if got := w.eligible(test.p, test.traced); got != test.want {
			t.Errorf("exit signal %d, traced %v, flags %#x: %v", test.p.exitSignal, test.traced, test.flags, got)
		}
	}
}

func TestPtraceJobctl(t *testing.T) {
	inProcess(t, func() {
		c := Current()
		c.lockSignals()
		defer c.unlockSignals()
		if !c.setJobctlPending(signal.SIGSTOP | jobctlStopPending | jobctlStopConsume | jobctlTrapping) {
			t.Fatal("a live task cannot stop")
		}
		if !c.setJobctlPending(signal.SIGTSTP | jobctlTrapStop) {
			t.Fatal("a live task cannot stop again")
		}
		if c.jobctl&jobctlStopSigmask != signal.SIGTSTP {
			t.Errorf("jobctl is %#x: the last signal is not the one that counts", c.jobctl)
		}
		c.clearJobctlPending(jobctlStopPending)
		if c.jobctl&jobctlStopConsume != 0 || c.jobctl&jobctlTrapping == 0 {
			t.Errorf("jobctl is %#x with a trap still pending", c.jobctl)
		}
		c.clearJobctlPending(jobctlTrapMask)
		if c.jobctl&jobctlTrapping != 0 {
			t.Errorf("jobctl is %#x with nothing pending", c.jobctl)
		}
		c.pending.AddBare(signal.SIGKILL)
		if c.setJobctlPending(jobctlTrapStop) {
			t.Error("a task that is killed stops")
		}
		c.pending.Forget(^signal.Set(0), freeSignalEntry)
		c.jobctl = 0
	})
}
