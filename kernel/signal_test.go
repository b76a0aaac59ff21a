//go:build !metal

package kernel

import (
	"syscall"
	"testing"
	"time"
	"unsafe"

	"onsen/kernel/errno"
	"onsen/kernel/sched"
	"onsen/kernel/signal"
)

// act sets the calling task's action for a signal.
func act(sig int, handler uintptr, flags uint64) {
	t := Current()
	t.sighand.siglock.Lock()
	t.sighand.actions[sig-1] = signal.Action{Handler: handler, Flags: flags | signal.SA_RESTORER, Restorer: 0x5000}
	t.sighand.siglock.Unlock()
}

// someStack gives the calling task a stack for signal frames.
func someStack() {
	stack := userWords(1024)
	Current().user.Regs().Stack = uintptr(unsafe.Pointer(&stack[1000]))
}

func TestSendAndTake(t *testing.T) {
	inProcess(t, func() {
		limitPending(100)
		c := Current()
		send := func(sig int) {
			info := signal.User(sig, 1, 2)
			if err := SendSignal(sig, &info, c); err != nil {
				t.Errorf("signal %d: %v", sig, err)
			}
		}
		c.setCurrentBlocked(^signal.Set(0))
		if c.blocked.Load() != ^signal.Unblockable {
			t.Errorf("blocked are %#x", c.blocked.Load())
		}
		for _, sig := range []int{signal.SIGUSR1, signal.SIGUSR1, 40, 40, signal.SIGTERM} {
			send(sig)
		}
		_ = SendGroupSignal(signal.SIGHUP, nil, c)
		if c.TestFlag(sched.TIFSigPending) {
			t.Error("blocked signals are pending")
		}
		var info signal.Info
		for _, want := range []int{signal.SIGUSR1, signal.SIGTERM, 40, 40, signal.SIGHUP, 0} {
			c.sighand.siglock.Lock()
			sig, shared := c.takeSignal(0, &info)
			c.sighand.siglock.Unlock()
			if sig != want || shared != (sig == signal.SIGHUP || sig == 0) {
				t.Errorf("took %d shared %v, want %d", sig, shared, want)
			}
		}
		if n := c.sigpendingCount().Load(); n != 0 {
			t.Errorf("%d signals are counted at the end", n)
		}
		act(signal.SIGUSR1, signal.SIG_IGN, 0)
		c.setCurrentBlocked(0)
		send(signal.SIGUSR1)
		send(signal.SIGCHLD)
		if c.pending.Set() != 0 {
			t.Errorf("ignored signals are pending: %#x", c.pending.Set())
		}
	})
}

// limitPending sets the calling task's RLIMIT_SIGPENDING.
func limitPending(n uint64) {
	l := &Current().signal.processLimits
	l.rlimLock.Lock()
	l.setRlimit(RLIMIT_SIGPENDING, Rlimit{n, n})
	l.rlimLock.Unlock()
}

func TestPendingLimit(t *testing.T) {
	inProcess(t, func() {
		c := Current()
		limitPending(2)
		c.setCurrentBlocked(^signal.Set(0))
		var errs []error
		for range 3 {
			info := signal.Info{Code: signal.SI_QUEUE}
			errs = append(errs, SendSignal(40, &info, c))
		}
		if errs[0] != nil || errs[1] != nil || errs[2] != syscall.EAGAIN {
			t.Errorf("queued signals: %v", errs)
		}
		info := signal.User(signal.SIGUSR1, 1, 1)
		if err := SendSignal(signal.SIGUSR1, &info, c); err != nil || !c.pending.Set().Has(signal.SIGUSR1) {
			t.Errorf("a standard signal beyond the limit: %v", err)
		}
		flushSignals(c)
		if n := c.sigpendingCount().Load(); n != 0 {
			t.Errorf("%d signals are counted at the end", n)
		}
	})
}

func TestInitIsProtected(t *testing.T) {
	inProcess(t, func() {
		c := Current()
		c.signal.flags |= SIGNAL_UNKILLABLE
		info := signal.User(signal.SIGTERM, 2, 0)
		_ = SendGroupSignal(signal.SIGTERM, &info, c)
		info = signal.User(signal.SIGKILL, 2, 0)
		_ = SendGroupSignal(signal.SIGKILL, &info, c)
		if p := c.pending.Set() | c.signal.sharedPending.Set(); p != 0 {
			t.Errorf("pending for init: %#x", p)
		}
		act(signal.SIGTERM, 0x1000, 0)
		_ = SendGroupSignal(signal.SIGTERM, &info, c)
		if !c.signal.sharedPending.Set().Has(signal.SIGTERM) {
			t.Error("init does not get what it handles")
		}
		c.signal.flags &^= SIGNAL_UNKILLABLE
		flushProcess(c.signal)
	})
}

