// Package futex is futex(2): tasks sleep until another one says that a word of
// their memory has changed.
//
// A futex exists only while somebody waits for it: as entries in a hash table,
// under a key that is the same for all who share the word. What makes it work is
// that a waiter looks at the word with the bucket locked: a waker changes the word
// first and looks at the bucket afterwards, so that either the waiter sees the
// change or the waker sees the waiter.
//
// Lock order: the buckets, in the order of their addresses; then those of package
// sched.
package futex

import (
	"sync/atomic"
	"syscall"
	"unsafe"

	"onsen/kernel/sched"
	"onsen/kernel/spin"
	"onsen/kernel/uaccess"
)

// Key names a word of memory: two programs that mean the same word have the same
// key.
type Key struct {
	// Object is the address of what the memory belongs to: the address space
	// of the program, or the file. It lives as long as somebody waits.
	Object uintptr
	// Offset is the address in the program, or the place in the file.
	Offset uint64
	// Kind tells keys of different sorts apart.
	Kind Kind
}

// Kind is the sort of a key.
type Kind uint8

const (
	// Private memory, and the program has said so.
	Private Kind = iota
	// MMShared is private memory of which the program has said that it may be
	// shared.
	MMShared
	// InFile is memory of a file, or shared memory.
	InFile
)

// SharedKey returns the key of an aligned address of the calling task that may be
// shared with other programs. It may sleep. EFAULT. Set at start-up.
var SharedKey = func(addr uintptr) (Key, error) { return Key{}, syscall.EFAULT }

// Flags say what kind of futex a system call means.
type Flags uint8

const (
	// Shared futexes may be shared between programs.
	Shared Flags = 1 << iota
	// ClockRealtime: the timeout is a time of CLOCK_REALTIME.
	ClockRealtime
)

// key returns the key of an address of the program whose memory is mm. Errors:
// EINVAL for an address that is not aligned, EFAULT.
func key(mm unsafe.Pointer, addr uintptr, f Flags) (Key, error) {
	switch {
	case addr%4 != 0:
		return Key{}, syscall.EINVAL
	case !uaccess.AccessOK(addr, 4):
		return Key{}, syscall.EFAULT
	case f&Shared != 0:
		return SharedKey(addr)
	}
	return Key{Object: uintptr(mm), Offset: uint64(addr)}, nil
}

const (
	hashBits = 10
	buckets  = 1 << hashBits
)

// bucket is a list of waiters, oldest first.
type bucket struct {
	lock        spin.Lock
	first, last *Waiter // lock
	// count is the number of waiters that are in the list or about to be. A
	// waker that finds 0 has nobody to wake.
	count atomic.Int32
	_     [24]byte // a cache line each
}

var table [buckets]bucket

// take locks the bucket, and release unlocks it.
func (b *bucket) take() { b.lock.LockTask(sched.Current().CPU()) }

func (b *bucket) release() { b.lock.UnlockTask() }

// bucket returns where waiters for a key are.
func (k *Key) bucket() *bucket {
	// Objects and words are aligned: their low bits say nothing.
	h := (uint64(k.Object)>>4 ^ k.Offset>>2) * 0x9e3779b97f4a7c15
	return &table[h>>(64-hashBits)]
}

// lockBoth locks two buckets, which may be one.
func lockBoth(a, b *bucket) {
	if uintptr(unsafe.Pointer(a)) > uintptr(unsafe.Pointer(b)) {
		a, b = b, a
	}
	a.take()
	if a != b {
		b.take()
	}
}

// unlockBoth undoes lockBoth.
func unlockBoth(a, b *bucket) {
	if uintptr(unsafe.Pointer(a)) > uintptr(unsafe.Pointer(b)) {
		a, b = b, a
	}
	if a != b {
		b.release()
	}
	a.release()
}
