// Pipes and what programs wait with: poll, select, epoll, eventfd, timerfd; the
// moving of data by splice and its relatives; terminals and job control.
#include "check.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <termios.h>
#include <time.h>

static char big[1 << 20];

static void nothing(int sig) { (void)sig; }

static void catch(int sig, int flags)
{
	struct sigaction sa = {.sa_handler = nothing, .sa_flags = flags};
	sigaction(sig, &sa, 0);
}

static int events_of(int fd, int events)
{
	struct pollfd p = {fd, events, -1};
	poll(&p, 1, 0);
	return p.revents;
}

static void pipes(void)
{
	int p[2], n;
	result("pipe2 bad flags", syscall(SYS_pipe2, p, O_APPEND));
	result("pipe2 notification", syscall(SYS_pipe2, p, O_EXCL));
	result("pipe2 bad address", syscall(SYS_pipe2, 8, 0));
	pipe2(p, O_NONBLOCK | O_CLOEXEC);
	say("pipe fd flags", "%d %d", fcntl(p[0], F_GETFD), fcntl(p[1], F_GETFD));
	say("pipe status flags", "%o %o", fcntl(p[0], F_GETFL), fcntl(p[1], F_GETFL));
	struct stat st;
	fstat(p[0], &st);
	say("pipe stat", "%o size %ld links %ld", st.st_mode, (long)st.st_size, (long)st.st_nlink);
	result("pipe read empty", read(p[0], big, 1));
	result("pipe write the reading end", write(p[0], big, 1));
	result("pipe read the writing end", read(p[1], big, 1));
	result("pipe lseek", lseek(p[0], 0, SEEK_CUR));
	result("pipe pread", pread(p[0], big, 1, 0));
	result("pipe ioctl", ioctl(p[0], TCGETS, big));
	result("pipe size", fcntl(p[0], F_GETPIPE_SZ));
	result("pipe set size 1", fcntl(p[0], F_SETPIPE_SZ, 1));
	result("pipe set size 5000", fcntl(p[0], F_SETPIPE_SZ, 5000));
	result("pipe set size huge", fcntl(p[0], F_SETPIPE_SZ, 0x80000001));
	result("pipe write more than fits", write(p[1], big, 10000));
	result("pipe write when full", write(p[1], big, 1));
	result("pipe set size below", fcntl(p[0], F_SETPIPE_SZ, 4096));
	ioctl(p[0], FIONREAD, &n);
	say("pipe FIONREAD", "%d", n);
	say("pipe poll full", "%x %x", events_of(p[0], -1), events_of(p[1], -1));
	result("pipe read some", read(p[0], big, 100));
	result("pipe write after some", write(p[1], big, 1));
	result("pipe read page", read(p[0], big, 4096));
	say("pipe poll after a page", "%x %x", events_of(p[0], -1), events_of(p[1], -1));
	result("pipe write bad address", write(p[1], (char *)8, 10));
	result("pipe read bad address", read(p[0], (char *)8, 10));
	result("pipe read the rest", read(p[0], big, sizeof big));
	close(p[1]);
	say("pipe poll without writer", "%x", events_of(p[0], -1));
	result("pipe end", read(p[0], big, 1));
	close(p[0]);

	pipe2(p, O_DIRECT | O_NONBLOCK);
	write(p[1], "one", 3);
	write(p[1], "two", 3);
	result("packet", read(p[0], big, 2));
	result("next packet", read(p[0], big, 9));
	result("packets of 5000", write(p[1], big, 5000));
	result("packet of a page", read(p[0], big, 9000));
	result("packet of the rest", read(p[0], big, 9000));
	catch(SIGPIPE, 0);
	close(p[0]);
	say("pipe poll without reader", "%x", events_of(p[1], -1));
	result("pipe without reader", write(p[1], big, 1));
	close(p[1]);
	signal(SIGPIPE, SIG_DFL);
	pid_t pid = fork();
	if (pid == 0) {
		pipe(p);
		close(p[0]);
		write(p[1], big, 1);
		_exit(0);
	}
	reap("SIGPIPE", pid);
}

