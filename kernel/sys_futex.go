package kernel

// futexSyscalls are the system calls of this file and its neighbours.
var futexSyscalls = []Syscall{}
