// What the siginfo says of every source of signals: sigaction(2).
#include "sigtest.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/time.h>
#include <time.h>

#ifndef SI_DETHREAD
#define SI_DETHREAD -7
#endif

// taken prints the pending signal of a number.
static void taken(const char *name, int sig)
{
	siginfo_t i;
	memset(&i, 0x55, sizeof i);
	if (take(BIT(sig), &i) < 0)
		return result(name, -1);
	about(name, &i);
}

// rest tells whether the bytes that no layout has are 0.
static int rest(const siginfo_t *i)
{
	const char *p = (const char *)i;
	for (int n = 48; n < 128; n++)
		if (p[n])
			return 0;
	return 1;
}

static void calls(void)
{
	block(ALL);
	kill(getpid(), SIGUSR1), taken("kill", SIGUSR1);
	kill(getpid(), 40), taken("kill, real-time", 40);
	syscall(SYS_tkill, gettid(), SIGUSR1), taken("tkill", SIGUSR1);
	tgkill(getpid(), gettid(), 40), taken("tgkill, real-time", 40);
	sigqueue(getpid(), SIGUSR1, (union sigval){.sival_ptr = (void *)0x123456789abcdef}), taken("sigqueue", SIGUSR1);
	pid_t pid = fork();
	if (pid == 0) {
		setresuid(7, 0, 0); // the real one is told
		kill(getppid(), SIGUSR2);
		sigqueue(getppid(), 41, (union sigval){.sival_int = 9});
		_exit(0);
	}
	reap("of a child", pid);
	taken("kill of a child", SIGUSR2);
	taken("sigqueue of a child", 41);
}

// Every code, to oneself and to another. What is not known must end in zeros.
static void codes(void)
{
	static const int codes[] = {0, 1, 2, 5, 6, 7, 9, 15, 16, 0x7f, 0x80, 0x81, 0x7fffffff, -1, -2, -3, -4, -5, -6, -7, -8, -59, -60, -61,
		(int)0x80000000};
	static const int sigs[] = {SIGUSR1, SIGSEGV, SIGBUS, SIGCHLD, SIGIO, SIGSYS, SIGTRAP, SIGFPE, SIGILL, 40};
	pid_t other = sleeper();
	block(ALL);
	for (unsigned s = 0; s < sizeof sigs / sizeof *sigs; s++)
		for (unsigned c = 0; c < sizeof codes / sizeof *codes; c++) {
			char name[80];
			siginfo_t i, out;
			long r[5];
			for (int way = 0; way < 4; way++) {
				memset(&i, 0, sizeof i);
				memset((char *)&i + 16, 0x11, 32);
				i.si_code = codes[c];
				i.si_signo = 99;
				i.si_errno = 3;
				if (way & 1)
					((char *)&i)[127] = 1;
				errno = 0;
				if (way < 2)
					r[way] = syscall(SYS_rt_sigqueueinfo, getpid(), sigs[s], &i) ? errno : 0;
				else
					r[way] = syscall(SYS_rt_tgsigqueueinfo, getpid(), gettid(), sigs[s], &i) ? errno : 0;
				memset(&out, 0x55, sizeof out);
				if (r[way] == 0 && (take(BIT(sigs[s]), &out) != sigs[s] || out.si_signo != sigs[s] || out.si_errno != 3 ||
						out.si_code != codes[c] || memcmp((char *)&i + 16, (char *)&out + 16, 32) || !rest(&out)))
					r[way] = -1;
			}
			((char *)&i)[127] = 0;
			r[4] = syscall(SYS_rt_sigqueueinfo, other, 0, &i) ? errno : 0;
			snprintf(name, sizeof name, "signal %d code %d", sigs[s], codes[c]);
			say(name, "%ld %ld %ld %ld, another %ld", r[0], r[1], r[2], r[3], r[4]);
		}
	kill(other, SIGKILL);
	waitpid(other, 0, 0);
}

