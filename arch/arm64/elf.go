package arm64

import "syscall"

// What a new program is told, and where it finds itself.
const (
	// MinSignalStack is MINSIGSTKSZ of arch/arm64/include/uapi/asm/signal.h.
	MinSignalStack = 5120

	// ELFMachine is EM_AARCH64.
	ELFMachine = 183

	// TaskSize is the end of user space: 48 bits of address.
	TaskSize uintptr = 1 << 48
	// UserStackTop is where a program's first stack ends at most; Linux's
	// STACK_TOP.
	UserStackTop = TaskSize
	// StackRandom is by how much lower it ends at random; Linux's STACK_RND_MASK.
	StackRandom = 1 << 30
)

// Platform returns AT_PLATFORM.
func Platform() string { return "aarch64" }

// CloneArgs sorts the arguments of clone(2), whose order depends on the
// architecture.
func CloneArgs(a *[6]uintptr) (flags, stack, ptid, ctid, tls uintptr) {
	return a[0], a[1], a[2], a[4], a[3]
}

// ArchPrctl is a system call that this architecture does not have.
func ArchPrctl(*UserContext, int, uintptr) (uintptr, error) { return 0, syscall.EINVAL }
