package printk

import (
	"sync/atomic"

	"onsen/arch"
	"onsen/kernel/spin"
)

// panicCPU is the CPU that called EnterPanic + 1, or 0.
var panicCPU atomic.Int32

// panicTries is how often a panic looks whether a lock is free before it goes
// on without.
const panicTries = 1 << 16

// EnterPanic tells the log, and the console drivers that ask Panicking, that
// the calling CPU panics: from now on it waits for nobody, shows messages of
// every level, and is the only one to show any. It returns false if another
// CPU, or this one, was there first.
func EnterPanic() bool {
	if !panicCPU.CompareAndSwap(0, int32(arch.CPU())+1) {
		return false
	}
	SetConsoleLevel(ConsoleLevelMotormouth)
	return true
}

// Panicking tells whether EnterPanic was called, on any CPU. A console driver
// must then write without waiting for a lock, a thread or an interrupt.
func Panicking() bool {
	return panicCPU.Load() != 0
}

func panickingHere() bool {
	return panicCPU.Load() == int32(arch.CPU())+1
}

// TryLock takes mu like mu.Lock, but in a panic for a bounded time only. It
// returns whether the caller has to unlock mu.
func TryLock(mu *spin.Lock) bool {
	if !Panicking() {
		mu.Lock()
		return true
	}
	if mu.HeldHere() {
		return false
	}
	for range panicTries {
		if mu.TryLock() {
			return true
		}
		spin.Relax()
	}
	return false
}

func (l *Log) lock() bool {
	return TryLock(&l.mu)
}

func (l *Log) unlock(locked bool) {
	if locked {
		l.mu.Unlock()
	}
}
