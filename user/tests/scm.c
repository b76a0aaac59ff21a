// Messages of AF_UNIX: datagrams, what goes with them, and descriptors and credentials
// that are passed (unix(7), cmsg(3)).
#include "unix.h"

static void datagrams(void)
{
	struct sockaddr_un a;
	socklen_t n = sizeof a;
	char buf[300000];
	int r = socket(AF_UNIX, SOCK_DGRAM, 0), s = socket(AF_UNIX, SOCK_DGRAM, 0), t = socket(AF_UNIX, SOCK_DGRAM, 0);
	events("a new one", s);
	result("send to nobody", send(s, "x", 1, 0));
	result("listen", listen(s, 1));
	result("accept", accept(s, 0, 0));
	bind_to(r, "/tmp/dgram");
	result("listen with a name", listen(r, 1));
	result("sendto", send_to(s, "one", "/tmp/dgram", 0));
	result("sendto of no bytes", send_to(s, "", "/tmp/dgram", 0));
	result("sendto nobody", send_to(s, "x", "@nobody", 0));
	result("sendto no file", send_to(s, "x", "/tmp/nothing", 0));
	result("sendto a short name", sendto(s, "x", 1, 0, (void *)&a, 1));
	events("two to be received", r);
	result("FIONREAD", ioctl(r, FIONREAD, buf) ?: *(int *)buf);
	result("recvfrom", recvfrom(r, buf, 99, 0, (void *)&a, &n));
	address("from one without a name", 0, &a, n);
	result("FIONREAD of none", ioctl(r, FIONREAD, buf) ?: *(int *)buf);
	received("recv of no bytes", r, 99, 0);
	received("recv of nothing", r, 99, MSG_DONTWAIT);
	bind_to(s, "@sender");
	send_to(s, "from", "/tmp/dgram", 0);
	n = sizeof a;
	recvfrom(r, buf, 99, 0, (void *)&a, &n);
	address("from one with a name", 0, &a, n);
	result("connect", connect_to(s, "/tmp/dgram"));
	peername("peer", s);
	peername("its peer", r);
	result("write", write(s, "two", 3));
	result("write of no bytes", write(s, "", 0));
	struct iovec v = {"", 0};
	result("writev of no bytes", writev(s, &v, 1));
	received("recv cut", r, 2, 0);
	received("recv of no bytes", r, 2, 0);
	received("nothing else", r, 2, MSG_DONTWAIT);
	send(s, "three", 5, 0);
	received("peek", r, 2, MSG_PEEK);
	received("peek, MSG_TRUNC", r, 2, MSG_PEEK | MSG_TRUNC);
	received("recv, MSG_TRUNC", r, 2, MSG_TRUNC);
	send(s, "keep", 4, 0);
	result("recv fault", recv(r, (void *)8, 4, 0));
	received("it is lost", r, 9, MSG_DONTWAIT);
	result("send fault", send(s, (void *)8, 4, 0));
	result("MSG_OOB", send(s, "x", 1, MSG_OOB));
	result("recv MSG_OOB", recv(r, buf, 1, MSG_OOB));
	// A receiver with a peer takes nothing from others.
	result("connect to each other", connect_to(r, "@sender"));
	result("of others", send_to(t, "x", "/tmp/dgram", 0));
	result("connect of others", connect_to(t, "/tmp/dgram"));
	result("of its peer", send(s, "x", 1, 0));
	result("connect with nothing", connect(s, (void *)&(struct sockaddr){AF_UNSPEC}, 1));
	send(r, "lost", 4, 0);
	result("disconnect", connect(s, (void *)&(struct sockaddr){AF_UNSPEC}, 2));
	peername("no peer", s);
	say("error of the one", "%d", option(s, SO_ERROR));
	say("error of the other", "%d", option(r, SO_ERROR));
	received("what was sent is lost", s, 9, MSG_DONTWAIT);
	received("what was received is not", r, 9, MSG_DONTWAIT);
	result("send back", send(r, "y", 1, 0));
	close(r);
	unlink("/tmp/dgram");
	// Queues.
	r = socket(AF_UNIX, SOCK_DGRAM, 0);
	bind_to(r, "@queue");
	int count = 0;
	while (send_to(t, "q", "@queue", MSG_DONTWAIT) == 1)
		count++;
	say("datagrams of one who is not the peer", "%d errno %d", count, errno);
	events("the sender", t);
	result("connect", connect_to(t, "@queue"));
	events("the sender, connected", t);
	send(t, "q", 1, MSG_DONTWAIT);
	received("room", r, 9, 0);
	events("the sender, with room", t);
	timeout(t, SO_SNDTIMEO, 20);
	result("fills it", send(t, "q", 1, 0));
	result("times out", send(t, "q", 1, 0));
	pid_t pid = fork();
	if (pid == 0) {
		struct pollfd p = {t, POLLOUT, 0};
		int k = poll(&p, 1, -1);
		say("room for who polls", "%d %#x", k, p.revents);
		_exit(0);
	}
	await(pid, 'S');
	recv(r, buf, 9, 0);
	reap("poll", pid);
	send(t, "q", 1, MSG_DONTWAIT);
	timeout(t, SO_SNDTIMEO, 0);
	pid = fork();
	if (pid == 0) {
		close(r);
		result("send to one that goes", send(t, "q", 1, 0));
		_exit(0);
	}
	await(pid, 'S');
	close(r);
	reap("send", pid);
	events("a peer that has gone", t);
	result("send to it", send(t, "q", 1, 0));
	peername("its name", t);
	close(t);
	close(s);
	// To oneself.
	s = socket(AF_UNIX, SOCK_DGRAM, 0);
	bind_to(s, "@self");
	result("connect to oneself", connect_to(s, "@self"));
	result("send to oneself", send(s, "self", 4, 0));
	say("datagrams to oneself", "%d", fill(s, 1));
	received("recv", s, 9, 0);
	close(s);
	// Sizes.
	static const int sizes[] = {0, 1, 1000, 4096, 16064, 16065, 20000, 100000, 212960, 212961, 300000};
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		int p[2], q = -1;
		pair(SOCK_DGRAM, p);
		int k = send(p[0], buf, sizes[i], MSG_DONTWAIT);
		int e = errno;
		ioctl(p[0], TIOCOUTQ, &q);
		say("datagram of a size", "%d: %d %d takes %d", sizes[i], k, k == -1 ? e : 0, q);
		close2(p);
	}
	int p[2];
	pair(SOCK_DGRAM, p);
	set_option(p[0], SO_SNDBUFFORCE, 1 << 30);
	char *huge = mmap(0, 8 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	result("a datagram of 8 MiB", send(p[0], huge, 8 << 20, MSG_DONTWAIT));
	result("a datagram of 1 MiB", send(p[0], huge, 1 << 20, MSG_DONTWAIT));
	munmap(huge, 8 << 20);
	close2(p);
	pair(SOCK_DGRAM, p);
	say("datagrams of 1 byte to the peer", "%d", fill(p[0], 1));
	events("when full", p[0]);
	close(p[1]);
	result("send when the peer has gone", send(p[0], "x", 1, 0));
	result("and again", send(p[0], "x", 1, 0));
	close(p[0]);
	pair(SOCK_DGRAM, p);
	shutdown(p[1], SHUT_RD);
	handler(SIGPIPE, 0);
	result("send to one that is shut down", send(p[0], "x", 1, 0));
	received("recv of it", p[1], 1, 0);
	received("recv of it, not waiting", p[1], 1, MSG_DONTWAIT);
	shutdown(p[0], SHUT_WR);
	result("send of one that is shut down", send(p[0], "x", 1, 0));
	say("SIGPIPE", "%d", caught);
	signal(SIGPIPE, SIG_DFL);
	events("the one", p[0]);
	events("the other", p[1]);
	close2(p);
	// SO_PEEK_OFF.
	pair(SOCK_DGRAM, p);
	send(p[0], "abc", 3, 0);
	send(p[0], "", 0, 0);
	send(p[0], "defg", 4, 0);
	set_option(p[1], SO_PEEK_OFF, 0);
	for (int i = 0; i < 4; i++) {
		received("peek", p[1], 2, MSG_PEEK | MSG_DONTWAIT);
		say("SO_PEEK_OFF", "%d", option(p[1], SO_PEEK_OFF));
	}
	received("recv", p[1], 9, 0);
	say("SO_PEEK_OFF", "%d", option(p[1], SO_PEEK_OFF));
	received("peek", p[1], 9, MSG_PEEK | MSG_DONTWAIT);
	close2(p);
	pair(SOCK_SEQPACKET, p);
	send(p[0], "packet", 6, MSG_EOR);
	send(p[0], "second", 6, 0);
	result("sendto a name", send_to(p[0], "third", "@nobody", 0));
	struct msghdr m = {.msg_iov = &(struct iovec){buf, 3}, .msg_iovlen = 1};
	result("recvmsg", recvmsg(p[1], &m, 0));
	say("flags", "%#x", m.msg_flags);
	received("recv", p[1], 9, 0);
	received("recv", p[1], 9, 0);
	close2(p);
}

