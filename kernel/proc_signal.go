package kernel

import "onsen/kernel/signal"

// procSignals returns how t and its process stand to signals.
func (t *Task) procSignals() (s procSignals) {
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
	s.queued = int(t.sigpendingCount().Load())
	return s
}
