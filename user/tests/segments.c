// Segments and flags of amd64 programs: what sigreturn and a tracer make of them, and
// code of the 32-bit segment in a 64-bit program.
#ifdef __x86_64__
#include "trace.h"

#include <ucontext.h>

#define CS(uc) ((unsigned short *)&(uc)->uc_mcontext.gregs[REG_CSGSFS])[0]
#define SS(uc) ((unsigned short *)&(uc)->uc_mcontext.gregs[REG_CSGSFS])[3]
#define PC_OF(uc) (uc)->uc_mcontext.gregs[REG_RIP]
#define SP_OF(uc) (uc)->uc_mcontext.gregs[REG_RSP]
#define STRICT 4 // UC_STRICT_RESTORE_SS

static void on(int sig, void (*handler)(int, siginfo_t *, void *), int flags)
{
	static char stack[65536];
	struct sigaction sa = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK | flags};
	sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = sizeof stack}, 0);
	sigaction(sig, &sa, 0);
}

static int stack_segment(void)
{
	int ss;
	asm volatile("mov %%ss, %0" : "=r"(ss));
	return ss;
}

static int code_segment(void)
{
	int cs;
	asm volatile("mov %%cs, %0" : "=r"(cs));
	return cs;
}

// A frame with other segments.

static struct change {
	int cs, ss; // -1: as it is
	int strict;
	unsigned long pc; // 0: as it is
} change;

static char line[80];
static int with_other;
static uintptr_t pc_before, sp_before;

static void change_frame(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	pc_before = PC_OF(uc);
	sp_before = SP_OF(uc);
	if (change.cs >= 0)
		CS(uc) = change.cs;
	if (change.ss >= 0)
		SS(uc) = change.ss;
	if (!change.strict)
		uc->uc_flags &= ~STRICT;
	if (change.pc)
		PC_OF(uc) = change.pc;
	if (with_other)
		raise(SIGUSR2); // which is blocked until this handler returns
}

// fault tells of the fault at the way back, and puts everything right.
static void fault(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	say(line, "code %d addr %lx trap %lld error %llx", info->si_code, (long)info->si_addr, uc->uc_mcontext.gregs[REG_TRAPNO],
		uc->uc_mcontext.gregs[REG_ERR]);
	say(line, "cs %x ss %x flags %lx PC %d SP %d, handler cs %x ss %x", CS(uc), SS(uc), uc->uc_flags & ~1ul,
		PC_OF(uc) == (change.pc ? change.pc : pc_before), SP_OF(uc) == sp_before, code_segment(), stack_segment());
	CS(uc) = 0x33;
	SS(uc) = 0x2b;
	PC_OF(uc) = pc_before;
}

static void other_signal(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	say(line, "another signal, cs %x ss %x flags %lx", CS(uc), SS(uc), uc->uc_flags & ~1ul);
}

// try_frame has a child return with a frame that is changed. way is 0 with a handler of
// SIGSEGV, 1 without one, 2 if it is blocked, 3 with a signal that comes in between.
static void try_frame(struct change c, int way)
{
	change = c;
	snprintf(line, sizeof line, "frame %x %x strict %d pc %lx way %d", c.cs & 0xffff, c.ss & 0xffff, c.strict, c.pc, way);
	CHILD(line, {
		sigset_t set;
		sigemptyset(&set);
		on(SIGUSR1, change_frame, 0);
		if (way != 1)
			on(SIGSEGV, fault, 0);
		if (way == 2) {
			sigaddset(&set, SIGSEGV);
			sigprocmask(SIG_BLOCK, &set, 0);
		}
		if (way == 3) {
			struct sigaction sa = {.sa_sigaction = change_frame, .sa_flags = SA_SIGINFO};
			sigaddset(&sa.sa_mask, SIGUSR2);
			on(SIGUSR2, other_signal, 0);
			sigaction(SIGUSR1, &sa, 0);
			with_other = 1;
		}
		raise(SIGUSR1);
		say(line, "goes on, cs %x ss %x", code_segment(), stack_segment());
	});
}

