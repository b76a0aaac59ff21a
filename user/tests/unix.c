// Sockets of AF_UNIX: how they are made, named, connected, shut down and polled, and
// what can be set of them (unix(7), socket(7)).
#include "unix.h"

static void making(void)
{
	int s[2] = {-1, -1};
	static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET, SOCK_RAW, SOCK_RDM, SOCK_PACKET, SOCK_DCCP, 0, 7, 11, 15, 16, -1};
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		int fd = socket(AF_UNIX, types[i], 0);
		success("socket of a type", fd);
		if (fd >= 0)
			say("its type", "%d", option(fd, SO_TYPE));
		close(fd);
	}
	static const int families[] = {0, -1, 46, 1000, 13};
	for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
		success("socket of a family", socket(families[i], SOCK_STREAM, 0));
		success("of a bad type", socket(families[i], 12, 0));
	}
	int fd = socket(AF_UNIX, SOCK_STREAM, 1);
	success("protocol 1", fd);
	say("SO_PROTOCOL", "%d", option(fd, SO_PROTOCOL));
	say("SO_DOMAIN", "%d", option(fd, SO_DOMAIN));
	close(fd);
	success("protocol 2", socket(AF_UNIX, SOCK_STREAM, 2));
	success("protocol 2 and a bad type", socket(AF_UNIX, SOCK_RDM, 2));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	say("flags", "%#x %d", fcntl(fd, F_GETFL), fcntl(fd, F_GETFD));
	close(fd);
	success("bad flags", socket(AF_UNIX, SOCK_STREAM | O_APPEND, 0));

	result("socketpair", socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, s));
	say("its flags", "%#x %#x", fcntl(s[0], F_GETFL), fcntl(s[1], F_GETFL));
	close2(s);
	result("socketpair flags", socketpair(AF_UNIX, SOCK_STREAM | O_APPEND, 0, s));
	result("socketpair address", socketpair(AF_UNIX, SOCK_STREAM, 0, (void *)8));
	result("socketpair family", socketpair(0, SOCK_STREAM, 0, s));
	result("socketpair type", socketpair(AF_UNIX, SOCK_RDM, 0, s));
	result("socketpair address and family", socketpair(0, SOCK_STREAM, 0, (void *)8));
	struct rlimit old, few = {4, 4};
	getrlimit(RLIMIT_NOFILE, &old);
	few.rlim_max = old.rlim_max;
	int low = dup(1);
	few.rlim_cur = low + 1;
	close(low);
	setrlimit(RLIMIT_NOFILE, &few);
	result("socketpair with one descriptor left", socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	success("socket with one", fd = socket(AF_UNIX, SOCK_STREAM, 0));
	success("socket with none", socket(AF_UNIX, SOCK_STREAM, 0));
	success("family with none", socket(46, SOCK_STREAM, 0));
	close(fd);
	setrlimit(RLIMIT_NOFILE, &old);
}

// What is no socket, and what a socket is as a file.
static void files(void)
{
	int p[2], s[2];
	struct stat st;
	char text[100], link[40];
	struct sockaddr_un a;
	socklen_t n = sizeof a;
	pipe(p);
	pair(SOCK_STREAM, s);
	result("bind of a pipe", bind_to(p[0], "/tmp/x"));
	result("bind of nothing", bind_to(99, "/tmp/x"));
	result("connect of a pipe", connect_to(p[0], "/tmp/x"));
	result("connect of a pipe, long", connect(p[0], (void *)&a, 1000));
	result("connect of a pipe, fault", connect(p[0], (void *)8, 10));
	result("bind of a pipe, long", bind(p[0], (void *)&a, 1000));
	result("listen of a pipe", listen(p[0], 1));
	result("accept of a pipe", accept(p[0], 0, 0));
	result("accept of a pipe, flags", accept4(p[0], 0, 0, 1));
	result("accept of nothing, flags", accept4(99, 0, 0, 1));
	result("send of a pipe", send(p[1], "x", 1, 0));
	result("recv of a pipe", recv(p[0], text, 1, 0));
	result("shutdown of a pipe", shutdown(p[0], 99));
	result("getsockname of a pipe", getsockname(p[0], (void *)&a, &n));
	result("getsockopt of a pipe", getsockopt(p[0], SOL_SOCKET, SO_TYPE, &a, &n));
	result("setsockopt of a pipe", setsockopt(p[0], SOL_SOCKET, SO_TYPE, &a, n));
	result("setsockopt of a pipe, length", setsockopt(p[0], SOL_SOCKET, SO_TYPE, &a, -1));
	int fd = open("/tmp", O_PATH);
	result("listen of O_PATH", listen(fd, 1));
	close(fd);
	fstat(s[0], &st);
	say("fstat", "%o links %d size %ld", st.st_mode, (int)st.st_nlink, (long)st.st_size);
	sprintf(link, "/proc/self/fd/%d", s[0]);
	int len = readlink(link, text, 99);
	text[len] = 0;
	char want[60];
	sprintf(want, "socket:[%lu]", st.st_ino);
	say("link", "%d", strcmp(text, want) == 0);
	result("open of the link", open(link, O_RDWR));
	success("fchmod", fchmod(s[0], 0700));
	result("lseek", lseek(s[0], 0, SEEK_SET));
	result("pread", pread(s[0], text, 1, 0));
	result("pwrite", pwrite(s[0], text, 1, 0));
	success("mmap", (long)mmap(0, 4096, PROT_READ, MAP_SHARED, s[0], 0));
	result("ftruncate", ftruncate(s[0], 0));
	result("fsync", fsync(s[0]));
	result("F_SETPIPE_SZ", fcntl(s[0], 1031, 4096));
	result("isatty ioctl", ioctl(s[0], 0x5401, text));
	result("odd ioctl", ioctl(s[0], 0x12345, text));
	close2(p);
	close2(s);
	result("mknod", mknod("/tmp/node", S_IFSOCK | 0640, 0));
	stat("/tmp/node", &st);
	say("its mode", "%o", st.st_mode);
	result("open of it", open("/tmp/node", O_RDWR));
	success("O_PATH of it", fd = open("/tmp/node", O_PATH));
	close(fd);
	result("connect to it", connected(SOCK_STREAM, "/tmp/node"));
	unlink("/tmp/node");
}

