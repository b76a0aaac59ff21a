// Package anon has files that are nothing but a way to wait: counters of events
// (eventfd(2)) and timers (timerfd_create(2)).
package anon

import (
	"encoding/binary"
	"math"
	"sync/atomic"
	"syscall"

	"onsen/kernel/errno"
	"onsen/kernel/fs"
	"onsen/kernel/sched"
	"onsen/kernel/spin"
	"onsen/kernel/uaccess"
)

// Eventfd is a counter that readers wait for. It is the Ops of its file.
type Eventfd struct {
	fs.NoopSeek
	semaphore bool // constant
	lock      spin.Lock
	count     atomic.Uint64 // written under lock
	wait      sched.WaitQueue
}

// NewEventfd returns a counter. Reads of a semaphore take 1 of it, others all.
func NewEventfd(count uint64, semaphore bool) *Eventfd {
	e := &Eventfd{semaphore: semaphore}
	e.count.Store(count)
	return e
}

// maxCount is the most that a write makes of the counter.
const maxCount = math.MaxUint64 - 1

// Read takes the counter, once it is not 0.
func (e *Eventfd) Read(f *fs.File, to *uaccess.Iter, _ *int64) (int, error) {
	if to.Len() < 8 {
		return 0, syscall.EINVAL
	}
	var v uint64
	for {
		if v = e.take(); v != 0 {
			break
		}
		if f.NonBlock() {
			return 0, syscall.EAGAIN
		}
		if e.wait.WaitInterruptible(func() bool { return e.count.Load() != 0 }) != nil {
			return 0, errno.ERESTARTSYS
		}
	}
	e.wait.WakeAll()
	var b [8]byte
	binary.NativeEndian.PutUint64(b[:], v)
	if _, err := to.CopyOut(b[:]); err != nil {
		return 0, err
	}
	return len(b), nil
}

// take takes what a read gets, 0 if there is nothing.
func (e *Eventfd) take() uint64 {
	e.lock.Lock()
	defer e.lock.Unlock()
	v := e.count.Load()
	if e.semaphore {
		v = min(v, 1)
	}
	e.count.Store(e.count.Load() - v)
	return v
}

// Write adds to the counter, once there is room.
func (e *Eventfd) Write(f *fs.File, from *uaccess.Iter, _ *int64) (int, error) {
	if from.Len() < 8 {
		return 0, syscall.EINVAL
	}
	var b [8]byte
	if _, err := from.CopyIn(b[:]); err != nil {
		return 0, err
	}
	v := binary.NativeEndian.Uint64(b[:])
	if v > maxCount {
		return 0, syscall.EINVAL
	}
	for !e.add(v) {
		if f.NonBlock() {
			return 0, syscall.EAGAIN
		}
		if e.wait.WaitInterruptible(func() bool { return maxCount-e.count.Load() >= v }) != nil {
			return 0, errno.ERESTARTSYS
		}
	}
	e.wait.WakeAll()
	return len(b), nil
}

// add adds v unless that is too much.
func (e *Eventfd) add(v uint64) bool {
	e.lock.Lock()
	defer e.lock.Unlock()
	c := e.count.Load()
	if maxCount-c < v {
		return false
	}
	e.count.Store(c + v)
	return true
}

// Poll implements fs.FileOps.
func (e *Eventfd) Poll(_ *fs.File, t *fs.PollTable) (events fs.PollEvents) {
	t.Wait(&e.wait)
	c := e.count.Load()
	if c > 0 {
		events |= fs.PollIn
	}
	if c == math.MaxUint64 {
		events |= fs.PollErr
	}
	if c < maxCount {
		events |= fs.PollOut
	}
	return events
}
