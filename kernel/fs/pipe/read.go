package pipe

import (
	"syscall"

	"onsen/kernel/errno"
	"onsen/kernel/fs"
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
	for {
		if !p.readable() {
			p.asyncWr.Kill(fs.BandOut)
			if err := p.awaitData(nonblock); err != nil {
				return 0, err
			}
			waited = true
		}
		p.mu.Lock()
		wasFull, ended := p.full(), p.writers.Load() == 0
		n, err = p.take(to)
		more := waited && !p.empty()
		p.mu.Unlock()
		if wasFull || more {
			p.wakeAfterRead(wasFull, more)
		}
		p.asyncWr.Kill(fs.BandOut)
		if n > 0 || err != nil || ended {
			return n, err
		}
		waited = true
	}
}

// awaitData waits until the pipe has data or no writer.
func (p *Pipe) awaitData(nonblock bool) error {
	if nonblock {
		return syscall.EAGAIN
	}
	if p.rd.WaitExclusive(p.readable) != nil {
		return errno.ERESTARTSYS
	}
	return nil
}

// wakeAfterRead wakes writers for whom there is room now, and another reader for
// whom there is data left.
func (p *Pipe) wakeAfterRead(writers, reader bool) {
	if writers {
		p.wr.WakeInterruptible()
	}
	if reader {
		p.rd.WakeInterruptible()
	}
}

// take moves data out until to is full or the pipe is empty. An error stands
// for no data at all. A buffer from which not all could be copied that was to
// be is kept as it was.
//
// Preconditions: mu held.
func (p *Pipe) take(to *uaccess.Iter) (n int, err error) {
	for to.Len() > 0 && !p.empty() {
		b := p.slot(p.tail.Load())
		chars := uint32(min(int(b.len), to.Len()))
		if _, err := to.CopyOut(pageSlice(b.page, b.off, chars)); err != nil {
			if n > 0 {
				err = nil
			}
			return n, err
		}
		n += int(chars)
		packet := b.flags&isPacket != 0
		if chars == b.len || packet {
			p.pop(b)
		} else {
			b.off += chars
			b.len -= chars
		}
		if packet {
			break
		}
	}
	return n, nil
}