static void fifos(void)
{
	int n;
	mkdir("/tmp", 0777);
	unlink("/tmp/fifo");
	result("mkfifo", mknod("/tmp/fifo", S_IFIFO | 0600, 0));
	result("fifo for writing", open("/tmp/fifo", O_WRONLY | O_NONBLOCK));
	int r = open("/tmp/fifo", O_RDONLY | O_NONBLOCK);
	success("fifo for reading", r);
	say("fifo poll, no writer yet", "%x", events_of(r, -1));
	result("fifo read, no writer yet", read(r, big, 1));
	int w = open("/tmp/fifo", O_WRONLY | O_NONBLOCK);
	success("fifo for writing with reader", w);
	result("fifo read, empty", read(r, big, 1));
	result("fifo write", write(w, "abc", 3));
	close(w);
	say("fifo poll, writer gone", "%x", events_of(r, -1));
	result("fifo read", read(r, big, 9));
	close(r);
	pid_t pid = fork();
	if (pid == 0) {
		w = open("/tmp/fifo", O_WRONLY);
		write(w, "hello", 5);
		_exit(0);
	}
	r = open("/tmp/fifo", O_RDONLY);
	n = read(r, big, 9);
	say("fifo between processes", "%.*s", n, big);
	reap("fifo writer", pid);
	close(r);
	int both = open("/tmp/fifo", O_RDWR);
	success("fifo for both", both);
	say("fifo for both poll", "%x", events_of(both, -1));
	close(both);
	catch(SIGALRM, 0);
	alarm(1);
	result("fifo open interrupted", open("/tmp/fifo", O_RDONLY));
	alarm(0);
	unlink("/tmp/fifo");
}

static void polls(void)
{
	int p[2];
	pipe(p);
	struct pollfd f[3] = {{p[0], POLLIN, -1}, {-5, POLLIN, -1}, {999, POLLIN, -1}};
	result("poll with a closed one", poll(f, 3, 1000));
	say("poll revents", "%x %x %x", f[0].revents, f[1].revents, f[2].revents);
	result("poll too many", poll(f, 5000000, 0));
	result("poll bad address", poll((void *)8, 1, 0));
	result("poll none", poll(0, 0, 1));
	struct timespec ts = {0, 1000000}, bad = {0, 1000000000};
	result("ppoll", ppoll(f, 1, &ts, 0));
	result("ppoll bad timeout", ppoll(f, 1, &bad, 0));
	sigset_t set;
	sigemptyset(&set);
	result("ppoll bad size", syscall(SYS_ppoll, f, 1, 0, &set, 4));
	int file = open("/tmp/regular", O_CREAT | O_RDWR, 0600);
	say("poll a regular file", "%x", events_of(file, -1));
	say("poll a directory", "%x", events_of(open("/", O_RDONLY), -1));

	fd_set in, out;
	FD_ZERO(&in);
	FD_ZERO(&out);
	FD_SET(p[0], &in);
	FD_SET(p[1], &out);
	struct timeval tv = {1, 0};
	result("select", select(p[1] + 1, &in, &out, 0, &tv));
	say("select sets", "%d %d left %d", FD_ISSET(p[0], &in) != 0, FD_ISSET(p[1], &out) != 0, tv.tv_sec > 0 || tv.tv_usec > 0);
	FD_SET(p[0], &in);
	tv = (struct timeval){0, 2000};
	result("select timeout", select(p[0] + 1, &in, 0, 0, &tv));
	say("select left", "%ld %ld", (long)tv.tv_sec, (long)tv.tv_usec);
	FD_ZERO(&in);
	FD_SET(50, &in);
	result("select closed", select(51, &in, 0, 0, &tv));
	result("select negative", select(-1, &in, 0, 0, &tv));
	tv = (struct timeval){-1, 0};
	result("select bad timeout", select(0, 0, 0, 0, &tv));
	result("select bad address", select(3, (fd_set *)8, 0, 0, 0));

	// What signals do to those that wait.
	sigset_t block, old;
	sigemptyset(&block);
	sigaddset(&block, SIGALRM);
	catch(SIGALRM, SA_RESTART);
	alarm(1);
	result("poll interrupted", poll(f, 1, 5000));
	alarm(1);
	FD_SET(p[0], &in);
	result("select interrupted", select(p[0] + 1, &in, 0, 0, 0));
	sigprocmask(SIG_BLOCK, &block, &old);
	raise(SIGALRM);
	ts = (struct timespec){5, 0};
	result("ppoll lets the signal in", ppoll(f, 1, &ts, &old));
	sigset_t now;
	sigprocmask(SIG_BLOCK, 0, &now);
	say("mask afterwards", "%d", sigismember(&now, SIGALRM));
	raise(SIGALRM);
	result("ppoll with an event", (write(p[1], "x", 1), ppoll(f, 1, &ts, &old)));
	result("pselect lets it in", (read(p[0], big, 1), pselect(p[0] + 1, &in, 0, 0, &ts, &old)));
	sigprocmask(SIG_SETMASK, &old, 0);
	// Stopped and continued, poll goes on.
	pid_t pid = fork();
	if (pid == 0) {
		struct timespec a, b;
		clock_gettime(CLOCK_MONOTONIC, &a);
		int n = poll(f, 1, 600);
		clock_gettime(CLOCK_MONOTONIC, &b);
		long ms = (b.tv_sec - a.tv_sec) * 1000 + (b.tv_nsec - a.tv_nsec) / 1000000;
		say("poll stopped and continued", "%d after %s", n, ms < 590 ? "too little" : ms > 2000 ? "too much" : "600 ms");
		_exit(0);
	}
	usleep(100000);
	kill(pid, SIGSTOP);
	usleep(200000);
	kill(pid, SIGCONT);
	reap("poller", pid);
	close(p[0]);
	close(p[1]);
	close(file);
}