static void bad_calls(void)
{
	siginfo_t i = {.si_code = SI_QUEUE};
	pid_t me = getpid();
	result("rt_sigqueueinfo, signal 65", syscall(SYS_rt_sigqueueinfo, me, 65, &i));
	result("rt_sigqueueinfo, signal -1", syscall(SYS_rt_sigqueueinfo, me, -1, &i));
	result("rt_sigqueueinfo, signal 0", syscall(SYS_rt_sigqueueinfo, me, 0, &i));
	result("rt_sigqueueinfo, pid 0", syscall(SYS_rt_sigqueueinfo, 0, SIGUSR1, &i));
	result("rt_sigqueueinfo, pid -1", syscall(SYS_rt_sigqueueinfo, -1, SIGUSR1, &i));
	result("rt_sigqueueinfo, nobody", syscall(SYS_rt_sigqueueinfo, 29999, SIGUSR1, &i));
	result("rt_sigqueueinfo, null", syscall(SYS_rt_sigqueueinfo, me, SIGUSR1, 0));
	result("rt_tgsigqueueinfo, null and pid 0", syscall(SYS_rt_tgsigqueueinfo, 0, 0, SIGUSR1, 0));
	result("rt_tgsigqueueinfo, pid 0", syscall(SYS_rt_tgsigqueueinfo, 0, me, SIGUSR1, &i));
	result("rt_tgsigqueueinfo, tid 0", syscall(SYS_rt_tgsigqueueinfo, me, 0, SIGUSR1, &i));
	result("rt_tgsigqueueinfo, another's thread", syscall(SYS_rt_tgsigqueueinfo, me, getppid(), SIGUSR1, &i));
	result("rt_tgsigqueueinfo, signal 65", syscall(SYS_rt_tgsigqueueinfo, me, me, 65, &i));
	i.si_code = 0;
	result("rt_sigqueueinfo, SI_USER and nobody", syscall(SYS_rt_sigqueueinfo, 29999, SIGUSR1, &i));
	// Only what a layout has is read, unless the code is not known; all is written.
	char *end = (char *)mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) + 4096;
	munmap(end, 4096);
	block(ALL);
	for (int size = 40; size <= 48; size += 8) {
		siginfo_t *short_info = (siginfo_t *)(end - size);
		memset(short_info, 0, size);
		short_info->si_code = SI_QUEUE;
		result("rt_sigqueueinfo, short", syscall(SYS_rt_sigqueueinfo, me, 40, short_info));
		short_info->si_code = -100;
		result("rt_sigqueueinfo, short and unknown", syscall(SYS_rt_sigqueueinfo, me, 40, short_info));
	}
	kill(me, 40);
	result("sigtimedwait, short", take(BIT(40), (siginfo_t *)(end - 48)));
	say("sigtimedwait, short", "%lx", pending());
}

