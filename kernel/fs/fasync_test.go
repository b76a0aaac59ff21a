package fs

import (
	"slices"
	"syscall"
	"testing"
)

// asyncOps is a file that sends signals.
type asyncOps struct {
	NoOps
	list *Fasync
}

func (o asyncOps) Fasync(f *File, fd int, on bool) { o.list.Set(f, fd, on) }

func TestFasync(t *testing.T) {
	var list Fasync
	var sent []int
	SendSIGIO = func(_ *File, fd int, _ Band) { sent = append(sent, fd) }
	told := func(want ...int) {
		t.Helper()
		sent = nil
		list.Kill(BandIn)
		if !slices.Equal(sent, want) {
			t.Errorf("descriptors %v are told, want %v", sent, want)
		}
	}
	a, b, deaf := &File{Ops: asyncOps{list: &list}}, &File{Ops: asyncOps{list: &list}}, &File{Ops: NoOps{}}
	set := func(f *File, fd int, on bool, want error) {
		t.Helper()
		if err := f.SetAsync(fd, on); err != want {
			t.Errorf("SetAsync(%d, %v) = %v, want %v", fd, on, err, want)
		}
		if want == nil && on != (f.Flags()&syscall.O_ASYNC != 0) {
			t.Errorf("after SetAsync(%d, %v) the flags are %#x", fd, on, f.Flags())
		}
	}
	told()
	set(a, 3, true, nil)
	set(b, 4, true, nil)
	told(3, 4)
	set(a, 5, true, nil) // is on already: nothing changes
	told(3, 4)
	set(a, 3, false, nil)
	told(4)
	set(deaf, 6, true, syscall.ENOTTY)
	set(deaf, 6, false, nil)
	list.Clear()
	told()
	if list.Any() || b.Flags()&syscall.O_ASYNC != 0 {
		t.Error("a cleared list has files")
	}
}
