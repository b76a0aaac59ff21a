// What sigaction(2) keeps, and what its flags do.
#include "sigtest.h"

#include <time.h>

// The C library's way back from a handler, without which x86 has none.
static unsigned long restorer(void)
{
	struct kernel_action a;
	signal(SIGUSR2, (void (*)(int))1000);
	kernel_sigaction(SIGUSR2, 0, &a);
	signal(SIGUSR2, SIG_DFL);
	return a.restorer;
}

// arm64 has the vDSO's.
#ifdef __x86_64__
#define SA_KERNEL_RESTORER 0x04000000
#else
#define SA_KERNEL_RESTORER 0
#endif

static void kept(void)
{
	unsigned long kept = 0;
	struct kernel_action a, old;
	for (int bit = 0; bit < 64; bit++) {
		a = (struct kernel_action){.handler = 0x1000, .flags = 1ul << bit};
		kernel_sigaction(SIGUSR1, &a, 0);
		kernel_sigaction(SIGUSR1, 0, &old);
		kept |= old.flags;
	}
	say("flags that are kept", "%lx", kept);
	a = (struct kernel_action){.handler = -1, .flags = -1, .restorer = -2, .mask = -1};
	result("everything", kernel_sigaction(40, &a, 0));
	result("everything, old", kernel_sigaction(40, &a, &old));
	say("everything, old", "%lx %lx %lx %lx", old.handler, old.flags, old.restorer, old.mask);
	for (int sig = 1; sig <= 64; sig++) {
		a = (struct kernel_action){.handler = 1};
		if (kernel_sigaction(sig, &a, 0))
			say("cannot be changed", "%d errno %d", sig, errno);
		if (kernel_sigaction(sig, 0, &old))
			say("cannot be looked at", "%d errno %d", sig, errno);
	}
	a.handler = 0;
	result("SIGKILL, SIG_DFL", kernel_sigaction(SIGKILL, &a, 0));
	result("no new, bad old", kernel_sigaction(SIGUSR1, 0, (void *)8));
	a.handler = 0x3000;
	result("good new, bad old", kernel_sigaction(SIGUSR1, &a, (void *)8));
	kernel_sigaction(SIGUSR1, 0, &old);
	say("good new, bad old", "%lx", old.handler);
	result("bad new and size", syscall(SYS_rt_sigaction, SIGUSR1, 8, 0, 4));
	result("bad new and signal", syscall(SYS_rt_sigaction, 65, 8, 0, 8));
	result("new and signal -1", syscall(SYS_rt_sigaction, -1, &a, 0, 8));
}

static unsigned long in_handler;
static volatile int run;
static void look(int sig)
{
	syscall(SYS_rt_sigprocmask, 0, 0, &in_handler, 8);
	run++;
}

static void once(const char *name, int sig, unsigned long flags, unsigned long mask)
{
	struct kernel_action a = {(long)look, flags | SA_KERNEL_RESTORER, restorer(), mask}, old;
	unsigned long after;
	kernel_sigaction(sig, &a, 0);
	run = 0;
	in_handler = 0;
	syscall(SYS_tgkill, getpid(), gettid(), sig); // the C library knows no 32
	syscall(SYS_rt_sigprocmask, 0, 0, &after, 8);
	kernel_sigaction(sig, 0, &old);
	say(name, "run %d blocked %lx afterwards %lx handler %s flags %lx mask %lx", run, in_handler, after,
		old.handler == (long)look ? "same" : old.handler == 0 ? "SIG_DFL" : "other", old.flags & ~SA_KERNEL_RESTORER, old.mask);
}

static void flags(void)
{
	once("plain", SIGUSR1, 0, 0);
	once("with a mask", SIGUSR1, 0, ALL);
	once("SA_NODEFER", SIGUSR1, SA_NODEFER, 0);
	once("SA_NODEFER and a mask", SIGUSR1, SA_NODEFER, BIT(SIGUSR1) | BIT(SIGUSR2));
	once("SA_RESETHAND", SIGUSR1, SA_RESETHAND, BIT(SIGUSR2));
	once("SA_RESETHAND and SA_NODEFER", SIGUSR1, SA_RESETHAND | SA_NODEFER, 0);
	once("SA_RESETHAND of SIGTRAP", SIGTRAP, SA_RESETHAND | SA_SIGINFO, 0);
	once("SA_RESETHAND of SIGILL", SIGILL, SA_RESETHAND, 0);
	once("unknown flags", SIGUSR1, SA_RESTART | 0x400 | 0x100 | 0x2000000, 0);
	once("32", 32, 0, BIT(33));
	CHILD("SA_RESETHAND, twice", once("SA_RESETHAND, twice", SIGUSR1, SA_RESETHAND, 0); raise(SIGUSR1));
	// Without SA_RESTORER x86 has no way back, and arm64 uses the vDSO's.
	CHILD("no SA_RESTORER", struct kernel_action a = {(long)look}; kernel_sigaction(SIGUSR1, &a, 0); raise(SIGUSR1);
		say("no SA_RESTORER", "run %d", run));
	CHILD("SA_RESTORER of nothing", struct kernel_action a = {(long)look, 0x04000000, 16}; kernel_sigaction(SIGUSR1, &a, 0);
		raise(SIGUSR1));
	CHILD("a handler that is nowhere", struct kernel_action a = {16, SA_KERNEL_RESTORER, restorer()}; kernel_sigaction(SIGUSR1, &a, 0);
		raise(SIGUSR1));
	CHILD("a handler in the kernel", struct kernel_action a = {-65536, SA_KERNEL_RESTORER, restorer()}; kernel_sigaction(SIGUSR1, &a, 0);
		raise(SIGUSR1));
	CHILD("a handler that is not canonical", struct kernel_action a = {1ul << 62, SA_KERNEL_RESTORER, restorer()};
		kernel_sigaction(SIGUSR1, &a, 0); raise(SIGUSR1));
}