// What sendmsg and recvmsg are given.
static void messages(void)
{
	int s[2];
	char buf[100], name[200];
	struct iovec v = {"message", 7}, w = {buf, 3};
	pair(SOCK_DGRAM, s);
	struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1}, r = {.msg_iov = &w, .msg_iovlen = 1};
	result("sendmsg", sendmsg(s[0], &m, 0));
	r.msg_flags = -1, r.msg_controllen = 50, r.msg_name = name, r.msg_namelen = sizeof name;
	result("recvmsg", recvmsg(s[1], &r, 0));
	say("it says", "flags %#x control %d name %d", r.msg_flags, (int)r.msg_controllen, r.msg_namelen);
	result("sendmsg fault", sendmsg(s[0], (void *)8, 0));
	result("recvmsg fault", recvmsg(s[1], (void *)8, 0));
	result("sendmsg of nothing", sendmsg(99, (void *)8, 0));
	result("sendmsg compat", sendmsg(99, &m, 0x80000000));
	result("recvmsg compat", recvmsg(99, &m, 0x80000000));
	m.msg_iovlen = 1025;
	result("1025 ranges", sendmsg(s[0], &m, 0));
	m.msg_iovlen = -1;
	result("too many ranges", sendmsg(s[0], &m, 0));
	m.msg_iovlen = 1;
	m.msg_iov = (void *)8;
	result("ranges fault", sendmsg(s[0], &m, 0));
	m.msg_iov = &v;
	m.msg_name = name, m.msg_namelen = -1;
	result("name of -1 bytes", sendmsg(s[0], &m, 0));
	m.msg_namelen = 0;
	result("name of no bytes", sendmsg(s[0], &m, 0));
	m.msg_namelen = 1000;
	memset(name, 0, sizeof name);
	result("name of 1000 bytes", sendmsg(s[0], &m, 0));
	m.msg_name = (void *)8, m.msg_namelen = 10;
	result("name fault", sendmsg(s[0], &m, 0));
	m.msg_name = 0, m.msg_namelen = -1;
	result("no name of -1 bytes", sendmsg(s[0], &m, 0));
	m.msg_namelen = 0;
	m.msg_control = (void *)8, m.msg_controllen = 20;
	result("control fault", sendmsg(s[0], &m, 0));
	m.msg_controllen = 20481;
	result("control of 20481 bytes", sendmsg(s[0], &m, 0));
	m.msg_controllen = 1ul << 31;
	result("control of 2 GiB", sendmsg(s[0], &m, 0));
	m.msg_control = buf, m.msg_controllen = 15;
	result("control of 15 bytes", sendmsg(s[0], &m, 0));
	while (recv(s[1], buf, 100, MSG_DONTWAIT) > 0)
		;
	r.msg_name = name, r.msg_namelen = -1;
	m.msg_controllen = 0;
	sendmsg(s[0], &m, 0);
	result("recvmsg, name of -1 bytes", recvmsg(s[1], &r, MSG_DONTWAIT));
	r.msg_name = 0;
	r.msg_iovlen = 2000;
	result("recvmsg, 2000 ranges", recvmsg(s[1], &r, MSG_DONTWAIT));
	r.msg_iovlen = 1;
	result("recvmsg, MSG_CMSG_CLOEXEC", recvmsg(s[1], &r, MSG_CMSG_CLOEXEC));
	say("flags", "%#x", r.msg_flags);
	while (recv(s[1], buf, 100, MSG_DONTWAIT) > 0)
		;
	// Many at once.
	struct mmsghdr mm[3] = {{{.msg_iov = &(struct iovec){"a", 1}, .msg_iovlen = 1}}, {{.msg_iov = &(struct iovec){"bc", 2}, .msg_iovlen = 1}}, {{.msg_iov = &v, .msg_iovlen = 1}}};
	result("sendmmsg", sendmmsg(s[0], mm, 3, 0));
	say("lengths", "%d %d %d", mm[0].msg_len, mm[1].msg_len, mm[2].msg_len);
	mm[1].msg_hdr.msg_iov = (void *)8;
	result("sendmmsg with a bad one", sendmmsg(s[0], mm, 3, 0));
	result("sendmmsg, the bad one first", sendmmsg(s[0], mm + 1, 2, 0));
	result("sendmmsg of none", sendmmsg(s[0], mm, 0, 0));
	result("sendmmsg fault", sendmmsg(s[0], (void *)8, 1, 0));
	char in[5][10];
	struct mmsghdr rr[5] = {0};
	for (int i = 0; i < 5; i++) {
		rr[i].msg_hdr.msg_iov = &(struct iovec[5]){0}[i];
		static struct iovec iv[5];
		iv[i] = (struct iovec){in[i], 2};
		rr[i].msg_hdr.msg_iov = &iv[i];
		rr[i].msg_hdr.msg_iovlen = 1;
	}
	result("recvmmsg", recvmmsg(s[1], rr, 5, MSG_DONTWAIT, 0));
	say("lengths", "%d %d %d %d", rr[0].msg_len, rr[1].msg_len, rr[2].msg_len, rr[3].msg_len);
	say("flags", "%#x %#x", rr[1].msg_hdr.msg_flags, rr[2].msg_hdr.msg_flags);
	result("recvmmsg of nothing", recvmmsg(s[1], rr, 5, MSG_DONTWAIT, 0));
	send(s[0], "x", 1, 0);
	send(s[0], "y", 1, 0);
	result("MSG_WAITFORONE", recvmmsg(s[1], rr, 5, MSG_WAITFORONE, 0));
	struct timespec t = {0, 0};
	send(s[0], "x", 1, 0);
	send(s[0], "y", 1, 0);
	result("recvmmsg, no time", recvmmsg(s[1], rr, 5, 0, &t));
	result("recvmmsg, the rest", recvmmsg(s[1], rr, 1, 0, &(struct timespec){100, 0}));
	t.tv_nsec = -1;
	result("recvmmsg, bad time", recvmmsg(s[1], rr, 5, 0, &t));
	result("recvmmsg, time fault", recvmmsg(s[1], rr, 5, 0, (void *)8));
	send(s[0], "x", 1, 0);
	send(s[0], "y", 1, 0);
	rr[1].msg_hdr.msg_iovlen = 5000;
	result("recvmmsg with a bad one", recvmmsg(s[1], rr, 5, MSG_DONTWAIT, 0));
	say("the error is kept", "%d", option(s[1], SO_ERROR));
	close2(s);
}