static void binding(void)
{
	struct sockaddr_un a;
	struct stat st;
	socklen_t n;
	umask(022);
	int s = socket(AF_UNIX, SOCK_STREAM, 0), t = socket(AF_UNIX, SOCK_STREAM, 0);
	sockname("name of none", s);
	peername("peer of none", s);
	n = name(&a, "/tmp/sock");
	result("bind of no bytes", bind(s, (void *)&a, 0));
	result("bind of one byte", bind(s, (void *)&a, 1));
	result("bind of 111 bytes", bind(s, (void *)&a, 111));
	result("bind of 129 bytes", bind(s, (void *)&a, 129));
	result("bind of -1 bytes", bind(s, (void *)&a, -1));
	result("bind fault", bind(s, (void *)8, 20));
	a.sun_family = AF_INET;
	result("bind of another family", bind(s, (void *)&a, n));
	result("bind of two bytes of another family", bind(s, (void *)&a, 2));
	result("bind without a directory", bind_to(s, "/nowhere/sock"));
	result("bind to a directory", bind_to(s, "/tmp"));
	result("bind with a slash", bind_to(s, "/tmp/sock/"));
	result("bind", bind_to(s, "/tmp/sock"));
	stat("/tmp/sock", &st);
	say("its file", "%o links %d size %ld", st.st_mode, (int)st.st_nlink, (long)st.st_size);
	sockname("its name", s);
	result("bind again, same", bind_to(s, "/tmp/sock"));
	result("bind again, another", bind_to(s, "/tmp/sock2"));
	result("and its file", stat("/tmp/sock2", &st));
	result("bind again, abstract", bind_to(s, "@sock"));
	result("bind again, autobind", bind(s, (void *)&a, (a.sun_family = AF_UNIX, 2)));
	result("bind of a used name", bind_to(t, "/tmp/sock"));
	result("connect to one that does not listen", connect_to(t, "/tmp/sock"));
	result("rename", rename("/tmp/sock", "/tmp/sock3"));
	sockname("its name then", s);
	listen(s, 5);
	int c;
	success("connect by the new name", c = connected(SOCK_STREAM, "/tmp/sock3"));
	peername("peer's name", c);
	close(c);
	result("connect by the old name", connected(SOCK_STREAM, "/tmp/sock"));
	result("unlink", unlink("/tmp/sock3"));
	result("connect without a name", connected(SOCK_STREAM, "/tmp/sock3"));
	close(s);
	result("bind relative", bind_to(t, "tmp/rel"));
	sockname("its name", t);
	unlink("tmp/rel");
	close(t);
	// A name without a NUL, and one with something behind it.
	memset(&a, 'x', sizeof a);
	a.sun_family = AF_UNIX;
	memcpy(a.sun_path, "/tmp/", 5);
	s = socket(AF_UNIX, SOCK_STREAM, 0);
	result("bind of a long name", bind(s, (void *)&a, sizeof a));
	n = 200;
	char big[200];
	result("its name", getsockname(s, (void *)big, &n));
	say("its length", "%d", n);
	n = 20;
	memset(big, '-', sizeof big);
	result("its name, cut", getsockname(s, (void *)big, &n));
	say("its length", "%d %.20s", n, big + 2);
	n = -1;
	result("its name, length", getsockname(s, (void *)big, &n));
	n = 0;
	result("its name, no room", getsockname(s, (void *)8, &n));
	say("its length", "%d", n);
	result("its name, fault", getsockname(s, (void *)8, (n = 20, &n)));
	result("length fault", getsockname(s, (void *)big, (void *)8));
	a.sun_path[107] = 0;
	close(s);
	char path[120];
	memcpy(path, a.sun_path, 107);
	path[107] = 'x', path[108] = 0;
	result("unlink of it", unlink(path));
	n = name(&a, "/tmp/short");
	s = socket(AF_UNIX, SOCK_STREAM, 0);
	result("bind with more behind", bind(s, (void *)&a, sizeof a));
	sockname("its name", s);
	close(s);
	success("the file stays", stat("/tmp/short", &st));
	s = socket(AF_UNIX, SOCK_DGRAM, 0);
	result("bind to what is left", bind_to(s, "/tmp/short"));
	result("connect to what is left", connect_to(s, "/tmp/short"));
	unlink("/tmp/short");
	close(s);
	s = socket(AF_UNIX, SOCK_STREAM, 0);
	fchmod(s, 0604);
	umask(07);
	bind_to(s, "/tmp/mode");
	stat("/tmp/mode", &st);
	say("mode of a socket with one", "%o", st.st_mode);
	umask(022);
	listen(s, 5);
	mkdir("/tmp/others", 0755);
	CHILD("permission to write is needed", setgid(7); setuid(1000);
	      chmod("/tmp/mode", 0444);
	      result("connect by a stranger", connected(SOCK_STREAM, "/tmp/mode"));
	      result("bind in a directory of others", bind_to(socket(AF_UNIX, SOCK_STREAM, 0), "/tmp/others/sock")));
	chmod("/tmp/mode", 0002);
	CHILD("write alone is enough", setgid(7); setuid(1000); success("connect by a stranger", connected(SOCK_STREAM, "/tmp/mode")));
	unlink("/tmp/mode");
	rmdir("/tmp/others");
	close(s);
	symlink("/tmp/target", "/tmp/link");
	s = socket(AF_UNIX, SOCK_STREAM, 0);
	result("bind to a symbolic link", bind_to(s, "/tmp/link"));
	bind_to(s, "/tmp/target");
	listen(s, 1);
	success("connect by a symbolic link", c = connected(SOCK_STREAM, "/tmp/link"));
	close(c);
	result("of another type", connected(SOCK_DGRAM, "/tmp/link"));
	result("to a directory", connected(SOCK_STREAM, "/tmp"));
	result("to a file", connected(SOCK_STREAM, "/proc/self/stat"));
	close(s);
	unlink("/tmp/link");
	unlink("/tmp/target");
}