static void wait_events(const char *name, int ep, int most)
{
	struct epoll_event e[8];
	char line[200];
	int len = 0, n = epoll_wait(ep, e, most, 0);
	line[0] = 0;
	for (int i = 0; i < n; i++)
		len += snprintf(line + len, sizeof line - len, " %x:%d", e[i].events, (int)e[i].data.u64);
	say(name, "%d%s", n, line);
}

static void epolls(void)
{
	int p[2], q[2];
	pipe2(p, O_NONBLOCK);
	pipe2(q, O_NONBLOCK);
	result("epoll_create 0", epoll_create(0));
	result("epoll_create1 bad", epoll_create1(1));
	int ep = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event e = {EPOLLIN, {.u64 = 1}};
	int file = open("/tmp/regular", O_CREAT | O_RDWR, 0600);
	result("epoll a regular file", epoll_ctl(ep, EPOLL_CTL_ADD, file, &e));
	result("epoll a directory", epoll_ctl(ep, EPOLL_CTL_ADD, open("/", O_RDONLY), &e));
	result("epoll /dev/null", epoll_ctl(ep, EPOLL_CTL_ADD, open("/dev/null", O_RDWR), &e));
	result("epoll itself", epoll_ctl(ep, EPOLL_CTL_ADD, ep, &e));
	result("epoll closed", epoll_ctl(ep, EPOLL_CTL_ADD, 999, &e));
	result("epoll_ctl on a pipe", epoll_ctl(p[0], EPOLL_CTL_ADD, p[1], &e));
	result("epoll bad event", epoll_ctl(ep, EPOLL_CTL_ADD, p[0], (void *)8));
	result("epoll mod of none", epoll_ctl(ep, EPOLL_CTL_MOD, p[0], &e));
	result("epoll del of none", epoll_ctl(ep, EPOLL_CTL_DEL, p[0], 0));
	result("epoll bad op", epoll_ctl(ep, 9, p[0], &e));
	result("epoll add", epoll_ctl(ep, EPOLL_CTL_ADD, p[0], &e));
	result("epoll add again", epoll_ctl(ep, EPOLL_CTL_ADD, p[0], &e));
	result("epoll_wait 0 events", epoll_wait(ep, &e, 0, 0));
	result("epoll_wait bad address", epoll_wait(ep, (void *)-8, 1, 0));
	result("epoll_wait on a pipe", epoll_wait(p[0], &e, 1, 0));
	wait_events("epoll nothing", ep, 8);
	write(p[1], "ab", 2);
	wait_events("epoll level", ep, 8);
	wait_events("epoll level again", ep, 8);
	e = (struct epoll_event){EPOLLIN | EPOLLET, {.u64 = 2}};
	epoll_ctl(ep, EPOLL_CTL_MOD, p[0], &e);
	wait_events("epoll edge", ep, 8);
	wait_events("epoll edge again", ep, 8);
	write(p[1], "c", 1);
	wait_events("epoll edge, another write", ep, 8);
	read(p[0], big, 1);
	wait_events("epoll edge, after a read", ep, 8);
	e = (struct epoll_event){EPOLLIN | EPOLLONESHOT, {.u64 = 3}};
	epoll_ctl(ep, EPOLL_CTL_MOD, p[0], &e);
	wait_events("epoll one shot", ep, 8);
	write(p[1], "d", 1);
	wait_events("epoll one shot is over", ep, 8);
	epoll_ctl(ep, EPOLL_CTL_MOD, p[0], &e);
	wait_events("epoll armed again", ep, 8);
	e = (struct epoll_event){EPOLLOUT | EPOLLET, {.u64 = 4}};
	result("epoll add the other end", epoll_ctl(ep, EPOLL_CTL_ADD, p[1], &e));
	wait_events("epoll room", ep, 8);
	e = (struct epoll_event){EPOLLIN | EPOLLEXCLUSIVE, {.u64 = 5}};
	result("epoll exclusive", epoll_ctl(ep, EPOLL_CTL_ADD, q[0], &e));
	result("epoll exclusive mod", epoll_ctl(ep, EPOLL_CTL_MOD, q[0], &e));
	e.events = EPOLLIN;
	result("epoll mod of exclusive", epoll_ctl(ep, EPOLL_CTL_MOD, q[0], &e));
	e.events = EPOLLIN | EPOLLONESHOT | EPOLLEXCLUSIVE;
	result("epoll exclusive one shot", epoll_ctl(ep, EPOLL_CTL_ADD, q[1], &e));
	close(q[1]);
	wait_events("epoll hang-up", ep, 8);
	int copy = dup(q[0]);
	close(q[0]);
	wait_events("epoll closed, but a copy is open", ep, 8);
	close(copy);
	wait_events("epoll closed", ep, 8);

	int outer = epoll_create1(0);
	e = (struct epoll_event){EPOLLIN, {.u64 = 6}};
	result("epoll nested", epoll_ctl(outer, EPOLL_CTL_ADD, ep, &e));
	result("epoll loop", epoll_ctl(ep, EPOLL_CTL_ADD, outer, &e));
	e = (struct epoll_event){EPOLLIN, {.u64 = 7}};
	epoll_ctl(ep, EPOLL_CTL_MOD, p[0], &e);
	wait_events("epoll nested event", outer, 8);
	say("epoll polled", "%x", events_of(ep, -1));
	while (read(p[0], big, 100) > 0)
		;
	wait_events("epoll nested nothing", outer, 8);
	int eps[6];
	for (int i = 0; i < 6; i++)
		eps[i] = epoll_create1(0);
	for (int i = 0; i < 5; i++) {
		char name[40];
		snprintf(name, sizeof name, "epoll nested %d deep", i + 1);
		result(name, epoll_ctl(eps[i + 1], EPOLL_CTL_ADD, eps[i], &e));
	}
	catch(SIGALRM, SA_RESTART);
	alarm(1);
	result("epoll_wait interrupted", epoll_wait(ep, &e, 1, -1));
	struct timespec ts = {0, 1000000};
	result("epoll_pwait2", syscall(SYS_epoll_pwait2, ep, &e, 1, &ts, 0, 0));
	for (int fd = 3; fd < 40; fd++)
		close(fd);
}

