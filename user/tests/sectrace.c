// seccomp(2) and ptrace(2): who sees a system call first, and what the other makes
// of it then.
#include "filter.h"

// filtered starts a tracee that runs f, and may have filters.
static pid_t filtered(void (*f)(void))
{
	pid_t pid = fork();
	if (pid == 0) {
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		pt(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		f();
		_exit(0);
	}
	quiet(pid);
	return pid;
}

static void show_seccomp_info(const char *name, pid_t pid)
{
	struct { struct syscall_info i; char more[64]; } b;
	memset(&b, 0xee, sizeof b);
	long n = pt(0x420e, pid, sizeof b, (long)&b);
	unsigned data;
	int ours = b.i.op != 2 && (b.i.entry.nr == SYS_getppid || b.i.entry.nr == SYS_gettid);
	memcpy(&data, (char *)&b + 80, 4);
	say(name, "info %ld op %d %s %lx %lx data %#x", n, b.i.op, b.i.op == 2 ? "" : callname(b.i.entry.nr),
		ours ? b.i.entry.args[0] : 0, ours ? b.i.entry.args[5] : 0, n >= 84 ? data : 0);
}

// all_stops lets the tracee go on from stop to stop, and tells what each is.
static void all_stops(const char *name, pid_t pid, int request)
{
	int sig = 0;
	for (int n = 0; n < 30; n++) {
		pt(request, pid, 0, sig);
		int s = stopped(name, pid);
		if (!WIFSTOPPED(s))
			return;
		struct regs g;
		getregs(pid, &g);
		sig = 0;
		siginfo_t si;
		if (WSTOPSIG(s) == SIGSYS) {
			pt(PTRACE_GETSIGINFO, pid, 0, (long)&si);
			say(name, "SIGSYS code %d errno %d %s", si.si_code, si.si_errno, callname(si.si_syscall));
			sig = SIGSYS;
		} else if (s >> 8 == (SIGTRAP | PTRACE_EVENT_SECCOMP << 8)) {
			say(name, "message %#lx, %s, result %ld", message_of(pid), callname(getnr(pid)), (long)RET(&g) < 0 ? (long)RET(&g) : 0);
			show_seccomp_info(name, pid);
		} else if (WSTOPSIG(s) == (SIGTRAP | 0x80)) {
			say(name, "%s", callname(getnr(pid)));
			show_seccomp_info(name, pid);
		}
	}
	finish(pid);
}

static void two_calls(void)
{
	syscall(SYS_getppid, 0x11, 0, 0, 0, 0, 0x66);
	errno = 0;
	long r = syscall(SYS_gettid, 0x22, 0, 0, 0, 0, 0x77);
	say("traced gettid", "%s errno %d", r == getpid() ? "made" : r > 0 ? "another" : "failed", errno);
}

static unsigned answer;
static void with_answer(void)
{
	on(0, SYS_getppid, answer);
	two_calls();
}

static void order(void)
{
	static const struct { const char *name; unsigned answer; } answers[] = {
		{"allow", SECCOMP_RET_ALLOW}, {"log", SECCOMP_RET_LOG}, {"trace", SECCOMP_RET_TRACE | 0x1234},
		{"errno", DENY(7)}, {"trap", SECCOMP_RET_TRAP | 8}, {"notify", SECCOMP_RET_USER_NOTIF},
		{"kill thread", SECCOMP_RET_KILL_THREAD}, {"kill process", SECCOMP_RET_KILL_PROCESS},
	};
	static const struct { const char *name; unsigned options; int request; } ways[] = {
		{"calls", PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACESECCOMP | PTRACE_O_TRACEEXIT, PTRACE_SYSCALL},
		{"calls without events", PTRACE_O_TRACESYSGOOD, PTRACE_SYSCALL},
		{"events", PTRACE_O_TRACESECCOMP | PTRACE_O_TRACEEXIT, PTRACE_CONT},
		{"nothing", 0, PTRACE_CONT},
	};
	char name[80];
	for (int w = 0; w < 4; w++)
		for (int i = 0; i < 8; i++) {
			answer = answers[i].answer;
			snprintf(name, sizeof name, "tracer of %s, %s", ways[w].name, answers[i].name);
			pid_t pid = filtered(with_answer);
			pt(PTRACE_SETOPTIONS, pid, 0, ways[w].options);
			all_stops(name, pid, ways[w].request);
		}
}

// ---- what the tracer changes ----

static pid_t tracer;

static void changing(void)
{
	on(0, SYS_getppid, SECCOMP_RET_TRACE | 1);
	on(0, SYS_getpgid, DENY(9));
	on(0, SYS_getsid, SECCOMP_RET_KILL_PROCESS);
	on(0, SYS_getuid, SECCOMP_RET_TRAP | 3);
	on_arg(0, SYS_getpriority, 12, DENY(13));
	errno = 0;
	long r = syscall(SYS_getppid, 0, 0, 0, 0, 0, 0);
	say("changed call", "%ld errno %d", r == getpid() ? -1000 : r == tracer ? -1001 : r, errno);
}

static void changes(void)
{
	static const struct { const char *name; long nr, arg, result; } all[] = {
		{"the same", SYS_getppid}, {"allowed", SYS_gettid}, {"denied", SYS_getpgid}, {"deadly", SYS_getsid},
		{"trapped", SYS_getuid}, {"none", -1}, {"none with a result", -1, 0, 55}, {"none with an error", -1, 0, -22},
		{"none at all", -5}, {"unknown", 1000}, {"denied by argument", SYS_getpriority, 12}, {"allowed by argument", SYS_getpriority, 99},
	};
	char name[80];
	tracer = getpid();
	for (int at = 0; at < 2; at++)
		for (int i = 0; i < sizeof all / sizeof *all; i++) {
			snprintf(name, sizeof name, "%s: %s", at ? "changed at the event" : "changed at the call", all[i].name);
			pid_t pid = filtered(changing);
			pt(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACESECCOMP);
			int s;
			do {
				pt(at ? PTRACE_CONT : PTRACE_SYSCALL, pid, 0, 0);
				s = quiet(pid);
			} while (WIFSTOPPED(s) && getnr(pid) != SYS_getppid);
			struct regs g;
			getregs(pid, &g);
			if (all[i].arg)
				ARG0(&g) = all[i].arg;
			if (all[i].result)
				RET(&g) = all[i].result;
			setregs(pid, &g);
			setnr(pid, all[i].nr);
			all_stops(name, pid, at ? PTRACE_SYSCALL : PTRACE_CONT);
		}
}

// ---- the end of the tracer ----

static void late(void)
{
	pid_t pid = filtered(with_answer);
	answer = SECCOMP_RET_TRACE;
	pt(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESECCOMP);
	pt(PTRACE_CONT, pid, 0, 0);
	stopped("detached at the event", pid);
	pt(PTRACE_DETACH, pid, 0, 0);
	reap("detached at the event", pid);
	pid = filtered(with_answer);
	pt(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESECCOMP);
	pt(PTRACE_CONT, pid, 0, 0);
	stopped("killed at the event", pid);
	kill(pid, SIGKILL);
	reap("killed at the event", pid);
	// A single step over a call that is not made.
	answer = DENY(5);
	pid = filtered(with_answer);
	pt(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESYSGOOD);
	int s;
	do {
		pt(PTRACE_SYSCALL, pid, 0, 0);
		s = quiet(pid);
	} while (WIFSTOPPED(s) && getnr(pid) != SYS_getppid);
	struct regs before, after;
	getregs(pid, &before);
	pt(PTRACE_SINGLESTEP, pid, 0, 0);
	stopped("step over a denied call", pid);
	getregs(pid, &after);
	say("step over a denied call", "moved %ld result %ld", (long)(PC(&after) - PC(&before)), (long)RET(&after));
	finish(pid);
	// What somebody else does for the program no filter sees.
	answer = SECCOMP_RET_KILL_PROCESS;
	pid = filtered(with_answer);
	do {
		pt(PTRACE_SYSCALL, pid, 0, 0);
		s = quiet(pid);
	} while (WIFSTOPPED(s) && getnr(pid) != SYS_seccomp);
	pt(PTRACE_SYSCALL, pid, 0, 0);
	quiet(pid);
	pt(PTRACE_SYSEMU, pid, 0, 0);
	stopped("emulated", pid);
	say("emulated", "%s", callname(getnr(pid)));
	pt(PTRACE_SYSEMU, pid, 0, 0);
	stopped("emulated", pid);
	say("emulated", "%s", callname(getnr(pid)));
	finish(pid);
}

// ---- interrupted calls ----

static int pipes[2];
static void nap(void)
{
	struct timespec t = {0, 300000000};
	on(0, SYS_clock_nanosleep, SECCOMP_RET_TRACE | 1);
	on(0, SYS_restart_syscall, SECCOMP_RET_TRACE | 2);
	errno = 0;
	long r = syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &t, 0);
	say("traced sleep", "%ld errno %d", r, errno);
}

