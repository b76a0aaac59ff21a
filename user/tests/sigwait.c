// Waiting for signals: sigsuspend(2), sigwaitinfo(2), pause(2), signalfd(2).
#include "sigtest.h"

#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <time.h>

static pid_t parent;

// when_asleep runs something in a child when its parent sleeps.
#define WHEN_ASLEEP(...) \
	({ \
		parent = getpid(); \
		pid_t pid_ = fork(); \
		if (pid_ == 0) { \
			await(parent, 'S'); \
			__VA_ARGS__; \
			_exit(0); \
		} \
		pid_; \
	})

static unsigned long blocked(void)
{
	unsigned long set;
	syscall(SYS_rt_sigprocmask, 0, 0, &set, 8);
	return set;
}

static unsigned long during;
static void note_mask(int sig)
{
	during = blocked();
	gots++;
}

static long suspend(unsigned long set) { return syscall(SYS_rt_sigsuspend, &set, 8); }

static void sigsuspends(void)
{
	struct sigaction sa = {.sa_handler = note_mask, .sa_flags = SA_RESTART};
	sigaction(SIGUSR1, &sa, 0);
	sigaction(SIGUSR2, &sa, 0);
	block(BIT(SIGUSR1) | BIT(SIGUSR2) | BIT(SIGHUP));
	// What is pending already ends it.
	kill(getpid(), SIGUSR1);
	result("sigsuspend, pending", suspend(BIT(SIGTERM)));
	say("sigsuspend, pending", "run %d blocked in the handler %lx and after %lx", gots, during, blocked());
	// Two are both handled, under the mask of the call.
	gots = 0;
	kill(getpid(), SIGUSR1);
	kill(getpid(), SIGUSR2);
	result("sigsuspend, two pending", suspend(0));
	say("sigsuspend, two pending", "run %d after %lx", gots, blocked());
	// One that stays blocked does not.
	gots = 0;
	kill(getpid(), SIGUSR1);
	pid_t pid = WHEN_ASLEEP(kill(parent, SIGUSR2));
	result("sigsuspend, another", suspend(BIT(SIGUSR1)));
	say("sigsuspend, another", "run %d pending %lx", gots, pending());
	waitpid(pid, 0, 0);
	take(BIT(SIGUSR1), 0);
	// Ignored ones and stops do not end it.
	gots = 0;
	pid = WHEN_ASLEEP(kill(parent, SIGCHLD); kill(parent, SIGURG); kill(parent, SIGSTOP); await(parent, 'T'); kill(parent, SIGCONT);
		await(parent, 'S'); kill(parent, SIGUSR2));
	result("sigsuspend, ignored ones first", suspend(0));
	say("sigsuspend, ignored ones first", "run %d", gots);
	waitpid(pid, 0, 0);
	// SIGKILL cannot be blocked in it.
	CHILD("sigsuspend, SIGKILL", pid_t p = WHEN_ASLEEP(kill(parent, SIGKILL)); suspend(ALL));
	unsigned long set = 0;
	result("sigsuspend, size", syscall(SYS_rt_sigsuspend, &set, 4));
	result("sigsuspend, address", syscall(SYS_rt_sigsuspend, 8, 8));
}

static void *terminated(void *arg)
{
	unsigned long set = BIT(SIGTERM);
	siginfo_t i;
	*(volatile int *)arg = gettid();
	return (void *)syscall(SYS_rt_sigtimedwait, &set, &i, 0, 8);
}

