package futex

import "onsen/kernel/sched"

// How far a task has let go of its futexes when it leaves its memory.
const (
	exitNone uint32 = iota
	exitBegun
	exitDone
)

// BeginExit is called by a task that is about to leave its memory, before
// ExitRobustList. Who wants to wait for a futex of the task has to wait from here on
// until EndExit. A task whose code panics in between begins again.
func (o *Owner) BeginExit() {
	if !o.exiting.Held() {
		o.exiting.Lock()
	}
	o.exit.Store(exitBegun)
}

// EndExit hands over the futexes that t, whose Owner it is, still has and for which
// others wait: they will see OwnerDied. With dead nobody can wait for one of t any
// more.
func (o *Owner) EndExit(t *sched.Task, dead bool) {
	state := exitNone
	if dead {
		state = exitDone
	}
	for {
		sched.LockRt()
		s := o.held
		if s == nil {
			o.exit.Store(state)
		}
		sched.UnlockRt()
		if s == nil {
			break
		}
		s.abandon(t)
	}
	o.exiting.Unlock()
}

// abandon hands over a futex that t has had a moment ago.
func (s *piState) abandon(t *sched.Task) {
	b := s.key.bucket()
	b.take()
	sched.LockRt()
	if s.owner == t { // and not given up by its last waiter
		s.setOwner(nil)
		if s.mutex.Owner() == t {
			s.mutex.Release()
		}
	}
	sched.UnlockRt()
	b.release()
}
