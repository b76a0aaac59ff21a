//go:build !metal

package tty

import (
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"onsen/kernel/errno"
	"onsen/kernel/fs"
	"onsen/kernel/sched"
	"onsen/kernel/sched/schedtest"
	"onsen/kernel/uaccess"
)

func TestMain(m *testing.M) {
	// Input goes through workers.
	spawn := func(name string, cpu int, fn func()) error {
		t := new(sched.Task)
		sched.InitTask(t, name, nil, func() { sched.ScheduleTail(); fn(); sched.Exit() })
		sched.WakeUpNewTask(t)
		return nil
	}
	go func() {
		for sched.Active().Count() < schedtest.CPUs {
			time.Sleep(time.Millisecond)
		}
		for cpu := range schedtest.CPUs {
			_ = sched.StartWorkers(cpu, spawn)
		}
	}()
	os.Exit(schedtest.Main(m))
}

// line is a driver that keeps what it is given.
type line struct {
	mu   sync.Mutex
	in   []byte
	out  []byte
	room int
}

func (l *line) Read(b []byte) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := copy(b, l.in)
	l.in = l.in[n:]
	return n
}

func (l *line) Write(b []byte) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := min(len(b), l.room)
	l.out = append(l.out, b[:n]...)
	l.room -= n
	return n
}

func (l *line) Unsent() int                  { return 0 }
func (l *line) FlushInput()                  {}
func (l *line) FlushOutput()                 {}
func (l *line) SetTermios(set, old *Termios) { set.KeepLine(old) }

func (l *line) sent() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.out)
}

// group is a process group or session.
type group int

func (g group) Nr() int { return int(g) }

// world is a system with one calling process.
type world struct {
	group, session group
	leader         bool
	terminal       *TTY
	ignored        bool
	orphaned       bool
	capable        bool
	groups         map[int]group // process group to session

	mu  sync.Mutex
	log []string
}

func (w *world) Group() Group          { return w.group }
func (w *world) Session() Group        { return w.session }
func (w *world) IsLeader() bool        { return w.leader }
func (w *world) Terminal() *TTY        { return w.terminal }
func (w *world) SetTerminal(t *TTY)    { w.terminal = t }
func (w *world) ClearTerminals(Group)  { w.terminal = nil }
func (w *world) Ignored(int) bool      { return w.ignored }
func (w *world) Orphaned() bool        { return w.orphaned }
func (w *world) Owner(Group) *fs.Owner { return nil }
func (w *world) Capable(int) bool      { return w.capable }
func (w *world) Signal(g Group, s int) { w.note(g, s) }

func (w *world) SignalLeader(g Group, s int) { w.note(g, s) }

func (w *world) FindGroup(nr int) Group {
	if _, ok := w.groups[nr]; ok {
		return group(nr)
	}
	return nil
}

func (w *world) SessionOf(g Group) Group { return w.groups[g.Nr()] }

func (w *world) note(g Group, s int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.log = append(w.log, syscall.Signal(s).String())
}

func (w *world) signals() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := strings.Join(w.log, ",")
	w.log = nil
	return s
}

// user is a terminal, its driver and the world around it.
type user struct {
	*TTY
	*line
	*world
	f *fs.File
}

// newUser returns a session leader with a terminal that it has opened.
func newUser(t *testing.T, flags uint32) *user {
	u := &user{line: &line{room: 1 << 20}}
	u.world = &world{group: 10, session: 10, leader: true, groups: map[int]group{10: 10, 11: 10, 20: 20}}
	Proc = u.world
	u.TTY = New("tty", fs.MkDev(4, 64), u.line, nil)
	u.f = fs.NewAnonFile("tty", fs.NoOps{}, nil, syscall.O_RDWR|flags)
	if err := u.Open(u.f); err != nil {
		t.Fatal(err)
	}
	return u
}

func (u *user) typed(s string) {
	u.line.mu.Lock()
	u.in = append(u.in, s...)
	u.line.mu.Unlock()
	u.InputReady()
}