static void counters(void)
{
	uint64_t v = 0;
	result("eventfd bad flags", eventfd(0, 2));
	int fd = eventfd(3, EFD_NONBLOCK);
	say("eventfd poll", "%x", events_of(fd, -1));
	result("eventfd short read", read(fd, &v, 7));
	result("eventfd read", read(fd, &v, 16));
	say("eventfd value", "%lu", (unsigned long)v);
	result("eventfd empty", read(fd, &v, 8));
	v = -1;
	result("eventfd write all ones", write(fd, &v, 8));
	v = -2;
	result("eventfd write the most", write(fd, &v, 8));
	say("eventfd full poll", "%x", events_of(fd, -1));
	v = 1;
	result("eventfd write too much", write(fd, &v, 8));
	close(fd);
	fd = eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK);
	read(fd, &v, 8);
	say("semaphore", "%lu", (unsigned long)v);
	read(fd, &v, 8);
	result("semaphore empty", read(fd, &v, 8));
	close(fd);

	result("timerfd bad clock", timerfd_create(CLOCK_PROCESS_CPUTIME_ID, 0));
	result("timerfd bad flags", timerfd_create(CLOCK_MONOTONIC, 1));
	fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
	struct itimerspec t = {{0, 0}, {0, 1000000000}}, old;
	result("timerfd bad time", timerfd_settime(fd, 0, &t, 0));
	result("timerfd not set", read(fd, &v, 8));
	t = (struct itimerspec){{0, 5000000}, {0, 5000000}};
	result("timerfd set", timerfd_settime(fd, 0, &t, &old));
	result("timerfd bad set flags", timerfd_settime(fd, 8, &t, 0));
	usleep(52000);
	say("timerfd poll", "%x", events_of(fd, -1));
	result("timerfd read", read(fd, &v, 8));
	say("timerfd expirations", "%s", v < 10 ? "too few" : v > 40 ? "too many" : "about ten");
	timerfd_gettime(fd, &old);
	say("timerfd interval", "%ld", old.it_interval.tv_nsec);
	t = (struct itimerspec){{0, 0}, {0, 1}};
	timerfd_settime(fd, TFD_TIMER_ABSTIME, &t, 0);
	poll(&(struct pollfd){fd, POLLIN, 0}, 1, 1000);
	result("timerfd of the past", read(fd, &v, 8));
	say("timerfd of the past expirations", "%lu", (unsigned long)v);
	result("timerfd is over", read(fd, &v, 8));
	result("timerfd write", write(fd, &v, 8));
	result("timerfd_gettime of others", timerfd_gettime(0, &old));
	close(fd);
}