static void abstracts(void)
{
	struct sockaddr_un a = {AF_UNIX};
	int s = socket(AF_UNIX, SOCK_STREAM, 0), t = socket(AF_UNIX, SOCK_STREAM, 0), d = socket(AF_UNIX, SOCK_DGRAM, 0);
	result("bind", bind_to(s, "@name"));
	sockname("name", s);
	result("bind of a used name", bind_to(t, "@name"));
	result("bind of a longer name", bind_to(t, "@name1"));
	result("bind of another type", bind_to(d, "@name"));
	result("connect to one that does not listen", connected(SOCK_STREAM, "@name"));
	result("connect of another type", connected(SOCK_SEQPACKET, "@name"));
	result("connect to nobody", connected(SOCK_STREAM, "@nobody"));
	close(s);
	s = socket(AF_UNIX, SOCK_STREAM, 0);
	result("bind when it is free again", bind_to(s, "@name"));
	close(s);
	s = socket(AF_UNIX, SOCK_STREAM, 0);
	result("bind of one NUL", bind(s, (void *)&a, 3));
	sockname("name", s);
	close(s);
	close(t);
	close(d);
	s = socket(AF_UNIX, SOCK_DGRAM, 0);
	result("autobind", bind(s, (void *)&a, 2));
	socklen_t n = sizeof a;
	getsockname(s, (void *)&a, &n);
	say("its length", "%d and %d digits", n, (int)strspn(a.sun_path + 1, "0123456789abcdef"));
	struct sockaddr_un b = a;
	a.sun_path[0] = 0;
	result("autobind again", bind(s, (void *)&(struct sockaddr_un){AF_UNIX}, 2));
	n = sizeof a;
	getsockname(s, (void *)&a, &n);
	say("same name", "%d", memcmp(&a, &b, n) == 0);
	close(s);
}

static void connections(int type, const char *path)
{
	char text[100] = "";
	struct sockaddr_un a;
	socklen_t n;
	int s = socket(AF_UNIX, type, 0);
	events("events of a new one", s);
	result("listen without a name", listen(s, 5));
	result("accept before listen", accept(s, 0, 0));
	result("recv before connect", recv(s, text, 1, 0));
	result("send before connect", send(s, "x", 1, MSG_NOSIGNAL));
	result("shutdown before connect", shutdown(s, SHUT_RDWR));
	events("events when shut down", s);
	close(s);
	s = listener(type, path, 1);
	say("SO_ACCEPTCONN", "%d", option(s, SO_ACCEPTCONN));
	events("events of a listener", s);
	result("listen again", listen(s, 1));
	nonblock(s);
	result("accept of nobody", accept(s, 0, 0));
	result("recv from a listener", recv(s, text, 1, 0));
	result("send to a listener", send(s, "x", 1, MSG_NOSIGNAL));
	result("connect of a listener", connect_to(s, path));
	int c = connected(type, path);
	success("connect", c);
	events("events of one connected", c);
	events("events of the listener", s);
	result("FIONREAD of the listener", ioctl(s, FIONREAD, &n));
	result("connect again", connect_to(c, path));
	result("connect to nobody", connect_to(c, "@nobody"));
	result("listen of one connected", listen(c, 1));
	bind_to(c, "@client");
	result("listen of one connected with a name", listen(c, 1));
	peername("peer", c);
	result("send before accept", send(c, "early", 5, 0));
	n = sizeof a;
	int b = accept4(s, (void *)&a, &n, SOCK_CLOEXEC | SOCK_NONBLOCK);
	address("accept", b == -1 ? -1 : 0, &a, n);
	say("its flags", "%#x %d", fcntl(b, F_GETFL), fcntl(b, F_GETFD));
	sockname("accepted name", b);
	peername("accepted peer", b);
	received("recv", b, 99, 0);
	received("recv of nothing", b, 99, 0);
	result("send back", send(b, "back", 4, 0));
	n = sizeof a;
	result("recvfrom", recvfrom(c, text, 99, 0, (void *)&a, &n));
	address("its address", 0, &a, n);
	n = sizeof a;
	result("sendto a name", sendto(c, "x", 1, 0, (void *)&a, name(&a, path)));
	result("sendto a bad name", sendto(c, "x", 1, 0, (void *)&a, 1));
	events("events at rest", b);
	close(c);
	events("events of one left", b);
	received("recv of one left", b, 99, 0);
	result("send of one left", send(b, "x", 1, MSG_NOSIGNAL));
	peername("its peer", b);
	close(b);
	// Queues: one more than the backlog.
	int q[4];
	for (int i = 0; i < 4; i++) {
		q[i] = socket(AF_UNIX, type | SOCK_NONBLOCK, 0);
		result("connect to a queue of one", connect_to(q[i], path));
	}
	events("one that was not connected", q[3]);
	success("accept", b = accept(s, 0, 0));
	result("connect then", connect_to(q[2], path));
	close(b);
	for (int i = 1; i < 4; i++)
		close(q[i]);
	success("accept of one that has gone", b = accept(s, 0, 0));
	n = sizeof a;
	address("its peer", getpeername(b, (void *)&a, &n), &a, n);
	close(b);
	c = connected(type, path);
	result("accept fault", accept(s, (void *)8, (n = 10, &n)));
	send(c, "unread", 6, 0);
	close(s);
	events("events of one not accepted", c);
	say("its SO_ERROR", "%d %d", option(c, SO_ERROR), option(c, SO_ERROR));
	received("recv of one not accepted", c, 9, 0);
	result("send of one not accepted", send(c, "x", 1, MSG_NOSIGNAL));
	close(c);
	close(q[0]);
	unlink(path);
	s = listener(type, "@shut", 5);
	result("shutdown of a listener", shutdown(s, SHUT_RD));
	result("connect then", connected(type, "@shut"));
	result("accept then", accept(s, 0, 0));
	close(s);
}