func (u *user) read(n int) (string, error) {
	b := make([]byte, n)
	it := uaccess.KernelIter(b)
	n, err := u.f.Ops.Read(u.f, &it, nil)
	return string(b[:n]), err
}

func (u *user) write(s string) (int, error) {
	it := uaccess.KernelIter([]byte(s))
	return u.f.Ops.Write(u.f, &it, nil)
}

func (u *user) ioctl(cmd uint32, arg any) error {
	var at uintptr
	switch p := arg.(type) {
	case *Termios:
		at = uintptr(unsafe.Pointer(p))
	case *int32:
		at = uintptr(unsafe.Pointer(p))
	case *Winsize:
		at = uintptr(unsafe.Pointer(p))
	case int:
		at = uintptr(p)
	}
	_, err := u.f.Ops.Ioctl(u.f, cmd, at)
	return err
}

func TestReadAndEcho(t *testing.T) {
	u := newUser(t, 0)
	schedtest.Run(t, func() {
		u.typed("ls\rpwd\r")
		for _, want := range []string{"ls\n", "pwd\n"} {
			if got, err := u.read(100); got != want || err != nil {
				t.Errorf("%q %v, want %q", got, err, want)
			}
		}
		if got := u.sent(); got != "ls\r\npwd\r\n" {
			t.Errorf("echoed %q", got)
		}
		u.typed("\x04")
		if got, err := u.read(100); got != "" || err != nil {
			t.Errorf("end of file: %q %v", got, err)
		}
	})
}

func TestReadBlocksAndIsInterrupted(t *testing.T) {
	u := newUser(t, 0)
	var got string
	var err error
	g := schedtest.Go(t, func() { got, err = u.read(10) })
	schedtest.Asleep(t, g.Tasks[0])
	schedtest.Run(t, func() { u.typed("a\n") })
	g.Wait()
	if got != "a\n" || err != nil {
		t.Errorf("%q %v", got, err)
	}
	g = schedtest.Go(t, func() { _, err = u.read(10) })
	schedtest.Asleep(t, g.Tasks[0])
	g.Tasks[0].SetFlag(sched.TIFSigPending)
	sched.WakeUpProcess(g.Tasks[0])
	g.Wait()
	if err != errno.ERESTARTSYS {
		t.Errorf("interrupted: %v", err)
	}
}

func TestMinAndTime(t *testing.T) {
	for _, c := range []struct {
		min, time uint8
		flags     uint32
		typed     string
		want      string
		err       error
	}{
		{0, 0, 0, "", "", nil},
		{0, 0, 0, "ab", "ab", nil},
		{0, 1, 0, "", "", nil},
		{0, 0, syscall.O_NONBLOCK, "", "", nil},
		{1, 0, syscall.O_NONBLOCK, "", "", syscall.EAGAIN},
		{3, 0, 0, "abcde", "abcd", nil},
		{9, 1, 0, "ab", "ab", nil},
		{2, 0, syscall.O_NONBLOCK, "a", "a", nil},
	} {
		u := newUser(t, c.flags)
		schedtest.Run(t, func() {
			set := Standard
			raw(&set)
			set.CC[VMIN], set.CC[VTIME] = c.min, c.time
			u.TTY.SetTermios(&set)
			u.typed(c.typed)
			for u.inQueue() < len(c.typed) {
				sched.Sleep(1e5)
			}
			if got, err := u.read(4); got != c.want || err != c.err {
				t.Errorf("%+v: %q %v", c, got, err)
			}
		})
	}
}

func TestWriteBlocks(t *testing.T) {
	u := newUser(t, 0)
	u.room = 10
	text := strings.Repeat("x", 2*BufSize)
	g := schedtest.Go(t, func() {
		if n, err := u.write(text); n != len(text) || err != nil {
			t.Errorf("%d %v", n, err)
		}
	})
	schedtest.Asleep(t, g.Tasks[0])
	schedtest.Run(t, func() {
		u.line.mu.Lock()
		u.room = 1 << 20
		u.line.mu.Unlock()
		u.RoomAgain()
	})
	g.Wait()
	schedtest.Run(t, func() {
		if err := u.waitSent(); err != nil || u.sent() != text {
			t.Errorf("%v, %d bytes", err, len(u.sent()))
		}
	})
}

