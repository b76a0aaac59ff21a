// What goes on around a tracee: the end of its tracer, threads, execve, job
// control, interrupted system calls, single steps.
#include "trace.h"

#include <pthread.h>
#include <ucontext.h>

static void nothing(void) {}
static void calls(void)
{
	syscall(SYS_getpid);
	syscall(SYS_getppid);
}

static volatile int handled;
static void handler(int sig) { handled = sig; }

static void handle_usr1(void)
{
	signal(SIGUSR1, handler);
	raise(SIGUSR1);
	say("tracing, tracee survives", "handled %d", handled);
}

// ---- the end of tracers ----

static void tracer_death(void)
{
	for (int how = 0; how < 4; how++) {
		char name[64];
		pid_t pid = idle();
		int p[2];
		char c;
		pipe(p);
		pid_t tracer = fork();
		if (tracer == 0) {
			pt(PTRACE_SEIZE, pid, 0, how & 1 ? PTRACE_O_EXITKILL : 0);
			if (how & 2) {
				pt(PTRACE_INTERRUPT, pid, 0, 0);
				quiet(pid);
			}
			_exit(0);
		}
		snprintf(name, sizeof name, "ptrace tracer ends, %s, %s", how & 1 ? "exitkill" : "no exitkill",
			 how & 2 ? "stopped" : "running");
		close(p[0]);
		close(p[1]);
		quiet(tracer);
		if (!(how & 1))
			kill(pid, SIGTERM);
		reap(name, pid);
	}
	// The real parent hears of a tracee's end after the tracer has.
	pid_t pid = idle();
	int p[2], q[2], s;
	char c;
	pipe(p);
	pipe(q);
	pid_t tracer = fork();
	if (tracer == 0) {
		pt(PTRACE_SEIZE, pid, 0, 0);
		write(p[1], "x", 1);
		read(q[0], &c, 1);
		reap("ptrace zombie, tracer", pid);
		result("ptrace zombie, tracer again", waitpid(pid, &s, __WALL));
		_exit(0);
	}
	read(p[0], &c, 1);
	kill(pid, SIGTERM);
	// The tracer gets a signal stop first, which it does not look at: so kill it.
	kill(pid, SIGKILL);
	siginfo_t si;
	si.si_pid = 0;
	result("ptrace zombie, parent before", waitid(P_PID, pid, &si, WEXITED | WNOHANG));
	say("ptrace zombie, parent before, pid", "%d", si.si_pid);
	write(q[1], "x", 1);
	reap("ptrace zombie, tracer's end", tracer);
	reap("ptrace zombie, parent", pid);
	close(p[0]);
	close(p[1]);
	close(q[0]);
	close(q[1]);
}

// ---- restarted calls ----

static volatile int ticks;
static void tick(int sig) { ticks++; }

static void sleep_handled(void)
{
	struct sigaction a = {.sa_handler = tick};
	sigaction(SIGUSR1, &a, 0);
	struct timespec ts = {0, 300000000};
	long r = syscall(SYS_nanosleep, &ts, &ts);
	say("ptrace restart, nanosleep in the tracee", "%ld errno %d", r, r ? errno : 0);
}

static void sleep_restart_flag(void)
{
	struct sigaction a = {.sa_handler = tick, .sa_flags = SA_RESTART};
	sigaction(SIGUSR1, &a, 0);
	struct timespec ts = {0, 300000000};
	long r = syscall(SYS_nanosleep, &ts, &ts);
	say("ptrace restart, nanosleep in the tracee", "%ld errno %d", r, r ? errno : 0);
}

static int read_pipe[2];
static void read_handled(void)
{
	struct sigaction a = {.sa_handler = tick};
	sigaction(SIGUSR1, &a, 0);
	char c;
	long r = syscall(SYS_read, read_pipe[0], &c, 1);
	say("ptrace restart, read in the tracee", "%ld errno %d", r, r < 0 ? errno : 0);
}

static void read_restart_flag(void)
{
	struct sigaction a = {.sa_handler = tick, .sa_flags = SA_RESTART};
	sigaction(SIGUSR1, &a, 0);
	char c;
	long r = syscall(SYS_read, read_pipe[0], &c, 1);
	say("ptrace restart, read in the tracee", "%ld errno %d", r, r < 0 ? errno : 0);
}

