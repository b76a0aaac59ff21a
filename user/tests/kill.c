// Who may send signals to whom, and to how many: kill(2). And init, to which
// nobody may.
#include "sigtest.h"

#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <time.h>

// Permission: the sender's real or effective user is the target's real or saved one.

static void ids(int r, int e, int s)
{
	setresuid(r, e, s);
}

static void permission(const char *name, int sr, int se, int ss, int tr, int te, int ts, int sig)
{
	int p[2];
	pipe(p);
	pid_t target = fork();
	if (target == 0) {
		setsid();
		ids(tr, te, ts);
		write(p[1], "x", 1);
		for (;;)
			pause();
	}
	char c;
	read(p[0], &c, 1);
	pid_t sender = fork();
	if (sender == 0) {
		ids(sr, se, ss);
		_exit(kill(target, sig) ? errno : 0);
	}
	int s;
	waitpid(sender, &s, 0);
	kill(target, SIGKILL);
	waitpid(target, 0, 0);
	say(name, "errno %d", WEXITSTATUS(s));
	close(p[0]);
	close(p[1]);
}

static void permissions(void)
{
	permission("root to another", 0, 0, 0, 5, 5, 5, 0);
	permission("to root", 5, 5, 5, 0, 0, 0, 0);
	permission("to the same", 5, 5, 5, 5, 5, 5, SIGUSR1);
	permission("to another", 5, 5, 5, 6, 6, 6, 0);
	permission("real to real", 5, 6, 7, 5, 8, 9, 0);
	permission("real to effective", 5, 6, 7, 8, 5, 9, 0);
	permission("real to saved", 5, 6, 7, 8, 9, 5, 0);
	permission("effective to real", 6, 5, 7, 5, 8, 9, 0);
	permission("effective to effective", 6, 5, 7, 8, 5, 9, 0);
	permission("effective to saved", 6, 5, 7, 8, 9, 5, 0);
	permission("saved to real", 6, 7, 5, 5, 8, 9, 0);
	permission("saved to saved", 6, 7, 5, 8, 9, 5, 0);
	permission("SIGCONT to another session", 5, 5, 5, 6, 6, 6, SIGCONT);
	permission("no signal to another", 5, 5, 5, 6, 6, 6, 65);
	permission("SIGKILL to another", 5, 5, 5, 6, 6, 6, SIGKILL);
}

// A target of another user in the sender's session.
static void same_session(void)
{
	setsid();
	pid_t target = fork();
	if (target == 0) {
		ids(6, 6, 6);
		raise(SIGSTOP);
		_exit(4);
	}
	waitpid(target, 0, WUNTRACED);
	pid_t sender = fork();
	if (sender == 0) {
		ids(5, 5, 5);
		result("same session, SIGTERM", kill(target, SIGTERM));
		result("same session, SIGSTOP", kill(target, SIGSTOP));
		result("same session, 0", kill(target, 0));
		result("same session, sigqueue", sigqueue(target, SIGTERM, (union sigval){0}));
		result("same session, tgkill", syscall(SYS_tgkill, target, target, SIGUSR1));
		result("same session, SIGCONT", kill(target, SIGCONT));
		_exit(0);
	}
	reap("same session", sender);
	reap("same session, continued", target);
}

// Groups, and everybody. Members tell the signal they got by their status.

static pid_t member(pid_t group, int uid)
{
	int p[2];
	char c;
	pipe(p);
	pid_t pid = fork();
	if (pid == 0) {
		setpgid(0, group);
		if (uid)
			ids(uid, uid, uid);
		write(p[1], "x", 1);
		for (;;)
			pause();
	}
	read(p[0], &c, 1);
	close(p[0]);
	close(p[1]);
	return pid;
}

// alive tells whether a process has not ended.
static int alive(pid_t pid)
{
	char s = state(pid);
	return s != 'Z' && s != 'X';
}

static void groups(void)
{
	pid_t a = member(0, 0), b = member(a, 0), other = member(0, 0);
	result("a group gets 0", kill(-a, 0));
	result("a group gets SIGTERM", kill(-a, SIGTERM));
	reap("first", a);
	reap("second", b);
	say("another group", "alive %d", alive(other));
	result("the group has gone", kill(-a, SIGTERM));
	kill(other, SIGKILL);
	reap("another group", other);
	// Members of several users: one that may be told is enough.
	a = member(0, 5), b = member(a, 6);
	pid_t sender = fork();
	if (sender == 0) {
		ids(6, 6, 6);
		result("a group of two users", kill(-a, SIGTERM));
		_exit(0);
	}
	reap("sender", sender);
	reap("of the sender's user", b);
	say("of another user", "alive %d", alive(a));
	sender = fork();
	if (sender == 0) {
		ids(6, 6, 6);
		result("a group of another user", kill(-a, SIGTERM));
		result("a group of another user, no signal", kill(-a, 65));
		_exit(0);
	}
	reap("sender", sender);
	kill(a, SIGKILL);
	reap("of another user", a);
	// The own group, of which the sender is one.
	pid_t leader = fork();
	if (leader == 0) {
		setpgid(0, 0);
		pid_t x = member(0, 0), y = member(getpid(), 0);
		catch(SIGUSR1, 0);
		result("kill 0", kill(0, SIGUSR1));
		reap("kill 0, a member", y);
		say("kill 0, the sender", "%d code %d pid %s", gots, got[0].si_code, who(got[0].si_pid));
		say("kill 0, another group", "alive %d", alive(x));
		kill(x, SIGKILL);
		waitpid(x, 0, 0);
		_exit(0);
	}
	reap("leader", leader);
	result("INT_MIN", kill(INT_MIN, 0));
	result("-1 without a signal", kill(-1, 65));
}

