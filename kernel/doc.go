// Package kernel is the task core and what holds the rest together: start-up in
// StartKernel, tasks and their creation by KernelClone, kernel threads, exit,
// and the ends of the machine in Panic, PowerOff and Restart.
//
// What tasks have to wait for lives in packages below: sched runs them, mm has
// their memory, rt is what the Go runtime takes for Linux. Those receive what
// they need and never import this one.
//
// # Lock order
//
//	tasklistLock
//	  SighandStruct.siglock
//	    the locks of package sched, in its order
//
// The locks of the PID allocator and of the table of users, and Task.allocLock,
// are leaves.
package kernel