// follow shows the stops of a tracee in f, a call of which number nr is signalled
// once it blocks: delivered if deliver is set.
static void follow(const char *what, void (*f)(void), long nr, int deliver, int with)
{
	char name[96];
	pipe(read_pipe);
	pid_t pid = child(f);
	pt(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESYSGOOD);
	do {
		pt(with, pid, 0, 0);
		quiet(pid);
	} while (getnr(pid) != nr);
	snprintf(name, sizeof name, "ptrace restart, %s", what);
	int sent = 0;
	for (int i = 0; i < 12; i++) {
		struct syscall_info info;
		memset(&info, 0, sizeof info);
		int entry = 0;
		if (pt(0x420e, pid, sizeof info, (long)&info) > 0 && info.op == 1)
			entry = info.entry.nr == nr;
		pt(with, pid, 0, sent == 2 ? (sent = 3, deliver ? SIGUSR1 : 0) : 0);
		if (entry && !sent) {
			blocked(pid);
			kill(pid, SIGUSR1);
			sent = 1;
		} else if (sent == 3 && entry) {
			sent = 4;
		}
		int s = 0;
		if (sent >= 3 && nr == SYS_rt_sigsuspend && entry)
			break; // it would wait for ever
		if (sent >= 3 && nr == SYS_read && entry) {
			blocked(pid);
			write(read_pipe[1], "y", 1);
		}
		s = quiet(pid);
		if (!WIFSTOPPED(s)) {
			status(name, s);
			break;
		}
		struct regs g;
		getregs(pid, &g);
		memset(&info, 0, sizeof info);
		pt(0x420e, pid, sizeof info, (long)&info);
		if (WSTOPSIG(s) == (SIGTRAP | 0x80) && info.op == 1) {
			if (!strcmp(callname(info.entry.nr), "write") || !strcmp(callname(info.entry.nr), "exit_group")) {
				pt(PTRACE_CONT, pid, 0, 0);
				reap(name, pid);
				break;
			}
			say(name, "entry %s", callname(info.entry.nr));
		} else if (WSTOPSIG(s) == (SIGTRAP | 0x80)) {
			say(name, "exit %s %ld", callname(getnr(pid)),
			    strcmp(callname(getnr(pid)), "none") ? info.exit.rval : 0);
		} else {
			long v = (long)RET(&g);
			if (v > 4096 || v < -4096)
				v = 0;
			say(name, "signal %d in %s result %ld", WSTOPSIG(s), callname(getnr(pid)), v);
			if (sent == 1)
				sent = 2;
		}
	}
	kill(pid, SIGKILL);
	while (waitpid(pid, 0, __WALL) == pid)
		;
	close(read_pipe[0]);
	close(read_pipe[1]);
}

static void restarts(void)
{
	follow("nanosleep, dropped", sleep_handled, SYS_nanosleep, 0, PTRACE_SYSCALL);
	follow("nanosleep, handled", sleep_handled, SYS_nanosleep, 1, PTRACE_SYSCALL);
	follow("nanosleep, handled with SA_RESTART", sleep_restart_flag, SYS_nanosleep, 1, PTRACE_SYSCALL);
	follow("read, dropped", read_handled, SYS_read, 0, PTRACE_SYSCALL);
	follow("read, handled", read_handled, SYS_read, 1, PTRACE_SYSCALL);
	follow("read, handled with SA_RESTART", read_restart_flag, SYS_read, 1, PTRACE_SYSCALL);
}

// at_call reports whether there is a system call at an address of the tracee.
static int at_call(pid_t pid, unsigned long pc)
{
	long word = 0;
	pt(PTRACE_PEEKTEXT, pid, pc, (long)&word);
#if defined __x86_64__
	return (word & 0xffff) == 0x050f;
#else
	return (word & 0xffffffff) == 0xd4000001;
#endif
}

// What a tracer changes in front of a restart: what is restarted must be what the
// registers say then, not what the kernel remembers.
enum change { NOTHING, NUMBER, NO_NUMBER, FIRST_ARGUMENT, RESULT };

static const char *const change_names[] = {"nothing", "the number", "the number to none", "an argument", "the result"};

static int other_pipe[2];

static void read_once(void)
{
	char c = '-';
	errno = 0;
	long r = syscall(SYS_read, read_pipe[0], &c, 1);
	if (r == getpid())
		r = 1000;
	say("ptrace restart changed, read in the tracee", "%ld errno %d read %c handled %d", r, errno, c, ticks);
}

static void read_once_handled(void)
{
	struct sigaction a = {.sa_handler = tick, .sa_flags = SA_RESTART};
	sigaction(SIGUSR1, &a, 0);
	read_once();
}

static void change(pid_t pid, enum change what)
{
	struct regs g;
	getregs(pid, &g);
	switch (what) {
	case NUMBER:
	case NO_NUMBER:
#if defined __x86_64__
		g.r.orig_rax = what == NUMBER ? SYS_getpid : -1;
#else
		g.r.regs[8] = what == NUMBER ? SYS_getpid : -1;
#endif
		break;
	case FIRST_ARGUMENT:
		ARG0(&g) = other_pipe[0];
		break;
	case RESULT:
		RET(&g) = 7;
		break;
	default:
		return;
	}
	setregs(pid, &g);
}

static void restart_changed(enum change what, int deliver)
{
	char name[96];
	snprintf(name, sizeof name, "ptrace restart changed, %s, signal %s", change_names[what], deliver ? "handled" : "dropped");
	pipe(read_pipe);
	pipe(other_pipe);
	write(other_pipe[1], "o", 1);
	pid_t pid = child(deliver ? read_once_handled : read_once);
	do {
		pt(PTRACE_SYSCALL, pid, 0, 0);
		quiet(pid);
	} while (getnr(pid) != SYS_read);
	pt(PTRACE_CONT, pid, 0, 0);
	blocked(pid);
	kill(pid, SIGUSR1);
	stopped(name, pid);
	change(pid, what);
	write(read_pipe[1], "r", 1);
	pt(PTRACE_CONT, pid, 0, deliver ? SIGUSR1 : 0);
	reap(name, pid);
	for (int i = 0; i < 2; i++) {
		close(read_pipe[i]);
		close(other_pipe[i]);
	}
}

