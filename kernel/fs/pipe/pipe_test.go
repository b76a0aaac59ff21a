//go:build !metal

package pipe

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"syscall"
	"testing"

	"onsen/kernel/errno"
	"onsen/kernel/fs"
	"onsen/kernel/sched"
	"onsen/kernel/sched/schedtest"
	"onsen/kernel/uaccess"
)

func TestMain(m *testing.M) { os.Exit(schedtest.Main(m)) }

// ends are the two open files of a pipe.
type ends struct {
	t    *testing.T
	r, w *fs.File
	p    *Pipe
}

func open(t *testing.T, flags uint32) *ends {
	re, we := NewEnds(new(fs.Inode))
	inode := fs.NewPseudoInode(syscall.S_IFIFO|0o600, fs.NoInodeOps{})
	return &ends{
		t: t, p: re.pipe,
		r: fs.NewPseudoFile(inode, "pipe", re, nil, syscall.O_RDONLY|flags),
		w: fs.NewPseudoFile(inode, "pipe", we, nil, syscall.O_WRONLY|flags),
	}
}

func (e *ends) write(b []byte) (int, error) {
	it := uaccess.KernelIter(b)
	return e.w.Ops.Write(e.w, &it, nil)
}

func (e *ends) read(n int) (string, error) {
	b := make([]byte, n)
	it := uaccess.KernelIter(b)
	n, err := e.r.Ops.Read(e.r, &it, nil)
	return string(b[:n]), err
}

// wrote and got check one call.
func (e *ends) wrote(s string, n int, err error) {
	e.t.Helper()
	if m, err2 := e.write([]byte(s)); m != n || err2 != err {
		e.t.Errorf("write of %d bytes: %d %v, want %d %v", len(s), m, err2, n, err)
	}
}

func (e *ends) got(n int, s string, err error) {
	e.t.Helper()
	if s2, err2 := e.read(n); s2 != s || err2 != err {
		e.t.Errorf("read of %d: %.20q (%d bytes) %v, want %.20q %v", n, s2, len(s2), err2, s, err)
	}
}

// leaks fails the test if pages are left.
func leaks(t *testing.T) {
	t.Helper()
	hostPages.Lock()
	defer hostPages.Unlock()
	if n := len(hostPages.owners); n != 0 {
		t.Errorf("%d pages leaked", n)
	}
}

func text(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte('a' + i%23)
	}
	return string(b)
}

func TestReadWrite(t *testing.T) {
	schedtest.Run(t, func() {
		e := open(t, syscall.O_NONBLOCK)
		e.got(1, "", syscall.EAGAIN)
		e.got(0, "", nil)
		e.wrote("", 0, nil)
		e.wrote("abc", 3, nil)
		e.wrote("def", 3, nil)
		if n := e.p.Buffered(); n != 6 {
			t.Errorf("holds %d", n)
		}
		if used := e.p.head.Load() - e.p.tail.Load(); used != 1 {
			t.Errorf("%d buffers for two small writes", used)
		}
		e.got(4, "abcd", nil)
		e.got(9, "ef", nil)
		all := text(16 * pageSize)
		e.wrote(all+"x", len(all), nil)
		e.wrote("x", 0, syscall.EAGAIN)
		e.got(len(all), all, nil)
		e.w.Put()
		e.got(1, "", nil)
		e.r.Put()
	})
	leaks(t)
}

// TestAtomicity checks what PIPE_BUF promises: a write of up to a page that is
// not to wait goes in whole or not at all.
func TestAtomicity(t *testing.T) {
	schedtest.Run(t, func() {
		e := open(t, syscall.O_NONBLOCK)
		e.wrote(text(15*pageSize), 15*pageSize, nil)
		e.wrote(text(100), 100, nil)
		e.wrote(text(pageSize-50), 0, syscall.EAGAIN)
		e.wrote(text(pageSize-100), pageSize-100, nil)
		e.wrote("x", 0, syscall.EAGAIN)
		e.r.Put()
		e.w.Put()
	})
	leaks(t)
}

