package sched

// Policy is a scheduling policy; the values are Linux's SCHED_*.
type Policy uint8

const (
	// PolicyNormal shares the CPU by nice value; SCHED_OTHER.
	PolicyNormal Policy = 0
	// PolicyFIFO runs until something of higher priority wants to; SCHED_FIFO.
	PolicyFIFO Policy = 1
	// PolicyRR is the same but takes turns with its equals; SCHED_RR.
	PolicyRR Policy = 2
	// PolicyBatch is normal without preemption at wake-up; SCHED_BATCH.
	PolicyBatch Policy = 3
	// PolicyIdle gets what nobody else wants; SCHED_IDLE.
	PolicyIdle Policy = 5
)

// RealTime reports whether p is strictly above the fair policies.
func (p Policy) RealTime() bool { return p == PolicyFIFO || p == PolicyRR }

// Valid reports whether there is such a policy.
func (p Policy) Valid() bool {
	switch p {
	case PolicyNormal, PolicyFIFO, PolicyRR, PolicyBatch, PolicyIdle:
		return true
	}
	return false
}

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

// RRInterval returns the length of a task's turn, in ns; sched_rr_get_interval(2).
// Linux tells it in ticks of 4 ms, of which a fair task's request has none.
func (p Params) RRInterval() int64 {
	if p.Policy == PolicyRR {
		return rrSlice
	}
	return 0
}

// Nice returns the task's nice value.
func (t *Task) Nice() int {
	rq := taskRqLock(t)
	defer rq.lock.Unlock()
	return prioToNice(t.staticPrio)
}

// Params are the scheduling attributes of a task.
type Params struct {
	Policy Policy
	// RTPriority is 1 to 99, higher is more urgent, with a real-time policy and
	// else 0.
	RTPriority int
	// Nice is the nice value, which a task keeps while it is real time.
	Nice int
	// ResetOnFork: children start with default scheduling.
	ResetOnFork bool
}

// Params returns the task's attributes.
func (t *Task) Params() Params {
	rq := taskRqLock(t)
	defer rq.lock.Unlock()
	return Params{t.policy, int(t.rtPriority), prioToNice(t.staticPrio), t.resetOnFork}
}

// SetParams changes all of the task's attributes. The policy is valid and the
// real-time priority fits it; the nice value is cut to MinNice..MaxNice.
func (t *Task) SetParams(p Params) {
	t.setScheduler(func() {
		t.policy, t.rtPriority = p.Policy, int32(p.RTPriority)
		t.staticPrio = niceToPrio(min(max(p.Nice, MinNice), MaxNice))
		t.resetOnFork = p.ResetOnFork
	})
	t.prioChanged()
}

// SetNice changes the task's nice value, cut to MinNice..MaxNice. What a task that
// is not real time had from those who wait for its locks it loses until the next of
// them comes or goes, as in Linux's set_user_nice.
func (t *Task) SetNice(nice int) {
	nice = min(max(nice, MinNice), MaxNice)
	if t.Nice() == nice {
		return
	}
	t.setScheduler(func() {
		t.staticPrio = niceToPrio(nice)
		if !t.realTime() {
			t.topWaiter = nil
		}
	})
}

// SetPolicy changes the task's policy among the fair ones. It reports whether
// p is one.
func (t *Task) SetPolicy(p Policy) bool {
	switch p {
	case PolicyNormal, PolicyBatch, PolicyIdle:
		t.setScheduler(func() { t.policy, t.rtPriority = p, 0 })
		t.prioChanged()
		return true
	}
	return false
}

// SetResetOnFork sets whether children start with default scheduling.
func (t *Task) SetResetOnFork(reset bool) {
	t.setScheduler(func() { t.resetOnFork = reset })
}

// normalPrio is the priority that the task has of its own.
func (t *Task) normalPrio() int32 {
	if t.policy.RealTime() {
		return MaxRTPrio - 1 - t.rtPriority
	}
	return t.staticPrio
}

// QueuePrio is where the calling task t stands in a queue that has the most urgent
// first and everybody who is not real time behind: MaxRTPrio for those. What others
// lend it does not count.
func (t *Task) QueuePrio() int32 {
	if t.rtPriority == 0 {
		return MaxRTPrio
	}
	return MaxRTPrio - 1 - t.rtPriority
}

// setPrio computes what follows from the attributes and from who waits for the
// task. A task that is real time only because of that runs like PolicyFIFO.
func (t *Task) setPrio() {
	t.weight = weightOf(t.staticPrio, t.policy)
	t.prio = t.normalPrio()
	if top := t.topWaiter; top != nil {
		t.prio = min(t.prio, top.prio)
	}
}

// setScheduler changes scheduling attributes. A task that stays fair keeps its
// virtual deadline; a new weight counts from here on. One that gets a real-time
// policy or another real-time priority queues behind its equals, but before them if
// it has become less urgent.
func (t *Task) setScheduler(change func()) {
	t.piLock.Lock()
	rq := taskRqLock(t)
	onRq, running := t.onRq.Load() == queued, rq.curr == t
	if running {
		rq.updateCurr(t)
	}
	wasRT, oldPrio := t.realTime(), t.prio
	switch {
	case onRq && !running:
		rq.dequeue(t)
	case onRq && !wasRT:
		rq.fair.leave(t)
	}
	change()
	t.setPrio()
	if wasRT && !t.realTime() {
		t.vruntime = 0
		t.request()
	}
	switch {
	case onRq && !running && t.realTime() && oldPrio < t.prio:
		t.key, t.slice = rq.rt.first(t), 0
		rq.rt.insert(t, rq.cpu)
	case onRq && !running:
		rq.enqueue(t)
	case onRq && t.realTime():
		t.key, t.slice = rq.rt.first(t), 0
	case onRq:
		t.vruntime += rq.fair.vtime
		t.key += rq.fair.vtime
	}
	if onRq {
		rq.reconsider(t, running)
		if running && wasRT && oldPrio < t.prio {
			rq.invitePush()
		}
	}
	rq.lock.Unlock()
	t.piLock.Unlock()
}

// reconsider lets another task run if a change to t has made that right.
//
// Preconditions: lock held, t is queued here or runs here.
func (rq *Rq) reconsider(t *Task, running bool) {
	switch {
	case !running && rq.preempts(t), running && rq.hasWaiting():
		rq.resched()
	}
}
