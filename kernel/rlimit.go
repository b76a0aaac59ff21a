package kernel

import (
	"math"
	"sync/atomic"

	"onsen/kernel/spin"
)

// The resources of setrlimit(2) (include/uapi/asm-generic/resource.h).
const (
	RLIMIT_CPU        = 0
	RLIMIT_FSIZE      = 1
	RLIMIT_DATA       = 2
	RLIMIT_STACK      = 3
	RLIMIT_CORE       = 4
	RLIMIT_RSS        = 5
	RLIMIT_NPROC      = 6
	RLIMIT_NOFILE     = 7
	RLIMIT_MEMLOCK    = 8
	RLIMIT_AS         = 9
	RLIMIT_LOCKS      = 10
	RLIMIT_SIGPENDING = 11
	RLIMIT_MSGQUEUE   = 12
	RLIMIT_NICE       = 13
	RLIMIT_RTPRIO     = 14
	RLIMIT_RTTIME     = 15

	rlimNlimits = 16
)

// RLIM_INFINITY is no limit.
const RLIM_INFINITY = math.MaxUint64

// stackLimit is the soft limit of a new system's stacks; Linux's _STK_LIM.
const stackLimit = 8 << 20

// Rlimit is struct rlimit64.
type Rlimit struct{ Cur, Max uint64 }

// processLimits are the limits of setrlimit(2) and what threads and children
// that are gone have used.
type processLimits struct {
	// rlimLock serialises those who change rlim.
	rlimLock spin.Lock
	rlim     [rlimNlimits]struct{ cur, max atomic.Uint64 } // written under rlimLock

	// gone is what the threads that have ended have used, and reaped what the
	// children that were waited for, and theirs, have. siglock.
	gone, reaped usage
}

// Until it is known how large the machine is, it is as large as can be.
func init() { bootSignal.processLimits.init(PidMax) }

// init sets the limits of the first process; Linux's INIT_RLIMITS. threads is
// how many threads the machine is good for.
func (l *processLimits) init(threads uint64) {
	const openFiles, openFilesMax = 1024, 4096
	for i := range l.rlim {
		l.setRlimit(i, Rlimit{RLIM_INFINITY, RLIM_INFINITY})
	}
	l.setRlimit(RLIMIT_STACK, Rlimit{stackLimit, RLIM_INFINITY})
	l.setRlimit(RLIMIT_CORE, Rlimit{0, RLIM_INFINITY})
	l.setRlimit(RLIMIT_NPROC, Rlimit{threads / 2, threads / 2})
	l.setRlimit(RLIMIT_NOFILE, Rlimit{openFiles, openFilesMax})
	l.setRlimit(RLIMIT_MEMLOCK, Rlimit{8 << 20, 8 << 20})
	l.setRlimit(RLIMIT_SIGPENDING, Rlimit{threads / 2, threads / 2})
	l.setRlimit(RLIMIT_MSGQUEUE, Rlimit{819200, 819200})
	l.setRlimit(RLIMIT_NICE, Rlimit{})
	l.setRlimit(RLIMIT_RTPRIO, Rlimit{})
}

// fork gives a new process the limits of its maker.
func (l *processLimits) fork(from *processLimits) {
	from.rlimLock.Lock()
	defer from.rlimLock.Unlock()
	for i := range l.rlim {
		l.setRlimit(i, from.rlimit(i))
	}
}

// rlimit returns a limit. Without rlimLock its two halves may be of different
// times.
func (l *processLimits) rlimit(resource int) Rlimit {
	r := &l.rlim[resource]
	return Rlimit{r.cur.Load(), r.max.Load()}
}

// Preconditions: rlimLock held, or l not yet known to others.
func (l *processLimits) setRlimit(resource int, v Rlimit) {
	l.rlim[resource].cur.Store(v.Cur)
	l.rlim[resource].max.Store(v.Max)
}

// rlimit returns the soft limit of t's process for a RLIMIT_* resource. A task
// that has no process, such as a test's, is not limited.
func (t *Task) rlimit(resource int) uint64 {
	if t.signal == nil {
		return RLIM_INFINITY
	}
	return t.signal.rlim[resource].cur.Load()
}
