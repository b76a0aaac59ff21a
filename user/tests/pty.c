// Pseudo terminals (pty(7)) and what terminals have to do with sessions and process
// groups (credentials(7), ioctl_tty(2)).
#include "pty.h"

#include <poll.h>
#include <sys/mount.h>

#define GPKT 0x80045438
#define GPTLCK 0x80045439
#define GPTPEER 0x5441
#define SIG 0x40045436
#define VHANGUP 0x5437

static volatile int got[65];

static void note(int sig) { got[sig]++; }

static void handle(int sig)
{
	struct sigaction sa = {.sa_handler = note};
	sigaction(sig, &sa, 0);
	got[sig] = 0;
}

static int polled(int fd)
{
	struct pollfd f = {fd, POLLIN | POLLOUT | POLLPRI};
	return poll(&f, 1, 0) < 0 ? -1 : f.revents;
}

static void masters(void)
{
	struct pty p = open_master();
	struct stat st;
	int n = -1, one = 1, zero = 0;
	char b[64], path[64];
	result("GPTLCK", ioctl(p.master, GPTLCK, &n));
	ioctl(p.master, TIOCSPTLCK, &one);
	ioctl(p.master, GPTLCK, &n);
	result("locked", n);
	result("open of a locked slave", open(p.name, O_RDWR | O_NOCTTY));
	result("TIOCGPTPEER of a locked slave", ioctl(p.master, GPTPEER, O_RDWR | O_NOCTTY));
	ioctl(p.master, TIOCSPTLCK, &zero);
	say("poll before a slave was open", "%#x", polled(p.master));
	result("read before a slave was open", read(p.master, b, 1));
	result("write before a slave was open", write(p.master, "ab\r", 3));
	p.slave = ioctl(p.master, GPTPEER, O_RDWR | O_NOCTTY | O_NONBLOCK);
	success("TIOCGPTPEER", p.slave);
	nap(30);
	result("read of what was typed before", read(p.slave, b, sizeof b));
	result("flags of that", fcntl(p.slave, F_GETFL) & (O_ACCMODE | O_NONBLOCK));
	result("cloexec of that", fcntl(p.slave, F_GETFD));
	snprintf(path, sizeof path, "/proc/self/fd/%d", p.slave);
	memset(b, 0, sizeof b);
	readlink(path, b, sizeof b - 1);
	say("its name", "%d", strcmp(b, p.name) == 0);
	result("ptsname", strcmp(ptsname(p.master) ?: "", p.name));
	result("isatty", isatty(p.master) + isatty(p.slave));
	fstat(p.slave, &st);
	say("its node", "%#o %d %d", st.st_mode, st.st_uid, (int)(st.st_rdev >> 8 & 0xfff));
	result("TIOCGPTPEER of a slave", ioctl(p.slave, GPTPEER, O_RDWR));
	result("TIOCGPTN of a slave", ioctl(p.slave, TIOCGPTN, &n));
	result("TIOCSPTLCK of a slave", ioctl(p.slave, TIOCSPTLCK, &zero));
	result("TIOCPKT of a slave", ioctl(p.slave, TIOCPKT, &zero));
	result("TIOCSIG of a slave", ioctl(p.slave, SIG, 1));
	result("TIOCMGET", ioctl(p.slave, TIOCMGET, &n));
	result("unknown", ioctl(p.master, 0x54ff, &n));
	result("unknown of a slave", ioctl(p.slave, 0x54ff, &n));
	result("TIOCSIG 0", ioctl(p.master, SIG, 0));
	result("TIOCSIG 65", ioctl(p.master, SIG, 65));
	result("TIOCSIG without a group", ioctl(p.master, SIG, SIGTERM));
	n = -1;
	result("TIOCGPGRP of the master", ioctl(p.master, TIOCGPGRP, &n));
	result("and the group", n);
	result("TIOCGPGRP of no controlling terminal", ioctl(p.slave, TIOCGPGRP, &n));
	result("TIOCGSID of the master", ioctl(p.master, TIOCGSID, &n));
	result("TIOCGSID of no controlling terminal", ioctl(p.slave, TIOCGSID, &n));
	result("TIOCNOTTY of no controlling terminal", ioctl(p.slave, TIOCNOTTY));
	result("TIOCOUTQ of the master", ioctl(p.master, TIOCOUTQ, &n));
	result("TCSBRK of the master", ioctl(p.master, TCSBRK, 1));
	result("TCXONC of the master", ioctl(p.master, TCXONC, TCOON));
	n = 0;
	result("TIOCSETD", ioctl(p.slave, TIOCSETD, &n));
	n = 99;
	result("TIOCSETD of none", ioctl(p.slave, TIOCSETD, &n));
	struct winsize w = {24, 80, 1, 2}, w2 = {0};
	result("TIOCGWINSZ of a new one", ioctl(p.slave, TIOCGWINSZ, &w2));
	say("new size", "%d %d", w2.ws_row, w2.ws_col);
	result("TIOCSWINSZ", ioctl(p.master, TIOCSWINSZ, &w));
	ioctl(p.slave, TIOCGWINSZ, &w2);
	say("size", "%d %d %d %d", w2.ws_row, w2.ws_col, w2.ws_xpixel, w2.ws_ypixel);
	result("write to a master of nothing", write(p.master, "", 0));
	result("lseek", lseek(p.master, 0, SEEK_SET));
	// The last slave closes.
	write(p.slave, "last", 4);
	close(p.slave);
	nap(30);
	say("poll after the slave", "%#x", polled(p.master));
	result("read after the slave", read(p.master, b, 2));
	result("read after the slave", read(p.master, b, sizeof b));
	result("read after the slave, all read", read(p.master, b, sizeof b));
	result("write after the slave", write(p.master, "x", 1));
	nap(30);
	p.slave = open(p.name, O_RDWR | O_NOCTTY | O_NONBLOCK);
	success("open the slave again", p.slave);
	say("poll after that", "%#x", polled(p.master));
	result("read after that", read(p.master, b, sizeof b));
	// The master closes.
	write(p.master, "typed\r", 6);
	nap(30);
	close(p.master);
	say("poll after the master", "%#x", polled(p.slave));
	result("read after the master", read(p.slave, b, sizeof b));
	result("write after the master", write(p.slave, "x", 1));
	struct termios t;
	result("tcgetattr after the master", tcgetattr(p.slave, &t));
	result("TIOCSPGRP after the master", ioctl(p.slave, TIOCSPGRP, &n));
	result("open after the master", open(p.name, O_RDWR | O_NOCTTY));
	close(p.slave);
}

