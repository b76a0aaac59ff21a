// Job control, and the kinds of signals that come from the kernel: of children, of
// timers, of faults; signalfd(2) and futex(2).
#include "check.h"

#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/time.h>
#include <time.h>

static volatile int count, code, value, last_status, overrun;

static void note(int sig, siginfo_t *info, void *context)
{
	(void)sig, (void)context;
	count++;
	code = info->si_code;
	value = info->si_value.sival_int;
	last_status = info->si_status;
	if (info->si_overrun > overrun) // the timer may go on before anybody looks
		overrun = info->si_overrun;
}

static void handle(int sig, int flags)
{
	struct sigaction sa = {.sa_sigaction = note, .sa_flags = SA_SIGINFO | flags};
	sigaction(sig, &sa, 0);
	count = 0;
}

// nap sleeps through signals.
static void nap(int ms)
{
	struct timespec t = {ms / 1000, ms % 1000 * 1000000};
	while (syscall(SYS_nanosleep, &t, &t))
		;
}

// heard waits until n signals have come since handle, or for five seconds.
static void heard(int n)
{
	for (int i = 0; i < 1000 && count < n; i++)
		nap(5);
}

static pid_t idle_child(void)
{
	pid_t pid = fork();
	if (pid == 0)
		for (;;)
			pause();
	return pid;
}

static void told(const char *name)
{
	say(name, "count %d code %d status %d", count, code, last_status);
}

static void stops(void)
{
	int s;
	handle(SIGCHLD, 0);
	pid_t pid = idle_child();
	kill(pid, SIGSTOP);
	heard(1);
	told("SIGCHLD of a stop");
	result("wait without WUNTRACED", waitpid(pid, &s, WNOHANG));
	result("wait with WUNTRACED", waitpid(pid, &s, WUNTRACED) == pid);
	status("stopped", s);
	result("a stop is told once", waitpid(pid, &s, WUNTRACED | WNOHANG));
	kill(pid, SIGCONT);
	heard(2);
	told("SIGCHLD of a continuation");
	result("wait with WCONTINUED", waitpid(pid, &s, WCONTINUED) == pid);
	status("continued", s);
	kill(pid, SIGTERM);
	heard(3);
	told("SIGCHLD of an end");
	reap("ended", pid);
	handle(SIGCHLD, SA_NOCLDSTOP);
	pid = idle_child();
	kill(pid, SIGSTOP);
	await(pid, 'T');
	nap(50);
	say("SA_NOCLDSTOP", "%d", count);
	kill(pid, SIGKILL);
	reap("killed while stopped", pid);
	handle(SIGCHLD, SA_NOCLDWAIT);
	pid = fork();
	if (pid == 0)
		_exit(0);
	result("SA_NOCLDWAIT", waitpid(pid, 0, 0));
	heard(1);
	say("SA_NOCLDWAIT", "%d", count);
	signal(SIGCHLD, SIG_DFL);
}

static void orphans(void)
{
	int p[2];
	char c;
	pipe(p);
	pid_t pid = fork();
	if (pid == 0) {
		setsid();
		kill(getpid(), SIGTSTP);
		_exit(5);
	}
	reap("SIGTSTP in an orphaned group", pid);
	// The leader leaves a stopped member behind, which gets SIGHUP and SIGCONT.
	pid = fork();
	if (pid == 0) {
		setpgid(0, 0);
		pid_t member = fork();
		if (member == 0) {
			handle(SIGHUP, 0);
			handle(SIGCONT, 0);
			raise(SIGSTOP);
			c = '0' + count;
			write(p[1], &c, 1);
			_exit(0);
		}
		await(member, 'T');
		_exit(0);
	}
	reap("leader", pid);
	read(p[0], &c, 1);
	say("signals of a stopped orphan", "%c", c);
	close(p[0]);
	close(p[1]);
}

static volatile int turns[3];

static void *spin(void *p)
{
	for (;;)
		turns[(long)p]++;
	return 0;
}

