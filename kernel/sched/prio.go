package sched

// Policy is a scheduling policy; the values are Linux's SCHED_*.
type Policy uint8

const (
	// PolicyNormal shares the CPU by nice value; SCHED_OTHER.
	PolicyNormal Policy = 0
	// PolicyBatch is normal without preemption at wake-up; SCHED_BATCH.
	PolicyBatch Policy = 3
	// PolicyIdle gets what nobody else wants; SCHED_IDLE.
	PolicyIdle Policy = 5
)

const (
	// MaxRTPrio separates real-time priorities, below it, from the fair ones.
	MaxRTPrio = 100
	// MinNice and MaxNice bound the nice value.
	MinNice, MaxNice = -20, 19

	nice0Weight = 1024
	idleWeight  = 3 // of PolicyIdle
)

// niceWeight is the CPU share by nice value: one step is worth about 10 % of
// the CPU against an equal competitor. Linux's sched_prio_to_weight.
var niceWeight = [MaxNice - MinNice + 1]int64{
	88761, 71755, 56483, 46273, 36291,
	29154, 23254, 18705, 14949, 11916,
	9548, 7620, 6100, 4904, 3906,
	3121, 2501, 1991, 1586, 1277,
	1024, 820, 655, 526, 423,
	335, 272, 215, 172, 137,
	110, 87, 70, 56, 45,
	36, 29, 23, 18, 15,
}

func niceToPrio(nice int) int32 { return int32(MaxRTPrio - MinNice + nice) }

func prioToNice(prio int32) int { return int(prio) - MaxRTPrio + MinNice }

func weightOf(staticPrio int32, p Policy) int64 {
	if p == PolicyIdle {
		return idleWeight
	}
	return niceWeight[staticPrio-MaxRTPrio]
}

// Nice returns the task's nice value.
func (t *Task) Nice() int {
	rq := taskRqLock(t)
	defer rq.lock.Unlock()
	return prioToNice(t.staticPrio)
}

// SetNice changes the task's nice value, cut to MinNice..MaxNice.
func (t *Task) SetNice(nice int) {
	prio := niceToPrio(min(max(nice, MinNice), MaxNice))
	t.setScheduler(func() { t.staticPrio = prio })
}

// SetPolicy changes the task's policy among the fair ones. It reports whether
// p is one.
func (t *Task) SetPolicy(p Policy) bool {
	switch p {
	case PolicyNormal, PolicyBatch, PolicyIdle:
		t.setScheduler(func() { t.policy = p })
		return true
	}
	return false
}

// SetResetOnFork sets whether children start with default scheduling.
func (t *Task) SetResetOnFork(reset bool) {
	t.setScheduler(func() { t.resetOnFork = reset })
}

// setScheduler changes scheduling attributes. The task keeps its virtual
// deadline; a new weight counts from here on.
func (t *Task) setScheduler(change func()) {
	t.piLock.Lock()
	rq := taskRqLock(t)
	if rq.curr == t {
		rq.updateCurr(rq.curr)
	}
	change()
	t.prio = t.staticPrio
	t.weight = weightOf(t.staticPrio, t.policy)
	rq.lock.Unlock()
	t.piLock.Unlock()
}