func TestStopSignalsAndContinue(t *testing.T) {
	inProcess(t, func() {
		c := Current()
		s := c.signal
		c.setCurrentBlocked(^signal.Set(0))
		_ = SendGroupSignal(signal.SIGCONT, nil, c)
		_ = SendSignal(signal.SIGTSTP, nil, c)
		if s.sharedPending.Set().Has(signal.SIGCONT) {
			t.Error("a stop signal leaves SIGCONT pending")
		}
		_ = SendGroupSignal(signal.SIGCONT, nil, c)
		if c.pending.Set().Has(signal.SIGTSTP) {
			t.Error("SIGCONT leaves a stop signal pending")
		}
		flushProcess(s)
		// A stop that has been taken is called off by SIGCONT.
		_ = SendSignal(signal.SIGTSTP, nil, c)
		var info signal.Info
		c.lockSignals()
		c.takeSignal(0, &info)
		s.continueGroup()
		stopped := c.doSignalStop(signal.SIGTSTP)
		c.unlockSignals()
		if stopped {
			t.Error("stopped after SIGCONT")
		}
	})
}

func TestGroupStop(t *testing.T) {
	inProcess(t, func() {
		c := Current()
		s, h := c.signal, c.sighand
		_ = SendSignal(signal.SIGSTOP, nil, c)
		done := make(chan struct{})
		go func() {
			defer close(done)
			eventually(t, "stopped", func() bool {
				h.siglock.Lock()
				defer h.siglock.Unlock()
				return s.flags&SIGNAL_STOP_STOPPED != 0 && c.State()&sched.TaskStopped != 0
			})
			h.siglock.Lock()
			if s.groupExitCode != signal.SIGSTOP {
				t.Errorf("stopped by %d", s.groupExitCode)
			}
			s.continueGroup()
			if s.flags&SIGNAL_STOP_CONTINUED == 0 || s.flags&SIGNAL_CLD_CONTINUED == 0 {
				t.Errorf("flags %#x", s.flags)
			}
			h.siglock.Unlock()
		}()
		c.doSignal()
		<-done
		if s.flags&SIGNAL_CLD_MASK != 0 {
			t.Error("the parent was not told")
		}
	})
}

func TestRestart(t *testing.T) {
	calls, result := 0, error(nil)
	table := syscallTable
	syscallTable = []SyscallFunc{func(_ *Task, a *SyscallArgs) (uintptr, error) {
		calls++
		if a[0] != 11 || a[5] != 16 {
			t.Errorf("arguments %v", *a)
		}
		return 42, result
	}}
	defer func() { syscallTable = table }()
	const none, plain, restart = 0, 1, 2
	for _, tt := range []struct {
		name    string
		err     syscall.Errno
		handler int
		kernel  uint64 // restarts in the kernel
		rewound bool
		ret     uintptr
	}{
		{"SYS", errno.ERESTARTSYS, none, 1, false, 42},
		{"SYS, handler", errno.ERESTARTSYS, plain, 0, false, failure(syscall.EINTR)},
		{"SYS, SA_RESTART", errno.ERESTARTSYS, restart, 0, true, 0},
		{"NOINTR", errno.ERESTARTNOINTR, none, 1, false, 42},
		{"NOINTR, handler", errno.ERESTARTNOINTR, plain, 0, true, 0},
		{"NOHAND", errno.ERESTARTNOHAND, none, 1, false, 42},
		{"NOHAND, SA_RESTART", errno.ERESTARTNOHAND, restart, 0, false, failure(syscall.EINTR)},
		{"BLOCK", errno.ERESTART_RESTARTBLOCK, none, 1, false, 43},
		{"BLOCK, SA_RESTART", errno.ERESTART_RESTARTBLOCK, restart, 0, false, failure(syscall.EINTR)},
		{"EINTR", syscall.EINTR, restart, 0, false, failure(syscall.EINTR)},
		{"ENOTTY", errno.ENOIOCTLCMD, none, 0, false, failure(syscall.ENOTTY)},
	} {
		inProcess(t, func() {
			someStack()
			c := Current()
			regs := c.user.Regs()
			regs.Args, regs.IP = [6]uintptr{11, 12, 13, 14, 15, 16}, 0x4002
			before := kernelRestarts.Load()
			calls, result = 0, tt.err
			blocks := 0
			c.restart = func(*Task) (uintptr, error) { blocks++; return 43, nil }
			if tt.handler == plain {
				act(signal.SIGUSR1, 0x1000, 0)
			} else if tt.handler == restart {
				act(signal.SIGUSR1, 0x1000, signal.SA_RESTART)
			}
			c.doSyscall()
			if tt.handler != none {
				_ = SendSignal(signal.SIGUSR1, nil, c)
			}
			result = nil
			if c.TestFlag(sched.TIFSigPending) {
				c.doSignal()
			}
			n := kernelRestarts.Load() - before
			if n != tt.kernel {
				t.Errorf("%s: %d restarts in the kernel, want %d", tt.name, n, tt.kernel)
			}
			if c.interrupted != 0 {
				t.Errorf("%s: may restart again", tt.name)
			}
			if tt.handler != none {
				if regs.IP != 0x1000 {
					t.Errorf("%s: the handler does not run", tt.name)
				}
				if _, err := sysRtSigreturn(c, nil); err != nil || c.restart != nil {
					t.Errorf("%s: sigreturn %v, restart block %v", tt.name, err, c.restart != nil)
				}
			}
			if rewound := regs.IP == 0x4000; rewound != tt.rewound {
				t.Errorf("%s: rewound %v", tt.name, rewound)
			}
			if !tt.rewound && regs.Ret != tt.ret {
				t.Errorf("%s: result %d, want %d", tt.name, int(regs.Ret), int(tt.ret))
			}
			if c.TestFlag(sched.TIFSigPending) {
				t.Errorf("%s: signals are left", tt.name)
			}
		})
	}
}

