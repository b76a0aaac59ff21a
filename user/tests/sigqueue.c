// In which order signals are taken, how many are queued, and who they are counted
// for: signal(7), "Queueing and delivery semantics for real-time signals".
#include "sigtest.h"

#include <pthread.h>
#include <sys/resource.h>
#include <time.h>

static void queue(int sig, int value)
{
	sigqueue(getpid(), sig, (union sigval){.sival_int = value});
}

// drain prints what is pending, in the order in which it is taken.
static void drain(const char *name)
{
	char line[900] = "";
	siginfo_t i;
	for (int n = 0; take(ALL, &i) > 0 && n < 880;)
		n += snprintf(line + n, sizeof line - n, " %d:%d", i.si_signo, i.si_code == SI_QUEUE ? i.si_value.sival_int : i.si_code);
	say(name, "taken%s", line);
}

static void order(void)
{
	block(ALL);
	for (int i = 0; i < 3; i++) {
		queue(SIGUSR1, i);
		queue(40, i);
		queue(34, i);
		queue(64, i);
		queue(32, i);
	}
	drain("standard once, real-time in order");
	// A thread's own come first; of each queue what a fault would be, then the
	// lowest.
	kill(getpid(), SIGHUP);
	kill(getpid(), SIGSEGV);
	tgkill(getpid(), gettid(), 50);
	tgkill(getpid(), gettid(), SIGTERM);
	tgkill(getpid(), gettid(), SIGBUS);
	queue(35, 1);
	drain("the thread's own first");
	tgkill(getpid(), gettid(), SIGUSR2);
	kill(getpid(), SIGUSR2);
	kill(getpid(), SIGUSR2);
	drain("one in either queue");
	for (int sig = 64; sig > 0; sig--)
		if (sig != SIGKILL && sig != SIGSTOP)
			queue(sig, 100 - sig);
	drain("all");
	block(0);
}

// handlers tells in which order handlers run: with everything blocked in them as
// signals are taken, else the last one taken interrupts the others.
static void handlers(const char *name, int masked)
{
	static const int sigs[] = {SIGUSR1, SIGTERM, 36, 45, SIGILL};
	struct sigaction sa = {.sa_sigaction = record, .sa_flags = SA_SIGINFO};
	if (masked)
		sigfillset(&sa.sa_mask);
	for (int i = 0; i < 5; i++)
		sigaction(sigs[i], &sa, 0);
	gots = 0;
	block(ALL);
	queue(45, 1);
	queue(45, 2);
	queue(36, 3);
	kill(getpid(), SIGTERM);
	kill(getpid(), SIGILL);
	kill(getpid(), SIGUSR1);
	block(0);
	char line[200] = "";
	for (int i = 0, n = 0; i < gots; i++)
		n += snprintf(line + n, sizeof line - n, " %d", got[i].si_signo);
	say(name, "run%s", line);
}

// Which thread takes a signal of the process: one that does not block it.
static volatile pid_t taker;
static volatile int done;
static void by(int sig) { taker = gettid(); }

static void *open_thread(void *arg)
{
	*(volatile pid_t *)arg = gettid();
	block(~BIT(SIGUSR1));
	while (!done)
		usleep(500);
	return 0;
}

static void threads(void)
{
	pthread_t t;
	volatile pid_t other = 0;
	signal(SIGUSR1, by);
	block(ALL);
	pthread_create(&t, 0, open_thread, (void *)&other);
	while (!other)
		usleep(500);
	kill(getpid(), SIGUSR1);
	while (!taker)
		usleep(500);
	say("a thread that does not block it", "%d", taker == other);
	taker = 0;
	tgkill(getpid(), gettid(), SIGUSR1);
	say("the thread's own stays", "%lx", pending());
	// What is for the process is seen as pending by each thread that blocks it.
	kill(getpid(), SIGUSR2);
	say("the process's is seen", "%lx", pending());
	done = 1;
	pthread_join(t, 0);
	drain("threads");
	block(0);
}

// Limits. A user of its own has nothing else queued.

static void limit(int n)
{
	struct rlimit l = {n, n};
	setrlimit(RLIMIT_SIGPENDING, &l);
}