// execve: handlers are reset, what is ignored, blocked or pending stays.
static void before_exec(void)
{
	struct kernel_action a = {(long)look, SA_KERNEL_RESTORER | SA_RESTART | SA_NOCLDSTOP, restorer(), BIT(SIGHUP)}, ign = {1, SA_NOCLDWAIT, 0, 7};
	kernel_sigaction(SIGUSR1, &a, 0);
	kernel_sigaction(SIGUSR2, &ign, 0);
	kernel_sigaction(SIGCHLD, &ign, 0);
	block(BIT(SIGTERM) | BIT(40) | BIT(41) | BIT(42));
	kill(getpid(), SIGTERM);
	sigqueue(getpid(), 40, (union sigval){.sival_int = 1});
	sigqueue(getpid(), 40, (union sigval){.sival_int = 2});
	tgkill(getpid(), gettid(), 41);
	// The signals of timers go with the timers, even of one that is deleted.
	struct sigevent e = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = 42};
	struct itimerspec soon = {{0, 0}, {0, 1}};
	int id, second;
	syscall(SYS_timer_create, CLOCK_MONOTONIC, &e, &id);
	syscall(SYS_timer_settime, id, 0, &soon, 0);
	while (!(pending() & BIT(42)))
		usleep(500);
	syscall(SYS_timer_create, CLOCK_MONOTONIC, &e, &second);
	syscall(SYS_timer_settime, second, 0, &soon, 0);
	usleep(20000);
	syscall(SYS_timer_delete, id);
	static char stack[65536];
	sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = sizeof stack}, 0);
	execl("/proc/self/exe", "checks", "exec-child", "signals", NULL);
	result("execve", -1);
}

// exec_signals is the program that before_exec becomes.
void exec_signals(void)
{
	static const int sigs[] = {SIGUSR1, SIGUSR2, SIGCHLD};
	struct kernel_action a;
	for (int i = 0; i < 3; i++) {
		kernel_sigaction(sigs[i], 0, &a);
		say("execve, action", "%d: %lx %lx %lx %lx", sigs[i], a.handler, a.flags, a.restorer, a.mask);
	}
	unsigned long blocked;
	syscall(SYS_rt_sigprocmask, 0, 0, &blocked, 8);
	say("execve, blocked", "%lx", blocked);
	say("execve, pending", "%lx", pending());
	siginfo_t i;
	while (take(ALL, &i) > 0)
		say("execve, taken", "%d %d", i.si_signo, i.si_code == SI_QUEUE ? i.si_value.sival_int : i.si_code);
	stack_t s;
	sigaltstack(0, &s);
	say("execve, stack", "%x %ld", s.ss_flags, (long)s.ss_size);
}

// Faults of an address with a tag, which the hardware of arm64 ignores.
static void addresses(int sig, siginfo_t *i, void *context)
{
	say("a fault of a tagged address", "signal %d code %d address %lx", sig, i->si_code, (long)i->si_addr & 0xff00000000000fff);
	_exit(0);
}

static void tags(unsigned long flag)
{
	char *p = mmap(0, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct kernel_action a = {(long)addresses, SA_SIGINFO | SA_KERNEL_RESTORER | flag, restorer()};
	kernel_sigaction(SIGSEGV, &a, 0);
	kernel_sigaction(SIGBUS, &a, 0);
	*(volatile char *)((long)p + 5 | 0x5a00000000000000) = 1;
}

void test_sigaction(void)
{
	CHILD("kept", kept());
	CHILD("flags", flags());
	CHILD("execve", before_exec());
	CHILD("tags", tags(0));
	CHILD("tags, SA_EXPOSE_TAGBITS", tags(0x800));
}