static void frames(void)
{
	static const int selectors[] = {0, 1, 3, 4, 7, 8, 0x0b, 0x10, 0x13, 0x18, 0x1b, 0x28, 0x2b, 0x2f, 0x30, 0x33, 0x38, 0x3b, 0x40, 0x43,
		0x53, 0x63, 0x7b, 0x83, 0xff3, 0xffff};
	const int n = sizeof selectors / sizeof *selectors;
	for (int i = 0; i < n; i++)
		try_frame((struct change){selectors[i], -1, 1, 0}, 0);
	for (int i = 0; i < n; i++)
		for (int strict = 0; strict < 2; strict++)
			try_frame((struct change){-1, selectors[i], strict, 0}, 0);
	for (int way = 0; way < 4; way++) {
		try_frame((struct change){0x10, 0x18, 1, 0}, way);
		try_frame((struct change){0x10, 0, 0, 0}, way);
		try_frame((struct change){0x33, 0, 1, 0}, way);
		try_frame((struct change){0x10, -1, 1, 1ul << 62}, way);
		try_frame((struct change){-1, 0x10, 1, 1ul << 62}, way);
		try_frame((struct change){0x10, -1, 1, -65536ul}, way);
		try_frame((struct change){-1, -1, 1, -65536ul}, way);
	}
}

// A frame with other flags.

static unsigned long set_flags, clear_flags, flags_in_frame, flags_in_handler;

static void change_flags(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	asm volatile("pushfq; pop %0" : "=r"(flags_in_handler));
	flags_in_frame = uc->uc_mcontext.gregs[REG_EFL];
	uc->uc_mcontext.gregs[REG_EFL] |= set_flags;
	uc->uc_mcontext.gregs[REG_EFL] &= ~clear_flags;
}

// Of the flags these do not depend on what the compiler does.
#define LASTING (~0x8d5ul)

static void trap(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	say(line, "SIGTRAP code %d trap %lld error %lld flags %llx at it %d", info->si_code, uc->uc_mcontext.gregs[REG_TRAPNO],
		uc->uc_mcontext.gregs[REG_ERR], uc->uc_mcontext.gregs[REG_EFL] & LASTING, info->si_addr == (void *)PC_OF(uc));
	uc->uc_mcontext.gregs[REG_EFL] &= ~0x100ll;
}

// by_call has the signal sent by a system call, or by an instruction that is undefined.
static void try_flags(int bit, int before, int by_call)
{
	snprintf(line, sizeof line, "flag %d %s %s", bit, before ? "from before" : "in the frame", by_call ? "call" : "trap");
	CHILD(line, {
		unsigned long after;
		set_flags = before ? 0 : 1ul << bit;
		clear_flags = before ? 1ul << bit : 0;
		on(SIGTRAP, trap, 0);
		on(SIGUSR1, change_flags, SA_NODEFER);
		on(SIGBUS, change_flags, SA_NODEFER);
		long pid = getpid();
		if (by_call)
			asm volatile("pushfq; orq %1, (%%rsp); popfq; syscall; pushfq; pop %0; pushfq; andq $~0x44100, (%%rsp); popfq; cld"
				: "=&r"(after) : "r"(before ? 1ul << bit : 0), "a"(SYS_kill), "D"(pid), "S"(SIGUSR1) : "rcx", "r11", "memory", "cc");
		else {
			on(SIGTRAP, change_flags, 0);
			asm volatile("pushfq; orq %1, (%%rsp); popfq; int3; pushfq; pop %0; pushfq; andq $~0x44100, (%%rsp); popfq; cld"
				: "=&r"(after) : "r"(before ? 1ul << bit : 0) : "memory", "cc");
		}
		say(line, "frame %lx handler %lx after %lx", flags_in_frame & LASTING, flags_in_handler & LASTING & ~0x40000, after & LASTING);
	});
}

