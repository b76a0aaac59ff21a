// Signals as far as processes need them: actions, masks, delivery, restart.
#include "check.h"

#include <linux/futex.h>
#include <poll.h>
#include <sys/time.h>
#include <time.h>

static volatile int count, depth, deepest, last_code;
static volatile pid_t last_pid;

static void count_it(int sig, siginfo_t *info, void *context)
{
	(void)context;
	count++;
	if (++depth > deepest)
		deepest = depth;
	last_code = info->si_code;
	last_pid = info->si_pid;
	if (sig == SIGUSR2 && count < 3)
		raise(SIGUSR2);
	depth--;
}

static void handle(int sig, int flags)
{
	struct sigaction sa = {.sa_sigaction = count_it, .sa_flags = SA_SIGINFO | flags};
	sigaction(sig, &sa, 0);
	count = deepest = 0;
}

static void actions(void)
{
	struct sigaction sa = {.sa_handler = SIG_IGN};
	result("sigaction 0", syscall(SYS_rt_sigaction, 0, &sa, 0, 8));
	result("sigaction 65", syscall(SYS_rt_sigaction, 65, &sa, 0, 8));
	result("sigaction SIGKILL", syscall(SYS_rt_sigaction, SIGKILL, &sa, 0, 8));
	result("sigaction size", syscall(SYS_rt_sigaction, SIGUSR1, &sa, 0, 4));
	result("sigaction bad address", syscall(SYS_rt_sigaction, SIGUSR1, (void *)8, 0, 8));
	result("sigprocmask how", syscall(SYS_rt_sigprocmask, 9, &sa, 0, 8));
	result("kill 0", kill(getpid(), 0));
	result("kill 65", kill(getpid(), 65));
	result("kill nobody", kill(29999, 0));
	result("kill group nobody", kill(-29999, 0));
	result("tgkill mismatch", syscall(SYS_tgkill, 1, getpid(), 0));
	result("tgkill 0", syscall(SYS_tgkill, 0, getpid(), 0));
	result("tkill negative", syscall(SYS_tkill, -1, 0));
	handle(SIGUSR1, 0);
	raise(SIGUSR1);
	say("raise", "%d code %d pid %d", count, last_code, last_pid == getpid());
	kill(getpid(), SIGUSR1);
	say("kill", "%d code %d", count, last_code);
	handle(SIGUSR2, 0);
	raise(SIGUSR2);
	say("nested, masked", "%d deepest %d", count, deepest);
	handle(SIGUSR2, SA_NODEFER);
	raise(SIGUSR2);
	say("nested, SA_NODEFER", "%d deepest %d", count, deepest);
	handle(SIGUSR1, SA_RESETHAND);
	raise(SIGUSR1);
	sigaction(SIGUSR1, 0, &sa);
	say("SA_RESETHAND", "%d %d", count, sa.sa_handler == SIG_DFL);
}

static void masks(void)
{
	sigset_t set, old;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGKILL);
	sigaddset(&set, SIGRTMIN);
	handle(SIGUSR1, 0);
	handle(SIGRTMIN, 0);
	sigprocmask(SIG_BLOCK, &set, 0);
	sigprocmask(SIG_BLOCK, 0, &old);
	say("SIGKILL cannot be blocked", "%d", sigismember(&old, SIGKILL));
	for (int i = 0; i < 3; i++) {
		raise(SIGUSR1);
		raise(SIGRTMIN);
	}
	sigpending(&old);
	say("pending", "%d %d", sigismember(&old, SIGUSR1), sigismember(&old, SIGRTMIN));
	result("sigtimedwait", sigtimedwait(&set, 0, &(struct timespec){0, 0}));
	count = 0;
	sigprocmask(SIG_UNBLOCK, &set, 0);
	say("delivered", "%d", count);
	sigprocmask(SIG_BLOCK, &set, 0);
	result("sigtimedwait nothing", sigtimedwait(&set, 0, &(struct timespec){0, 1000}));
	result("sigtimedwait bad time", sigtimedwait(&set, 0, &(struct timespec){0, -1}));
	union sigval v = {.sival_int = 77};
	siginfo_t info;
	sigqueue(getpid(), SIGRTMIN, v);
	sigtimedwait(&set, &info, &(struct timespec){1, 0});
	say("sigqueue", "%d %d %d", info.si_signo, info.si_code, info.si_value.sival_int);
	sigprocmask(SIG_UNBLOCK, &set, 0);
}

static pid_t signal_later(int sig, int us)
{
	pid_t parent = getpid(), pid = fork();
	if (pid == 0) {
		usleep(us);
		kill(parent, sig);
		_exit(0);
	}
	return pid;
}

