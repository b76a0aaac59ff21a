// Alternate stacks for signals: sigaltstack(2).
#include "sigtest.h"

#include <sys/auxv.h>
#include <setjmp.h>
#include <ucontext.h>

#ifndef SS_AUTODISARM
#define SS_AUTODISARM (1u << 31)
#endif
#ifndef AT_MINSIGSTKSZ
#define AT_MINSIGSTKSZ 51
#endif

#define SIZE 131072
static char one[SIZE] __attribute__((aligned(4096))), two[SIZE] __attribute__((aligned(4096)));

static long set(void *sp, size_t size, int flags)
{
	stack_t s = {.ss_sp = sp, .ss_size = size, .ss_flags = flags};
	return syscall(SYS_sigaltstack, &s, 0);
}

// now prints the stack that is set.
static void now(const char *name)
{
	stack_t s;
	syscall(SYS_sigaltstack, 0, &s);
	say(name, "stack %d flags %x size %ld", s.ss_sp == one ? 1 : s.ss_sp == two ? 2 : s.ss_sp ? 9 : 0, s.ss_flags, (long)s.ss_size);
}

static int within(const void *p, const char *stack) { return (char *)p >= stack && (char *)p < stack + SIZE; }

static void arguments(void)
{
	now("sigaltstack, at first");
	// The least size is a constant, not that of the auxiliary vector, which tells
	// how much a frame needs.
	unsigned long least = getauxval(AT_MINSIGSTKSZ);
#ifdef __x86_64__
	int constant = 2048;
#else
	int constant = 5120;
#endif
	say("AT_MINSIGSTKSZ", "at least a frame %d", least >= 1024 && least < 65536);
	result("sigaltstack, the least", set(one, constant, 0));
	result("sigaltstack, one less", set(one, constant - 1, 0));
	result("sigaltstack, size 0", set(one, 0, 0));
	result("sigaltstack, null", set(0, SIZE, 0));
	now("sigaltstack, null");
	result("sigaltstack, SS_ONSTACK", set(one, SIZE, SS_ONSTACK));
	now("sigaltstack, SS_ONSTACK");
	result("sigaltstack, SS_ONSTACK and SS_DISABLE", set(one, SIZE, SS_ONSTACK | SS_DISABLE));
	result("sigaltstack, unknown flag", set(one, SIZE, 4));
	result("sigaltstack, SS_AUTODISARM", set(one, SIZE, SS_AUTODISARM));
	now("sigaltstack, SS_AUTODISARM");
	result("sigaltstack, SS_AUTODISARM and SS_ONSTACK", set(two, SIZE, SS_AUTODISARM | SS_ONSTACK));
	now("sigaltstack, SS_AUTODISARM and SS_ONSTACK");
	result("sigaltstack, SS_DISABLE", set(one, SIZE, SS_DISABLE));
	now("sigaltstack, SS_DISABLE");
	result("sigaltstack, SS_DISABLE and SS_AUTODISARM", set(one, 1, SS_DISABLE | SS_AUTODISARM));
	now("sigaltstack, SS_DISABLE and SS_AUTODISARM");
	result("sigaltstack, wraps", set((void *)-65536l, SIZE, 0));
	now("sigaltstack, wraps");
	result("sigaltstack, no old", syscall(SYS_sigaltstack, 0, 0));
	result("sigaltstack, bad new", syscall(SYS_sigaltstack, 8, 0));
	result("sigaltstack, bad old", syscall(SYS_sigaltstack, 0, 8));
	stack_t s = {.ss_sp = two, .ss_size = SIZE};
	result("sigaltstack, bad old and good new", syscall(SYS_sigaltstack, &s, 8));
	now("sigaltstack, bad old and good new");
	set(0, 0, SS_DISABLE);
}

static volatile int deep;

// within_handler is on stack one, and asks for what it must not have.
static void within_handler(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	say("handler", "on %d frame on %d uc_stack %d flags %x size %ld", within(&uc, one) + 2 * within(&uc, two),
		within(info, one) + 2 * within(info, two), uc->uc_stack.ss_sp == one ? 1 : uc->uc_stack.ss_sp == two ? 2 : 0,
		uc->uc_stack.ss_flags, (long)uc->uc_stack.ss_size);
	now("handler, stack");
	result("handler, another stack", set(two, SIZE, 0));
	result("handler, the same stack", set(one, SIZE, 0));
	result("handler, SS_DISABLE", set(0, 0, SS_DISABLE));
	result("handler, bad flags", set(one, SIZE, 4));
	now("handler, stack at the end");
	if (deep++ == 0)
		raise(sig); // nests on the same stack
}