static void moving(void)
{
	int p[2], q[2];
	pipe2(p, O_NONBLOCK);
	pipe2(q, O_NONBLOCK);
	int file = open("/tmp/data", O_CREAT | O_TRUNC | O_RDWR, 0600);
	for (unsigned i = 0; i < sizeof big; i++)
		big[i] = i % 251;
	write(file, big, 100000);
	loff_t off = 5;
	result("splice nothing", splice(file, &off, p[1], 0, 0, 0));
	result("splice bad flags", splice(file, &off, p[1], 0, 10, 16));
	result("splice two files", splice(file, 0, file, 0, 10, 0));
	result("splice offset of a pipe", splice(file, 0, p[1], &off, 10, 0));
	result("splice from file", splice(file, &off, p[1], 0, 10, 0));
	say("splice offset", "%ld, file %ld", (long)off, (long)lseek(file, 0, SEEK_CUR));
	lseek(file, 99990, SEEK_SET);
	result("splice the end", splice(file, 0, p[1], 0, 100, 0));
	result("splice behind the end", splice(file, 0, p[1], 0, 100, 0));
	result("splice the same pipe", splice(p[0], 0, p[1], 0, 100, 0));
	result("tee", tee(p[0], q[1], 12, 0));
	result("tee the same pipe", tee(p[0], p[1], 12, 0));
	result("tee a file", tee(file, p[1], 12, 0));
	int n = read(q[0], big, 100);
	say("tee gave", "%d: %d %d", n, big[0], big[9]);
	result("splice between pipes", splice(p[0], 0, q[1], 0, 15, 0));
	result("splice from an empty pipe", (read(p[0], big, 100), splice(p[0], 0, q[1], 0, 15, 0)));
	int out = open("/tmp/out", O_CREAT | O_TRUNC | O_RDWR, 0600);
	off = 3;
	result("splice to file", splice(q[0], 0, out, &off, 100, 0));
	struct stat st;
	fstat(out, &st);
	say("splice to file size", "%ld", (long)st.st_size);
	int app = open("/tmp/out", O_WRONLY | O_APPEND);
	write(p[1], "abc", 3);
	result("splice to append", splice(p[0], 0, app, 0, 3, 0));
	int ev = eventfd(0, 0);
	result("splice to eventfd", splice(p[0], 0, ev, 0, 8, 0));
	struct iovec iov[2] = {{"12345", 5}, {"678", 3}};
	result("vmsplice", vmsplice(p[1], iov, 2, 0));
	result("vmsplice a file", vmsplice(file, iov, 2, 0));
	result("vmsplice bad flags", vmsplice(p[1], iov, 2, 32));
	n = read(p[0], big, 100);
	say("vmsplice gave", "%.*s", n, big);
	off = 10;
	result("sendfile", sendfile(out, file, &off, 50000));
	say("sendfile offset", "%ld, out %ld", (long)off, (long)lseek(out, 0, SEEK_CUR));
	result("sendfile to pipe", sendfile(p[1], file, &off, 100000));
	result("sendfile to full pipe", sendfile(p[1], file, &off, 100000));
	result("sendfile from pipe", sendfile(out, p[0], 0, 10));
	result("sendfile from pipe with offset", sendfile(out, p[0], &off, 10));
	off = -1;
	result("sendfile negative", sendfile(out, file, &off, 10));
	result("sendfile to append", sendfile(app, file, 0, 10));
	result("sendfile to eventfd", sendfile(ev, file, 0, 8));
	result("sendfile from /dev/zero", sendfile(out, open("/dev/zero", O_RDONLY), 0, 8));
	for (int fd = 3; fd < 40; fd++)
		close(fd);
}

