package kernel

import (
	"syscall"

	"onsen/arch"
	"onsen/kernel/printk"
)

// SyscallArgs are the arguments of a system call, as they were in registers.
type SyscallArgs [6]uintptr

// SyscallFunc does a system call of the calling task t. Its result is what the
// program gets, unless there is an error: a syscall.Errno, or one of package
// errno's, which never reaches the program.
type SyscallFunc func(t *Task, a *SyscallArgs) (uintptr, error)

// syscallState is the system call that a task is in, as the program asked for
// it. Owned by the task.
type syscallState struct {
	// word is what was in the register for the number. Tracers see all of it.
	word int
	args SyscallArgs
}

// nr returns the number of the system call.
func (s *syscallState) nr() int { return syscallNr(s.word) }

// syscallNr returns the number in a register with one: the low 32 bits, with their
// sign, on every architecture.
func syscallNr(word int) int { return int(int32(word)) }

// Syscall is a system call that this kernel has, under Linux's name for it.
type Syscall struct {
	Name string
	Func SyscallFunc
}

// syscallTable maps the architecture's numbers to what there is. Written once,
// by initSyscalls.
var syscallTable []SyscallFunc

// initSyscalls makes the table from the names that the architecture gives its
// numbers.
func initSyscalls() {
	have := map[string]SyscallFunc{}
	for _, group := range syscallGroups {
		for _, s := range group {
			if have[s.Name] != nil {
				die("system call " + s.Name + " is there twice")
			}
			have[s.Name] = s.Func
		}
	}
	names := arch.SyscallNames()
	syscallTable = make([]SyscallFunc, len(names))
	for nr, name := range names {
		if f := have[name]; f != nil {
			syscallTable[nr] = f
		} else {
			syscallTable[nr] = missingSyscall(nr, name)
		}
	}
}

// missingSyscall answers for a system call that there is not, and says so once.
func missingSyscall(nr int, name string) SyscallFunc {
	said := false
	return func(t *Task, _ *SyscallArgs) (uintptr, error) {
		if !said && name != "" {
			said = true
			printk.Info("%s[%d]: system call %s (%d) is not implemented", t.Name(), t.Pid, name, nr)
		}
		return 0, syscall.ENOSYS
	}
}

// syscallOf returns what does the system call nr.
func syscallOf(nr int) SyscallFunc {
	if uint(nr) < uint(len(syscallTable)) {
		return syscallTable[nr]
	}
	return noSyscall
}

// noSyscall answers for numbers beyond the table.
func noSyscall(*Task, *SyscallArgs) (uintptr, error) { return 0, syscall.ENOSYS }
