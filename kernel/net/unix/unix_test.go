//go:build !metal

package unix

import (
	"encoding/binary"
	"os"
	"syscall"
	"testing"

	"onsen/kernel/cred"
	"onsen/kernel/errno"
	"onsen/kernel/fs"
	"onsen/kernel/net"
	"onsen/kernel/sched/schedtest"
	"onsen/kernel/uaccess"
)

func TestMain(m *testing.M) { os.Exit(schedtest.Main(m)) }

// caller is root with a table of its own.
func caller() *fs.Files {
	files := fs.NewFiles()
	c := &cred.Cred{Effective: 1<<41 - 1}
	net.Context = func() *fs.Context { return &fs.Context{Cred: c, Files: files} }
	return files
}

// pair returns the files of two connected sockets.
func pair(t *testing.T, typ int) (a, b *fs.File) {
	p, err := net.Create(syscall.AF_UNIX, typ, 0)
	q, err2 := net.Create(syscall.AF_UNIX, typ, 0)
	if err != nil || err2 != nil {
		t.Fatal(err, err2)
	}
	if err := p.Pair(q); err != nil {
		t.Fatal(err)
	}
	return net.NewFile(p, 0), net.NewFile(q, 0)
}

func sendText(f *fs.File, text string, flags int) (int, error) {
	it := uaccess.KernelIter([]byte(text))
	return net.Of(f).Sendmsg(nil, &it, flags)
}

func receiveText(f *fs.File, n, flags int) (string, error) {
	b := make([]byte, n)
	it := uaccess.KernelIter(b)
	n, err := net.Of(f).Recvmsg(nil, &it, flags)
	return string(b[:n]), err
}

func TestStream(t *testing.T) {
	schedtest.Run(t, func() {
		caller()
		a, b := pair(t, syscall.SOCK_STREAM)
		for _, s := range []string{"one", "two", "three"} {
			if n, err := sendText(a, s, 0); n != len(s) || err != nil {
				t.Errorf("send of %q: %d %v", s, n, err)
			}
		}
		for _, c := range []struct {
			n, flags int
			want     string
			err      error
		}{
			{5, syscall.MSG_PEEK, "onetw", nil}, {4, 0, "onet", nil}, {99, 0, "wothree", nil},
			{1, syscall.MSG_DONTWAIT, "", syscall.EAGAIN},
		} {
			if s, err := receiveText(b, c.n, c.flags); s != c.want || err != c.err {
				t.Errorf("receive of %d: %q %v, want %q %v", c.n, s, err, c.want, c.err)
			}
		}
		if w := net.Of(a).Proto.Base().Wmem.Load(); w != 0 {
			t.Errorf("%d bytes are still counted", w)
		}
		a.Put()
		if s, err := receiveText(b, 9, 0); s != "" || err != nil {
			t.Errorf("at the end: %q %v", s, err)
		}
		b.Put()
	})
}

// A sender waits for room and a receiver for data, on two CPUs.
func TestStreamWaits(t *testing.T) {
	caller()
	a, b := pair(t, syscall.SOCK_STREAM)
	const total = 3 << 20
	schedtest.Run(t, func() {
		sent := 0
		for sent < total {
			n, err := sendText(a, string(make([]byte, min(40000, total-sent))), 0)
			if err != nil && err != errno.ERESTARTSYS {
				t.Error(err)
				break
			}
			sent += n
		}
		a.Put()
	}, func() {
		got := 0
		for {
			s, err := receiveText(b, 7777, 0)
			if err != nil {
				t.Error(err)
			}
			if s == "" || err != nil {
				break
			}
			got += len(s)
		}
		if got != total {
			t.Errorf("%d bytes of %d", got, total)
		}
		b.Put()
	})
}