func TestNonblockingWrite(t *testing.T) {
	u := newUser(t, syscall.O_NONBLOCK)
	u.room = 0
	schedtest.Run(t, func() {
		if n, err := u.write(strings.Repeat("x", 2*BufSize)); n != BufSize || err != nil {
			t.Errorf("%d %v", n, err)
		}
		if n, err := u.write("x"); n != 0 || err != syscall.EAGAIN {
			t.Errorf("full: %d %v", n, err)
		}
		if got := u.f.Ops.Poll(u.f, nil); got != 0 {
			t.Errorf("poll %x", got)
		}
	})
}

func TestSignalsAndHangup(t *testing.T) {
	u := newUser(t, 0)
	schedtest.Run(t, func() {
		if u.terminal != u.TTY || u.Foreground() != Group(group(10)) {
			t.Error("not the controlling terminal")
		}
		u.typed("\x03")
		for u.sent() == "" {
			sched.Sleep(1e5)
		}
		if got := u.signals(); got != "interrupt" || u.sent() != "^C" {
			t.Errorf("signals %q, echoed %q", got, u.sent())
		}
		w := &Winsize{Row: 24, Col: 80}
		if err := u.ioctl(TIOCSWINSZ, w); err != nil || u.signals() != "window changed" {
			t.Error("no SIGWINCH", err)
		}
		if err := u.ioctl(TIOCSWINSZ, w); err != nil || u.signals() != "" {
			t.Error("SIGWINCH without a change", err)
		}
		Disassociate(true)
		if got := u.signals(); got != "hangup,continued,hangup" || u.terminal != nil || u.TTY.Session() != nil {
			t.Errorf("exit: %q", got)
		}
		if got, err := u.read(1); got != "" || err != nil {
			t.Errorf("read after hangup: %q %v", got, err)
		}
		if _, err := u.write("x"); err != syscall.EIO {
			t.Errorf("write after hangup: %v", err)
		}
		if err := u.ioctl(TCGETS, 0); err != syscall.EIO {
			t.Errorf("ioctl after hangup: %v", err)
		}
		if got := u.f.Ops.Poll(u.f, nil); got&fs.PollHup == 0 {
			t.Errorf("poll after hangup: %x", got)
		}
	})
}

func TestJobControl(t *testing.T) {
	for _, c := range []struct {
		name                       string
		foreign, ignored, orphaned bool
		read, set                  error
		signals                    string
	}{
		{"not our terminal", true, false, false, syscall.EAGAIN, nil, ""},
		{"stopped", false, false, false, errno.ERESTARTSYS, errno.ERESTARTSYS, "stopped (tty input),stopped (tty output)"},
		{"ignored", false, true, false, syscall.EIO, nil, ""},
		{"orphaned", false, false, true, syscall.EIO, syscall.EIO, ""},
	} {
		u := newUser(t, syscall.O_NONBLOCK)
		schedtest.Run(t, func() {
			u.group, u.leader = 11, false // in the background from now on
			u.ignored, u.orphaned = c.ignored, c.orphaned
			if c.foreign {
				u.terminal = nil
			}
			set := Standard
			if _, err := u.read(1); err != c.read {
				t.Errorf("%s: read: %v, want %v", c.name, err, c.read)
			}
			if err := u.ioctl(TCSETS2, &set); err != c.set {
				t.Errorf("%s: tcsetattr: %v, want %v", c.name, err, c.set)
			}
			if got := u.signals(); got != c.signals {
				t.Errorf("%s: signals %q, want %q", c.name, got, c.signals)
			}
			if _, err := u.write("x"); err != nil {
				t.Errorf("%s: write without TOSTOP: %v", c.name, err)
			}
		})
	}
}