static void sigtimedwaits(void)
{
	siginfo_t i;
	struct timespec t = {20, 0};
	unsigned long set = BIT(SIGUSR1) | BIT(40);
	block(set);
	pid_t pid = WHEN_ASLEEP(sigqueue(parent, 40, (union sigval){.sival_int = 3}));
	result("sigtimedwait", syscall(SYS_rt_sigtimedwait, &set, &i, &t, 8));
	about("sigtimedwait", &i);
	waitpid(pid, 0, 0);
	// One that is not blocked does what it does always.
	CHILD("sigtimedwait, not blocked", set = BIT(SIGTERM); WHEN_ASLEEP(kill(parent, SIGTERM));
		syscall(SYS_rt_sigtimedwait, &set, &i, 0, 8));
	CHILD("sigtimedwait, handled and not blocked", set = BIT(SIGTERM); catch(SIGTERM, 0); WHEN_ASLEEP(kill(parent, SIGTERM));
		result("sigtimedwait, handled and not blocked", syscall(SYS_rt_sigtimedwait, &set, &i, 0, 8)); say("sigtimedwait, run", "%d", gots));
	// One that is ignored by default comes if it is blocked, as does SIG_IGN's.
	set = BIT(SIGURG) | BIT(SIGWINCH);
	block(set | BIT(SIGUSR1));
	signal(SIGWINCH, SIG_IGN);
	pid = WHEN_ASLEEP(kill(parent, SIGURG));
	result("sigtimedwait, SIGURG", syscall(SYS_rt_sigtimedwait, &set, &i, &t, 8));
	waitpid(pid, 0, 0);
	pid = WHEN_ASLEEP(kill(parent, SIGWINCH));
	result("sigtimedwait, ignored", syscall(SYS_rt_sigtimedwait, &set, &i, &t, 8));
	waitpid(pid, 0, 0);
	say("sigtimedwait, blocked after", "%lx", blocked());
	// A handler for another ends it, SA_RESTART or not; a stop does not.
	catch(SIGUSR2, SA_RESTART);
	set = BIT(SIGUSR1);
	pid = WHEN_ASLEEP(kill(parent, SIGUSR2));
	result("sigtimedwait, a handler", syscall(SYS_rt_sigtimedwait, &set, &i, &t, 8));
	say("sigtimedwait, a handler", "run %d", gots);
	waitpid(pid, 0, 0);
	pid = WHEN_ASLEEP(kill(parent, SIGSTOP); await(parent, 'T'); kill(parent, SIGCONT));
	result("sigtimedwait, stopped", syscall(SYS_rt_sigtimedwait, &set, &i, &t, 8));
	waitpid(pid, 0, 0);
	pid = WHEN_ASLEEP(kill(parent, SIGSTOP); await(parent, 'T'); kill(parent, SIGCONT); await(parent, 'S'); kill(parent, SIGUSR2));
	result("sigtimedwait without a time, stopped", syscall(SYS_rt_sigtimedwait, &set, &i, 0, 8));
	waitpid(pid, 0, 0);
	// SIGKILL and SIGSTOP are not waited for.
	CHILD("sigtimedwait, SIGKILL", set = ALL; WHEN_ASLEEP(kill(parent, SIGKILL)); syscall(SYS_rt_sigtimedwait, &set, &i, &t, 8));
	result("sigtimedwait, no time", take(ALL & ~BIT(SIGCHLD), &i));
	t.tv_nsec = 1000000000;
	result("sigtimedwait, bad time", syscall(SYS_rt_sigtimedwait, &set, &i, &t, 8));
	t = (struct timespec){-1, 0};
	result("sigtimedwait, negative time", syscall(SYS_rt_sigtimedwait, &set, &i, &t, 8));
	result("sigtimedwait, size", syscall(SYS_rt_sigtimedwait, &set, &i, 0, 16));
	result("sigtimedwait, address", syscall(SYS_rt_sigtimedwait, 8, &i, 0, 8));
	// In a thread, while another has it blocked.
	pthread_t thread;
	volatile int tid = 0;
	block(ALL);
	pthread_create(&thread, 0, terminated, (void *)&tid);
	while (!tid)
		usleep(500);
	kill(getpid(), SIGTERM);
	void *r;
	pthread_join(thread, &r);
	result("sigtimedwait in a thread", (long)r);
	block(0);
}

static void pauses(void)
{
	catch(SIGUSR1, SA_RESTART);
	pid_t pid = WHEN_ASLEEP(kill(parent, SIGURG); kill(parent, SIGSTOP); await(parent, 'T'); kill(parent, SIGCONT); await(parent, 'S');
		kill(parent, SIGUSR1));
	result("pause", pause());
	say("pause", "run %d", gots);
	waitpid(pid, 0, 0);
}

static void *reader(void *arg)
{
	struct signalfd_siginfo s;
	block(ALL);
	tgkill(getpid(), gettid(), SIGUSR2);
	long n = read(*(int *)arg, &s, sizeof s);
	return (void *)(long)(n == sizeof s ? s.ssi_signo : -1);
}

static int ready(int fd)
{
	struct pollfd p = {fd, POLLIN};
	poll(&p, 1, 0);
	return p.revents;
}