// Control messages.
static union {
	struct cmsghdr h;
	char b[4096];
} control;

static int used;

static void add(int level, int type, const void *data, int n, int length)
{
	struct cmsghdr *c = (void *)(control.b + used);
	c->cmsg_len = length >= 0 ? length : CMSG_LEN(n);
	c->cmsg_level = level;
	c->cmsg_type = type;
	memcpy(CMSG_DATA(c), data, n);
	used += CMSG_SPACE(n);
}

static int send_control(int s, int n)
{
	struct iovec v = {"c", 1};
	struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = control.b, .msg_controllen = n >= 0 ? n : used};
	used = 0;
	return sendmsg(s, &m, MSG_DONTWAIT);
}

static int send_fds(int s, const int *fds, int n)
{
	used = 0;
	add(SOL_SOCKET, SCM_RIGHTS, fds, n * 4, -1);
	return send_control(s, -1);
}

// receive_control prints a message with what goes with it, and keeps the descriptors.
static int fds[300], nfds;

static void receive_control(const char *what, int s, int room, int flags)
{
	char buf[20] = "";
	struct iovec v = {buf, 9};
	struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = room ? control.b : 0, .msg_controllen = room};
	memset(&control, 0, sizeof control);
	int n = recvmsg(s, &m, flags), at = 0;
	char text[300];
	nfds = 0;
	if (n == -1)
		return result(what, -1);
	at = sprintf(text, "%d flags %#x control %d", n, m.msg_flags, (int)m.msg_controllen);
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); room && c; c = CMSG_NXTHDR(&m, c)) {
		at += sprintf(text + at, " [%d %d %d", (int)c->cmsg_len, c->cmsg_level, c->cmsg_type);
		if (c->cmsg_type == SCM_RIGHTS) {
			for (int i = 0; CMSG_LEN(4 * i + 4) <= c->cmsg_len; i++)
				fds[nfds++] = ((int *)CMSG_DATA(c))[i];
		} else if (c->cmsg_len >= CMSG_LEN(12)) {
			struct ucred *u = (void *)CMSG_DATA(c);
			at += sprintf(text + at, ": %s %d %d", u->pid == getpid() ? "me" : u->pid == getppid() ? "parent" : u->pid == 0 ? "nobody" : "other", u->uid, u->gid);
		}
		at += sprintf(text + at, "]");
	}
	say(what, "%s", text);
}

