package kernel

// credSyscalls are the system calls of this file and its neighbours.
var credSyscalls = []Syscall{}
