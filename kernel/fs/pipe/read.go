package pipe

import (
	"syscall"

	"onsen/kernel/errno"
	"onsen/kernel/uaccess"
)

// read takes what the pipe holds, as far as there is room for it, and waits
// only while it holds nothing. Without writers that is the end, 0. EAGAIN,
// ERESTARTSYS, EFAULT.
func (p *Pipe) read(to *uaccess.Iter, nonblock bool) (n int, err error) {
	if to.Len() == 0 {
		return 0, nil
	}
	waited := false
	p.mu.Lock()
	wasFull := p.full()
	for {
		n, err = p.take(to)
		if n > 0 || err != nil || p.writers.Load() == 0 {
			break
		}
		if nonblock {
			err = syscall.EAGAIN
			break
		}
		p.mu.Unlock()
		// Only a packet of no bytes can have been taken since wasFull.
		if wasFull {
			p.wr.WakeInterruptible()
		}
		if p.rd.WaitExclusive(p.readable) != nil {
			return 0, errno.ERESTARTSYS
		}
		p.mu.Lock()
		waited, wasFull = true, p.full()
	}
	more := waited && !p.empty()
	p.mu.Unlock()
	if wasFull {
		p.wr.WakeInterruptible()
	}
	if more {
		p.rd.WakeInterruptible()
	}
	return n, err
}

// take moves data out until to is full or the pipe is empty. An error stands
// for no data at all. A buffer from which not all could be copied that was to
// be is kept as it was.
//
// Preconditions: mu held.
func (p *Pipe) take(to *uaccess.Iter) (n int, err error) {
	for to.Len() > 0 && !p.empty() {
		b := p.slot(p.tail.Load())
		chars := min(int(b.len), to.Len())
		if _, err := to.CopyOut(b.bytes()[:chars]); err != nil {
			if n > 0 {
				err = nil
			}
			return n, err
		}
		n += chars
		b.off += uint32(chars)
		b.len -= uint32(chars)
		packet := b.flags&isPacket != 0
		if b.len == 0 || packet {
			p.pop()
		}
		if packet {
			return n, nil
		}
	}
	return n, nil
}
