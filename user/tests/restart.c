// What signals do to calls that block: signal(7), "Interruption of system calls and
// library functions by signal handlers". Every call is made with every kind of
// signal, while a helper process looks on in /proc when it sleeps.
#include "check.h"

#include <linux/futex.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <time.h>

#ifndef SYS_futex_waitv
#define SYS_futex_waitv 449
#endif
#ifndef SYS_epoll_pwait2
#define SYS_epoll_pwait2 441
#endif

// What both processes see.
static struct shared {
	volatile int ready;   // the caller is about to call
	volatile int locked;  // the helper has what the caller wants
	volatile int handled; // handlers run
	int word;             // a futex
} *shared;

// The files of all rows.
static int in, out, full_in, full_out, event, timer, sigfd, poller, lock_fd, source;
static int master, slave; // of a pseudo terminal
static pid_t caller, helper;
static char buffer[70000];
static sigset_t usr2, none;

static long now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

// How long the sleeps without a handler are, which have to come to their end, and
// those that a handler ends.
#define SHORT 60
#define LONG 20000

static int span; // of the call, in ms

static struct timespec *relative(void)
{
	static struct timespec t;
	t = (struct timespec){span / 1000, span % 1000 * 1000000};
	return &t;
}

static struct timespec *absolute(int clock)
{
	static struct timespec t;
	clock_gettime(clock, &t);
	t.tv_sec += span / 1000;
	t.tv_nsec += span % 1000 * 1000000;
	if (t.tv_nsec >= 1000000000)
		t.tv_nsec -= 1000000000, t.tv_sec++;
	return &t;
}

// The calls.
static char c;
static struct iovec iov = {&c, 1}, whole = {buffer, sizeof buffer};
static uint64_t number = 1;

static long do_read(void) { return read(in, &c, 1); }
static long do_readv(void) { return readv(in, &iov, 1); }
static long do_write(void) { return write(full_out, "x", 1); }
static long do_writev(void) { return writev(full_out, &iov, 1); }
static long do_splice(void) { return splice(in, 0, full_out, 0, 1, 0); }
static long do_tee(void) { return tee(in, full_out, 1, 0); }
static long do_vmsplice(void) { return vmsplice(full_out, &iov, 1, 0); }
static long do_sendfile(void) { return sendfile(full_out, source, &(off_t){0}, 1); }
static long do_tty_read(void) { return read(slave, &c, 1); }
static long do_master_read(void) { return read(master, &c, 1); }
static long do_eventfd(void) { return read(event, &number, 8); }
static long do_timerfd(void) { return read(timer, &number, 8); }
static long do_signalfd(void) { struct signalfd_siginfo s; return read(sigfd, &s, sizeof s); }
static long do_fifo_read(void) { return open("/tmp/restart.fifo", O_RDONLY) < 0 ? -1 : 0; }
static long do_fifo_write(void) { return open("/tmp/restart.fifo", O_WRONLY) < 0 ? -1 : 0; }
static long do_flock(void) { return flock(lock_fd, LOCK_EX); }
static struct flock whole_file = {.l_type = F_WRLCK};
static long do_setlkw(void) { return fcntl(lock_fd, F_SETLKW, &whole_file); }
static long do_ofd_setlkw(void) { return fcntl(lock_fd, F_OFD_SETLKW, &whole_file); }
static long do_wait4(void) { return waitpid(helper, 0, 0) == helper ? 0 : -1; }
static long do_waitid(void) { siginfo_t i; return waitid(P_PID, helper, &i, WEXITED); }
static long do_futex(void) { return syscall(SYS_futex, &shared->word, FUTEX_WAIT, 0, 0, 0, 0); }
static long do_futex_timeout(void) { return syscall(SYS_futex, &shared->word, FUTEX_WAIT, 0, relative(), 0, 0); }
static long do_futex_bitset(void)
{
	return syscall(SYS_futex, &shared->word, FUTEX_WAIT_BITSET, 0, absolute(CLOCK_MONOTONIC), 0, -1);
}
static long do_futex_waitv(void)
{
	struct { uint64_t val, uaddr; uint32_t flags, reserved; } w = {0, (uintptr_t)&shared->word, 2, 0};
	return syscall(SYS_futex_waitv, &w, 1, 0, 0, 0);
}
static struct pollfd polled;
static long do_poll(void) { polled = (struct pollfd){in, POLLIN}; return poll(&polled, 1, -1); }
static long do_poll_timeout(void) { polled = (struct pollfd){in, POLLIN}; return poll(&polled, 1, LONG); }
static long do_ppoll(void) { polled = (struct pollfd){in, POLLIN}; return ppoll(&polled, 1, 0, &usr2); }
static long do_ppoll_timeout(void)
{
	polled = (struct pollfd){in, POLLIN};
	struct timespec t = {LONG / 1000, 0};
	long r = syscall(SYS_ppoll, &polled, 1, &t, 0, 8);
	return r == 1 && t.tv_sec >= LONG / 1000 ? -2 : r;
}
static long do_select(void) { fd_set s; FD_ZERO(&s); FD_SET(in, &s); return select(in + 1, &s, 0, 0, 0); }
static long do_pselect(void) { fd_set s; FD_ZERO(&s); FD_SET(in, &s); return pselect(in + 1, &s, 0, 0, 0, &usr2); }
static struct epoll_event happened;
static long do_epoll_wait(void) { return epoll_wait(poller, &happened, 1, -1); }
static long do_epoll_pwait(void) { return epoll_pwait(poller, &happened, 1, LONG, &usr2); }
static long do_epoll_pwait2(void) { return syscall(SYS_epoll_pwait2, poller, &happened, 1, 0, 0, 8); }
static long do_sigtimedwait(void) { return sigtimedwait(&usr2, 0, &(struct timespec){LONG / 1000, 0}); }
static long do_sigwaitinfo(void) { return sigwaitinfo(&usr2, 0); }
static long do_sigsuspend(void) { return sigsuspend(&none); }
static long do_pause(void) { return syscall(SYS_ppoll, 0, 0, 0, 0, 8); }

