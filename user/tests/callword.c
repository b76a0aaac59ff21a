// The register with the number of a system call: 32 bits of it are the number, but who
// looks at a call may see all 64.
#include "filter.h"

#include <ucontext.h>

#ifdef __x86_64__
#define WORD(uc) (uc)->uc_mcontext.gregs[REG_RAX]
#else
#define WORD(uc) (uc)->uc_mcontext.regs[8]
#endif

#define HIGH 0x5a5a5a5a00000000ul

static const unsigned long words[] = {
	SYS_sched_yield, HIGH | SYS_sched_yield, ~0ul << 32 | SYS_sched_yield, 1ul << 32 | SYS_sched_yield,
	~0ul, 0xfffffffful, 1ul << 32 | 0xffffffff, 0xfffffffe, HIGH | 0xfffffffe, 0x80000000 | SYS_sched_yield,
	0x40000000 | SYS_sched_yield, HIGH | 0x40000000 | SYS_sched_yield, 0x40000000 | 512, 512, 547, 0x3fffffff, 0x7fffffff, 100000,
};

static const int n_words = sizeof words / sizeof *words;

static void all_words(void)
{
	for (int i = 0; i < n_words; i++)
		rawcall(words[i], 1, 2, 3);
}

static void untraced(void)
{
	for (int i = 0; i < n_words; i++) {
		char name[64];
		snprintf(name, sizeof name, "untraced %lx", words[i]);
		say(name, "%ld", rawcall(words[i], 1, 2, 3));
	}
}

// known leaves out addresses.
static long known(long v) { return v < 4096 ? v : 4096; }

// show_word prints what a tracer sees of the number.
static void show_word(const char *name, pid_t pid)
{
	struct regs g;
	struct syscall_info i;
	memset(&i, 0, sizeof i);
	pt(0x420e, pid, sizeof i, (long)&i);
	getregs(pid, &g);
#ifdef __x86_64__
	say(name, "op %d, %lx, orig_rax %llx, rax %ld", i.op, i.op == 1 ? i.entry.nr : 0, g.r.orig_rax, known(RET(&g)));
#else
	say(name, "op %d, %lx, x8 %llx, number %lx, x0 %ld", i.op, i.op == 1 ? i.entry.nr : 0, g.r.regs[8], getnr(pid), known(RET(&g)));
#endif
}

// go_on lets the tracee run to its next stop.
static int go_on(pid_t pid, int request, int sig)
{
	pt(request, pid, 0, sig);
	return quiet(pid);
}

// traced shows each call in front of and behind it.
static void traced(void)
{
	pid_t pid = child(all_words);
	pt(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESYSGOOD);
	go_on(pid, PTRACE_SYSCALL, 0); // behind the stop in raise
	for (int i = -1; i < n_words; i++)
		for (int stop = 0; stop < 2; stop++) {
			char name[64];
			go_on(pid, PTRACE_SYSCALL, 0);
			snprintf(name, sizeof name, "traced %lx, %s", i < 0 ? 0 : words[i], stop ? "behind" : "in front");
			if (i >= 0)
				show_word(name, pid);
		}
	finish(pid);
}

// changed has the tracer write another number. What is called stays harmless.
static void changed(int request, const char *how)
{
	pid_t pid = child(all_words);
	pt(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESYSGOOD);
	struct regs g;
	do {
		go_on(pid, request, 0);
		getregs(pid, &g);
	} while (ARG1(&g) != 2);
	for (int i = 0; i < n_words; i++) {
		char name[64];
		snprintf(name, sizeof name, "%s %lx", how, words[n_words - 1 - i]);
#ifdef __x86_64__
		result(name, pt(PTRACE_POKEUSER, pid, offsetof(struct user, regs.orig_rax), words[n_words - 1 - i]));
#else
		setnr(pid, words[n_words - 1 - i]);
#endif
		show_word(name, pid);
		if (request == PTRACE_SYSCALL) {
			go_on(pid, request, 0);
			show_word(name, pid);
		}
		go_on(pid, request, 0);
	}
	finish(pid);
}

// What seccomp makes of it.

static void on_sys(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	say("SIGSYS", "%d, frame %llx", info->si_syscall, (long long)WORD(uc));
}

static void filtered(void)
{
	CHILD("filter", {
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		on(0, SYS_sched_yield, DENY(77));
		on(0, 0x40000000 | SYS_sched_yield, DENY(78));
		on(0, -2, DENY(79));
		for (int i = 0; i < n_words; i++) {
			char name[64];
			snprintf(name, sizeof name, "filter %lx", words[i]);
			say(name, "%ld", rawcall(words[i], 1, 2, 3));
		}
	});
	CHILD("trap", {
		struct sigaction sa = {.sa_sigaction = on_sys, .sa_flags = SA_SIGINFO};
		sigaction(SIGSYS, &sa, 0);
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		on(0, SYS_sched_yield, SECCOMP_RET_TRAP);
		say("trap", "%lx", rawcall(HIGH | SYS_sched_yield, 1, 2, 3));
	});
	CHILD("strict", {
		prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0, 0, 0);
		rawcall(HIGH | SYS_write, 1, (long)"check strict write\n", 19);
		rawcall(HIGH | SYS_exit, 3, 0, 0);
	});
}