// sendFile sends a file, of which the message has a reference.
func sendFile(t *testing.T, to *fs.File, files *fs.Files, f *fs.File) {
	f.Get()
	fd, err := files.Add(f, 1000, false)
	if err != nil {
		t.Error(err)
		return
	}
	b := binary.NativeEndian.AppendUint64(nil, 20)
	b = binary.NativeEndian.AppendUint32(b, syscall.SOL_SOCKET)
	b = binary.NativeEndian.AppendUint32(b, syscall.SCM_RIGHTS)
	b = binary.NativeEndian.AppendUint32(b, uint32(fd))
	it := uaccess.KernelIter([]byte("x"))
	if _, err := net.Of(to).Sendmsg(&net.Msghdr{Control: b}, &it, 0); err != nil {
		t.Error(err)
	}
	_ = files.Close(fd)
}

// watched is a file that notes that it was closed.
type watched struct {
	fs.NoOps
	closed bool
}

func (w *watched) Release(*fs.File) { w.closed = true }

// Sockets in each other's queues, and a file with them, are closed when the last
// descriptor goes, and not before.
func TestCollect(t *testing.T) {
	for _, n := range []int{1, 2, 50} {
		schedtest.Run(t, func() {
			files := caller()
			w := new(watched)
			f := fs.NewAnonFile("watched", w, nil, syscall.O_RDWR)
			var ends, others []*fs.File
			for range n {
				a, b := pair(t, syscall.SOCK_DGRAM)
				ends, others = append(ends, a), append(others, b)
			}
			// The receiver of pair i is in the queue of pair i+1.
			for i := range n {
				sendFile(t, ends[(i+1)%n], files, others[i])
			}
			sendFile(t, ends[0], files, f)
			f.Put()
			for _, b := range others[1:] {
				b.Put()
			}
			collect()
			if w.closed {
				t.Errorf("%d: closed while one can be received", n)
			}
			others[0].Put()
			for _, a := range ends {
				a.Put()
			}
			if !w.closed || inflight.total.Load() != 0 || len(inflight.byUser) != 0 {
				t.Errorf("%d: closed %v, %d on their way, of users %v", n, w.closed, inflight.total.Load(), inflight.byUser)
			}
		})
	}
}

// A long chain of sockets, each in the queue of the next, is closed without a deep
// stack.
func TestChain(t *testing.T) {
	schedtest.Run(t, func() {
		files := caller()
		w := new(watched)
		last := fs.NewAnonFile("watched", w, nil, syscall.O_RDWR)
		for range 1000 {
			a, b := pair(t, syscall.SOCK_STREAM)
			sendFile(t, a, files, last)
			last.Put()
			a.Put()
			last = b
		}
		if w.closed {
			t.Error("closed too early")
		}
		last.Put()
		if !w.closed {
			t.Error("not closed")
		}
	})
}

func TestTruesize(t *testing.T) {
	for _, c := range []struct {
		n    int
		want int64
	}{{1, 768}, {500, 1280}, {3776, 4352}, {3777, 4864}, {36544, 37120}} {
		if got := streamCharge(c.n); got != c.want {
			t.Errorf("%d bytes of a stream cost %d, want %d", c.n, got, c.want)
		}
	}
}

// FuzzParse: a sockaddr is refused, or is a name that getsockname(2) tells again.
func FuzzParse(f *testing.F) {
	f.Add([]byte{1, 0, '/', 'x', 0, 'y'})
	f.Add([]byte{1, 0, 0, 'a', 0, 'b'})
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := parse(b)
		if err != nil {
			if err != syscall.EINVAL {
				t.Fatal(err)
			}
			return
		}
		s := a.sockaddr()
		if len(a.name) == 0 || len(s) > sockaddrUn+1 || string(s[:2]) != string(b[:2]) {
			t.Fatalf("%q gives %q", b, s)
		}
		if len(s) <= sockaddrUn {
			if again, err := parse(s); err != nil || *again != *a {
				t.Fatalf("%q gives %q, and that %+v %v", b, s, again, err)
			}
		}
	})
}