// Sending and receiving on a connection.
static void streams(void)
{
	int s[2];
	char buf[300000];
	pair(SOCK_STREAM, s);
	sockname("name", s[0]);
	peername("peer", s[0]);
	result("send", send(s[0], "hello", 5, 0));
	result("write", write(s[0], "world", 5));
	result("FIONREAD", ioctl(s[1], FIONREAD, buf) ?: *(int *)buf);
	result("SIOCOUTQ", ioctl(s[0], TIOCOUTQ, buf) ?: *(int *)buf);
	received("peek", s[1], 3, MSG_PEEK);
	received("peek at all", s[1], 99, MSG_PEEK);
	received("recv of a part", s[1], 3, 0);
	received("recv across", s[1], 4, 0);
	received("recv of nothing", s[1], 0, 0);
	received("recv of the rest", s[1], 99, MSG_TRUNC);
	received("recv when empty", s[1], 9, MSG_DONTWAIT);
	received("recv of no bytes when empty", s[1], 0, MSG_DONTWAIT);
	result("read of no bytes", read(s[1], buf, 0));
	result("send of no bytes", send(s[0], "", 0, 0));
	result("write of no bytes", write(s[0], "", 0));
	events("nothing was sent", s[1]);
	result("MSG_OOB", send(s[0], "", 0, MSG_OOB));
	struct iovec v[2] = {{"ab", 2}, {"cde", 3}}, r[3] = {{buf, 1}, {buf + 10, 0}, {buf + 1, 9}};
	result("writev", writev(s[0], v, 2));
	result("readv", readv(s[1], r, 3));
	say("it is", "%.5s", buf);
	result("writev of nothing", writev(s[0], v, 0));
	result("send fault", send(s[0], (void *)8, 10, 0));
	result("send of too high an address", send(s[0], (void *)-4096, 10, 0));
	send(s[0], "keep", 4, 0);
	result("recv fault", recv(s[1], (void *)8, 10, 0));
	received("what was kept", s[1], 10, 0);
	result("recv of too high an address", recv(s[1], (void *)-4096, 10, MSG_DONTWAIT));
	static const int sizes[] = {1, 64, 500, 1000, 3776, 3777, 4096, 8000, 16064, 16065, 40000, 100000, 212992};
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		int t[2];
		pair(SOCK_STREAM, t);
		int n = send(t[0], buf, sizes[i], MSG_DONTWAIT);
		int q = -1;
		ioctl(t[0], TIOCOUTQ, &q);
		say("send of a size", "%d: %d takes %d", sizes[i], n, q);
		close2(t);
	}
	say("messages of 1 byte", "%d", fill(s[0], 1));
	events("when full", s[0]);
	result("FIONREAD then", ioctl(s[1], FIONREAD, buf) ?: *(int *)buf);
	received("a few", s[1], 50, 0);
	say("then so many more", "%d", fill(s[0], 1));
	events("still not much room", s[0]);
	received("most", s[1], 240, 0);
	events("much room", s[0]);
	close2(s);
	pair(SOCK_STREAM, s);
	set_option(s[0], SO_SNDBUF, 1);
	say("messages of 500 bytes into the smallest buffer", "%d", fill(s[0], 500));
	close2(s);
	pair(SOCK_STREAM, s);
	nonblock(s[0]);
	result("write of more than there is room for", write(s[0], buf, sizeof buf));
	result("and more", write(s[0], buf, sizeof buf));
	close2(s);
	// Splicing.
	int p[2];
	pipe(p);
	pair(SOCK_STREAM, s);
	write(p[1], "spliced", 7);
	result("splice into", splice(p[0], 0, s[0], 0, 7, 0));
	result("splice out of", splice(s[1], 0, p[1], 0, 100, 0));
	got("it is", read(p[0], buf, 99), buf);
	result("splice of nothing", splice(s[1], 0, p[1], 0, 100, SPLICE_F_NONBLOCK | (nonblock(s[1]), 0)));
	int f = open("/tmp/file", O_RDWR | O_CREAT | O_TRUNC, 0600);
	write(f, "file", 4);
	result("sendfile", sendfile(s[0], f, (off_t[]){1}, 10));
	received("it is", s[1], 10, 0);
	result("sendfile from a socket", sendfile(f, s[1], 0, 10));
	close(f);
	unlink("/tmp/file");
	close2(p);
	close2(s);
}