// Sleeps tell whether they were long enough. The remainder is in rest.
static struct timespec rest;
static long slept(long start, long r) { return r == 0 && now_ms() - start < span - 1 ? -2 : r; }
static long do_nanosleep(void)
{
	long start = now_ms();
	return slept(start, syscall(SYS_nanosleep, relative(), &rest));
}
static long do_clock_nanosleep(void)
{
	long start = now_ms();
	return slept(start, syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, relative(), &rest));
}
static long do_clock_nanosleep_real(void)
{
	long start = now_ms();
	return slept(start, syscall(SYS_clock_nanosleep, CLOCK_REALTIME, 0, relative(), &rest));
}
static long do_clock_nanosleep_abs(void)
{
	long start = now_ms();
	return slept(start, syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, absolute(CLOCK_MONOTONIC), &rest));
}
static long do_poll_sleep(void) { long start = now_ms(); return slept(start, poll(0, 0, span)); }
static long do_select_sleep(void)
{
	long start = now_ms();
	struct timeval t = {span / 1000, span % 1000 * 1000};
	return slept(start, select(0, 0, 0, 0, &t));
}

// What the helper does before the call, and to let it come to its end.
static void nothing(void) {}
static void feed(void) { write(out, "x", 1); }
static void drain(void) { read(full_in, buffer, sizeof buffer); }
static void feed_drain(void) { feed(); drain(); }
static void type(void) { write(master, "x\n", 2); }
static void print(void) { write(slave, "x", 1); }
static void post(void) { number = 1; write(event, &number, 8); }
static void fire(void) { timerfd_settime(timer, 0, &(struct itimerspec){{0, 0}, {0, 1}}, 0); }
static void usr2_it(void) { kill(caller, SIGUSR2); }
// The other end goes away when the helper does: by then both are open.
static void open_both(void) { open("/tmp/restart.fifo", O_RDWR); }
static void take_flock(void) { lock_fd = open("/tmp/restart.lock", O_RDWR); flock(lock_fd, LOCK_EX); }
static void take_setlkw(void) { fcntl(lock_fd, F_SETLKW, &whole_file); }
static void let_go(void) { close(lock_fd); }
static void wake(void)
{
	shared->word = 1;
	syscall(SYS_futex, &shared->word, FUTEX_WAKE, 1, 0, 0, 0);
}
static void handled_one(void) { kill(caller, SIGWINCH); }

