package fs

import "onsen/kernel/sched"

// PollEvents is a set of poll(2) events.
type PollEvents uint32

// The events of poll(2) and epoll_ctl(2); their numbers are the same.
const (
	PollIn     PollEvents = 0x0001
	PollPri    PollEvents = 0x0002
	PollOut    PollEvents = 0x0004
	PollErr    PollEvents = 0x0008
	PollHup    PollEvents = 0x0010
	PollNval   PollEvents = 0x0020
	PollRdNorm PollEvents = 0x0040
	PollRdBand PollEvents = 0x0080
	PollWrNorm PollEvents = 0x0100
	PollWrBand PollEvents = 0x0200
	PollMsg    PollEvents = 0x0400
	PollRdHup  PollEvents = 0x2000
)

// PollTable collects the wait queues on which the files of a poll announce
// their changes; Linux's poll_table.
type PollTable struct {
	// Queue is called for every queue. It adds an entry of the caller to it.
	Queue func(q *sched.WaitQueue)
}

// Wait notes a queue. A nil table notes nothing.
func (t *PollTable) Wait(q *sched.WaitQueue) {
	if t != nil && t.Queue != nil {
		t.Queue(q)
	}
}