static void spinners(void)
{
	pthread_t t;
	for (long i = 0; i < 3; i++)
		pthread_create(&t, 0, spin, (void *)i);
	nap(20);
}

static void threads(void)
{
	int s;
	pid_t pid = fork();
	if (pid == 0) {
		spinners();
		nap(300);
		for (int i = 0; i < 3; i++)
			while (turns[i] == 0)
				nap(5);
		_exit(1);
	}
	nap(50);
	kill(pid, SIGSTOP);
	waitpid(pid, &s, WUNTRACED);
	status("threads stopped", s);
	kill(pid, SIGCONT);
	reap("threads continued", pid);
	pid = fork();
	if (pid == 0) {
		spinners();
		for (;;)
			pause();
	}
	nap(50);
	kill(pid, SIGKILL);
	reap("threads killed", pid);
	pid = fork();
	if (pid == 0) {
		spinners();
		*(volatile int *)8 = 1;
	}
	reap("threads with a fault", pid);
	pid = fork();
	if (pid == 0) {
		spinners();
		pthread_exit(0);
	}
	nap(100);
	result("a leader that has ended", waitpid(pid, &s, WNOHANG));
	kill(pid, SIGTERM);
	reap("its process", pid);
}

static void signalfds(void)
{
	struct signalfd_siginfo one, many[4] = {0};
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGRTMIN + 3);
	sigprocmask(SIG_BLOCK, &set, 0);
	int fd = signalfd(-1, &set, SFD_NONBLOCK);
	struct pollfd poller = {fd, POLLIN};
	success("signalfd", fd);
	result("signalfd of another file", signalfd(1, &set, 0));
	result("signalfd flags", syscall(SYS_signalfd4, -1, &set, 8, 99));
	result("signalfd empty", read(fd, &one, sizeof one));
	result("signalfd small", read(fd, &one, 10));
	result("signalfd poll empty", poll(&poller, 1, 0));
	raise(SIGUSR1);
	sigqueue(getpid(), SIGRTMIN + 3, (union sigval){.sival_int = 5});
	sigqueue(getpid(), SIGRTMIN + 3, (union sigval){.sival_int = 6});
	result("signalfd poll", poll(&poller, 1, 0));
	result("signalfd read", read(fd, many, sizeof many));
	say("signalfd info", "%d %d %d %d", many[0].ssi_signo, many[0].ssi_code, many[1].ssi_int, many[2].ssi_int);
	close(fd);
	sigprocmask(SIG_UNBLOCK, &set, 0);
}

// burn uses CPU time until a signal was handled.
static void burn(void)
{
	while (count == 0)
		;
}

static void timers(void)
{
	struct itimerval it = {{0, 20000}, {0, 20000}}, off = {{0}};
	handle(SIGALRM, 0);
	setitimer(ITIMER_REAL, &it, 0);
	while (count < 3)
		pause();
	setitimer(ITIMER_REAL, &off, &it);
	say("interval timer", "%d %d", (int)it.it_interval.tv_usec, it.it_value.tv_usec > 0);
	it = (struct itimerval){{0, 0}, {0, 20000}};
	handle(SIGVTALRM, 0);
	setitimer(ITIMER_VIRTUAL, &it, 0);
	burn();
	told("ITIMER_VIRTUAL");
	handle(SIGPROF, 0);
	setitimer(ITIMER_PROF, &it, 0);
	burn();
	told("ITIMER_PROF");

	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR2, .sigev_value.sival_int = 33};
	struct itimerspec spec = {{0, 0}, {0, 20000000}};
	int id = -1;
	handle(SIGUSR2, 0);
	result("timer_create", syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &id));
	result("timer_settime", syscall(SYS_timer_settime, id, 0, &spec, 0));
	while (count == 0)
		usleep(500);
	say("timer", "count %d code %d value %d", count, code, value);
	spec.it_interval.tv_nsec = 5000000;
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, 0);
	syscall(SYS_timer_settime, id, 0, &spec, 0);
	nap(100);
	count = 0;
	sigprocmask(SIG_UNBLOCK, &set, 0);
	say("timer overrun", "%d", overrun > 5);
	spec = (struct itimerspec){{0, 0}, {0, -1}};
	result("timer_settime bad time", syscall(SYS_timer_settime, id, 0, &spec, 0));
	result("timer_delete", syscall(SYS_timer_delete, id));
	result("timer_delete again", syscall(SYS_timer_delete, id));
	event.sigev_signo = 99;
	result("timer_create signal", syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &id));
	event.sigev_notify = 9;
	result("timer_create notify", syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &id));
	result("timer_create clock", syscall(SYS_timer_create, 77, 0, &id));
	result("timer_create raw clock", syscall(SYS_timer_create, CLOCK_MONOTONIC_RAW, 0, &id));
}

