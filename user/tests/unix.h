// What tests of AF_UNIX have in common.
#ifndef UNIX_TESTS_H
#define UNIX_TESTS_H

#include "check.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <grp.h>

// name makes a sockaddr_un, of which path is the name; one that begins with @ is
// abstract. It returns its length.
static socklen_t name(struct sockaddr_un *a, const char *path)
{
	memset(a, 0, sizeof *a);
	a->sun_family = AF_UNIX;
	size_t n = strlen(path);
	memcpy(a->sun_path, path, n);
	if (path[0] == '@') {
		a->sun_path[0] = 0;
		return offsetof(struct sockaddr_un, sun_path) + n;
	}
	return offsetof(struct sockaddr_un, sun_path) + n + 1;
}

static int bind_to(int s, const char *path)
{
	struct sockaddr_un a;
	socklen_t n = name(&a, path);
	return bind(s, (void *)&a, n);
}

static int connect_to(int s, const char *path)
{
	struct sockaddr_un a;
	socklen_t n = name(&a, path);
	return connect(s, (void *)&a, n);
}

static int send_to(int s, const char *text, const char *path, int flags)
{
	struct sockaddr_un a;
	socklen_t n = name(&a, path);
	return sendto(s, text, strlen(text), flags, (void *)&a, n);
}

// listener returns a socket that listens.
static int listener(int type, const char *path, int backlog)
{
	int s = socket(AF_UNIX, type, 0);
	bind_to(s, path);
	listen(s, backlog);
	return s;
}

static int connected(int type, const char *path)
{
	int s = socket(AF_UNIX, type, 0);
	if (connect_to(s, path) == -1) {
		int e = errno;
		close(s);
		errno = e;
		return -1;
	}
	return s;
}

static void pair(int type, int s[2]) { socketpair(AF_UNIX, type, 0, s); }

static void close2(int s[2])
{
	close(s[0]);
	close(s[1]);
}

// address prints a name that a call has stored.
static void address(const char *what, long result, struct sockaddr_un *a, socklen_t n)
{
	char text[256];
	int at = 0;
	if (result == -1) {
		say(what, "-1 errno %d", errno);
		return;
	}
	for (int i = 0; i + 2 < (int)n && i < 110; i++) {
		char c = ((char *)a)[2 + i];
		at += snprintf(text + at, sizeof text - at, c > 32 && c < 127 ? "%c" : "\\%o", c);
	}
	text[at] = 0;
	say(what, "%ld length %d family %d \"%s\"", result, n, n >= 2 ? a->sun_family : -1, text);
}

static void sockname(const char *what, int s)
{
	struct sockaddr_un a = {0};
	socklen_t n = sizeof a;
	int r = getsockname(s, (void *)&a, &n);
	address(what, r, &a, n);
}

static void peername(const char *what, int s)
{
	struct sockaddr_un a = {0};
	socklen_t n = sizeof a;
	int r = getpeername(s, (void *)&a, &n);
	address(what, r, &a, n);
}

// events prints what poll says of a socket.
static void events(const char *what, int s)
{
	struct pollfd p = {s, ~0 & ~POLLNVAL, 0};
	int r = poll(&p, 1, 0);
	say(what, "%d %#x", r, p.revents);
}

static int option(int s, int opt)
{
	int v = -77;
	socklen_t n = sizeof v;
	return getsockopt(s, SOL_SOCKET, opt, &v, &n) == -1 ? -errno : v;
}

static int set_option(int s, int opt, int v) { return setsockopt(s, SOL_SOCKET, opt, &v, sizeof v); }

static void nonblock(int s) { fcntl(s, F_SETFL, fcntl(s, F_GETFL) | O_NONBLOCK); }

// got prints what a call has received.
static void got(const char *what, long n, const char *text)
{
	if (n == -1)
		say(what, "-1 errno %d", errno);
	else
		say(what, "%ld \"%.*s\"", n, n > 60 ? 60 : (int)n, text);
}

static void received(const char *what, int s, int room, int flags)
{
	static char buf[300000];
	memset(buf, 0, 64);
	got(what, recv(s, buf, room, flags), buf);
}

// fill sends messages of n bytes until there is no room, and returns how many.
static int fill(int s, int n)
{
	static char buf[300000];
	int count = 0;
	while (send(s, buf, n, MSG_DONTWAIT | MSG_NOSIGNAL) == n && count < 5000)
		count++;
	return count;
}

static volatile int caught;

static void catch_it(int sig) { caught++; }

static void handler(int sig, int flags)
{
	struct sigaction sa = {.sa_handler = catch_it, .sa_flags = flags};
	sigaction(sig, &sa, 0);
	caught = 0;
}

static void timeout(int s, int opt, long ms)
{
	struct timeval tv = {ms / 1000, ms % 1000 * 1000};
	setsockopt(s, SOL_SOCKET, opt, &tv, sizeof tv);
}

#endif