static void nothing(int sig) {}

static void read_one(void)
{
	char c;
	struct sigaction a = {.sa_handler = nothing, .sa_flags = SA_RESTART};
	sigaction(SIGUSR1, &a, 0);
	on(0, SYS_read, SECCOMP_RET_TRACE | 3);
	on(0, SYS_restart_syscall, SECCOMP_RET_TRACE | 4);
	errno = 0;
	long r = read(pipes[0], &c, 1);
	say("traced read", "%ld errno %d", r, errno);
}

// interrupt has the call at whose event the tracee is interrupted by a signal.
static void interrupt(const char *name, pid_t pid, int sig, int deliver, int reads)
{
	pt(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESECCOMP);
	pt(PTRACE_CONT, pid, 0, 0);
	stopped(name, pid);
	say(name, "%s", callname(getnr(pid)));
	pt(PTRACE_CONT, pid, 0, 0);
	blocked(pid);
	kill(pid, sig);
	stopped(name, pid);
	pt(PTRACE_CONT, pid, 0, deliver ? sig : 0);
	stopped(name, pid);
	say(name, "%s message %ld", callname(getnr(pid)), message_of(pid));
	if (reads)
		write(pipes[1], "x", 1);
	pt(PTRACE_CONT, pid, 0, 0);
	stopped(name, pid);
}

