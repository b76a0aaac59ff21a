package signal

import (
	"math/rand"
	"syscall"
	"testing"
	"unsafe"

	"onsen/kernel/errno"
)

// TestDefaults compares with the table of signal(7).
func TestDefaults(t *testing.T) {
	want := map[Default][]int{
		Core:     {SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGFPE, SIGSEGV, SIGBUS, SIGSYS, SIGXCPU, SIGXFSZ},
		Ignore:   {SIGCHLD, SIGURG, SIGWINCH},
		Stop:     {SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU},
		Continue: {SIGCONT},
		Terminate: {SIGHUP, SIGINT, SIGKILL, SIGUSR1, SIGUSR2, SIGPIPE, SIGALRM, SIGTERM,
			SIGSTKFLT, SIGVTALRM, SIGPROF, SIGIO, SIGPWR},
	}
	for sig := SIGRTMIN; sig <= SIGRTMAX; sig++ {
		want[Terminate] = append(want[Terminate], sig)
	}
	total := 0
	for d, sigs := range want {
		for _, sig := range sigs {
			total++
			if got := DefaultOf(sig); got != d {
				t.Errorf("signal %d: %v, want %v", sig, got, d)
			}
			var a Action
			if fatal := d == Terminate || d == Core; a.Fatal(sig) != fatal {
				t.Errorf("signal %d: Fatal = %v", sig, a.Fatal(sig))
			}
			if ignored := d == Ignore || d == Continue; a.Ignores(sig) != ignored {
				t.Errorf("signal %d: Ignores = %v", sig, a.Ignores(sig))
			}
			a.Handler = SIG_IGN
			if !a.Ignores(sig) || a.Fatal(sig) {
				t.Errorf("signal %d is not ignored by SIG_IGN", sig)
			}
			a.Handler = 0x1000
			if a.Ignores(sig) || a.Fatal(sig) {
				t.Errorf("signal %d with a handler", sig)
			}
		}
	}
	if total != Max {
		t.Errorf("the table has %d signals, want %d", total, Max)
	}
}

