package kernel

// rlimitSyscalls are the system calls of this file and its neighbours.
var rlimitSyscalls = []Syscall{}
