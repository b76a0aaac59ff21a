// ptrace(2): every request and event, what the tracer sees of stops, and what its
// changes do. Registers are read by PTRACE_GETREGSET, as both architectures can.
#include "trace.h"

static void nothing(void) {}
static void calls(void)
{
	syscall(SYS_getpid);
	syscall(SYS_getppid);
}

// ---- TRACEME, errors ----

static void errors(void)
{
	result("ptrace errors, nobody", pt(PTRACE_CONT, 99999, 0, 0));
	result("ptrace errors, pid 0", pt(PTRACE_PEEKDATA, 0, 0, 0));
	result("ptrace errors, attach self", pt(PTRACE_ATTACH, getpid(), 0, 0));
	result("ptrace errors, attach nobody", pt(PTRACE_ATTACH, 99999, 0, 0));
	result("ptrace errors, attach kthreadd", pt(PTRACE_ATTACH, 2, 0, 0));
	result("ptrace errors, seize kthreadd", pt(PTRACE_SEIZE, 2, 0, 0));

	pid_t pid = idle();
	static const int requests[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 17, 24, 31, 32, 33, 0x4200, 0x4201, 0x4202, 0x4203,
		0x4204, 0x4205, 0x4207, 0x4208, 0x4209, 0x420a, 0x420b, 0x420e, 0x5555};
	for (unsigned i = 0; i < sizeof requests / sizeof *requests; i++) {
		char name[64];
		snprintf(name, sizeof name, "ptrace errors, %#x of a stranger", requests[i]);
		result(name, pt(requests[i], pid, 0, 0));
	}
	result("ptrace errors, seize with an address", pt(PTRACE_SEIZE, pid, 1, 0));
	result("ptrace errors, seize with unknown options", pt(PTRACE_SEIZE, pid, 0, 1 << 10));
	result("ptrace errors, seize", pt(PTRACE_SEIZE, pid, 0, 0));
	result("ptrace errors, seize again", pt(PTRACE_SEIZE, pid, 0, 0));
	result("ptrace errors, attach again", pt(PTRACE_ATTACH, pid, 0, 0));
	for (unsigned i = 0; i < sizeof requests / sizeof *requests; i++) {
		if (requests[i] == 8 || requests[i] == 0x4207)
			continue;
		char name[64];
		snprintf(name, sizeof name, "ptrace errors, %#x of one that runs", requests[i]);
		result(name, pt(requests[i], pid, 0, 0));
	}
	finish(pid);

	pid = child(nothing);
	result("ptrace errors, traceme twice", 0);
	result("ptrace errors, cont with signal 65", pt(PTRACE_CONT, pid, 0, 65));
	result("ptrace errors, cont with signal -1", pt(PTRACE_CONT, pid, 0, -1));
	result("ptrace errors, detach with signal 65", pt(PTRACE_DETACH, pid, 0, 65));
	result("ptrace errors, options", pt(PTRACE_SETOPTIONS, pid, 0, 1 << 8));
	result("ptrace errors, options above", pt(PTRACE_SETOPTIONS, pid, 0, 1ul << 32));
	result("ptrace errors, options all", pt(PTRACE_SETOPTIONS, pid, 0, 0xff | PTRACE_O_EXITKILL));
	result("ptrace errors, options none", pt(PTRACE_SETOPTIONS, pid, 0, 0));
	result("ptrace errors, listen", pt(PTRACE_LISTEN, pid, 0, 0));
	result("ptrace errors, interrupt", pt(PTRACE_INTERRUPT, pid, 0, 0));
	result("ptrace errors, unknown", pt(0x5555, pid, 0, 0));
	result("ptrace errors, peek nowhere", pt(PTRACE_PEEKDATA, pid, 8, (long)&pid));
	result("ptrace errors, poke nowhere", pt(PTRACE_POKEDATA, pid, 8, 0));
	result("ptrace errors, peek the kernel", pt(PTRACE_PEEKDATA, pid, -4096, (long)&pid));
	result("ptrace errors, peek to nowhere", pt(PTRACE_PEEKDATA, pid, (long)errors, 8));
	result("ptrace errors, eventmsg to nowhere", pt(PTRACE_GETEVENTMSG, pid, 0, 8));
	result("ptrace errors, siginfo to nowhere", pt(PTRACE_GETSIGINFO, pid, 0, 8));
	result("ptrace errors, siginfo from nowhere", pt(PTRACE_SETSIGINFO, pid, 0, 8));
	result("ptrace errors, sigmask size", pt(PTRACE_GETSIGMASK, pid, 4, (long)&pid));
	result("ptrace errors, sigmask to nowhere", pt(PTRACE_GETSIGMASK, pid, 8, 8));
	result("ptrace errors, set sigmask size", pt(PTRACE_SETSIGMASK, pid, 16, (long)&pid));
	result("ptrace errors, set sigmask from nowhere", pt(PTRACE_SETSIGMASK, pid, 8, 8));
	result("ptrace errors, syscall info to nowhere", pt(0x420e, pid, 80, 8));
	result("ptrace errors, regset to nowhere", pt(PTRACE_GETREGSET, pid, NT_PRSTATUS, 8));
	struct iovec v = {(void *)8, 8};
	result("ptrace errors, regset iov to nowhere", pt(PTRACE_GETREGSET, pid, NT_PRSTATUS, (long)&v));
	v.iov_len = 7;
	result("ptrace errors, regset odd size", pt(PTRACE_GETREGSET, pid, NT_PRSTATUS, (long)&v));
	v.iov_len = 8;
	result("ptrace errors, regset unknown", pt(PTRACE_GETREGSET, pid, 0x777, (long)&v));
	finish(pid);

	pid = fork();
	if (pid == 0) {
		result("ptrace traceme", pt(PTRACE_TRACEME, 0, 0, 0));
		result("ptrace traceme again", pt(PTRACE_TRACEME, 0, 0, 0));
		_exit(3);
	}
	reap("ptrace traceme, end", pid);

	// Somebody else's tracee.
	pid = child(nothing);
	pid_t other = fork();
	if (other == 0) {
		result("ptrace errors, cont of another's tracee", pt(PTRACE_CONT, pid, 0, 0));
		result("ptrace errors, attach another's tracee", pt(PTRACE_ATTACH, pid, 0, 0));
		result("ptrace errors, seize another's tracee", pt(PTRACE_SEIZE, pid, 0, 0));
		_exit(0);
	}
	reap("ptrace errors, other", other);
	finish(pid);
}