static void interrupted(void)
{
	pipe(pipes);
	interrupt("traced sleep, interrupted", filtered(nap), SIGUSR2, 0, 0);
	interrupt("traced read, interrupted", filtered(read_one), SIGUSR2, 0, 1);
	interrupt("traced read, handler", filtered(read_one), SIGUSR1, 1, 1);
}

// ---- looking at filters ----

static void three(void)
{
	on(0, SYS_getpgid, DENY(1));
	on(SECCOMP_FILTER_FLAG_LOG, SYS_getpgid, DENY(2));
	install(0, ANSWER(SECCOMP_RET_ALLOW));
	raise(SIGSTOP);
	syscall(SYS_getpgid, 0);
}

static void mode_strict(void)
{
	seccomp(SECCOMP_SET_MODE_STRICT, 0, 0);
	for (;;)
		read(pipes[0], &(char){0}, 1);
}

static void look(void)
{
	char name[80];
	pid_t pid = filtered(three);
	result("filter before there is one", pt(PTRACE_SECCOMP_GET_FILTER, pid, 0, 0));
	unsigned long meta[3] = {0, 7, 7};
	result("metadata before there is a filter", pt(PTRACE_SECCOMP_GET_METADATA, pid, 16, (long)meta));
	pt(PTRACE_CONT, pid, 0, 0);
	quiet(pid);
	seccomp_lines("three filters", pid);
	for (int i = 0; i < 5; i++) {
		struct sock_filter f[8];
		memset(f, 0, sizeof f);
		snprintf(name, sizeof name, "filter %d", i);
		result(name, pt(PTRACE_SECCOMP_GET_FILTER, pid, i, 0));
		long n = pt(PTRACE_SECCOMP_GET_FILTER, pid, i, (long)f);
		result(name, n);
		for (int j = 0; j < n; j++)
			say(name, "%#x %d %d %#x", f[j].code, f[j].jt, f[j].jf, f[j].k == SYS_getpgid ? 1 : f[j].k);
		for (int size = 0; size < 28; size += size == 8 || size == 16 ? 1 : 4) {
			meta[0] = i;
			meta[1] = meta[2] = 0x1111111111111111;
			snprintf(name, sizeof name, "metadata %d, %d", i, size);
			result(name, pt(PTRACE_SECCOMP_GET_METADATA, pid, size, (long)meta));
			say(name, "%ld %lx %lx", meta[0], meta[1], meta[2]);
		}
	}
	result("filter to nowhere", pt(PTRACE_SECCOMP_GET_FILTER, pid, 0, 16));
	result("metadata from nowhere", pt(PTRACE_SECCOMP_GET_METADATA, pid, 16, 16));
	result("filter -1", pt(PTRACE_SECCOMP_GET_FILTER, pid, -1, 0));
	finish(pid);
	CHILD("tracer without rights", pid_t p = filtered(three);
		pt(PTRACE_SETOPTIONS, p, 0, PTRACE_O_EXITKILL);
		setuid(1000);
		result("filter without rights", pt(PTRACE_SECCOMP_GET_FILTER, p, 0, 0));
		result("metadata without rights", pt(PTRACE_SECCOMP_GET_METADATA, p, 0, 0));
		result("suspend without rights", pt(PTRACE_SETOPTIONS, p, 0, 1 << 21)));
	CHILD("tracer with a filter", pid_t p = filtered(three);
		install(0, ANSWER(SECCOMP_RET_ALLOW));
		result("filter with a filter", pt(PTRACE_SECCOMP_GET_FILTER, p, 0, 0));
		result("suspend with a filter", pt(PTRACE_SETOPTIONS, p, 0, 1 << 21));
		finish(p));
	pid = fork();
	if (pid == 0)
		mode_strict();
	blocked(pid);
	pt(PTRACE_SEIZE, pid, 0, 0);
	pt(PTRACE_INTERRUPT, pid, 0, 0);
	quiet(pid);
	result("filter of strict", pt(PTRACE_SECCOMP_GET_FILTER, pid, 0, 0));
	finish(pid);
}

