package eventpoll

import (
	"syscall"

	"onsen/arch"
	"onsen/kernel/sched"
)

// Wait passes up to most events to put, and waits for the first until deadline,
// a Ktime or sched.Forever. It returns how many there were; EINTR, which is never
// a restart: "The call was interrupted by a signal handler before either any of
// the requested events occurred or the timeout expired" - epoll_wait(2); or what
// put returned for the first of them.
func (ep *Eventpoll) Wait(most int, deadline int64, put func(Event) error) (int, error) {
	for late := false; ; {
		if ep.readyCount.Load() != 0 {
			if n, err := ep.send(most, put); n != 0 || err != nil {
				return n, err
			}
		}
		left := int64(sched.Forever)
		if deadline != sched.Forever {
			left = deadline - arch.Ktime()
		}
		if late || left <= 0 {
			return 0, nil
		}
		switch ep.wait.WaitExclusiveTimeout(left, func() bool { return ep.readyCount.Load() != 0 }) {
		case sched.ErrRestart:
			return 0, syscall.EINTR
		case sched.ErrTimedOut:
			late = true
		}
	}
}

// send asks every item that is ready now once what has happened, and passes that
// on. What is level-triggered stays ready.
func (ep *Eventpoll) send(most int, put func(Event) error) (n int, err error) {
	ep.mu.Lock()
	for left := int(ep.readyCount.Load()); left > 0 && n < most; left-- {
		it := ep.pop()
		if it == nil {
			break
		}
		events := it.poll(nil)
		if events == 0 {
			continue
		}
		if err = put(Event{uint32(events), it.event.Data}); err != nil {
			ep.putFront(it)
			break
		}
		n++
		switch {
		case it.event.Events&EPOLLONESHOT != 0:
			ep.lock.Lock()
			it.event.Events &= privateBits
			ep.lock.Unlock()
		case it.event.Events&EPOLLET == 0:
			ep.putBack(it)
		}
	}
	ep.mu.Unlock()
	if ep.readyCount.Load() != 0 {
		ep.wait.Wake() // there is something for another, too
	}
	if n > 0 {
		err = nil
	}
	return n, err
}
