package kernel

// cloneSyscalls are the system calls of this file and its neighbours.
var cloneSyscalls = []Syscall{}
