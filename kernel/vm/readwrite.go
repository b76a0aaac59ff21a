package vm

import (
	"math"
	"syscall"

	"onsen/kernel/mm"
	"onsen/kernel/sched"
	"onsen/kernel/uaccess"
)

// ReadIter copies up to size bytes from pos on to to, for read(2). It returns
// how many; fewer than asked is the end of the file, or comes with EFAULT.
func (c *AddressSpace) ReadIter(to *uaccess.Iter, pos, size int64) (n int, err error) {
	for size > 0 && err == nil {
		left := c.size.Load() - pos
		if left <= 0 || to.Len() == 0 {
			break
		}
		off := pos & pageMask
		want := min(left, size, int64(to.Len()))
		done := 0
		if off+want > pageSize {
			done, err = c.readPages(to, pos, want)
		} else if pa := c.get(uint64(pos) >> pageShift); pa != 0 {
			done, err = to.CopyOut(pageBytes(pa)[off : off+want])
			mm.PutPage(pa)
		} else {
			done, err = to.Zero(int(want))
		}
		n += done
		pos += int64(done)
		size -= int64(done)
		sched.CondResched()
	}
	return n, err
}

// readBatch is how many pages are looked up at once.
const readBatch = 16

// readPages is ReadIter for some of want bytes that are on several pages: those up
// to the first page that is not there, or if that is the very first, this one.
func (c *AddressSpace) readPages(to *uaccess.Iter, pos, want int64) (n int, err error) {
	var room [readBatch]uint64
	off := pos & pageMask
	pages := c.getPages(uint64(pos)>>pageShift, room[:min(readBatch, (off+want+pageMask)>>pageShift)])
	if len(pages) == 0 {
		return to.Zero(int(min(want, pageSize-off)))
	}
	for _, pa := range pages {
		size := min(want, pageSize-off)
		var done int
		done, err = to.CopyOut(pageBytes(uintptr(pa))[off : off+size])
		if n += done; err != nil {
			break
		}
		want, off = want-size, 0
	}
	mm.PutPages(pages, addressBits)
	return n, err
}

// WriteIter copies all of from to pos on, for write(2), and makes the file longer
// if it must. It returns how much, with an error if that is not all: EFAULT,
// ENOMEM, ENOSPC, EFBIG. The caller keeps other writers out.
func (c *AddressSpace) WriteIter(from *uaccess.Iter, pos int64) (n int, err error) {
	if pos < 0 || pos > math.MaxInt64-int64(from.Len()) {
		return 0, syscall.EFBIG
	}
	for err == nil && from.Len() > 0 {
		off := pos & pageMask
		want := int(min(pageSize-off, int64(from.Len())))
		var done int
		done, err = c.writePage(from, uint64(pos)>>pageShift, int(off), want)
		n += done
		pos += int64(done)
		if done > 0 {
			c.extend(pos)
		}
		sched.CondResched()
	}
	return n, err
}

// writePage copies want bytes to page i from off on.
func (c *AddressSpace) writePage(from *uaccess.Iter, i uint64, off, want int) (n int, err error) {
	if pa := c.get(i); pa != 0 {
		n, err = from.CopyIn(pageBytes(pa)[off : off+want])
		wroteTo(pa)
		mm.PutPage(pa)
		return n, err
	}
	fresh := mm.AllocPage()
	if fresh == 0 {
		return 0, syscall.ENOMEM
	}
	// The page is filled before others can see it.
	b := pageBytes(fresh)
	n, err = from.CopyIn(b[off : off+want])
	if n == 0 {
		mm.FreePage(fresh)
		return 0, err
	}
	clear(b[:off])
	clear(b[off+n:])
	mm.GetPage(fresh) // to be looked at after add has given it up
	pa, addErr := c.add(i, fresh, false)
	if addErr != nil {
		mm.PutPage(fresh)
		return 0, addErr
	}
	if pa != fresh {
		// A mapping was faster; what it has written elsewhere stays.
		copy(pageBytes(pa)[off:off+n], b[off:off+n])
		wroteTo(pa)
	}
	mm.PutPage(pa)
	mm.PutPage(fresh)
	return n, err
}

// extend makes the file at least n bytes long.
func (c *AddressSpace) extend(n int64) {
	if n <= c.size.Load() {
		return
	}
	c.lock.Lock()
	if n > c.size.Load() {
		c.size.Store(n)
	}
	c.lock.Unlock()
}

// Allocate makes all pages of the n bytes from pos on present: fallocate(2). The
// size does not change. ENOMEM, ENOSPC.
func (c *AddressSpace) Allocate(pos, n int64) error {
	for i := uint64(pos) >> pageShift; i < pagesOf(pos+n); i++ {
		pa := c.get(i)
		if pa == 0 {
			fresh := allocZeroed()
			if fresh == 0 {
				return syscall.ENOMEM
			}
			var err error
			if pa, err = c.add(i, fresh, false); err != nil {
				return err
			}
		}
		mm.PutPage(pa)
		sched.CondResched()
	}
	return nil
}

// NextData returns the position of the first byte from pos on that is in a page
// that is there, and NextHole the first that is not; lseek(2). false: there is
// no data before the end.
func (c *AddressSpace) NextData(pos int64) (int64, bool) {
	c.lock.Lock()
	i, ok := c.index.next(uint64(pos) >> pageShift)
	c.lock.Unlock()
	at := max(pos, int64(i)<<pageShift)
	return at, ok && at < c.size.Load()
}

// NextHole returns the first position from pos on where there is no data; the
// end of the file is one.
func (c *AddressSpace) NextHole(pos int64) int64 {
	for pos < c.size.Load() {
		pa := c.get(uint64(pos) >> pageShift)
		if pa == 0 {
			return pos
		}
		mm.PutPage(pa)
		pos = (pos | pageMask) + 1
	}
	return c.size.Load()
}