static void closing(int type)
{
	int s[2];
	char c;
	pair(type, s);
	result("SHUT_WR", shutdown(s[0], SHUT_WR));
	events("the one", s[0]);
	events("the other", s[1]);
	result("send of the one", send(s[0], "x", 1, MSG_NOSIGNAL));
	received("recv of the other", s[1], 1, 0);
	result("send of the other", send(s[1], "x", 1, MSG_NOSIGNAL));
	received("recv of the one", s[0], 1, 0);
	result("SHUT_RD", shutdown(s[0], SHUT_RD));
	events("the one", s[0]);
	events("the other", s[1]);
	result("send of the other", send(s[1], "x", 1, MSG_NOSIGNAL));
	received("recv of the one", s[0], 1, MSG_DONTWAIT);
	result("shutdown again", shutdown(s[0], SHUT_RDWR));
	result("shutdown of a bad way", shutdown(s[0], 3));
	result("shutdown of a negative way", shutdown(s[0], -1));
	close2(s);
	pair(type, s);
	send(s[0], "last", 4, 0);
	close(s[0]);
	events("what is left when one has closed", s[1]);
	received("recv", s[1], 9, MSG_DONTWAIT);
	received("recv at the end", s[1], 9, MSG_DONTWAIT);
	handler(SIGPIPE, 0);
	result("send", send(s[1], "x", 1, MSG_NOSIGNAL));
	say("SIGPIPE", "%d", caught);
	result("send again", send(s[1], "x", 1, 0));
	say("SIGPIPE", "%d", caught);
	result("write", write(s[1], "x", 1));
	say("SIGPIPE", "%d", caught);
	signal(SIGPIPE, SIG_DFL);
	close(s[1]);
	pair(type, s);
	send(s[0], "unread", 6, 0);
	close(s[1]);
	events("unread when the other has closed", s[0]);
	received("recv", s[0], 9, MSG_DONTWAIT);
	received("recv again", s[0], 9, MSG_DONTWAIT);
	close(s[0]);
	pair(type, s);
	send(s[0], "unread", 6, 0);
	close(s[1]);
	say("SO_ERROR", "%d %d", option(s[0], SO_ERROR), option(s[0], SO_ERROR));
	result("send then", send(s[0], "x", 1, MSG_NOSIGNAL));
	close(s[0]);
	pair(type, s);
	send(s[0], "unread", 6, 0);
	close(s[1]);
	result("send gets the error", send(s[0], "x", 1, MSG_NOSIGNAL));
	result("send again", send(s[0], "x", 1, MSG_NOSIGNAL));
	close(s[0]);
	CHILD("SIGPIPE kills", pair(type, s); close(s[1]); write(s[0], "x", 1));
	(void)c;
}

static void options(void)
{
	int s[2];
	char buf[400];
	pair(SOCK_STREAM, s);
	for (int opt = 0; opt <= 75; opt++) {
		// What depends on the network, the processors or on filters is left out.
		if (opt == SO_BINDTODEVICE || opt == SO_ATTACH_FILTER || opt == SO_PEERSEC || opt == SO_DETACH_FILTER ||
		    opt == SO_BUSY_POLL || opt == SO_PEERCRED || opt == SO_TIMESTAMP || opt == SO_TIMESTAMPNS || opt == SO_RXQ_OVFL ||
		    (opt >= SO_TIMESTAMPING && opt <= SO_TIMESTAMPING) || opt == SO_WIFI_STATUS || (opt >= SO_NOFCS && opt <= 58) ||
		    opt > SO_PEERGROUPS || opt == SO_PEEK_OFF)
			continue;
		int v = -1;
		socklen_t n = 4;
		int r = getsockopt(s[0], SOL_SOCKET, opt, &v, &n);
		say("option", "%d: %d %d, %d bytes", opt, r == -1 ? -errno : r, r == -1 ? 0 : v, r == -1 ? 0 : n);
		r = set_option(s[0], opt, 1);
		say("set", "%d: %d", opt, r == -1 ? -errno : r);
		if (r == 0)
			say("then it is", "%d: %d", opt, option(s[0], opt));
	}
	close2(s);
	pair(SOCK_STREAM, s);
	socklen_t n = 4;
	int v = 1;
	result("level", getsockopt(s[0], 6, 1, &v, &n));
	result("set level", setsockopt(s[0], 6, 1, &v, 4));
	result("set level AF_UNIX", setsockopt(s[0], 1000, 1, &v, 4));
	result("odd option", getsockopt(s[0], SOL_SOCKET, 1000, &v, &n));
	result("set odd option", set_option(s[0], 1000, 1));
	result("set odd option with no bytes", setsockopt(s[0], SOL_SOCKET, 1000, &v, 0));
	result("set short", setsockopt(s[0], SOL_SOCKET, SO_SNDBUF, &v, 3));
	result("set negative", setsockopt(s[0], SOL_SOCKET, SO_SNDBUF, &v, -1));
	result("set fault", setsockopt(s[0], SOL_SOCKET, SO_SNDBUF, (void *)8, 4));
	n = 2, v = -1;
	result("get short", getsockopt(s[0], SOL_SOCKET, SO_TYPE, &v, &n));
	say("it is", "%d of %d", v, n);
	n = -1;
	result("get negative", getsockopt(s[0], SOL_SOCKET, SO_TYPE, &v, &n));
	n = 100;
	result("get long", getsockopt(s[0], SOL_SOCKET, SO_TYPE, buf, &n));
	say("it has", "%d", n);
	n = 4;
	result("get fault", getsockopt(s[0], SOL_SOCKET, SO_TYPE, (void *)8, &n));
	result("get length fault", getsockopt(s[0], SOL_SOCKET, SO_TYPE, &v, (void *)8));
	static const int sizes[] = {0, 1, 2303, 2304, 5000, 100000, 212992, 212993, 1 << 30, -1};
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		set_option(s[0], SO_SNDBUF, sizes[i]);
		set_option(s[0], SO_RCVBUF, sizes[i]);
		say("buffers", "%d: %d %d", sizes[i], option(s[0], SO_SNDBUF), option(s[0], SO_RCVBUF));
		set_option(s[0], SO_SNDBUFFORCE, sizes[i]);
		say("forced", "%d: %d", sizes[i], option(s[0], SO_SNDBUF));
	}
	static const struct timeval times[] = {{0, 0}, {1, 0}, {0, 1}, {0, 100000}, {5, 999999}, {-1, 0}, {0, -1}, {0, 1000000}, {1l << 40, 0}};
	for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
		struct timeval tv = {-1, -1};
		n = sizeof tv;
		int r = setsockopt(s[0], SOL_SOCKET, SO_RCVTIMEO, &times[i], sizeof tv);
		say("set timeout", "%d", r == -1 ? -errno : r);
		getsockopt(s[0], SOL_SOCKET, SO_RCVTIMEO, &tv, &n);
		say("timeout", "%ld %ld of %d", (long)tv.tv_sec, (long)tv.tv_usec, n);
	}
	result("short timeout", setsockopt(s[0], SOL_SOCKET, SO_RCVTIMEO, &times[1], 8));
	struct linger l = {1, 7};
	result("SO_LINGER", setsockopt(s[0], SOL_SOCKET, SO_LINGER, &l, sizeof l));
	l = (struct linger){0, 9};
	result("SO_LINGER off", setsockopt(s[0], SOL_SOCKET, SO_LINGER, &l, sizeof l));
	l = (struct linger){5, 5};
	n = sizeof l;
	getsockopt(s[0], SOL_SOCKET, SO_LINGER, &l, &n);
	say("linger", "%d %d of %d", l.l_onoff, l.l_linger, n);
	result("short SO_LINGER", setsockopt(s[0], SOL_SOCKET, SO_LINGER, &l, 4));
	close2(s);
	CHILD("without rights", setuid(1000); pair(SOCK_STREAM, s); result("SO_SNDBUFFORCE", set_option(s[0], SO_SNDBUFFORCE, 1));
	      result("SO_PRIORITY 6", set_option(s[0], SO_PRIORITY, 6)); result("SO_PRIORITY 7", set_option(s[0], SO_PRIORITY, 7));
	      result("SO_MARK", set_option(s[0], SO_MARK, 1)); result("SO_DEBUG", set_option(s[0], SO_DEBUG, 1));
	      result("SO_DEBUG off", set_option(s[0], SO_DEBUG, 0)));
	// SO_RCVLOWAT.
	pair(SOCK_STREAM, s);
	set_option(s[1], SO_RCVLOWAT, 5);
	nonblock(s[1]);
	send(s[0], "abc", 3, 0);
	events("less than SO_RCVLOWAT", s[1]);
	received("recv of it", s[1], 10, 0);
	close2(s);
	// SO_PEEK_OFF.
	pair(SOCK_STREAM, s);
	say("SO_PEEK_OFF", "%d", option(s[1], SO_PEEK_OFF));
	send(s[0], "abcdef", 6, 0);
	send(s[0], "ghi", 3, 0);
	result("SO_PEEK_OFF 2", set_option(s[1], SO_PEEK_OFF, 2));
	received("peek", s[1], 2, MSG_PEEK);
	say("SO_PEEK_OFF", "%d", option(s[1], SO_PEEK_OFF));
	received("peek", s[1], 9, MSG_PEEK);
	say("SO_PEEK_OFF", "%d", option(s[1], SO_PEEK_OFF));
	received("peek at the end", s[1], 9, MSG_PEEK | MSG_DONTWAIT);
	received("recv", s[1], 5, 0);
	say("SO_PEEK_OFF", "%d", option(s[1], SO_PEEK_OFF));
	close2(s);
}