static void flags(void)
{
	for (int bit = 0; bit < 24; bit++) {
		if (bit != 8)
			try_flags(bit, 0, 0);
		try_flags(bit, 0, 1);
		if (bit == 10 || bit == 14 || bit == 18 || bit == 21)
			for (int by_call = 0; by_call < 2; by_call++)
				try_flags(bit, 1, by_call);
	}
	for (int bit = 32; bit < 64; bit += 31)
		try_flags(bit, 0, 1);
}

// 32-bit code.

static unsigned char *low; // a page below 4 GiB, with code

static void low_page(int shared)
{
	low = mmap((void *)0x10000000, 8192, PROT_READ | PROT_WRITE | PROT_EXEC, shared | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	// The way there, with a stack below 4 GiB: mov %rsp, %r14; mov $low+8000, %esp;
	// ljmp *low+0x8f, which is 0x23:low. (QEMU reads the stack of a far return as the
	// kernel.) And the way back: mov %r14, %rsp; ret.
	static const unsigned char enter[] = {0x49, 0x89, 0xe6, 0xbc, 0x40, 0x1f, 0, 0x10, 0xff, 0x2c, 0x25, 0x8f, 0, 0, 0x10,
		0, 0, 0, 0x10, 0x23, 0};
	static const unsigned char back[] = {0x4c, 0x89, 0xf4, 0xc3};
	memcpy(low + 0x80, enter, sizeof enter);
	memcpy(low + 0x40, back, sizeof back);
}

// leave writes ljmp $0x33, $low+0x40.
static void leave(unsigned char *at)
{
	static const unsigned char jump[] = {0xea, 0x40, 0, 0, 0x10, 0x33, 0};
	memcpy(at, jump, sizeof jump);
}

static void show_32(const char *name, siginfo_t *info, ucontext_t *uc)
{
	greg_t *r = uc->uc_mcontext.gregs;
	say(name, "signal %d code %d addr %lx trap %lld error %llx, cs %x ss %x flags %lx PC %llx rax %llx r15 %llx, handler cs %x ss %x", info->si_signo,
		info->si_code, (long)info->si_addr, r[REG_TRAPNO], r[REG_ERR], CS(uc), SS(uc), uc->uc_flags & ~1ul, r[REG_RIP], r[REG_RAX],
		r[REG_R15], code_segment(), stack_segment());
}

static void stop_32(int sig, siginfo_t *info, void *context)
{
	show_32(line, info, context);
	_exit(0);
}

static void enter_32(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	CS(uc) = 0x23;
	PC_OF(uc) = (uintptr_t)low;
	SP_OF(uc) = (uintptr_t)low + 8000;
	uc->uc_mcontext.gregs[REG_RAX] = -1;
	uc->uc_mcontext.gregs[REG_R15] = 0x123456789abcdef0;
	uc->uc_mcontext.gregs[REG_EFL] |= 0x800; // OF
}

struct code { const char *name; unsigned char code[12]; };

// run_32 runs 32-bit code until it is stopped.
static void run_32(const struct code *c)
{
	static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP};
	snprintf(line, sizeof line, "32-bit %s", c->name);
	CHILD(line, {
		memcpy(low, c->code, sizeof c->code);
		for (int j = 0; j < 5; j++)
			on(signals[j], stop_32, 0);
		on(SIGUSR1, enter_32, 0);
		raise(SIGUSR1);
	});
}

static void code_32(void)
{
	static const struct code codes[] = {
		{"undefined", {0x40, 0x0f, 0x0b}},             // inc %eax; ud2
		{"breakpoint", {0x40, 0xcc}},                  // int3
		{"into", {0xce}},                              // OF is set
		{"unmapped", {0xa1, 0x00, 0x00, 0xad, 0xde}},  // mov 0xdead0000, %eax
		{"privileged", {0xf4}},                        // hlt
		{"push", {0x6a, 0x01, 0x58, 0x0f, 0x0b}},      // push $1; pop %eax
		{"to the kernel's segment", {0xea, 0, 0, 0, 0x10, 0x10, 0}},
		{"to no segment", {0xea, 0, 0, 0, 0x10, 0x3b, 0}},
		{"null data", {0x31, 0xc0, 0x8e, 0xd8, 0xa1, 0, 0, 0, 0x10, 0x0f, 0x0b}}, // %ds = 0; mov 0x10000000, %eax
	};
	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
		run_32(&codes[i]);
}

