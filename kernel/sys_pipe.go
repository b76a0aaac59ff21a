package kernel

// pipeSyscalls are the system calls of this file and its neighbours.
var pipeSyscalls = []Syscall{}