static void exclusive(void)
{
	struct pty p = open_pty();
	int n = -1;
	result("TIOCEXCL", ioctl(p.slave, TIOCEXCL));
	result("TIOCGEXCL", ioctl(p.slave, 0x80045440, &n));
	result("exclusive", n);
	int fd = open(p.name, O_RDWR | O_NOCTTY);
	success("open by root", fd);
	close(fd);
	pid_t pid = fork();
	if (pid == 0) {
		fchown(p.slave, 1000, 1000);
		setuid(1000);
		result("open by its owner", open(p.name, O_RDWR | O_NOCTTY));
		result("TIOCNXCL", ioctl(p.slave, TIOCNXCL));
		success("open by its owner", open(p.name, O_RDWR | O_NOCTTY));
		result("TIOCVHANGUP", ioctl(p.slave, VHANGUP));
		result("vhangup", vhangup());
		_exit(0);
	}
	reap("owner", pid);
	close_pty(&p);
}

// packet reads a packet.
static void packet(const char *name, struct pty *p)
{
	char b[64];
	int events = polled(p->master);
	long n = read(p->master, b, sizeof b);
	if (n < 0)
		say(name, "poll %#x errno %d", events, errno);
	else
		say(name, "poll %#x %ld bytes, %#x", events, n, b[0]);
}

