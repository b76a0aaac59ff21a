// Signals of open files with O_ASYNC (fcntl(2): F_SETOWN, F_SETSIG).
#include "pty.h"

#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#define RT (SIGRTMIN + 3)

static volatile sig_atomic_t count, from, code, fd, band;

static void note(int sig, siginfo_t *info, void *context)
{
	(void)context;
	count++;
	from = sig;
	code = info->si_code;
	band = info->si_band;
	fd = info->si_fd;
}

static void handle(int sig)
{
	struct sigaction sa = {.sa_sigaction = note, .sa_flags = SA_SIGINFO | SA_RESTART};
	sigaction(sig, &sa, 0);
	count = 0;
}

// told prints which signals have come since the last time. A SIGIO that was not asked
// for by F_SETSIG has neither band nor descriptor.
static void told(const char *name, int file)
{
	if (count == 0)
		say(name, "nothing");
	else if (code == SI_KERNEL)
		say(name, "%d of %s", count, from == SIGIO ? "SIGIO" : "others");
	else
		say(name, "%d of %d code %d band %#x fd %d", count, from - (from >= RT ? RT : 0), code, band, fd == file);
	count = 0;
}

static void async(int file, int on)
{
	int flags = fcntl(file, F_GETFL);
	result("F_SETFL", fcntl(file, F_SETFL, on ? flags | O_ASYNC : flags & ~O_ASYNC));
	say("O_ASYNC", "%d", (fcntl(file, F_GETFL) & O_ASYNC) != 0);
}

static void owner(const char *name, int file)
{
	struct f_owner_ex ex = {-1, -1};
	int pid = fcntl(file, F_GETOWN);
	fcntl(file, F_GETOWN_EX, &ex);
	say(name, "%d type %d ex %d", pid == getpid() ? 1 : pid == -getpgrp() ? -1 : pid, ex.type,
	    ex.pid == getpid() ? 1 : ex.pid == getpgrp() ? -1 : ex.pid);
}

static void owners(void)
{
	int p[2];
	struct f_owner_ex ex = {F_OWNER_TID, gettid()};
	pipe(p);
	owner("owner of a new file", p[0]);
	result("F_SETOWN", fcntl(p[0], F_SETOWN, getpid()));
	owner("own process", p[0]);
	result("F_SETOWN_EX thread", fcntl(p[0], F_SETOWN_EX, &ex));
	owner("own thread", p[0]);
	ex = (struct f_owner_ex){F_OWNER_PGRP, getpgrp()};
	result("F_SETOWN_EX group", fcntl(p[0], F_SETOWN_EX, &ex));
	say("own group", "%d", fcntl(p[0], F_GETOWN) == -getpgrp());
	result("F_SETOWN nobody", fcntl(p[0], F_SETOWN, 0));
	owner("nobody", p[0]);
	ex = (struct f_owner_ex){3, getpid()};
	result("F_SETOWN_EX type", fcntl(p[0], F_SETOWN_EX, &ex));
	ex = (struct f_owner_ex){F_OWNER_PID, -getpid()};
	result("F_SETOWN_EX negative", fcntl(p[0], F_SETOWN_EX, &ex));
	result("F_SETOWN_EX address", fcntl(p[0], F_SETOWN_EX, 8));
	result("F_GETOWN_EX address", fcntl(p[0], F_GETOWN_EX, 8));
	result("F_SETOWN no process", fcntl(p[0], F_SETOWN, 30000));
	result("F_SETOWN no group", fcntl(p[0], F_SETOWN, -30000));
	result("F_SETOWN lowest", fcntl(p[0], F_SETOWN, INT_MIN));
	pid_t pid = fork();
	if (pid == 0)
		_exit(0);
	waitid(P_PID, pid, 0, WEXITED | WNOWAIT);
	result("F_SETOWN a zombie", fcntl(p[0], F_SETOWN, pid));
	say("it", "%d", fcntl(p[0], F_GETOWN) == pid);
	waitpid(pid, 0, 0);
	owner("an owner that is gone", p[0]);
	async(p[0], 1);
	result("write", write(p[1], "x", 1));
	result("F_SETSIG 65", fcntl(p[0], F_SETSIG, 65));
	result("F_SETSIG -1", fcntl(p[0], F_SETSIG, -1));
	result("F_SETSIG", fcntl(p[0], F_SETSIG, RT));
	say("F_GETSIG", "%d", fcntl(p[0], F_GETSIG) - RT);
	close(p[0]);
	close(p[1]);
}

