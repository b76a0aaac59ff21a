//go:build metal

package spin

import (
	"runtime"

	"onsen/arch"
)

// A Lock is a spin lock. The zero value is free. It must not be copied.
type Lock struct {
	owner owner

	// flags is the interrupt state to go back to. Owned by the holder.
	flags uintptr
}

// Lock waits until the lock is free and takes it. On return interrupts are
// masked and preemption is off until Unlock.
//
//go:nosplit
func (l *Lock) Lock() {
	flags := enter()
	cpu := arch.CPU()
	if debug {
		l.owner.checkLock(cpu)
	}
	if !l.owner.acquire(cpu) {
		l.spin(cpu)
	}
	l.flags = flags
}

// LockTask is Lock for a task that knows that it runs on cpu. It leaves
// interrupts as they are: they only record events, and never take the CPU from a
// task. Code that holds another lock may use it, too. UnlockTask releases the
// lock, on whichever task the CPU runs by then.
//
//go:nosplit
func (l *Lock) LockTask(cpu int) {
	runtime.PreemptDisable()
	if debug {
		l.owner.checkLock(cpu)
	}
	if !l.owner.acquire(cpu) {
		l.spin(cpu)
	}
}

// UnlockTask releases a lock taken by LockTask.
//
//go:nosplit
func (l *Lock) UnlockTask() {
	if debug {
		l.owner.checkUnlock(arch.CPU())
	}
	l.owner.release()
	runtime.PreemptEnable()
}

// spin waits until the lock is free and takes it.
//
//go:nosplit
func (l *Lock) spin(cpu int) {
	for {
		for !l.owner.free() {
			arch.CPURelax()
		}
		if l.owner.acquire(cpu) {
			return
		}
	}
}

// TryLock takes the lock if it is free, and tells whether it did.
//
//go:nosplit
func (l *Lock) TryLock() bool {
	flags := enter()
	if !l.owner.acquire(arch.CPU()) {
		leave(flags)
		return false
	}
	l.flags = flags
	return true
}

// Unlock releases the lock and restores the interrupt state found by Lock.
//
//go:nosplit
func (l *Lock) Unlock() {
	if debug {
		l.owner.checkUnlock(arch.CPU())
	}
	flags := l.flags
	l.owner.release()
	leave(flags)
}

// HeldHere tells whether the CPU that asks holds the lock. Code that may have
// interrupted the holder, such as a panic, asks before it waits.
//
//go:nosplit
func (l *Lock) HeldHere() bool {
	flags := enter()
	held := l.owner.heldBy(arch.CPU())
	leave(flags)
	return held
}

// enter stops preemption first: only then does "this CPU" mean one CPU.
//
//go:nosplit
func enter() (flags uintptr) {
	runtime.PreemptDisable()
	return arch.IRQSave()
}

//go:nosplit
func leave(flags uintptr) {
	arch.IRQRestore(flags)
	runtime.PreemptEnable()
}

// Relax is called by loops that wait for another CPU or a device: it slows the
// CPU down and answers what other CPUs wait for.
//
//go:nosplit
func Relax() {
	arch.CPURelax()
}
