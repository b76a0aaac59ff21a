// Package eventpoll has epoll instances (epoll(7)).
//
// An instance has an item for every file that it watches. The item has an entry
// in each wait queue of the file; when that is woken, the item goes to the end of
// the instance's list of ready ones and those who sleep in Wait are woken. Wait
// asks the files of that list what has really happened.
//
// Locks, from the outside in: nesting, while an instance is put into another;
// Eventpoll.mu, of the outer instance before that of the inner; the locks of the
// files' wait queues; Eventpoll.lock; watches.
package eventpoll

import (
	"sync/atomic"
	"syscall"

	"onsen/kernel/fs"
	"onsen/kernel/sched"
	"onsen/kernel/spin"
)

// Flags of an event besides fs.PollEvents (epoll_ctl(2)).
const (
	EPOLLEXCLUSIVE = 1 << 28
	EPOLLWAKEUP    = 1 << 29
	EPOLLONESHOT   = 1 << 30
	EPOLLET        = 1 << 31

	privateBits = EPOLLEXCLUSIVE | EPOLLWAKEUP | EPOLLONESHOT | EPOLLET
	always      = uint32(fs.PollErr | fs.PollHup)
	// exclusiveBits are those that go with EPOLLEXCLUSIVE.
	exclusiveBits = uint32(fs.PollIn|fs.PollOut) | always | EPOLLWAKEUP | EPOLLET | EPOLLEXCLUSIVE

	// maxNests is how deep an instance may be in others; Linux's EP_MAX_NESTS.
	maxNests = 4
)

// Event is what is asked about a file, or what has happened: the events and the
// data that the program gave with them. The program's struct epoll_event differs
// between architectures.
type Event struct {
	Events uint32
	Data   uint64
}

// key says which file an item is about: the same file may be there again under
// another descriptor.
type key struct {
	file *fs.File
	fd   int
}

// Eventpoll is an epoll instance. It is the Ops of its file.
type Eventpoll struct {
	fs.NoopSeek

	mu    sched.Mutex
	items map[key]*item // mu

	lock  spin.Lock
	ready itemList // lock
	// readyCount is the length of ready. Written under lock.
	readyCount atomic.Int32

	wait     sched.WaitQueue // Wait
	pollWait sched.WaitQueue // those who poll the instance itself
}

// New returns an instance without items.
func New() *Eventpoll { return &Eventpoll{items: map[key]*item{}} }

// Of returns the instance of an open file, or nil if it is none.
func Of(f *fs.File) *Eventpoll {
	ep, _ := f.Ops.(*Eventpoll)
	return ep
}

// pollable reports whether a file has something to wait for. Regular files and
// directories have not, unless they say so.
func pollable(f *fs.File) bool {
	if _, ok := f.Ops.(interface{ Unpollable() }); ok {
		return false
	}
	if f.Inode.IsReg() || f.Inode.IsDir() {
		_, ok := f.Ops.(interface{ Pollable() })
		return ok
	}
	return true
}

// nesting serialises those who put one instance into another.
var nesting sched.Mutex

// The operations of epoll_ctl(2).
const (
	CtlAdd = 1
	CtlDel = 2
	CtlMod = 3
)

// Ctl is epoll_ctl(2) on the instance of self, for the file behind a
// descriptor. Errors: EPERM for a file that cannot be polled, EINVAL, EEXIST,
// ENOENT, ELOOP.
func Ctl(self *fs.File, op int, f *fs.File, fd int, e Event) error {
	if !pollable(f) {
		return syscall.EPERM
	}
	ep, inner := Of(self), Of(f)
	if ep == nil || self == f {
		return syscall.EINVAL
	}
	e.Events &^= EPOLLWAKEUP // as a Linux without CONFIG_PM_SLEEP
	if e.Events&EPOLLEXCLUSIVE != 0 && (op == CtlMod || op == CtlAdd && (inner != nil || e.Events&^exclusiveBits != 0)) {
		return syscall.EINVAL
	}
	if inner != nil && op == CtlAdd {
		nesting.Lock()
		defer nesting.Unlock()
		if inner.reaches(ep, 0) {
			return syscall.ELOOP
		}
	}
	ep.mu.Lock()
	defer ep.mu.Unlock()
	k := key{f, fd}
	it := ep.items[k]
	switch {
	case op == CtlAdd && it != nil:
		return syscall.EEXIST
	case op == CtlAdd:
		ep.insert(k, e)
	case op != CtlDel && op != CtlMod:
		return syscall.EINVAL
	case it == nil:
		return syscall.ENOENT
	case op == CtlDel:
		ep.remove(it)
	case it.event.Events&EPOLLEXCLUSIVE != 0:
		return syscall.EINVAL
	default:
		ep.modify(it, e)
	}
	return nil
}

// reaches reports whether the instance is outer or has it inside, or is nested
// too deep to tell.
//
// Preconditions: nesting held.
func (ep *Eventpoll) reaches(outer *Eventpoll, depth int) bool {
	if ep == outer || depth >= maxNests {
		return true
	}
	ep.mu.Lock()
	defer ep.mu.Unlock()
	for k := range ep.items {
		if inner := Of(k.file); inner != nil && inner.reaches(outer, depth+1) {
			return true
		}
	}
	return false
}

// Poll implements fs.FileOps: there is something to read if Wait would return.
func (ep *Eventpoll) Poll(_ *fs.File, t *fs.PollTable) fs.PollEvents {
	t.Wait(&ep.pollWait)
	ep.mu.Lock()
	defer ep.mu.Unlock()
	for it := ep.pop(); it != nil; it = ep.pop() {
		if it.poll(nil) != 0 {
			ep.putFront(it)
			return fs.PollIn | fs.PollRdNorm
		}
	}
	return 0
}

// Release implements fs.FileOps.
func (ep *Eventpoll) Release(*fs.File) {
	ep.mu.Lock()
	defer ep.mu.Unlock()
	for _, it := range ep.items {
		ep.remove(it)
	}
}
