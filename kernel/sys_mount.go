package kernel

// mountSyscalls are the system calls of this file and its neighbours.
var mountSyscalls = []Syscall{}
