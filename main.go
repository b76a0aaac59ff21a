//go:build metal

// Onsen is a kernel written in Go. This is the program that the boot image
// holds: by the time main runs, the Go runtime works on one CPU.
package main

import "onsen/kernel"

func main() { kernel.StartKernel() }