// everybody is killed but init and the sender: of one user, which is nobody else's.
static void everybody(void)
{
	pid_t a = member(0, 77), b = member(0, 77), other = member(0, 78);
	pid_t sender = fork();
	if (sender == 0) {
		ids(77, 77, 77);
		catch(SIGUSR1, 0);
		result("everybody", kill(-1, SIGUSR1));
		say("everybody, the sender", "%d", gots);
		result("everybody, 0", kill(-1, 0));
		_exit(0);
	}
	reap("everybody, sender", sender);
	reap("everybody, one", a);
	reap("everybody, another", b);
	say("everybody, of another user", "alive %d", alive(other));
	sender = fork();
	if (sender == 0) {
		ids(79, 79, 79);
		result("nobody that may be told", kill(-1, SIGUSR1));
		_exit(0);
	}
	reap("nobody, sender", sender);
	kill(other, SIGKILL);
	waitpid(other, 0, 0);
}

void test_kill(void)
{
	permissions();
	CHILD("same session", same_session());
	groups();
	everybody();
}

// ---- init ----

// tell runs in a child of init, which waits for it.
static void tell(void)
{
	static const int deadly[] = {SIGKILL, SIGSTOP, SIGTERM, SIGSEGV, SIGTSTP, 40, SIGALRM};
	for (int i = 0; i < 7; i++) {
		char name[40];
		snprintf(name, sizeof name, "init gets %d", deadly[i]);
		result(name, kill(1, deadly[i]));
		result(name, sigqueue(1, deadly[i], (union sigval){0}));
		result(name, syscall(SYS_tgkill, 1, 1, deadly[i]));
		say(name, "runs %d", state(1) != 'T');
	}
	ids(5, 5, 5);
	result("init gets SIGTERM of a user", kill(1, SIGTERM));
	_exit(0);
}

// wait_for waits for a child through signals, as reap does.
static void each_way(const char *name)
{
	pid_t pid = fork();
	if (pid == 0)
		tell();
	reap(name, pid);
	char line[100];
	snprintf(line, sizeof line, "%s, pending", name);
	say(line, "%lx", pending() & ~BIT(SIGCHLD));
}

// test_init runs as PID 1.
void test_init(void)
{
	unsigned long before;
	siginfo_t i;
	if (getpid() != 1)
		return;
	syscall(SYS_rt_sigprocmask, 0, 0, &before, 8);
	each_way("init, nothing handled");
	// What it blocks is pending, even what would kill it, and does nothing.
	block(ALL);
	each_way("init, everything blocked");
	result("init, sigtimedwait", take(BIT(SIGTERM), &i));
	result("init, sigtimedwait of SIGKILL", take(BIT(SIGKILL) | BIT(SIGSTOP), &i));
	block(before);
	say("init, unblocked", "%lx", pending());
	// A handler runs.
	catch(SIGTERM, 0);
	catch(40, 0);
	each_way("init, handlers");
	say("init, handlers", "SIGTERM %d", gots > 0);
	// Itself, it cannot kill either, but with a fault (which is not tried).
	signal(SIGTERM, SIG_DFL);
	signal(40, SIG_DFL);
	for (int sig = 1; sig <= 64; sig++)
		kill(1, sig), syscall(SYS_tkill, 1, sig);
	say("init, survives itself", "%lx", pending());
	// It gets a signal that it waits for.
	unsigned long set = BIT(SIGHUP);
	struct timespec t = {20, 0};
	block(set);
	pid_t pid = fork();
	if (pid == 0) {
		await(1, 'S');
		kill(1, SIGHUP);
		_exit(0);
	}
	result("init, sigtimedwait meanwhile", syscall(SYS_rt_sigtimedwait, &set, &i, &t, 8));
	reap("init, meanwhile", pid);
	block(before);
	// A signalfd gets only what is blocked.
	int fd = syscall(SYS_signalfd4, -1, &set, 8, SFD_NONBLOCK);
	struct signalfd_siginfo s;
	kill(1, SIGHUP);
	result("init, signalfd", read(fd, &s, sizeof s));
	block(BIT(SIGHUP));
	kill(1, SIGHUP);
	result("init, signalfd of a blocked one", read(fd, &s, sizeof s));
	close(fd);
	block(before);
	// Its children are like all others.
	pid = fork();
	if (pid == 0) {
		kill(getpid(), SIGTERM);
		_exit(0);
	}
	reap("init, a child", pid);
}
