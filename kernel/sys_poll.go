package kernel

// pollSyscalls are the system calls of this file and its neighbours.
var pollSyscalls = []Syscall{}
