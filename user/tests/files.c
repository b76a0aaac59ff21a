// The file system calls that everything else stands on: paths, descriptors,
// pipes, polling.
#include "check.h"

#include <dirent.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <sys/stat.h>

static void paths(void)
{
	char buf[64], deep[4200];
	mkdir("/tmp/d", 0755);
	chdir("/tmp/d");
	result("mkdir again", mkdir("/tmp/d", 0755));
	result("mkdir below nothing", mkdir("/tmp/none/x", 0755));
	result("mkdir with slash", mkdir("e/", 0755));
	result("open with slash", open("f/", O_CREAT | O_RDWR, 0644));
	int fd = open("f", O_CREAT | O_EXCL | O_RDWR, 0644);
	success("create", fd);
	result("create exclusively again", open("f", O_CREAT | O_EXCL, 0644));
	result("file as directory", open("f/", O_RDONLY));
	result("O_DIRECTORY of a file", open("f", O_DIRECTORY));
	result("write a directory", open("e", O_WRONLY));
	result("empty path", open("", O_RDONLY));
	result("bad path", open((char *)8, O_RDONLY));
	memset(deep, 'x', sizeof deep - 1);
	deep[sizeof deep - 1] = 0;
	result("path too long", open(deep, O_RDONLY));
	deep[256] = 0;
	result("name too long", open(deep, O_RDONLY));
	deep[255] = 0;
	result("longest name", open(deep, O_RDONLY));
	result("symlink", symlink("f", "l"));
	result("readlink", readlink("l", buf, sizeof buf));
	result("readlink short", readlink("l", buf, 0));
	result("readlink of a file", readlink("f", buf, sizeof buf));
	result("O_NOFOLLOW", open("l", O_NOFOLLOW));
	success("O_PATH|O_NOFOLLOW", open("l", O_PATH | O_NOFOLLOW));
	symlink("loop2", "loop1");
	symlink("loop1", "loop2");
	result("loop", open("loop1", O_RDONLY));
	result("dangling", (symlink("none", "dangling"), open("dangling", O_RDONLY)));
	result("rmdir of a file", rmdir("f"));
	result("unlink of a directory", unlink("e"));
	result("rmdir .", rmdir("."));
	result("rmdir e/..", rmdir("e/.."));
	result("link", link("f", "g"));
	result("link of a directory", link("e", "h"));
	struct stat st;
	stat("g", &st);
	say("links", "%ld %o %ld", (long)st.st_nlink, st.st_mode, (long)st.st_size);
	lstat("l", &st);
	say("lstat", "%o %ld", st.st_mode, (long)st.st_size);
	result("rename onto itself", rename("f", "g"));
	result("rename file to directory", rename("f", "e"));
	result("rename directory to file", rename("e", "f"));
	result("rename into itself", rename("e", "e/x"));
	result("rename noreplace", syscall(SYS_renameat2, AT_FDCWD, "f", AT_FDCWD, "g", 1));
	result("rename exchange", syscall(SYS_renameat2, AT_FDCWD, "f", AT_FDCWD, "e", 2));
	result("rename unknown", syscall(SYS_renameat2, AT_FDCWD, "f", AT_FDCWD, "g", 64));
	result("rmdir exchanged", rmdir("f"));
	result("access", access("g", R_OK | W_OK));
	result("access x", access("g", X_OK));
	result("access mode", access("g", 99));
	result("chdir file", chdir("g"));
	result("getcwd short", syscall(SYS_getcwd, buf, 3));
	say("getcwd", "%ld %s", syscall(SYS_getcwd, buf, sizeof buf), buf);
	result("umask", (umask(022), umask(077)));
	mkdir("masked", 0777);
	stat("masked", &st);
	say("masked", "%o", st.st_mode);
	umask(022);
	chdir("/");
}

static int by_name(const void *a, const void *b) { return strcmp(*(char **)a, *(char **)b); }

static void listing(void)
{
	char *names[64];
	int n = 0;
	DIR *d = opendir("/tmp/d");
	for (struct dirent *e; (e = readdir(d)) && n < 64;)
		names[n++] = strdup(e->d_name);
	closedir(d);
	qsort(names, n, sizeof *names, by_name);
	for (int i = 0; i < n; i++)
		if (strlen(names[i]) < 200)
			say("entry", "%s", names[i]);
	char buf[16];
	int fd = open("/tmp/d", O_RDONLY);
	result("getdents short", syscall(SYS_getdents64, fd, buf, sizeof buf));
	result("read of a directory", read(fd, buf, sizeof buf));
	close(fd);
	fd = open("/init", O_RDONLY);
	result("getdents of a file", syscall(SYS_getdents64, fd, buf, sizeof buf));
	close(fd);
}