func TestPackets(t *testing.T) {
	schedtest.Run(t, func() {
		e := open(t, syscall.O_NONBLOCK|syscall.O_DIRECT)
		e.wrote("one", 3, nil)
		e.wrote("two", 3, nil)
		e.wrote(text(pageSize+5), pageSize+5, nil)
		e.got(100, "one", nil)
		e.got(2, "tw", nil) // the rest is lost
		e.got(2*pageSize, text(pageSize), nil)
		if s, _ := e.read(100); len(s) != 5 {
			t.Errorf("last packet of %d bytes", len(s))
		}
		e.r.Put()
		e.w.Put()
	})
	leaks(t)
}

func TestNoReaders(t *testing.T) {
	sent := 0
	SendSIGPIPE = func() { sent++ }
	defer func() { SendSIGPIPE = func() {} }()
	schedtest.Run(t, func() {
		e := open(t, 0)
		e.wrote("abc", 3, nil)
		e.r.Put()
		e.wrote("abc", 0, syscall.EPIPE)
		e.w.Put()
	})
	if sent != 1 {
		t.Errorf("%d signals", sent)
	}
	leaks(t)
}

func TestSetSize(t *testing.T) {
	defer func() { Capable = func(int) bool { return true } }()
	schedtest.Run(t, func() {
		e := open(t, syscall.O_NONBLOCK)
		for _, c := range []struct {
			n    uint
			size int
			err  error
		}{
			{0, pageSize, nil}, {1, pageSize, nil}, {pageSize + 1, 2 * pageSize, nil},
			{1 << 20, 1 << 20, nil}, {1<<31 + 1, 0, syscall.EINVAL}, {3 * pageSize, 4 * pageSize, nil},
		} {
			if n, err := e.p.SetSize(c.n); n != c.size || err != c.err {
				t.Errorf("%d: %d %v, want %d %v", c.n, n, err, c.size, c.err)
			}
		}
		e.wrote(text(5*pageSize), 4*pageSize, nil)
		if _, err := e.p.SetSize(pageSize); err != syscall.EBUSY {
			t.Errorf("shrunk below what it holds: %v", err)
		}
		Capable = func(int) bool { return false }
		if _, err := e.p.SetSize(2 << 20); err != syscall.EPERM {
			t.Errorf("beyond the limit: %v", err)
		}
		e.got(pageSize, text(4 * pageSize)[:pageSize], nil)
		if n, err := e.p.SetSize(8 * pageSize); n != 8*pageSize || err != nil {
			t.Errorf("%d %v", n, err)
		}
		e.got(3*pageSize, text(4 * pageSize)[pageSize:], nil)
		e.r.Put()
		e.w.Put()
	})
	leaks(t)
}

func TestPoll(t *testing.T) {
	const (
		in  = fs.PollIn | fs.PollRdNorm
		out = fs.PollOut | fs.PollWrNorm
	)
	schedtest.Run(t, func() {
		e := open(t, syscall.O_NONBLOCK)
		want := func(r, w fs.PollEvents) {
			t.Helper()
			if got := e.r.Ops.Poll(e.r, nil); got != r {
				t.Errorf("reader: %x, want %x", got, r)
			}
			if got := e.w.Ops.Poll(e.w, nil); got != w {
				t.Errorf("writer: %x, want %x", got, w)
			}
		}
		want(0, out)
		e.wrote("a", 1, nil)
		want(in, out)
		e.wrote(text(16*pageSize), 16*pageSize-pageSize, nil)
		want(in, 0)
		e.w.Put()
		want(in|fs.PollHup, 0)
		e.r.Put()
		e = open(t, syscall.O_NONBLOCK)
		e.r.Put()
		want(0, out|fs.PollErr)
		e.w.Put()
	})
	leaks(t)
}

