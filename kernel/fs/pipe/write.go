package pipe

import (
	"syscall"

	"onsen/kernel/errno"
	"onsen/kernel/fs"
	"onsen/kernel/sched"
	"onsen/kernel/uaccess"
)

// write puts all of from into the pipe, and waits while it is full. EPIPE, with
// SIGPIPE, if nobody reads; EAGAIN, ERESTARTSYS, EFAULT, ENOMEM. Those stand
// for nothing written at all.
func (p *Pipe) write(from *uaccess.Iter, nonblock, packets bool) (n int, err error) {
	if from.Len() == 0 {
		return 0, nil
	}
	p.mu.Lock()
	if p.readers.Load() != 0 && p.empty() && from.Len() <= pageSize {
		n, err = p.fill(from, packets)
		p.mu.Unlock()
		if n > 0 {
			p.rd.WakeInterruptible()
		}
		p.asyncRd.Kill(fs.BandIn)
		return n, err
	}
	return p.writeSlow(from, nonblock, packets)
}

// writeSlow is write for more than a page, or to a pipe that is not empty.
//
// Preconditions: mu held; released on return.
func (p *Pipe) writeSlow(from *uaccess.Iter, nonblock, packets bool) (n int, err error) {
	waited := false
	wasEmpty := p.empty()
	if p.readers.Load() != 0 && !wasEmpty {
		n, err = p.merge(from)
	}
	for err == nil && from.Len() > 0 {
		if p.readers.Load() == 0 {
			SendSIGPIPE()
			err = syscall.EPIPE
			break
		}
		if !p.full() {
			var m int
			m, err = p.fill(from, packets)
			n += m
			continue
		}
		if nonblock {
			err = syscall.EAGAIN
			break
		}
		if sched.SignalPending(sched.Current()) {
			err = errno.ERESTARTSYS
			break
		}
		p.mu.Unlock()
		if wasEmpty {
			p.rd.WakeInterruptible()
		}
		p.asyncRd.Kill(fs.BandIn)
		_ = p.wr.WaitExclusive(p.writable)
		p.mu.Lock()
		waited, wasEmpty = true, p.empty()
	}
	more := waited && !p.full()
	p.mu.Unlock()
	if wasEmpty || p.watched.Load() {
		p.rd.WakeInterruptible()
	}
	if more {
		p.wr.WakeInterruptible()
	}
	p.asyncRd.Kill(fs.BandIn)
	if n > 0 {
		err = nil
	}
	return n, err
}

// merge appends to the last buffer what would not fill pages anyway, if all of
// it finds room there.
//
// Preconditions: mu held, the pipe is not empty.
func (p *Pipe) merge(from *uaccess.Iter) (n int, err error) {
	chars := uint32(from.Len()) & (pageSize - 1)
	b := p.slot(p.head.Load() - 1)
	end := b.off + b.len
	if chars == 0 || b.flags&canMerge == 0 || end+chars > pageSize {
		return 0, nil
	}
	if _, err := from.CopyIn(pageSlice(b.page, end, chars)); err != nil {
		return 0, err
	}
	b.len += chars
	return int(chars), nil
}

// fill adds one buffer. After a fault it has what came before.
//
// Preconditions: mu held, the pipe is not full.
func (p *Pipe) fill(from *uaccess.Iter, packets bool) (n int, err error) {
	page := p.spare[0]
	p.spare[0] = 0
	if page == 0 {
		if page = p.takePage(); page == 0 {
			return 0, syscall.ENOMEM
		}
	}
	n, err = from.CopyIn(pageSlice(page, 0, uint32(min(pageSize, from.Len()))))
	if err != nil {
		// Linux does not count the bytes of a page that it could not fill.
		p.givePage(page, false)
		return 0, err
	}
	flags := uint32(canMerge)
	if packets {
		flags = isPacket
	}
	p.push(buffer{page: page, len: uint32(n), flags: flags})
	return n, nil
}
