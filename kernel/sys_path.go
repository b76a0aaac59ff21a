package kernel

// pathSyscalls are the system calls of this file and its neighbours.
var pathSyscalls = []Syscall{}
