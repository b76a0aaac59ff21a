// seccomp(2): listeners, who answer the system calls of others.
#include "filter.h"

#include <poll.h>

static struct seccomp_notif req;
static struct seccomp_notif_resp resp;
static int listener;

// asking starts a process whose getppid the listener answers, and which says what it
// was answered.
static pid_t asking(const char *name, int flags)
{
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	listener = on(SECCOMP_FILTER_FLAG_NEW_LISTENER | flags, SYS_getppid, SECCOMP_RET_USER_NOTIF);
	pid_t us = getpid(), pid = fork();
	if (pid == 0) {
		close(listener);
		errno = 0;
		long r = syscall(SYS_getppid, 0x1111, 0, 0, 0, 0, 0x6666);
		say(name, "answer %ld errno %d", r == us ? -1000 : r, errno);
		_exit(0);
	}
	return pid;
}

static int events(void)
{
	struct pollfd p = {listener, POLLIN | POLLOUT};
	poll(&p, 1, 0);
	return p.revents;
}

static long receive(void)
{
	memset(&req, 0, sizeof req);
	return ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &req);
}

static long send(int error, long val, int flags)
{
	resp = (struct seccomp_notif_resp){req.id, val, error, flags};
	return ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &resp);
}

static long valid(void) { return ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &req.id); }

static void answers(void)
{
	static const struct { const char *name; int error; long val; int flags; } all[] = {
		{"value", 0, 99, 0}, {"0", 0, 0, 0}, {"error", -EPERM, 0, 0}, {"error and value", -EIO, 5, 0},
		{"positive error", 7, 0, 0}, {"negative value", 0, -5, 0}, {"continue", 0, 0, 1}, {"restart", -512, 0, 0},
	};
	char name[60];
	for (int i = 0; i < sizeof all / sizeof *all; i++) {
		snprintf(name, sizeof name, "listener, %s", all[i].name);
		CHILD(name, pid_t pid = asking(name, 0);
			result(name, receive());
			say(name, "pid %d call %d arch %d args %llx %llx flags %d", req.pid == pid, req.data.nr == SYS_getppid,
				req.data.arch == ARCH_HERE, req.data.args[0], req.data.args[5], req.flags);
			long r = send(all[i].error, all[i].val, all[i].flags);
			reap(name, pid);
			result(name, r);
			result(name, send(0, 0, 0)));
	}
}

static void errors(void)
{
	const char *name = "listener's errors";
	CHILD(name, pid_t pid = asking(name, 0);
		say("listener's descriptor", "flags %d %#x", fcntl(listener, F_GETFD), fcntl(listener, F_GETFL) & ~O_LARGEFILE);
		char link[80], path[80];
		snprintf(path, sizeof path, "/proc/self/fd/%d", listener);
		int n = readlink(path, link, sizeof link - 1);
		link[n < 0 ? 0 : n] = 0;
		say("listener's name", "%s", link);
		result("listener, read", read(listener, link, 1));
		result("listener, write", write(listener, link, 1));
		result("listener, seek", lseek(listener, 0, SEEK_SET));
		while (!(events() & POLLIN))
			usleep(1000);
		say("listener, poll", "%#x", events());
		memset(&req, 0, sizeof req);
		req.pid = 1;
		result("listener, receive what is not zero", ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &req));
		result("listener, receive to nowhere", ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, 16));
		result("listener, receive", receive());
		say("listener, poll after it", "%#x", events());
		result("listener, ID", valid());
		result("listener, ID with the wrong direction", ioctl(listener, 0x80082102, &req.id));
		result("listener, ID from nowhere", ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, 16));
		req.id++;
		result("listener, other ID", valid());
		result("listener, answer to another", send(0, 0, 0));
		req.id--;
		for (int flags = 1; flags < 4; flags++)
			for (int what = 1; what < 4; what++)
				if (flags != 1 || what)
					result("listener, answer with flags", send(what & 1 ? -1 : 0, what >> 1, flags));
		result("listener, answer from nowhere", ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, 16));
		result("listener, unknown", ioctl(listener, 0x2109, 0));
		result("listener, FIONBIO", ioctl(listener, 0x5421, 16));
		result("second listener", on(SECCOMP_FILTER_FLAG_NEW_LISTENER, SYS_getuid, SECCOMP_RET_USER_NOTIF));
		long r = send(0, 1, 0);
		reap(name, pid);
		result("listener, answer", r);
		result("listener, answer again", send(0, 1, 0));
		say("listener, poll at the end", "%#x", events()));
	name = "listener gone";
	CHILD(name, pid_t pid = asking(name, 0);
		receive();
		close(listener);
		reap(name, pid);
		errno = 0;
		result("listener gone, later", syscall(SYS_getppid));
		success("another listener", on(SECCOMP_FILTER_FLAG_NEW_LISTENER, SYS_getuid, SECCOMP_RET_USER_NOTIF)));
}

// ---- files ----

static long add(int flags, int src, int fd, int fd_flags)
{
	struct seccomp_notif_addfd a = {req.id, flags, src, fd, fd_flags};
	return ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &a);
}