// counted prints SigQ of /proc/self/status.
static void counted(const char *name)
{
	char text[4096];
	int fd = open("/proc/self/status", O_RDONLY), n = read(fd, text, sizeof text - 1), used = -1, most = -1;
	close(fd);
	text[n > 0 ? n : 0] = 0;
	char *p = strstr(text, "SigQ:");
	if (p)
		sscanf(p, "SigQ: %d/%d", &used, &most);
	say(name, "%d of %d", used, most);
}

static void beyond(void)
{
	siginfo_t i;
	result("beyond the limit, sigqueue", sigqueue(getpid(), 40, (union sigval){0}));
	result("beyond the limit, tgkill", tgkill(getpid(), gettid(), 40));
	result("beyond the limit, kill", kill(getpid(), 41));
	take(BIT(41), &i);
	about("beyond the limit, kill", &i);
	result("beyond the limit, kill of a standard one", kill(getpid(), SIGUSR1));
	take(BIT(SIGUSR1), &i);
	about("beyond the limit, kill of a standard one", &i);
	result("beyond the limit, sigqueue of a standard one", sigqueue(getpid(), SIGUSR2, (union sigval){5}));
	take(BIT(SIGUSR2), &i);
	about("beyond the limit, sigqueue of a standard one", &i);
	result("beyond the limit, tgkill of a standard one", tgkill(getpid(), gettid(), SIGUSR2));
	take(BIT(SIGUSR2), &i);
	about("beyond the limit, tgkill of a standard one", &i);
	int id;
	result("beyond the limit, timer_create", syscall(SYS_timer_create, CLOCK_MONOTONIC, 0, &id));
	result("beyond the limit, itself", kill(getpid(), 0));
}

static void limits(void)
{
	setresuid(4242, 4242, 4242);
	block(ALL);
	limit(3);
	counted("nothing queued");
	for (int i = 0; i < 4; i++)
		result("sigqueue with a limit of 3", sigqueue(getpid(), 40, (union sigval){i}));
	counted("three queued");
	beyond();
	// Others of the same user are counted together, each with its own limit.
	pid_t pid = fork();
	if (pid == 0) {
		say("a child has nothing pending", "%lx", pending());
		result("another process of the user", sigqueue(getpid(), 40, (union sigval){0}));
		counted("another process of the user");
		_exit(0);
	}
	reap("another process of the user", pid);
	drain("limits");
	counted("all taken");
	result("room again", sigqueue(getpid(), 40, (union sigval){0}));
	int id;
	result("timer_create is counted", syscall(SYS_timer_create, CLOCK_MONOTONIC, 0, &id));
	counted("a timer");
	result("timer_delete", syscall(SYS_timer_delete, id));
	counted("no timer");
	// A timer that is deleted while its signal is pending stays counted.
	struct sigevent e = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = 50};
	struct itimerspec soon = {{0, 0}, {0, 1}};
	syscall(SYS_timer_create, CLOCK_MONOTONIC, &e, &id);
	syscall(SYS_timer_settime, id, 0, &soon, 0);
	while (!(pending() & BIT(50)))
		usleep(500);
	counted("a timer that has expired");
	syscall(SYS_timer_delete, id);
	counted("deleted, its signal pending");
	drain("deleted");
	counted("deleted, its signal taken");
	// The limit is that of who gets the signal, and nobody's rights lift it.
}

static void limits_of_the_target(void)
{
	pid_t pid = fork();
	if (pid == 0) {
		setresuid(4243, 4243, 4243);
		limit(0);
		block(ALL);
		for (;;)
			pause();
	}
	await(pid, 'S');
	result("a target with a limit of 0, sigqueue", sigqueue(pid, 40, (union sigval){0}));
	result("a target with a limit of 0, kill", kill(pid, 40));
	kill(pid, SIGKILL);
	reap("a target with a limit of 0", pid);
}

void test_sigqueue(void)
{
	CHILD("order", order());
	CHILD("handlers", handlers("handlers, everything blocked", 1); handlers("handlers, nothing blocked", 0));
	CHILD("threads", threads());
	CHILD("limits", limits());
	limits_of_the_target();
}
