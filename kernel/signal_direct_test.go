//go:build !metal

package kernel

import (
	"testing"

	"onsen/kernel/sched"
	"onsen/kernel/signal"
)

const directHandler = 0x1000

// directly calls sendDirect or forceDirect for the calling task.
func directly(send func(t *Task, sig int, info *signal.Info) bool, sig int, code int32) bool {
	c := Current()
	info := signal.Info{Signo: int32(sig), Code: code}
	c.lockSignals()
	defer c.unlockSignals()
	return send(c, sig, &info)
}

// TestDirectOrNot tells which signals need not be queued: those of the calling task
// that it handles next, whatever anybody may want to know. Of all others nothing is
// kept.
func TestDirectOrNot(t *testing.T) {
	const usr1, usr2, segv = signal.SIGUSR1, signal.SIGUSR2, signal.SIGSEGV
	block := func(set signal.Set) func(*Task) {
		return func(c *Task) { c.setCurrentBlocked(set) }
	}
	nothing := func(*Task) {}
	for _, tt := range []struct {
		name        string
		sig         int
		code        int32
		before      func(c *Task)
		send, force bool
	}{
		{"handled", usr1, signal.SI_USER, nothing, true, true},
		{"of the kernel", segv, signal.SI_KERNEL, nothing, true, true},
		{"of sigqueue", usr1, signal.SI_QUEUE, nothing, false, true},
		{"real-time", signal.SIGRTMIN, signal.SI_USER, nothing, false, true},
		{"SIGTSTP", signal.SIGTSTP, signal.SI_USER, nothing, false, true},
		{"SIGCONT", signal.SIGCONT, signal.SI_USER, nothing, false, true},
		{"by default", usr1, signal.SI_USER, func(*Task) { act(usr1, signal.SIG_DFL, 0) }, false, false},
		{"ignored", usr1, signal.SI_USER, func(*Task) { act(usr1, signal.SIG_IGN, 0) }, false, false},
		{"blocked", usr1, signal.SI_USER, block(signal.Of(usr1)), false, false},
		{"another blocked", usr1, signal.SI_USER, block(signal.Of(usr2)), true, true},
		{"in sigtimedwait", usr1, signal.SI_USER, func(c *Task) { c.realBlocked = signal.Of(usr1) }, false, true},
		{"another pending", usr1, signal.SI_USER, func(c *Task) { c.pending.AddKernel(usr2) }, false, true},
		{"another pending for the process", usr1, signal.SI_USER,
			func(c *Task) { c.signal.sharedPending.AddKernel(usr2) }, false, true},
		{"pending already", segv, signal.SI_KERNEL, func(c *Task) { c.pending.AddKernel(segv) }, false, false},
		{"pending and blocked", usr1, signal.SI_USER, func(c *Task) {
			block(signal.Of(usr2))(c)
			c.pending.AddKernel(usr2)
		}, true, true},
		{"a direct one before", usr1, signal.SI_USER, func(c *Task) { c.direct = usr2 }, false, false},
		{"a process that ends", usr1, signal.SI_USER, func(c *Task) { c.signal.flags |= SIGNAL_GROUP_EXIT }, false, false},
		{"traced", usr1, signal.SI_USER, func(c *Task) { c.ptrace.Store(PT_PTRACED) }, false, false},
		{"a signalfd that is read", usr1, signal.SI_USER,
			func(c *Task) { c.sighand.signalfdQueue.Add(&sched.WaitEntry{Task: &c.Task}, false) }, false, true},
	} {
		for _, way := range []struct {
			name string
			send func(*Task, int, *signal.Info) bool
			want bool
		}{{"sendDirect", (*Task).sendDirect, tt.send}, {"forceDirect", (*Task).forceDirect, tt.force}} {
			inProcess(t, func() {
				c := Current()
				act(tt.sig, directHandler, 0)
				tt.before(c)
				direct, info, queued := c.direct, c.delivery.info, c.pending.Set()
				got := directly(way.send, tt.sig, tt.code)
				if got != way.want {
					t.Errorf("%s, %s: %v", tt.name, way.name, got)
				}
				switch {
				case got && (c.direct != tt.sig || c.delivery.info.Signo != int32(tt.sig) || !c.TestFlag(sched.TIFSigPending)):
					t.Errorf("%s, %s: %d waits, siginfo %+v", tt.name, way.name, c.direct, c.delivery.info)
				case !got && (c.direct != direct || c.delivery.info != info):
					t.Errorf("%s, %s: %d waits in vain", tt.name, way.name, c.direct)
				}
				if c.pending.Set() != queued {
					t.Errorf("%s, %s: queued are %#x", tt.name, way.name, c.pending.Set())
				}
				c.leaveDirectTest()
			})
		}
	}
}

// leaveDirectTest lets the calling task end as if nothing had been sent.
func (t *Task) leaveDirectTest() {
	t.direct, t.realBlocked = 0, 0
	t.signal.flags &^= SIGNAL_GROUP_EXIT
	t.ptrace.Store(0)
	t.pending.Forget(^signal.Set(0), freeSignalEntry)
	t.signal.sharedPending.Forget(^signal.Set(0), freeSignalEntry)
	t.ClearFlag(sched.TIFSigPending)
}

// TestTakeDirect: what was sent directly comes before all that is queued since, unless
// its handler is gone or a tracer has come. Then it is a queued signal like any other.
func TestTakeDirect(t *testing.T) {
	const usr1, hup = signal.SIGUSR1, signal.SIGHUP
	for _, tt := range []struct {
		name    string
		since   func(c *Task)
		taken   int
		pending signal.Set // afterwards
	}{
		{"nothing since", func(*Task) {}, usr1, 0},
		{"another since", func(c *Task) { c.pending.AddKernel(hup) }, usr1, signal.Of(hup)},
		{"blocked since", func(c *Task) { c.setCurrentBlocked(signal.Of(usr1)) }, usr1, 0},
		{"by default since", func(*Task) { act(usr1, signal.SIG_DFL, 0) }, 0, signal.Of(usr1)},
		{"ignored since", func(*Task) { act(usr1, signal.SIG_IGN, 0) }, 0, signal.Of(usr1)},
		{"traced since", func(c *Task) { c.ptrace.Store(PT_PTRACED) }, 0, signal.Of(usr1)},
	} {
		inProcess(t, func() {
			c := Current()
			limitPending(100)
			act(usr1, directHandler, signal.SA_RESETHAND)
			if !directly((*Task).sendDirect, usr1, signal.SI_USER) {
				t.Fatalf("%s: not sent directly", tt.name)
			}
			tt.since(c)
			stockSignalEntries()
			var action signal.Action
			c.lockSignals()
			sig := c.takeDirect(&action)
			c.unlockSignals()
			if sig != tt.taken || c.direct != 0 || c.pending.Set() != tt.pending {
				t.Errorf("%s: took %d, %d waits, queued are %#x", tt.name, sig, c.direct, c.pending.Set())
			}
			if sig != 0 {
				now := &c.sighand.actions[usr1-1]
				if action.Handler != directHandler || now.Handler != signal.SIG_DFL {
					t.Errorf("%s: handler %#x, and %#x for the next", tt.name, action.Handler, now.Handler)
				}
				if c.TestFlag(sched.TIFSigPending) != (tt.pending != 0) {
					t.Errorf("%s: TIFSigPending with %#x queued", tt.name, tt.pending)
				}
			}
			c.leaveDirectTest()
		})
	}
}
