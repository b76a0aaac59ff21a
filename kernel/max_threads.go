package kernel

import "sync/atomic"

const (
	// threadMemory is the part of the machine's memory for each of its threads:
	// there may be as many as fill it when each has only what it cannot do
	// without.
	threadMemory = 16 << 10
	// minThreads is the least number of threads allowed, MaxThreads of
	// /proc/sys/kernel/threads-max; maxThreadsLimit the most.
	minThreads, maxThreadsLimit = 20, 0x3fffffff
)

var maxThreads atomic.Int64

func init() { maxThreads.Store(PidMax) }

// MaxThreads returns how many tasks there may be; threads-max of proc(5).
func MaxThreads() int { return int(maxThreads.Load()) }

// SetMaxThreads changes it. The caller has checked it against minThreads and
// maxThreadsLimit.
func SetMaxThreads(n int) { maxThreads.Store(int64(n)) }

// initMaxThreads sets it for a machine with so much memory, and with it the
// limits that the first process begins with.
func initMaxThreads(memory uint64) {
	SetMaxThreads(int(min(max(memory/threadMemory, minThreads), maxThreadsLimit)))
	bootSignal.processLimits.init(uint64(MaxThreads()))
}