static void terminals(void)
{
	struct termios t;
	struct winsize w = {24, 80, 0, 0}, w2;
	int n;
	pid_t pid = fork();
	if (pid) {
		reap("terminal user", pid);
		return;
	}
	result("setsid", setsid() == getpid());
	result("open /dev/tty", open("/dev/tty", O_RDWR));
	int fd = open("/dev/console", O_RDWR);
	success("open console", fd);
	result("TIOCGPGRP not mine", ioctl(fd, TIOCGPGRP, &n));
	result("TIOCSPGRP not mine", ioctl(fd, TIOCSPGRP, &n));
	result("TIOCGSID not mine", ioctl(fd, TIOCGSID, &n));
	result("TIOCSCTTY", ioctl(fd, TIOCSCTTY, 1));
	result("TIOCSCTTY again", ioctl(fd, TIOCSCTTY, 0));
	say("foreground is me", "%d", tcgetpgrp(fd) == getpid());
	say("session is me", "%d", tcgetsid(fd) == getpid());
	int tty = open("/dev/tty", O_RDWR);
	success("open /dev/tty as its user", tty);
	tcgetattr(tty, &t);
	say("termios", "%o %o %o", t.c_iflag & ~IUTF8, t.c_oflag, t.c_lflag);
	say("characters", "%x %x %x %x %x %x %x %x", t.c_cc[VINTR], t.c_cc[VQUIT], t.c_cc[VERASE], t.c_cc[VKILL],
		t.c_cc[VEOF], t.c_cc[VTIME], t.c_cc[VMIN], t.c_cc[VWERASE]);
	result("TIOCSWINSZ", ioctl(tty, TIOCSWINSZ, &w));
	ioctl(tty, TIOCGWINSZ, &w2);
	say("window", "%d %d", w2.ws_row, w2.ws_col);
	memset(&w, 0, sizeof w);
	ioctl(tty, TIOCSWINSZ, &w);
	result("TIOCGETD", ioctl(tty, TIOCGETD, &n));
	result("TIOCSPGRP of nobody", tcsetpgrp(tty, 30000));
	result("TIOCSPGRP of another session", tcsetpgrp(tty, 1));
	n = -1;
	result("TIOCSPGRP negative", ioctl(tty, TIOCSPGRP, &n));
	result("TCXONC bad", ioctl(tty, TCXONC, 9));
	result("TCFLSH bad", ioctl(tty, TCFLSH, 9));
	result("tcflush", tcflush(tty, TCIOFLUSH));
	result("tcdrain", tcdrain(tty));
	result("unknown ioctl", ioctl(tty, 0x54ff, &n));
	result("TIOCGPTN of no pty", ioctl(tty, 0x80045430, &n));
	result("lseek a terminal", lseek(tty, 0, SEEK_CUR));
	result("pread a terminal", pread(tty, big, 1, 0));
	t.c_lflag &= ~(ICANON | ECHO);
	t.c_cc[VMIN] = 0;
	t.c_cc[VTIME] = 1;
	result("tcsetattr", tcsetattr(tty, TCSANOW, &t));
	result("read with VTIME", read(tty, big, 1));
	t.c_cc[VTIME] = 0;
	tcsetattr(tty, TCSAFLUSH, &t);
	result("read with VMIN and VTIME 0", read(tty, big, 1));
	t.c_cc[VMIN] = 1;
	tcsetattr(tty, TCSANOW, &t);
	fcntl(tty, F_SETFL, O_RDWR | O_NONBLOCK);
	result("read nonblocking", read(tty, big, 1));
	fcntl(tty, F_SETFL, O_RDWR);
	say("poll", "%x", events_of(tty, POLLIN | POLLOUT));

	// A process group in the background.
	pid = fork();
	if (pid == 0) {
		setpgid(0, 0);
		result("write in the background", write(tty, "", 0));
		signal(SIGTTIN, SIG_IGN);
		result("read in the background, ignored", read(tty, big, 1));
		signal(SIGTTIN, SIG_DFL);
		catch(SIGTTOU, 0);
		result("tcsetattr in the background", tcsetattr(tty, TCSANOW, &t));
		read(tty, big, 1);
		_exit(1);
	}
	setpgid(pid, pid);
	n = 0;
	waitpid(pid, &n, WUNTRACED);
	status("read in the background", n);
	result("give the terminal away", tcsetpgrp(tty, pid));
	signal(SIGTTOU, SIG_IGN);
	result("take it back", tcsetpgrp(tty, getpid()));
	kill(pid, SIGKILL);
	reap("background", pid);
	signal(SIGTTOU, SIG_DFL);
	signal(SIGHUP, SIG_IGN);
	t.c_lflag |= ICANON | ECHO;
	tcsetattr(tty, TCSANOW, &t);
	result("TIOCNOTTY", ioctl(tty, TIOCNOTTY, 0));
	result("open /dev/tty afterwards", open("/dev/tty", O_RDWR));
	_exit(0);
}

