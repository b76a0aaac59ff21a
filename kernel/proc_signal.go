package kernel

import "onsen/kernel/signal"

// procSignals returns how t and its process stand to signals: not at all once it
// has been waited for.
func (t *Task) procSignals() (s procSignals) {
	tasklistLock.Lock()
	defer tasklistLock.Unlock()
	if t.sighand == nil {
		return s
	}
	lock := &t.sighand.siglock
	lock.Lock()
	defer lock.Unlock()
	s.pending, s.shared, s.blocked = t.pending.Set(), t.signal.sharedPending.Set(), t.blocked.Load()
	for i := range t.sighand.actions {
		switch t.sighand.actions[i].Handler {
		case 0: // SIG_DFL
		case sigIgn:
			s.ignored |= signal.Of(i + 1)
		default:
			s.caught |= signal.Of(i + 1)
		}
	}
	s.dumps = t.signal.coreState != nil
	s.queued = int(t.sigpendingCount().Load())
	return s
}
