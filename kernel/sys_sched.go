package kernel

// schedSyscalls are the system calls of this file and its neighbours.
var schedSyscalls = []Syscall{}
