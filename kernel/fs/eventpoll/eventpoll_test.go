//go:build !metal

package eventpoll

import (
	"fmt"
	"os"
	"sync/atomic"
	"syscall"
	"testing"

	"onsen/arch"
	"onsen/kernel/fs"
	"onsen/kernel/sched"
	"onsen/kernel/sched/schedtest"
)

func TestMain(m *testing.M) { os.Exit(schedtest.Main(m)) }

// source is a file with the events that it is told.
type source struct {
	fs.NoOps
	events atomic.Uint32
	queue  sched.WaitQueue
	closed bool
}

func (s *source) Poll(_ *fs.File, t *fs.PollTable) fs.PollEvents {
	t.Wait(&s.queue)
	return fs.PollEvents(s.events.Load())
}

func (s *source) Release(*fs.File) { s.closed = true }

func (s *source) set(e fs.PollEvents) {
	s.events.Store(uint32(e))
	s.queue.Wake()
}

func newSource() (*source, *fs.File) {
	s := new(source)
	return s, fs.NewAnonFile("source", s, nil, syscall.O_RDWR)
}

func newEpoll() (*Eventpoll, *fs.File) {
	ep := New()
	return ep, fs.NewAnonFile("[eventpoll]", ep, nil, syscall.O_RDWR)
}

// events returns what Wait gives at once.
func (ep *Eventpoll) events(most int) string {
	s := ""
	_, err := ep.Wait(most, 0, func(e Event) error {
		s += fmt.Sprintf("%d:%x ", e.Data, e.Events)
		return nil
	})
	if err != nil {
		return err.Error()
	}
	return s
}

func TestCtl(t *testing.T) {
	schedtest.Run(t, func() {
		ep, self := newEpoll()
		_, f := newSource()
		_, other := newEpoll()
		dir := fs.NewPseudoFile(fs.NewPseudoInode(syscall.S_IFDIR, fs.NoInodeOps{}), "dir", fs.NoOps{}, nil, 0)
		for i, c := range []struct {
			self   *fs.File
			op     int
			f      *fs.File
			fd     int
			events uint32
			err    error
		}{
			{self, CtlMod, f, 3, 1, syscall.ENOENT},
			{self, CtlDel, f, 3, 1, syscall.ENOENT},
			{self, CtlAdd, f, 3, 1, nil},
			{self, CtlAdd, f, 3, 1, syscall.EEXIST},
			{self, CtlAdd, f, 4, 1, nil}, // the same file as another descriptor
			{self, CtlMod, f, 3, 4, nil},
			{self, 4, f, 3, 4, syscall.EINVAL},
			{self, CtlAdd, dir, 5, 1, syscall.EPERM},
			{self, CtlAdd, self, 6, 1, syscall.EINVAL},
			{f, CtlAdd, self, 6, 1, syscall.EINVAL},
			{self, CtlMod, f, 3, EPOLLEXCLUSIVE | 1, syscall.EINVAL},
			{self, CtlAdd, other, 7, EPOLLEXCLUSIVE | 1, syscall.EINVAL},
			{self, CtlAdd, f, 8, EPOLLEXCLUSIVE | EPOLLONESHOT | 1, syscall.EINVAL},
			{self, CtlAdd, f, 8, EPOLLEXCLUSIVE | 1, nil},
			{self, CtlMod, f, 8, 1, syscall.EINVAL},
			{self, CtlDel, f, 3, 0, nil},
			{self, CtlDel, f, 3, 0, syscall.ENOENT},
		} {
			if err := Ctl(c.self, c.op, c.f, c.fd, Event{c.events, 1}); err != c.err {
				t.Errorf("%d: %v, want %v", i, err, c.err)
			}
		}
		self.Put()
		if len(ep.items) != 0 || f.Watches.Any() {
			t.Error("something is left")
		}
	})
}

func TestTriggers(t *testing.T) {
	const in, out = fs.PollIn, fs.PollOut
	schedtest.Run(t, func() {
		for _, c := range []struct {
			name  string
			flags uint32
			want  [5]string // at first, again, after another event, after MOD, without it
		}{
			{"level", 0, [5]string{"7:1 ", "7:1 ", "7:1 ", "7:1 ", ""}},
			{"edge", EPOLLET, [5]string{"7:1 ", "", "7:1 ", "7:1 ", ""}},
			{"one shot", EPOLLONESHOT, [5]string{"7:1 ", "", "", "7:1 ", ""}},
		} {
			ep, self := newEpoll()
			s, f := newSource()
			add := Event{uint32(in) | c.flags, 7}
			if err := Ctl(self, CtlAdd, f, 3, add); err != nil {
				t.Error(err)
			}
			s.set(out)
			if got := ep.events(9); got != "" {
				t.Errorf("%s: not asked for: %s", c.name, got)
			}
			s.set(in | out)
			got := [5]string{ep.events(9), ep.events(9)}
			s.set(in)
			got[2] = ep.events(9)
			_ = Ctl(self, CtlMod, f, 3, add)
			got[3] = ep.events(9)
			s.set(0)
			got[4] = ep.events(9)
			if got != c.want {
				t.Errorf("%s: %q, want %q", c.name, got, c.want)
			}
			self.Put()
		}
	})
}

