// The line discipline: what becomes of what is typed and written (termios(3)). All
// of it on pseudo terminals, whose master is the keyboard and the screen.
#include "pty.h"

#include <linux/tty.h>
#include <poll.h>
#include <sys/time.h>

// typed is a line discipline's settings, as they differ from the usual ones, and
// what is typed then.
struct typed {
	const char *name;
	unsigned iset, iclear, lset, lclear;
	const char *keys;
};

static const struct typed typings[] = {
	{"a line", 0, 0, 0, 0, "abc\r"},
	{"two lines", 0, 0, 0, 0, "abc\rde\r"},
	{"no line yet", 0, 0, 0, 0, "abc"},
	{"VERASE", 0, 0, 0, 0, "abx\x7f" "c\r"},
	{"VERASE of nothing", 0, 0, 0, 0, "\x7f\x7f" "a\r"},
	{"VERASE of a control character", 0, 0, 0, 0, "a\x01\x7f" "b\r"},
	{"VERASE of a tab", 0, 0, 0, 0, "a\tb\x7f\x7f" "c\r"},
	{"VERASE of a tab alone", 0, 0, 0, 0, "\t\x7f\r"},
	{"VERASE of a tab after control characters", 0, 0, 0, 0, "ab\x01\t\x7f\r"},
	{"VERASE of the second tab", 0, 0, 0, 0, "a\tbc\t\x7f\r"},
	{"VWERASE", 0, 0, 0, 0, "one two-three  \x17" "x\r"},
	{"VWERASE twice", 0, 0, 0, 0, "one two\x17\x17" "x\r"},
	{"VWERASE of nothing", 0, 0, 0, 0, "\x17x\r"},
	{"VKILL", 0, 0, 0, 0, "one\ttwo\x01\x15three\r"},
	{"VREPRINT", 0, 0, 0, 0, "a\x01" "b\x12" "c\r"},
	{"VLNEXT", 0, 0, 0, 0, "a\x16\x03" "b\x16\x7f\r"},
	{"VLNEXT of a line's end", 0, 0, 0, 0, "a\x16\rb\x16\nc\r"},
	{"VLNEXT of VLNEXT", 0, 0, 0, 0, "\x16\x16\r"},
	{"VEOF", 0, 0, 0, 0, "abc\x04"},
	{"VEOF at the beginning", 0, 0, 0, 0, "\x04"},
	{"VEOF between", 0, 0, 0, 0, "ab\x04\x04" "cd\r"},
	{"VEOF quoted", 0, 0, 0, 0, "ab\x16\x04\r"},
	{"VEOL", 0, 0, 0, 0, "ab|cd\r"},
	{"VEOL2", 0, 0, 0, 0, "ab!cd\r"},
	{"VEOL2 without IEXTEN", 0, 0, 0, IEXTEN, "ab!cd\r"},
	{"VSUSP", 0, 0, 0, 0, "ab\x1a" "cd\r"},
	{"VINTR", 0, 0, 0, 0, "ab\x03" "cd\r"},
	{"VINTR after a line", 0, 0, 0, 0, "ab\r\x03" "cd\r"},
	{"VQUIT and NOFLSH", 0, 0, NOFLSH, 0, "ab\x1c" "cd\r"},
	{"VINTR without ISIG", 0, 0, 0, ISIG, "ab\x03\x1a\x1c" "cd\r"},
	{"VINTR without ICANON", 0, 0, 0, ICANON, "ab\x03" "cd\r"},
	{"VINTR without ECHO", 0, 0, 0, ECHO, "ab\x03" "cd\r"},
	{"no IEXTEN", 0, 0, 0, IEXTEN, "a b\x17\x16\x12\r"},
	{"no ECHO", 0, 0, 0, ECHO, "abc\x7f\r"},
	{"ECHONL", 0, 0, ECHONL, ECHO, "abc\x7f\r"},
	{"no ECHO VKILL", 0, 0, 0, ECHO, "abc\x15" "d\r"},
	{"no ECHO VREPRINT", 0, 0, 0, ECHO, "abc\x12" "d\r"},
	{"no ECHO VLNEXT", 0, 0, 0, ECHO, "a\x16\x03\r"},
	{"no ECHOE", 0, 0, 0, ECHOE, "abx\x7f" "c\r"},
	{"no ECHOE VWERASE", 0, 0, 0, ECHOE, "ab cd\x17" "c\r"},
	{"no ECHOE VKILL", 0, 0, 0, ECHOE, "ab cd\x15" "c\r"},
	{"no ECHOKE", 0, 0, 0, ECHOKE, "ab\x15" "c\r"},
	{"no ECHOK", 0, 0, 0, ECHOK, "ab\x15" "c\r"},
	{"no ECHOK no ECHOKE", 0, 0, 0, ECHOK | ECHOKE, "ab\x15" "c\r"},
	{"no ECHOCTL", 0, 0, 0, ECHOCTL, "a\x01" "b\x7f\x7f" "c\r"},
	{"no ECHOCTL VINTR", 0, 0, 0, ECHOCTL, "a\x03" "c\r"},
	{"no ECHOCTL VLNEXT", 0, 0, 0, ECHOCTL, "a\x16\x03\r"},
	{"no ECHOCTL VEOF", 0, 0, 0, ECHOCTL, "a\x04"},
	{"no ECHOCTL tab", 0, 0, 0, ECHOCTL, "\x01" "a\t\x7f\r"},
	{"ECHOPRT", 0, 0, ECHOPRT, 0, "abcd\x7f\x7fx\r"},
	{"ECHOPRT to the beginning", 0, 0, ECHOPRT, 0, "ab\x7f\x7fx\r"},
	{"ECHOPRT VWERASE", 0, 0, ECHOPRT, 0, "ab cd\x17\r"},
	{"ECHOPRT VKILL", 0, 0, ECHOPRT, 0, "ab cd\x15" "e\r"},
	{"ECHOPRT VREPRINT", 0, 0, ECHOPRT, 0, "abc\x7f\x12" "e\r"},
	{"ECHOPRT VLNEXT", 0, 0, ECHOPRT, 0, "abc\x7f\x16" "e\r"},
	{"ECHOPRT IUTF8", IUTF8, 0, ECHOPRT, 0, "a\xc3\xa4\x7f\r"},
	{"IUTF8", IUTF8, 0, 0, 0, "a\xc3\xa4\xe2\x82\xac\x7f\x7f" "b\r"},
	{"no IUTF8", 0, IUTF8, 0, 0, "a\xc3\xa4\x7f" "b\r"},
	{"IUTF8 VWERASE", IUTF8, 0, 0, 0, "a \xc3\xa4" "b\x17\r"},
	{"IUTF8 half a character", IUTF8, 0, 0, 0, "\xa4\x7f" "b\r"},
	{"IUTF8 tab", IUTF8, 0, 0, 0, "\xc3\xa4\t\x7f\r"},
	{"ISTRIP", ISTRIP, 0, 0, 0, "\xe1\xe2\x8d"},
	{"INLCR", INLCR, ICRNL, 0, 0, "a\nb\rc\x04"},
	{"INLCR and ICRNL", INLCR, 0, 0, 0, "a\nb\rc\x04"},
	{"IGNCR", IGNCR, 0, 0, 0, "a\rb\n"},
	{"no ICRNL", 0, ICRNL, 0, 0, "a\rb\n"},
	{"IUCLC", IUCLC, 0, 0, 0, "AbC\r"},
	{"IUCLC without IEXTEN", IUCLC, 0, 0, IEXTEN, "AbC\r"},
	{"IXON", 0, 0, 0, 0, "a\x13" "b\x11" "c\r"},
	{"IXON stopped", 0, 0, 0, 0, "a\x13" "bc\r"},
	{"IXANY", IXANY, 0, 0, 0, "a\x13" "b\r"},
	{"IXON stopped by VSTOP, continued by VINTR", 0, 0, 0, 0, "a\x13" "b\x03" "c\r"},
	{"no IXON", 0, IXON, 0, 0, "a\x13" "b\x11\r"},
	{"PARMRK", PARMRK, 0, 0, 0, "a\xff" "b\r"},
	{"PARMRK VERASE", PARMRK, 0, 0, 0, "a\xff\x7f" "b\r"},
	{"PARMRK raw", PARMRK, 0, 0, ICANON, "a\xff" "b\r"},
	{"raw", 0, 0, 0, ICANON, "ab\x7f\x15\x04\x17\r\n"},
	{"raw no ECHO", 0, ICRNL | IXON, 0, ICANON | ECHO | ISIG | IEXTEN, "ab\x03\x7f\x13\r\n"},
	{"raw ECHO control", 0, 0, 0, ICANON | ECHOCTL, "a\x01\t\r"},
	{"EXTPROC", 0, 0, EXTPROC, 0, "ab\x7f\x03" "c\r\n"},
	{"EXTPROC raw", 0, 0, EXTPROC, ICANON, "ab\x7f\x03" "c\r\n"},
	{"NUL", 0, 0, 0, 0, "a\x80" "b\r"},
};

