//go:build !metal

package kernel

import (
	"syscall"
	"testing"

	"onsen/kernel/cred"
)

// TestCopyProcessUndoes lets CopyProcess fail at different steps and looks for
// what it leaves behind.
func TestCopyProcessUndoes(t *testing.T) {
	fn := func(any) int { return 0 }
	inProcess(t, func() {
		me := Current()
		before, shares, last := me.account.tasks.Load(), me.sighand.users.Load(), pids.last
		for _, tt := range []struct {
			name string
			args KernelCloneArgs
			want error
		}{
			{"namespaces", KernelCloneArgs{Flags: CLONE_NEWNS, Fn: fn}, syscall.EINVAL},
			{"namespaces, shared handlers", KernelCloneArgs{Flags: CLONE_NEWNET | CLONE_VM | CLONE_SIGHAND, Fn: fn}, syscall.EINVAL},
			{"PID", KernelCloneArgs{Fn: fn, SetTid: []int{1}}, syscall.EEXIST},
		} {
			if p, err := CopyProcess(&tt.args); p != nil || err != tt.want {
				t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
			}
		}
		if n := me.account.tasks.Load(); n != before {
			t.Errorf("%d tasks counted, %d before", n, before)
		}
		if n := me.sighand.users.Load(); n != shares {
			t.Errorf("handlers have %d users, %d before", n, shares)
		}
		if pids.last != last && pids.next(last+1) != 0 {
			t.Error("a PID is still taken")
		}
	})
}

func TestForkLimits(t *testing.T) {
	fn := func(any) int { return 0 }
	inProcess(t, func() {
		max := MaxThreads()
		SetMaxThreads(1)
		_, err := CopyProcess(&KernelCloneArgs{Fn: fn})
		SetMaxThreads(max)
		if err != syscall.EAGAIN {
			t.Errorf("beyond threads-max: %v, want EAGAIN", err)
		}
		me := Current()
		user := &cred.Cred{UID: 4711, EUID: 4711, SUID: 4711, FSUID: 4711}
		me.commitCreds(user)
		if me.account.uid != 4711 || me.account.tasks.Load() != 1 {
			t.Errorf("counted as one of %d tasks of user %d", me.account.tasks.Load(), me.account.uid)
		}
		me.signal.setRlimit(RLIMIT_NPROC, Rlimit{1, 1})
		if _, err := CopyProcess(&KernelCloneArgs{Fn: fn}); err != syscall.EAGAIN {
			t.Errorf("beyond RLIMIT_NPROC: %v, want EAGAIN", err)
		}
		_, err = CopyProcess(&KernelCloneArgs{Fn: fn, Flags: CLONE_NEWNET})
		if err != syscall.EAGAIN {
			t.Errorf("the limit comes before namespaces: %v, want EAGAIN", err)
		}
		me.commitCreds(cred.Root())
		if counted(4711) {
			t.Error("the user is still counted")
		}
	})
}

// counted reports whether a user has tasks.
func counted(uid uint32) bool {
	userTable.lock.Lock()
	defer userTable.lock.Unlock()
	for _, u := range userTable.slots {
		for ; u != nil; u = u.next {
			if u.uid == uid {
				return true
			}
		}
	}
	return false
}
