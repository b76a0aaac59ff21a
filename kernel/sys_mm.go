package kernel

// mmSyscalls are the system calls of this file and its neighbours.
var mmSyscalls = []Syscall{}