static void type_all(void)
{
	for (size_t i = 0; i < sizeof typings / sizeof *typings; i++) {
		const struct typed *t = &typings[i];
		struct pty p = open_pty();
		struct termios set;
		tcgetattr(p.slave, &set);
		set.c_iflag = (set.c_iflag & ~t->iclear) | t->iset;
		set.c_lflag = (set.c_lflag & ~t->lclear) | t->lset;
		set.c_cc[VEOL] = '|';
		set.c_cc[VEOL2] = '!';
		tcsetattr(p.slave, TCSANOW, &set);
		type(&p, t->keys);
		show(t->name, &p);
		close_pty(&p);
	}
}

// One NUL and a line that is too long are no strings.
static void type_more(void)
{
	struct pty p = open_pty();
	static char long_line[5000], got[8192];
	write(p.master, "a\0b\r", 4);
	settle(&p);
	show("NUL in a line", &p);
	change(p.slave, 0, 0, 0, ECHO);
	memset(long_line, 'x', sizeof long_line);
	long_line[4999] = '\r';
	for (size_t done = 0; done < sizeof long_line; done += 500) {
		write(p.master, long_line + done, 500);
		settle(&p);
	}
	long n = read(p.slave, got, sizeof got);
	result("a line that is too long", n);
	say("its end", "%d", got[n - 1]);
	result("nothing after it", read(p.slave, got, sizeof got));
	type(&p, "after\r");
	show("a line after it", &p);
	close_pty(&p);
}