static void packets(void)
{
	struct pty p = open_pty();
	int on = 1, n = -1;
	result("GPKT", ioctl(p.master, GPKT, &n));
	result("packet mode", n);
	result("TIOCPKT", ioctl(p.master, TIOCPKT, &on));
	ioctl(p.master, GPKT, &n);
	result("packet mode", n);
	packet("no packet", &p);
	write(p.slave, "abc", 3);
	settle(&p);
	packet("data", &p);
	tcflush(p.slave, TCIFLUSH);
	packet("TCIFLUSH", &p);
	tcflush(p.slave, TCOFLUSH);
	packet("TCOFLUSH", &p);
	tcflush(p.slave, TCIOFLUSH);
	packet("TCIOFLUSH", &p);
	packet("nothing more", &p);
	tcflow(p.slave, TCOOFF);
	packet("TCOOFF", &p);
	tcflow(p.slave, TCOON);
	packet("TCOON", &p);
	tcflow(p.slave, TCOOFF);
	tcflow(p.slave, TCOON);
	packet("TCOOFF and TCOON", &p);
	change(p.slave, 0, IXON, 0, 0);
	packet("IXON off", &p);
	change(p.slave, 0, 0, 0, ECHO);
	packet("ECHO off", &p);
	change(p.slave, IXON, 0, 0, 0);
	packet("IXON on", &p);
	change(p.slave, 0, 0, EXTPROC, 0);
	packet("EXTPROC on", &p);
	change(p.slave, 0, 0, ECHO, 0);
	packet("a change under EXTPROC", &p);
	change(p.slave, 0, 0, 0, EXTPROC);
	packet("EXTPROC off", &p);
	type(&p, "\x13");
	packet("VSTOP", &p);
	type(&p, "\x11");
	packet("VSTART", &p);
	type(&p, "a\x03");
	packet("VINTR", &p);
	packet("its echo", &p);
	write(p.slave, "xyz", 3);
	settle(&p);
	tcflush(p.slave, TCIFLUSH);
	packet("status before data", &p);
	packet("data after status", &p);
	tcflush(p.slave, TCIFLUSH);
	char b;
	result("a packet in one byte", read(p.master, &b, 1));
	write(p.slave, "xyz", 3);
	settle(&p);
	result("data in one byte", read(p.master, &b, 1));
	on = 0;
	ioctl(p.master, TIOCPKT, &on);
	result("off", read(p.master, &b, 1));
	close_pty(&p);
}

// leader becomes one, with p's slave as controlling terminal.
static void leader(struct pty *p)
{
	setsid();
	ioctl(p->slave, TIOCSCTTY, 0);
}

// stat_tty prints what /proc/self/stat says of the terminal.
static void stat_tty(const char *name)
{
	char b[1024] = "";
	int fd = open("/proc/self/stat", O_RDONLY), nr = -2, pgrp = -2;
	read(fd, b, sizeof b - 1);
	close(fd);
	sscanf(strrchr(b, ')') ?: "", ") %*c %*d %*d %*d %d %d", &nr, &pgrp);
	say(name, "major %d, front %d", nr >> 8 & 0xfff, pgrp > 0 ? pgrp == getpid() : pgrp);
}

static void controlling(void)
{
	struct pty p = open_pty(), q = open_pty();
	int n;
	pid_t pid = fork();
	if (pid == 0) {
		setpgid(0, 0);
		result("TIOCSCTTY by no leader", ioctl(p.slave, TIOCSCTTY, 0));
		if (fork())
			_exit(0);
		nap(30);
		setsid();
		result("/dev/tty without one", open("/dev/tty", O_RDWR));
		int fd = open(p.name, O_RDWR | O_NOCTTY);
		result("O_NOCTTY, then /dev/tty", open("/dev/tty", O_RDWR));
		close(fd);
		fd = open(p.name, O_WRONLY);
		result("O_WRONLY, then /dev/tty", open("/dev/tty", O_RDWR));
		close(fd);
		fd = open(p.name, O_RDWR);
		success("open, then /dev/tty", open("/dev/tty", O_RDWR));
		ioctl(fd, TIOCGSID, &n);
		say("TIOCGSID", "%d", n == getpid());
		ioctl(fd, TIOCGPGRP, &n);
		say("TIOCGPGRP", "%d", n == getpid());
		stat_tty("/proc/self/stat");
		ioctl(p.master, TIOCGSID, &n);
		say("TIOCGSID of the master", "%d", n == getpid());
		result("TIOCSCTTY again", ioctl(fd, TIOCSCTTY, 0));
		result("TIOCSCTTY of another one", ioctl(q.slave, TIOCSCTTY, 0));
		n = 30000;
		result("TIOCSPGRP of nobody", ioctl(fd, TIOCSPGRP, &n));
		n = 1;
		result("TIOCSPGRP of another session", ioctl(fd, TIOCSPGRP, &n));
		result("TIOCSPGRP at the master", ioctl(p.master, TIOCSPGRP, &n));
		result("TIOCSPGRP of another terminal", ioctl(q.slave, TIOCSPGRP, &n));
		handle(SIGHUP);
		handle(SIGCONT);
		result("TIOCNOTTY", ioctl(fd, TIOCNOTTY));
		say("its signals", "%d %d", got[SIGHUP], got[SIGCONT]);
		result("/dev/tty afterwards", open("/dev/tty", O_RDWR));
		stat_tty("/proc/self/stat afterwards");
		result("TIOCSCTTY afterwards", ioctl(q.slave, TIOCSCTTY, 0));
		if (fork() == 0) {
			setsid();
			result("TIOCSCTTY of somebody's", ioctl(q.slave, TIOCSCTTY, 0));
			result("TIOCSCTTY by force", ioctl(q.slave, TIOCSCTTY, 1));
			success("/dev/tty after that", open("/dev/tty", O_RDWR));
			_exit(0);
		}
		wait(0);
		result("/dev/tty of who had it", open("/dev/tty", O_RDWR));
		write(3, "", 0);
		_exit(0);
	}
	reap("parent of a leader", pid);
	nap(400);
	close_pty(&p);
	close_pty(&q);
}