// interrupted prints how a blocked call ends when a handler runs.
#define INTERRUPTED(name, flags, call) \
	do { \
		handle(SIGUSR1, flags); \
		pid_t pid_ = signal_later(SIGUSR1, 30000); \
		errno = 0; \
		long r_ = call; \
		say(name, "%ld errno %d handled %d", r_, r_ == -1 ? errno : 0, count); \
		waitpid(pid_, 0, 0); \
	} while (0)

static void interruptions(void)
{
	int p[2];
	char c;
	struct timespec rest = {9, 9};
	pipe(p);
	signal(SIGCHLD, SIG_DFL);
	INTERRUPTED("read", 0, read(p[0], &c, 1));
	INTERRUPTED("nanosleep", SA_RESTART, syscall(SYS_nanosleep, &(struct timespec){5, 0}, &rest));
	say("nanosleep rest", "%d", rest.tv_sec < 5);
	INTERRUPTED("poll", SA_RESTART, poll(0, 0, 5000));
	INTERRUPTED("pause", SA_RESTART, syscall(SYS_ppoll, 0, 0, 0, 0, 8));
	int word = 1;
	INTERRUPTED("futex", 0, syscall(SYS_futex, &word, FUTEX_WAIT, 1, 0, 0, 0));
	INTERRUPTED("futex timeout", SA_RESTART, syscall(SYS_futex, &word, FUTEX_WAIT, 1, &(struct timespec){5, 0}, 0, 0));
	sigset_t none;
	sigemptyset(&none);
	INTERRUPTED("sigsuspend", SA_RESTART, sigsuspend(&none));
	// Stopping and continuing is not seen by the program.
	pid_t pid = fork();
	if (pid == 0)
		_exit(syscall(SYS_nanosleep, &(struct timespec){0, 200000000}, 0) == 0 ? 3 : 4);
	usleep(30000);
	kill(pid, SIGSTOP);
	int s;
	waitpid(pid, &s, WUNTRACED);
	kill(pid, SIGCONT);
	reap("nanosleep through a stop", pid);
	close(p[0]);
	close(p[1]);
}

static void defaults(void)
{
	for (int sig = 1; sig < 35; sig++) {
		char name[32];
		if (sig == SIGSTOP || sig == SIGTSTP || sig == SIGTTIN || sig == SIGTTOU || sig == 32 || sig == 33)
			continue;
		pid_t pid = fork();
		if (pid == 0) {
			struct { long a, b, c, d; } dfl = {0};
			syscall(SYS_rt_sigaction, sig, &dfl, 0, 8);
			kill(getpid(), sig);
			_exit(0);
		}
		snprintf(name, sizeof name, "default of %d", sig);
		reap(name, pid);
	}
}

static volatile int on_alternate;
static char alternate[65536];

static void where(int sig)
{
	char here;
	(void)sig;
	on_alternate = &here >= alternate && &here < alternate + sizeof alternate;
}

static void stacks(void)
{
	stack_t ss = {.ss_sp = alternate, .ss_size = sizeof alternate}, old;
	result("sigaltstack", sigaltstack(&ss, &old));
	say("sigaltstack old", "%d", old.ss_flags);
	struct sigaction sa = {.sa_handler = where, .sa_flags = SA_ONSTACK};
	sigaction(SIGUSR1, &sa, 0);
	raise(SIGUSR1);
	say("SA_ONSTACK", "%d", on_alternate);
	ss.ss_size = 10;
	result("sigaltstack small", sigaltstack(&ss, 0));
	ss.ss_flags = 99;
	result("sigaltstack flags", sigaltstack(&ss, 0));
	ss.ss_flags = SS_DISABLE;
	result("sigaltstack disable", sigaltstack(&ss, 0));
}

static void timers(void)
{
	handle(SIGALRM, 0);
	struct itimerval it = {{0, 0}, {0, 20000}};
	result("setitimer", setitimer(ITIMER_REAL, &it, 0));
	while (count == 0)
		usleep(500); // it may be over before a pause begins
	say("SIGALRM", "%d code %d", count, last_code);
	result("setitimer which", setitimer(9, &it, 0));
	it.it_value.tv_usec = 1000000;
	result("setitimer usec", setitimer(ITIMER_REAL, &it, 0));
	result("alarm", alarm(100));
	result("alarm again", alarm(0));
	result("clock_gettime unknown", clock_gettime(99, &(struct timespec){0}));
	result("nanosleep bad", syscall(SYS_nanosleep, &(struct timespec){0, 1000000000}, 0));
	struct timespec past = {0, 1};
	result("clock_nanosleep past", clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &past, 0));
}

void test_signals(void)
{
	actions();
	masks();
	interruptions();
	defaults();
	stacks();
	timers();
}