static void pipes(int sig)
{
	int p[2];
	char b[4];
	pipe(p);
	count = 0; // of a child that has ended
	for (int i = 0; i < 2; i++) {
		fcntl(p[i], F_SETOWN, getpid());
		fcntl(p[i], F_SETSIG, sig);
	}
	write(p[1], "a", 1);
	told("without O_ASYNC", 0);
	async(p[0], 1);
	told("by O_ASYNC itself", 0);
	write(p[1], "a", 1);
	told("write to a pipe that is not empty", p[0]);
	write(p[1], b, 0);
	told("write of nothing", p[0]);
	read(p[0], b, 4);
	told("read", p[0]);
	write(p[1], "abc", 3);
	told("write", p[0]);
	int other = dup(p[0]);
	close(p[0]);
	write(p[1], "abc", 3);
	told("write, descriptor closed", p[0]);
	p[0] = other;
	async(p[1], 1);
	read(p[0], b, 4);
	told("read", p[1]);
	fcntl(p[0], F_SETFL, O_NONBLOCK | O_ASYNC);
	read(p[0], b, 4);
	told("read again", p[1]);
	result("read nothing", read(p[0], b, 4));
	told("read nothing", p[1]);
	async(p[0], 0);
	write(p[1], "abc", 3);
	told("O_ASYNC taken away", p[1]);
	pid_t pid = fork();
	if (pid == 0) {
		read(p[0], b, 1);
		told("in a child", p[1]);
		_exit(0);
	}
	reap("child", pid);
	told("read by a child", p[1]);
	close(p[0]);
	told("no reader", p[1]);
	signal(SIGPIPE, SIG_IGN);
	result("write without a reader", write(p[1], b, 4));
	told("write without a reader", p[1]);
	close(p[1]);
	pipe(p);
	fcntl(p[0], F_SETOWN, getpid());
	fcntl(p[0], F_SETSIG, sig);
	async(p[0], 1);
	close(p[1]);
	told("no writer", p[0]);
	close(p[0]);
	told("closed", p[0]);
}

static void others(void)
{
	int on = 1, off = 0, p[2];
	int file = open("/tmp/async", O_RDWR | O_CREAT, 0600), event = eventfd(0, EFD_NONBLOCK);
	result("FIOASYNC of a file", ioctl(file, FIOASYNC, &on));
	result("FIOASYNC off of a file", ioctl(file, FIOASYNC, &off));
	async(file, 1);
	result("FIOASYNC after that", ioctl(file, FIOASYNC, &on));
	result("FIOASYNC off after that", ioctl(file, FIOASYNC, &off));
	async(file, 0);
	result("FIOASYNC of an eventfd", ioctl(event, FIOASYNC, &on));
	async(event, 1);
	fcntl(event, F_SETOWN, getpid());
	write(event, "\1\0\0\0\0\0\0\0", 8);
	told("an eventfd", event);
	pipe(p);
	fcntl(p[0], F_SETOWN, getpid());
	result("FIOASYNC", ioctl(p[0], FIOASYNC, &on));
	say("O_ASYNC", "%d", (fcntl(p[0], F_GETFL) & O_ASYNC) != 0);
	write(p[1], "a", 1);
	told("FIOASYNC", p[0]);
	result("FIOASYNC off", ioctl(p[0], FIOASYNC, &off));
	say("O_ASYNC", "%d", (fcntl(p[0], F_GETFL) & O_ASYNC) != 0);
	write(p[1], "a", 1);
	told("FIOASYNC off", p[0]);
	result("FIOASYNC address", ioctl(p[0], FIOASYNC, 8));
	close(p[0]);
	close(p[1]);
	mkfifo("/tmp/fifo", 0600);
	int fifo = open("/tmp/fifo", O_RDWR | O_ASYNC | O_NONBLOCK);
	say("O_ASYNC of open", "%d", (fcntl(fifo, F_GETFL) & O_ASYNC) != 0);
	fcntl(fifo, F_SETOWN, getpid());
	write(fifo, "a", 1);
	told("O_ASYNC of open", fifo);
	async(fifo, 0);
	async(fifo, 1);
	write(fifo, "a", 1);
	told("a FIFO for both", fifo);
	close(fifo);
	close(file);
	close(event);
	unlink("/tmp/fifo");
	unlink("/tmp/async");
}

