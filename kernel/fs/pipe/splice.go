package pipe

import (
	"syscall"

	"onsen/kernel/errno"
	"onsen/kernel/fs"
	"onsen/kernel/sched"
	"onsen/kernel/uaccess"
)

// waitRoom waits until the pipe is not full: EPIPE with SIGPIPE, EAGAIN,
// ERESTARTSYS.
//
// Preconditions: mu held; it is let go while waiting.
func (p *Pipe) waitRoom(nonblock bool) error {
	for {
		switch {
		case p.readers.Load() == 0:
			SendSIGPIPE()
			return syscall.EPIPE
		case !p.full():
			return nil
		case nonblock:
			return syscall.EAGAIN
		case sched.SignalPending(sched.Current()):
			return errno.ERESTARTSYS
		}
		p.mu.Unlock()
		_ = p.wr.WaitExclusive(p.writable)
		p.mu.Lock()
	}
}

// waitData waits until the pipe has data or no writer: EAGAIN, ERESTARTSYS.
//
// Preconditions: mu held; it is let go while waiting.
func (p *Pipe) waitData(nonblock bool) error {
	for p.empty() && p.writers.Load() != 0 {
		switch {
		case nonblock:
			return syscall.EAGAIN
		case sched.SignalPending(sched.Current()):
			return errno.ERESTARTSYS
		}
		p.mu.Unlock()
		_ = p.rd.WaitExclusive(p.readable)
		p.mu.Lock()
	}
	return nil
}

// wakeReaders and wakeWriters follow a change that was not made by read or
// write: it may have been of any size.
func (p *Pipe) wakeReaders() {
	p.rd.WakeAll()
	p.asyncRd.Kill(fs.BandIn)
}

func (p *Pipe) wakeWriters() {
	p.wr.WakeAll()
	p.asyncWr.Kill(fs.BandOut)
}

// FromFile reads up to n bytes of a file, from *pos on, into the pipe. It waits
// for the first of them only, and for room for it.
func (p *Pipe) FromFile(f *fs.File, pos *int64, n int, nonblock bool) (done int, err error) {
	p.mu.Lock()
	if err = p.waitRoom(nonblock); err == nil {
		first := true
		done, err = p.fillFrom(n, func(it *uaccess.Iter) (int, error) {
			if !first && f.Ops.Poll(f, nil)&fs.PollIn == 0 {
				return 0, nil
			}
			first = false
			return f.Ops.Read(f, it, pos)
		})
	}
	p.mu.Unlock()
	if done > 0 {
		p.wakeReaders()
	}
	return done, err
}

// FromUser copies what vmsplice(2) is given into the pipe. It waits for room
// for the first of it only.
func (p *Pipe) FromUser(from *uaccess.Iter, nonblock bool) (done int, err error) {
	p.mu.Lock()
	if err = p.waitRoom(nonblock); err == nil {
		for from.Len() > 0 && !p.full() && err == nil {
			var m int
			m, err = p.fill(from, false)
			done += m
		}
	}
	p.mu.Unlock()
	if done > 0 {
		p.wakeReaders()
		err = nil
	}
	return done, err
}

// fillFrom fills buffers with what read gives, up to n bytes, until the pipe is
// full or a page could not be filled.
//
// Preconditions: mu held.
func (p *Pipe) fillFrom(n int, read func(*uaccess.Iter) (int, error)) (done int, err error) {
	it := new(uaccess.Iter)
	for done < n && !p.full() {
		page := p.takePage()
		if page == 0 {
			err = syscall.ENOMEM
			break
		}
		want := min(n-done, pageSize)
		*it = uaccess.KernelIter(pageBytes(page)[:want])
		var m int
		m, err = read(it)
		if m <= 0 {
			p.givePage(page, false)
			break
		}
		p.push(buffer{page: page, len: uint32(m)})
		done += m
		if m < want {
			break
		}
	}
	if done > 0 {
		err = nil
	}
	return done, err
}

// ToFile writes up to n bytes of the pipe to a file at *pos. It waits for the
// first of them only.
func (p *Pipe) ToFile(f *fs.File, pos *int64, n int, nonblock bool) (done int, err error) {
	p.mu.Lock()
	if err = p.waitData(nonblock); err == nil {
		done, err = p.drainTo(n, func(it *uaccess.Iter) (int, error) { return f.Ops.Write(f, it, pos) })
	}
	p.mu.Unlock()
	if done > 0 {
		p.wakeWriters()
	}
	return done, err
}