static void close_fds(void)
{
	while (nfds > 0)
		close(fds[--nfds]);
}

static void rights(int type)
{
	int s[2], p[2], many[300];
	struct stat a, b;
	char c;
	pair(type, s);
	pipe(p);
	result("send a descriptor", send_fds(s[0], p, 1));
	receive_control("receive", s[1], 100, 0);
	fstat(p[0], &a);
	fstat(fds[0], &b);
	say("the same file", "%d %d", nfds, a.st_ino == b.st_ino);
	say("FD_CLOEXEC", "%d", fcntl(fds[0], F_GETFD));
	close_fds();
	send_fds(s[0], p, 2);
	receive_control("MSG_CMSG_CLOEXEC", s[1], 100, MSG_CMSG_CLOEXEC);
	say("FD_CLOEXEC", "%d %d", fcntl(fds[0], F_GETFD), fcntl(fds[1], F_GETFD));
	close_fds();
	send_fds(s[0], p, 2);
	receive_control("peek", s[1], 100, MSG_PEEK);
	close_fds();
	receive_control("receive after that", s[1], 100, 0);
	close_fds();
	static const int rooms[] = {0, 8, 15, 16, 17, 20, 23, 24, 27, 28, 32};
	for (size_t i = 0; i < sizeof rooms / sizeof *rooms; i++) {
		send_fds(s[0], (int[]){p[0], p[1], 1}, 3);
		receive_control("room", s[1], rooms[i], 0);
		close_fds();
	}
	send_fds(s[0], p, 2);
	received("recv loses them", s[1], 9, 0);
	// The file lives on its way.
	write(p[1], "way", 3);
	send_fds(s[0], p, 1);
	close(p[0]);
	handler(SIGPIPE, 0);
	result("write while it is on its way", write(p[1], "x", 1));
	close(s[1]);
	result("write when it is lost", write(p[1], "x", 1));
	signal(SIGPIPE, SIG_DFL);
	close(p[1]);
	close(s[0]);
	// What is not sent.
	pair(type, s);
	result("bad descriptor", send_fds(s[0], (int[]){1, 99}, 2));
	result("negative descriptor", send_fds(s[0], (int[]){-1}, 1));
	result("no descriptor", send_fds(s[0], p, 0));
	receive_control("it has none", s[1], 100, 0);
	add(SOL_SOCKET, SCM_RIGHTS, (int[]){1}, 4, CMSG_LEN(3));
	result("three bytes", send_control(s[0], -1));
	receive_control("it has none", s[1], 100, 0);
	add(SOL_SOCKET, SCM_RIGHTS, (int[]){1, 2}, 8, CMSG_LEN(7));
	result("seven bytes", send_control(s[0], -1));
	receive_control("it has one", s[1], 100, 0);
	close_fds();
	for (int i = 0; i < 300; i++)
		many[i] = 1;
	result("253 descriptors", send_fds(s[0], many, 253));
	receive_control("receive", s[1], 2000, 0);
	close_fds();
	result("254 descriptors", send_fds(s[0], many, 254));
	add(SOL_SOCKET, SCM_RIGHTS, many, 4 * 200, -1);
	add(SOL_SOCKET, SCM_RIGHTS, many, 4 * 60, -1);
	result("two messages with too many", send_control(s[0], -1));
	add(SOL_SOCKET, SCM_RIGHTS, many, 4 * 2, -1);
	add(SOL_SOCKET, SCM_RIGHTS, many, 4 * 3, -1);
	result("two messages", send_control(s[0], -1));
	receive_control("they are one", s[1], 2000, 0);
	close_fds();
	struct rlimit old, few;
	getrlimit(RLIMIT_NOFILE, &old);
	few = old;
	int low = dup(1);
	few.rlim_cur = low + 2;
	close(low);
	send_fds(s[0], many, 4);
	setrlimit(RLIMIT_NOFILE, &few);
	receive_control("two descriptors are free", s[1], 2000, 0);
	setrlimit(RLIMIT_NOFILE, &old);
	close_fds();
	send_fds(s[0], many, 2);
	struct iovec v = {&c, 1};
	struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = (void *)8, .msg_controllen = 100};
	result("control fault", recvmsg(s[1], &m, 0));
	say("it says", "flags %#x control %d", m.msg_flags, (int)m.msg_controllen);
	low = dup(1);
	say("no descriptor is lost", "%d", low == few.rlim_cur - 2);
	close(low);
	int path = open("/tmp", O_PATH);
	send_fds(s[0], &path, 1);
	receive_control("O_PATH", s[1], 100, 0);
	say("it is", "%#x", fcntl(fds[0], F_GETFL) & O_PATH);
	close_fds();
	close(path);
	// Lengths and levels.
	static const int lengths[] = {0, 1, 15, 16, 17, 24, 25, 1000};
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		add(SOL_SOCKET, SCM_RIGHTS, many, 8, lengths[i]);
		result("length", send_control(s[0], -1));
		receive_control("received", s[1], 100, MSG_DONTWAIT);
		close_fds();
	}
	add(SOL_SOCKET, SCM_RIGHTS, many, 8, -1);
	result("cut", send_control(s[0], 23));
	add(SOL_SOCKET, SCM_RIGHTS, many, 4, -1);
	result("not aligned at the end", send_control(s[0], 20));
	receive_control("received", s[1], 100, MSG_DONTWAIT);
	close_fds();
	add(SOL_SOCKET, SCM_RIGHTS, many, 4, -1);
	result("a bit behind", send_control(s[0], 24 + 15));
	receive_control("received", s[1], 100, MSG_DONTWAIT);
	close_fds();
	add(SOL_SOCKET, 77, many, 4, -1);
	result("type", send_control(s[0], -1));
	add(7, 77, many, 4, -1);
	add(SOL_SOCKET, SCM_RIGHTS, many, 4, -1);
	result("level", send_control(s[0], -1));
	receive_control("received", s[1], 100, MSG_DONTWAIT);
	close_fds();
	// Messages do not mix.
	if (type == SOCK_STREAM) {
		char buf[20];
		send(s[0], "ab", 2, 0);
		send_fds(s[0], many, 1);
		send(s[0], "de", 2, 0);
		send_fds(s[0], many, 2);
		receive_control("first", s[1], 100, 0);
		close_fds();
		receive_control("second", s[1], 100, 0);
		close_fds();
		receive_control("third", s[1], 100, MSG_DONTWAIT);
		v = (struct iovec){buf, 0};
		m = (struct msghdr){.msg_iov = &v, .msg_iovlen = 1};
		used = 0;
		add(SOL_SOCKET, SCM_RIGHTS, many, 4, -1);
		m.msg_control = control.b, m.msg_controllen = used;
		result("no bytes but a descriptor", sendmsg(s[0], &m, 0));
		receive_control("nothing comes", s[1], 100, MSG_DONTWAIT);
		used = 0;
		add(SOL_SOCKET, SCM_RIGHTS, many, 4, -1);
		static char big[100000];
		v = (struct iovec){big, sizeof big};
		m.msg_control = control.b, m.msg_controllen = used, used = 0;
		result("many bytes with a descriptor", sendmsg(s[0], &m, 0));
		receive_control("come with the first", s[1], 100, MSG_DONTWAIT);
		close_fds();
		receive_control("and not the second", s[1], 100, MSG_DONTWAIT);
	}
	close2(s);
}

