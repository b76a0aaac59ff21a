package kernel

// timeSyscalls are the system calls of this file and its neighbours.
var timeSyscalls = []Syscall{}