static const struct call {
	const char *name;
	long (*call)(void);
	void (*before)(void);
	void (*finish)(void);
} calls[] = {
	{"read", do_read, nothing, feed},
	{"readv", do_readv, nothing, feed},
	{"write", do_write, nothing, drain},
	{"writev", do_writev, nothing, drain},
	{"splice", do_splice, nothing, feed_drain},
	{"tee", do_tee, nothing, feed_drain},
	{"vmsplice", do_vmsplice, nothing, drain},
	{"sendfile", do_sendfile, nothing, drain},
	{"read of a terminal", do_tty_read, nothing, type},
	{"read of a pty's master", do_master_read, nothing, print},
	{"eventfd", do_eventfd, nothing, post},
	{"timerfd", do_timerfd, nothing, fire},
	{"signalfd", do_signalfd, nothing, usr2_it},
	{"open fifo to read", do_fifo_read, nothing, open_both},
	{"open fifo to write", do_fifo_write, nothing, open_both},
	{"flock", do_flock, take_flock, let_go},
	{"F_SETLKW", do_setlkw, take_setlkw, let_go},
	{"F_OFD_SETLKW", do_ofd_setlkw, take_setlkw, let_go},
	{"wait4", do_wait4, nothing, nothing},
	{"waitid", do_waitid, nothing, nothing},
	{"futex", do_futex, nothing, wake},
	{"futex, timeout", do_futex_timeout, nothing, wake},
	{"futex, bitset", do_futex_bitset, nothing, wake},
	{"futex_waitv", do_futex_waitv, nothing, wake},
	{"poll", do_poll, nothing, feed},
	{"poll, timeout", do_poll_timeout, nothing, feed},
	{"ppoll", do_ppoll, nothing, feed},
	{"ppoll, timeout", do_ppoll_timeout, nothing, feed},
	{"select", do_select, nothing, feed},
	{"pselect", do_pselect, nothing, feed},
	{"epoll_wait", do_epoll_wait, nothing, feed},
	{"epoll_pwait", do_epoll_pwait, nothing, feed},
	{"epoll_pwait2", do_epoll_pwait2, nothing, feed},
	{"sigtimedwait", do_sigtimedwait, nothing, usr2_it},
	{"sigwaitinfo", do_sigwaitinfo, nothing, usr2_it},
	{"sigsuspend", do_sigsuspend, nothing, handled_one},
	{"pause", do_pause, nothing, handled_one},
	{"nanosleep", do_nanosleep, nothing, nothing},
	{"clock_nanosleep", do_clock_nanosleep, nothing, nothing},
	{"clock_nanosleep, real time", do_clock_nanosleep_real, nothing, nothing},
	{"clock_nanosleep, absolute", do_clock_nanosleep_abs, nothing, nothing},
	{"poll that sleeps", do_poll_sleep, nothing, nothing},
	{"select that sleeps", do_select_sleep, nothing, nothing},
};

static void count_it(int sig)
{
	if (sig == SIGUSR1)
		shared->handled++;
}

static void on(int sig, void (*handler)(int), int flags)
{
	struct sigaction sa = {.sa_handler = handler, .sa_flags = flags};
	sigaction(sig, &sa, 0);
}

enum { PLAIN, RESTART, IGNORED, STOPPED };
static const char *const modes[] = {"handler", "SA_RESTART", "ignored", "stopped"};

// disturb is the helper: it sends the signal when the caller sleeps, and lets the
// call succeed when the caller sleeps again.
static void disturb(const struct call *k, int mode)
{
	k->before();
	shared->locked = 1;
	while (!shared->ready)
		usleep(200);
	await(caller, 'S');
	switch (mode) {
	case STOPPED:
		kill(caller, SIGSTOP);
		await(caller, 'T');
		kill(caller, SIGCONT);
		break;
	default:
		kill(caller, SIGUSR1);
	}
	if (mode == PLAIN || mode == RESTART)
		while (!shared->handled)
			usleep(200);
	await(caller, 'S');
	k->finish();
	_exit(0);
}

