//go:build !metal

package kernel

import (
	"syscall"
	"testing"

	"onsen/kernel/sched"
)

// child starts a process that ends with a status once release is completed. It
// returns its PID.
func child(t *testing.T, flags uint64, exitSignal, code int, release *sched.Completion) int {
	t.Helper()
	pid, err := KernelClone(&KernelCloneArgs{
		Flags:      flags | CLONE_VM,
		ExitSignal: exitSignal,
		Fn: func(any) int {
			if release != nil {
				release.Wait()
			}
			return code
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

func TestWaitMatches(t *testing.T) {
	inProcess(t, func() {
		plain := child(t, 0, sigchld, 3, nil)
		clone := child(t, 0, 10, 4, nil)
		me := Current().Pid
		sched.Sleep(5e6) // both are zombies
		for _, tt := range []struct {
			name  string
			pid   int
			flags uint
			want  int
			err   error
		}{
			{"any", -1, WEXITED, plain, nil},
			{"any clone child", -1, WEXITED | __WCLONE, clone, nil},
			{"any of both kinds", -1, WEXITED | __WALL, plain, nil},
			{"PID", plain, WEXITED, plain, nil},
			{"PID of a clone child", clone, WEXITED, 0, syscall.ECHILD},
			{"PID of a clone child, __WALL", clone, WEXITED | __WALL, clone, nil},
			{"PID of no child", me, WEXITED, 0, syscall.ECHILD},
			{"no such PID", PidMax - 1, WEXITED, 0, syscall.ECHILD},
			{"own group", 0, WEXITED, plain, nil},
			{"other group", -plain, WEXITED, 0, syscall.ECHILD},
			{"least int", -1 << 31, WEXITED, 0, syscall.ESRCH},
			{"stopped only", -1, WUNTRACED, 0, syscall.ECHILD},
		} {
			w := waitOpts{flags: tt.flags | WNOHANG | WNOWAIT}
			err := w.choose(tt.pid)
			if err == nil {
				err = w.wait()
			}
			if err != tt.err || w.nr != tt.want {
				t.Errorf("%s: PID %d, %v; want %d, %v", tt.name, w.nr, err, tt.want, tt.err)
			}
		}
		w := waitOpts{typ: pidTypeAny, flags: WEXITED | __WALL}
		for _, want := range []struct{ pid, stat int }{{plain, 3 << 8}, {clone, 4 << 8}} {
			if err := w.wait(); err != nil || w.nr != want.pid || w.stat != want.stat || w.code != cldExited {
				t.Errorf("%d, status %#x, %v", w.nr, w.stat, err)
			}
			if FindPid(want.pid) != nil {
				t.Error("still there after the wait")
			}
			w.child = nil
		}
		if err := w.wait(); err != syscall.ECHILD {
			t.Errorf("without children: %v", err)
		}
	})
}

func TestWaitSleeps(t *testing.T) {
	inProcess(t, func() {
		var release sched.Completion
		pid := child(t, 0, sigchld, 0, &release)
		w := waitOpts{typ: pidTypeAny, flags: WEXITED | WNOHANG}
		if err := w.wait(); err != nil || w.child != nil {
			t.Errorf("with WNOHANG: %v, child %v", err, w.child)
		}
		timer := func() { sched.Sleep(3e6); release.Complete() }
		startTask(timer)
		w.flags = WEXITED
		if err := w.wait(); err != nil || w.nr != pid {
			t.Errorf("PID %d, %v; want %d", w.nr, err, pid)
		}
	})
}

func TestWaitIsInterrupted(t *testing.T) {
	inProcess(t, func() {
		var release sched.Completion
		child(t, 0, sigchld, 0, &release)
		Current().SetFlag(sched.TIFSigPending)
		w := waitOpts{typ: pidTypeAny, flags: WEXITED}
		if err := w.wait(); err != sched.ErrRestart {
			t.Errorf("%v, want ERESTARTSYS", err)
		}
		Current().ClearFlag(sched.TIFSigPending)
		release.Complete()
		if err := w.wait(); err != nil {
			t.Error(err)
		}
	})
}

// setChildAction sets the caller's action for SIGCHLD.
func setChildAction(handler uintptr, flags uint64) {
	t := Current()
	t.sighand.siglock.Lock()
	a := &t.sighand.actions[sigchld-1]
	a.Handler, a.Flags = handler, flags
	t.sighand.siglock.Unlock()
}

func TestAutoreap(t *testing.T) {
	for _, tt := range []struct {
		name    string
		handler uintptr
		flags   uint64
		signal  int
		zombie  bool
	}{
		{"default", 0, 0, sigchld, true},
		{"SIG_IGN", sigIgn, 0, sigchld, false},
		{"SA_NOCLDWAIT", 0, 2, sigchld, false},
		{"SIG_IGN, other signal", sigIgn, 0, 10, true},
	} {
		inProcess(t, func() {
			setChildAction(tt.handler, tt.flags)
			pid := child(t, 0, tt.signal, 0, nil)
			sched.Sleep(5e6)
			if zombie := FindPid(pid) != nil; zombie != tt.zombie {
				t.Errorf("%s: zombie %v, want %v", tt.name, zombie, tt.zombie)
			}
			w := waitOpts{typ: pidTypeAny, flags: WEXITED | __WALL}
			err := w.wait()
			if tt.zombie && err != nil || !tt.zombie && err != syscall.ECHILD {
				t.Errorf("%s: wait: %v", tt.name, err)
			}
		})
	}
}

func TestSubreaper(t *testing.T) {
	inProcess(t, func() {
		me := Current()
		tasklistLock.Lock()
		me.signal.isChildSubreaper = true
		tasklistLock.Unlock()
		var orphan int
		_, err := KernelClone(&KernelCloneArgs{Flags: CLONE_VM, ExitSignal: sigchld, Fn: func(any) int {
			orphan = child(t, 0, 10, 7, nil)
			return 0
		}})
		if err != nil {
			t.Error(err)
			return
		}
		w := waitOpts{typ: pidTypeAny, flags: WEXITED}
		if err := w.wait(); err != nil {
			t.Error(err)
		}
		w = waitOpts{typ: pidTypeAny, flags: WEXITED} // its exit signal is SIGCHLD now
		if err := w.wait(); err != nil || w.nr != orphan || w.status != 7 {
			t.Errorf("PID %d, %v; want the orphan %d", w.nr, err, orphan)
		}
	})
}

func TestSessions(t *testing.T) {
	inProcess(t, func() {
		me := Current()
		args := func(v ...uintptr) *SyscallArgs {
			a := new(SyscallArgs)
			copy(a[:], v)
			return a
		}
		var release sched.Completion
		pid := child(t, 0, sigchld, 0, &release)
		check := func(what string, want error, v uintptr, err error) {
			t.Helper()
			if err != want {
				t.Errorf("%s: %d, %v; want %v", what, int(v), err, want)
			}
		}
		v, err := sysSetpgid(me, args(uintptr(pid), 0))
		check("setpgid of a child", nil, v, err)
		v, err = idOf(me, pid, PIDTYPE_PGID)
		if check("getpgid", nil, v, err); int(v) != pid {
			t.Errorf("process group %d, want %d", v, pid)
		}
		v, err = sysSetpgid(me, args(0, uintptr(pid)))
		check("setpgid into a group of the session", nil, v, err)
		v, err = sysSetpgid(me, args(0, PidMax-1))
		check("setpgid into no group", syscall.EPERM, v, err)
		v, err = sysSetpgid(me, args(uintptr(PidMax-1), 0))
		check("setpgid of nobody", syscall.ESRCH, v, err)
		v, err = sysSetpgid(me, args(1, 0))
		check("setpgid of no child", syscall.ESRCH, v, err)
		v, err = sysSetpgid(me, args(0, ^uintptr(0)))
		check("setpgid to a negative group", syscall.EINVAL, v, err)
		v, err = sysSetsid(me, args())
		if check("setsid", nil, v, err); int(v) != me.Pid {
			t.Errorf("session %d, want %d", v, me.Pid)
		}
		v, err = sysSetsid(me, args())
		check("setsid again", syscall.EPERM, v, err)
		v, err = sysSetpgid(me, args(0, 0))
		check("setpgid of a session leader", syscall.EPERM, v, err)
		v, err = sysSetpgid(me, args(uintptr(pid), 0))
		check("setpgid of a child in another session", syscall.EPERM, v, err)
		release.Complete()
		w := waitOpts{typ: pidTypeAny, flags: WEXITED}
		if err := w.wait(); err != nil {
			t.Error(err)
		}
	})
}