// full makes a real-time signal that cannot be queued.
static void full(void)
{
	struct rlimit old, none = {0, 0};
	int p[2];
	pipe(p);
	fcntl(p[0], F_SETOWN, getpid());
	fcntl(p[0], F_SETSIG, RT);
	async(p[0], 1);
	sigset_t set;
	sigfillset(&set);
	sigprocmask(SIG_BLOCK, &set, 0);
	for (int i = 0; i < 3; i++)
		write(p[1], "a", 1);
	sigprocmask(SIG_UNBLOCK, &set, 0);
	told("three times", p[0]);
	pid_t pid = fork();
	if (pid == 0) {
		fcntl(p[0], F_SETOWN, getpid());
		getrlimit(RLIMIT_SIGPENDING, &old);
		none.rlim_max = old.rlim_max;
		setrlimit(RLIMIT_SIGPENDING, &none);
		write(p[1], "a", 1);
		told("no room in the queue", p[0]);
		_exit(0);
	}
	reap("child", pid);
	told("not here", p[0]);
	close(p[0]);
	close(p[1]);
}

// rights has a process without rights name an owner.
static void rights(void)
{
	int p[2];
	pipe(p);
	async(p[0], 1);
	pid_t parent = getpid(), pid = fork();
	if (pid == 0) {
		setresuid(1000, 1000, 1000);
		result("F_SETOWN of another user's", fcntl(p[0], F_SETOWN, parent));
		write(p[1], "a", 1);
		_exit(0);
	}
	reap("child", pid);
	told("from another user", p[0]);
	write(p[1], "a", 1);
	told("still", p[0]);
	fcntl(p[0], F_SETOWN, getpid());
	pid = fork();
	if (pid == 0) {
		setresuid(1000, 1000, 1000);
		write(p[1], "a", 1);
		_exit(0);
	}
	reap("child", pid);
	told("from another user, named by the owner", p[0]);
	close(p[0]);
	close(p[1]);
}

// group has all processes of a group be told.
static void group(void)
{
	int p[2], ready[2];
	char c;
	pipe(p);
	pipe(ready);
	pid_t first = fork();
	if (first == 0) {
		setpgid(0, 0);
		for (int i = 0; i < 2; i++)
			if (fork() == 0) {
				prctl(PR_SET_PDEATHSIG, SIGKILL);
				write(ready[1], "r", 1);
				while (count == 0)
					usleep(500);
				_exit(0);
			}
		fcntl(p[0], F_SETOWN, -getpid());
		write(ready[1], "r", 1);
		while (count == 0)
			usleep(500);
		for (int i = 0; i < 2; i++)
			reap("member", -1);
		_exit(0);
	}
	for (int i = 0; i < 3; i++)
		read(ready[0], &c, 1);
	async(p[0], 1);
	write(p[1], "a", 1);
	reap("first", first);
	told("not in the group", p[0]);
	for (int i = 0; i < 2; i++) {
		close(p[i]);
		close(ready[i]);
	}
}

// soon prints what has come after a while: the input of terminals takes its time.
static void soon(const char *name, int file)
{
	for (int i = 0; i < 1000 && count == 0; i++)
		usleep(2000);
	told(name, file);
}

static void terminals(void)
{
	struct pty p = open_pty();
	char b[64];
	fcntl(p.slave, F_SETSIG, RT);
	fcntl(p.master, F_SETSIG, RT);
	owner("owner of a slave", p.slave);
	async(p.slave, 1);
	owner("owner with O_ASYNC", p.slave);
	write(p.master, "a", 1);
	usleep(20000);
	told("half a line", p.slave);
	write(p.master, "b\n", 2);
	soon("a line", p.slave);
	write(p.master, "c", 1);
	usleep(20000);
	told("half of the next one", p.slave);
	struct termios t;
	tcgetattr(p.slave, &t);
	cfmakeraw(&t);
	tcsetattr(p.slave, TCSANOW, &t);
	count = 0;
	write(p.master, "d", 1);
	soon("a character", p.slave);
	async(p.slave, 0);
	write(p.master, "e", 1);
	usleep(20000);
	told("O_ASYNC taken away", p.slave);
	while (read(p.master, b, sizeof b) == sizeof b)
		;
	async(p.master, 1);
	owner("owner of a master", p.master);
	write(p.slave, "f", 1);
	soon("output", p.master);
	close_pty(&p);
}

void test_sigio(void)
{
	mkdir("/tmp", 0777);
	handle(SIGIO);
	handle(SIGCHLD);
	handle(RT);
	owners();
	signal(SIGCHLD, SIG_DFL);
	pipes(0);
	pipes(SIGIO);
	pipes(RT);
	handle(SIGURG);
	pipes(SIGURG);
	handle(SIGTRAP);
	pipes(SIGTRAP);
	others();
	full();
	rights();
	group();
	terminals();
}
