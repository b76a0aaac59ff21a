//go:build !metal

package pipe

import (
	"syscall"
	"testing"

	"onsen/kernel/errno"
	"onsen/kernel/fs"
	"onsen/kernel/sched"
	"onsen/kernel/sched/schedtest"
)

func openFifo(i *fs.Inode, flags uint32) (*fs.File, error) {
	f := fs.NewPseudoFile(i, "fifo", fs.NoOps{}, nil, flags)
	return f, OpenFifo(f)
}

func TestFifoOpen(t *testing.T) {
	i := fs.NewPseudoInode(syscall.S_IFIFO|0o600, fs.NoInodeOps{})
	schedtest.Run(t, func() {
		if _, err := openFifo(i, syscall.O_WRONLY|syscall.O_NONBLOCK); err != syscall.ENXIO {
			t.Errorf("for writing, without a reader: %v", err)
		}
		r, err := openFifo(i, syscall.O_RDONLY|syscall.O_NONBLOCK)
		if err != nil {
			t.Errorf("for reading: %v", err)
		}
		if got := r.Ops.Poll(r, nil); got != 0 {
			t.Errorf("before there was a writer: %x", got)
		}
		w, err := openFifo(i, syscall.O_WRONLY|syscall.O_NONBLOCK)
		if err != nil || Of(w) != Of(r) {
			t.Errorf("for writing: %v", err)
		}
		w.Put()
		if got := r.Ops.Poll(r, nil); got != fs.PollHup {
			t.Errorf("after the writer: %x", got)
		}
		r.Put()
		if len(fifos.pipe) != 0 {
			t.Error("the pipe is still there")
		}
		both, err := openFifo(i, syscall.O_RDWR)
		if err != nil {
			t.Error(err)
		}
		both.Put()
	})
	leaks(t)
}

func TestFifoWaits(t *testing.T) {
	i := fs.NewPseudoInode(syscall.S_IFIFO|0o600, fs.NoInodeOps{})
	for _, first := range []uint32{syscall.O_RDONLY, syscall.O_WRONLY} {
		second := uint32(syscall.O_RDONLY + syscall.O_WRONLY - first)
		g := schedtest.Go(t, func() {
			f, err := openFifo(i, first)
			if err != nil {
				t.Error(err)
			}
			f.Put()
		})
		schedtest.Asleep(t, g.Tasks[0])
		schedtest.Run(t, func() {
			f, err := openFifo(i, second)
			if err != nil {
				t.Error(err)
			}
			f.Put()
		})
		g.Wait()
		g = schedtest.Go(t, func() {
			if _, err := openFifo(i, first); err != errno.ERESTARTSYS {
				t.Errorf("interrupted: %v", err)
			}
		})
		schedtest.Asleep(t, g.Tasks[0])
		g.Tasks[0].SetFlag(sched.TIFSigPending)
		sched.WakeUpProcess(g.Tasks[0])
		g.Wait()
		if len(fifos.pipe) != 0 {
			t.Error("the pipe is still there")
		}
	}
	leaks(t)
}

// An end of a pipe opened through /proc/PID/fd is one of the same pipe.
func TestReopen(t *testing.T) {
	i := fs.NewPseudoInode(syscall.S_IFIFO|0o600, fs.NoInodeOps{})
	schedtest.Run(t, func() {
		r, _ := NewEnds(i)
		f := fs.NewPseudoFile(i, "pipe:[1]", nil, nil, syscall.O_WRONLY)
		if err := OpenFifo(f); err != nil {
			t.Fatal(err)
		}
		if Of(f) != r.pipe || r.pipe.writers.Load() != 2 {
			t.Errorf("another pipe, or %d writers, not 2", r.pipe.writers.Load())
		}
		f.Ops.Release(f)
		if n := r.pipe.writers.Load(); n != 1 {
			t.Errorf("%d writers after it was closed, not 1", n)
		}
	})
}
