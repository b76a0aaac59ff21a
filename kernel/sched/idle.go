package sched

// InitIdle makes t, which is all zero, the idle task of cpu. It has no goroutine
// yet: the one that calls StartIdle on that CPU becomes it.
func InitIdle(t *Task, name string, cpu int) {
	t.idle = true
	t.SetName(name)
	t.timer.task = t
	t.schedFork(nil)
	t.runq.Store(&runqueues[cpu])
	t.cpusAllowed.Store(uint64(MaskOf(cpu)))
	t.onCPU.Store(1)
}

// StartIdle makes the calling goroutine the idle task t of its CPU, which
// becomes active. The goroutine is locked to the CPU's task thread.
func StartIdle(t *Task) {
	rq := &runqueues[t.CPU()]
	bindIdle(t)
	rq.events = eventWord()
	rq.lock.Lock()
	rq.idle, rq.curr, rq.prev = t, t, t
	t.execStart = counter()
	setCurrent(t)
	rq.lock.Unlock()
	active.Or(uint64(MaskOf(rq.cpu)))
}

// Idle is what a CPU's idle task does for ever: it lets other tasks run as long
// as there are any, takes one over from a busier CPU, and otherwise waits for
// an event. It does not return.
func Idle() {
	setSlice()
	rq := thisRq()
	rq.lock.Lock()
	if rq.running.Load() == 0 {
		idleCPUs.Or(uint64(MaskOf(rq.cpu)))
	}
	rq.lock.Unlock()
	for {
		rq.waitForWork()
		schedule(modeBlock)
	}
}

// waitForWork returns when the idle task should call schedule.
func (rq *Rq) waitForWork() {
	for !NeedResched() {
		switch {
		case rq.events.Load() != 0:
			HandleEvents()
		case rq.pull():
		default:
			idleWait()
		}
	}
}
