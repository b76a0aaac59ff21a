package qemu

import "fmt"

// Arch is a guest architecture in Go's spelling.
type Arch string

// The architectures Onsen runs on.
const (
	AMD64 Arch = "amd64"
	ARM64 Arch = "arm64"
)

// Arches lists every Arch in the order in which reports show them.
var Arches = []Arch{AMD64, ARM64}

// ParseArch returns the Arch named s.
func ParseArch(s string) (Arch, error) {
	for _, a := range Arches {
		if s == string(a) {
			return a, nil
		}
	}
	return "", fmt.Errorf("unknown architecture %q (known: %v)", s, Arches)
}

// Command is the QEMU program for a full system of this architecture.
func (a Arch) Command() string {
	if a == ARM64 {
		return "qemu-system-aarch64"
	}
	return "qemu-system-x86_64"
}

// DefaultMachine is the -M value used when a Config names none.
func (a Arch) DefaultMachine() string {
	if a == ARM64 {
		return "virt"
	}
	return "q35"
}

// Console is the kernel's name for the first serial port, for console=.
func (a Arch) Console() string {
	if a == ARM64 {
		return "ttyAMA0"
	}
	return "ttyS0"
}
