package kernel

// syscallGroups are all system calls, each group beside the code that does it.
var syscallGroups = [][]Syscall{
	cloneSyscalls,
	waitSyscalls,
	pidfdSyscalls,
	ptraceSyscalls,
	sessionSyscalls,
	credSyscalls,
	schedSyscalls,
	execSyscalls,
	prctlSyscalls,
	seccompSyscalls,
	rseqSyscalls,
	ioprioSyscalls,
	rlimitSyscalls,
	miscSyscalls,
	mmSyscalls,
	fileSyscalls,
	pathSyscalls,
	mountSyscalls,
	pipeSyscalls,
	socketSyscalls,
	pollSyscalls,
	signalSyscalls,
	futexSyscalls,
	timeSyscalls,
}
