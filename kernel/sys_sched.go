package kernel

import (
	"syscall"
	"unsafe"

	"onsen/arch"
	"onsen/kernel/cred"
	"onsen/kernel/sched"
	"onsen/kernel/uaccess"
)

var schedSyscalls = []Syscall{
	{"sched_yield", func(*Task, *SyscallArgs) (uintptr, error) { sched.Yield(); return 0, nil }},
	{"sched_setscheduler", sysSchedSetscheduler},
	{"sched_setparam", sysSchedSetparam},
	{"sched_setattr", sysSchedSetattr},
	{"sched_getscheduler", sysSchedGetscheduler},
	{"sched_getparam", sysSchedGetparam},
	{"sched_getattr", sysSchedGetattr},
	{"sched_get_priority_max", func(_ *Task, a *SyscallArgs) (uintptr, error) { return priorityBound(a, sched.MaxRTPrio-1) }},
	{"sched_get_priority_min", func(_ *Task, a *SyscallArgs) (uintptr, error) { return priorityBound(a, 1) }},
	{"sched_rr_get_interval", sysSchedRRGetInterval},
	{"sched_setaffinity", sysSchedSetaffinity},
	{"sched_getaffinity", sysSchedGetaffinity},
	{"setpriority", sysSetpriority},
	{"getpriority", sysGetpriority},
}

const (
	// schedResetOnFork joined to a policy is the old way to set the flag
	// schedFlagResetOnFork.
	schedResetOnFork = 0x40000000

	// Flags of struct sched_attr.
	schedFlagResetOnFork = 0x01
	schedFlagReclaim     = 0x02 // of SCHED_DEADLINE only
	schedFlagDLOverrun   = 0x04 // of SCHED_DEADLINE only
	schedFlagKeepPolicy  = 0x08
	schedFlagKeepParams  = 0x10
	schedFlagUtilClamp   = 0x60
	schedFlagAll         = 0x7f

	// keepPolicy instead of a policy keeps it.
	keepPolicy = -1
)

// schedAttr is struct sched_attr.
type schedAttr struct {
	size, policy              uint32
	flags                     uint64
	nice                      int32
	priority                  uint32
	runtime, deadline, period uint64
	utilMin, utilMax          uint32
}

const (
	schedAttrSize0 = 48 // without utilMin and utilMax
	schedAttrSize  = uint32(unsafe.Sizeof(schedAttr{}))
)

// schedTarget returns the task that a call with a PID means. ESRCH, EINVAL.
func schedTarget(t *Task, pid uintptr) (*Task, error) {
	switch nr := int(int32(pid)); {
	case nr < 0:
		return nil, syscall.EINVAL
	case nr == 0:
		return t, nil
	default:
		if p := FindTaskByPid(nr); p != nil {
			return p, nil
		}
	}
	return nil, syscall.ESRCH
}

// sysSchedSetscheduler is sched_setscheduler(2).
func sysSchedSetscheduler(t *Task, a *SyscallArgs) (uintptr, error) {
	policy := int(int32(a[1]))
	if policy < 0 {
		return 0, syscall.EINVAL
	}
	return 0, setPolicy(t, a[0], policy, a[2])
}

// sysSchedSetparam is sched_setparam(2).
func sysSchedSetparam(t *Task, a *SyscallArgs) (uintptr, error) {
	return 0, setPolicy(t, a[0], keepPolicy, a[1])
}

// setPolicy does what the two have in common; param is a struct sched_param.
func setPolicy(t *Task, pid uintptr, policy int, param uintptr) error {
	if param == 0 || int32(pid) < 0 {
		return syscall.EINVAL
	}
	prio, err := uaccess.Get[int32](param)
	if err != nil {
		return err
	}
	p, err := schedTarget(t, pid)
	if err != nil {
		return err
	}
	to := schedAttr{priority: uint32(prio), nice: int32(p.Nice())}
	if policy != keepPolicy && policy&schedResetOnFork != 0 {
		to.flags = schedFlagResetOnFork
		policy &^= schedResetOnFork
	}
	return setScheduler(t, p, policy, &to)
}

