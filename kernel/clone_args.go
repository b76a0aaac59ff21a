package kernel

// Flags of KernelClone. The low 32 bits and the two above are clone(2)'s and
// clone3(2)'s (include/uapi/linux/sched.h).
const (
	CSIGNAL uint64 = 0x000000ff // signal mask to be sent at exit; clone only

	CLONE_NEWTIME        uint64 = 0x00000080 // clone3 only
	CLONE_VM             uint64 = 0x00000100
	CLONE_FS             uint64 = 0x00000200
	CLONE_FILES          uint64 = 0x00000400
	CLONE_SIGHAND        uint64 = 0x00000800
	CLONE_PIDFD          uint64 = 0x00001000
	CLONE_PTRACE         uint64 = 0x00002000
	CLONE_VFORK          uint64 = 0x00004000
	CLONE_PARENT         uint64 = 0x00008000
	CLONE_THREAD         uint64 = 0x00010000
	CLONE_NEWNS          uint64 = 0x00020000
	CLONE_SYSVSEM        uint64 = 0x00040000
	CLONE_SETTLS         uint64 = 0x00080000
	CLONE_PARENT_SETTID  uint64 = 0x00100000
	CLONE_CHILD_CLEARTID uint64 = 0x00200000
	CLONE_DETACHED       uint64 = 0x00400000
	CLONE_UNTRACED       uint64 = 0x00800000
	CLONE_CHILD_SETTID   uint64 = 0x01000000
	CLONE_NEWCGROUP      uint64 = 0x02000000
	CLONE_NEWUTS         uint64 = 0x04000000
	CLONE_NEWIPC         uint64 = 0x08000000
	CLONE_NEWUSER        uint64 = 0x10000000
	CLONE_NEWPID         uint64 = 0x20000000
	CLONE_NEWNET         uint64 = 0x40000000
	CLONE_IO             uint64 = 0x80000000
	CLONE_CLEAR_SIGHAND  uint64 = 0x100000000
	CLONE_INTO_CGROUP    uint64 = 0x200000000

	// CLONE_GLOBAL_THREAD marks a new process, as opposed to a thread of one,
	// for those who follow processes from outside. Internal: never accepted
	// from user space.
	CLONE_GLOBAL_THREAD uint64 = 1 << 62
	// CLONE_IDLE_THREAD makes an idle task, with PID 0. Internal: only from
	// ForkIdle.
	CLONE_IDLE_THREAD uint64 = 1 << 63
)

// KernelCloneArgs says what KernelClone is to make. The fields are those of
// struct kernel_clone_args in Linux's include/linux/sched/task.h.
type KernelCloneArgs struct {
	Flags      uint64  // CLONE_*, without CSIGNAL
	Pidfd      uintptr // user address for CLONE_PIDFD
	ChildTid   uintptr // user address for CLONE_CHILD_SETTID and _CLEARTID
	ParentTid  uintptr // user address for CLONE_PARENT_SETTID
	Name       string  // of a kernel thread; empty keeps the caller's
	ExitSignal int     // sent to the parent at exit, 0 for none
	Kthread    bool    // a kernel thread
	IOThread   bool
	UserWorker bool
	NoFiles    bool
	Stack      uintptr // the new stack pointer; 0 inherits the caller's
	StackSize  uintptr // of clone3(2), which has Stack include it by now
	Tls        uintptr // thread pointer for CLONE_SETTLS
	SetTid     []int   // chosen PIDs, innermost namespace first
	Cgroup     int     // file descriptor for CLONE_INTO_CGROUP
	Idle       bool    // an idle task
	Fn         func(arg any) int
	FnArg      any

	// traceEvent is the event that this is to the caller's tracer, or 0.
	traceEvent int
	// pidfd is the descriptor for CLONE_PIDFD once copyPidfd has taken it.
	pidfd int
}
