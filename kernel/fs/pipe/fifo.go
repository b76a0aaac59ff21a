package pipe

import (
	"syscall"

	"onsen/kernel/errno"
	"onsen/kernel/fs"
	"onsen/kernel/sched"
)

// fifos are the pipes of the FIFOs that somebody has open or is opening.
var fifos struct {
	lock sched.Mutex // comes before Pipe.mu
	pipe map[*fs.Inode]*fifo
}

// fifo is the pipe behind an inode.
type fifo struct {
	*Pipe
	users int // ends, and calls of OpenFifo under way. fifos.lock
}

func getFIFO(i *fs.Inode) *fifo {
	fifos.lock.Lock()
	defer fifos.lock.Unlock()
	q := fifos.pipe[i]
	if q == nil {
		q = &fifo{Pipe: newPipe()}
		if fifos.pipe == nil {
			fifos.pipe = map[*fs.Inode]*fifo{}
		}
		fifos.pipe[i] = q
	}
	q.users++
	return q
}

func putFIFO(i *fs.Inode) {
	fifos.lock.Lock()
	defer fifos.lock.Unlock()
	q := fifos.pipe[i]
	if q.users--; q.users == 0 {
		delete(fifos.pipe, i)
	}
}

// fifoEnd is an End that somebody got by opening a FIFO.
type fifoEnd struct {
	*End
	inode *fs.Inode
}

// Release implements fs.FileOps.
func (e *fifoEnd) Release(*fs.File) {
	e.close()
	putFIFO(e.inode)
}

// OpenFifo opens f, whose Inode is a FIFO, and sets its Ops. An end waits for
// the other one, unless it is told not to: "A process can open a FIFO in
// nonblocking mode. In this case, opening for read-only succeeds even if no one
// has opened on the write side yet and opening for write-only fails with ENXIO
// [...] unless the other end has already been opened. Under Linux, opening a
// FIFO for read and write will succeed both in blocking and nonblocking mode."
// - fifo(7). A signal ends the wait with ERESTARTSYS.
func OpenFifo(f *fs.File) error {
	flags := f.Flags()
	if p, ok := f.Inode.Private.(*Pipe); ok {
		return p.reopen(f)
	}
	nonblock := flags&syscall.O_NONBLOCK != 0
	q := getFIFO(f.Inode)
	var e *End
	var err error
	switch flags & syscall.O_ACCMODE {
	case syscall.O_RDONLY:
		e, err = q.openRead(nonblock)
	case syscall.O_WRONLY:
		e, err = q.openWrite(nonblock)
	case syscall.O_RDWR:
		e = q.openBoth()
	default:
		err = syscall.EINVAL
	}
	if err != nil {
		putFIFO(f.Inode)
		return err
	}
	f.Ops = &fifoEnd{End: e, inode: f.Inode}
	return nil
}

// reopen opens an end of a pipe of pipe(2), found through /proc/PID/fd. That
// never waits for the other end.
func (p *Pipe) reopen(f *fs.File) error {
	access := f.Flags() & syscall.O_ACCMODE
	if access == syscall.O_ACCMODE {
		return syscall.EINVAL
	}
	p.mu.Lock()
	f.Ops = p.newEnd(access != syscall.O_WRONLY, access != syscall.O_RDONLY)
	p.mu.Unlock()
	return nil
}

func (p *Pipe) openRead(nonblock bool) (*End, error) {
	p.mu.Lock()
	e := p.newEnd(true, false)
	p.rd.WakeAll()
	seen, alone := p.writeOpens.Load(), p.writers.Load() == 0
	p.mu.Unlock()
	if !alone {
		return e, nil
	}
	if nonblock {
		e.opens = seen
		return e, nil
	}
	return e.await(func() bool { return p.writeOpens.Load() != seen })
}

func (p *Pipe) openWrite(nonblock bool) (*End, error) {
	p.mu.Lock()
	alone := p.readers.Load() == 0
	if nonblock && alone {
		p.mu.Unlock()
		return nil, syscall.ENXIO
	}
	e := p.newEnd(false, true)
	p.rd.WakeAll()
	seen := p.readOpens.Load()
	p.mu.Unlock()
	if !alone {
		return e, nil
	}
	return e.await(func() bool { return p.readOpens.Load() != seen })
}

func (p *Pipe) openBoth() *End {
	p.mu.Lock()
	e := p.newEnd(true, true)
	p.rd.WakeAll()
	p.mu.Unlock()
	return e
}

// await waits for the other side of an end that was just opened. If there was
// one in the meantime it does not matter that it has gone again.
func (e *End) await(partner func() bool) (*End, error) {
	if e.pipe.rd.WaitInterruptible(partner) != nil {
		e.close()
		return nil, errno.ERESTARTSYS
	}
	return e, nil
}