static void credentials(int type)
{
	int s[2];
	struct ucred u = {getpid(), getuid(), getgid()};
	pair(type, s);
	send(s[0], "x", 1, 0);
	result("SO_PASSCRED", set_option(s[1], SO_PASSCRED, 1));
	receive_control("sent before", s[1], 100, 0);
	send(s[0], "x", 1, 0);
	receive_control("sent after", s[1], 100, 0);
	send(s[0], "x", 1, 0);
	receive_control("no room", s[1], 0, 0);
	send(s[0], "x", 1, 0);
	receive_control("room for a header", s[1], 16, 0);
	send(s[0], "x", 1, 0);
	receive_control("a little room", s[1], 21, 0);
	set_option(s[1], SO_PASSCRED, 0);
	set_option(s[0], SO_PASSCRED, 1);
	send(s[0], "x", 1, 0);
	receive_control("not asked for", s[1], 100, 0);
	set_option(s[1], SO_PASSCRED, 1);
	add(SOL_SOCKET, SCM_CREDENTIALS, &u, sizeof u, -1);
	result("own", send_control(s[0], -1));
	receive_control("received", s[1], 100, 0);
	u.uid = 77, u.gid = 88;
	add(SOL_SOCKET, SCM_CREDENTIALS, &u, sizeof u, -1);
	result("others', by root", send_control(s[0], -1));
	receive_control("received", s[1], 100, 0);
	u.pid = 30000;
	add(SOL_SOCKET, SCM_CREDENTIALS, &u, sizeof u, -1);
	result("nobody's", send_control(s[0], -1));
	u.pid = getpid(), u.uid = -1;
	add(SOL_SOCKET, SCM_CREDENTIALS, &u, sizeof u, -1);
	result("user -1", send_control(s[0], -1));
	add(SOL_SOCKET, SCM_CREDENTIALS, &u, 8, -1);
	result("short", send_control(s[0], -1));
	u.uid = 0, u.gid = 0;
	int fd = 1;
	add(SOL_SOCKET, SCM_RIGHTS, &fd, 4, -1);
	add(SOL_SOCKET, SCM_CREDENTIALS, &u, sizeof u, -1);
	result("with a descriptor", send_control(s[0], -1));
	receive_control("received", s[1], 100, 0);
	close_fds();
	pid_t pid = fork();
	if (pid == 0) {
		setresgid(10, 11, 12);
		setresuid(20, 21, 22);
		static const struct ucred try[] = {{0, 20, 10}, {0, 21, 11}, {0, 22, 12}, {0, 23, 10}, {0, 20, 13}, {1, 20, 10}};
		for (int i = 0; i < 6; i++) {
			u = try[i];
			u.pid = u.pid ? getppid() : getpid();
			used = 0;
			add(SOL_SOCKET, SCM_CREDENTIALS, &u, sizeof u, -1);
			result("by a user", send_control(s[0], -1));
		}
		send(s[0], "x", 1, 0);
		_exit(0);
	}
	reap("user", pid);
	for (int i = 0; i < 4; i++)
		receive_control("of a user", s[1], 100, 0);
	close2(s);
	if (type == SOCK_STREAM) {
		// Messages of different senders do not mix.
		pair(type, s);
		set_option(s[1], SO_PASSCRED, 1);
		send(s[0], "a", 1, 0);
		send(s[0], "b", 1, 0);
		CHILD("another sender", send(s[0], "c", 1, 0));
		send(s[0], "d", 1, 0);
		for (int i = 0; i < 3; i++)
			receive_control("glued", s[1], 100, 0);
		set_option(s[1], SO_PASSCRED, 0);
		close2(s);
	}
	// Who wants credentials gets a name.
	int d = socket(AF_UNIX, type, 0), l = socket(AF_UNIX, type, 0);
	bind_to(l, "@passcred");
	listen(l, 5);
	set_option(d, SO_PASSCRED, 1);
	connect_to(d, "@passcred");
	struct sockaddr_un a;
	socklen_t n = sizeof a;
	getsockname(d, (void *)&a, &n);
	say("autobind", "%d", n);
	close(d);
	close(l);
}

