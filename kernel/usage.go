package kernel

// userHz is what times(2) and /proc count in per second; USER_HZ.
const userHz = 100

// usage is what tasks have used, in the terms of getrusage(2).
type usage struct {
	// utime and stime are the CPU time in user mode and in the kernel, in ns.
	utime, stime int64
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
	u.minflt += o.minflt
	u.majflt += o.majflt
	u.nvcsw += o.nvcsw
	u.nivcsw += o.nivcsw
	u.inblock += o.inblock
	u.oublock += o.oublock
	u.maxrss = max(u.maxrss, o.maxrss)
}

// usage returns what the task itself has used so far.
func (t *Task) usage() (u usage) {
	u.utime, u.stime = t.cpuTimes()
	u.nvcsw, u.nivcsw = t.Switches()
	u.minflt, u.majflt = t.minflt.Load(), t.majflt.Load()
	return u
}

// cpuTimes returns the CPU time in user mode and in the kernel, in ns. To tell
// them apart would cost every system call two looks at the clock: what a program
// has received counts as user mode, calls included, and what a kernel thread has
// as the kernel.
func (t *Task) cpuTimes() (user, system int64) {
	if t.mm == nil {
		return 0, t.CPUTime()
	}
	return t.CPUTime(), 0
}
