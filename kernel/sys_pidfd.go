package kernel

// pidfdSyscalls are the system calls of this file and its neighbours.
var pidfdSyscalls = []Syscall{}