// inflight returns the scm_fds of a socket.
static int inflight(int s)
{
	char name[60], text[500];
	sprintf(name, "/proc/self/fdinfo/%d", s);
	int fd = open(name, O_RDONLY), n = read(fd, text, 499), v = -1;
	text[n > 0 ? n : 0] = 0;
	close(fd);
	char *p = strstr(text, "scm_fds:");
	if (p)
		sscanf(p, "scm_fds: %d", &v);
	return v;
}

// gone tells whether the last writer of a pipe is gone.
static int gone(int r)
{
	struct pollfd p = {r, POLLIN, 0};
	for (int i = 0; i < 200; i++) {
		if (poll(&p, 1, 10) == 1 && p.revents & POLLHUP)
			return 1;
		// The collector may be waiting for somebody to close something.
		int s[2];
		pair(SOCK_STREAM, s);
		close2(s);
	}
	return 0;
}

// Sockets that only each other's queues refer to are closed, and with them what else
// is in their queues.
static void cycles(int type)
{
	int s[2], t[2], p[2];
	struct pollfd q;
	pipe(p);
	pair(type, s);
	send_fds(s[0], (int[]){s[1], p[1]}, 2); // its own descriptor
	close(p[1]);
	say("on its way", "%d %d", inflight(s[0]), inflight(s[1]));
	q = (struct pollfd){p[0], POLLIN, 0};
	say("alive", "%d", poll(&q, 1, 0));
	close2(s);
	say("one in its own queue", "%d", gone(p[0]));
	close(p[0]);
	// Two in each other's.
	pipe(p);
	pair(type, s);
	pair(type, t);
	send_fds(s[0], (int[]){t[1], p[1]}, 2);
	send_fds(t[0], (int[]){s[1], p[1]}, 2);
	close(p[1]);
	close(s[1]);
	close(t[1]);
	say("their other ends are open", "%d", poll(&q, 1, 0));
	close(s[0]);
	close(t[0]);
	q.fd = p[0];
	say("two in each other's queue", "%d", gone(p[0]));
	close(p[0]);
	// One that can still be received.
	pipe(p);
	pair(type, s);
	pair(type, t);
	send_fds(s[0], (int[]){s[1], p[1]}, 2);
	send_fds(t[0], (int[]){s[1]}, 1);
	close(p[1]);
	close2(s);
	pair(type, s);
	close2(s);
	q.fd = p[0];
	say("one that can be received", "%d", poll(&q, 1, 0));
	receive_control("received", t[1], 100, 0);
	int got = fds[0];
	receive_control("from its own queue", got, 100, MSG_DONTWAIT);
	close_fds();
	close(got);
	say("closed", "%d", gone(p[0]));
	close2(t);
	close(p[0]);
	// A chain, which is no cycle.
	pipe(p);
	int last = p[1];
	for (int i = 0; i < 300; i++) {
		pair(type, s);
		send_fds(s[0], &last, 1);
		close(last);
		close(s[0]);
		last = s[1];
	}
	q.fd = p[0];
	say("at the end of a chain", "%d", poll(&q, 1, 0));
	close(last);
	say("the chain is gone", "%d", gone(p[0]));
	close(p[0]);
	if (type == SOCK_DGRAM)
		return;
	// In the queue of a connection that was not accepted.
	pipe(p);
	int l = listener(type, "@embryo", 5), c = connected(type, "@embryo");
	send_fds(c, (int[]){l, p[1]}, 2);
	close(p[1]);
	close(l);
	close(c);
	say("one in its connection's queue", "%d", gone(p[0]));
	close(p[0]);
}