// Calls that sleep, and that signals interrupt.

static int pipes[2];

static void on_usr(int sig, siginfo_t *info, void *context)
{
	say("interrupted read", "frame %llx", (long long)WORD((ucontext_t *)context));
	write(pipes[1], "x", 1);
}

static void long_read(void)
{
	char c;
	say("interrupted read", "%ld", rawcall(HIGH | SYS_read, pipes[0], (long)&c, 1));
}

static void long_sleep(void)
{
	struct timespec t = {100, 0};
	rawcall(HIGH | SYS_nanosleep, (long)&t, 0, 0);
}

// number_of prints the number that /proc tells.
static void number_of(const char *name, pid_t pid)
{
	char path[64], text[256] = "";
	snprintf(path, sizeof path, "/proc/%d/syscall", pid);
	int fd = open(path, O_RDONLY), words = 0;
	read(fd, text, sizeof text - 1);
	close(fd);
	for (char *p = text; *p; p++)
		words += *p == ' ' || *p == '\n';
	text[strcspn(text, " \n")] = 0;
	say(name, "%s and %d words", text, words - 1);
}

static void asleep(void)
{
	for (int flags = 0; flags < 2; flags++) {
		struct sigaction sa = {.sa_sigaction = on_usr, .sa_flags = SA_SIGINFO | (flags ? SA_RESTART : 0)};
		sigaction(SIGUSR1, &sa, 0);
		pipe(pipes);
		pid_t pid = fork();
		if (pid == 0) {
			long_read();
			_exit(0);
		}
		await(pid, 'S');
		number_of("a call that sleeps", pid);
		kill(pid, SIGUSR1);
		reap("interrupted read", pid);
		// And under a tracer, who sees it made again.
		pipe(pipes);
		pid = child(long_read);
		pt(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESYSGOOD);
		pt(PTRACE_CONT, pid, 0, 0);
		await(pid, 'S');
		kill(pid, SIGUSR1);
		quiet(pid);
		show_word("traced read, signal", pid);
		for (int i = 0; i < 5; i++) {
			go_on(pid, PTRACE_SYSCALL, i ? 0 : SIGUSR1);
			show_word("traced read, then", pid);
		}
		finish(pid);
	}
	static const int signals[] = {SIGCHLD, SIGUSR1};
	for (int i = 0; i < 2; i++) {
		signal(SIGUSR1, SIG_IGN);
		pid_t pid = child(i ? long_sleep : long_read);
		pt(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESYSGOOD);
		pt(PTRACE_CONT, pid, 0, 0);
		await(pid, 'S');
		kill(pid, signals[i]);
		quiet(pid);
		show_word("without a handler, signal", pid);
		go_on(pid, PTRACE_SYSCALL, 0);
		show_word("without a handler, again", pid);
		number_of("without a handler, again", pid);
		finish(pid);
	}
}

// number_in_stop has /proc tell of numbers below 0.
static void number_in_stop(void)
{
	pid_t pid = child(all_words);
	do {
		go_on(pid, PTRACE_SYSCALL, 0);
		if (getnr(pid) != SYS_sched_yield)
			continue;
		number_of("in a stop", pid);
		setnr(pid, -1);
		number_of("in a stop, -1", pid);
		setnr(pid, -2);
		number_of("in a stop, -2", pid);
		break;
	} while (1);
	finish(pid);
}

// What a child finds in the place of its number.
static void forks(void) { rawcall(HIGH | SYS_clone, SIGCHLD, 0, 0); }

static void of_a_child(void)
{
	pid_t pid = child(forks), kid;
	unsigned long m = 0;
	pt(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACEFORK | PTRACE_O_EXITKILL);
	go_on(pid, PTRACE_CONT, 0);
	pt(PTRACE_GETEVENTMSG, pid, 0, (long)&m);
	kid = m;
	quiet(kid);
	struct regs g;
	getregs(kid, &g);
#ifdef __x86_64__
	say("a child", "orig_rax %llx rax %lld", g.r.orig_rax, g.r.rax);
#else
	say("a child", "x8 %llx number %lx x0 %lld", g.r.regs[8], getnr(kid), g.r.regs[0]);
#endif
	finish(kid);
	finish(pid);
}

void test_callword(void)
{
	untraced();
	traced();
	changed(PTRACE_SYSCALL, "changed to");
	changed(31 /* PTRACE_SYSEMU */, "emulated");
	filtered();
	asleep();
	number_in_stop();
	of_a_child();
}