// restart_attached does so with one that nobody traced when it stopped in the call.
static void restart_attached(enum change what, int detach)
{
	char name[96];
	snprintf(name, sizeof name, "ptrace restart attached, %s, %s", change_names[what], detach ? "detached" : "continued");
	pipe(read_pipe);
	pipe(other_pipe);
	write(other_pipe[1], "o", 1);
	pid_t pid = fork();
	if (pid == 0) {
		read_once();
		_exit(0);
	}
	await(pid, 'S');
	kill(pid, SIGSTOP);
	waitpid(pid, 0, WUNTRACED);
	result(name, pt(PTRACE_ATTACH, pid, 0, 0));
	stopped(name, pid);
	struct regs g;
	getregs(pid, &g);
	long v = (long)RET(&g);
	say(name, "in %s result %ld at the call %d", callname(getnr(pid)), v, at_call(pid, PC(&g)));
	change(pid, what);
	write(read_pipe[1], "r", 1);
	if (!detach) {
		pt(PTRACE_CONT, pid, 0, 0);
		stopped(name, pid);
	}
	pt(PTRACE_DETACH, pid, 0, 0);
	kill(pid, SIGCONT);
	reap(name, pid);
	for (int i = 0; i < 2; i++) {
		close(read_pipe[i]);
		close(other_pipe[i]);
	}
}

static void restarts_changed(void)
{
	for (int detach = 0; detach < 2; detach++)
		for (enum change what = NOTHING; what <= RESULT; what++)
			restart_attached(what, detach);
	for (int deliver = 0; deliver < 2; deliver++)
		for (enum change what = NOTHING; what <= RESULT; what++)
			restart_changed(what, deliver);
}

// ---- stepping ----

static void stepping(void)
{
	pid_t pid = child(calls);
	siginfo_t si;
	result("ptrace singlestep", pt(PTRACE_SINGLESTEP, pid, 0, 0));
	stopped("ptrace singlestep, stop", pid);
	pt(PTRACE_GETSIGINFO, pid, 0, (long)&si);
	say("ptrace singlestep, code", "%d", si.si_code);
	// On to the call in calls(), over it, and on.
	int over = 0;
	struct regs before, after;
	for (int i = 0; i < 5000 && over < 2; i++) {
		getregs(pid, &before);
		int call = at_call(pid, PC(&before));
		pt(PTRACE_SINGLESTEP, pid, 0, 0);
		int s = quiet(pid);
		if (!WIFSTOPPED(s) || WSTOPSIG(s) != SIGTRAP) {
			status("ptrace singlestep, ends", s);
			break;
		}
		if (call) {
			getregs(pid, &after);
			pt(PTRACE_GETSIGINFO, pid, 0, (long)&si);
			say("ptrace singlestep over a call", "%ld code %d", (long)(PC(&after) - PC(&before)), si.si_code);
			over++;
			before = after;
			pt(PTRACE_SINGLESTEP, pid, 0, 0);
			stopped("ptrace singlestep after a call", pid);
			getregs(pid, &after);
			pt(PTRACE_GETSIGINFO, pid, 0, (long)&si);
			say("ptrace singlestep after a call", "moved %d code %d", PC(&before) != PC(&after), si.si_code);
		}
	}
	pt(PTRACE_CONT, pid, 0, 0);
	reap("ptrace singlestep, end", pid);

	// Into a handler.
	pid = child(handle_usr1);
	pt(PTRACE_CONT, pid, 0, 0);
	quiet(pid);
	pt(PTRACE_SINGLESTEP, pid, 0, SIGUSR1);
	stopped("ptrace singlestep into a handler", pid);
	getregs(pid, &after);
	say("ptrace singlestep into a handler, pc", "%d", PC(&after) == (unsigned long)handler);
	pt(PTRACE_GETSIGINFO, pid, 0, (long)&si);
	say("ptrace singlestep into a handler, siginfo", "%d %d", si.si_signo, si.si_code);
	for (int i = 0; i < 2; i++) {
		pt(PTRACE_SINGLESTEP, pid, 0, 0);
		stopped("ptrace singlestep in a handler", pid);
		getregs(pid, &before);
		pt(PTRACE_GETSIGINFO, pid, 0, (long)&si);
		say("ptrace singlestep in a handler", "moved %d code %d", PC(&before) != PC(&after), si.si_code);
		after = before;
	}
	pt(PTRACE_CONT, pid, 0, 0);
	reap("ptrace singlestep into a handler, end", pid);
}

// ---- threads ----

static char stacks[4][16384] __attribute__((aligned(16)));

static int start_thread(int (*f)(void *), int n)
{
	return clone(f, stacks[n] + sizeof stacks[n],
		     CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM, 0);
}

static int thread_pauses(void *p)
{
	for (;;)
		syscall(SYS_rt_sigsuspend, &(unsigned long){0}, 8);
}

static int thread_execs(void *p)
{
	usleep(50000); // the others have been started, and pause
	char *argv[] = {"checks", "exec-child", "ptrace", 0}, *env[] = {0};
	execve("/proc/self/exe", argv, env);
	return 0;
}