// test_calls32 makes system calls in 32-bit code, and lets it be where it cannot. There
// are no such calls here, but Debian's Linux has them, and for a 64-bit program they end
// in strange ways.
void test_calls32(void)
{
	static const struct code calls[] = {
		{"syscall", {0x0f, 0x05, 0x0f, 0x0b}}, // ENOSYS, and goes on to ud2
		{"sysenter", {0x0f, 0x34}},
		{"int $0x80", {0xcd, 0x80}},
	};
	low_page(MAP_PRIVATE);
	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
		run_32(&calls[i]);
	// Where no 32-bit code can be: only real processors refuse that.
	try_frame((struct change){0x23, -1, 0, 1ul << 32}, 0);
	try_frame((struct change){0x23, -1, 0, 1ul << 62}, 0);
	try_frame((struct change){0x23, -1, 0, -4096ul}, 0);
}

// A program that goes there and comes back by itself, with others on the same CPU.
static void far_calls(void)
{
	// 1: inc %eax; dec %ecx; jnz 1b
	static const unsigned char loop[] = {0x40, 0x49, 0x75, 0xfc};
	memcpy(low, loop, sizeof loop);
	leave(low + sizeof loop);
	pid_t others[4];
	for (int i = 0; i < 4; i++)
		if ((others[i] = fork()) == 0)
			for (;;)
				;
	for (int i = 0; i < 3; i++) {
		unsigned long a = -1ul, c = 10000000, r8 = 0x1122334455667788, r15 = ~r8, x[2] = {r8, r15};
		asm volatile("mov %4, %%r8; mov %5, %%r15; movups (%3), %%xmm9; sub $128, %%rsp; call *%2; add $128, %%rsp;"
			"mov %%r8, %4; mov %%r15, %5; movups %%xmm9, (%3)"
			: "+a"(a), "+c"(c) : "r"(low + 0x80), "r"(x), "m"(r8), "m"(r15) : "r8", "r14", "r15", "xmm9", "memory", "cc");
		say("far call", "%lx %lx %lx %lx %lx %lx, cs %x ss %x", a, c, r8, r15, x[0], x[1], code_segment(), stack_segment());
	}
	for (int i = 0; i < 4; i++)
		finish(others[i]);
}

static void end_loop(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	*(volatile int *)(low + 0x100) = 1;
	say("signal in 32-bit code", "cs %x ss %x flags %lx", CS(uc), SS(uc), uc->uc_flags & ~1ul);
}

static void signal_in_32(void)
{
	// 1: movl $1, low+0x104; cmpl $0, low+0x100; je 1b
	static const unsigned char loop[] = {0xc7, 0x05, 0x04, 0x01, 0, 0x10, 1, 0, 0, 0, 0x83, 0x3d, 0x00, 0x01, 0, 0x10, 0, 0x74, 0xed};
	low_page(MAP_SHARED);
	memcpy(low, loop, sizeof loop);
	leave(low + sizeof loop);
	pid_t pid = fork();
	if (pid == 0) {
		on(SIGUSR1, end_loop, 0);
		asm volatile("sub $128, %%rsp; call *%0; add $128, %%rsp" :: "r"(low + 0x80) : "r14", "memory", "cc");
		say("signal in 32-bit code", "and back, cs %x", code_segment());
		_exit(0);
	}
	while (!*(volatile int *)(low + 0x104))
		usleep(500);
	kill(pid, SIGUSR1);
	reap("signal in 32-bit code", pid);
}