// ---- suspending ----

static void suspended(void)
{
	answer = SECCOMP_RET_KILL_PROCESS;
	for (int how = 0; how < 3; how++) {
		static const char *const names[] = {"suspended", "suspended by seize", "suspended for a while"};
		pid_t pid = fork();
		if (pid == 0) {
			prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
			on(0, SYS_getppid, answer);
			raise(SIGSTOP);
			two_calls();
			raise(SIGSTOP);
			two_calls();
			_exit(0);
		}
		while (state(pid) != 'T')
			usleep(1000);
		if (how == 1) {
			result(names[how], pt(PTRACE_SEIZE, pid, 0, 1 << 21));
			quiet(pid);
		} else {
			pt(PTRACE_ATTACH, pid, 0, 0);
			quiet(pid);
			result(names[how], pt(PTRACE_SETOPTIONS, pid, 0, 1 << 21));
		}
		seccomp_lines(names[how], pid);
		kill(pid, SIGCONT);
		int s;
		do {
			pt(PTRACE_CONT, pid, 0, 0);
			s = quiet(pid);
		} while (WIFSTOPPED(s) && (WSTOPSIG(s) == SIGCONT || s >> 16 == PTRACE_EVENT_STOP));
		status(names[how], s);
		if (how == 2)
			pt(PTRACE_SETOPTIONS, pid, 0, 0);
		pt(PTRACE_DETACH, pid, 0, SIGCONT);
		reap(names[how], pid);
	}
}

void test_sectrace(void)
{
	order();
	changes();
	late();
	interrupted();
	look();
	suspended();
}
