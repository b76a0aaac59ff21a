package kernel

// miscSyscalls are the system calls of this file and its neighbours.
var miscSyscalls = []Syscall{}
