package kernel

import (
	"sync/atomic"

	"onsen/kernel/sched"
)

const (
	// loadShift is the number of fraction bits of a load; FSHIFT.
	loadShift = 11
	loadOne   = 1 << loadShift
	// loadPeriod is the time between two looks, in ns; Linux's is a tick more,
	// so as not to beat with programs that wake up every five seconds.
	loadPeriod = 5_004_000_000
)

// loadDecay is what is left of each average after a period: 1/exp(5 s/1 min) and
// so on in fixed point.
var loadDecay = [3]uint64{1884, 2014, 2037}

// loads are the averages of the number of tasks that run or want to, or that
// sleep and cannot be woken by a signal, over 1, 5 and 15 minutes.
var loads [3]atomic.Uint64

// loadAverages returns them.
func loadAverages() (l [3]uint64) {
	for i := range l {
		l[i] = loads[i].Load()
	}
	return l
}

// loadWork takes the averages up to date.
var loadWork *sched.DelayedWork

// startLoadAverages begins to count.
func startLoadAverages() {
	loadWork = sched.NewDelayedWork(func(*sched.Work) {
		active := uint64(activeTasks()) << loadShift
		for i := range loads {
			loads[i].Store(decayLoad(loads[i].Load(), loadDecay[i], active))
		}
		loadWork.QueueAfter(loadPeriod)
	})
	loadWork.QueueAfter(loadPeriod)
}

// decayLoad is one step of an average; Linux's calc_load.
func decayLoad(load, decay, active uint64) uint64 {
	sum := load*decay + active*(loadOne-decay)
	if active >= load {
		sum += loadOne - 1
	}
	return sum / loadOne
}

// activeTasks counts the tasks that make up the load. The caller, a worker that
// wants to know, does not count.
func activeTasks() (n int) {
	tasklistLock.Lock()
	defer tasklistLock.Unlock()
	for p := processes.first; p != nil; p = p.all.next {
		for t := p.signal.firstThread; t != nil; t = t.threads.next {
			s := t.State()
			if t.exitState == 0 && (s == sched.TaskRunning || s&(sched.TaskUninterruptible|sched.TaskNoload) == sched.TaskUninterruptible) {
				n++
			}
		}
	}
	return max(n-1, 0)
}