// sysSchedSetattr is sched_setattr(2).
func sysSchedSetattr(t *Task, a *SyscallArgs) (uintptr, error) {
	if a[1] == 0 || int32(a[0]) < 0 || uint32(a[2]) != 0 {
		return 0, syscall.EINVAL
	}
	to, err := readSchedAttr(a[1])
	if err != nil {
		return 0, err
	}
	policy := int(int32(to.policy))
	if policy < 0 {
		return 0, syscall.EINVAL
	}
	if to.flags&schedFlagKeepPolicy != 0 {
		policy = keepPolicy
	}
	p, err := schedTarget(t, a[0])
	if err != nil {
		return 0, err
	}
	if to.flags&schedFlagKeepParams != 0 {
		have := p.Params()
		to.priority, to.nice = uint32(have.RTPriority), int32(have.Nice)
	}
	return 0, setScheduler(t, p, policy, &to)
}

// readSchedAttr reads a struct sched_attr, whose first word is its size. If that
// is none that we know, E2BIG, and the program is told one.
func readSchedAttr(addr uintptr) (a schedAttr, err error) {
	size, err := uaccess.Get[uint32](addr)
	if err != nil {
		return a, err
	}
	if size == 0 {
		size = schedAttrSize0
	}
	if size < schedAttrSize0 || size > arch.PageSize {
		return a, schedAttrTooBig(addr)
	}
	raw := make([]byte, size)
	if _, err := uaccess.CopyFromUser(raw, addr); err != nil {
		return a, err
	}
	for _, b := range raw[min(size, schedAttrSize):] {
		if b != 0 {
			return a, schedAttrTooBig(addr)
		}
	}
	copy(unsafe.Slice((*byte)(unsafe.Pointer(&a)), schedAttrSize), raw)
	if a.flags&schedFlagUtilClamp != 0 && size < schedAttrSize {
		return a, syscall.EINVAL
	}
	a.nice = min(max(a.nice, sched.MinNice), sched.MaxNice)
	return a, nil
}

func schedAttrTooBig(addr uintptr) error {
	if err := uaccess.Put(addr, schedAttrSize); err != nil {
		return err
	}
	return syscall.E2BIG
}

// setScheduler changes p's scheduling on behalf of t, if the values make sense
// and t may. Linux's __sched_setscheduler.
func setScheduler(t, p *Task, policy int, a *schedAttr) error {
	have := p.Params()
	to := sched.Params{
		Policy:      sched.Policy(policy),
		RTPriority:  int(a.priority),
		Nice:        int(a.nice),
		ResetOnFork: a.flags&schedFlagResetOnFork != 0,
	}
	switch {
	case policy == keepPolicy:
		to.Policy, to.ResetOnFork = have.Policy, have.ResetOnFork
	case policy > 255 || !to.Policy.Valid():
		return syscall.EINVAL
	}
	switch {
	case a.flags&^uint64(schedFlagAll) != 0,
		a.flags&(schedFlagReclaim|schedFlagDLOverrun) != 0,
		a.priority > sched.MaxRTPrio-1,
		to.Policy.RealTime() != (a.priority != 0):
		return syscall.EINVAL
	}
	if !maySchedule(t, p, &have, &to) && !Capable(cred.CAP_SYS_NICE) {
		return syscall.EPERM
	}
	if a.flags&schedFlagUtilClamp != 0 {
		return syscall.EOPNOTSUPP // as without CONFIG_UCLAMP_TASK
	}
	if to.Policy.RealTime() {
		to.Nice = have.Nice
	}
	p.SetParams(to)
	return nil
}

// maySchedule reports whether t may change p's scheduling from have to to without
// CAP_SYS_NICE; sched(7).
func maySchedule(t, p *Task, have, to *sched.Params) bool {
	switch {
	case !to.Policy.RealTime():
		if to.Nice < have.Nice && !niceAllowed(p, to.Nice) {
			return false
		}
	default:
		limit := p.rlimit(RLIMIT_RTPRIO)
		if to.Policy != have.Policy && limit == 0 ||
			to.RTPriority > have.RTPriority && uint64(to.RTPriority) > limit {
			return false
		}
	}
	switch {
	case have.Policy == sched.PolicyIdle && to.Policy != sched.PolicyIdle && !niceAllowed(p, have.Nice):
		return false
	case have.ResetOnFork && !to.ResetOnFork:
		return false
	}
	return sameOwner(t, p)
}

// niceAllowed reports whether p's RLIMIT_NICE allows a nice value.
func niceAllowed(p *Task, nice int) bool { return uint64(20-nice) <= p.rlimit(RLIMIT_NICE) }