// shown prints what can be read from a terminal or its master by now.
static void shown(const char *name, int fd)
{
	char line[300];
	int len = 0;
	usleep(30000);
	int n = read(fd, big, 60);
	if (n < 0) {
		result(name, n);
		return;
	}
	for (int i = 0; i < n; i++)
		len += sprintf(line + len, big[i] < 32 || big[i] > 126 ? "\\%03o" : "%c", (unsigned char)big[i]);
	say(name, "%d %.*s", n, len, line);
}

static int open_ptmx(void)
{
	int n = 0, fd = open("/dev/ptmx", O_RDWR | O_NOCTTY);
	ioctl(fd, TIOCSPTLCK, &n);
	return fd;
}

static void ptys(void)
{
	struct stat st;
	struct termios t;
	struct winsize w = {10, 20};
	int n = 1;
	mkdir("/dev/pts", 0755);
	result("mount devpts", mount("devpts", "/dev/pts", "devpts", 0, "gid=5,mode=620,ptmxmode=666"));
	int m = open_ptmx();
	result("TIOCGPTN", ioctl(m, TIOCGPTN, &n));
	say("pty number", "%d", n);
	result("slave node", stat("/dev/pts/0", &st));
	say("slave node", "%o %d %x", st.st_mode, st.st_gid, (int)st.st_rdev);
	n = 1;
	ioctl(m, TIOCSPTLCK, &n);
	result("slave locked", open("/dev/pts/0", O_RDWR | O_NOCTTY));
	n = 0;
	result("unlock", ioctl(m, TIOCSPTLCK, &n));
	say("master poll", "%x", events_of(m, POLLIN | POLLOUT));
	int s = open("/dev/pts/0", O_RDWR | O_NOCTTY);
	tcgetattr(s, &t);
	say("slave termios", "%o %o %o %o", t.c_iflag, t.c_oflag, t.c_cflag, t.c_lflag);
	write(m, "abc\x7f" "d\r", 6);
	shown("master sees the echo", m);
	shown("slave reads the line", s);
	write(s, "hello\n", 6);
	shown("master sees output", m);
	ioctl(m, TIOCSWINSZ, &w);
	memset(&w, 0, sizeof w);
	ioctl(s, TIOCGWINSZ, &w);
	say("slave size", "%d %d", w.ws_row, w.ws_col);
	fcntl(m, F_SETFL, O_RDWR | O_NONBLOCK);
	result("master empty", read(m, big, 1));
	pid_t pid = fork();
	if (pid == 0) {
		setsid();
		result("slave as controlling terminal", ioctl(s, TIOCSCTTY, 0));
		write(s, "R", 1);
		for (;;)
			pause();
	}
	usleep(200000);
	shown("master sees the session", m);
	write(m, "\x03", 1);
	reap("session by ^C", pid);
	shown("master sees ^C", m);
	pid = fork();
	if (pid == 0) {
		close(m);
		setsid();
		ioctl(s, TIOCSCTTY, 0);
		for (;;)
			pause();
	}
	usleep(200000);
	close(s);
	close(m);
	reap("session by hang-up", pid);
	result("slave node is gone", stat("/dev/pts/0", &st));
	m = open_ptmx();
	s = open("/dev/pts/0", O_RDWR | O_NOCTTY);
	write(s, "last", 4);
	close(s);
	shown("master reads on", m);
	say("master poll, slave closed", "%x", events_of(m, POLLIN | POLLOUT));
	result("master read, slave closed", read(m, big, 1));
	s = open("/dev/pts/0", O_RDWR | O_NOCTTY);
	say("master poll, slave open again", "%x", events_of(m, POLLIN | POLLOUT));
	close(m);
	result("slave read, master closed", read(s, big, 1));
	result("slave write, master closed", write(s, big, 1));
	say("slave poll, master closed", "%x", events_of(s, -1));
	close(s);
}