// background runs f in a group in the background of p, with a parent in the same
// session, and prints how it stops or ends.
static int told[2]; // readable once that is printed
static void background(const char *name, struct pty *p, void (*f)(struct pty *))
{
	int s, done[2];
	pipe(done);
	pipe(told);
	pid_t session = fork();
	if (session == 0) {
		leader(p);
		signal(SIGHUP, SIG_IGN);
		pid_t pid = fork();
		if (pid == 0) {
			setpgid(0, 0);
			f(p);
			_exit(0);
		}
		waitpid(pid, &s, WUNTRACED);
		status(name, s);
		write(told[1], "x", 1);
		kill(pid, SIGKILL);
		close(done[1]);
		read(done[0], &s, 1); // until an orphan has ended, too
		_exit(0);
	}
	close(done[0]);
	close(done[1]);
	close(told[0]);
	close(told[1]);
	waitpid(session, &s, 0);
}

static void bg_read(struct pty *p)
{
	char b;
	read(p->slave, &b, 1);
}

static void bg_read_ignored(struct pty *p)
{
	signal(SIGTTIN, SIG_IGN);
	char b;
	result("background read, SIGTTIN ignored", read(p->slave, &b, 1));
}

static void bg_read_blocked(struct pty *p)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTTIN);
	sigprocmask(SIG_BLOCK, &set, 0);
	char b;
	result("background read, SIGTTIN blocked", read(p->slave, &b, 1));
}

static void bg_read_handled(struct pty *p)
{
	handle(SIGTTIN);
	char b;
	result("background read, SIGTTIN handled", read(p->slave, &b, 1));
	result("handled", got[SIGTTIN]);
}

static void bg_write(struct pty *p) { result("background write", write(p->slave, "x", 1)); }

static void tostop(struct pty *p)
{
	signal(SIGTTOU, SIG_IGN);
	change(p->slave, 0, 0, TOSTOP, 0);
	signal(SIGTTOU, SIG_DFL);
}

static void bg_tostop(struct pty *p)
{
	tostop(p);
	write(p->slave, "x", 1);
}

static void bg_tostop_ignored(struct pty *p)
{
	tostop(p);
	signal(SIGTTOU, SIG_IGN);
	result("background write, SIGTTOU ignored", write(p->slave, "x", 1));
}

static void bg_tcsetattr(struct pty *p) { change(p->slave, 0, 0, 0, ECHO); }
static void bg_tcflush(struct pty *p) { tcflush(p->slave, TCIFLUSH); }
static void bg_tcdrain(struct pty *p) { tcdrain(p->slave); }
static void bg_tcsetpgrp(struct pty *p) { tcsetpgrp(p->slave, getpgrp()); }

static void bg_winsize(struct pty *p)
{
	struct winsize w = {1, 2};
	result("background TIOCSWINSZ", ioctl(p->slave, TIOCSWINSZ, &w));
}

static void bg_get(struct pty *p)
{
	struct termios t;
	result("background tcgetattr", tcgetattr(p->slave, &t));
	say("background tcgetpgrp", "%d", tcgetpgrp(p->slave) == getppid());
}

static void bg_orphan(struct pty *p)
{
	char b;
	if (fork())
		_exit(0);
	while (getppid() != 1)
		nap(5);
	read(told[0], &b, 1);
	result("orphaned background read", read(p->slave, &b, 1));
	tostop(p);
	result("orphaned background write", write(p->slave, "x", 1));
	struct termios t;
	tcgetattr(p->slave, &t);
	result("orphaned tcsetattr", tcsetattr(p->slave, TCSANOW, &t));
	result("orphaned tcsetpgrp", tcsetpgrp(p->slave, getpgrp()));
}