static void files(void)
{
	const char *name = "added file";
	CHILD(name, int p[2];
		pipe(p);
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		listener = on(SECCOMP_FILTER_FLAG_NEW_LISTENER, SYS_getppid, SECCOMP_RET_USER_NOTIF);
		pid_t pid = fork();
		if (pid == 0) {
			close_range(3, ~0u, 0);
			long fd = syscall(SYS_getppid);
			say(name, "answer %ld", fd);
			for (int i = 3; i < 8; i++)
				say(name, "%d: flags %d", i, fcntl(i, F_GETFD));
			say(name, "20: flags %d", fcntl(20, F_GETFD));
			result(name, write(20, "x", 1));
			result("file instead of an answer", syscall(SYS_getppid));
			_exit(0);
		}
		result("file too early", add(0, p[1], 0, 0));
		receive();
		result("file", add(0, p[1], 0, 0));
		result("file, close on exec", add(0, p[1], 0, O_CLOEXEC));
		result("file at 20", add(SECCOMP_ADDFD_FLAG_SETFD, p[1], 20, 0));
		result("file at 20 again", add(SECCOMP_ADDFD_FLAG_SETFD, p[1], 20, O_CLOEXEC));
		result("file too far", add(SECCOMP_ADDFD_FLAG_SETFD, p[1], 1 << 30, 0));
		result("no file", add(0, 77, 0, 0));
		result("file with a flag", add(0, p[1], 0, O_NONBLOCK));
		result("file with another flag", add(4, p[1], 0, 0));
		result("file with a number", add(0, p[1], 20, 0));
		struct { struct seccomp_notif_addfd a; long more; } big = {{req.id, 0, p[1], 0, 0}, 0};
		result("larger file", ioctl(listener, _IOC(_IOC_WRITE, '!', 3, sizeof big), &big));
		big.more = 1;
		result("too large file", ioctl(listener, _IOC(_IOC_WRITE, '!', 3, sizeof big), &big));
		result("small file", ioctl(listener, _IOC(_IOC_WRITE, '!', 3, 20), &big));
		result("file of another direction", ioctl(listener, _IOC(_IOC_READ, '!', 3, 24), &big));
		req.id++;
		result("file of another call", add(0, p[1], 0, 0));
		req.id--;
		result("answer", send(0, 5, 0));
		char c;
		result("byte through the file", read(p[0], &c, 1));
		receive();
		result("file as answer that fails", add(SECCOMP_ADDFD_FLAG_SEND | SECCOMP_ADDFD_FLAG_SETFD, p[1], 1 << 30, 0));
		result("file as answer", add(SECCOMP_ADDFD_FLAG_SEND, p[1], 0, 0));
		reap(name, pid));
}

// ---- signals ----

// asleep waits until a process sleeps in one way or the other.
static void asleep(pid_t pid)
{
	for (char c; (c = state(pid)) != 'S' && c != 'D';)
		sched_yield();
}

static volatile int signals;
static void note(int sig) { signals++; }

static void signalled(const char *name, int sa_flags, int flags, int seen)
{
	CHILD(name, struct sigaction a = {.sa_handler = note, .sa_flags = sa_flags};
		sigaction(SIGUSR1, &a, 0);
		pid_t pid = asking(name, flags);
		if (seen)
			result(name, receive());
		asleep(pid);
		kill(pid, SIGUSR1);
		if (sa_flags == 0 && !(flags && seen)) {
			reap(name, pid);
			result(name, seen ? valid() : 0);
			_exit(0);
		}
		if (!(flags && seen)) {
			unsigned long long old = req.id;
			long r;
			do // a call that was interrupted before anybody has seen it leaves ENOENT
				r = receive();
			while (r == -1 && errno == ENOENT);
			result(name, r);
			say(name, "%s", req.id == old ? "the same" : "a new one");
		}
		long r = send(0, 3, 0);
		reap(name, pid);
		result(name, r));
}

static void ends(void)
{
	signalled("listener, handler", 0, 0, 1);
	signalled("listener, handler before it is seen", 0, 0, 0);
	signalled("listener, handler restarts", SA_RESTART, 0, 1);
	signalled("listener, killable, seen", 0, SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, 1);
	signalled("listener, killable, not seen", 0, SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, 0);
	for (int flags = 0; flags < 64; flags += 32) {
		const char *name = flags ? "killed, killable" : "killed";
		CHILD(name, pid_t pid = asking(name, flags);
			receive();
			kill(pid, SIGKILL);
			reap(name, pid);
			result(name, valid());
			result(name, send(0, 0, 0));
			say(name, "poll %#x", events()));
	}
	CHILD("listener is interrupted", struct sigaction a = {.sa_handler = note, .sa_flags = SA_RESTART};
		sigaction(SIGALRM, &a, 0);
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		listener = on(SECCOMP_FILTER_FLAG_NEW_LISTENER, SYS_getppid, SECCOMP_RET_USER_NOTIF);
		ualarm(20000, 20000); // again, if it was too early
		result("listener is interrupted", receive()));
	// The last task that has the filter ends.
	CHILD("nobody left", int told[2];
		int go[2];
		char c;
		pipe(told);
		pipe(go);
		pid_t pid = syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);
		if (pid == 0) {
			prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
			listener = on(SECCOMP_FILTER_FLAG_NEW_LISTENER, SYS_getppid, SECCOMP_RET_USER_NOTIF);
			write(told[1], &listener, sizeof listener);
			read(go[0], &c, 1);
			_exit(0);
		}
		read(told[0], &listener, sizeof listener);
		say("nobody left", "before: %#x", events());
		write(go[1], "x", 1);
		reap("nobody left", pid);
		say("nobody left", "after: %#x", events()));
	// What is nobody's filter's to answer.
	CHILD("listener for another filter", pid_t pid;
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		listener = on(SECCOMP_FILTER_FLAG_NEW_LISTENER, SYS_getppid, SECCOMP_RET_USER_NOTIF);
		on(0, SYS_getppid, SECCOMP_RET_USER_NOTIF);
		errno = 0;
		result("listener for another filter", syscall(SYS_getppid)));
}

void test_secnotify(void)
{
	answers();
	errors();
	sorted(files);
	ends();
}