// What a tracer makes of them.

#define USER(r) offsetof(struct user, regs.r)

static long peek(pid_t pid, unsigned long at)
{
	long v = 0;
	pt(PTRACE_PEEKUSER, pid, at, (long)&v);
	return v;
}

static void loop_here(void)
{
	for (;;)
		raise(SIGUSR1);
}

static void show_stop(const char *name, pid_t pid)
{
	siginfo_t si;
	memset(&si, 0, sizeof si);
	pt(PTRACE_GETSIGINFO, pid, 0, (long)&si);
	say(name, "signal %d code %d, cs %lx ss %lx", si.si_signo, si.si_code, peek(pid, USER(cs)), peek(pid, USER(ss)));
}

static void tracers(void)
{
	static const unsigned long values[] = {0, 1, 3, 8, 0x10, 0x13, 0x1b, 0x20, 0x23, 0x28, 0x2b, 0x30, 0x33, 0x3b, 0xffff, 0x10033, 0x10000,
		0x7fff00000023};
	pid_t pid = child(loop_here);
	char name[80];
	for (int ss = 0; ss < 2; ss++)
		for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
			unsigned long at = ss ? USER(ss) : USER(cs);
			snprintf(name, sizeof name, "tracer's %s %lx", ss ? "ss" : "cs", values[i]);
			result(name, pt(PTRACE_POKEUSER, pid, at, values[i]));
			say(name, "%lx", peek(pid, at));
			pt(PTRACE_POKEUSER, pid, at, ss ? 0x2b : 0x33);
		}
	static const struct { int cs, ss; } bad[] = {{3, 0x2b}, {0x13, 0x2b}, {0x33, 3}, {0x33, 0x1b}, {0x3b, 0x3b}, {0xffff, 0x2b}};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		snprintf(name, sizeof name, "tracee with %x %x", bad[i].cs, bad[i].ss);
		pt(PTRACE_POKEUSER, pid, USER(cs), bad[i].cs);
		pt(PTRACE_POKEUSER, pid, USER(ss), bad[i].ss);
		pt(PTRACE_CONT, pid, 0, 0);
		stopped(name, pid);
		show_stop(name, pid);
		pt(PTRACE_POKEUSER, pid, USER(cs), 0x33);
		pt(PTRACE_POKEUSER, pid, USER(ss), 0x2b);
		pt(PTRACE_CONT, pid, 0, 0);
		stopped(name, pid);
		show_stop(name, pid);
	}
	// To 32-bit code and back.
	static const unsigned char code[] = {0x40, 0x40, 0x0f, 0x0b}; // inc %eax; inc %eax; ud2
	memcpy(low, code, sizeof code);
	finish(pid);
	pid = child(loop_here);
	struct user_regs_struct r;
	pt(PTRACE_GETREGS, pid, 0, (long)&r);
	r.cs = 0x23, r.rip = (uintptr_t)low, r.rax = -1, r.orig_rax = -1;
	result("tracee to 32-bit code", pt(PTRACE_SETREGS, pid, 0, (long)&r));
	for (int i = 0; i < 4; i++) {
		pt(i < 2 ? PTRACE_SINGLESTEP : PTRACE_CONT, pid, 0, 0);
		stopped("tracee in 32-bit code", pid);
		show_stop("tracee in 32-bit code", pid);
		pt(PTRACE_GETREGS, pid, 0, (long)&r);
		if (i < 3)
			say("tracee in 32-bit code", "rip %llx rax %llx", r.rip, r.rax);
		if (i == 2) {
			r.cs = 0x33, r.rip = (uintptr_t)low + 2; // ud2, too
			pt(PTRACE_SETREGS, pid, 0, (long)&r);
		}
	}
	finish(pid);
}

void test_segments(void)
{
	low_page(MAP_PRIVATE);
	frames();
	flags();
	code_32();
	far_calls();
	tracers();
	signal_in_32();
}
#endif