static void limits(void)
{
	CHILD("ETOOMANYREFS", int s[2]; struct rlimit few = {20, 20}; setuid(1234); setrlimit(RLIMIT_NOFILE, &few);
	      pair(SOCK_DGRAM, s); int count = 0;
	      while (send_fds(s[0], (int[]){1, 1, 1, 1, 1}, 5) == 1 && count < 100) count++;
	      say("messages with five descriptors", "%d errno %d", count, errno);
	      result("without is allowed", send(s[0], "x", 1, MSG_DONTWAIT)); receive_control("received", s[1], 100, 0);
	      close_fds(); result("another", send_fds(s[0], (int[]){1}, 1)));
	CHILD("root may", int s[2]; struct rlimit few = {20, 20}; setrlimit(RLIMIT_NOFILE, &few);
	      pair(SOCK_DGRAM, s); int count = 0;
	      while (send_fds(s[0], (int[]){1, 1, 1, 1, 1}, 5) == 1 && count < 30) count++;
	      say("messages with five descriptors", "%d", count));
}

// Control messages of any kind are refused or not, always alike.
static void fuzz(void)
{
	int s[2];
	unsigned seed = 12345, hash = 0, sent = 0;
	pair(SOCK_DGRAM, s);
	set_option(s[1], SO_PASSCRED, 1);
	for (int i = 0; i < 3000; i++) {
		memset(&control, 0, 200);
		used = 0;
		for (int k = 0; k < 3; k++) {
			seed = seed * 1103515245 + 12345;
			unsigned x = seed >> 8;
			struct ucred u = {x & 1 ? getpid() : 0, x >> 1 & 1, x >> 2 & 1};
			int data[4] = {x >> 3 & 1, x >> 4 & 1, x >> 5 & 3, x >> 7 & 1 ? 1 : 99};
			static const int types[] = {SCM_RIGHTS, SCM_CREDENTIALS, 3, 0};
			int t = types[x >> 8 & 3], n = x >> 10 & 15;
			if (k > 0 && t == SCM_CREDENTIALS)
				t = 3; // nothing may depend on the process ID, taken for something else
			seed = seed * 1103515245 + 12345;
			add(seed >> 9 & 7 ? SOL_SOCKET : 5, t, t == SCM_CREDENTIALS ? (void *)&u : (void *)data, n < 13 ? n : 12,
			    t == SCM_CREDENTIALS || seed >> 12 & 3 ? -1 : (int)(seed >> 14 & 63));
		}
		seed = seed * 1103515245 + 12345;
		int r = send_control(s[0], seed >> 10 & 1 ? -1 : (int)(seed >> 11 & 127));
		hash = hash * 31 + (r == -1 ? errno : r);
		if (r != 1)
			continue;
		sent++;
		char buf[9];
		struct iovec v = {buf, 9};
		struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = control.b, .msg_controllen = seed >> 20 & 127};
		memset(&control, 0, 200);
		r = recvmsg(s[1], &m, MSG_CMSG_CLOEXEC);
		hash = hash * 31 + m.msg_flags + m.msg_controllen;
		for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
			hash = hash * 31 + c->cmsg_len + c->cmsg_type;
			if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
				for (int k = 0; CMSG_LEN(4 * k + 4) <= c->cmsg_len; k++)
					close(((int *)CMSG_DATA(c))[k]);
		}
	}
	say("random control messages", "%u sent, %#x", sent, hash);
	int fd = dup(1);
	say("descriptors lost", "%d", fd - s[1] - 1);
	close(fd);
	close2(s);
}

void test_scm(void)
{
	datagrams();
	messages();
	rights(SOCK_STREAM);
	rights(SOCK_DGRAM);
	rights(SOCK_SEQPACKET);
	credentials(SOCK_STREAM);
	credentials(SOCK_DGRAM);
	credentials(SOCK_SEQPACKET);
	cycles(SOCK_STREAM);
	cycles(SOCK_DGRAM);
	cycles(SOCK_SEQPACKET);
	limits();
	fuzz();
}
