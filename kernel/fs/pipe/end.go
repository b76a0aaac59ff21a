package pipe

import (
	"syscall"

	"onsen/kernel/errno"
	"onsen/kernel/fs"
	"onsen/kernel/uaccess"
	"onsen/kernel/vm"
)

// fionread is the ioctl that asks how much can be read at once.
const fionread = 0x541b

// End is an open file's hold of a pipe: one end of it or, of a FIFO that was
// opened with O_RDWR, both.
type End struct {
	fs.NoOps
	pipe          *Pipe
	reads, writes bool
	// opens is what Pipe.writeOpens was when a FIFO was opened without
	// waiting. Until there was a writer its absence is no hang-up. Constant
	// once open.
	opens uint32
}

// Of returns the pipe of an open file, or nil if it is none.
func Of(f *fs.File) *Pipe {
	switch e := f.Ops.(type) {
	case *End:
		return e.pipe
	case *fifoEnd:
		return e.pipe
	}
	return nil
}

// newEnd counts an open file.
//
// Preconditions: mu held, or nobody else knows the pipe.
func (p *Pipe) newEnd(reads, writes bool) *End {
	p.files++
	if reads {
		p.readers.Add(1)
		p.readOpens.Add(1)
	}
	if writes {
		p.writers.Add(1)
		p.writeOpens.Add(1)
	}
	return &End{pipe: p, reads: reads, writes: writes}
}

// NewEnds returns the reading and the writing end of a new pipe, of which i is
// the inode: what the Ops of pipe(2)'s two files are.
func NewEnds(i *fs.Inode) (r, w *End) {
	p := newPipe()
	i.Private = p
	return p.newEnd(true, false), p.newEnd(false, true)
}

// Read implements fs.FileOps.
func (e *End) Read(f *fs.File, to *uaccess.Iter, _ *int64) (int, error) {
	return e.pipe.read(to, f.NonBlock())
}

// Write implements fs.FileOps.
func (e *End) Write(f *fs.File, from *uaccess.Iter, _ *int64) (int, error) {
	flags := f.Flags()
	return e.pipe.write(from, flags&syscall.O_NONBLOCK != 0, flags&syscall.O_DIRECT != 0)
}

// Poll implements fs.FileOps.
func (e *End) Poll(_ *fs.File, t *fs.PollTable) (events fs.PollEvents) {
	p := e.pipe
	if !p.watched.Load() {
		p.watched.Store(true)
	}
	if e.reads {
		t.Wait(&p.rd)
		if !p.empty() {
			events |= fs.PollIn | fs.PollRdNorm
		}
		if p.writers.Load() == 0 && e.opens != p.writeOpens.Load() {
			events |= fs.PollHup
		}
	}
	if e.writes {
		t.Wait(&p.wr)
		if !p.full() {
			events |= fs.PollOut | fs.PollWrNorm
		}
		if p.readers.Load() == 0 {
			events |= fs.PollErr
		}
	}
	return events
}

// Ioctl implements fs.FileOps.
func (e *End) Ioctl(_ *fs.File, cmd uint32, arg uintptr) (uintptr, error) {
	if cmd != fionread {
		return 0, errno.ENOIOCTLCMD
	}
	return 0, uaccess.Put(arg, int32(e.pipe.Buffered()))
}

// Mmap implements fs.FileOps.
func (e *End) Mmap(*fs.File) (vm.Mappable, error) { return nil, syscall.ENODEV }

// PipeSize and SetPipeSize are F_GETPIPE_SZ and F_SETPIPE_SZ.
func (e *End) PipeSize(*fs.File) int { return e.pipe.Size() }

// SetPipeSize implements F_SETPIPE_SZ; see Pipe.SetSize.
func (e *End) SetPipeSize(_ *fs.File, n uint) (int, error) { return e.pipe.SetSize(n) }

// Fasync implements fs.Fasyncer.
func (e *End) Fasync(f *fs.File, fd int, on bool) {
	if e.reads {
		e.pipe.asyncRd.Set(f, fd, on)
	}
	if e.writes {
		e.pipe.asyncWr.Set(f, fd, on)
	}
}

// Release implements fs.FileOps.
func (e *End) Release(*fs.File) { e.close() }

// AwaitReaders is for a writer that is through, and has no further use for its end
// but to close it: readers come to the end of the data, and it returns when the
// last of them has closed, or a signal has come.
func (e *End) AwaitReaders() {
	p := e.pipe
	p.mu.Lock()
	p.readers.Add(1) // so that close wakes: there is a reader, and no writer
	p.writers.Add(-1)
	p.rd.WakeAll()
	p.mu.Unlock()
	_ = p.rd.WaitInterruptible(func() bool { return p.readers.Load() == 1 })
	p.mu.Lock()
	p.readers.Add(-1)
	p.writers.Add(1)
	p.mu.Unlock()
}

// close undoes newEnd. Those on the other side hear of the end of this one; the
// last one frees the pipe.
func (e *End) close() {
	p := e.pipe
	p.mu.Lock()
	if e.reads {
		p.readers.Add(-1)
	}
	if e.writes {
		p.writers.Add(-1)
	}
	if (p.readers.Load() == 0) != (p.writers.Load() == 0) {
		p.wakeReaders()
		p.wakeWriters()
	}
	if p.files--; p.files == 0 {
		p.free()
	}
	p.mu.Unlock()
}
