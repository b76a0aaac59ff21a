// What signals do by default, and stopping and continuing: signal(7), wait(2).
#include "sigtest.h"

#include <sys/resource.h>

// Every signal, each to a process of its own, which is in a group that is not
// orphaned.
static void every_default(void)
{
	struct rlimit core = {RLIM_INFINITY, RLIM_INFINITY};
	setrlimit(RLIMIT_CORE, &core);
	chdir("/tmp");
	for (int sig = 1; sig <= 64; sig++) {
		char name[40];
		snprintf(name, sizeof name, "default of %d", sig);
		pid_t pid = fork();
		if (pid == 0) {
			struct kernel_action dfl = {0};
			setpgid(0, 0);
			kernel_sigaction(sig, &dfl, 0);
			block(0);
			kill(getpid(), sig);
			_exit(0);
		}
		change(name, pid, WEXITED | WSTOPPED | WNOWAIT);
		struct stat st;
		say(name, "core %d", stat("/tmp/core", &st) == 0 && st.st_size > 0);
		unlink("/tmp/core");
		kill(pid, SIGCONT);
		reap(name, pid);
	}
	core.rlim_cur = 0;
	setrlimit(RLIMIT_CORE, &core);
	chdir("/");
}

// Ignored ones are not pending, unless they are blocked; nor are those that become
// ignored.
static void pending_ones(void)
{
	struct kernel_action ign = {1}, dfl = {0};
	block(ALL);
	for (int sig = 64; sig > 0; sig--)
		if (sig != SIGKILL && sig != SIGSTOP)
			kill(getpid(), sig);
	say("pending, blocked", "%lx", pending());
	for (int sig = 1; sig <= 64; sig++)
		if (sig != SIGKILL && sig != SIGSTOP)
			kernel_sigaction(sig, &dfl, 0);
	say("pending, SIG_DFL set", "%lx", pending());
	for (int sig = 1; sig <= 64; sig++)
		kernel_sigaction(sig, &ign, 0);
	say("pending, SIG_IGN set", "%lx", pending());
	for (int sig = 64; sig > 0; sig--)
		if (sig != SIGKILL && sig != SIGSTOP)
			kill(getpid(), sig);
	say("pending, ignored but blocked", "%lx", pending());
	block(0);
	block(ALL);
	say("pending, ignored and unblocked", "%lx", pending());
	block(0);
	for (int sig = 64; sig > 0; sig--)
		if (sig != SIGKILL && sig != SIGSTOP)
			kill(getpid(), sig);
	block(ALL);
	say("pending, ignored", "%lx", pending());
}

// Stop signals take back SIGCONT, and SIGCONT stop signals, whether they are
// blocked, ignored or handled.
static void take_back(void)
{
	static const int stops[] = {SIGTSTP, SIGTTIN, SIGTTOU};
	block(ALL);
	for (int i = 0; i < 3; i++)
		kill(getpid(), stops[i]);
	tgkill(getpid(), gettid(), SIGTSTP);
	say("stop signals pending", "%lx", pending());
	kill(getpid(), SIGCONT);
	say("SIGCONT takes back", "%lx", pending());
	for (int i = 0; i < 3; i++) {
		kill(getpid(), SIGCONT);
		tgkill(getpid(), gettid(), SIGCONT);
		kill(getpid(), stops[i]);
		say("a stop signal takes back", "%lx", pending());
	}
	kill(getpid(), SIGCONT);
	signal(SIGTSTP, SIG_IGN);
	block(ALL & ~BIT(SIGTSTP));
	kill(getpid(), SIGTSTP);
	say("an ignored stop signal takes back", "%lx", pending());
	block(ALL);
	kill(getpid(), SIGTTIN);
	signal(SIGCONT, SIG_IGN);
	block(ALL & ~BIT(SIGCONT));
	kill(getpid(), SIGCONT);
	say("an ignored SIGCONT takes back", "%lx", pending());
	block(0);
	catch(SIGTSTP, 0);
	setpgid(0, 0);
	raise(SIGTSTP);
	say("a handled stop signal", "%d", gots);
}

static void wait_state(pid_t pid, char wanted)
{
	while (state(pid) != wanted)
		usleep(500);
}