// ---- memory ----

static const volatile long constant = 0x1234567;
static volatile long variable = 0x7654321;

static void memory_child(void)
{
	say("ptrace memory, constant in the tracee", "%#lx", constant);
	say("ptrace memory, variable in the tracee", "%#lx", variable);
}

static void memory(void)
{
	pid_t pid = child(memory_child);
	long word = 0;
	result("ptrace peek text", pt(PTRACE_PEEKTEXT, pid, (long)&constant, (long)&word));
	say("ptrace peek text, word", "%#lx", word);
	result("ptrace peek data", pt(PTRACE_PEEKDATA, pid, (long)&variable, (long)&word));
	say("ptrace peek data, word", "%#lx", word);
	result("ptrace poke text, read-only", pt(PTRACE_POKETEXT, pid, (long)&constant, 0x111));
	result("ptrace poke data", pt(PTRACE_POKEDATA, pid, (long)&variable, 0x222));
	pt(PTRACE_PEEKDATA, pid, (long)&constant, (long)&word);
	say("ptrace peek poked", "%#lx", word);
	say("ptrace poked, not in the tracer", "%#lx %#lx", constant, variable);
	pt(PTRACE_CONT, pid, 0, 0);
	reap("ptrace memory, end", pid);

	// Code: a breakpoint in a page that was never touched for writing.
	pid = child(calls);
	long at = (long)calls & ~7l;
	pt(PTRACE_PEEKTEXT, pid, (long)calls, (long)&word);
	long old = word;
	unsigned long mask = (1ul << TRAP_SIZE * 8) - 1;
	result("ptrace breakpoint", pt(PTRACE_POKETEXT, pid, (long)calls, (old & ~mask) | TRAP_INSN));
	pt(PTRACE_CONT, pid, 0, 0);
	stopped("ptrace breakpoint, hit", pid);
	siginfo_t si;
	memset(&si, 0, sizeof si);
	pt(PTRACE_GETSIGINFO, pid, 0, (long)&si);
	say("ptrace breakpoint, code", "%d", si.si_code);
	struct regs g;
	getregs(pid, &g);
	say("ptrace breakpoint, pc", "%ld", (long)(PC(&g) - (unsigned long)calls));
	pt(PTRACE_POKETEXT, pid, (long)calls, old);
	PC(&g) = (unsigned long)calls;
	result("ptrace breakpoint, set pc", setregs(pid, &g));
	pt(PTRACE_CONT, pid, 0, 0);
	reap("ptrace breakpoint, end", pid);
	(void)at;

	// Memory that is shared and read-only stays as it is.
	char *shared = mmap(0, 4096, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	char *none = mmap(0, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pid = child(nothing);
	result("ptrace poke shared read-only", pt(PTRACE_POKEDATA, pid, (long)shared, 1));
	result("ptrace peek none", pt(PTRACE_PEEKDATA, pid, (long)none, (long)&word));
	result("ptrace poke none", pt(PTRACE_POKEDATA, pid, (long)none, 1));
	// Across the end of what is mapped.
	char *two = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	munmap(two + 4096, 4096);
	finish(pid);
	pid = child(nothing);
	result("ptrace peek across the end", pt(PTRACE_PEEKDATA, pid, (long)two + 4092, (long)&word));
	result("ptrace poke across the end", pt(PTRACE_POKEDATA, pid, (long)two + 4092, -1));
	finish(pid);
	munmap(two, 4096);
	munmap(shared, 4096);
	munmap(none, 4096);
}

// ---- system calls ----

static void three(void)
{
	syscall(SYS_getpid, 1, 2);
	syscall(SYS_read, -1, 0, 0);
	syscall(SYS_getppid, 3, 4);
}

static void syscalls(void)
{
	pid_t pid = child(three);
	show_info("ptrace syscall info, signal stop", pid);
	say("ptrace syscall, number in a signal stop", "%d", getnr(pid) >= 0);
	pt(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESYSGOOD);
	for (int i = 0; i < 7; i++) {
		pt(PTRACE_SYSCALL, pid, 0, 0);
		stopped("ptrace syscall", pid);
		show_info("ptrace syscall info", pid);
		unsigned long message = 77;
		pt(PTRACE_GETEVENTMSG, pid, 0, (long)&message);
		say("ptrace syscall, message", "%lu", message);
		siginfo_t si;
		memset(&si, 0, sizeof si);
		pt(PTRACE_GETSIGINFO, pid, 0, (long)&si);
		say("ptrace syscall, siginfo", "%d %#x pid %d uid %d", si.si_signo, si.si_code, si.si_pid == pid, si.si_uid);
		say("ptrace syscall, number", "%s", callname(getnr(pid)));
		struct regs g;
		getregs(pid, &g);
		if (i % 2 == 0 && i < 6) {
#if defined __x86_64__
			say("ptrace syscall, result before", "%ld", (long)RET(&g));
#else
			say("ptrace syscall, x7", "%ld", (long)g.r.regs[7]);
#endif
		}
	}
	show_info("ptrace syscall info, short", pid);
	struct syscall_info i;
	memset(&i, 0xff, sizeof i);
	result("ptrace syscall info of 8 bytes", pt(0x420e, pid, 8, (long)&i));
	say("ptrace syscall info of 8 bytes, rest", "%#lx", i.ip);
	pt(PTRACE_CONT, pid, 0, 0);
	reap("ptrace syscall, end", pid);

	// Without TRACESYSGOOD.
	pid = child(three);
	for (int i = 0; i < 2; i++) {
		pt(PTRACE_SYSCALL, pid, 0, 0);
		stopped("ptrace syscall, plain", pid);
		show_info("ptrace syscall info, plain", pid);
	}
	finish(pid);
}

static void report(void)
{
	long v = syscall(SYS_getppid);
	say("ptrace changed, in the tracee", "%s", v == getpid() ? "own pid" : v == getppid() ? "parent" : "other");
	if (v != getpid() && v != getppid())
		say("ptrace changed, value", "%ld", v);
}

static void step_to_entry(pid_t pid)
{
	do {
		pt(PTRACE_SYSCALL, pid, 0, 0);
		quiet(pid);
	} while (getnr(pid) != SYS_getppid);
}

static void write_two(void)
{
	static char a[] = "check ptrace changed argument one\n", b[] = "check ptrace changed argument two\n";
	syscall(SYS_getppid, a, sizeof b - 1, b);
	long n = syscall(SYS_write, 1, a, sizeof a - 1);
	say("ptrace changed argument, result", "%ld", n);
}

#if defined __x86_64__
static void whole_registers(void)
{
	pid_t pid = child(calls);
	struct user_regs_struct all, again;
	struct regs g;
	result("ptrace getregs", pt(PTRACE_GETREGS, pid, 0, (long)&all));
	getregs(pid, &g);
	say("ptrace getregs, as the set", "%d", memcmp(&all, &g.r, sizeof all) == 0);
	all.r15 = 0x1515;
	result("ptrace setregs", pt(PTRACE_SETREGS, pid, 0, (long)&all));
	pt(PTRACE_GETREGS, pid, 0, (long)&again);
	say("ptrace setregs, after", "%d", memcmp(&all, &again, sizeof all) == 0);
	result("ptrace getregs to nowhere", pt(PTRACE_GETREGS, pid, 0, 8));
	result("ptrace setregs from nowhere", pt(PTRACE_SETREGS, pid, 0, 8));
	long word = 0;
	result("ptrace peekuser", pt(PTRACE_PEEKUSER, pid, 0, (long)&word));
	say("ptrace peekuser, r15", "%#lx", word);
	result("ptrace pokeuser", pt(PTRACE_POKEUSER, pid, 0, 0x51));
	pt(PTRACE_PEEKUSER, pid, 0, (long)&word);
	say("ptrace pokeuser, r15", "%#lx", word);
	result("ptrace peekuser, odd", pt(PTRACE_PEEKUSER, pid, 3, (long)&word));
	result("ptrace peekuser, far", pt(PTRACE_PEEKUSER, pid, 100000, (long)&word));
	finish(pid);
}
#else
static void whole_registers(void)
{
	pid_t pid = child(calls);
	long word = 0;
	result("ptrace getregs", pt(12, pid, 0, (long)&word));
	result("ptrace peekuser", pt(3, pid, 0, (long)&word));
	finish(pid);
}
#endif

static void rewriting(void)
{
	pid_t pid = child(report);
	struct regs g;
	step_to_entry(pid);
	setnr(pid, SYS_getpid);
	pt(PTRACE_SYSCALL, pid, 0, 0);
	quiet(pid);
	say("ptrace changed number, at the exit", "%s", callname(getnr(pid)));
	pt(PTRACE_CONT, pid, 0, 0);
	reap("ptrace changed number", pid);

	pid = child(report);
	step_to_entry(pid);
	setnr(pid, -1);
	pt(PTRACE_SYSCALL, pid, 0, 0);
	stopped("ptrace skipped, exit", pid);
	say("ptrace skipped, number at the exit", "%s", callname(getnr(pid)));
	getregs(pid, &g);
	RET(&g) = 4242;
	setregs(pid, &g);
	pt(PTRACE_CONT, pid, 0, 0);
	reap("ptrace skipped", pid);

	pid = child(report);
	step_to_entry(pid);
	setnr(pid, 9999);
	pt(PTRACE_SYSCALL, pid, 0, 0);
	stopped("ptrace unknown number, exit", pid);
	show_info("ptrace unknown number, info", pid);
	pt(PTRACE_CONT, pid, 0, 0);
	reap("ptrace unknown number", pid);

	// Skipped, with the result set at the entry.
	pid = child(report);
	step_to_entry(pid);
	getregs(pid, &g);
	RET(&g) = 777;
	setregs(pid, &g);
	setnr(pid, -1);
	pt(PTRACE_CONT, pid, 0, 0);
	reap("ptrace skipped with a result", pid);

	pid = child(report);
	step_to_entry(pid);
	pt(PTRACE_SYSCALL, pid, 0, 0);
	quiet(pid);
	getregs(pid, &g);
	RET(&g) = 31337;
	setregs(pid, &g);
	pt(PTRACE_CONT, pid, 0, 0);
	reap("ptrace changed result", pid);

	pid = child(write_two);
	step_to_entry(pid);
	getregs(pid, &g);
#if defined __x86_64__
	unsigned long b = g.r.rdx;
#else
	unsigned long b = g.r.regs[2];
#endif
	do {
		pt(PTRACE_SYSCALL, pid, 0, 0);
		quiet(pid);
	} while (getnr(pid) != SYS_write);
	getregs(pid, &g);
	ARG1(&g) = b;
	setregs(pid, &g);
	pt(PTRACE_CONT, pid, 0, 0);
	reap("ptrace changed argument", pid);
}

// A tracee that is killed in front of a system call does not make it.
static void no_call(void)
{
	say("ptrace fatal signal at the entry", "made the call");
}

static void fatal_at_entry(void)
{
	for (int how = 0; how < 3; how++) {
		pid_t pid = child(no_call);
		do {
			pt(PTRACE_SYSCALL, pid, 0, 0);
			quiet(pid);
		} while (getnr(pid) != SYS_write);
		if (how == 0)
			pt(PTRACE_CONT, pid, 0, SIGKILL);
		else if (how == 1)
			kill(pid, SIGKILL);
		else
			pt(PTRACE_KILL, pid, 0, 0);
		reap("ptrace fatal signal at the entry, end", pid);
	}
	// One that is not fatal is delivered after the call.
	pid_t pid = child(calls);
	step_to_entry(pid);
	pt(PTRACE_SYSCALL, pid, 0, SIGUSR1);
	stopped("ptrace signal at the entry", pid);
	show_info("ptrace signal at the entry, info", pid);
	pt(PTRACE_CONT, pid, 0, 0);
	stopped("ptrace signal at the entry, then", pid);
	siginfo_t si;
	memset(&si, 0, sizeof si);
	pt(PTRACE_GETSIGINFO, pid, 0, (long)&si);
	say("ptrace signal at the entry, siginfo", "%d %#x", si.si_signo, si.si_code);
	pt(PTRACE_CONT, pid, 0, SIGUSR1);
	reap("ptrace signal at the entry, end", pid);
}

static void emulated(void)
{
	pid_t pid = child(report);
	result("ptrace sysemu", pt(PTRACE_SYSEMU, pid, 0, 0));
	stopped("ptrace sysemu, stop", pid);
	struct regs g;
	int n = 0;
	while (getnr(pid) != SYS_getppid && n++ < 20) {
		pt(PTRACE_SYSEMU, pid, 0, 0);
		quiet(pid);
	}
	getregs(pid, &g);
	RET(&g) = 5555;
	setregs(pid, &g);
	pt(PTRACE_CONT, pid, 0, 0);
	reap("ptrace sysemu, end", pid);
}

// ---- signals ----

static volatile int handled;
static void handler(int sig) { handled = sig; }

static void raise_usr1(void)
{
	raise(SIGUSR1);
	say("ptrace signals, tracee survives", "handled %d", handled);
}

static void handle_usr1(void)
{
	signal(SIGUSR1, handler);
	signal(SIGUSR2, handler);
	raise_usr1();
}

static void ignore_usr1(void)
{
	signal(SIGUSR1, SIG_IGN);
	raise_usr1();
}

static void queue_value(void)
{
	union sigval v = {.sival_int = 99};
	signal(SIGUSR1, handler);
	sigqueue(getpid(), SIGUSR1, v);
	say("ptrace signals, tracee survives", "handled %d", handled);
}

static void signals(void)
{
	pid_t pid = child(raise_usr1);
	pt(PTRACE_CONT, pid, 0, 0);
	stopped("ptrace signal", pid);
	siginfo_t si;
	memset(&si, 0, sizeof si);
	result("ptrace getsiginfo", pt(PTRACE_GETSIGINFO, pid, 0, (long)&si));
	say("ptrace getsiginfo, what", "%d %d pid %d", si.si_signo, si.si_code, si.si_pid == pid);
	pt(PTRACE_CONT, pid, 0, 0);
	reap("ptrace signal, dropped", pid);

	pid = child(raise_usr1);
	pt(PTRACE_CONT, pid, 0, 0);
	quiet(pid);
	pt(PTRACE_CONT, pid, 0, SIGUSR1);
	reap("ptrace signal, delivered", pid);

	pid = child(raise_usr1);
	pt(PTRACE_CONT, pid, 0, 0);
	quiet(pid);
	pt(PTRACE_CONT, pid, 0, SIGTERM);
	reap("ptrace signal, another", pid);

	pid = child(handle_usr1);
	pt(PTRACE_CONT, pid, 0, 0);
	quiet(pid);
	pt(PTRACE_CONT, pid, 0, SIGUSR2);
	reap("ptrace signal, another that is handled", pid);

	pid = child(ignore_usr1);
	pt(PTRACE_CONT, pid, 0, 0);
	stopped("ptrace signal, ignored", pid);
	pt(PTRACE_CONT, pid, 0, SIGUSR1);
	reap("ptrace signal, ignored, end", pid);

	pid = child(queue_value);
	pt(PTRACE_CONT, pid, 0, 0);
	stopped("ptrace signal, queued", pid);
	pt(PTRACE_GETSIGINFO, pid, 0, (long)&si);
	say("ptrace getsiginfo, queued", "%d %d value %d", si.si_signo, si.si_code, si.si_value.sival_int);
	si.si_value.sival_int = 100;
	result("ptrace setsiginfo", pt(PTRACE_SETSIGINFO, pid, 0, (long)&si));
	pt(PTRACE_GETSIGINFO, pid, 0, (long)&si);
	say("ptrace setsiginfo, after", "%d %d value %d", si.si_signo, si.si_code, si.si_value.sival_int);
	pt(PTRACE_CONT, pid, 0, SIGUSR1);
	reap("ptrace signal, queued, end", pid);

	// A blocked signal, the mask, and what is pending.
	pid = child(nothing);
	sigset_t set, got;
	unsigned long mask = 0, want = 1ul << (SIGUSR1 - 1) | 1ul << (SIGKILL - 1) | 1ul << (SIGSTOP - 1);
	result("ptrace setsigmask", pt(PTRACE_SETSIGMASK, pid, 8, (long)&want));
	result("ptrace getsigmask", pt(PTRACE_GETSIGMASK, pid, 8, (long)&mask));
	say("ptrace getsigmask, mask", "%#lx", mask);
	kill(pid, SIGUSR1);
	syscall(SYS_tgkill, pid, pid, SIGUSR1);
	struct { unsigned long off; unsigned flags; int nr; } peek = {0, 0, 10};
	siginfo_t infos[10];
	result("ptrace peeksiginfo", pt(PTRACE_PEEKSIGINFO, pid, (long)&peek, (long)infos));
	say("ptrace peeksiginfo, what", "%d %d", infos[0].si_signo, infos[0].si_code);
	peek.flags = 1;
	result("ptrace peeksiginfo, shared", pt(PTRACE_PEEKSIGINFO, pid, (long)&peek, (long)infos));
	say("ptrace peeksiginfo, shared, what", "%d %d", infos[0].si_signo, infos[0].si_code);
	peek.off = 1;
	result("ptrace peeksiginfo, behind", pt(PTRACE_PEEKSIGINFO, pid, (long)&peek, (long)infos));
	peek.off = -1;
	result("ptrace peeksiginfo, far behind", pt(PTRACE_PEEKSIGINFO, pid, (long)&peek, (long)infos));
	peek.off = 0;
	peek.nr = 0;
	result("ptrace peeksiginfo, none", pt(PTRACE_PEEKSIGINFO, pid, (long)&peek, (long)infos));
	peek.nr = -1;
	result("ptrace peeksiginfo, negative", pt(PTRACE_PEEKSIGINFO, pid, (long)&peek, (long)infos));
	peek.nr = 1;
	peek.flags = 2;
	result("ptrace peeksiginfo, flags", pt(PTRACE_PEEKSIGINFO, pid, (long)&peek, (long)infos));
	result("ptrace peeksiginfo, from nowhere", pt(PTRACE_PEEKSIGINFO, pid, 8, (long)infos));
	peek.flags = 0;
	result("ptrace peeksiginfo, to nowhere", pt(PTRACE_PEEKSIGINFO, pid, (long)&peek, 8));
	pt(PTRACE_CONT, pid, 0, 0);
	reap("ptrace setsigmask, end", pid);
	(void)set, (void)got;

	// SIGKILL is not reported.
	pid = child(nothing);
	kill(pid, SIGKILL);
	reap("ptrace kill", pid);
}

// ---- events ----

static void do_fork(void)
{
	pid_t pid = fork();
	if (pid == 0)
		_exit(5);
	int s;
	waitpid(pid, &s, 0);
	_exit(6);
}

static void do_vfork(void)
{
	pid_t pid = vfork();
	if (pid == 0)
		_exit(5);
	int s;
	waitpid(pid, &s, 0);
	_exit(6);
}

static char thread_stack[16384] __attribute__((aligned(16)));
static int thread_main(void *p)
{
	syscall(SYS_exit, 0);
	return 0;
}

static void do_thread(void)
{
	int tid = clone(thread_main, thread_stack + sizeof thread_stack,
			CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM, 0);
	// The tracer is to reap the thread first: else it has the status of the process.
	char path[64];
	snprintf(path, sizeof path, "/proc/self/task/%d", tid);
	while (access(path, F_OK) == 0)
		usleep(1000);
	_exit(6);
}

static void do_clone(void)
{
	int s;
	clone(thread_main, thread_stack + sizeof thread_stack, SIGUSR1, 0);
	while (waitpid(-1, &s, __WALL) == -1 && errno == EINTR)
		;
	_exit(6);
}

static void events(const char *what, void (*f)(void), unsigned long options, int seize)
{
	char name[96];
	pid_t pid;
	if (seize) {
		int p[2];
		char c = 0;
		pipe(p);
		pid = fork();
		if (pid == 0) {
			read(p[0], &c, 1);
			f();
			_exit(0);
		}
		snprintf(name, sizeof name, "ptrace seize, %s", what);
		result(name, pt(PTRACE_SEIZE, pid, 0, options));
		write(p[1], "x", 1);
		close(p[0]);
		close(p[1]);
	} else {
		pid = child(f);
		pt(PTRACE_SETOPTIONS, pid, 0, options);
		pt(PTRACE_CONT, pid, 0, 0);
	}
	// Parent and child are told apart, their order does not matter.
	pid_t young = 0;
	int early = 0, s;
	for (int i = 0; i < 12; i++) {
		pid_t got = waitpid(-1, &s, __WALL);
		if (got == -1)
			break;
		int event = s >> 16, stop = WIFSTOPPED(s);
		if (got == pid && stop && (event == 1 || event == 2 || event == 3))
			young = message_of(pid);
		const char *who = got == pid ? "parent" : "child";
		snprintf(name, sizeof name, "ptrace event %s%s, %s", what, seize ? ", seized" : "", who);
		if (stop && event) {
			unsigned long m = message_of(got);
			say(name, "stop %d event %d message %s", WSTOPSIG(s), event,
			    event == 6 ? (m == 0x500 ? "0x500" : m == 0x600 ? "0x600" : m == 0 ? "0" : "?") :
			    event == 128 ? "none" : (pid_t)m != pid && m > 1 && (!young || (pid_t)m == young) ? "child" : "?");
		} else if (stop) {
			say(name, "stop %d", WSTOPSIG(s));
		} else {
			status(name, s);
			continue;
		}
		int sig = 0;
		if (!event && WSTOPSIG(s) != SIGSTOP && WSTOPSIG(s) != SIGTRAP)
			sig = WSTOPSIG(s);
		pt(PTRACE_CONT, got, 0, sig);
	}
	(void)early;
}

static void ev_fork(void) { events("fork", do_fork, ALL_FORKS, 0); }
static void ev_fork_seized(void) { events("fork", do_fork, ALL_FORKS, 1); }
static void ev_fork_none(void) { events("fork without options", do_fork, 0, 0); }
static void ev_fork_other(void) { events("fork with other options", do_fork, PTRACE_O_TRACEVFORK, 0); }
static void ev_fork_exit(void) { events("fork and exit", do_fork, ALL_FORKS | PTRACE_O_TRACEEXIT, 0); }
static void ev_vfork(void) { events("vfork", do_vfork, ALL_FORKS, 0); }
static void ev_vfork_done(void) { events("vforkdone", do_vfork, PTRACE_O_TRACEVFORKDONE, 0); }
static void ev_vfork_both(void) { events("vfork and done", do_vfork, ALL_FORKS | PTRACE_O_TRACEVFORKDONE, 1); }
static void ev_thread(void) { events("thread", do_thread, ALL_FORKS, 0); }
static void ev_thread_seized(void) { events("thread", do_thread, ALL_FORKS | PTRACE_O_TRACEEXIT, 1); }
static void ev_clone(void) { events("clone", do_clone, ALL_FORKS, 0); }

static void exec_self(void)
{
	char *argv[] = {"checks", "exec-child", "ptrace", 0}, *env[] = {0};
	execve("/proc/self/exe", argv, env);
	_exit(9);
}

static void exec_events(void)
{
	pid_t pid = child(exec_self);
	pt(PTRACE_CONT, pid, 0, 0);
	stopped("ptrace exec, legacy", pid);
	siginfo_t si;
	pt(PTRACE_GETSIGINFO, pid, 0, (long)&si);
	say("ptrace exec, legacy siginfo", "%d %d", si.si_signo, si.si_code);
	finish(pid);

	pid = child(exec_self);
	pt(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACEEXEC);
	pt(PTRACE_CONT, pid, 0, 0);
	stopped("ptrace exec, event", pid);
	say("ptrace exec, message", "%d", message_of(pid) == (unsigned long)pid);
	say("ptrace exec, number", "%s", callname(getnr(pid)));
	pt(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACEEXEC | PTRACE_O_TRACESYSGOOD);
	pt(PTRACE_SYSCALL, pid, 0, 0);
	stopped("ptrace exec, exit of the call", pid);
	show_info("ptrace exec, info", pid);
	finish(pid);

	pid = child(exec_self);
	pt(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESYSGOOD);
	do {
		pt(PTRACE_SYSCALL, pid, 0, 0);
		quiet(pid);
	} while (getnr(pid) != SYS_execve);
	pt(PTRACE_SYSCALL, pid, 0, 0);
	stopped("ptrace exec under syscall, 1", pid);
	pt(PTRACE_SYSCALL, pid, 0, 0);
	stopped("ptrace exec under syscall, 2", pid);
	finish(pid);
}

static void exit_events(void)
{
	pid_t pid = child(do_fork);
	pt(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACEEXIT);
	pt(PTRACE_CONT, pid, 0, 0);
	stopped("ptrace exit, SIGCHLD", pid);
	pt(PTRACE_CONT, pid, 0, SIGCHLD);
	stopped("ptrace exit, event", pid);
	say("ptrace exit, message", "%#lx", message_of(pid));
	pt(PTRACE_CONT, pid, 0, 0);
	reap("ptrace exit, end", pid);

	pid = child(nothing);
	pt(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACEEXIT);
	kill(pid, SIGKILL);
	stopped("ptrace exit, killed", pid);
	say("ptrace exit, killed, message", "%#lx", message_of(pid));
	pt(PTRACE_CONT, pid, 0, 0);
	reap("ptrace exit, killed, end", pid);

	pid = child(raise_usr1);
	pt(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACEEXIT);
	pt(PTRACE_CONT, pid, 0, 0);
	quiet(pid);
	pt(PTRACE_CONT, pid, 0, SIGUSR1);
	stopped("ptrace exit, by signal", pid);
	say("ptrace exit, by signal, message", "%#lx", message_of(pid));
	pt(PTRACE_DETACH, pid, 0, 0);
	reap("ptrace exit, by signal, end", pid);
}

// ---- attaching ----

static void attaching(void)
{
	pid_t pid = idle();
	result("ptrace attach", pt(PTRACE_ATTACH, pid, 0, 0));
	stopped("ptrace attach, stop", pid);
	siginfo_t si;
	result("ptrace attach, siginfo", pt(PTRACE_GETSIGINFO, pid, 0, (long)&si));
	say("ptrace attach, siginfo", "%d %d", si.si_signo, si.si_code);
	say("ptrace attach, number", "%d", getnr(pid) >= -1);
	result("ptrace detach", pt(PTRACE_DETACH, pid, 0, 0));
	result("ptrace detach again", pt(PTRACE_DETACH, pid, 0, 0));
	result("ptrace attach once more", pt(PTRACE_ATTACH, pid, 0, 0));
	stopped("ptrace attach once more, stop", pid);
	result("ptrace detach with a signal", pt(PTRACE_DETACH, pid, 0, SIGTERM));
	reap("ptrace detach with a signal, end", pid);

	// One that is stopped already.
	pid = idle();
	kill(pid, SIGSTOP);
	waitpid(pid, 0, WUNTRACED);
	result("ptrace attach stopped", pt(PTRACE_ATTACH, pid, 0, 0));
	stopped("ptrace attach stopped, stop", pid);
	result("ptrace attach stopped, siginfo", pt(PTRACE_GETSIGINFO, pid, 0, (long)&si));
	pt(PTRACE_CONT, pid, 0, 0);
	stopped("ptrace attach stopped, SIGSTOP", pid);
	result("ptrace attach stopped, siginfo 2", pt(PTRACE_GETSIGINFO, pid, 0, (long)&si));
	result("ptrace attach stopped, detach", pt(PTRACE_DETACH, pid, 0, 0));
	int s;
	kill(pid, SIGCONT);
	kill(pid, SIGTERM);
	reap("ptrace attach stopped, end", pid);

	// SEIZE does not stop.
	pid = idle();
	result("ptrace seize", pt(PTRACE_SEIZE, pid, 0, 0));
	result("ptrace seize, does not stop", waitpid(pid, &s, WNOHANG | __WALL));
	result("ptrace interrupt", pt(PTRACE_INTERRUPT, pid, 0, 0));
	stopped("ptrace interrupt, stop", pid);
	pt(PTRACE_GETSIGINFO, pid, 0, (long)&si);
	say("ptrace interrupt, siginfo", "%d %#x", si.si_signo, si.si_code);
	result("ptrace interrupt, listen", pt(PTRACE_LISTEN, pid, 0, 0));
	result("ptrace listen, cont", pt(PTRACE_CONT, pid, 0, 0));
	result("ptrace listen, wait", waitpid(pid, &s, WNOHANG | __WALL));
	result("ptrace listen, interrupt", pt(PTRACE_INTERRUPT, pid, 0, 0));
	stopped("ptrace listen, interrupt, stop", pid);
	result("ptrace interrupt while stopped", pt(PTRACE_INTERRUPT, pid, 0, 0));
	pt(PTRACE_CONT, pid, 0, 0);
	stopped("ptrace interrupt while stopped, stop", pid);
	pt(PTRACE_CONT, pid, 0, 0);

	// Group stop.
	// Not SIGTSTP: the process group may be an orphaned one.
	kill(pid, SIGSTOP);
	stopped("ptrace group stop, signal", pid);
	pt(PTRACE_CONT, pid, 0, SIGSTOP);
	stopped("ptrace group stop, stop", pid);
	pt(PTRACE_GETSIGINFO, pid, 0, (long)&si);
	say("ptrace group stop, siginfo", "%d %#x", si.si_signo, si.si_code);
	result("ptrace group stop, listen", pt(PTRACE_LISTEN, pid, 0, 0));
	result("ptrace group stop, quiet", waitpid(pid, &s, WNOHANG | __WALL));
	kill(pid, SIGCONT);
	stopped("ptrace group stop, continued", pid);
	pt(PTRACE_GETSIGINFO, pid, 0, (long)&si);
	say("ptrace group stop, continued, siginfo", "%d %#x", si.si_signo, si.si_code);
	pt(PTRACE_CONT, pid, 0, 0);
	stopped("ptrace group stop, SIGCONT", pid);
	pt(PTRACE_CONT, pid, 0, SIGCONT);
	// Detached in a group stop it stays stopped.
	kill(pid, SIGSTOP);
	stopped("ptrace group stop, SIGSTOP", pid);
	pt(PTRACE_CONT, pid, 0, SIGSTOP);
	stopped("ptrace group stop, again", pid);
	result("ptrace group stop, detach", pt(PTRACE_DETACH, pid, 0, 0));
	s = 0;
	result("ptrace group stop, detached", waitpid(pid, &s, WUNTRACED) == pid);
	status("ptrace group stop, detached, status", s);
	kill(pid, SIGKILL);
	reap("ptrace group stop, end", pid);

	// SIGKILL ends every stop.
	for (int how = 0; how < 3; how++) {
		pid = idle();
		pt(PTRACE_SEIZE, pid, 0, 0);
		pt(PTRACE_INTERRUPT, pid, 0, 0);
		quiet(pid);
		if (how == 1)
			pt(PTRACE_LISTEN, pid, 0, 0);
		if (how == 2) {
			pt(PTRACE_CONT, pid, 0, 0);
			kill(pid, SIGSTOP);
			quiet(pid);
			pt(PTRACE_CONT, pid, 0, SIGSTOP);
			quiet(pid);
		}
		kill(pid, SIGKILL);
		reap("ptrace kill in a stop", pid);
	}
}

// ---- threads, wait, proc ----

static void clone_flags(void)
{
	// CLONE_PTRACE: the child is the tracer's, without any event.
	pid_t pid = fork();
	if (pid == 0) {
		pt(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		pid_t c = syscall(SYS_clone, CLONE_PTRACE | SIGCHLD, 0, 0, 0, 0);
		if (c == 0)
			_exit(4);
		int s;
		while (waitpid(c, &s, 0) == -1 && errno == EINTR)
			;
		status("ptrace CLONE_PTRACE, parent", s);
		_exit(3);
	}
	quiet(pid);
	pt(PTRACE_CONT, pid, 0, 0);
	int s;
	pid_t c = waitpid(-1, &s, __WALL);
	say("ptrace CLONE_PTRACE, new", "%d stop %d", c != pid, WSTOPSIG(s));
	pt(PTRACE_CONT, c, 0, 0);
	for (int i = 0; i < 3; i++) {
		pid_t got = waitpid(-1, &s, __WALL);
		if (WIFSTOPPED(s)) {
			say("ptrace CLONE_PTRACE, stop", "%s %d", got == pid ? "parent" : "child", WSTOPSIG(s));
			pt(PTRACE_CONT, got, 0, WSTOPSIG(s));
		} else {
			status(got == pid ? "ptrace CLONE_PTRACE, end of parent" : "ptrace CLONE_PTRACE, end of child", s);
		}
	}

	// CLONE_UNTRACED hides it from the tracer.
	pid = fork();
	if (pid == 0) {
		pt(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		pid_t c = syscall(SYS_clone, CLONE_UNTRACED | SIGCHLD, 0, 0, 0, 0);
		if (c == 0)
			_exit(4);
		waitpid(c, &s, 0);
		_exit(3);
	}
	quiet(pid);
	pt(PTRACE_SETOPTIONS, pid, 0, ALL_FORKS);
	pt(PTRACE_CONT, pid, 0, 0);
	stopped("ptrace CLONE_UNTRACED", pid);
	pt(PTRACE_CONT, pid, 0, SIGCHLD);
	reap("ptrace CLONE_UNTRACED, end", pid);
}

static void status_line(const char *name, pid_t pid, const char *key)
{
	char path[64];
	static char text[4096];
	snprintf(path, sizeof path, "/proc/%d/status", pid);
	int fd = open(path, O_RDONLY), n = read(fd, text, sizeof text - 1);
	close(fd);
	text[n > 0 ? n : 0] = 0;
	char *l = strstr(text, key);
	if (!l) {
		say(name, "no such line");
		return;
	}
	l += strlen(key);
	l[strcspn(l, "\n")] = 0;
	if (!strcmp(key, "\nTracerPid:"))
		say(name, "%s", atoi(l) == getpid() ? "we" : atoi(l) ? "other" : "nobody");
	else
		say(name, "%s", l);
}

static void waiting(void)
{
	pid_t pid = child(nothing);
	int s;
	status_line("ptrace proc, state", pid, "\nState:");
	status_line("ptrace proc, tracer", pid, "\nTracerPid:");
	result("ptrace wait, stop told once", waitpid(pid, &s, WNOHANG));
	siginfo_t si;
	memset(&si, 0, sizeof si);
	kill(pid, SIGCONT);
	pt(PTRACE_CONT, pid, 0, SIGUSR1);
	reap("ptrace wait, end", pid);

	pid = fork();
	if (pid == 0) {
		pt(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGUSR1);
		_exit(2);
	}
	memset(&si, 0, sizeof si);
	result("ptrace waitid without WSTOPPED", waitid(P_PID, pid, &si, WEXITED | WNOWAIT));
	say("ptrace waitid, what", "signo %d code %d status %d pid %d", si.si_signo, si.si_code, si.si_status, si.si_pid == pid);
	memset(&si, 0, sizeof si);
	result("ptrace waitid", waitid(P_PID, pid, &si, WEXITED));
	say("ptrace waitid, what", "signo %d code %d status %d pid %d", si.si_signo, si.si_code, si.si_status, si.si_pid == pid);
	memset(&si, 0, sizeof si);
	result("ptrace waitid, none", waitid(P_PID, pid, &si, WEXITED | WNOHANG));
	status_line("ptrace proc, state in a signal stop", pid, "\nState:");
	pt(PTRACE_CONT, pid, 0, 0);
	reap("ptrace waitid, end", pid);
}

static void proc_mem(void)
{
	char path[64];
	pid_t pid = child(memory_child);
	snprintf(path, sizeof path, "/proc/%d/mem", pid);
	int fd = open(path, O_RDWR);
	say("ptrace proc mem, open", "%d", fd >= 0);
	long word = 0;
	result("ptrace proc mem, read", pread(fd, &word, sizeof word, (long)&constant));
	say("ptrace proc mem, word", "%#lx", word);
	word = 0x999;
	result("ptrace proc mem, write", pwrite(fd, &word, sizeof word, (long)&variable));
	result("ptrace proc mem, write read-only", pwrite(fd, &word, sizeof word, (long)&constant));
	result("ptrace proc mem, read nowhere", pread(fd, &word, sizeof word, 8));
	result("ptrace proc mem, write nowhere", pwrite(fd, &word, sizeof word, 8));
	result("ptrace proc mem, to nowhere", pread(fd, (void *)8, 8, (long)&constant));
	result("ptrace proc mem, seek", lseek(fd, 4096, SEEK_SET));
	result("ptrace proc mem, seek on", lseek(fd, 4096, SEEK_CUR));
	result("ptrace proc mem, seek end", lseek(fd, 0, SEEK_END));
	result("ptrace proc mem, read at the position", read(fd, &word, sizeof word));
	pt(PTRACE_CONT, pid, 0, 0);
	reap("ptrace proc mem, end", pid);
	result("ptrace proc mem, of the dead", pread(fd, &word, sizeof word, (long)&constant));
	close(fd);

	struct iovec local = {&word, sizeof word}, remote = {(void *)&variable, sizeof variable};
	pid = idle();
	word = 0;
	result("process_vm_readv", syscall(SYS_process_vm_readv, pid, &local, 1, &remote, 1, 0));
	say("process_vm_readv, word", "%#lx", word);
	word = 0x4321;
	result("process_vm_writev", syscall(SYS_process_vm_writev, pid, &local, 1, &remote, 1, 0));
	word = 0;
	syscall(SYS_process_vm_readv, pid, &local, 1, &remote, 1, 0);
	say("process_vm_writev, word", "%#lx", word);
	result("process_vm_readv, flags", syscall(SYS_process_vm_readv, pid, &local, 1, &remote, 1, 1));
	result("process_vm_readv, nobody", syscall(SYS_process_vm_readv, 99999, &local, 1, &remote, 1, 0));
	result("process_vm_readv, kthreadd", syscall(SYS_process_vm_readv, 2, &local, 1, &remote, 1, 0));
	result("process_vm_readv, nothing local", syscall(SYS_process_vm_readv, 99999, &local, 0, &remote, 1, 0));
	result("process_vm_readv, nothing remote", syscall(SYS_process_vm_readv, 99999, &local, 1, &remote, 0, 0));
	remote.iov_base = (void *)8;
	result("process_vm_readv, from nowhere", syscall(SYS_process_vm_readv, pid, &local, 1, &remote, 1, 0));
	remote.iov_base = (void *)&constant;
	result("process_vm_writev, read-only", syscall(SYS_process_vm_writev, pid, &local, 1, &remote, 1, 0));
	struct iovec two[2] = {{(void *)&variable, 4}, {(void *)8, 4}};
	result("process_vm_readv, half", syscall(SYS_process_vm_readv, pid, &local, 1, two, 2, 0));
	local.iov_base = (void *)8;
	result("process_vm_readv, to nowhere", syscall(SYS_process_vm_readv, pid, &local, 1, &remote, 1, 0));
	result("process_vm_readv, vector nowhere", syscall(SYS_process_vm_readv, pid, 8, 1, &remote, 1, 0));
	result("process_vm_readv, remote vector nowhere", syscall(SYS_process_vm_readv, pid, two, 1, 8, 1, 0));
	result("process_vm_readv, many", syscall(SYS_process_vm_readv, pid, two, 1, two, 1025, 0));
	finish(pid);
}

// ---- rights ----

static void rights(void)
{
	// As another user.
	for (int how = 0; how < 4; how++) {
		pid_t pid = fork();
		if (pid == 0) {
			if (how == 1 || how == 3)
				setresgid(1000, 1000, 1000), setresuid(1000, 1000, 1000);
			if (how == 2)
				setresgid(1001, 1001, 1001), setresuid(1001, 1001, 1001);
			if (how == 3)
				prctl(PR_SET_DUMPABLE, 1);
			for (;;)
				pause();
		}
		usleep(20000);
		pid_t other = fork();
		if (other == 0) {
			char name[64], path[64];
			setresgid(1000, 1000, 1000);
			setresuid(1000, 1000, 1000);
			static const char *const who[] = {"root", "same user", "other user", "same user, dumpable"};
			snprintf(name, sizeof name, "ptrace rights, %s", who[how]);
			result(name, pt(PTRACE_SEIZE, pid, 0, 0));
			pt(PTRACE_INTERRUPT, pid, 0, 0);
			snprintf(path, sizeof path, "/proc/%d/mem", pid);
			snprintf(name, sizeof name, "ptrace rights, mem of %s", who[how]);
			success(name, open(path, O_RDONLY));
			snprintf(path, sizeof path, "/proc/%d/environ", pid);
			snprintf(name, sizeof name, "ptrace rights, environ of %s", who[how]);
			success(name, open(path, O_RDONLY));
			long word;
			struct iovec l = {&word, 8}, r = {(void *)&variable, 8};
			snprintf(name, sizeof name, "ptrace rights, process_vm_readv of %s", who[how]);
			result(name, syscall(SYS_process_vm_readv, pid, &l, 1, &r, 1, 0));
			_exit(0);
		}
		waitpid(other, 0, 0);
		finish(pid);
	}
	// A parent without rights cannot be made the tracer.
	pid_t pid = fork();
	if (pid == 0) {
		int p[2];
		char c;
		pipe(p);
		pid_t c2 = fork();
		if (c2 == 0) {
			read(p[0], &c, 1);
			result("ptrace traceme, parent without rights", pt(PTRACE_TRACEME, 0, 0, 0));
			_exit(0);
		}
		setresuid(1000, 1000, 1000);
		write(p[1], "x", 1);
		waitpid(c2, 0, 0);
		_exit(0);
	}
	reap("ptrace traceme, rights", pid);
}

void test_ptrace(void)
{
	errors();
	memory();
	syscalls();
	whole_registers();
	rewriting();
	fatal_at_entry();
	emulated();
	signals();
	sorted(ev_fork);
	sorted(ev_fork_seized);
	sorted(ev_fork_none);
	sorted(ev_fork_other);
	sorted(ev_fork_exit);
	sorted(ev_vfork);
	sorted(ev_vfork_done);
	sorted(ev_vfork_both);
	sorted(ev_thread);
	sorted(ev_thread_seized);
	sorted(ev_clone);
	exec_events();
	exit_events();
	attaching();
	clone_flags();
	waiting();
	proc_mem();
	rights();
}
