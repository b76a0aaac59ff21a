package kernel

// sessionSyscalls are the system calls of this file and its neighbours.
var sessionSyscalls = []Syscall{}