// What a process does that is stopped and continued.
static void stopped_ones(void)
{
	static const int signals[] = {SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU};
	for (int i = 0; i < 4; i++) {
		pid_t pid = fork();
		if (pid == 0) {
			setpgid(0, 0);
			for (;;)
				pause();
		}
		while (getpgid(pid) != pid)
			usleep(500);
		kill(pid, signals[i]);
		change("stopped", pid, WSTOPPED | WNOWAIT);
		change("stopped, again", pid, WSTOPPED);
		result("stopped, told already", waitpid(pid, 0, WUNTRACED | WNOHANG));
		say("stopped, state", "%c", state(pid));
		kill(pid, signals[i]);
		result("stopped twice", waitpid(pid, 0, WUNTRACED | WNOHANG));
		kill(pid, SIGCONT);
		change("continued", pid, WCONTINUED | WNOWAIT);
		change("continued, again", pid, WCONTINUED);
		result("continued, told already", waitpid(pid, 0, WCONTINUED | WNOHANG));
		result("not stopped any more", waitpid(pid, 0, WUNTRACED | WNOHANG));
		kill(pid, SIGCONT);
		result("SIGCONT for one that runs", waitpid(pid, 0, WCONTINUED | WNOHANG));
		kill(pid, SIGSTOP);
		wait_state(pid, 'T');
		kill(pid, SIGTERM);
		say("a stopped process gets SIGTERM", "%c", state(pid));
		kill(pid, SIGCONT);
		change("then SIGCONT", pid, WEXITED);
	}
	pid_t pid = sleeper();
	kill(pid, SIGSTOP);
	wait_state(pid, 'T');
	kill(pid, SIGKILL);
	change("a stopped process gets SIGKILL", pid, WEXITED);
	// SIGCONT continues even who blocks or ignores it.
	for (int i = 0; i < 2; i++) {
		pid = fork();
		if (pid == 0) {
			if (i)
				signal(SIGCONT, SIG_IGN);
			else
				block(BIT(SIGCONT));
			raise(SIGSTOP);
			_exit(pending() == BIT(SIGCONT));
		}
		wait_state(pid, 'T');
		kill(pid, SIGCONT);
		reap(i ? "SIGCONT ignored" : "SIGCONT blocked", pid);
	}
	// A handler waits until the process is continued, and that of SIGCONT runs.
	pid = fork();
	if (pid == 0) {
		struct sigaction sa = {.sa_sigaction = record, .sa_flags = SA_SIGINFO};
		sigfillset(&sa.sa_mask);
		gots = 0;
		sigaction(SIGCONT, &sa, 0);
		sigaction(SIGUSR1, &sa, 0);
		raise(SIGSTOP);
		say("handlers after a stop", "%d: %d %d", gots, got[0].si_signo, got[1].si_signo);
		_exit(0);
	}
	wait_state(pid, 'T');
	kill(pid, SIGUSR1);
	say("a handler waits", "%c", state(pid));
	kill(pid, SIGCONT);
	reap("handlers after a stop", pid);
	// A stop that is blocked happens when it is not any more.
	pid = fork();
	if (pid == 0) {
		setpgid(0, 0);
		block(BIT(SIGTSTP));
		kill(getpid(), SIGTSTP);
		block(0);
		_exit(7);
	}
	change("a stop put off", pid, WSTOPPED);
	kill(pid, SIGCONT);
	reap("a stop put off", pid);
}

// child_of ends, stops or continues as asked for.
static pid_t child_of(int how)
{
	pid_t pid = fork();
	if (pid != 0)
		return pid;
	setuid(1234);
	if (how == 0)
		_exit(300);
	if (how == 1)
		kill(getpid(), SIGTERM);
	raise(SIGSTOP);
	while (how == 3)
		pause();
	_exit(1);
}

static void told(const char *name, pid_t pid)
{
	while (gots == 0)
		usleep(500);
	const siginfo_t *i = &got[0];
	say(name, "%d signal %d code %d status %d pid %d uid %d", gots, i->si_signo, i->si_code, i->si_status, i->si_pid == pid, i->si_uid);
	gots = 0;
}

// What a parent is told of its children.
static void parents(void)
{
	catch(SIGCHLD, 0);
	pid_t pid = child_of(0);
	told("SIGCHLD of an exit", pid);
	reap("exit", pid);
	pid = child_of(1);
	told("SIGCHLD of a kill", pid);
	reap("killed", pid);
	pid = child_of(3);
	told("SIGCHLD of a stop", pid);
	kill(pid, SIGCONT);
	told("SIGCHLD of a continuation", pid);
	kill(pid, SIGKILL);
	told("SIGCHLD of SIGKILL", pid);
	reap("then", pid);
	pid = child_of(2);
	catch(SIGCHLD, SA_NOCLDSTOP);
	change("SA_NOCLDSTOP, wait", pid, WSTOPPED);
	kill(pid, SIGCONT);
	told("SA_NOCLDSTOP, the end", pid);
	reap("SA_NOCLDSTOP", pid);
	// Another signal than SIGCHLD, and none.
	catch(SIGUSR1, 0);
	catch(SIGCHLD, 0);
	pid = syscall(SYS_clone, SIGUSR1, 0, 0, 0, 0);
	if (pid == 0)
		_exit(5);
	told("another signal at the end", pid);
	result("not waited for", waitpid(pid, 0, WNOHANG));
	reap("another signal", pid);
	pid = syscall(SYS_clone, 0, 0, 0, 0, 0);
	if (pid == 0)
		_exit(6);
	reap("no signal", pid);
	say("no signal", "%d", gots);
	catch(SIGCHLD, SA_NOCLDWAIT);
	pid = child_of(0);
	told("SA_NOCLDWAIT", pid);
	result("SA_NOCLDWAIT", waitpid(pid, 0, 0));
	signal(SIGCHLD, SIG_IGN);
	pid = child_of(0);
	result("SIGCHLD ignored", waitpid(pid, 0, 0));
	pid = child_of(2);
	change("SIGCHLD ignored, a stop", pid, WSTOPPED);
	kill(pid, SIGKILL);
	result("SIGCHLD ignored, killed", waitpid(pid, 0, 0));
	signal(SIGCHLD, SIG_DFL);
}

static void zombies(void)
{
	pid_t pid = child_of(0);
	wait_state(pid, 'Z');
	result("a zombie gets 0", kill(pid, 0));
	result("a zombie gets SIGKILL", kill(pid, SIGKILL));
	result("a zombie gets SIGSTOP", kill(pid, SIGSTOP));
	result("a zombie gets SIGCONT", kill(pid, SIGCONT));
	result("a zombie gets tgkill", syscall(SYS_tgkill, pid, pid, SIGUSR1));
	result("a zombie gets sigqueue", sigqueue(pid, SIGRTMIN, (union sigval){0}));
	change("a zombie", pid, WEXITED);
	result("nobody gets 0", kill(pid, 0));
}

void test_sigdefault(void)
{
	every_default();
	CHILD("pending", pending_ones());
	CHILD("taking back", take_back());
	stopped_ones();
	parents();
	zombies();
}