// What the kernel sends by itself.
static void kernel(void)
{
	int p[2], fd;
	block(ALL);
	pipe(p);
	close(p[0]);
	result("write to a broken pipe", write(p[1], "x", 1));
	taken("SIGPIPE", SIGPIPE);
	struct rlimit l = {100, RLIM_INFINITY};
	fd = open("/tmp/sigsource", O_RDWR | O_CREAT | O_TRUNC, 0600);
	setrlimit(RLIMIT_FSIZE, &l);
	result("write behind RLIMIT_FSIZE", pwrite(fd, "x", 1, 100));
	taken("SIGXFSZ", SIGXFSZ);
	result("ftruncate behind RLIMIT_FSIZE", ftruncate(fd, 101));
	taken("SIGXFSZ of ftruncate", SIGXFSZ);
	unlink("/tmp/sigsource");
	struct itimerval soon = {{0, 0}, {0, 1}};
	unsigned long set;
	siginfo_t i;
	for (int which = ITIMER_REAL; which <= ITIMER_PROF; which++) {
		char name[40];
		int sig = which == ITIMER_REAL ? SIGALRM : which == ITIMER_VIRTUAL ? SIGVTALRM : SIGPROF;
		snprintf(name, sizeof name, "setitimer %d", which);
		setitimer(which, &soon, 0);
		while (!(pending() & BIT(sig)))
			;
		taken(name, sig);
	}
	l = (struct rlimit){1, 100};
	setrlimit(RLIMIT_CPU, &l);
	while (!(pending() & BIT(SIGXCPU)))
		;
	taken("SIGXCPU", SIGXCPU);
	// The signal of a parent's end, of a process and of a thread's choice.
	int q[2];
	pipe(p);
	pipe(q);
	pid_t pid = fork();
	if (pid == 0) {
		pid_t parent = getpid(), child = fork();
		if (child == 0) {
			char c;
			block(ALL);
			prctl(PR_SET_PDEATHSIG, SIGUSR1);
			write(p[1], "x", 1);
			set = BIT(SIGUSR1);
			syscall(SYS_rt_sigtimedwait, &set, &i, 0, 8);
			say("the parent's end", "code %d pid %d uid %d", i.si_code, i.si_pid == parent, i.si_uid);
			write(q[1], "x", 1);
			_exit(0);
		}
		char c;
		read(p[0], &c, 1);
		setresuid(8, 0, 0);
		_exit(0);
	}
	char c;
	read(q[0], &c, 1);
	reap("parent", pid);
	// A group that has become orphaned, with a member that is stopped.
	pid = fork();
	if (pid == 0) {
		setpgid(0, 0);
		pid_t child = fork();
		if (child == 0) {
			block(ALL);
			raise(SIGSTOP);
			for (set = BIT(SIGHUP); syscall(SYS_rt_sigtimedwait, &set, &i, 0, 8) < 0;)
				;
			say("a stopped orphan, SIGHUP", "code %d pid %d", i.si_code, i.si_pid);
			set = BIT(SIGCONT);
			syscall(SYS_rt_sigtimedwait, &set, &i, 0, 8);
			say("a stopped orphan, SIGCONT", "code %d pid %d", i.si_code, i.si_pid);
			write(q[1], "x", 1);
			_exit(0);
		}
		waitpid(child, 0, WUNTRACED);
		_exit(0);
	}
	read(q[0], &c, 1);
	reap("leader", pid);
}

static void timer_info(const char *name, const siginfo_t *i, int id)
{
	say(name, "signal %d code %d timer %d overrun %d value %lx errno %d", i->si_signo, i->si_code, i->si_timerid == id, i->si_overrun,
		(long)i->si_value.sival_ptr, i->si_errno);
}

#define KERNEL_THREAD_ID SIGEV_THREAD_ID