static const struct {
	const char *name;
	unsigned set, clear;
	const char *text;
} writings[] = {
	{"usual", 0, 0, "a\tb\r\nc\bd\n"},
	{"no OPOST", 0, OPOST, "a\tb\r\nc\n"},
	{"no ONLCR", 0, ONLCR, "a\nb\n"},
	{"OCRNL", OCRNL, 0, "a\rb\n"},
	{"OCRNL and ONLRET", OCRNL | ONLRET, 0, "a\rb\n"},
	{"ONOCR", ONOCR, 0, "\ra\r\rb\n\r"},
	{"ONLRET", ONLRET, ONLCR, "ab\n\tc"},
	{"OLCUC", OLCUC, 0, "aBc\n"},
	{"XTABS", XTABS, 0, "\ta\tbcdefgh\ti\r\tj\n\b\tk"},
	{"XTABS after backspace", XTABS, 0, "ab\b\tc\x01\td"},
	{"XTABS UTF-8", XTABS, 0, "\xc3\xa4\tc"},
	{"OFILL", OFILL | OFDEL, 0, "a\n"},
};

static void write_all(void)
{
	for (size_t i = 0; i < sizeof writings / sizeof *writings; i++) {
		struct pty p = open_pty();
		struct termios set;
		tcgetattr(p.slave, &set);
		set.c_oflag = (set.c_oflag & ~writings[i].clear) | writings[i].set;
		set.c_iflag |= IUTF8;
		tcsetattr(p.slave, TCSANOW, &set);
		result(writings[i].name, write(p.slave, writings[i].text, strlen(writings[i].text)));
		settle(&p);
		show(writings[i].name, &p);
		close_pty(&p);
	}
}

static long ms_since(const struct timespec *start)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - start->tv_sec) * 1000 + (now.tv_nsec - start->tv_nsec) / 1000000;
}

// timed reads with VMIN and VTIME set, and prints whether the read waited.
static void timed(const char *name, struct pty *p, int min, int time, int want)
{
	char b[64];
	struct timespec start;
	struct termios set;
	tcgetattr(p->slave, &set);
	set.c_lflag &= ~(ICANON | ECHO);
	set.c_cc[VMIN] = min;
	set.c_cc[VTIME] = time;
	tcsetattr(p->slave, TCSANOW, &set);
	fcntl(p->slave, F_SETFL, fcntl(p->slave, F_GETFL) & ~O_NONBLOCK);
	clock_gettime(CLOCK_MONOTONIC, &start);
	long n = read(p->slave, b, want);
	say(name, "%ld waited %d", n, ms_since(&start) >= 95);
}

// later types keys after some time, from another process.
static pid_t later(struct pty *p, int ms, const char *keys)
{
	pid_t pid = fork();
	if (pid == 0) {
		nap(ms);
		write(p->master, keys, strlen(keys));
		_exit(0);
	}
	return pid;
}