static void devices(void)
{
	int fd = open("/dev/null", O_RDWR);
	result("null read", read(fd, big, 10));
	result("null write", write(fd, big, 10));
	result("null lseek", lseek(fd, 7, SEEK_SET));
	result("null mmap", (long)mmap(0, 4096, PROT_READ, MAP_PRIVATE, fd, 0));
	result("null ioctl", ioctl(fd, TCGETS, big));
	say("null poll", "%x", events_of(fd, -1));
	fd = open("/dev/zero", O_RDWR);
	memset(big, 1, 10);
	result("zero read", read(fd, big, 10));
	say("zero is", "%d", big[9]);
	result("zero pread", pread(fd, big, 10, 100));
	char *m = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	success("zero mmap", (long)m);
	say("zero mapped", "%d", m[5000] = m[5000] + 7);
	m = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (fork() == 0) {
		m[4096] = 9;
		_exit(0);
	}
	wait(0);
	say("zero shared", "%d", m[4096]);
	fd = open("/dev/full", O_RDWR);
	result("full write", write(fd, big, 10));
	result("full read", read(fd, big, 10));
	result("full bad read", read(fd, (char *)8, 10));
	fd = open("/dev/urandom", O_RDWR);
	result("urandom read", read(fd, big, 1000));
	result("urandom write", write(fd, big, 1000));
	int n = 0;
	result("RNDGETENTCNT", ioctl(fd, 0x80045200, &n));
	say("entropy", "%d", n);
	say("random poll", "%x", events_of(open("/dev/random", O_RDONLY), POLLIN));
	struct stat st;
	const char *names[] = {"null", "zero", "full", "random", "urandom", "kmsg", "tty", "console"};
	for (int i = 0; i < 8; i++) {
		snprintf(big, 100, "/dev/%s", names[i]);
		stat(big, &st);
		snprintf(big, 100, "node %s", names[i]);
		say(big, "%o %x", st.st_mode & S_IFMT, (int)st.st_rdev);
	}
}

// no_room makes files of every kind when there is no room for another descriptor.
static void no_room(void)
{
	struct rlimit l = {0, 4096};
	sigset_t none;
	int p[2];
	sigemptyset(&none);
	l.rlim_cur = dup(0);
	close(l.rlim_cur);
	setrlimit(RLIMIT_NOFILE, &l);
	for (int i = 0; i < 2; i++) {
		result("no room, open", open("/", O_RDONLY));
		result("no room, dup", dup(0));
		result("no room, pipe", pipe(p));
		result("no room, epoll", epoll_create1(0));
		result("no room, eventfd", eventfd(0, 0));
		result("no room, timerfd", timerfd_create(CLOCK_MONOTONIC, 0));
		result("no room, signalfd", signalfd(-1, &none, 0));
		result("no room, memfd", syscall(SYS_memfd_create, "m", 0));
		result("no room, pidfd", syscall(SYS_pidfd_open, getpid(), 0));
		result("no room, socket", socket(AF_UNIX, SOCK_STREAM, 0));
		result("no room, socketpair", socketpair(AF_UNIX, SOCK_STREAM, 0, p));
	}
}

void test_events(void)
{
	CHILD("no room", no_room());
	pipes();
	fifos();
	polls();
	epolls();
	counters();
	moving();
	devices();
	ptys();
	terminals();
}
