//go:build !metal

package spin

import (
	"runtime"
	"sync"
)

// A Lock on the host is a mutex with the methods of the real one.
type Lock struct {
	mu sync.Mutex
}

// Lock waits until the lock is free and takes it.
func (l *Lock) Lock() { l.mu.Lock() }

// TryLock takes the lock if it is free, and tells whether it did.
func (l *Lock) TryLock() bool { return l.mu.TryLock() }

// LockTask is Lock.
func (l *Lock) LockTask(int) { l.mu.Lock() }

// UnlockTask is Unlock.
func (l *Lock) UnlockTask() { l.mu.Unlock() }

// Unlock releases the lock.
func (l *Lock) Unlock() { l.mu.Unlock() }

// HeldHere is always false on the host, which has no notion of "this CPU".
func (l *Lock) HeldHere() bool { return false }

// Relax lets others run.
func Relax() { runtime.Gosched() }