static void exec_by_leader(void)
{
	start_thread(thread_pauses, 0);
	start_thread(thread_pauses, 1);
	thread_execs(0);
}

static void exec_by_thread(void)
{
	start_thread(thread_pauses, 0);
	start_thread(thread_execs, 1);
	for (;;)
		pause();
}

// trace_all lets everything that is traced go on, and shows what happens by kind,
// without PIDs: main, or one of the others.
static void trace_all(const char *what, pid_t pid, int limit)
{
	char name[96];
	for (int i = 0; i < limit; i++) {
		int s;
		pid_t got = waitpid(-1, &s, __WALL);
		if (got == -1)
			break;
		snprintf(name, sizeof name, "tracing %s, %s", what, got == pid ? "main" : "other");
		if (!WIFSTOPPED(s)) {
			status(name, s);
			continue;
		}
		int event = s >> 16, sig = 0;
		if (event == PTRACE_EVENT_EXEC)
			say(name, "exec, message is %s", message_of(got) == pid ? "main" : "other");
		else
			say(name, "stop %d event %d", WSTOPSIG(s), event);
		if (event == PTRACE_EVENT_EXEC) {
			kill(pid, SIGKILL);
			continue;
		}
		if (!event && WSTOPSIG(s) != SIGSTOP && WSTOPSIG(s) != SIGTRAP)
			sig = WSTOPSIG(s);
		pt(PTRACE_CONT, got, 0, sig);
	}
}

static void traced_exec(const char *what, void (*f)(void), unsigned long options)
{
	pid_t pid = child(f);
	pt(PTRACE_SETOPTIONS, pid, 0, options);
	pt(PTRACE_CONT, pid, 0, 0);
	trace_all(what, pid, 40);
}

static void exec_leader(void) { traced_exec("exec by the leader", exec_by_leader, ALL_FORKS | PTRACE_O_TRACEEXEC); }
static void exec_thread(void) { traced_exec("exec by a thread", exec_by_thread, ALL_FORKS | PTRACE_O_TRACEEXEC); }
static void exec_thread_exit(void)
{
	traced_exec("exec by a thread with exit", exec_by_thread, ALL_FORKS | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEEXIT);
}

// A tracer is a thread: the others of its process can wait, but not ask.
static pid_t tracee_of_main;
static int asks_from_thread(void *p)
{
	result("tracing from another thread, cont", pt(PTRACE_CONT, tracee_of_main, 0, 0));
	int s;
	result("tracing from another thread, wait", waitpid(tracee_of_main, &s, WNOHANG | __WALL));
	result("tracing from another thread, wait, __WNOTHREAD", waitpid(tracee_of_main, &s, WNOHANG | __WALL | __WNOTHREAD));
	syscall(SYS_exit, 0);
	return 0;
}

static void other_thread(void)
{
	tracee_of_main = child(nothing);
	char path[64];
	int tid = start_thread(asks_from_thread, 2);
	snprintf(path, sizeof path, "/proc/self/task/%d", tid);
	while (access(path, F_OK) == 0)
		usleep(1000);
	finish(tracee_of_main);
}

// A thread that traces ends: its tracees are free, though its process lives.
static int attaches_and_ends(void *p)
{
	pt(PTRACE_SEIZE, tracee_of_main, 0, 0);
	pt(PTRACE_INTERRUPT, tracee_of_main, 0, 0);
	waitpid(tracee_of_main, 0, __WALL);
	syscall(SYS_exit, 0);
	return 0;
}

static void tracing_thread_ends(void)
{
	tracee_of_main = idle();
	char path[64];
	int tid = start_thread(attaches_and_ends, 3);
	snprintf(path, sizeof path, "/proc/self/task/%d", tid);
	while (access(path, F_OK) == 0)
		usleep(1000);
	result("tracing thread has ended, cont", pt(PTRACE_CONT, tracee_of_main, 0, 0));
	result("tracing thread has ended, seize", pt(PTRACE_SEIZE, tracee_of_main, 0, 0));
	finish(tracee_of_main);
}

// One thread of a process is traced: the others are not.
static void one_thread(void)
{
	int p[2], s;
	pipe(p);
	pid_t pid = fork();
	if (pid == 0) {
		int tid = start_thread(thread_pauses, 0);
		write(p[1], &tid, sizeof tid);
		for (;;)
			pause();
	}
	int tid = 0;
	read(p[0], &tid, sizeof tid);
	close(p[0]);
	close(p[1]);
	result("tracing one thread, seize", pt(PTRACE_SEIZE, tid, 0, 0));
	result("tracing one thread, interrupt", pt(PTRACE_INTERRUPT, tid, 0, 0));
	stopped("tracing one thread, stop", tid);
	result("tracing one thread, leader is not", pt(PTRACE_CONT, pid, 0, 0));
	result("tracing one thread, wait for the process", waitpid(pid, &s, WNOHANG));
	pt(PTRACE_CONT, tid, 0, 0);
	// A group stop: the traced thread tells its tracer, the process its parent.
	// Here both are one process.
	kill(pid, SIGSTOP);
	int seen = 0;
	for (int i = 0; i < 20 && seen != 3; i++) {
		pid_t got = waitpid(-1, &s, __WALL | WUNTRACED);
		if (got == tid && WIFSTOPPED(s) && s >> 16 == PTRACE_EVENT_STOP) {
			say("tracing one thread, group stop of the thread", "%d", WSTOPSIG(s));
			seen |= 1;
		} else if (got == tid && WIFSTOPPED(s)) {
			pt(PTRACE_CONT, tid, 0, WSTOPSIG(s));
		} else if (got == pid) {
			seen |= 2;
		}
	}
	say("tracing one thread, both have told", "%d", seen);
	kill(pid, SIGKILL);
	s = 0;
	waitpid(tid, &s, __WALL);
	status("tracing one thread, end of the thread", s);
	reap("tracing one thread, end", pid);
}

