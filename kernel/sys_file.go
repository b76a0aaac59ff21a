package kernel

// fileSyscalls are the system calls of this file and its neighbours.
var fileSyscalls = []Syscall{}