static void files(void)
{
	int p[2], flags;
	pipe(p), in = p[0], out = p[1];
	pipe(p), full_in = p[0], full_out = p[1];
	flags = fcntl(full_out, F_GETFL);
	fcntl(full_out, F_SETFL, flags | O_NONBLOCK);
	while (write(full_out, buffer, 4096) > 0)
		;
	fcntl(full_out, F_SETFL, flags);
	master = open("/dev/ptmx", O_RDWR | O_NOCTTY);
	unlockpt(master);
	slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	source = open("/proc/self/exe", O_RDONLY);
	event = eventfd(0, 0);
	timer = timerfd_create(CLOCK_MONOTONIC, 0);
	sigfd = signalfd(-1, &usr2, 0);
	poller = epoll_create1(0);
	happened.events = EPOLLIN;
	epoll_ctl(poller, EPOLL_CTL_ADD, in, &happened);
	lock_fd = open("/tmp/restart.lock", O_RDWR | O_CREAT, 0600);
}

// one makes one call with one kind of signal.
static void one(const struct call *k, int mode)
{
	pid_t pid = fork();
	if (pid != 0) {
		waitpid(pid, 0, 0);
		return;
	}
	memset(shared, 0, sizeof *shared);
	caller = getpid();
	span = mode == PLAIN || mode == RESTART ? LONG : SHORT;
	files();
	sigprocmask(SIG_BLOCK, &usr2, 0);
	on(SIGUSR1, mode == IGNORED ? SIG_IGN : count_it, mode == RESTART ? SA_RESTART : 0);
	on(SIGWINCH, count_it, 0);
	helper = fork();
	if (helper == 0)
		disturb(k, mode);
	while (!shared->locked)
		usleep(200);
	// These wait for the finish without an end to their time.
	if (mode == STOPPED || mode == IGNORED)
		if (k->call == do_futex_timeout || k->call == do_futex_bitset)
			span = LONG;
	rest.tv_sec = -5;
	shared->ready = 1;
	long r = k->call();
	int e = r == -1 ? errno : 0;
	char name[80];
	snprintf(name, sizeof name, "restart %s, %s", k->name, modes[mode]);
	// A short sleep may be over before the helper has seen it.
	int left = mode == STOPPED || rest.tv_sec == -5 ? -1 : rest.tv_sec <= LONG / 1000;
	say(name, "%ld errno %d handled %d rest %d", r, e, shared->handled, left);
	waitpid(helper, 0, 0);
	_exit(0);
}

static void every_call(void)
{
	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
		for (int mode = PLAIN; mode <= STOPPED; mode++)
			one(&calls[i], mode);
}

// More signals than one.

static int second_in, second_out;
static volatile int order[8], orders;

static void note(int sig)
{
	order[orders++] = sig;
}

static void blocks(int sig)
{
	char d;
	order[orders++] = sig;
	shared->word = 1;
	long r = read(second_in, &d, 1); // SIGUSR2 comes in it
	order[orders++] = r;
}

static void said(const char *name, long r)
{
	int e = r == -1 ? errno : 0;
	say(name, "%ld errno %d: %d %d %d %d", r, e, order[0], order[1], order[2], order[3]);
}

// two_at_once sends both signals while the caller is stopped in a read.
static void two_at_once(int flags1, int flags2)
{
	char name[80];
	orders = 0;
	memset((void *)order, 0, sizeof order);
	on(SIGUSR1, note, flags1);
	on(SIGUSR2, note, flags2);
	caller = getpid();
	shared->ready = 0;
	pid_t pid = fork();
	if (pid == 0) {
		while (!shared->ready)
			usleep(200);
		await(caller, 'S');
		kill(caller, SIGSTOP);
		await(caller, 'T');
		kill(caller, SIGUSR2);
		kill(caller, SIGUSR1);
		kill(caller, SIGCONT);
		await(caller, 'S');
		write(out, "x", 1);
		_exit(0);
	}
	shared->ready = 1;
	long r = read(in, &c, 1);
	snprintf(name, sizeof name, "two at once %d %d", !!flags1, !!flags2);
	said(name, r);
	waitpid(pid, 0, 0);
	if (r < 0)
		read(in, &c, 1);
}