static void timed_all(void)
{
	struct pty p = open_pty();
	char b[16];
	change(p.slave, 0, 0, 0, ICANON | ECHO);
	timed("MIN 0 TIME 0 empty", &p, 0, 0, 10);
	timed("MIN 0 TIME 1 empty", &p, 0, 1, 10);
	type(&p, "abc");
	timed("MIN 0 TIME 0", &p, 0, 0, 2);
	timed("MIN 0 TIME 5", &p, 0, 5, 10);
	type(&p, "abcdef");
	timed("MIN 2 TIME 0, more there", &p, 2, 0, 3);
	timed("MIN 5 TIME 0, want less", &p, 5, 0, 2);
	timed("MIN 2 TIME 1, first there", &p, 2, 1, 10);
	pid_t pid = later(&p, 150, "xy");
	timed("MIN 2 TIME 0 waits", &p, 2, 0, 10);
	reap("typist", pid);
	pid = later(&p, 150, "z");
	timed("MIN 3 TIME 1 waits for the first", &p, 3, 1, 10);
	reap("typist", pid);
	pid = later(&p, 150, "z");
	timed("MIN 0 TIME 50 waits for the first", &p, 0, 50, 10);
	reap("typist", pid);
	result("read of nothing", read(p.slave, b, 0));
	close_pty(&p);
}

static int polled(int fd)
{
	struct pollfd f = {fd, POLLIN | POLLOUT | POLLPRI};
	return poll(&f, 1, 0) < 0 ? -1 : f.revents;
}

static void polls(void)
{
	struct pty p = open_pty();
	struct termios set;
	char b[16];
	say("poll empty", "%#x %#x", polled(p.slave), polled(p.master));
	type(&p, "ab");
	say("poll half a line", "%#x %#x", polled(p.slave), polled(p.master));
	result("FIONREAD of half a line", inq(p.slave));
	result("read of half a line", read(p.slave, b, sizeof b));
	type(&p, "c\r");
	say("poll a line", "%#x", polled(p.slave));
	result("FIONREAD of a line", inq(p.slave));
	result("read of a part", read(p.slave, b, 2));
	result("FIONREAD of the rest", inq(p.slave));
	say("poll the rest", "%#x", polled(p.slave));
	result("read of the rest", read(p.slave, b, sizeof b));
	type(&p, "\x04");
	say("poll an end of file", "%#x", polled(p.slave));
	result("FIONREAD of an end of file", inq(p.slave));
	result("read of an end of file", read(p.slave, b, sizeof b));
	type(&p, "abc\x04");
	result("read of exactly all before the end of file", read(p.slave, b, 3));
	result("and what follows", read(p.slave, b, 3));
	change(p.slave, 0, 0, 0, ICANON);
	tcgetattr(p.slave, &set);
	set.c_cc[VMIN] = 3;
	tcsetattr(p.slave, TCSANOW, &set);
	type(&p, "ab");
	say("poll less than MIN", "%#x", polled(p.slave));
	result("FIONREAD of that", inq(p.slave));
	result("read without blocking", read(p.slave, b, sizeof b));
	type(&p, "abc");
	say("poll MIN", "%#x", polled(p.slave));
	set.c_cc[VTIME] = 1;
	tcsetattr(p.slave, TCSANOW, &set);
	read(p.slave, b, sizeof b);
	type(&p, "a");
	say("poll with TIME", "%#x", polled(p.slave));
	close_pty(&p);
}

// Input that is there when the mode changes.
static void switches(void)
{
	struct pty p = open_pty();
	change(p.slave, 0, 0, 0, ECHO);
	type(&p, "half");
	change(p.slave, 0, 0, 0, ICANON);
	show("canonical to raw, half a line", &p);
	change(p.slave, 0, 0, ICANON, 0);
	type(&p, "one\rtwo");
	change(p.slave, 0, 0, 0, ICANON);
	show("canonical to raw, a line and a half", &p);
	type(&p, "one\rtwo");
	change(p.slave, 0, 0, ICANON, 0);
	show("raw to canonical", &p);
	type(&p, "more\r");
	show("after that", &p);
	change(p.slave, 0, 0, 0, ICANON);
	type(&p, "abc");
	change(p.slave, 0, 0, ICANON, 0);
	type(&p, "\x7f" "de\r");
	show("raw to canonical, then editing", &p);
	type(&p, "ab\x04");
	change(p.slave, 0, 0, 0, ICANON);
	show("VEOF to raw", &p);
	change(p.slave, 0, 0, ICANON, 0);
	type(&p, "gone\rgone");
	struct termios set;
	tcgetattr(p.slave, &set);
	result("TCSETSF", tcsetattr(p.slave, TCSAFLUSH, &set));
	type(&p, "there\r");
	show("after TCSETSF", &p);
	type(&p, "gone\rgone");
	result("TCIFLUSH", tcflush(p.slave, TCIFLUSH));
	type(&p, "there\r");
	show("after TCIFLUSH", &p);
	result("TCFLSH of what", ioctl(p.slave, TCFLSH, 3));
	close_pty(&p);
}