static void backgrounds(void)
{
	static const struct {
		const char *name;
		void (*f)(struct pty *);
	} all[] = {
		{"read in the background", bg_read},
		{"SIGTTIN ignored", bg_read_ignored},
		{"SIGTTIN blocked", bg_read_blocked},
		{"write in the background", bg_write},
		{"write in the background, TOSTOP", bg_tostop},
		{"TOSTOP, SIGTTOU ignored", bg_tostop_ignored},
		{"tcsetattr in the background", bg_tcsetattr},
		{"tcflush in the background", bg_tcflush},
		{"tcdrain in the background", bg_tcdrain},
		{"tcsetpgrp in the background", bg_tcsetpgrp},
		{"TIOCSWINSZ in the background", bg_winsize},
		{"tcgetattr in the background", bg_get},
		{"SIGTTIN handled", bg_read_handled},
		{"orphan's parent", bg_orphan},
	};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		struct pty p = open_pty();
		background(all[i].name, &p, all[i].f);
		close_pty(&p);
	}
}

// typed_signals types characters at a program in front and one behind.
static void typed_signals(void)
{
	static const struct {
		const char *name, *keys;
		int sig;
	} all[] = {{"VINTR", "\x03", SIGINT}, {"VQUIT", "\x1c", SIGQUIT}, {"VSUSP", "\x1a", SIGTSTP}};
	for (int i = 0; i < 3; i++) {
		struct pty p = open_pty();
		pid_t pid = fork();
		if (pid == 0) {
			int through[2];
			char b;
			pipe(through);
			leader(&p);
			handle(all[i].sig);
			pid_t behind = fork();
			if (behind == 0) {
				close(through[1]);
				read(through[0], &b, 1); // speaks last
				result("behind it", got[all[i].sig]);
				_exit(0);
			}
			setpgid(behind, behind);
			type(&p, all[i].keys);
			result(all[i].name, got[all[i].sig]);
			got[all[i].sig] = 0;
			ioctl(p.master, SIG, all[i].sig);
			result("TIOCSIG", got[all[i].sig]);
			handle(SIGWINCH);
			struct winsize w = {i + 1, 2};
			ioctl(p.slave, TIOCSWINSZ, &w);
			ioctl(p.slave, TIOCSWINSZ, &w);
			result("SIGWINCH of a change", got[SIGWINCH]);
			close(through[1]);
			wait(0);
			_exit(0);
		}
		reap(all[i].name, pid);
		close_pty(&p);
	}
}

// hangups: the end of a master, of a leader, and vhangup(2).
static void hangups(void)
{
	struct pty p = open_pty();
	int to[2], s;
	char b;
	pid_t pid;
	pipe(to);
	pid = fork();
	if (pid == 0) {
		leader(&p);
		close(p.master);
		handle(SIGHUP);
		handle(SIGCONT);
		signal(SIGTTOU, SIG_IGN);
		pid_t front = fork();
		if (front == 0) {
			setpgid(0, 0);
			handle(SIGHUP);
			tcsetpgrp(p.slave, getpid());
			write(to[1], "r", 1);
			for (int i = 0; i < 1000 && tcgetpgrp(p.slave) != -1; i++)
				nap(10);
			nap(300); // the leader speaks first
			result("SIGHUP in front of a closed master", got[SIGHUP]);
			result("tcgetpgrp", tcgetpgrp(p.slave));
			_exit(0);
		}
		for (int i = 0; i < 1000 && !got[SIGCONT]; i++)
			nap(10);
		say("signals of a closed master", "%d %d", got[SIGHUP], got[SIGCONT]);
		result("/dev/tty after that", open("/dev/tty", O_RDWR));
		wait(0);
		_exit(0);
	}
	read(to[0], &b, 1);
	close(p.slave);
	close(p.master);
	reap("leader", pid);

	p = open_pty();
	pid = fork();
	if (pid == 0) {
		leader(&p);
		signal(SIGTTOU, SIG_IGN);
		if (fork() == 0) {
			setpgid(0, 0);
			handle(SIGHUP);
			tcsetpgrp(p.slave, getpid());
			write(to[1], "r", 1);
			nap(100);
			result("SIGHUP in front of a leader that ends", got[SIGHUP]);
			result("/dev/tty after the leader", open("/dev/tty", O_RDWR));
			result("its terminal", write(p.slave, "x", 1));
			write(to[1], "r", 1);
			_exit(0);
		}
		read(to[0], &b, 1);
		_exit(0);
	}
	reap("leader that ends", pid);
	read(to[0], &b, 1);
	close_pty(&p);

	p = open_pty();
	pid = fork();
	if (pid == 0) {
		leader(&p);
		handle(SIGHUP);
		handle(SIGCONT);
		result("vhangup", vhangup());
		say("its signals", "%d %d", got[SIGHUP], got[SIGCONT]);
		result("write after it", write(p.slave, "x", 1));
		result("read after it", read(p.slave, &b, 1));
		say("poll after it", "%#x %#x", polled(p.slave), polled(p.master));
		result("ioctl after it", inq(p.slave));
		int fd = open(p.name, O_RDWR | O_NOCTTY);
		success("open after it", fd);
		result("write to that", write(fd, "x", 1));
		result("vhangup without a terminal", vhangup());
		_exit(0);
	}
	reap("hung up", pid);
	close_pty(&p);
	close(to[0]);
	close(to[1]);
}

