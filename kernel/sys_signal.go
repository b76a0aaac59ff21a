package kernel

// signalSyscalls are the system calls of this file and its neighbours.
var signalSyscalls = []Syscall{}