static void limits(void)
{
	struct rlimit limit = {1, 2};
	pid_t pid = fork();
	if (pid == 0) {
		setrlimit(RLIMIT_CPU, &limit);
		for (;;)
			;
	}
	reap("RLIMIT_CPU", pid);
	pid = fork();
	if (pid == 0) {
		signal(SIGXCPU, SIG_IGN);
		setrlimit(RLIMIT_CPU, &limit);
		for (;;)
			;
	}
	reap("RLIMIT_CPU, the hard one", pid);
}

static void futexes(void)
{
	int word = 0;
	struct timespec t = {0, 10000000};
	result("futex no bits", syscall(SYS_futex, &word, FUTEX_WAIT_BITSET, 0, 0, 0, 0));
	result("futex unaligned", syscall(SYS_futex, (char *)&word + 1, FUTEX_WAIT, 0, 0, 0, 0));
	result("futex bad address", syscall(SYS_futex, 8, FUTEX_WAIT, 0, 0, 0, 0));
	result("futex wake bad address", syscall(SYS_futex, 8, FUTEX_WAKE, 1, 0, 0, 0));
	result("futex wake private", syscall(SYS_futex, 8, FUTEX_WAKE_PRIVATE, 1, 0, 0, 0));
	result("futex operation", syscall(SYS_futex, &word, 99, 0, 0, 0, 0));
	result("futex wake with clock", syscall(SYS_futex, &word, FUTEX_WAKE | FUTEX_CLOCK_REALTIME, 0, 0, 0, 0));
	result("futex changed", syscall(SYS_futex, &word, FUTEX_WAIT, 1, 0, 0, 0));
	result("futex timeout", syscall(SYS_futex, &word, FUTEX_WAIT, 0, &t, 0, 0));
	t.tv_nsec = -1;
	result("futex bad time", syscall(SYS_futex, &word, FUTEX_WAIT, 0, &t, 0, 0));
	int *shared = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid = fork();
	if (pid == 0)
		_exit(syscall(SYS_futex, shared, FUTEX_WAIT, 0, 0, 0, 0) == 0 ? 5 : 6);
	await(pid, 'S');
	*shared = 1;
	result("futex shared", syscall(SYS_futex, shared, FUTEX_WAKE, 1, 0, 0, 0));
	reap("futex shared waiter", pid);
	result("set_robust_list size", syscall(SYS_set_robust_list, shared, 23));
}

static void faults(void)
{
	pid_t pid = fork();
	if (pid == 0) {
		sigset_t all;
		sigfillset(&all);
		sigprocmask(SIG_BLOCK, &all, 0);
		handle(SIGSEGV, 0);
		*(volatile int *)0 = 1;
	}
	reap("a fault that is blocked", pid);
	pid = fork();
	if (pid == 0) {
		signal(SIGSEGV, SIG_IGN);
		*(volatile int *)0 = 1;
	}
	reap("a fault that is ignored", pid);
	pid = fork();
	if (pid == 0)
		syscall(SYS_rt_sigreturn);
	reap("sigreturn without a frame", pid);
}

void test_jobs(void)
{
	stops();
	orphans();
	threads();
	signalfds();
	timers();
	limits();
	futexes();
	faults();
}
