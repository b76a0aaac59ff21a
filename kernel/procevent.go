package kernel

import (
	"strconv"
	"sync/atomic"

	"onsen/arch"
	"onsen/kernel/sched"
	"onsen/kernel/spin"
)

// procEventKind is what happened to a process.
type procEventKind uint8

const (
	procHave procEventKind = iota // it was there when the monitor started
	procFork
	procExec
	procExit
	procLost // so many events had no room; code is their number
)

var procEventNames = [...]string{procHave: "have", procFork: "fork", procExec: "exec", procExit: "exit", procLost: "lost"}

// procEvent is something that a monitor outside the kernel is told. It stands
// where LegoOS's processor manager had p2m_fork: a machine that shares its
// processes with others tells them here.
type procEvent struct {
	kind     procEventKind
	at       int64 // Ktime
	pid, par int
	code     int    // of procExit: the status as wait(2) has it
	name     string // as prctl(PR_SET_NAME) has it
}

// appendLine adds the event as a line of the protocol in docs/monitor.md to b.
func (e *procEvent) appendLine(b []byte) []byte {
	b = append(append(b, procEventNames[e.kind]...), ' ')
	if e.kind == procLost {
		return append(strconv.AppendInt(b, int64(e.code), 10), '\n')
	}
	b = append(strconv.AppendInt(b, e.at/1000, 10), ' ')
	b = strconv.AppendInt(b, int64(e.pid), 10)
	switch e.kind {
	case procExit:
		b = strconv.AppendInt(append(b, ' '), int64(e.code), 10)
		return append(b, '\n')
	case procHave, procFork:
		b = strconv.AppendInt(append(b, ' '), int64(e.par), 10)
	}
	return append(strconv.AppendQuoteToASCII(append(b, ' '), e.name), '\n')
}

// procEventQueue holds the events that the monitor's thread has not sent yet.
// When it is full, new events are counted instead.
type procEventQueue struct {
	lock  spin.Lock
	ring  [1024]procEvent // lock
	first uint            // of the oldest event. lock
	n     uint            // lock
	lost  int             // lock
	wait  sched.WaitQueue
}

// procMonitor is where events go, nil as long as nobody listens.
var procMonitor atomic.Pointer[procEventQueue]

// tellMonitor records what happened to the process of t.
func tellMonitor(kind procEventKind, t *Task) {
	if q := procMonitor.Load(); q != nil {
		q.put(procEventOf(kind, t))
	}
}

// tellMonitorOfExit records the end of the process of t, its last thread.
func tellMonitorOfExit(t *Task) {
	if q := procMonitor.Load(); q != nil {
		e := procEventOf(procExit, t)
		e.code = t.exitCode
		if t.signal.flags&SIGNAL_GROUP_EXIT != 0 {
			e.code = t.signal.groupExitCode
		}
		q.put(e)
	}
}

// procEventOf describes the process of t.
func procEventOf(kind procEventKind, t *Task) procEvent {
	e := procEvent{kind: kind, at: arch.Ktime(), pid: t.Tgid, name: t.Name()}
	if p := t.Parent(); p != nil {
		e.par = p.Tgid
	}
	return e
}

// put adds an event and wakes the thread that sends it.
func (q *procEventQueue) put(e procEvent) {
	q.lock.Lock()
	if q.n == uint(len(q.ring)) {
		q.lost++
	} else {
		q.ring[(q.first+q.n)%uint(len(q.ring))] = e
		q.n++
	}
	q.lock.Unlock()
	q.wait.Wake()
}

// take removes the oldest event, or tells how many were lost once there is no
// older one.
func (q *procEventQueue) take() (e procEvent, ok bool) {
	q.lock.Lock()
	defer q.lock.Unlock()
	switch {
	case q.n > 0:
		e = q.ring[q.first]
		q.ring[q.first] = procEvent{}
		q.first = (q.first + 1) % uint(len(q.ring))
		q.n--
	case q.lost > 0:
		e = procEvent{kind: procLost, code: q.lost}
		q.lost = 0
	default:
		return e, false
	}
	return e, true
}