func TestNoMemory(t *testing.T) {
	schedtest.Run(t, func() {
		e := open(t, 0)
		hostPages.limit = 2
		e.wrote(text(4*pageSize), 2*pageSize, nil)
		e.wrote("x", 0, syscall.ENOMEM)
		hostPages.limit = 1 << 20
		e.r.Put()
		e.w.Put()
	})
	leaks(t)
}

// TestStream sends data through pipes of different sizes, with reads and writes
// of random sizes on two CPUs.
func TestStream(t *testing.T) {
	const total = 1 << 20
	for _, size := range []uint{1, 2 * pageSize, 64 << 10} {
		e := open(t, 0)
		all := []byte(text(total))
		var got []byte
		schedtest.Run(t, func() {
			_, _ = e.p.SetSize(size)
			r := rand.New(rand.NewPCG(1, 2))
			for left := all; len(left) > 0; {
				n, err := e.write(left[:min(len(left), 1+r.IntN(3*pageSize))])
				if err != nil {
					t.Error(err)
					break
				}
				left = left[n:]
			}
			e.w.Put()
		}, func() {
			r := rand.New(rand.NewPCG(3, 4))
			for {
				s, err := e.read(1 + r.IntN(3*pageSize))
				if s == "" {
					if err != nil {
						t.Error(err)
					}
					break
				}
				got = append(got, s...)
			}
			e.r.Put()
		})
		if !bytes.Equal(got, all) {
			t.Errorf("size %d: %d bytes came of %d, or others", size, len(got), len(all))
		}
	}
	leaks(t)
}

// TestManyWriters lets writers of whole records meet at a small pipe: no record
// may be torn, none lost.
func TestManyWriters(t *testing.T) {
	const writers, rounds = 4, 300
	e := open(t, 0)
	left := int32(writers)
	record := func(w, i int) string { return fmt.Sprintf("%02d %06d\n", w, i) }
	fns := []func(){func() {
		seen := [writers]int{}
		for {
			s, _ := e.read(10)
			if s == "" {
				break
			}
			var w, i int
			if n, err := fmt.Sscanf(s, "%d %d\n", &w, &i); n != 2 || err != nil || i != seen[w] {
				t.Errorf("record %q, want number %d", s, seen[w])
				break
			}
			seen[w]++
		}
	}}
	var mu sched.Mutex
	for w := range writers {
		fns = append(fns, func() {
			for i := range rounds {
				if n, err := e.write([]byte(record(w, i))); n != 10 || err != nil {
					t.Errorf("write: %d %v", n, err)
				}
			}
			mu.Lock()
			if left--; left == 0 {
				e.w.Put()
			}
			mu.Unlock()
		})
	}
	schedtest.Run(t, func() { _, _ = e.p.SetSize(1) })
	schedtest.Run(t, fns...)
	schedtest.Run(t, func() { e.r.Put() })
	leaks(t)
}

// TestInterrupted checks that a signal ends waiting, and only that.
func TestInterrupted(t *testing.T) {
	e := open(t, 0)
	var readErr, writeErr error
	var wrote int
	g := schedtest.Go(t, func() { _, readErr = e.read(1) })
	schedtest.Asleep(t, g.Tasks[0])
	g.Tasks[0].SetFlag(sched.TIFSigPending)
	sched.WakeUpProcess(g.Tasks[0])
	g.Wait()
	g = schedtest.Go(t, func() { wrote, writeErr = e.write([]byte(text(17 * pageSize))) })
	schedtest.Asleep(t, g.Tasks[0])
	g.Tasks[0].SetFlag(sched.TIFSigPending)
	sched.WakeUpProcess(g.Tasks[0])
	g.Wait()
	if readErr != errno.ERESTARTSYS || wrote != 16*pageSize || writeErr != nil {
		t.Errorf("read %v, wrote %d %v", readErr, wrote, writeErr)
	}
	schedtest.Run(t, func() { e.r.Put(); e.w.Put() })
	leaks(t)
}