// TestRestartOnceOnly: a result that looks like a restart, in a register, is one of
// the program's.
func TestRestartOnceOnly(t *testing.T) {
	inProcess(t, func() {
		someStack()
		c := Current()
		regs := c.user.Regs()
		regs.IP, regs.Ret = 0x4000, failure(errno.ERESTARTSYS)
		act(signal.SIGUSR1, 0x1000, signal.SA_RESTART)
		_ = SendSignal(signal.SIGUSR1, nil, c)
		before := kernelRestarts.Load()
		c.doSignal()
		_, _ = sysRtSigreturn(c, nil)
		if regs.IP != 0x4000 || kernelRestarts.Load() != before {
			t.Errorf("restarted although in no system call: %#x", regs.IP)
		}
	})
}

func TestHandlerMask(t *testing.T) {
	for _, tt := range []struct {
		name  string
		flags uint64
		want  signal.Set
	}{
		{"plain", 0, signal.SetOf(signal.SIGUSR1, signal.SIGUSR2)},
		{"SA_NODEFER", signal.SA_NODEFER, signal.Of(signal.SIGUSR2)},
	} {
		inProcess(t, func() {
			someStack()
			c := Current()
			act(signal.SIGUSR1, 0x1000, tt.flags|signal.SA_RESETHAND)
			c.sighand.actions[signal.SIGUSR1-1].Mask = signal.Of(signal.SIGUSR2)
			_ = SendSignal(signal.SIGUSR1, nil, c)
			c.doSignal()
			if c.blocked.Load() != tt.want {
				t.Errorf("%s: blocked in the handler: %#x", tt.name, c.blocked.Load())
			}
			if c.sighand.actions[signal.SIGUSR1-1].Handler != signal.SIG_DFL {
				t.Errorf("%s: SA_RESETHAND does not reset", tt.name)
			}
			_, _ = sysRtSigreturn(c, nil)
			if c.blocked.Load() != 0 {
				t.Errorf("%s: blocked afterwards: %#x", tt.name, c.blocked.Load())
			}
		})
	}
}

func TestForwardTimer(t *testing.T) {
	for _, tt := range []struct{ due, interval, now, next, n int64 }{
		{100, 10, 50, 100, 0},
		{100, 10, 100, 110, 1},
		{100, 10, 109, 110, 1},
		{100, 10, 110, 120, 2},
		{100, 1, 1000, 1001, 901},
		{0, maxInt64, 5, maxInt64, 1},
		{10, maxInt64, 20, maxInt64, 1},
	} {
		if next, n := forward(tt.due, tt.interval, tt.now); next != tt.next || n != tt.n {
			t.Errorf("forward(%d, %d, %d) = %d, %d", tt.due, tt.interval, tt.now, next, n)
		}
	}
}

// eventually waits until cond holds.
func eventually(t *testing.T, what string, cond func() bool) {
	t.Helper()
	for range 5000 {
		if cond() {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Errorf("never %s", what)
}
