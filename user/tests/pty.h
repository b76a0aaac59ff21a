// What tests of terminals have in common: a pseudo terminal of their own.
#ifndef PTY_H
#define PTY_H

#include "check.h"

#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>

#ifndef EXTPROC
#define EXTPROC 0200000
#endif

struct pty {
	int master, slave;
	char name[32]; // of the slave
};

// nap sleeps through signals.
static void nap(int ms)
{
	struct timespec t = {ms / 1000, ms % 1000 * 1000000};
	while (syscall(SYS_nanosleep, &t, &t))
		;
}

// open_master opens a master whose slave may be opened.
static struct pty open_master(void)
{
	struct pty p = {open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK), -1};
	int n = -1, zero = 0;
	ioctl(p.master, TIOCGPTN, &n);
	ioctl(p.master, TIOCSPTLCK, &zero);
	snprintf(p.name, sizeof p.name, "/dev/pts/%d", n);
	return p;
}

// open_pty opens both sides, which do not block.
static struct pty open_pty(void)
{
	struct pty p = open_master();
	p.slave = open(p.name, O_RDWR | O_NOCTTY | O_NONBLOCK);
	return p;
}

static void close_pty(struct pty *p)
{
	close(p->slave);
	close(p->master);
}

static int inq(int fd)
{
	int n = -1;
	return ioctl(fd, FIONREAD, &n) ? -1 : n;
}

static int outq(int fd)
{
	int n = -1;
	return ioctl(fd, TIOCOUTQ, &n) ? -1 : n;
}

// settle waits until the kernel has moved what was written to either side.
static void settle(const struct pty *p)
{
	int same = 0, in = -2, out = -2;
	while (same < 3) {
		int i = inq(p->slave), o = inq(p->master);
		same = i == in && o == out ? same + 1 : 0;
		in = i, out = o;
		nap(10);
	}
}

static void type(const struct pty *p, const char *keys)
{
	if (write(p->master, keys, strlen(keys)) < 0)
		result("typing", -1);
	settle(p);
}

// change sets and clears flags of a terminal.
static void change(int fd, unsigned iset, unsigned iclear, unsigned lset, unsigned lclear)
{
	struct termios t;
	tcgetattr(fd, &t);
	t.c_iflag = (t.c_iflag | iset) & ~iclear;
	t.c_lflag = (t.c_lflag | lset) & ~lclear;
	tcsetattr(fd, TCSANOW, &t);
}

static char *escape(char *to, const void *bytes, long n)
{
	const unsigned char *b = bytes;
	for (long i = 0; i < n; i++)
		if (b[i] > ' ' && b[i] < 0x7f && b[i] != '\\')
			*to++ = b[i];
		else
			to += sprintf(to, "\\%02x", b[i]);
	*to = 0;
	return to;
}

static void show_bytes(const char *name, const void *bytes, long n)
{
	char text[400];
	escape(text, bytes, n < 80 ? n : 80);
	say(name, "%s", text);
}

// show prints what is on the screen, and what can be read, read by read.
static void show(const char *name, const struct pty *p)
{
	char text[500], b[100], *to = text;
	fcntl(p->slave, F_SETFL, fcntl(p->slave, F_GETFL) | O_NONBLOCK);
	long n = read(p->master, b, 50);
	to += sprintf(to, "screen ");
	to = n < 0 ? to + sprintf(to, "errno %d", errno) : escape(to, b, n);
	for (int i = 0; i < 4; i++) {
		n = read(p->slave, b, 50);
		to += sprintf(to, n < 0 ? " errno %d" : " read ", errno);
		if (n < 0)
			break;
		to = escape(to, b, n);
	}
	say(name, "%s", text);
}

#endif
