package kernel

import (
	"math/bits"

	"onsen/kernel/sched"
	"onsen/kernel/spin"
)

// userHz is what times(2) and /proc count in per second; USER_HZ.
const userHz = 100

// usage is what tasks have used, in the terms of getrusage(2).
type usage struct {
	// utime and stime are the CPU time in user mode and in the kernel, in ns.
	utime, stime int64
	// cpu is where utime and stime of tasks come from; see cpuSplit.
	cpu sched.CPUSample
	// minflt and majflt are the page faults without and with reading.
	minflt, majflt uint64
	// nvcsw and nivcsw are the switches away that the tasks wanted, and did not
	// want.
	nvcsw, nivcsw uint64
	// inblock and oublock are the blocks of 512 bytes read and written.
	inblock, oublock uint64
	// maxrss is the most pages that one of the processes had.
	maxrss uint64
}

// add adds what others have used.
func (u *usage) add(o *usage) {
	u.utime += o.utime
	u.stime += o.stime
	u.cpu.Add(o.cpu)
	u.minflt += o.minflt
	u.majflt += o.majflt
	u.nvcsw += o.nvcsw
	u.nivcsw += o.nivcsw
	u.inblock += o.inblock
	u.oublock += o.oublock
	u.maxrss = max(u.maxrss, o.maxrss)
}

// usage returns what the task itself has used so far.
func (t *Task) usage() usage {
	u := t.usageParts()
	u.utime, u.stime = t.cpuTimes.split(u.cpu)
	return u
}

// usageParts is usage without utime and stime.
func (t *Task) usageParts() (u usage) {
	u.cpu = t.CPUSample()
	u.nvcsw, u.nivcsw = t.Switches()
	u.minflt, u.majflt = t.minflt.Load(), t.majflt.Load()
	return u
}

// cpuSplit divides the CPU time of a task, a process or a CPU between user mode
// and the kernel. To measure both would cost every system call two looks at the
// clock. So, as in Linux, the time is exact, and the ticks that found one and the
// other say how it is divided. What no tick has found in the kernel counts as user
// mode; kernel/sched/cputime.c has the same rules.
type cpuSplit struct {
	lock spin.Lock
	// user and system are what split has returned last: neither goes backwards.
	user, system int64 // lock
}

// split divides the time of s, which is no less than that of the call before.
func (c *cpuSplit) split(s sched.CPUSample) (user, system int64) {
	c.lock.Lock()
	defer c.lock.Unlock()
	if c.user+c.system >= s.Time {
		return c.user, c.system // another has asked in the meantime
	}
	system = max(systemShare(s), c.system)
	user = s.Time - system
	if user < c.user {
		user, system = c.user, s.Time-c.user
	}
	c.user, c.system = user, system
	return user, system
}

// systemShare returns the part of the time that belongs to the kernel.
func systemShare(s sched.CPUSample) int64 {
	switch {
	case s.System == 0:
		return 0
	case s.User == 0:
		return s.Time
	}
	ticks := s.User + s.System
	hi, lo := bits.Mul64(uint64(s.Time), s.System)
	share, _ := bits.Div64(hi, lo, ticks) // hi < ticks: System <= ticks and Time < 2^63
	return int64(share)
}