// Who is on the other side.
static void peers(void)
{
	struct ucred u;
	socklen_t n;
	gid_t groups[3] = {5, 6, 7}, back[10];
	int s = socket(AF_UNIX, SOCK_STREAM, 0);
	n = sizeof u;
	result("SO_PEERCRED of none", getsockopt(s, SOL_SOCKET, SO_PEERCRED, &u, &n));
	say("it is", "%d %d %d", u.pid, u.uid, u.gid);
	result("SO_PEERGROUPS of none", getsockopt(s, SOL_SOCKET, SO_PEERGROUPS, back, &n));
	close(s);
	s = listener(SOCK_STREAM, "@cred", 5);
	n = sizeof u;
	getsockopt(s, SOL_SOCKET, SO_PEERCRED, &u, &n);
	say("SO_PEERCRED of a listener", "%d %d %d", u.pid == getpid(), u.uid, u.gid);
	pid_t pid = fork();
	if (pid == 0) {
		setgroups(3, groups);
		setregid(20, 21);
		setreuid(10, 11);
		int c = connected(SOCK_STREAM, "@cred");
		n = sizeof u;
		getsockopt(c, SOL_SOCKET, SO_PEERCRED, &u, &n);
		say("SO_PEERCRED of the client", "%d %d %d", u.pid == getppid(), u.uid, u.gid);
		setreuid(11, 11);
		char ch = 0;
		write(c, &ch, 1);
		read(c, &ch, 1);
		_exit(0);
	}
	int b = accept(s, 0, 0);
	char ch;
	read(b, &ch, 1);
	n = sizeof u;
	getsockopt(b, SOL_SOCKET, SO_PEERCRED, &u, &n);
	say("SO_PEERCRED of the server", "%d %d %d", u.pid == pid, u.uid, u.gid);
	n = sizeof back;
	result("SO_PEERGROUPS", getsockopt(b, SOL_SOCKET, SO_PEERGROUPS, back, &n));
	say("they are", "%d bytes %d %d %d", n, back[0], back[1], back[2]);
	n = 8;
	result("SO_PEERGROUPS with little room", getsockopt(b, SOL_SOCKET, SO_PEERGROUPS, back, &n));
	say("it takes", "%d", n);
	struct sockaddr_un a;
	n = 4;
	result("SO_PEERNAME", getsockopt(b, SOL_SOCKET, SO_PEERNAME, &a, &n));
	n = 1;
	result("SO_PEERNAME of one byte", getsockopt(b, SOL_SOCKET, SO_PEERNAME, &a, &n));
	close(b);
	reap("client", pid);
	close(s);
}

