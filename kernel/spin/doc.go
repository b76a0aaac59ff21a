// Package spin has the kernel's spin lock.
//
// A Lock masks this CPU's interrupts and stops preemption by the Go scheduler
// while it is held, so that nothing can take the CPU from the holder. It may
// therefore be taken in any Go code, and must be held for a short time only:
//
//   - the holder must not sleep, allocate, or touch a channel or sync.Mutex:
//     each can make the Go runtime wait for a thread which this CPU no longer
//     runs;
//   - locks are released in the reverse order of taking them, because each
//     lock keeps the interrupt state found when it was taken;
//   - a lock is released on the CPU that took it.
//
// The build tag onsendebug adds checks: taking a lock that this CPU already
// holds and releasing one that it doesn't hold panic instead of hanging.
//
// On the host, where tests run, a Lock is a mutex.
package spin