static void descriptors(void)
{
	char buf[32];
	int fd = open("/tmp/rw", O_CREAT | O_RDWR | O_TRUNC, 0644);
	result("write", write(fd, "0123456789", 10));
	result("read at the end", read(fd, buf, 10));
	result("lseek SET", lseek(fd, 3, SEEK_SET));
	result("lseek negative", lseek(fd, -1, SEEK_SET));
	result("lseek whence", lseek(fd, 0, 9));
	result("lseek END", lseek(fd, -2, SEEK_END));
	result("read 2", read(fd, buf, 10));
	result("SEEK_DATA", lseek(fd, 0, 3));
	result("SEEK_DATA beyond", lseek(fd, 100, 3));
	result("pread negative", pread(fd, buf, 1, -1));
	result("pwrite far", pwrite(fd, "x", 1, 100000));
	result("size", lseek(fd, 0, SEEK_END));
	result("ftruncate negative", ftruncate(fd, -1));
	result("ftruncate", ftruncate(fd, 5));
	result("truncate missing", truncate("/tmp/none", 1));
	int ro = open("/tmp/rw", O_RDONLY);
	result("write read-only", write(ro, "x", 1));
	result("ftruncate read-only", ftruncate(ro, 1));
	int wo = open("/tmp/rw", O_WRONLY | O_APPEND);
	result("read write-only", read(wo, buf, 1));
	result("append", write(wo, "abc", 3));
	result("append position", lseek(wo, 0, SEEK_CUR));
	result("F_GETFL", fcntl(wo, F_GETFL) & ~0100000);
	result("F_SETFL", fcntl(wo, F_SETFL, O_NONBLOCK));
	result("F_GETFL again", fcntl(wo, F_GETFL) & ~0100000);
	result("F_DUPFD", fcntl(fd, F_DUPFD, 50));
	result("F_DUPFD_CLOEXEC", fcntl(fd, F_DUPFD_CLOEXEC, 50));
	result("F_GETFD", fcntl(51, F_GETFD));
	result("F_DUPFD negative", fcntl(fd, F_DUPFD, -1));
	result("dup2 bad", dup2(fd, -1));
	result("dup2 same", dup2(50, 50));
	result("dup2 closed", dup2(49, 48));
	result("dup3 same", dup3(50, 50, 0));
	result("dup3 flags", dup3(50, 52, 1));
	result("close", close(50));
	result("close again", close(50));
	result("close_range", syscall(SYS_close_range, 50, 60, 0));
	result("close_range reversed", syscall(SYS_close_range, 60, 50, 0));
	result("fcntl unknown", fcntl(fd, 9999, 0));
	result("ioctl of a file", ioctl(fd, 0x5401, buf));
	result("fsync", fsync(fd));
	result("readv count", readv(fd, 0, 2000));
	struct iovec iov[2] = {{buf, 3}, {buf + 3, 20}};
	lseek(fd, 0, SEEK_SET);
	result("readv", readv(fd, iov, 2));
	result("read 0 bytes from bad", read(fd, (void *)8, 0));
	result("bad fd", read(77, buf, 1));
	close(fd);
	close(ro);
	close(wo);
	int null = open("/dev/null", O_RDWR), zero = open("/dev/zero", O_RDWR), full = open("/dev/full", O_RDWR);
	result("null read", read(null, buf, 5));
	result("null write", write(null, buf, 5));
	memset(buf, 1, 5);
	result("zero read", read(zero, buf, 5));
	say("zero", "%d", buf[4]);
	result("full write", write(full, buf, 5));
	close(null);
	close(zero);
	close(full);
}

static void pipes(void)
{
	int p[2];
	static char big[100000];
	result("pipe2 flags", pipe2(p, 1));
	pipe2(p, O_NONBLOCK);
	result("empty pipe", read(p[0], big, 1));
	result("fill", write(p[1], big, sizeof big));
	result("full pipe", write(p[1], big, 1));
	int n = 0;
	ioctl(p[0], FIONREAD, &n);
	say("FIONREAD", "%d", n);
	result("read some", read(p[0], big, 4096));
	result("write atomically", write(p[1], big, 4096));
	result("lseek", lseek(p[0], 0, SEEK_SET));
	struct pollfd f[3] = {{p[0], POLLIN, 0}, {p[1], POLLOUT, 0}, {99, POLLIN, 0}};
	result("poll", poll(f, 3, 0));
	say("poll events", "%#x %#x %#x", f[0].revents, f[1].revents, f[2].revents);
	close(p[1]);
	while (read(p[0], big, sizeof big) > 0)
		;
	result("end of pipe", read(p[0], big, 1));
	poll(f, 1, 0);
	say("poll after the end", "%#x", f[0].revents);
	close(p[0]);
	pipe(p);
	close(p[0]);
	signal(SIGPIPE, SIG_IGN);
	result("EPIPE", write(p[1], big, 1));
	signal(SIGPIPE, SIG_DFL);
	pid_t pid = fork();
	if (pid == 0) {
		write(p[1], big, 1);
		_exit(0);
	}
	reap("SIGPIPE", pid);
	close(p[1]);
}