// What ends a wait: signals, with and without SA_RESTART, and timeouts.
static void *nothing;

// disturb sends a process a signal when it sleeps, and waits until it does so again.
static void disturb(pid_t pid)
{
	await(pid, 'S');
	kill(pid, SIGUSR1);
	while (state(pid) != 'S' && state(pid) != 'X')
		usleep(500);
}

static void waits(int type)
{
	int s[2], st;
	char c[2];
	for (int restart = 0; restart < 2; restart++)
		for (int timed = 0; timed < 2; timed++) {
			pair(type, s);
			handler(SIGUSR1, restart ? SA_RESTART : 0);
			if (timed) {
				timeout(s[0], SO_RCVTIMEO, 100000);
				timeout(s[0], SO_SNDTIMEO, 100000);
			}
			pid_t me = getpid(), pid = fork();
			if (pid == 0) {
				disturb(me);
				send(s[1], "x", 1, 0);
				_exit(0);
			}
			received(restart ? "recv, SA_RESTART" : "recv, no SA_RESTART", s[0], 1, 0);
			say("handler", "%d", caught);
			if (!(restart && !timed))
				recv(s[0], c, 1, 0);
			waitpid(pid, &st, 0);
			fill(s[0], 5000);
			caught = 0;
			pid = fork();
			if (pid == 0) {
				disturb(me);
				static char buf[300000];
				while (recv(s[1], buf, sizeof buf, MSG_DONTWAIT) > 0)
					;
				_exit(0);
			}
			static char big[5000];
			result(restart ? "send, SA_RESTART" : "send, no SA_RESTART", send(s[0], big, sizeof big, 0));
			say("handler", "%d", caught);
			if (!(restart && !timed))
				send(s[0], big, sizeof big, 0);
			waitpid(pid, &st, 0);
			close2(s);
		}
	pair(type, s);
	timeout(s[0], SO_RCVTIMEO, 20);
	timeout(s[0], SO_SNDTIMEO, 20);
	received("recv times out", s[0], 1, 0);
	result("read times out", read(s[0], c, 1));
	fill(s[0], 5000);
	static char big[5000];
	result("send times out", send(s[0], big, sizeof big, 0));
	close2(s);
}

// Waits in accept and connect.
static void connecting_waits(void)
{
	for (int restart = 0; restart < 2; restart++) {
		int st, s = listener(SOCK_STREAM, "@wait", 0);
		handler(SIGUSR1, restart ? SA_RESTART : 0);
		pid_t me = getpid(), pid = fork();
		if (pid == 0) {
			disturb(me);
			int c = connected(SOCK_STREAM, "@wait");
			read(c, &c, 1);
			_exit(0);
		}
		int b = accept(s, 0, 0);
		success(restart ? "accept, SA_RESTART" : "accept, no SA_RESTART", b);
		if (b == -1)
			b = accept(s, 0, 0);
		close(b);
		waitpid(pid, &st, 0);
		int c = connected(SOCK_STREAM, "@wait");
		caught = 0;
		pid = fork();
		if (pid == 0) {
			disturb(me);
			close(accept(s, 0, 0));
			close(accept(s, 0, 0));
			_exit(0);
		}
		int d = connected(SOCK_STREAM, "@wait");
		success(restart ? "connect, SA_RESTART" : "connect, no SA_RESTART", d);
		if (d == -1)
			d = connected(SOCK_STREAM, "@wait");
		waitpid(pid, &st, 0);
		close(c);
		close(d);
		c = connected(SOCK_STREAM, "@wait");
		d = socket(AF_UNIX, SOCK_STREAM, 0);
		timeout(d, SO_SNDTIMEO, 20);
		timeout(s, SO_RCVTIMEO, 20);
		result("connect times out", connect_to(d, "@wait"));
		close(accept(s, 0, 0));
		result("accept times out", accept(s, 0, 0));
		close(c);
		close(d);
		// The listener goes while somebody waits.
		c = connected(SOCK_STREAM, "@wait");
		pid = fork();
		if (pid == 0) {
			close(s);
			result("connect to one that goes", connected(SOCK_STREAM, "@wait"));
			_exit(0);
		}
		await(pid, 'S');
		close(s);
		reap("it", pid);
		close(c);
	}
	int s[2], st;
	pair(SOCK_STREAM, s);
	pid_t pid = fork();
	if (pid == 0) {
		recv(s[0], &st, 1, 0);
		_exit(1);
	}
	await(pid, 'S');
	kill(pid, SIGKILL);
	reap("recv is killed", pid);
	pid = fork();
	if (pid == 0) {
		received("recv of one that is shut down", s[0], 1, 0);
		_exit(1);
	}
	await(pid, 'S');
	shutdown(s[0], SHUT_RD);
	reap("recv ends", pid);
	close2(s);
	pair(SOCK_STREAM, s);
	pid = fork();
	if (pid == 0) {
		char c[10];
		close(s[1]);
		got("MSG_WAITALL", recv(s[0], c, 6, MSG_WAITALL), c);
		got("MSG_WAITALL at the end", recv(s[0], c, 6, MSG_WAITALL), c);
		_exit(1);
	}
	close(s[0]);
	send(s[1], "abc", 3, 0);
	await(pid, 'S');
	send(s[1], "defg", 4, 0);
	await(pid, 'S');
	send(s[1], "h", 1, 0);
	close(s[1]);
	reap("MSG_WAITALL", pid);
}

