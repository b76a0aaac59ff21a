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
// are sequentially consistent, so either the task sees the condition in 2, or
// the waker sees the state of 1 and sets it back to TaskRunning, in which case
// Schedule in 3 returns without sleeping. Between 1 and 3 the task must not
// call anything that sleeps itself. WaitQueue and Completion follow this
// protocol; few callers need to write it out.
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
//	WaitQueue.lock, Mutex.lock, RWSem.lock, workerPool.lock
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