// a_handler_that_blocks is interrupted in a call of its own.
static void a_handler_that_blocks(int flags1, int flags2)
{
	char name[80];
	orders = 0;
	memset((void *)order, 0, sizeof order);
	on(SIGUSR1, blocks, flags1);
	on(SIGUSR2, note, flags2);
	caller = getpid();
	shared->ready = shared->word = 0;
	pid_t pid = fork();
	if (pid == 0) {
		while (!shared->ready)
			usleep(200);
		await(caller, 'S');
		kill(caller, SIGUSR1);
		while (!shared->word)
			usleep(200);
		await(caller, 'S');
		kill(caller, SIGUSR2);
		await(caller, 'S');
		if (flags2)
			write(second_out, "y", 1);
		await(caller, 'S');
		write(out, "x", 1);
		_exit(0);
	}
	shared->ready = 1;
	long r = read(in, &c, 1);
	snprintf(name, sizeof name, "a handler that blocks %d %d", !!flags1, !!flags2);
	said(name, r);
	waitpid(pid, 0, 0);
	if (r < 0)
		read(in, &c, 1);
}

#include <setjmp.h>
static sigjmp_buf back;
static void jump(int sig) { siglongjmp(back, sig); }

static void jumps(void)
{
	on(SIGUSR1, jump, SA_RESTART);
	caller = getpid();
	shared->ready = 0;
	pid_t pid = fork();
	if (pid == 0) {
		while (!shared->ready)
			usleep(200);
		await(caller, 'S');
		kill(caller, SIGUSR1);
		_exit(0);
	}
	int sig = sigsetjmp(back, 1);
	if (sig == 0) {
		shared->ready = 1;
		read(in, &c, 1);
		say("siglongjmp", "never");
	}
	say("siglongjmp", "%d", sig);
	waitpid(pid, 0, 0);
	write(out, "z", 1);
	result("read after siglongjmp", read(in, &c, 1));
	result("restart_syscall", syscall(SYS_restart_syscall));
	// A sleep that was interrupted by a handler leaves nothing to go on with.
	on(SIGUSR1, note, 0);
	shared->ready = 0;
	pid = fork();
	if (pid == 0) {
		while (!shared->ready)
			usleep(200);
		await(caller, 'S');
		kill(caller, SIGUSR1);
		_exit(0);
	}
	shared->ready = 1;
	result("sleep", syscall(SYS_nanosleep, &(struct timespec){20, 0}, 0));
	waitpid(pid, 0, 0);
	result("restart_syscall after a sleep", syscall(SYS_restart_syscall));
}

// vfork: the parent sleeps until the child has ended, whatever comes.
static void vforks(void)
{
	orders = 0;
	on(SIGUSR1, note, 0);
	caller = getpid();
	pid_t pid = vfork();
	if (pid == 0) {
		kill(caller, SIGUSR1);
		_exit(orders);
	}
	say("vfork, a signal meanwhile", "%d", pid > 0);
	reap("vfork, handlers before its end", pid);
	say("vfork, handlers", "%d", orders);
	// The child has no pending signal of its parent.
	sigset_t old;
	sigprocmask(SIG_BLOCK, &usr2, &old);
	raise(SIGUSR2);
	pid = fork();
	if (pid == 0) {
		sigset_t pending;
		sigpending(&pending);
		_exit(sigismember(&pending, SIGUSR2));
	}
	reap("fork, pending of the child", pid);
	on(SIGUSR2, SIG_IGN, 0);
	sigprocmask(SIG_SETMASK, &old, 0);
}

void test_restart(void)
{
	shared = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	sigemptyset(&none);
	sigemptyset(&usr2);
	sigaddset(&usr2, SIGUSR2);
	mknod("/tmp/restart.fifo", S_IFIFO | 0600, 0);
	every_call();
	int p[2];
	pipe(p), in = p[0], out = p[1];
	pipe(p), second_in = p[0], second_out = p[1];
	for (int i = 0; i < 4; i++)
		two_at_once(i & 1 ? SA_RESTART : 0, i & 2 ? SA_RESTART : 0);
	for (int i = 0; i < 4; i++)
		a_handler_that_blocks(i & 1 ? SA_RESTART : 0, i & 2 ? SA_RESTART : 0);
	jumps();
	vforks();
	unlink("/tmp/restart.fifo");
	unlink("/tmp/restart.lock");
}