// Events, by epoll and by signals.
static void watching(void)
{
	int s[2], e = epoll_create1(0);
	struct epoll_event ev = {EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, {.u32 = 1}}, out[4];
	char buf[10];
	pair(SOCK_STREAM, s);
	epoll_ctl(e, EPOLL_CTL_ADD, s[0], &ev);
	int n = epoll_wait(e, out, 4, 0);
	say("first", "%d %#x", n, n > 0 ? out[0].events : 0);
	result("none", epoll_wait(e, out, 4, 0));
	send(s[1], "a", 1, 0);
	n = epoll_wait(e, out, 4, 0);
	say("data", "%d %#x", n, n > 0 ? out[0].events : 0);
	result("none", epoll_wait(e, out, 4, 0));
	send(s[1], "b", 1, 0);
	n = epoll_wait(e, out, 4, 0);
	say("more data", "%d %#x", n, n > 0 ? out[0].events : 0);
	shutdown(s[1], SHUT_WR);
	n = epoll_wait(e, out, 4, 0);
	say("half closed", "%d %#x", n, n > 0 ? out[0].events : 0);
	close(s[1]);
	n = epoll_wait(e, out, 4, 0);
	say("closed", "%d %#x", n, n > 0 ? out[0].events : 0);
	close(s[0]);
	result("gone", epoll_wait(e, out, 4, 0));
	int l = listener(SOCK_STREAM, "@epoll", 5);
	epoll_ctl(e, EPOLL_CTL_ADD, l, &ev);
	n = epoll_wait(e, out, 4, 0);
	say("listener", "%d %#x", n, n > 0 ? out[0].events : 0);
	int c = connected(SOCK_STREAM, "@epoll");
	n = epoll_wait(e, out, 4, 0);
	say("connection", "%d %#x", n, n > 0 ? out[0].events : 0);
	close(c);
	close(l);
	close(e);
	// Waiting for room.
	pair(SOCK_STREAM, s);
	int many = fill(s[0], 1000);
	pid_t pid = fork();
	if (pid == 0) {
		struct pollfd p = {s[0], POLLOUT, 0};
		n = poll(&p, 1, -1);
		say("room", "%d %#x", n, p.revents);
		_exit(0);
	}
	await(pid, 'S');
	static char big[300000];
	recv(s[1], big, sizeof big, 0);
	reap("poll for room", pid);
	(void)many;
	close2(s);
	// Signals.
	pair(SOCK_STREAM, s);
	handler(SIGIO, 0);
	result("FIOSETOWN", ioctl(s[0], 0x8901, &(int){getpid()}));
	say("F_GETOWN", "%d", fcntl(s[0], F_GETOWN) == getpid());
	int own = 0;
	result("SIOCGPGRP", ioctl(s[0], 0x8904, &own));
	say("it is", "%d", own == getpid());
	result("SIOCSPGRP of nobody", ioctl(s[0], 0x8902, &(int){30000}));
	result("O_ASYNC", fcntl(s[0], F_SETFL, O_ASYNC | O_NONBLOCK));
	send(s[1], "a", 1, 0);
	say("SIGIO of data", "%d", caught);
	received("recv", s[0], 1, 0);
	say("SIGIO of a recv", "%d", caught);
	recv(s[1], buf, 1, MSG_DONTWAIT);
	send(s[0], "b", 1, 0);
	recv(s[1], buf, 1, MSG_DONTWAIT);
	say("SIGIO of room that nobody wants", "%d", caught);
	fill(s[0], 1000);
	while (recv(s[1], big, sizeof big, MSG_DONTWAIT) > 0)
		;
	say("SIGIO of room", "%d", caught);
	shutdown(s[1], SHUT_WR);
	say("SIGIO of half a close", "%d", caught);
	close(s[1]);
	say("SIGIO of a close", "%d", caught);
	close(s[0]);
	pair(SOCK_STREAM, s);
	result("FIOASYNC", ioctl(s[0], FIOASYNC, &(int){1}));
	say("flags", "%#x", fcntl(s[0], F_GETFL));
	result("FIONBIO", ioctl(s[0], FIONBIO, &(int){1}));
	received("recv", s[0], 1, 0);
	close2(s);
	signal(SIGIO, SIG_DFL);
}

static void proc(void)
{
	char line[300], *p;
	struct stat st;
	int l = listener(SOCK_STREAM, "/tmp/procsock", 5), d = socket(AF_UNIX, SOCK_DGRAM, 0);
	bind_to(d, "@proc@x");
	int c = connected(SOCK_STREAM, "/tmp/procsock");
	FILE *f = fopen("/proc/net/unix", "r");
	if (!f)
		return result("/proc/net/unix", -1);
	fgets(line, sizeof line, f);
	say("header", "%.60s", strtok(line, "\n"));
	static const char *const who[] = {"listener", "datagram", "client"};
	static char lines[3][300];
	int fds[] = {l, d, c};
	while (fgets(line, sizeof line, f)) {
		unsigned long ino = 0;
		sscanf(line, "%*s %*s %*s %*s %*s %*s %lu", &ino);
		for (int i = 0; i < 3; i++)
			if (fstat(fds[i], &st) == 0 && st.st_ino == ino)
				strcpy(lines[i], line);
	}
	for (int i = 0; i < 3; i++) {
		unsigned refs, proto, flags, type, state;
		char name[100] = "";
		sscanf(lines[i], "%*s %x %x %x %x %x %*u %99s", &refs, &proto, &flags, &type, &state, name);
		say(who[i], "%d %x %x %x %x %s", i == 1 ? refs : 0, proto, flags, type, state, name);
	}
	fclose(f);
	close(l);
	close(c);
	close(d);
	unlink("/tmp/procsock");
}

void test_unix(void)
{
	making();
	files();
	binding();
	abstracts();
	connections(SOCK_STREAM, "@conn");
	connections(SOCK_SEQPACKET, "/tmp/conn");
	streams();
	closing(SOCK_STREAM);
	closing(SOCK_SEQPACKET);
	options();
	peers();
	waits(SOCK_STREAM);
	waits(SOCK_SEQPACKET);
	connecting_waits();
	watching();
	proc();
}