// ---- SIGCHLD for stops ----

static siginfo_t chld;
static volatile int chlds;
static void on_chld(int sig, siginfo_t *i, void *c)
{
	chld = *i;
	chlds++;
}

static void sigchld(void)
{
	struct sigaction a = {.sa_sigaction = on_chld, .sa_flags = SA_SIGINFO | SA_RESTART}, old;
	pid_t pid = child(calls);
	sigaction(SIGCHLD, &a, &old);
	chlds = 0;
	pt(PTRACE_SYSCALL, pid, 0, 0);
	quiet(pid);
	say("tracing SIGCHLD", "%d code %d status %d pid %d", chlds, chld.si_code, chld.si_status, chld.si_pid == pid);
	a.sa_flags |= SA_NOCLDSTOP;
	sigaction(SIGCHLD, &a, 0);
	chlds = 0;
	pt(PTRACE_SYSCALL, pid, 0, 0);
	quiet(pid);
	say("tracing SIGCHLD, SA_NOCLDSTOP", "%d", chlds);
	pt(PTRACE_CONT, pid, 0, 0);
	reap("tracing SIGCHLD, end", pid);
	say("tracing SIGCHLD, of the end", "%d code %d", chlds, chld.si_code);
	// A tracee that ends is told even to a tracer that ignores SIGCHLD.
	signal(SIGCHLD, SIG_IGN);
	pid = child(nothing);
	pt(PTRACE_CONT, pid, 0, 0);
	reap("tracing SIGCHLD, ignored", pid);
	sigaction(SIGCHLD, &old, 0);
}

// ---- more interrupted calls ----

static void pause_handled(void)
{
	struct sigaction a = {.sa_handler = tick, .sa_flags = SA_RESTART};
	sigaction(SIGUSR1, &a, 0);
	unsigned long none = 0;
	long r = syscall(SYS_rt_sigsuspend, &none, 8);
	say("ptrace restart, sigsuspend in the tracee", "%ld errno %d", r, r < 0 ? errno : 0);
}

// A debugger has the tracee call a function of its own in the middle of an
// interrupted call, and then makes everything as it was: the call goes on.
static volatile int called;
static void called_by_tracer(void)
{
	called++;
	for (;;)
		raise(SIGTRAP);
}

static void read_and_report(void)
{
	struct sigaction a = {.sa_handler = tick};
	sigaction(SIGUSR1, &a, 0);
	char c = 0;
	long r = syscall(SYS_read, read_pipe[0], &c, 1);
	say("tracing, inferior call", "read %ld errno %d, called %d", r, r < 0 ? errno : 0, called);
}

static void inferior_call(void)
{
	pipe(read_pipe);
	pid_t pid = child(read_and_report);
	pt(PTRACE_CONT, pid, 0, 0);
	blocked(pid);
	kill(pid, SIGUSR1);
	quiet(pid);
	struct regs saved, g;
	getregs(pid, &saved);
	g = saved;
#if defined __x86_64__
	g.r.orig_rax = -1;
	g.r.rip = (long)called_by_tracer;
	g.r.rsp = ((g.r.rsp - 1024) & ~15ul) - 8;
#else
	g.r.pc = (long)called_by_tracer;
	g.r.sp = (g.r.sp - 1024) & ~15ul;
#endif
	setregs(pid, &g);
	pt(PTRACE_CONT, pid, 0, 0);
	stopped("tracing, inferior call, trap", pid);
	result("tracing, inferior call, back", setregs(pid, &saved));
	pt(PTRACE_CONT, pid, 0, 0);
	usleep(20000);
	write(read_pipe[1], "y", 1);
	reap("tracing, inferior call, end", pid);
	close(read_pipe[0]);
	close(read_pipe[1]);
}

// A call that is single-stepped over is interrupted and restarted.
static void step_restart(void)
{
	pipe(read_pipe);
	pid_t pid = child(read_handled);
	struct regs before, after;
	do {
		pt(PTRACE_SYSCALL, pid, 0, 0);
		quiet(pid);
	} while (getnr(pid) != SYS_read);
	getregs(pid, &before);
	pt(PTRACE_SINGLESTEP, pid, 0, 0);
	blocked(pid);
	kill(pid, SIGUSR1);
	siginfo_t si;
	for (int i = 0; i < 6; i++) {
		int s = quiet(pid);
		if (!WIFSTOPPED(s)) {
			status("tracing step over a restarted call", s);
			break;
		}
		getregs(pid, &after);
		memset(&si, 0, sizeof si);
		pt(PTRACE_GETSIGINFO, pid, 0, (long)&si);
		say("tracing step over a restarted call", "stop %d code %d pc %ld in %s", WSTOPSIG(s), si.si_code,
		    (long)(PC(&after) - PC(&before)), callname(getnr(pid)));
		if (i == 3)
			break;
		pt(PTRACE_SINGLESTEP, pid, 0, 0);
		if (i == 1) {
			usleep(20000);
			write(read_pipe[1], "y", 1);
		}
	}
	finish(pid);
	close(read_pipe[0]);
	close(read_pipe[1]);
}