// sameOwner reports whether t runs as the user who owns p.
func sameOwner(t, p *Task) bool {
	euid, owner := t.Cred().EUID, p.Cred()
	return euid == owner.EUID || euid == owner.UID
}

// sysSchedGetscheduler is sched_getscheduler(2).
func sysSchedGetscheduler(t *Task, a *SyscallArgs) (uintptr, error) {
	p, err := schedTarget(t, a[0])
	if err != nil {
		return 0, err
	}
	have := p.Params()
	v := uintptr(have.Policy)
	if have.ResetOnFork {
		v |= schedResetOnFork
	}
	return v, nil
}

// sysSchedGetparam is sched_getparam(2).
func sysSchedGetparam(t *Task, a *SyscallArgs) (uintptr, error) {
	if a[1] == 0 {
		return 0, syscall.EINVAL
	}
	p, err := schedTarget(t, a[0])
	if err != nil {
		return 0, err
	}
	return 0, uaccess.Put(a[1], int32(p.Params().RTPriority))
}

// sysSchedGetattr is sched_getattr(2).
func sysSchedGetattr(t *Task, a *SyscallArgs) (uintptr, error) {
	size := uint32(a[2])
	if a[1] == 0 || int32(a[0]) < 0 || size > arch.PageSize || size < schedAttrSize0 || uint32(a[3]) != 0 {
		return 0, syscall.EINVAL
	}
	p, err := schedTarget(t, a[0])
	if err != nil {
		return 0, err
	}
	have := p.Params()
	attr := schedAttr{size: min(size, schedAttrSize), policy: uint32(have.Policy)}
	if have.ResetOnFork {
		attr.flags = schedFlagResetOnFork
	}
	if have.Policy.RealTime() {
		attr.priority = uint32(have.RTPriority)
	} else {
		attr.nice = int32(have.Nice)
	}
	_, err = uaccess.CopyToUser(a[1], unsafe.Slice((*byte)(unsafe.Pointer(&attr)), attr.size))
	return 0, err
}

// priorityBound answers sched_get_priority_min and _max for a policy.
func priorityBound(a *SyscallArgs, realTime uintptr) (uintptr, error) {
	const deadline = 6 // SCHED_DEADLINE, which has no priorities
	switch p := int32(a[0]); {
	case p == deadline:
		return 0, nil
	case p < 0 || p > 255 || !sched.Policy(p).Valid():
		return 0, syscall.EINVAL
	case sched.Policy(p).RealTime():
		return realTime, nil
	}
	return 0, nil
}

// sysSchedRRGetInterval is sched_rr_get_interval(2).
func sysSchedRRGetInterval(t *Task, a *SyscallArgs) (uintptr, error) {
	p, err := schedTarget(t, a[0])
	if err != nil {
		return 0, err
	}
	return 0, uaccess.Put(a[1], [2]int64{0, p.Params().RRInterval()})
}

// cpuMaskBytes is the size of a CPU mask in the interface.
const cpuMaskBytes = 8

// sysSchedSetaffinity is sched_setaffinity(2).
func sysSchedSetaffinity(t *Task, a *SyscallArgs) (uintptr, error) {
	var mask sched.CPUMask
	raw := unsafe.Slice((*byte)(unsafe.Pointer(&mask)), cpuMaskBytes)
	if _, err := uaccess.CopyFromUser(raw[:min(uint32(a[1]), cpuMaskBytes)], a[2]); err != nil {
		return 0, err
	}
	p, err := schedTarget(t, a[0])
	switch {
	case err != nil:
		return 0, syscall.ESRCH
	case p.flags.Load()&PF_NO_SETAFFINITY != 0:
		return 0, syscall.EINVAL
	case !sameOwner(t, p) && !Capable(cred.CAP_SYS_NICE):
		return 0, syscall.EPERM
	}
	if err := sched.SetCPUsAllowed(&p.Task, mask); err != nil {
		return 0, err
	}
	sched.CondResched() // off a CPU that is not allowed any more
	return 0, nil
}

// sysSchedGetaffinity is sched_getaffinity(2).
func sysSchedGetaffinity(t *Task, a *SyscallArgs) (uintptr, error) {
	size := uint32(a[1])
	if size%8 != 0 || size < cpuMaskBytes {
		return 0, syscall.EINVAL
	}
	p, err := schedTarget(t, a[0])
	if err != nil {
		return 0, syscall.ESRCH
	}
	return cpuMaskBytes, uaccess.Put(a[2], p.CPUsAllowed()&sched.Active())
}
