package kernel

// prctlSyscalls are the system calls of this file and its neighbours.
var prctlSyscalls = []Syscall{}