static void timers(void)
{
	static const struct { int notify, sig; } kinds[] = {
		{SIGEV_SIGNAL, SIGUSR1}, {SIGEV_SIGNAL, 40}, {SIGEV_SIGNAL, SIGALRM}, {SIGEV_THREAD, 41}, {SIGEV_THREAD_ID, 42},
		{SIGEV_THREAD_ID, SIGUSR2}, {SIGEV_NONE, 43}, {SIGEV_NONE, 0}, {SIGEV_NONE, 99}, {SIGEV_SIGNAL, 0}, {SIGEV_SIGNAL, 65},
		{SIGEV_SIGNAL, SIGKILL}, {SIGEV_THREAD, 0}, {SIGEV_THREAD_ID | SIGEV_NONE, 44}, {SIGEV_THREAD_ID | SIGEV_THREAD, 44}, {8, 44}, {-1, 44},
	};
	static const int clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME, CLOCK_TAI, CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID};
	struct itimerspec soon = {{0, 0}, {0, 1}}, off = {{0}};
	siginfo_t i;
	int id;
	block(ALL);
	for (unsigned k = 0; k < sizeof kinds / sizeof *kinds; k++) {
		char name[80];
		struct sigevent e = {.sigev_notify = kinds[k].notify, .sigev_signo = kinds[k].sig, .sigev_value.sival_ptr = (void *)0x1122334455667788};
		e._sigev_un._tid = gettid();
		snprintf(name, sizeof name, "timer_create, notify %d signal %d", kinds[k].notify, kinds[k].sig);
		long r = syscall(SYS_timer_create, CLOCK_MONOTONIC, &e, &id);
		result(name, r);
		if (r)
			continue;
		if (kinds[k].notify == SIGEV_NONE) {
			syscall(SYS_timer_settime, id, 0, &soon, 0);
			struct itimerspec left;
			do
				syscall(SYS_timer_gettime, id, &left);
			while (left.it_value.tv_nsec);
			say(name, "pending %lx", pending());
		} else if (kinds[k].sig != SIGKILL) {
			syscall(SYS_timer_settime, id, 0, &soon, 0);
			while (!(pending() & BIT(kinds[k].sig)))
				;
			// Of a thread, or of the process: a child's view of its own.
			take(BIT(kinds[k].sig), &i);
			timer_info(name, &i, id);
			result(name, syscall(SYS_timer_getoverrun, id));
		}
		syscall(SYS_timer_delete, id);
	}
	for (unsigned k = 0; k < sizeof clocks / sizeof *clocks; k++) {
		char name[80];
		snprintf(name, sizeof name, "timer of clock %d", clocks[k]);
		result(name, syscall(SYS_timer_create, clocks[k], 0, &id));
		syscall(SYS_timer_settime, id, 0, &soon, 0);
		while (!(pending() & BIT(SIGALRM)))
			;
		take(BIT(SIGALRM), &i);
		say(name, "code %d overrun %d value is the id %d", i.si_code, i.si_overrun, i.si_value.sival_int == id);
		syscall(SYS_timer_delete, id);
	}
	struct sigevent e = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = 40};
	e._sigev_un._tid = 1;
	result("timer of another process's thread", syscall(SYS_timer_create, CLOCK_MONOTONIC, &e, &id));
	e._sigev_un._tid = 0;
	result("timer of thread 0", syscall(SYS_timer_create, CLOCK_MONOTONIC, &e, &id));
	result("timer, no event to read", syscall(SYS_timer_create, CLOCK_MONOTONIC, 8, &id));
	result("timer, nowhere to write", syscall(SYS_timer_create, CLOCK_MONOTONIC, 0, 8));
	// Overruns: those of a timer whose signal nobody takes, by an absolute time
	// that is long past.
	e = (struct sigevent){.sigev_notify = SIGEV_SIGNAL, .sigev_signo = 45};
	struct timespec now;
	syscall(SYS_timer_create, CLOCK_MONOTONIC, &e, &id);
	clock_gettime(CLOCK_MONOTONIC, &now);
	struct itimerspec past = {{1, 0}, {now.tv_sec - 1000000, 1}};
	if (now.tv_sec < 1000000) // the clock begins at 0
		past = (struct itimerspec){{0, 1000}, {0, 1}};
	syscall(SYS_timer_settime, id, TIMER_ABSTIME, &past, 0);
	while (!(pending() & BIT(45)))
		;
	take(BIT(45), &i);
	say("timer with missed expiries", "%d is what timer_getoverrun says %d", i.si_overrun > 100000,
		(long)i.si_overrun == syscall(SYS_timer_getoverrun, id));
	syscall(SYS_timer_settime, id, 0, &off, 0);
	take(BIT(45), &i);
	result("timer_getoverrun after timer_settime", syscall(SYS_timer_getoverrun, id));
	syscall(SYS_timer_delete, id);
	// A standard signal that is pending already does not swallow a timer's.
	e.sigev_signo = SIGUSR1;
	syscall(SYS_timer_create, CLOCK_MONOTONIC, &e, &id);
	kill(getpid(), SIGUSR1);
	syscall(SYS_timer_settime, id, 0, &soon, 0);
	struct itimerspec left;
	do
		syscall(SYS_timer_gettime, id, &left);
	while (left.it_value.tv_nsec);
	usleep(20000);
	take(BIT(SIGUSR1), &i);
	say("a timer behind a kill, first", "%d", i.si_code);
	take(BIT(SIGUSR1), &i);
	say("a timer behind a kill, second", "%d", i.si_code);
	// Ignored, nothing is pending.
	signal(SIGUSR1, SIG_IGN);
	block(ALL & ~BIT(SIGUSR1));
	syscall(SYS_timer_settime, id, 0, &soon, 0);
	do
		syscall(SYS_timer_gettime, id, &left);
	while (left.it_value.tv_nsec);
	usleep(20000);
	say("a timer of an ignored signal", "%lx", pending());
	syscall(SYS_timer_delete, id);
	// fork gives no timers to the child.
	block(ALL);
	syscall(SYS_timer_create, CLOCK_MONOTONIC, 0, &id);
	CHILD("timer of the parent", result("timer of the parent", syscall(SYS_timer_gettime, id, &left)));
	syscall(SYS_timer_delete, id);
}