// A stop and a continuation in the middle of a sleep.
static void sleep_stopped(void)
{
	pid_t pid = fork();
	if (pid == 0) {
		pt(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		struct timespec ts = {0, 200000000};
		long r = syscall(SYS_nanosleep, &ts, &ts);
		say("tracing, sleep stopped", "%ld errno %d", r, r ? errno : 0);
		_exit(0);
	}
	quiet(pid);
	pt(PTRACE_CONT, pid, 0, 0);
	blocked(pid);
	kill(pid, SIGSTOP);
	stopped("tracing, sleep stopped, signal", pid);
	pt(PTRACE_CONT, pid, 0, SIGSTOP);
	stopped("tracing, sleep stopped, group stop", pid);
	siginfo_t si;
	result("tracing, sleep stopped, siginfo", pt(PTRACE_GETSIGINFO, pid, 0, (long)&si));
	kill(pid, SIGCONT);
	pt(PTRACE_CONT, pid, 0, 0);
	stopped("tracing, sleep stopped, SIGCONT", pid);
	pt(PTRACE_CONT, pid, 0, SIGCONT);
	reap("tracing, sleep stopped, end", pid);
}

// ---- SIGKILL at the end ----

static void exits_alone(void) { syscall(SYS_exit, 3); }
static void exits_together(void) { syscall(SYS_exit_group, 3); }
static void dies(void) { raise(SIGTERM); }

static int thread_exits(void *p)
{
	syscall(SYS_exit, 0);
	return 0;
}

static void thread_ends(void)
{
	start_thread(thread_exits, 0);
	for (;;)
		pause();
}

// to_exit lets a tracee go on to PTRACE_EVENT_EXIT of it, or of a thread of it.
static pid_t to_exit(pid_t pid)
{
	pt(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACEEXIT | PTRACE_O_TRACECLONE);
	pt(PTRACE_CONT, pid, 0, 0);
	for (;;) {
		int s;
		pid_t got = waitpid(-1, &s, __WALL);
		if (got == -1 || !WIFSTOPPED(s))
			return pid;
		if (s >> 16 == PTRACE_EVENT_EXIT)
			return got;
		int sig = s >> 16 || WSTOPSIG(s) == SIGSTOP ? 0 : WSTOPSIG(s);
		pt(PTRACE_CONT, got, 0, sig);
	}
}

// A process that is about to be no more does not even take SIGKILL: its last stop
// goes on.
static void killed_at_the_end(void)
{
	static const struct {
		const char *name;
		void (*f)(void);
	} ways[] = {{"exit", exits_alone}, {"exit_group", exits_together}, {"signal", dies}};
	for (int i = 0; i < 3; i++) {
		char name[64];
		snprintf(name, sizeof name, "tracing, killed at the end by %s", ways[i].name);
		pid_t pid = child(ways[i].f);
		to_exit(pid);
		result(name, kill(pid, SIGKILL));
		unsigned long message = 1;
		result(name, pt(PTRACE_GETEVENTMSG, pid, 0, (long)&message));
		say(name, "%#lx state %c", message, state(pid));
		pt(PTRACE_CONT, pid, 0, 0);
		reap(name, pid);
	}
	pid_t pid = child(thread_ends);
	pid_t thread = to_exit(pid);
	say("tracing, killed at a thread's end", "%d", thread != pid);
	kill(pid, SIGKILL);
	for (pid_t got = 0; got != pid || kill(pid, 0) == 0;) {
		int s;
		got = waitpid(-1, &s, __WALL);
		if (got == -1)
			break;
		if (WIFSTOPPED(s))
			pt(PTRACE_CONT, got, 0, 0);
		else
			status(got == thread ? "tracing, killed at a thread's end, thread" : "tracing, killed at a thread's end", s);
	}
}

// ---- stepping out of a handler ----

static volatile unsigned long interrupted_at;
static void on_usr1(int sig, siginfo_t *i, void *c)
{
	ucontext_t *u = c;
#if defined __x86_64__
	interrupted_at = u->uc_mcontext.gregs[REG_RIP];
#else
	interrupted_at = u->uc_mcontext.pc;
#endif
}

static void handles_context(void)
{
	struct sigaction a = {.sa_sigaction = on_usr1, .sa_flags = SA_SIGINFO};
	sigaction(SIGUSR1, &a, 0);
	raise(SIGUSR1);
	syscall(SYS_getppid);
}

static int at_syscall(pid_t pid, struct regs *g)
{
	long word = 0;
	pt(PTRACE_PEEKTEXT, pid, PC(g), (long)&word);
#if defined __x86_64__
	return (word & 0xffff) == 0x050f && g->r.rax == SYS_rt_sigreturn;
#else
	return (word & 0xffffffff) == 0xd4000001 && g->r.regs[8] == SYS_rt_sigreturn;
#endif
}

// step_sigreturn steps over rt_sigreturn with request: the program is back where it
// was, before it has done another instruction.
static void step_sigreturn(const char *name, int request)
{
	pid_t pid = child(handles_context);
	struct regs g;
	siginfo_t si;
	pt(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESYSGOOD);
	pt(PTRACE_CONT, pid, 0, 0);
	quiet(pid);
	pt(PTRACE_SINGLESTEP, pid, 0, SIGUSR1);
	quiet(pid);
	for (int i = 0; i < 300; i++) {
		getregs(pid, &g);
		if (at_syscall(pid, &g))
			break;
		pt(PTRACE_SINGLESTEP, pid, 0, 0);
		quiet(pid);
	}
	say(name, "found %d", at_syscall(pid, &g));
	for (int i = 0; i < 3; i++) {
		pt(request, pid, 0, 0);
		stopped(name, pid);
		getregs(pid, &g);
		unsigned long at = 0;
		pt(PTRACE_PEEKDATA, pid, (long)&interrupted_at, (long)&at);
		pt(PTRACE_GETSIGINFO, pid, 0, (long)&si);
		say(name, "back %d code %d", PC(&g) == at, si.si_code);
		say(name, "number %s", callname(getnr(pid)));
	}
	pt(PTRACE_CONT, pid, 0, 0);
	reap(name, pid);
}

// ---- set-user-ID programs ----

static char copy_of_self[] = "/tmp/setuid";

static void copy_self(void)
{
	char b[65536];
	int in = open("/proc/self/exe", O_RDONLY), out = open(copy_of_self, O_WRONLY | O_CREAT | O_TRUNC, 0755), n;
	while ((n = read(in, b, sizeof b)) > 0)
		write(out, b, n);
	close(in);
	close(out);
	chmod(copy_of_self, 06755);
}

static void exec_setuid(void)
{
	char *argv[] = {"checks", "exec-child", "ids", 0}, *env[] = {0};
	setresgid(1000, 1000, 1000);
	setresuid(1000, 1000, 1000);
	prctl(PR_SET_DUMPABLE, 1);
	raise(SIGUSR2); // the tracer is let in here
	execve(copy_of_self, argv, env);
	_exit(9);
}

// setuid_exec executes a set-user-ID program under a tracer: root, the same user, one
// that has given up its rights since, and one that lets it go before.
static void setuid_exec(void)
{
	static const char *const who[] = {"root", "user", "root that became a user", "user that detaches", "nobody"};
	copy_self();
	for (int how = 0; how < 5; how++) {
		char name[96];
		snprintf(name, sizeof name, "tracing, set-user-ID program, tracer %s", who[how]);
		pid_t tracer = fork();
		if (tracer == 0) {
			if (how == 1 || how == 3) {
				setresgid(1000, 1000, 1000);
				setresuid(1000, 1000, 1000);
				prctl(PR_SET_DUMPABLE, 1);
			}
			signal(SIGUSR2, SIG_IGN);
			pid_t pid = fork();
			if (pid == 0) {
				if (how != 4)
					pt(PTRACE_TRACEME, 0, 0, 0);
				exec_setuid();
			}
			int s = how == 4 ? 0 : quiet(pid);
			if (how == 2) {
				setresgid(1000, 1000, 1000);
				setresuid(1000, 1000, 1000);
			}
			if (how == 3)
				pt(PTRACE_DETACH, pid, 0, 0);
			else if (how != 4)
				pt(PTRACE_CONT, pid, 0, 0);
			for (int i = 0; i < 5; i++) {
				s = quiet(pid);
				if (!WIFSTOPPED(s))
					break;
				say(name, "stop %d", WSTOPSIG(s));
				long word;
				result(name, pt(PTRACE_PEEKDATA, pid, (long)&interrupted_at, (long)&word));
				pt(PTRACE_CONT, pid, 0, 0);
			}
			status(name, s);
			_exit(0);
		}
		reap(name, tracer);
	}
	unlink(copy_of_self);
}

// ---- options ----

static void options(void)
{
	pid_t pid = child(nothing);
	for (int i = 0; i < 24; i++) {
		char name[64];
		snprintf(name, sizeof name, "tracing, option %d", i);
		result(name, pt(PTRACE_SETOPTIONS, pid, 0, 1ul << i));
	}
	finish(pid);
	pid = idle();
	for (int i = 0; i < 24; i++) {
		char name[64];
		snprintf(name, sizeof name, "tracing, option %d of seize", i);
		long r = pt(PTRACE_SEIZE, pid, 0, 1ul << i);
		result(name, r);
		if (r)
			continue;
		pt(PTRACE_INTERRUPT, pid, 0, 0);
		quiet(pid);
		pt(PTRACE_DETACH, pid, 0, 0);
	}
	finish(pid);
}

// Signals wait in the order in which they were sent, real-time ones too, as long as
// nobody takes them.
static void peek_order(void)
{
	pid_t pid = child(nothing);
	unsigned long all = -1;
	pt(PTRACE_SETSIGMASK, pid, 8, (long)&all);
	static const int sigs[] = {SIGUSR2, 40, SIGUSR1, 38, 40, SIGTERM, SIGUSR1, SIGHUP};
	for (int shared = 0; shared < 2; shared++) {
		for (unsigned i = 0; i < sizeof sigs / sizeof *sigs; i++) {
			siginfo_t si;
			memset(&si, 0, sizeof si);
			si.si_code = SI_QUEUE;
			si.si_value.sival_int = i;
			syscall(shared ? SYS_rt_sigqueueinfo : SYS_rt_tgsigqueueinfo, pid, shared ? sigs[i] : pid,
				shared ? (long)&si : sigs[i], &si);
		}
		struct { unsigned long off; unsigned flags; int nr; } peek = {0, shared, 20};
		siginfo_t infos[20];
		int n = pt(PTRACE_PEEKSIGINFO, pid, (long)&peek, (long)infos);
		for (int i = 0; i < n; i++)
			say("tracing, waiting signals", "%d %d: %d value %d", shared, i, infos[i].si_signo, infos[i].si_value.sival_int);
		peek.off = 2;
		peek.nr = 3;
		n = pt(PTRACE_PEEKSIGINFO, pid, (long)&peek, (long)infos);
		for (int i = 0; i < n; i++)
			say("tracing, some waiting signals", "%d %d: %d", shared, i, infos[i].si_signo);
	}
	finish(pid);
}

// /proc/PID/syscall of one that waits, one that is stopped, and one that may not be
// looked at.
static void proc_syscall(void)
{
	char path[64], line[256];
	for (int how = 0; how < 5; how++) {
		static const char *const who[] = {"in read", "at an entry", "at a signal", "zombie", "kthreadd"};
		char name[64];
		snprintf(name, sizeof name, "proc syscall, %s", who[how]);
		pid_t pid = 2;
		pipe(read_pipe);
		if (how == 0) {
			if ((pid = fork()) == 0) {
				char c;
				syscall(SYS_read, read_pipe[0], 0x1000, 1, 0x55, 0x66, 0x77);
				_exit(0);
			}
			blocked(pid);
		} else if (how == 1 || how == 2) {
			pid = child(calls);
			do {
				pt(PTRACE_SYSCALL, pid, 0, 0);
				quiet(pid);
			} while (how == 1 && getnr(pid) != SYS_getppid);
			if (how == 2) {
				kill(pid, SIGUSR1);
				pt(PTRACE_CONT, pid, 0, 0);
				quiet(pid);
			}
		} else if (how == 3) {
			if ((pid = fork()) == 0)
				_exit(0);
			siginfo_t si;
			waitid(P_PID, pid, &si, WEXITED | WNOWAIT);
		}
		snprintf(path, sizeof path, "/proc/%d/syscall", pid);
		int fd = open(path, O_RDONLY);
		if (fd < 0) {
			result(name, -1);
		} else {
			int n = read(fd, line, sizeof line - 1);
			if (n < 0) {
				result(name, -1);
			} else {
				long nr = -2;
				unsigned long a[8] = {0};
				line[n] = 0;
				int got = sscanf(line, "%ld %lx %lx %lx %lx %lx %lx %lx %lx", &nr, a, a + 1, a + 2, a + 3, a + 4, a + 5, a + 6, a + 7);
				if (got < 1 || how > 2)
					say(name, "%.*s", (int)strcspn(line, "\n"), line);
				else if (how == 0)
					say(name, "%d words, %s %d %#lx %#lx %#lx %#lx %#lx", got, callname(nr), a[0] == read_pipe[0], a[1],
					    a[2], a[3], a[4], a[5]);
				else
					say(name, "%d words, %s", got, callname(nr));
			}
			close(fd);
		}
		struct stat st;
		if (stat(path, &st) == 0)
			say(name, "mode %o", st.st_mode);
		if (how != 4)
			finish(pid);
		close(read_pipe[0]);
		close(read_pipe[1]);
	}
	int fd = open("/proc/self/syscall", O_RDONLY), n = read(fd, line, sizeof line - 1);
	say("proc syscall, self", "%d %s", n > 0, n > 0 && atol(line) == SYS_read ? "read" : "other");
	close(fd);
}

void test_tracing(void)
{
	killed_at_the_end();
	step_sigreturn("tracing, step over sigreturn", PTRACE_SINGLESTEP);
	step_sigreturn("tracing, sigreturn under syscall", PTRACE_SYSCALL);
	setuid_exec();
	options();
	peek_order();
	proc_syscall();
	tracer_death();
	sorted(exec_leader);
	sorted(exec_thread);
	sorted(exec_thread_exit);
	other_thread();
	tracing_thread_ends();
	one_thread();
	sigchld();
	restarts();
	restarts_changed();
	follow("sigsuspend, dropped", pause_handled, SYS_rt_sigsuspend, 0, PTRACE_SYSCALL);
	follow("sigsuspend, handled", pause_handled, SYS_rt_sigsuspend, 1, PTRACE_SYSCALL);
	inferior_call();
	sleep_stopped();
	stepping();
	step_restart();
}