static void nesting(void)
{
	struct sigaction sa = {.sa_sigaction = within_handler, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
	sigaction(SIGUSR1, &sa, 0);
	set(one, SIZE, 0);
	raise(SIGUSR1);
	now("after handlers");
	// With SS_AUTODISARM the stack is free while a handler runs.
	deep = 0;
	set(one, SIZE, SS_AUTODISARM);
	now("SS_AUTODISARM, before");
	raise(SIGUSR1);
	now("SS_AUTODISARM, after handlers");
	// Without SA_ONSTACK it is not used.
	sa.sa_flags = SA_SIGINFO | SA_NODEFER;
	sigaction(SIGUSR1, &sa, 0);
	deep = 1;
	set(one, SIZE, 0);
	raise(SIGUSR1);
	now("without SA_ONSTACK");
}

// A handler changes the stack that its frame brings back.
static int way;
static void changes(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	switch (way) {
	case 0: uc->uc_stack.ss_sp = two; break;
	case 1: uc->uc_stack.ss_size = 10; break;
	case 2: uc->uc_stack.ss_flags = 4; break;
	case 3: uc->uc_stack.ss_flags = SS_DISABLE; break;
	}
}

static void frames(void)
{
	struct sigaction sa = {.sa_sigaction = changes, .sa_flags = SA_SIGINFO};
	sigaction(SIGUSR1, &sa, 0);
	for (way = 0; way < 4; way++) {
		char name[40];
		snprintf(name, sizeof name, "the frame's stack, %d", way);
		set(one, SIZE, 0);
		raise(SIGUSR1);
		now(name);
	}
}

// Overflows. The stack is too small for a frame, or at its end, or not there.
static void nothing(int sig) { (void)sig; }
static void segv(int sig, siginfo_t *info, void *context)
{
	say("SIGSEGV for want of a stack", "code %d address %d", info->si_code, info->si_addr != 0);
	_exit(3);
}

// at_the_end gets the signal again where the stack has no room for another frame.
static char *bottom;
static void at_the_end(int sig)
{
	long pid = getpid(), tid = gettid();
#ifdef __x86_64__
	asm volatile("mov %0, %%rsp; syscall; hlt" : : "r"(bottom + 512), "a"(SYS_tgkill), "D"(pid), "S"(tid), "d"((long)sig));
#else
	register long x0 asm("x0") = pid, x1 asm("x1") = tid, x2 asm("x2") = sig, x8 asm("x8") = SYS_tgkill;
	asm volatile("mov sp, %0; svc #0; udf #0" : : "r"(bottom + 512), "r"(x0), "r"(x1), "r"(x2), "r"(x8));
#endif
}

static void no_room(int how)
{
	struct sigaction sa = {.sa_handler = nothing, .sa_flags = SA_ONSTACK | SA_NODEFER};
	char *p = mmap(0, 3 * SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	munmap(p, SIZE);
	munmap(p + 2 * SIZE, SIZE);
	bottom = p + SIZE;
	set(p + SIZE, SIZE, 0);
	switch (how) {
	case 0: // the frame does not fit: nothing is mapped in it
		munmap(p + SIZE, SIZE);
		break;
	case 1: // nested, and it is full
		sa.sa_handler = at_the_end;
		break;
	case 2: // as 1, but SIGSEGV is handled on the same stack
		sa.sa_handler = at_the_end;
		sigaction(SIGSEGV, &(struct sigaction){.sa_sigaction = segv, .sa_flags = SA_SIGINFO | SA_ONSTACK}, 0);
		break;
	case 3: // SIGSEGV is handled on another stack
		munmap(p + SIZE, SIZE);
		sigaction(SIGSEGV, &(struct sigaction){.sa_sigaction = segv, .sa_flags = SA_SIGINFO}, 0);
		break;
	case 4: // and is blocked
		munmap(p + SIZE, SIZE);
		sigaction(SIGSEGV, &(struct sigaction){.sa_sigaction = segv, .sa_flags = SA_SIGINFO}, 0);
		block(BIT(SIGSEGV));
		break;
	case 5: // read-only
		mprotect(p + SIZE, SIZE, PROT_READ);
		break;
	case 6: // the signal without room is SIGSEGV itself
		munmap(p + SIZE, SIZE);
		sigaction(SIGSEGV, &sa, 0);
		raise(SIGSEGV);
		break;
	case 7: // a wrong page: the same handler runs on the normal stack
		sa.sa_flags = 0;
		munmap(p + SIZE, SIZE);
		break;
	}
	sigaction(SIGUSR1, &sa, 0);
	raise(SIGUSR1);
}

// seen is where the siginfo of a signal was.
static char *seen;
static void look(int sig, siginfo_t *info, void *context) { seen = (char *)info; }

// raise_at raises SIGUSR1 with another stack pointer.
static void raise_at(char *sp)
{
	long pid = getpid(), tid = gettid();
#ifdef __x86_64__
	asm volatile("mov %%rsp, %%rbx; mov %0, %%rsp; syscall; mov %%rbx, %%rsp"
		: : "r"(sp), "a"(SYS_tgkill), "D"(pid), "S"(tid), "d"((long)SIGUSR1) : "rbx", "rcx", "r11", "memory");
#else
	register long x0 asm("x0") = pid, x1 asm("x1") = tid, x2 asm("x2") = SIGUSR1, x8 asm("x8") = SYS_tgkill;
	asm volatile("mov x19, sp; mov sp, %1; svc #0; mov sp, x19"
		: "+r"(x0) : "r"(sp), "r"(x1), "r"(x2), "r"(x8) : "x19", "memory");
#endif
}

// at_the_edge says what the frame goes below, as an offset into the stack, if the
// stack pointer is at an offset near one of its ends. On amd64 the red zone below the
// stack pointer counts for whether the program changes to the stack, but not for
// whether the frame has to fit on it.
static void at_the_edge(int offset, int on_stack, int flags)
{
	char *p = mmap(0, 3 * SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *stack = p + SIZE;
	struct sigaction sa = {.sa_sigaction = look, .sa_flags = SA_SIGINFO | SA_ONSTACK};
	sigaction(SIGUSR1, &sa, 0);
	set(stack, SIZE, 0);
	raise(SIGUSR1); // as from any other stack
	long frame = stack + SIZE - seen;
	sa.sa_flags = SA_SIGINFO | on_stack;
	sigaction(SIGUSR1, &sa, 0);
	set(stack, SIZE, flags);
	raise_at(stack + offset);
	say("at the edge", "from %d, flags %x %x: below %ld", offset, on_stack, flags, seen + frame - stack);
}

static void edges(void)
{
	static const int offset[] = {0, 64, 128, 192, SIZE, SIZE + 64, SIZE + 128, SIZE + 192};
	for (int i = 0; i < sizeof offset / sizeof *offset; i++) {
		CHILD("at an edge", at_the_edge(offset[i], SA_ONSTACK, 0));
		CHILD("at an edge, without SA_ONSTACK", at_the_edge(offset[i], 0, 0));
		CHILD("at an edge, SS_AUTODISARM", at_the_edge(offset[i], SA_ONSTACK, SS_AUTODISARM));
	}
}

// fork keeps the stack, threads have none, vfork keeps it, execve drops it.
static char thread_stack[65536];
static int in_thread(void *p)
{
	stack_t *s = p;
	syscall(SYS_sigaltstack, 0, s);
	syscall(SYS_exit, 0);
}

static void inheritance(void)
{
	set(one, SIZE, 0);
	pid_t pid = fork();
	if (pid == 0) {
		now("fork");
		_exit(0);
	}
	reap("fork", pid);
	pid = vfork();
	if (pid == 0) {
		now("vfork");
		_exit(0);
	}
	reap("vfork", pid);
	static stack_t s;
	pid = clone(in_thread, thread_stack + sizeof thread_stack, CLONE_VM | SIGCHLD, &s);
	reap("CLONE_VM", pid);
	say("CLONE_VM", "flags %x size %ld", s.ss_flags, (long)s.ss_size);
}

void test_sigstack(void)
{
	CHILD("arguments", arguments());
	CHILD("nesting", nesting());
	CHILD("frames", frames());
	for (int how = 0; how < 8; how++) {
		char name[40];
		snprintf(name, sizeof name, "no room, %d", how);
		CHILD(name, no_room(how));
	}
	edges();
	CHILD("inheritance", inheritance());
}