func TestLayouts(t *testing.T) {
	if n := unsafe.Sizeof(Siginfo{}); n != InfoSize {
		t.Fatalf("siginfo has %d bytes", n)
	}
	if n := unsafe.Sizeof(Action{}); n != 32 {
		t.Fatalf("sigaction has %d bytes", n)
	}
	for _, tt := range []struct {
		name string
		info Info
		want Layout
	}{
		{"kernel", Kernel(SIGHUP), LayoutKill},
		{"user", User(SIGSEGV, 1, 2), LayoutKill},
		{"tkill", Tkill(SIGUSR1, 1, 2), LayoutRT},
		{"child", Child(SIGCHLD, CLD_EXITED, 1, 2, 3, 4, 5), LayoutChild},
		{"fault", Fault(SIGBUS, BUS_ADRERR, 7), LayoutFault},
		{"timer", Timer(SIGALRM, 1, 2), LayoutTimer},
		{"queued", Info{Signo: SIGUSR1, Code: SI_QUEUE}, LayoutRT},
		{"poll", Info{Signo: SIGIO, Code: 1}, LayoutPoll},
		{"poll by F_SETSIG", Info{Signo: SIGRTMIN, Code: 6}, LayoutPoll},
		{"other", Info{Signo: SIGRTMIN, Code: 7}, LayoutKill},
		{"more than SIGBUS has", Info{Signo: SIGBUS, Code: 6}, LayoutPoll},
		{"more than SIGSEGV has", Info{Signo: SIGSEGV, Code: 10}, LayoutKill},
		{"memory error", Info{Signo: SIGBUS, Code: 4}, LayoutMemory},
		{"no signal", Info{Signo: 99, Code: 7}, LayoutKill},
		{"a negative signal", Info{Signo: -1, Code: 1}, LayoutPoll},
		{"SIGIO", Info{Signo: SIGIO, Code: SI_SIGIO}, LayoutPoll},
		{"system call", Info{Signo: SIGSYS, Code: 1}, LayoutSys},
	} {
		if got := tt.info.Layout(); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

// TestFields checks the offsets of include/uapi/asm-generic/siginfo.h.
func TestFields(t *testing.T) {
	word := func(i Info, at int) uint64 {
		return *(*uint64)(unsafe.Pointer(&i.Bytes()[at]))
	}
	c := Child(SIGCHLD, CLD_KILLED, 0x11, 0x22, 0x33, 0x44, 0x55)
	for _, tt := range []struct {
		at   int
		want uint64
	}{{0, SIGCHLD}, {8, uint64(CLD_KILLED)}, {16, 0x22<<32 | 0x11}, {24, 0x33}, {32, 0x44}, {40, 0x55}} {
		if got := word(c, tt.at); got != tt.want {
			t.Errorf("child at %d: %#x, want %#x", tt.at, got, tt.want)
		}
	}
	f := Fault(SIGSEGV, SEGV_MAPERR, 0x1234)
	if word(f, 16) != 0x1234 {
		t.Error("si_addr is elsewhere")
	}
	tm := Timer(SIGALRM, 3, 0x99)
	tm.SetOverrun(5)
	if word(tm, 16) != 5<<32|3 || word(tm, 24) != 0x99 {
		t.Error("the fields of a timer are elsewhere")
	}
}

func TestInterruption(t *testing.T) {
	const none, plain, restart = 0, 1, 2 // handlers
	for _, tt := range []struct {
		err  syscall.Errno
		want [3]Verdict
	}{
		{errno.ERESTARTSYS, [3]Verdict{Restarted, Interrupted, Restarted}},
		{errno.ERESTARTNOINTR, [3]Verdict{Restarted, Restarted, Restarted}},
		{errno.ERESTARTNOHAND, [3]Verdict{Restarted, Interrupted, Interrupted}},
		{errno.ERESTART_RESTARTBLOCK, [3]Verdict{Continued, Interrupted, Interrupted}},
		{syscall.EINTR, [3]Verdict{Finished, Finished, Finished}},
		{errno.ENOIOCTLCMD, [3]Verdict{Finished, Finished, Finished}},
		{0, [3]Verdict{Finished, Finished, Finished}},
	} {
		for h, want := range tt.want {
			flags := uint64(0)
			if h == restart {
				flags = SA_RESTART
			}
			if got := Interruption(tt.err, h != none, flags); got != want {
				t.Errorf("error %d, handler %d: %d, want %d", tt.err, h, got, want)
			}
		}
		if Restartable(tt.err) != (tt.want[0] != Finished) {
			t.Errorf("Restartable(%d)", tt.err)
		}
	}
}

func TestPendingOrder(t *testing.T) {
	var p Pending
	add := func(i Info) {
		e := p.Spare()
		if e == nil {
			e = new(Entry)
		}
		e.Info = i
		p.Add(e)
	}
	for value, sig := range []int{SIGTERM, 40, SIGRTMIN, 40, SIGUSR1, 40} {
		i := Info{Signo: int32(sig), Code: SI_QUEUE}
		i.fields[1] = uint64(value)
		add(i)
	}
	p.AddKernel(SIGHUP)
	p.AddBare(SIGPIPE)
	add(Fault(SIGSEGV, SEGV_MAPERR, 8))
	if !p.Coalesces(SIGHUP) || p.Coalesces(40) || p.Coalesces(SIGINT) {
		t.Error("coalescing is wrong")
	}
	for _, want := range []struct {
		sig   int
		code  int32
		value uint64
	}{
		{SIGSEGV, SEGV_MAPERR, 0}, {SIGHUP, SI_KERNEL, 0}, {SIGUSR1, SI_QUEUE, 4},
		{SIGPIPE, SI_USER, 0}, {SIGTERM, SI_QUEUE, 0}, {SIGRTMIN, SI_QUEUE, 2},
		{40, SI_QUEUE, 1}, {40, SI_QUEUE, 3}, {40, SI_QUEUE, 5},
	} {
		sig := p.Next(0)
		var i Info
		p.Take(sig, &i)
		if sig != want.sig || i.Code != want.code || i.Value() != want.value {
			t.Errorf("took %d code %d value %d, want %v", sig, i.Code, i.Value(), want)
		}
	}
	if p.Set() != 0 || p.first != nil || p.last != nil || p.kernel != 0 {
		t.Error("not empty at the end")
	}
}

func TestNextSynchronous(t *testing.T) {
	var p Pending
	p.Add(&Entry{Info: User(SIGBUS, 1, 1)}) // as if it were a fault
	if got := p.NextSynchronous(0); got != 0 {
		t.Errorf("a signal of another process is taken for a fault: %d", got)
	}
	p.Add(&Entry{Info: Fault(SIGSEGV, 1, 2)})
	if got := p.NextSynchronous(0); got != SIGSEGV {
		t.Errorf("the fault is %d", got)
	}
	if got := p.NextSynchronous(Of(SIGSEGV)); got != 0 {
		t.Errorf("blocked, but %d", got)
	}
}

// FuzzPending compares Pending with a plain list.
func FuzzPending(f *testing.F) {
	f.Add([]byte{1, 2, 3, 200, 100, 64, 65})
	f.Fuzz(func(t *testing.T, ops []byte) {
		var p Pending
		var model []Info
		var timer Entry
		serial := uint64(0)
		rnd := rand.New(rand.NewSource(1))
		for _, op := range ops {
			sig := int(op)%Max + 1
			switch {
			case op < 160: // send
				if p.Coalesces(sig) {
					continue
				}
				serial++
				i := Info{Signo: int32(sig), Code: SI_QUEUE}
				i.fields[1] = serial
				e := p.Spare()
				if e == nil {
					e = new(Entry)
				}
				e.Info = i
				p.Add(e)
				model = append(model, i)
			case op < 170 && !timer.Queued() && !p.Set().Has(50):
				serial++
				timer.Info = Timer(50, 1, serial)
				p.Add(&timer)
				model = append(model, timer.Info)
			case op < 180 && timer.Queued():
				p.ForgetTimers(func(*Entry) {})
				kept := model[:0]
				for _, i := range model {
					if i.Code != SI_TIMER {
						kept = append(kept, i)
					}
				}
				model = kept
			case op < 190:
				s := Set(rnd.Uint64())
				p.Forget(s, func(*Entry) {})
				kept := model[:0]
				for _, i := range model {
					if !s.Has(int(i.Signo)) {
						kept = append(kept, i)
					}
				}
				model = kept
			default: // take
				sig := p.Next(0)
				if sig == 0 {
					continue
				}
				var got Info
				p.Take(sig, &got)
				for k := range model {
					if int(model[k].Signo) == sig {
						if got != model[k] {
							t.Fatalf("took %v, want %v", got, model[k])
						}
						model = append(model[:k], model[k+1:]...)
						break
					}
				}
			}
			var want Set
			for _, i := range model {
				want |= Of(int(i.Signo))
			}
			if p.Set() != want {
				t.Fatalf("pending %#x, want %#x", p.Set(), want)
			}
		}
	})
}

func TestPeek(t *testing.T) {
	var p Pending
	first := &Entry{Info: User(SIGUSR1, 1, 0)}
	second := &Entry{Info: User(40, 2, 0)}
	p.Add(first)
	p.Add(second)
	p.AddKernel(SIGALRM)
	for n, want := range []int32{SIGUSR1, 40, SIGALRM} {
		if i, ok := p.Peek(uint64(n)); !ok || i.Signo != want {
			t.Errorf("number %d is %d, %v; want %d", n, i.Signo, ok, want)
		}
	}
	for _, n := range []uint64{3, 1 << 63} {
		if _, ok := p.Peek(n); ok {
			t.Errorf("there is a number %d", n)
		}
	}
	if got := p.Set(); got != SetOf(SIGUSR1, 40, SIGALRM) {
		t.Errorf("%#x is pending after a look", got)
	}
}
