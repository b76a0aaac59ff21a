package kernel

// waitSyscalls are the system calls of this file and its neighbours.
var waitSyscalls = []Syscall{}