static void file_system(void)
{
	struct stat st;
	mkdir("/tmp/pts", 0755);
	result("stat /dev/pts/ptmx", stat("/dev/pts/ptmx", &st));
	say("it", "%#o %d %d", st.st_mode, (int)(st.st_rdev >> 8), (int)(st.st_rdev & 255));
	result("unlink in devpts", unlink("/dev/pts/ptmx"));
	result("mkdir in devpts", mkdir("/dev/pts/new", 0755));
	result("creat in devpts", open("/dev/pts/9999", O_CREAT | O_RDWR, 0600));
	result("mount with a bad option", mount("devpts", "/tmp/pts", "devpts", 0, "nonsense"));
	result("mount with a bad mode", mount("devpts", "/tmp/pts", "devpts", 0, "mode=abc"));
	result("mount", mount("devpts", "/tmp/pts", "devpts", 0, "newinstance,ptmxmode=0640,mode=0604,gid=5,max=2"));
	stat("/tmp/pts/ptmx", &st);
	say("its ptmx", "%#o", st.st_mode);
	struct pty p = open_pty();
	int fd = open("/tmp/pts/ptmx", O_RDWR | O_NOCTTY), n = -1, zero = 0, more[3];
	success("open its ptmx", fd);
	result("TIOCGPTN", ioctl(fd, TIOCGPTN, &n));
	result("its number", n);
	result("stat of its slave", stat("/tmp/pts/0", &st));
	say("its slave", "%#o %d", st.st_mode, st.st_gid);
	ioctl(fd, TIOCSPTLCK, &zero);
	more[0] = open("/tmp/pts/ptmx", O_RDWR | O_NOCTTY);
	more[1] = open("/tmp/pts/ptmx", O_RDWR | O_NOCTTY);
	more[2] = -1;
	say("two more", "%d %d", more[0] >= 0, more[1] >= 0);
	int slave = open("/tmp/pts/0", O_RDWR | O_NOCTTY);
	success("open its slave", slave);
	write(slave, "x", 1);
	nap(30);
	result("its data", inq(fd));
	result("not that of the other one", inq(p.master));
	close(slave);
	close(fd);
	close(more[0]);
	close(more[1]);
	result("stat of a slave that is gone", stat("/tmp/pts/0", &st));
	close_pty(&p);
	result("umount", umount("/tmp/pts"));
}

// How much goes into one side while nobody reads on the other: written until there is
// no room, also after a while. On Linux that depends a little on the sizes, and on chance.
static long fill(int fd, size_t size)
{
	static char chunk[1 << 18];
	long all = 0;
	memset(chunk, 'x', sizeof chunk);
	for (int idle = 0; idle < 5;) {
		ssize_t n = write(fd, chunk, size);
		if (n > 0) {
			all += n;
			idle = 0;
		} else {
			idle++;
			nap(20);
		}
	}
	return all;
}

static void capacities(void)
{
	static const size_t sizes[] = {1, 100, 1000, 4096, 1 << 18};
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
		for (int side = 0; side < 2; side++) {
			struct pty p = open_pty();
			struct termios t;
			tcgetattr(p.slave, &t);
			cfmakeraw(&t);
			tcsetattr(p.slave, TCSANOW, &t);
			char name[64];
			snprintf(name, sizeof name, "capacity, writes of %d to the %s", (int)sizes[i], side ? "slave" : "master");
			long n = fill(side ? p.slave : p.master, sizes[i]);
			say(name, "some 16 KiB %d", n >= 12 << 10 && n <= 24 << 10);
			if (!side)
				say(name, "input %d", inq(p.slave));
			close_pty(&p);
		}
}

void test_pty(void)
{
	capacities();
	alarm(100);
	masters();
	exclusive();
	packets();
	controlling();
	backgrounds();
	typed_signals();
	hangups();
	file_system();
}
