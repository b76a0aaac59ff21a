package fs

import (
	"slices"
	"sync/atomic"
	"syscall"

	"onsen/kernel/spin"
)

// Owner is who gets the signals of an open file; Linux's struct fown_struct. It does
// not change.
type Owner struct {
	// Pid is the thread, process or process group, a *kernel.Pid, and Type the
	// kernel.PidType that it has here. Pid is nil if nobody gets them.
	Pid  any
	Type uint8
	// UID and EUID are those of the task that has named the owner: its rights
	// decide whether a signal may be sent.
	UID, EUID uint32
}

// Band is what a signal of a file is about: its si_code.
type Band int32

// The bands that files have here.
const (
	BandIn  Band = 1 // POLL_IN: there is something to read
	BandOut Band = 2 // POLL_OUT: there is room
	BandErr Band = 4 // POLL_ERR: there is an error
	BandHup Band = 6 // POLL_HUP: the other side has gone
)

// SendSIGIO sends the signal of a file to its owner; si_fd is fd. Set at start-up.
var SendSIGIO = func(f *File, fd int, band Band) {}

// Fasyncer is what the Ops of files have besides that send signals: the
// file_operations.fasync of Linux.
type Fasyncer interface {
	// Fasync puts f, descriptor fd, on the list of those that send signals, or
	// takes it off. It calls Fasync.Set.
	Fasync(f *File, fd int, on bool)
}

// Fasync is a list of open files whose owners get a signal when something happens
// to what they show; Linux's lists of struct fasync_struct. The zero value is
// empty.
type Fasync struct {
	lock spin.Lock
	// entries is replaced as a whole. Written under lock.
	entries atomic.Pointer[[]fasyncEntry]
}

type fasyncEntry struct {
	file *File
	fd   int
}

// Set puts f on the list as descriptor fd, or takes it off, and changes its O_ASYNC
// with that: not if it is not on the list, where a file opened with O_ASYNC never
// is. Linux's fasync_helper.
func (l *Fasync) Set(f *File, fd int, on bool) {
	l.lock.Lock()
	defer l.lock.Unlock()
	var entries []fasyncEntry
	if old := l.entries.Load(); old != nil {
		entries = slices.Clone(*old)
	}
	is := func(e fasyncEntry) bool { return e.file == f }
	switch i := slices.IndexFunc(entries, is); {
	case on && i >= 0:
		entries[i].fd = fd
	case on:
		entries = append(entries, fasyncEntry{f, fd})
		f.flags.Or(syscall.O_ASYNC)
	case i >= 0:
		entries = slices.Delete(entries, i, i+1)
		f.flags.And(^uint32(syscall.O_ASYNC))
	}
	if len(entries) == 0 {
		l.entries.Store(nil)
		return
	}
	l.entries.Store(&entries)
}

// Clear takes all files off the list.
func (l *Fasync) Clear() {
	if entries := l.entries.Load(); entries != nil {
		for _, e := range *entries {
			l.Set(e.file, -1, false)
		}
	}
}

// Any reports whether there are files on the list.
func (l *Fasync) Any() bool { return l.entries.Load() != nil }

// Kill sends the signals. It takes the kernel's tasklistLock. Linux's kill_fasync.
func (l *Fasync) Kill(band Band) {
	if entries := l.entries.Load(); entries != nil {
		kill(*entries, band)
	}
}

func kill(entries []fasyncEntry, band Band) {
	for _, e := range entries {
		SendSIGIO(e.file, e.fd, band)
	}
}

// SetAsync sets or clears O_ASYNC of f, which is descriptor fd: ENOTTY if files of
// its kind send no signals.
func (f *File) SetAsync(fd int, on bool) error {
	if on == (f.Flags()&syscall.O_ASYNC != 0) {
		return nil
	}
	a, ok := f.Ops.(Fasyncer)
	if !ok {
		return syscall.ENOTTY
	}
	a.Fasync(f, fd, on)
	return nil
}

// Owner returns who gets the file's signals, nil if that was never set.
func (f *File) Owner() *Owner { return f.owner.Load() }

// SetOwner changes who gets the file's signals.
func (f *File) SetOwner(o *Owner) { f.owner.Store(o) }

// OfferOwner is SetOwner for a file that has none.
func (f *File) OfferOwner(o *Owner) {
	if old := f.owner.Load(); old == nil || old.Pid == nil {
		f.owner.CompareAndSwap(old, o)
	}
}

// Signal returns what is sent instead of SIGIO, 0 for that.
func (f *File) Signal() int { return int(f.signal.Load()) }

// SetSignal changes what is sent instead of SIGIO.
func (f *File) SetSignal(sig int) { f.signal.Store(int32(sig)) }