// What a signalfd makes of every layout.
static void files(void)
{
	static const struct { int sig, code; } layouts[] = {
		{SIGUSR1, SI_USER}, {SIGUSR1, SI_KERNEL}, {SIGUSR1, SI_QUEUE}, {SIGUSR1, SI_TIMER}, {SIGUSR1, SI_SIGIO}, {SIGUSR1, SI_TKILL},
		{SIGUSR1, 1}, {SIGUSR1, 6}, {SIGUSR1, 7}, {SIGSEGV, 1}, {SIGSEGV, 3}, {SIGSEGV, 4}, {SIGSEGV, 9}, {SIGSEGV, 10}, {SIGSEGV, 11},
		{SIGBUS, 3}, {SIGBUS, 4}, {SIGBUS, 5}, {SIGBUS, 6}, {SIGBUS, 7}, {SIGILL, 11}, {SIGILL, 12}, {SIGFPE, 15}, {SIGFPE, 16},
		{SIGTRAP, 6}, {SIGTRAP, 7}, {SIGCHLD, 6}, {SIGCHLD, 7}, {SIGIO, 6}, {SIGIO, 7}, {SIGSYS, 1}, {SIGSYS, 2}, {SIGSYS, 3}, {SIGSYS, -6},
	};
	block(ALL);
	unsigned long all = ALL;
	int fd = syscall(SYS_signalfd4, -1, &all, 8, SFD_NONBLOCK);
	for (unsigned k = 0; k < sizeof layouts / sizeof *layouts; k++) {
		char name[80], line[300] = "";
		siginfo_t i;
		memset(&i, 0, sizeof i);
		for (int n = 16; n < 48; n++)
			((char *)&i)[n] = n;
		i.si_code = layouts[k].code;
		i.si_errno = 9;
		snprintf(name, sizeof name, "signalfd, signal %d code %d", layouts[k].sig, layouts[k].code);
		result(name, syscall(SYS_rt_sigqueueinfo, getpid(), layouts[k].sig, &i));
		uint32_t out[32];
		memset(out, 0x55, sizeof out);
		result(name, read(fd, out, sizeof out));
		for (int n = 0, at = 0; n < 32; n++)
			if (out[n])
				at += snprintf(line + at, sizeof line - at, " %d:%x", 4 * n, out[n]);
		say(name, "%s", line);
	}
	close(fd);
}

void test_sigsource(void)
{
	CHILD("calls", calls());
	CHILD("codes", codes());
	CHILD("bad calls", bad_calls());
	CHILD("kernel", kernel());
	CHILD("timers", timers());
	CHILD("signalfd", files());
}
