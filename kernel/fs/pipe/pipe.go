// Package pipe has pipes and FIFOs (pipe(7)), and the moving of data between
// pipes and files that splice(2) and its relatives do.
//
// A pipe is a ring of buffers, each at most a page that is not on the Go heap.
// A write of up to PIPE_BUF bytes, which is the size of a page, goes into one
// buffer, or wholly into the rest of the last one; that makes it atomic.
//
// Whoever changes a pipe holds its mutex, also while copying from and to
// programs. Nobody is woken but for a change that matters to him: readers when
// an empty pipe gets data, writers when a full one gets room. The sleepers of
// one side are exclusive; one who leaves something for another wakes the next.
package pipe

import (
	"sync/atomic"
	"syscall"

	"onsen/arch"
	"onsen/kernel/fs"
	"onsen/kernel/sched"
)

const (
	pageSize = arch.PageSize

	// defaultBuffers is the number of buffers of a new pipe; Linux's
	// PIPE_DEF_BUFFERS.
	defaultBuffers = 16
	// maxPipeSize is what F_SETPIPE_SZ accepts at most, the system's limit
	// apart.
	maxPipeSize = 1 << 31

	capSysResource = 24
)

// MaxSize is /proc/sys/fs/pipe-max-size: the largest pipe that a task without
// CAP_SYS_RESOURCE can make, in bytes.
var MaxSize atomic.Uint32

func init() { MaxSize.Store(1 << 20) }

// SendSIGPIPE sends SIGPIPE to the calling task. Set at start-up.
var SendSIGPIPE = func() {}

// Capable reports whether the calling task has a capability. Set at start-up.
var Capable = func(capability int) bool { return true }

// Flags of a buffer.
const (
	canMerge = 1 << iota // a write may append to it
	isPacket             // a read takes all of it or loses the rest
	isShared             // the page is or was another buffer's as well
)

// buffer is a piece of a page.
type buffer struct {
	page     uintptr // one owner is ours
	off, len uint32
	flags    uint32
}

func (b *buffer) bytes() []byte { return pageSlice(b.page, b.off, b.len) }

// Pipe is a pipe.
type Pipe struct {
	// mu of two pipes is taken in the order of their id.
	mu sched.Mutex
	id uint64 // constant

	// head counts the buffers ever filled and tail those ever emptied; the
	// difference is what the pipe holds. Written under mu.
	head, tail atomic.Uint32
	// readers and writers are how many open files read and write. Written
	// under mu.
	readers, writers atomic.Int32
	// size is len(ring). Written under mu.
	size atomic.Uint32
	// watched says that somebody has polled the pipe. Epoll's edge-triggered
	// users expect an event with every write since then, also where the pipe
	// was not empty.
	watched atomic.Bool

	// ring has a power of two of buffers; number i is at i modulo that. mu.
	ring []buffer
	// spare are pages kept for the next buffers, or 0. mu.
	spare [2]uintptr
	// readOpens and writeOpens count the opens of a FIFO. Written under mu.
	readOpens, writeOpens atomic.Uint32
	// files is how many open files there are. mu.
	files int

	rd sched.WaitQueue // readers of an empty pipe, and openers of a FIFO
	wr sched.WaitQueue // writers of a full pipe
	// asyncRd and asyncWr are the files whose owners get a signal when somebody
	// has written or read, however much.
	asyncRd, asyncWr fs.Fasync
}

// lastID is the last Pipe.id given out.
var lastID atomic.Uint64

func newPipe() *Pipe {
	p := &Pipe{id: lastID.Add(1), ring: make([]buffer, defaultBuffers)}
	p.size.Store(defaultBuffers)
	return p
}

// slot returns the place of buffer number i.
//
// Preconditions: mu held.
func (p *Pipe) slot(i uint32) *buffer { return &p.ring[i&uint32(len(p.ring)-1)] }

func (p *Pipe) empty() bool { return p.head.Load() == p.tail.Load() }
func (p *Pipe) full() bool  { return p.head.Load()-p.tail.Load() >= p.size.Load() }

// readable is what a reader waits for.
func (p *Pipe) readable() bool { return !p.empty() || p.writers.Load() == 0 }

// writable is what a writer waits for.
func (p *Pipe) writable() bool { return !p.full() || p.readers.Load() == 0 }

// takePage returns a page for a new buffer, or 0.
//
// Preconditions: mu held.
func (p *Pipe) takePage() uintptr {
	for i, pa := range p.spare {
		if pa != 0 {
			p.spare[i] = 0
			return pa
		}
	}
	return allocPage()
}

// givePage gives up a page, of which the caller is the only owner unless
// mayShare is set.
//
// Preconditions: mu held.
func (p *Pipe) givePage(pa uintptr, mayShare bool) {
	if !mayShare || !shared(pa) {
		for i := range p.spare {
			if p.spare[i] == 0 {
				p.spare[i] = pa
				return
			}
		}
	}
	putPage(pa)
}

// push adds a filled buffer.
//
// Preconditions: mu held, the pipe is not full.
func (p *Pipe) push(b buffer) {
	head := p.head.Load()
	*p.slot(head) = b
	p.head.Store(head + 1)
}

// pop drops the oldest buffer, b, and its page.
//
// Preconditions: mu held, the pipe is not empty.
func (p *Pipe) pop(b *buffer) {
	if p.spare[0] == 0 && b.flags&isShared == 0 {
		p.spare[0] = b.page
	} else {
		p.givePage(b.page, b.flags&isShared != 0)
	}
	p.tail.Add(1)
}

// free gives all pages back.
//
// Preconditions: mu held, nobody has the pipe open.
func (p *Pipe) free() {
	for i := p.tail.Load(); i != p.head.Load(); i++ {
		putPage(p.slot(i).page)
	}
	p.tail.Store(p.head.Load())
	for i, pa := range p.spare {
		if pa != 0 {
			putPage(pa)
		}
		p.spare[i] = 0
	}
}

// Buffered returns how many bytes the pipe holds: FIONREAD.
func (p *Pipe) Buffered() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for i := p.tail.Load(); i != p.head.Load(); i++ {
		n += int(p.slot(i).len)
	}
	return n
}

// Size returns what F_GETPIPE_SZ does: the size in bytes.
func (p *Pipe) Size() int { return int(p.size.Load()) * pageSize }

// SetSize is F_SETPIPE_SZ. It returns the new size, which is a power of two
// and at least n; EINVAL, EPERM above MaxSize, EBUSY if the pipe holds more.
func (p *Pipe) SetSize(n uint) (int, error) {
	if n > maxPipeSize {
		return 0, syscall.EINVAL
	}
	size := uint(pageSize)
	for size < n {
		size <<= 1
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	slots := uint32(size / pageSize)
	if slots > p.size.Load() && size > uint(MaxSize.Load()) && !Capable(capSysResource) {
		return 0, syscall.EPERM
	}
	if err := p.resize(slots); err != nil {
		return 0, err
	}
	p.wr.WakeAll()
	return int(size), nil
}

// resize moves the buffers to a ring of another size.
//
// Preconditions: mu held.
func (p *Pipe) resize(slots uint32) error {
	used := p.head.Load() - p.tail.Load()
	if used > slots {
		return syscall.EBUSY
	}
	if slots == p.size.Load() {
		return nil
	}
	// The counters stay, so that those who look without the lock see nothing odd.
	ring := make([]buffer, slots)
	for i := p.tail.Load(); i != p.head.Load(); i++ {
		ring[i&(slots-1)] = *p.slot(i)
	}
	p.ring = ring
	p.size.Store(slots)
	return nil
}