static void flow(void)
{
	struct pty p = open_pty();
	result("TCOOFF", tcflow(p.slave, TCOOFF));
	result("write while off", write(p.slave, "abc", 3));
	settle(&p);
	result("TIOCOUTQ", outq(p.slave));
	show("off", &p);
	type(&p, "\x11");
	show("VSTART does not undo it", &p);
	result("TCOON", tcflow(p.slave, TCOON));
	result("write while on", write(p.slave, "def", 3));
	settle(&p);
	show("on", &p);
	result("TCIOFF", tcflow(p.slave, TCIOFF));
	settle(&p);
	show("VSTOP", &p);
	result("TCION", tcflow(p.slave, TCION));
	settle(&p);
	show("VSTART", &p);
	result("TCXONC of what", ioctl(p.slave, TCXONC, 9));
	type(&p, "\x13");
	result("write while stopped", write(p.slave, "xyz", 3));
	settle(&p);
	show("stopped", &p);
	result("TCOFLUSH", tcflush(p.slave, TCOFLUSH));
	change(p.slave, 0, IXON, 0, 0);
	settle(&p);
	show("IXON off starts again", &p);
	result("tcdrain", tcdrain(p.slave));
	result("tcsendbreak", tcsendbreak(p.slave, 0));
	result("TIOCOUTQ of the master", outq(p.master));
	result("TIOCOUTQ after all", outq(p.slave));
	close_pty(&p);
}

static void settings(void)
{
	struct pty p = open_pty();
	struct termios set;
	tcgetattr(p.slave, &set);
	say("new settings", "%#o %#o %#o %#o", set.c_iflag, set.c_oflag, set.c_cflag, set.c_lflag);
	show_bytes("new characters", set.c_cc, 19);
	set.c_iflag = set.c_oflag = set.c_lflag = ~0 & ~EXTPROC;
	set.c_cflag = B9600 | CS7 | PARENB | CSTOPB | CRTSCTS;
	tcsetattr(p.slave, TCSANOW, &set);
	tcgetattr(p.slave, &set);
	say("all settings", "%#o %#o %#o %#o", set.c_iflag, set.c_oflag, set.c_cflag, set.c_lflag);
	tcgetattr(p.master, &set);
	say("all settings at the master", "%#o %#o %#o %#o", set.c_iflag, set.c_oflag, set.c_cflag, set.c_lflag);
	cfsetspeed(&set, B115200);
	tcsetattr(p.master, TCSANOW, &set);
	tcgetattr(p.slave, &set);
	say("speed", "%#o", cfgetospeed(&set));
	cfsetspeed(&set, B0);
	tcsetattr(p.slave, TCSANOW, &set);
	tcgetattr(p.slave, &set);
	say("speed 0", "%#o", set.c_cflag);
	struct { unsigned flags[4]; unsigned char line, cc[19]; unsigned in, out; } two;
	result("TCGETS2", ioctl(p.slave, 0x802c542a, &two));
	two.flags[2] = (two.flags[2] & ~CBAUD) | 010000;
	two.in = two.out = 12345;
	two.line = 7;
	result("TCSETS2", ioctl(p.slave, 0x402c542b, &two));
	result("TCGETS2", ioctl(p.slave, 0x802c542a, &two));
	say("BOTHER", "%#o %u %u line %d", two.flags[2], two.in, two.out, two.line);
	result("TCSETS bad address", ioctl(p.slave, TCSETS, 8));
	result("TCGETS bad address", ioctl(p.slave, TCGETS, 8));
	close_pty(&p);
}

void test_tty(void)
{
	alarm(100);
	type_all();
	type_more();
	write_all();
	timed_all();
	polls();
	switches();
	flow();
	settings();
}