func TestForeground(t *testing.T) {
	u := newUser(t, 0)
	schedtest.Run(t, func() {
		for _, c := range []struct {
			nr  int32
			err error
		}{{-1, syscall.EINVAL}, {99, syscall.ESRCH}, {20, syscall.EPERM}, {11, nil}} {
			if err := u.ioctl(TIOCSPGRP, &c.nr); err != c.err {
				t.Errorf("%d: %v, want %v", c.nr, err, c.err)
			}
		}
		var nr int32
		if err := u.ioctl(TIOCGPGRP, &nr); err != nil || nr != 11 {
			t.Errorf("%d %v", nr, err)
		}
		if err := u.ioctl(TIOCGSID, &nr); err != nil || nr != 10 {
			t.Errorf("session %d %v", nr, err)
		}
		if err := u.ioctl(TIOCNOTTY, 0); err != nil || u.signals() != "hangup,continued" || u.terminal != nil {
			t.Errorf("TIOCNOTTY: %v", err)
		}
		if err := u.ioctl(TIOCGPGRP, &nr); err != syscall.ENOTTY {
			t.Errorf("afterwards: %v", err)
		}
	})
}

func TestSetControlling(t *testing.T) {
	for _, c := range []struct {
		name                  string
		leader, has, taken    bool
		steal, capable, reads bool
		err                   error
	}{
		{"no leader", false, false, false, false, false, true, syscall.EPERM},
		{"has one", true, true, false, false, false, true, syscall.EPERM},
		{"free", true, false, false, false, false, true, nil},
		{"taken", true, false, true, false, true, true, syscall.EPERM},
		{"steal without right", true, false, true, true, false, true, syscall.EPERM},
		{"steal", true, false, true, true, true, true, nil},
		{"not readable", true, false, false, false, false, false, syscall.EPERM},
	} {
		u := newUser(t, 0)
		u.TTY.release()
		u.leader, u.capable, u.terminal = c.leader, c.capable, nil
		if c.has {
			u.terminal = New("other", 0, u.line, nil)
		}
		if c.taken {
			u.TTY.session = group(77)
		}
		if err := u.setControlling(c.reads, c.steal); err != c.err {
			t.Errorf("%s: %v, want %v", c.name, err, c.err)
		}
	}
}

// FuzzIoctl passes any command with any 64 bytes: it must not panic, and leaves
// a terminal that still works.
func FuzzIoctl(f *testing.F) {
	for _, cmd := range []uint32{TCSETS, TCSETSW, TCSETSF, TCSETS2, TCSETSF2, TCSETA, TCSETAF, TIOCSWINSZ, TIOCSPGRP, TIOCSETD, TIOCSSOFTCAR, TCXONC, TCFLSH} {
		f.Add(cmd, make([]byte, 64))
		f.Add(cmd, []byte(strings.Repeat("\xff", 64)))
	}
	f.Fuzz(func(t *testing.T, cmd uint32, b []byte) {
		u := newUser(t, syscall.O_NONBLOCK)
		arg := make([]byte, 64)
		copy(arg, b)
		schedtest.Run(t, func() {
			_, _ = u.f.Ops.Ioctl(u.f, cmd, uintptr(unsafe.Pointer(&arg[0])))
			u.Start()
			if u.terminal == nil {
				return // it was hung up or given up
			}
			set := Standard
			u.TTY.SetTermios(&set)
			u.typed("x\n")
			for u.inQueue() < 2 {
				sched.Sleep(1e5)
			}
			if got, err := u.read(10); !strings.HasSuffix(got, "x\n") {
				t.Errorf("%q %v", got, err)
			}
		})
	})
}

// inQueue is what FIONREAD says.
func (u *user) inQueue() int {
	u.TTY.mu.Lock()
	defer u.TTY.mu.Unlock()
	return u.d.InQueue()
}

// Start lets output go on as TCOON does.
func (u *user) Start() {
	u.TTY.mu.Lock()
	u.d.Start()
	u.TTY.mu.Unlock()
}