// drainTo passes up to n bytes to write until it does not take all of a buffer.
//
// Preconditions: mu held.
func (p *Pipe) drainTo(n int, write func(*uaccess.Iter) (int, error)) (done int, err error) {
	it := new(uaccess.Iter)
	for done < n && !p.empty() {
		b := p.slot(p.tail.Load())
		want := min(n-done, int(b.len))
		*it = uaccess.KernelIter(b.bytes()[:want])
		var m int
		m, err = write(it)
		if m > 0 {
			p.consume(b, m)
			done += m
		}
		if m < want {
			break
		}
	}
	if done > 0 {
		err = nil
	}
	return done, err
}

// consume takes n bytes from the oldest buffer, b.
//
// Preconditions: mu held.
func (p *Pipe) consume(b *buffer, n int) {
	b.off += uint32(n)
	b.len -= uint32(n)
	if b.len == 0 {
		p.pop(b)
	}
}

// lockBoth locks two different pipes.
func lockBoth(p, q *Pipe) {
	if p.id > q.id {
		p, q = q, p
	}
	p.mu.Lock()
	q.mu.Lock()
}

func unlockBoth(p, q *Pipe) {
	p.mu.Unlock()
	q.mu.Unlock()
}

// waitBoth locks two pipes once there is data in p or no writer of it, and room
// in q. Without an error both stay locked.
func waitBoth(p, q *Pipe, nonblock bool) error {
	for {
		p.mu.Lock()
		err := p.waitData(nonblock)
		p.mu.Unlock()
		if err != nil {
			return err
		}
		q.mu.Lock()
		err = q.waitRoom(nonblock)
		q.mu.Unlock()
		if err != nil {
			return err
		}
		lockBoth(p, q)
		if p.readable() && q.writable() {
			return nil
		}
		unlockBoth(p, q)
	}
}

// MoveTo moves up to n bytes to another pipe, without copying them. It waits
// for the first of them only.
func (p *Pipe) MoveTo(q *Pipe, n int, nonblock bool) (done int, err error) {
	if err := waitBoth(p, q, nonblock); err != nil {
		return 0, err
	}
	for done < n && !p.empty() && !q.full() && q.readers.Load() != 0 {
		b := p.slot(p.tail.Load())
		c := b.part(n - done)
		q.push(c)
		p.consume(b, int(c.len))
		done += int(c.len)
	}
	if done == 0 && q.readers.Load() == 0 {
		SendSIGPIPE()
		err = syscall.EPIPE
	}
	unlockBoth(p, q)
	if done > 0 {
		p.wakeWriters()
		q.wakeReaders()
	}
	return done, err
}

// CopyTo is tee(2): it gives another pipe up to n bytes that this one keeps,
// without copying them.
func (p *Pipe) CopyTo(q *Pipe, n int, nonblock bool) (done int, err error) {
	if err := waitBoth(p, q, nonblock); err != nil {
		return 0, err
	}
	for i := p.tail.Load(); done < n && i != p.head.Load() && !q.full() && q.readers.Load() != 0; i++ {
		c := p.slot(i).part(n - done)
		q.push(c)
		done += int(c.len)
	}
	if done == 0 && q.readers.Load() == 0 {
		SendSIGPIPE()
		err = syscall.EPIPE
	}
	unlockBoth(p, q)
	if done > 0 {
		q.wakeReaders()
	}
	return done, err
}

// part returns a buffer of up to n of b's bytes, with an owner of the page of
// its own. Nothing may be appended to it: the page is b's as well.
func (b *buffer) part(n int) buffer {
	getPage(b.page)
	b.flags |= isShared
	return buffer{page: b.page, off: b.off, len: uint32(min(n, int(b.len))), flags: b.flags &^ canMerge}
}

// Copy is sendfile(2) between files that are no pipes: it copies up to n bytes
// of in at *inPos to out at *outPos. It stops early at the end of in and when
// out does not take all.
func Copy(in *fs.File, inPos *int64, out *fs.File, outPos *int64, n int) (done int, err error) {
	page := allocPage()
	if page == 0 {
		return 0, syscall.ENOMEM
	}
	defer putPage(page)
	it := new(uaccess.Iter)
	for done < n {
		*it = uaccess.KernelIter(pageBytes(page)[:min(n-done, pageSize)])
		at := *inPos
		var got, put int
		if got, err = in.Ops.Read(in, it, inPos); got <= 0 {
			break
		}
		*it = uaccess.KernelIter(pageBytes(page)[:got])
		put, err = out.Ops.Write(out, it, outPos)
		put = max(put, 0)
		done += put
		if put < got {
			*inPos = at + int64(put)
			break
		}
		if sched.SignalPending(sched.Current()) {
			break
		}
		sched.CondResched()
	}
	if done > 0 {
		err = nil
	}
	return done, err
}
