// Package sched is the scheduler core: tasks as the CPUs see them, per-CPU run
// queues, the switch from one task to the next, and everything that lets a task
// wait: wait queues, completions, mutexes, timers and work queues.
//
// A task is a goroutine that only this package runs. Its goroutine is parked
// outside Go's own scheduler until Schedule on some CPU switches to it. Each
// CPU has one thread for tasks; its idle task runs when nothing else can.
//
// # Sleeping without losing a wake-up
//
// A task that waits for a condition does, in this order:
//
//	for {
//		SetCurrentState(TaskUninterruptible)  // 1. say that it sleeps
//		if condition {                        // 2. look
//			break
//		}
//		Schedule()                            // 3. leave the CPU
//	}
//	SetCurrentState(TaskRunning)
//
// and a waker makes the condition true before it calls TryToWakeUp. All four
// come in this order for every CPU, so either the task sees the condition in 2,
// or the waker sees the state of 1 and sets it back to TaskRunning, in which case
// Schedule in 3 returns without sleeping. Between 1 and 3 the task must not
// call anything that sleeps itself. WaitQueue and Completion follow this
// protocol; few callers need to write it out.
//
// # A store, then a load
//
// Step 1 stores a word and step 2 loads another one, and nothing may exchange the
// two. Go's atomic operations promise that, and so does arm64 of the STLR and LDAR
// that they become (Arm ARM, B2.3 "Load-Acquire, Load-AcquirePC, and
// Store-Release"). QEMU's emulation does not keep it: its barrier is before the
// store and behind the load, not between them, and on an x86 host with several
// threads of one guest the load comes first about once in a hundred times that it
// matters. Wherever a sleeper or a waker stores and then decides by a load, without
// a lock between them, it therefore uses Swap or Add, which are barriers everywhere.
// A CompareAndSwap that fails is none on processors without atomic instructions, where
// it does not store. The self tests mutex-order and sleep-order watch this.
//
// # Waking a task that is still leaving
//
// A task that has been taken off its run queue still executes for a moment on
// its old CPU, until the next task there has finished the switch. Task.onCPU
// covers this: it is set before a task runs and cleared, as the last thing
// anybody does with the old context, by finishTaskSwitch. TryToWakeUp waits for
// it before it puts the task on a queue, so that no two CPUs run one goroutine.
//
// # Lock order
//
//	WaitQueue.lock, Mutex.lock, RWSem.lock, workerPool.lock, LockRt
//	  Task.piLock
//	    Rq.lock (the lower CPU first)
//	      timerBase.lock
//
// All of them are spin locks: interrupts are masked and the holder can neither
// sleep nor be taken off its CPU.
//
// # Events
//
// Interrupts only record that they happened. HandleEvents runs what they ask
// for as ordinary Go on the task side: in the idle loop, in Schedule, in
// CondResched and on the way out to user mode. It runs timer callbacks and
// device handlers with preemption disabled: they must not sleep.
package sched
