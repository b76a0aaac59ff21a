package sched

// IdleTime returns for how long a CPU has had nothing to run, in ns.
func IdleTime(cpu int) int64 {
	rq := &runqueues[cpu]
	if rq.idle == nil {
		return 0
	}
	return rq.idle.CPUTime()
}