static void signalfds(void)
{
	struct signalfd_siginfo s[3];
	unsigned long set = BIT(SIGUSR1) | BIT(SIGUSR2) | BIT(40), none = 0;
	block(ALL);
	int fd = syscall(SYS_signalfd4, -1, &set, 8, SFD_CLOEXEC);
	say("signalfd, flags", "%x %x", fcntl(fd, F_GETFL), fcntl(fd, F_GETFD));
	tgkill(getpid(), gettid(), 40);
	kill(getpid(), SIGUSR1);
	say("signalfd, ready", "%d", ready(fd));
	result("signalfd, two", read(fd, s, 3 * sizeof *s - 1));
	say("signalfd, two", "%d %d, %d %d", s[0].ssi_signo, s[0].ssi_code, s[1].ssi_signo, s[1].ssi_code);
	// It shows each reader its own signals.
	kill(getpid(), SIGUSR1);
	CHILD("signalfd, a child's", say("signalfd, a child's", "ready %d", ready(fd)); kill(getpid(), SIGUSR2);
		say("signalfd, a child's", "ready %d", ready(fd)); read(fd, s, sizeof *s); say("signalfd, a child's", "%d", s[0].ssi_signo));
	read(fd, s, sizeof *s);
	say("signalfd, the parent's", "%d", s[0].ssi_signo);
	pthread_t t;
	void *r;
	pthread_create(&t, 0, reader, &fd);
	pthread_join(t, &r);
	say("signalfd, a thread's own", "%ld ready %d", (long)r, ready(fd));
	// A reader that waits is woken.
	pid_t pid = WHEN_ASLEEP(kill(parent, SIGUSR1));
	result("signalfd, waits", read(fd, s, sizeof s));
	waitpid(pid, 0, 0);
	struct pollfd p = {fd, POLLIN};
	pid = WHEN_ASLEEP(kill(parent, SIGUSR2));
	result("signalfd, polled", poll(&p, 1, 20000));
	waitpid(pid, 0, 0);
	read(fd, s, sizeof s);
	int e = epoll_create1(0);
	struct epoll_event ev = {EPOLLIN};
	epoll_ctl(e, EPOLL_CTL_ADD, fd, &ev);
	pid = WHEN_ASLEEP(sigqueue(parent, 40, (union sigval){.sival_int = 4}));
	result("signalfd, epoll", epoll_wait(e, &ev, 1, 20000));
	waitpid(pid, 0, 0);
	// Its signals are others now.
	result("signalfd, changed", syscall(SYS_signalfd4, fd, &none, 8, 0) == fd);
	say("signalfd, of nothing", "%d", ready(fd));
	set = ALL;
	syscall(SYS_signalfd4, fd, &set, 8, 0);
	take(BIT(SIGCHLD), 0);
	result("signalfd, of all", read(fd, s, sizeof *s));
	say("signalfd, of all", "%d %d", s[0].ssi_signo, s[0].ssi_int);
	// A bad buffer loses the signal.
	kill(getpid(), SIGUSR1);
	set = BIT(SIGUSR1);
	fd = syscall(SYS_signalfd4, -1, &set, 8, SFD_NONBLOCK);
	result("signalfd, bad buffer", read(fd, (void *)8, 128));
	result("signalfd, then", read(fd, s, 128));
	result("signalfd, write", write(fd, s, 128));
	result("signalfd, lseek", lseek(fd, 0, SEEK_SET));
	result("signalfd, size", syscall(SYS_signalfd4, -1, &set, 4, 0));
	result("signalfd, address", syscall(SYS_signalfd4, -1, 8, 8, 0));
	result("signalfd, no file", syscall(SYS_signalfd4, 99, &set, 8, 0));
	result("signalfd, -2", syscall(SYS_signalfd4, -2, &set, 8, 0));
	char text[300], name[40];
	set = BIT(SIGUSR1) | BIT(40) | BIT(SIGKILL);
	syscall(SYS_signalfd4, fd, &set, 8, 0);
	snprintf(name, sizeof name, "/proc/self/fdinfo/%d", fd);
	int info = open(name, O_RDONLY), n = read(info, text, sizeof text - 1);
	text[n > 0 ? n : 0] = 0;
	char *mask = strstr(text, "sigmask:");
	say("signalfd, fdinfo", "%.25s", mask ? mask : "none");
	snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
	n = readlink(name, text, sizeof text);
	say("signalfd, link", "%.*s", n, text);
}

void test_sigwait(void)
{
	CHILD("sigsuspend", sigsuspends());
	CHILD("sigtimedwait", sigtimedwaits());
	CHILD("pause", pauses());
	CHILD("signalfd", signalfds());
}