static void events(void)
{
	uint64_t v = 0;
	int e = eventfd(3, EFD_NONBLOCK), ep = epoll_create1(0);
	struct epoll_event ev = {EPOLLIN | EPOLLOUT, {.u64 = 7}}, got[4];
	result("epoll add", epoll_ctl(ep, EPOLL_CTL_ADD, e, &ev));
	result("epoll add again", epoll_ctl(ep, EPOLL_CTL_ADD, e, &ev));
	result("epoll add file", epoll_ctl(ep, EPOLL_CTL_ADD, open("/init", O_RDONLY), &ev));
	result("epoll add itself", epoll_ctl(ep, EPOLL_CTL_ADD, ep, &ev));
	result("epoll mod nothing", epoll_ctl(ep, EPOLL_CTL_MOD, 1, &ev));
	result("epoll unknown", epoll_ctl(ep, 9, e, &ev));
	result("epoll_create 0", epoll_create(0));
	result("epoll_wait", epoll_wait(ep, got, 4, 0));
	say("epoll events", "%#x %d", got[0].events, (int)got[0].data.u64);
	result("epoll_wait 0 events", epoll_wait(ep, got, 0, 0));
	result("eventfd read", read(e, &v, 8));
	say("eventfd value", "%d", (int)v);
	result("eventfd empty", read(e, &v, 8));
	result("eventfd short", read(e, &v, 4));
	v = ~0ull;
	result("eventfd write -1", write(e, &v, 8));
	v = ~0ull - 1;
	result("eventfd write most", write(e, &v, 8));
	result("eventfd write more", write(e, &v, 8));
	ev.events = EPOLLIN | EPOLLET;
	epoll_ctl(ep, EPOLL_CTL_MOD, e, &ev);
	result("edge", epoll_wait(ep, got, 4, 0));
	result("edge again", epoll_wait(ep, got, 4, 0));
	ev.events = EPOLLIN | EPOLLONESHOT;
	epoll_ctl(ep, EPOLL_CTL_MOD, e, &ev);
	result("oneshot", epoll_wait(ep, got, 4, 0));
	result("oneshot again", epoll_wait(ep, got, 4, 0));
	close(e);
	result("closed", epoll_wait(ep, got, 4, 0));
	close(ep);
	fd_set set;
	FD_ZERO(&set);
	FD_SET(1, &set);
	struct timeval tv = {0, 0};
	result("select", select(2, 0, &set, 0, &tv));
	FD_SET(200, &set);
	result("select bad fd", select(201, &set, 0, 0, &tv));
	result("select negative", select(-1, 0, 0, 0, &tv));
}

static void permissions(void)
{
	mkdir("/tmp/p", 0755);
	close(open("/tmp/p/secret", O_CREAT | O_RDWR, 0600));
	mkdir("/tmp/p/sticky", 01777);
	chmod("/tmp/p/sticky", 01777);
	close(open("/tmp/p/sticky/root", O_CREAT | O_RDWR, 0666));
	pid_t pid = fork();
	if (pid == 0) {
		syscall(SYS_setgid, 1000);
		syscall(SYS_setuid, 1000);
		result("other's secret", open("/tmp/p/secret", O_RDONLY));
		result("create in other's", open("/tmp/p/new", O_CREAT | O_RDWR, 0644));
		result("unlink in other's", unlink("/tmp/p/secret"));
		result("unlink in sticky", unlink("/tmp/p/sticky/root"));
		success("create in sticky", open("/tmp/p/sticky/mine", O_CREAT | O_RDWR, 0644));
		result("chmod other's", chmod("/tmp/p/secret", 0777));
		result("chmod own", chmod("/tmp/p/sticky/mine", 04755));
		result("chown own", chown("/tmp/p/sticky/mine", 0, -1));
		result("mknod", mknod("/tmp/p/sticky/dev", S_IFCHR | 0666, 0x103));
		result("mount", syscall(SYS_mount, "x", "/tmp", "tmpfs", 0, 0));
		result("chroot", chroot("/tmp"));
		_exit(0);
	}
	reap("user 1000", pid);
}

void test_files(void)
{
	paths();
	listing();
	descriptors();
	pipes();
	events();
	permissions();
}
