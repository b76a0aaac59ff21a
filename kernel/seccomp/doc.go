// Package seccomp has what is pure about seccomp(2): the programs that decide about
// system calls, the filters that a task has one on top of the other, and what a
// listener and the tasks that it answers say to each other.
//
// A filter is a program of the classic Berkeley packet filter over one struct
// seccomp_data. golang.org/x/net/bpf has a machine for such programs, but it is one
// for packets: it loads bytes in network order, which a filter must not, and words
// from anywhere; it knows instructions that seccomp refuses, and not the checks
// that Linux makes; and each of its steps is a call through an interface. Here a
// program runs as often as a task makes system calls, needs no memory but that in
// which it was handed in, and is a loop over one switch.
//
// A program is checked once, by Compile. What Compile accepts, Run can run: jumps
// lead forward only and the last instruction is a return, so that it ends; places
// in the scratch memory and in the data exist.
package seccomp