func TestFairness(t *testing.T) {
	schedtest.Run(t, func() {
		ep, self := newEpoll()
		for i := range 3 {
			s, f := newSource()
			s.set(fs.PollIn)
			if err := Ctl(self, CtlAdd, f, i, Event{1, uint64(i)}); err != nil {
				t.Error(err)
			}
		}
		got := ep.events(2) + ep.events(2) + ep.events(9)
		if want := "0:1 1:1 2:1 0:1 1:1 2:1 0:1 "; got != want {
			t.Errorf("%q, want %q", got, want)
		}
		self.Put()
	})
}

func TestClose(t *testing.T) {
	schedtest.Run(t, func() {
		ep, self := newEpoll()
		s, f := newSource()
		f.Get() // as by dup or fork
		_ = Ctl(self, CtlAdd, f, 3, Event{1, 7})
		s.set(fs.PollIn)
		f.Put()
		if got := ep.events(9); got != "7:1 " {
			t.Errorf("closed once of twice: %q", got)
		}
		f.Put()
		if got := ep.events(9); got != "" || !s.closed || len(ep.items) != 0 || !s.queue.Empty() {
			t.Errorf("closed: %q", got)
		}
		self.Put()
	})
}

func TestNesting(t *testing.T) {
	schedtest.Run(t, func() {
		var files [8]*fs.File
		for i := range files {
			_, files[i] = newEpoll()
		}
		add := func(outer, inner int) error { return Ctl(files[outer], CtlAdd, files[inner], inner, Event{1, 1}) }
		for i := range 5 {
			if err := add(i, i+1); err != nil {
				t.Errorf("%d in %d: %v", i+1, i, err)
			}
		}
		if err := add(5, 0); err != syscall.ELOOP {
			t.Errorf("a loop: %v", err)
		}
		if err := add(7, 0); err != syscall.ELOOP {
			t.Errorf("too deep: %v", err)
		}
		s, f := newSource()
		_ = Ctl(files[5], CtlAdd, f, 9, Event{1, 1})
		if got := Of(files[0]).events(1); got != "" {
			t.Errorf("nothing has happened: %q", got)
		}
		s.set(fs.PollIn)
		if got := Of(files[0]).events(1); got != "1:1 " {
			t.Errorf("through the whole chain: %q", got)
		}
		s.set(0)
		if got := Of(files[0]).events(1); got != "" {
			t.Errorf("it is over: %q", got)
		}
		for _, f := range files {
			f.Put()
		}
	})
}

func TestWait(t *testing.T) {
	ep, self := newEpoll()
	s, f := newSource()
	schedtest.Run(t, func() {
		_ = Ctl(self, CtlAdd, f, 3, Event{1, 7})
		begin := arch.Ktime()
		if n, err := ep.Wait(1, begin+5e6, nil); n != 0 || err != nil || arch.Ktime() < begin+5e6 {
			t.Errorf("timeout: %d %v", n, err)
		}
	})
	wait := func(n *int, err *error) func() {
		return func() { *n, *err = ep.Wait(1, sched.Forever, func(Event) error { return nil }) }
	}
	var n int
	var err error
	g := schedtest.Go(t, wait(&n, &err))
	schedtest.Asleep(t, g.Tasks[0])
	s.set(fs.PollIn)
	g.Wait()
	if n != 1 || err != nil {
		t.Errorf("woken: %d %v", n, err)
	}
	s.set(0)
	g = schedtest.Go(t, wait(&n, &err))
	schedtest.Asleep(t, g.Tasks[0])
	g.Tasks[0].SetFlag(sched.TIFSigPending)
	sched.WakeUpProcess(g.Tasks[0])
	g.Wait()
	if n != 0 || err != syscall.EINTR {
		t.Errorf("interrupted: %d %v", n, err)
	}
	schedtest.Run(t, func() {
		s.set(fs.PollIn)
		if _, err := ep.Wait(1, 0, func(Event) error { return syscall.EFAULT }); err != syscall.EFAULT {
			t.Errorf("bad address: %v", err)
		}
		if got := ep.events(1); got != "7:1 " {
			t.Errorf("lost after a bad address: %q", got)
		}
		self.Put()
	})
}
