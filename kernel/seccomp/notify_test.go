//go:build !metal

package seccomp

import (
	"os"
	"syscall"
	"testing"

	"onsen/kernel/fs"
	"onsen/kernel/sched/schedtest"
)

func TestMain(m *testing.M) { os.Exit(schedtest.Main(m)) }

// asking runs Ask in a task of its own.
type asking struct {
	*schedtest.Group
	reply Resp
	err   error
	files []*AddFD // that were installed
}

// ask starts a task that asks n. Files become the descriptors fd, fd+1, ...
func ask(t *testing.T, n *Notifier, fd int) *asking {
	a := new(asking)
	a.Group = schedtest.Go(t, func() {
		a.reply, a.err = n.Ask(7, &sample, func(f *AddFD) int {
			a.files = append(a.files, f)
			fd++
			return fd - 1
		})
	})
	schedtest.Asleep(t, a.Tasks[0])
	return a
}

func recv(t *testing.T, n *Notifier) (got Notif) {
	t.Helper()
	if err := n.Recv(func(v *Notif) error { got = *v; return nil }); err != nil {
		t.Error(err)
	}
	return got
}

func wantPoll(t *testing.T, n *Notifier, want fs.PollEvents) {
	t.Helper()
	if got := n.Poll(nil) & (fs.PollIn | fs.PollOut | fs.PollHup); got != want {
		t.Errorf("poll %#x, want %#x", got, want)
	}
}

func wantErr(t *testing.T, what string, got, want error) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func TestNotify(t *testing.T) {
	n := NewNotifier(100, false)
	a := ask(t, n, 0)
	schedtest.Run(t, func() {
		wantPoll(t, n, fs.PollIn)
		wantErr(t, "early answer", n.Send(Resp{ID: 100}), syscall.EINPROGRESS)
		wantErr(t, "early ID", n.Valid(100), syscall.ENOENT)
		wantErr(t, "bad buffer", n.Recv(func(*Notif) error { return syscall.EFAULT }), syscall.EFAULT)
		wantPoll(t, n, fs.PollIn)
		if got := recv(t, n); got.ID != 100 || got.Pid != 7 || got.Data != sample {
			t.Errorf("%+v", got)
		}
		wantPoll(t, n, fs.PollOut)
		wantErr(t, "ID", n.Valid(100), nil)
		wantErr(t, "other ID", n.Valid(101), syscall.ENOENT)
		wantErr(t, "answer to another", n.Send(Resp{ID: 101}), syscall.ENOENT)
		wantErr(t, "unknown flag", n.Send(Resp{ID: 100, Flags: 2}), syscall.EINVAL)
		wantErr(t, "go on with a value", n.Send(Resp{ID: 100, Flags: RespContinue, Val: 1}), syscall.EINVAL)
		wantErr(t, "answer", n.Send(Resp{ID: 100, Val: 5}), nil)
	})
	a.Wait()
	if a.reply.Val != 5 || a.err != nil {
		t.Errorf("%+v, %v", a.reply, a.err)
	}
	schedtest.Run(t, func() {
		wantErr(t, "late answer", n.Send(Resp{ID: 100}), syscall.ENOENT)
		wantPoll(t, n, 0)
	})
}

func TestAddFD(t *testing.T) {
	n := NewNotifier(1, false)
	a := ask(t, n, 10)
	schedtest.Run(t, func() {
		_, err := n.AddFD(1, &AddFD{})
		wantErr(t, "early", err, syscall.EINPROGRESS)
		recv(t, n)
		_, err = n.AddFD(2, &AddFD{})
		wantErr(t, "other", err, syscall.ENOENT)
		for want := 10; want < 12; want++ {
			if fd, err := n.AddFD(1, &AddFD{}); fd != want || err != nil {
				t.Errorf("%d, %v, want %d", fd, err, want)
			}
		}
		if fd, err := n.AddFD(1, &AddFD{Send: true}); fd != 12 || err != nil {
			t.Errorf("%d, %v", fd, err)
		}
	})
	a.Wait()
	if a.reply != (Resp{Val: 12}) || a.err != nil || len(a.files) != 3 {
		t.Errorf("%+v, %v, %d files", a.reply, a.err, len(a.files))
	}
}

// A file that was to be the answer cannot be installed: the call still waits.
func TestAddFDFails(t *testing.T) {
	n := NewNotifier(1, false)
	a := ask(t, n, -int(syscall.EMFILE))
	schedtest.Run(t, func() {
		recv(t, n)
		_, err := n.AddFD(1, &AddFD{Send: true})
		wantErr(t, "file", err, syscall.EMFILE)
		wantErr(t, "ID", n.Valid(1), nil)
		wantErr(t, "answer", n.Send(Resp{ID: 1, Error: -int32(syscall.EPERM)}), nil)
	})
	a.Wait()
	if a.reply.Error != -int32(syscall.EPERM) {
		t.Errorf("%+v", a.reply)
	}
}

func TestListenerGone(t *testing.T) {
	n := NewNotifier(1, true)
	a, b := ask(t, n, 0), ask(t, n, 0)
	schedtest.Run(t, func() {
		recv(t, n)
		if !n.Listening() {
			t.Error("nobody listens")
		}
		n.Close()
		if n.Listening() {
			t.Error("still listening")
		}
		if r, err := n.Ask(1, &sample, nil); r != enosys || err != nil {
			t.Errorf("closed: %+v, %v", r, err)
		}
		var none *Notifier
		if r, err := none.Ask(1, &sample, nil); r != enosys || err != nil {
			t.Errorf("none: %+v, %v", r, err)
		}
		none.orphan()
	})
	a.Wait()
	b.Wait()
	if a.reply != enosys || b.reply != enosys || a.err != nil || b.err != nil {
		t.Errorf("%+v %v, %+v %v", a.reply, a.err, b.reply, b.err)
	}
}

// Many tasks ask, and each gets its own answer.
func TestNotifyMany(t *testing.T) {
	const tasks, rounds = 4, 50
	n := NewNotifier(0, false)
	group := schedtest.Go(t, func() {
		for range tasks * rounds {
			var id uint64
			err := n.Recv(func(v *Notif) error { id = v.ID; return nil })
			wantErr(t, "recv", err, nil)
			wantErr(t, "send", n.Send(Resp{ID: id, Val: int64(id)}), nil)
		}
	})
	seen := make([][]int64, tasks)
	for i := range seen {
		asker := schedtest.Go(t, func() {
			for range rounds {
				r, err := n.Ask(i, &sample, nil)
				wantErr(t, "ask", err, nil)
				seen[i] = append(seen[i], r.Val)
			}
		})
		defer asker.Wait()
	}
	group.Wait()
	t.Cleanup(func() {
		all := map[int64]bool{}
		for _, vs := range seen {
			for _, v := range vs {
				all[v] = true
			}
		}
		if len(all) != tasks*rounds {
			t.Errorf("%d different answers", len(all))
		}
	})
}
