package sched

// IdleTime returns for how long a CPU has had nothing to run, in ns.
func IdleTime(cpu int) int64 {
	rq := &runqueues[cpu]
	if rq.idle == nil {
		return 0
	}
	return rq.idle.CPUTime()
}

// BusySample returns for how long a CPU has had something to run, of the time up
// that has passed since it began to.
func BusySample(cpu int, up int64) CPUSample {
	rq := &runqueues[cpu]
	s := CPUSample{Time: max(up-IdleTime(cpu), 0)}
	rq.lock.Lock()
	s.User, s.System = rq.tick.user, rq.tick.system
	rq.lock.Unlock()
	return s
}

// Priorities returns the task's priority as /proc shows it, 20 for nice 0 and
// below 0 for real time, also if it has that from somebody who waits for its locks;
// its own real-time priority or 0; and its policy as a number of sched(7).
func (t *Task) Priorities() (prio, rt, policy int) {
	rq := taskRqLock(t)
	defer rq.lock.Unlock()
	return int(t.prio) - MaxRTPrio, int(t.rtPriority), int(t.policy)
}
