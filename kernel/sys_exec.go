package kernel

// execSyscalls are the system calls of this file and its neighbours.
var execSyscalls = []Syscall{}
