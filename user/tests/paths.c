// What system calls on files, paths and mounts answer, right and wrong uses alike.
#include "check.h"

#include <dirent.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <utime.h>

// R prints what an expression returned, N only whether that is an error.
#define R(e) result(#e, (errno = 0, (long)(e)))
#define N(e) success(#e, (errno = 0, (long)(e)))

static char big[100000], longname[300], longpath[5000];

// put writes a file.
static void put(const char *path, const char *text)
{
	int f = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0644);
	write(f, text, strlen(text));
	close(f);
}

// mode prints a file's attributes; those of directories that depend on the file
// system are left out.
static void mode(const char *path)
{
	struct stat s;
	if (lstat(path, &s)) {
		say(path, "mode errno %d", errno);
		return;
	}
	int dir = S_ISDIR(s.st_mode);
	say(path, "mode %o nlink %d uid %d gid %d size %ld rdev %x blocks %ld", s.st_mode, dir ? -1 : (int)s.st_nlink,
	    s.st_uid, s.st_gid, dir ? 0 : (long)s.st_size, (int)s.st_rdev, dir ? 0 : (long)s.st_blocks);
}

// cat prints what is in a file.
static void cat(const char *path)
{
	char b[100] = {0};
	int f = open(path, O_RDONLY);
	int n = read(f, b, 99);
	say(path, "%d '%s'", n, b);
	close(f);
}

// child runs f in a process of its own.
static void child(void (*f)(void))
{
	pid_t pid = fork();
	if (pid == 0) {
		f();
		_exit(0);
	}
	reap("child", pid);
}

static void opens(void)
{
	put("f", "hello");
	mkdir("d", 0755);
	symlink("f", "l");
	symlink("nowhere", "dang");
	symlink("loop", "loop");
	symlink("d/", "ld");
	symlink("new/", "lnew");
	mkfifo("p", 0644);
	static const char *names[] = {"f", "f/", "d", "d/", "l", "l/", "dang", "loop", "ld", "lnew", "none", "none/", "none/x", "f/x", "", ".", "..", "/", "d/.", "d/..", "//d//", "./f/.", "p"};
	static const int fl[] = {O_RDONLY, O_WRONLY, O_RDWR, 3, O_PATH, O_RDONLY|O_DIRECTORY, O_RDONLY|O_NOFOLLOW, O_PATH|O_NOFOLLOW, O_PATH|O_DIRECTORY, O_PATH|O_NOFOLLOW|O_DIRECTORY, O_RDONLY|O_CREAT|O_EXCL, O_RDONLY|O_TRUNC, O_RDONLY|O_DIRECT, O_RDONLY|O_NOATIME, O_CREAT|O_RDWR|O_NOFOLLOW, O_TMPFILE|O_RDWR, O_TMPFILE|O_RDONLY, O_WRONLY|O_APPEND|O_SYNC};
	for (int i = 0; i < (int)(sizeof names / sizeof *names); i++) for (int j = 0; j < (int)(sizeof fl / sizeof *fl); j++) {
		unlink("none");
		put("f", "hello");
		int f = open(names[i], fl[j] | O_NONBLOCK, 0640);
		int e = errno;
		if (f < 0) say("open", "'%s' %d errno %d", names[i], j, e);
		else say("open", "'%s' %d ok fl %x fd %d", names[i], j, fcntl(f, F_GETFL), fcntl(f, F_GETFD)), close(f);
		if (!lstat("nowhere", &(struct stat){0})) {
			say("nowhere", "made");
			unlink("nowhere");
		}
	}
	memset(longname, 'x', 255);
	N(open(longname, O_CREAT|O_RDWR, 0600));
	R(unlink(longname));
	longname[255] = 'x';
	N(open(longname, O_CREAT, 0600));
	R(mkdir(longname, 0700));
	for (int i = 0; i < 4090; i += 2) memcpy(longpath + i, "./", 2);
	strcpy(longpath + 4090, "f");
	N(open(longpath, O_RDONLY));
	strcpy(longpath + 4090, "./././f");
	N(open(longpath, O_RDONLY));
	strcpy(longpath+4090, "././f");
	N(open(longpath, O_RDONLY));
	N(open((char *)1, O_RDONLY));
	N(open((char *)-1, O_RDONLY));
	R(unlink(0));
	R(stat("f", (void *)1));
	N(syscall(SYS_openat, AT_FDCWD, "f", 0x80000000|O_RDONLY));
	N(openat(99, "f", O_RDONLY));
	N(openat(99, "/", O_RDONLY));
	N(openat(-1, "", O_RDONLY));
	int f = open("f", O_RDONLY);
	N(openat(f, "x", O_RDONLY));
	N(openat(f, "", O_RDONLY));
	N(openat(f, "/", O_RDONLY));
	close(f);
	struct open_how h = {.flags = O_RDONLY};
#define O2(p, fl, md, rs) do { h.flags = fl; h.mode = md; h.resolve = rs; errno = 0; int v = syscall(SYS_openat2, AT_FDCWD, p, &h, sizeof h); success("openat2 " p " " #fl " " #md " " #rs, v); if (v >= 0) close(v); } while (0)
	O2("f", O_RDONLY, 0, 0);
	O2("f", O_RDONLY, 0644, 0);
	O2("f", O_CREAT, 0644, 0);
	O2("f", O_CREAT, 010644, 0);
	O2("f", 1ULL<<40, 0, 0);
	O2("f", 0x80000000, 0, 0);
	O2("f", 0, 0, 0x40);
	O2("f", 0, 0, 0x18);
	O2("l", 0, 0, RESOLVE_NO_SYMLINKS);
	O2("../f", 0, 0, RESOLVE_BENEATH);
	O2("d/../f", 0, 0, RESOLVE_BENEATH);
	O2("/f", 0, 0, RESOLVE_BENEATH);
	O2("/../../f", 0, 0, RESOLVE_IN_ROOT);
	O2("f", O_CREAT, 0600, RESOLVE_CACHED);
	O2("f", O_PATH|O_RDWR, 0, 0);
	O2("d", O_PATH|O_DIRECTORY, 0, 0);
	O2("f", O_RDONLY|O_CLOEXEC, 0, RESOLVE_NO_XDEV);
	O2("f", 0, 0, RESOLVE_NO_MAGICLINKS);
	N(syscall(SYS_openat2, AT_FDCWD, "f", &h, 8));
	N(syscall(SYS_openat2, AT_FDCWD, "f", &h, 5000));
	char hh[40] = {0};
	N(syscall(SYS_openat2, AT_FDCWD, "f", hh, 40));
	hh[39] = 1;
	N(syscall(SYS_openat2, AT_FDCWD, "f", hh, 40));
	for (int i = 3; i < 64; i++) close(i);
}

static void fds(void)
{
	int f = open("f", O_RDWR);
	R(dup(f));
	R(dup(77));
	R(dup2(f, 10));
	R(dup2(f, f));
	R(dup2(77, 77));
	R(dup2(f, -1));
	R(dup2(f, 100000000));
	R(dup3(f, f, 0));
	R(dup3(f, 11, O_CLOEXEC));
	R(fcntl(11, F_GETFD));
	R(dup3(f, 12, 1));
	R(dup3(77, 12, 0));
	R(fcntl(f, F_DUPFD, 20));
	R(fcntl(f, F_DUPFD, 20));
	R(fcntl(f, F_DUPFD_CLOEXEC, 20));
	R(fcntl(22, F_GETFD));
	R(fcntl(f, F_DUPFD, -1));
	R(fcntl(f, F_DUPFD, 100000000));
	R(fcntl(f, F_SETFD, 1));
	R(fcntl(f, F_GETFD));
	R(fcntl(f, F_SETFD, 0xfe));
	R(fcntl(f, F_GETFD));
	R(fcntl(f, F_SETFL, O_APPEND|O_NONBLOCK|O_RDONLY|O_CREAT|O_TRUNC));
	R(fcntl(f, F_GETFL));
	R(fcntl(f, F_SETFL, O_DIRECT));
	R(fcntl(f, F_SETFL, O_NOATIME));
	R(fcntl(f, F_GETFL));
	R(fcntl(f, F_SETFL, 0));
	R(fcntl(f, 999, 0));
	R(fcntl(77, F_GETFL));
	R(fcntl(f, F_GETOWN));
	R(fcntl(f, F_SETOWN, getpid()) );
	R(fcntl(f, F_GETOWN) == getpid());
	R(fcntl(f, F_SETOWN, 999999));
	R(fcntl(f, F_GETSIG));
	R(fcntl(f, F_GETLEASE));
	R(fcntl(f, F_GETPIPE_SZ));
	R(fcntl(f, F_GET_SEALS));
	int v = 1;
	R(ioctl(f, FIONBIO, &v));
	R(fcntl(f, F_GETFL));
	v = 0;
	R(ioctl(f, FIONBIO, &v));
	R(ioctl(f, FIOCLEX));
	R(fcntl(f, F_GETFD));
	R(ioctl(f, FIONCLEX));
	R(ioctl(f, FIONREAD, &v));
	R(v);
	R(ioctl(f, 0x12345, 0));
	R(ioctl(f, TCGETS, 0));
	R(ioctl(77, FIOCLEX));
	long q;
	R(ioctl(f, FIOQSIZE, &q));
	R(q);
	R(ioctl(f, FIGETBSZ, &v));
	R(v);
	R(ioctl(f, FIONBIO, 1));
	int o = open("f", O_PATH);
	char b[10];
	R(read(o, b, 1));
	R(write(o, b, 1));
	R(lseek(o, 0, 0));
	R(fcntl(o, F_GETFL));
	R(fcntl(o, F_SETFL, 0));
	R(ioctl(o, FIOCLEX));
	R(fchmod(o, 0644));
	R(fchown(o, 0, 0));
	R(ftruncate(o, 0));
	R(fsync(o));
	R(mmap(0, 4096, PROT_READ, MAP_SHARED, o, 0) == MAP_FAILED);
	struct stat st;
	R(fstat(o, &st));
	R(fchdir(o));
	R(dup(o) > 0);
	struct statfs sf;
	R(fstatfs(o, &sf));
	R(flock(o, LOCK_EX));
	R(fcntl(o, F_GETFD));
	R(getdents64(o, b, 10));
	R(close_range(10, 5, 0));
	R(close_range(10, 30, 8));
	R(close_range(10, 30, CLOSE_RANGE_CLOEXEC));
	R(fcntl(10, F_GETFD));
	R(close_range(10, ~0U, 0));
	R(fcntl(10, F_GETFD));
	R(close_range(50, 60, CLOSE_RANGE_UNSHARE));
	R(close(77));
	R(close(-1));
	for (int i = 3; i < 64; i++) close(i);
	struct rlimit l = {10, 10};
	setrlimit(RLIMIT_NOFILE, &l);
	for (int i = 0; i < 9; i++) R(open("f", O_RDONLY));
	R(dup(0));
	R(dup2(0, 10));
	R(dup2(0, 9));
	R(fcntl(0, F_DUPFD, 10));
	R(fcntl(0, F_DUPFD, 9));
}

static void rw(void)
{
	put("f", "0123456789");
	int f = open("f", O_RDWR), r = open("f", O_RDONLY), w = open("f", O_WRONLY), d = open("d", O_RDONLY);
	char b[20];
	R(read(w, b, 1));
	R(write(r, b, 1));
	R(read(d, b, 1));
	R(write(d, b, 1));
	R(read(77, b, 1));
	R(read(f, (void *)1, 1));
	R(read(f, (void *)-1, 1));
	R(read(f, b, -1));
	R(read(f, b, 0));
	R(read(f, 0, 0));
	R(write(f, 0, 0));
	R(write(f, (void *)1, 5));
	R(pread(f, b, 5, 3));
	R(pread(f, b, 5, -1));
	R(pread(f, b, 5, 100));
	R(pwrite(f, "X", 1, 20));
	R(lseek(f, 0, SEEK_END));
	R(lseek(f, 0, SEEK_CUR));
	R(lseek(f, -30, SEEK_CUR));
	R(lseek(f, -1, SEEK_SET));
	R(lseek(f, 5, 9));
	R(lseek(f, 4, SEEK_SET));
	R(lseek(f, 0, SEEK_DATA));
	R(lseek(f, 0, SEEK_HOLE));
	R(lseek(f, 21, SEEK_DATA));
	R(lseek(f, 21, SEEK_HOLE));
	R(lseek(f, -1, SEEK_DATA));
	R(lseek(f, 1L << 40, SEEK_SET));
	R(read(f, b, 1));
	R(lseek(f, LONG_MAX, SEEK_SET));
	R(write(f, "x", 1));
	R(lseek(f, LONG_MAX, SEEK_CUR));
	R(pwrite(f, "x", 1, LONG_MAX));
	R(pread(f, b, 5, LONG_MAX - 1));
	R(lseek(d, 0, SEEK_END) >= 0);
	R(lseek(d, 0, SEEK_SET));
	int p[2];
	pipe(p);
	R(lseek(p[0], 0, 0));
	R(pread(p[0], b, 1, 0));
	R(pwrite(p[1], b, 1, 0));
	ftruncate(f, 0);
	R(pwrite(f, "x", 1, 20000));
	R(lseek(f, 0, SEEK_DATA));
	R(lseek(f, 16384, SEEK_HOLE));
	struct stat st;
	fstat(f, &st);
	R(st.st_blocks);
	R(st.st_size);
	R(fallocate(f, 0, 0, 8192));
	fstat(f, &st);
	R(st.st_blocks);
	R(fallocate(f, FALLOC_FL_PUNCH_HOLE|FALLOC_FL_KEEP_SIZE, 0, 4096));
	fstat(f, &st);
	R(st.st_blocks);
	R(fallocate(f, FALLOC_FL_PUNCH_HOLE, 0, 10));
	R(fallocate(f, 0, 0, 0));
	R(fallocate(f, 0, -1, 10));
	R(fallocate(f, 0x1000, 0, 10));
	R(fallocate(r, 0, 0, 10));
	R(fallocate(f, FALLOC_FL_KEEP_SIZE, 30000, 10));
	fstat(f, &st);
	R(st.st_size);
	R(fallocate(f, FALLOC_FL_COLLAPSE_RANGE, 0, 4096));
	R(fallocate(f, FALLOC_FL_ZERO_RANGE, 0, 4096));
	R(fallocate(f, 0, LONG_MAX, 10));
	R(fallocate(p[1], 0, 0, 10));
	R(fallocate(d, 0, 0, 10));
	struct iovec v[3] = {{"abc", 3}, {0, 0}, {"defg", 4}};
	R(pwritev(f, v, 3, 0));
	R(pwritev(f, v, 3, -1));
	R(pwritev(f, v, -1, 0));
	R(pwritev(f, v, 1025, 0));
	R(pwritev(f, 0, 0, 0));
	R(pwritev(f, (void *)1, 1, 0));
	lseek(f, 0, 0);
	struct iovec g[2] = {{b, 2}, {b + 2, 10}};
	R(readv(f, g, 2));
	R(memcmp(b, "abcdefg", 7));
	g[1].iov_len = -1;
	R(readv(f, g, 2));
	g[1].iov_len = 5;
	g[1].iov_base = (void *)1;
	lseek(f, 0, 0);
	R(readv(f, g, 2));
	R(lseek(f, 0, SEEK_CUR));
	g[1].iov_base = (void *)-4096;
	R(readv(f, g, 2));
	R(preadv2(f, v, 0, 0, 0));
	R(preadv2(f, v, 0, 0, 0x1000));
	g[1].iov_base = b + 2;
	R(preadv2(f, g, 2, 0, RWF_HIPRI));
	R(preadv2(f, g, 2, 2, 0));
	R(pwritev2(f, v, 1, 0, RWF_DSYNC));
	lseek(f, 7, 0);
	R(preadv2(f, g, 2, -1, 0));
	R(lseek(f, 0, SEEK_CUR));
	R(pwritev2(f, v, 1, 0, RWF_APPEND));
	fstat(f,&st);
	R(st.st_size);
	R(preadv2(f, g, 2, 0, RWF_NOWAIT));
	R(ftruncate(f, 5));
	R(ftruncate(f, -1));
	R(ftruncate(r, 5));
	R(ftruncate(d, 5));
	R(ftruncate(77, 5));
	R(truncate("f", 10));
	R(truncate("d", 10));
	R(truncate("p", 10));
	R(truncate("none", 10));
	R(truncate("f", -1));
	cat("f");
	int a = open("f", O_WRONLY|O_APPEND);
	R(pwrite(a, "END", 3, 0));
	R(lseek(a, 0, SEEK_CUR));
	R(write(a, "!", 1));
	R(lseek(a, 0, SEEK_CUR));
	cat("f");
	put("g", "");
	int o = open("g", O_RDWR);
	loff_t i1 = 2, o1 = 1;
	R(copy_file_range(f, &i1, o, &o1, 5, 0));
	R(i1);
	R(o1);
	R(copy_file_range(f, &i1, o, &o1, 5, 1));
	R(copy_file_range(f, &i1, o, 0, 100, 0));
	R(lseek(o, 0, SEEK_CUR));
	R(copy_file_range(d, 0, o, 0, 5, 0));
	R(copy_file_range(w, 0, o, 0, 5, 0));
	R(copy_file_range(f, 0, r, 0, 5, 0));
	R(copy_file_range(f, 0, a, 0, 5, 0));
	R(copy_file_range(p[0], 0, o, 0, 5, 0));
	i1 = 0;
	o1 = 2;
	R(copy_file_range(f, &i1, f, &o1, 5, 0));
	i1 = 0;
	o1 = 0;
	R(sendfile(o, f, &i1, 4));
	R(i1);
	R(fsync(f));
	R(fdatasync(f));
	R(fsync(p[0]));
	R(fsync(d));
	R(syncfs(f));
	R(syncfs(77));
	R(sync_file_range(f, 0, 10, 7));
	R(sync_file_range(f, 0, 10, 8));
	R(sync_file_range(p[0], 0, 10, 0));
	R(posix_fadvise(f, 0, 0, 4));
	R(posix_fadvise(f, 0, 0, 9));
	R(posix_fadvise(p[0], 0, 0, 4));
	R(readahead(f, 0, 10));
	R(readahead(p[0], 0, 10));
	R(readahead(d, 0, 10));
	R(readahead(w, 0, 10));
	signal(SIGXFSZ, SIG_IGN);
	struct rlimit l = {100, 100};
	setrlimit(RLIMIT_FSIZE, &l);
	R(pwrite(f, big, 50, 80));
	R(pwrite(f, big, 50, 100));
	R(pwrite(f, big, 0, 100));
	R(ftruncate(f, 101));
	R(ftruncate(f, 100));
	R(fallocate(f, 0, 0, 101));
	R(pwrite(p[1], big, 200, 0));
	R(write(p[1], big, 200));
}

static void names(void)
{
	R(mkdir("m", 07777));
	mode("m");
	R(mkdir("m", 0700));
	R(mkdir("m/", 0700));
	R(mkdir("n/", 0700));
	mode("n");
	R(mkdir("f/x", 0700));
	R(mkdir("none/x", 0700));
	R(mkdir("", 0700));
	R(mkdir(".", 0700));
	R(mkdir("/", 0700));
	R(mkdir("dang", 0700));
	R(mkdir("m/.", 0700));
	R(mkdir("none/.", 0700));
	R(mkdir("m/..", 0700));
	R(mknod("k1", 0644, 0));
	mode("k1");
	R(mknod("k2", S_IFREG|06755, 0));
	mode("k2");
	R(mknod("k3", S_IFIFO|0600, 0));
	mode("k3");
	R(mknod("k4", S_IFSOCK|0600, 0));
	mode("k4");
	R(mknod("k5", S_IFCHR|0600, makedev(0x123, 0x45678)));
	mode("k5");
	R(mknod("k6", S_IFBLK|0600, makedev(8, 1)));
	mode("k6");
	R(mknod("k7", S_IFDIR|0600, 0));
	R(mknod("k8", S_IFLNK|0600, 0));
	R(mknod("k9", 0170000|0600, 0));
	R(mknod("k1", S_IFREG, 0));
	R(mknod("k0/", S_IFREG, 0));
	N(open("k4", O_RDONLY));
	N(open("k5", O_RDONLY));
	N(open("k6", O_RDONLY));
	R(symlink("", "s1"));
	R(symlink("t", ""));
	R(symlink("t", "s1"));
	mode("s1");
	R(symlink("t", "s1"));
	R(symlink("t", "s2/"));
	R(symlink("t", "f"));
	R(symlink("t", "none/x"));
	char b[10];
	R(readlink("s1", b, 10));
	R(readlink("s1", b, 0));
	R(readlink("s1", b, -1));
	R(readlink("f", b, 10));
	R(readlink("none", b, 10));
	R(readlink("ld", b, 1));
	R(readlink("ld/", b, 10));
	R(readlink("s1", (void *)1, 10));
	int l = open("s1", O_PATH|O_NOFOLLOW);
	R(readlinkat(l, "", b, 10));
	int ff = open("f", O_RDONLY);
	R(readlinkat(ff, "", b, 10));
	R(readlinkat(AT_FDCWD, "", b, 10));
	R(link("f", "h"));
	mode("h");
	R(link("f", "h"));
	R(link("d", "h2"));
	R(link("none", "h2"));
	R(link("f", "h2/"));
	R(link("f", "none/x"));
	R(link("l", "h3"));
	mode("h3");
	R(linkat(AT_FDCWD, "l", AT_FDCWD, "h4", AT_SYMLINK_FOLLOW));
	mode("h4");
	R(linkat(ff, "", AT_FDCWD, "h5", AT_EMPTY_PATH));
	mode("h5");
	R(linkat(ff, "", AT_FDCWD, "h6", 0));
	R(linkat(AT_FDCWD, "f", AT_FDCWD, "h6", 0x8000));
	int t = open(".", O_TMPFILE|O_RDWR, 0600);
	struct stat st;
	fstat(t, &st);
	R(st.st_nlink);
	R(linkat(t, "", AT_FDCWD, "tm", AT_EMPTY_PATH));
	mode("tm");
	int te = open(".", O_TMPFILE|O_RDWR|O_EXCL, 0600);
	R(linkat(te, "", AT_FDCWD, "tm2", AT_EMPTY_PATH));
	put("gone", "x");
	int g = open("gone", O_RDWR);
	unlink("gone");
	R(linkat(g, "", AT_FDCWD, "tm3", AT_EMPTY_PATH));
	R(fcntl(t, F_GETFL));
	R(unlink("d"));
	R(unlink("d/"));
	R(unlink("none"));
	R(unlink("none/"));
	R(unlink("f/"));
	R(unlink("."));
	R(unlink("/"));
	R(unlink(".."));
	R(unlink("d/."));
	R(unlink("f/x"));
	R(unlink("s1/"));
	R(unlink("ld/"));
	R(unlink("s1"));
	R(rmdir("f"));
	R(rmdir("f/"));
	R(rmdir("none"));
	R(rmdir("."));
	R(rmdir("d/."));
	R(rmdir("d/.."));
	R(rmdir("/"));
	R(rmdir("ld"));
	R(rmdir("ld/"));
	R(mkdir("d/x", 0755));
	R(rmdir("d"));
	R(rmdir("d/x/"));
	R(unlinkat(AT_FDCWD, "m", AT_REMOVEDIR));
	R(unlinkat(AT_FDCWD, "n", 0));
	R(unlinkat(AT_FDCWD, "n", 1));
	R(unlinkat(99, "n", 0));
	R(rmdir("n"));
	R(rename("f", "f2"));
	R(rename("f2", "f"));
	R(rename("f", "h"));
	R(rename("f", "d"));
	R(rename("d", "f"));
	R(rename("f", "none/x"));
	R(rename("none", "x"));
	R(rename("f/", "x"));
	R(rename("f", "x/"));
	R(rename("d", "x/"));
	R(rename("x/", "d"));
	R(rename(".", "x"));
	R(rename("d/.", "x"));
	R(rename("d", "."));
	R(rename("f", "/"));
	R(rename("/", "f"));
	mkdir("d/e", 0755);
	mkdir("e", 0755);
	R(rename("d", "d/e"));
	R(rename("d", "d/e/f"));
	R(rename("d", "d/n"));
	R(rename("d/e", "d"));
	R(rename("e", "d"));
	R(rename("d", "e"));
	R(rename("e", "d"));
	R(renameat2(AT_FDCWD, "f", AT_FDCWD, "h3", RENAME_NOREPLACE));
	R(renameat2(AT_FDCWD, "f", AT_FDCWD, "d", RENAME_EXCHANGE));
	R(renameat2(AT_FDCWD, "f", AT_FDCWD, "d", RENAME_EXCHANGE));
	R(renameat2(AT_FDCWD, "f", AT_FDCWD, "none", RENAME_EXCHANGE));
	R(renameat2(AT_FDCWD, "f", AT_FDCWD, "d", RENAME_EXCHANGE|RENAME_NOREPLACE));
	R(renameat2(AT_FDCWD, "f", AT_FDCWD, "d", 8));
	R(renameat2(AT_FDCWD, "f", AT_FDCWD, "d/e/..", RENAME_NOREPLACE));
	R(renameat2(AT_FDCWD, "d", AT_FDCWD, "d/e", RENAME_EXCHANGE));
	R(renameat2(AT_FDCWD, "d/e", AT_FDCWD, "d", RENAME_EXCHANGE));
	R(rename("f", ""));
	R(rename("", "f"));
	R(rename("l", "l2"));
	R(rename("l2", "l"));
	mode("l");
	mode("f");
	R(rename("h", "f"));
	mode("f");
	R(unlink("h"));
	R(chdir("d/e"));
	R(rmdir("../e"));
	char c[100];
	R(syscall(SYS_getcwd, c, 100));
	N(open(".", O_RDONLY));
	N(open("x", O_CREAT, 0600));
	R(mkdir("x", 0700));
	R(chdir(".."));
	R(chdir(".."));
	R(syscall(SYS_getcwd, c, 100));
	R(syscall(SYS_getcwd, c, 2));
	R(syscall(SYS_getcwd, c, 0));
	R(syscall(SYS_getcwd, 1, 100));
	R(chdir("f"));
	R(chdir("none"));
	R(chdir(""));
	R(fchdir(ff));
	R(fchdir(99));
	mkdir("empty", 0755);
	int ed = open("empty", O_RDONLY);
	R(rmdir("empty"));
	R(syscall(SYS_getdents64, ed, c, 100));
	struct stat es;
	R(fstat(ed, &es));
	R(es.st_nlink);
	N(openat(ed, "x", O_CREAT, 0600));
	N(openat(ed, "..", O_RDONLY));
}

static void attrs(void)
{
	put("a", "x");
	struct stat st;
	R(chmod("a", 07777));
	mode("a");
	R(chmod("a", 0177777));
	mode("a");
	R(chmod("none", 0));
	R(chmod("dang", 0));
	R(fchmodat(AT_FDCWD, "a", 0600, 0));
	R(syscall(SYS_fchmodat, AT_FDCWD, "a", 0640, AT_SYMLINK_NOFOLLOW));
	mode("a");
	chmod("a", 06755);
	R(chown("a", 5, 6));
	mode("a");
	chmod("a", 06755);
	R(chown("a", -1, -1));
	mode("a");
	chmod("a", 02644);
	R(chown("a", 7, -1));
	mode("a");
	R(lchown("l", 3, 4));
	mode("l");
	R(fchownat(AT_FDCWD, "a", 1, 2, 0x8000));
	R(fchownat(AT_FDCWD, "", 1, 2, AT_EMPTY_PATH));
	chown(".", 0, 0);
	chmod("d", 06777);
	R(chown("d", 1, 1));
	mode("d");
	chown("d", 0, 0);
	chmod("d", 0755);
	chown("a", 0, 0);
	chmod("a", 06755);
	int f = open("a", O_WRONLY);
	R(write(f, "y", 1));
	mode("a");
	struct timespec ts[2] = {{1000, 5}, {2000, 999999999}};
	R(utimensat(AT_FDCWD, "a", ts, 0));
	stat("a", &st);
	R(st.st_atim.tv_sec);
	R(st.st_atim.tv_nsec);
	R(st.st_mtim.tv_nsec);
	ts[0].tv_nsec = UTIME_OMIT;
	ts[1].tv_sec = -5;
	ts[1].tv_nsec = 3;
	R(utimensat(AT_FDCWD, "a", ts, 0));
	stat("a", &st);
	R(st.st_atim.tv_sec);
	R(st.st_mtim.tv_sec);
	R(st.st_mtim.tv_nsec);
	ts[1].tv_nsec = 1000000000;
	R(utimensat(AT_FDCWD, "a", ts, 0));
	ts[1].tv_nsec = UTIME_OMIT;
	R(utimensat(AT_FDCWD, "none", ts, 0));
	ts[1].tv_nsec = UTIME_NOW;
	R(utimensat(AT_FDCWD, "none", ts, 0));
	R(utimensat(AT_FDCWD, "a", ts, 0));
	stat("a", &st);
	R(st.st_mtim.tv_sec > 1000000);
	R(utimensat(AT_FDCWD, "a", 0, 0x8000));
	R(futimens(f, 0));
	R(utimensat(f, 0, 0, AT_SYMLINK_NOFOLLOW));
	R(utimensat(AT_FDCWD, 0, 0, 0));
	R(utimensat(f, "", 0, 0));
	R(utimensat(f, "", 0, AT_EMPTY_PATH));
	ts[0].tv_sec = 50;
	ts[0].tv_nsec = 0;
	R(utimensat(AT_FDCWD, "l", ts, AT_SYMLINK_NOFOLLOW));
	lstat("l", &st);
	R(st.st_atim.tv_sec);
	struct timeval tv[2] = {{7, 8}, {9, 10}};
	R(utimes("a", tv));
	stat("a", &st);
	R(st.st_atim.tv_nsec);
	R(st.st_mtim.tv_sec);
	tv[0].tv_usec = 1000000;
	R(utimes("a", tv));
	struct utimbuf ub = {11, 12};
	R(utime("a", &ub));
	stat("a", &st);
	R(st.st_mtim.tv_sec);
	R(st.st_mtim.tv_nsec);
	R(access("a", F_OK));
	R(access("a", 7));
	R(access("a", 8));
	R(access("none", 0));
	R(access("a/", 0));
	R(access("dang", 0));
	R(faccessat(AT_FDCWD, "a", 0, 0));
	R(syscall(439, AT_FDCWD, "a", 0, 0x100));
	R(syscall(439, AT_FDCWD, "a", 0, 0x4000));
	R(syscall(439, AT_FDCWD, "dang", 0, 0x100));
	R(syscall(439, f, "", 4, 0x1000));
	chmod("a", 0);
	R(access("a", R_OK));
	R(access("a", X_OK));
	chmod("a", 0111);
	R(umask(077));
	R(umask(0177777));
	R(umask(022));
	umask(0777);
	put("u1", "");
	mode("u1");
	mkdir("u2", 0777);
	mode("u2");
	umask(022);
	rmdir("u2");
	struct statx sx;
	R(statx(AT_FDCWD, "a", 0, STATX_ALL, &sx));
	R(sx.stx_mask);
	R(sx.stx_mode);
	R(sx.stx_attributes);
	R(sx.stx_blksize);
	R(statx(AT_FDCWD, "a", 0x6000, STATX_ALL, &sx));
	R(statx(AT_FDCWD, "a", 0, 0x80000000, &sx));
	R(statx(AT_FDCWD, "a", 0x20000, 0, &sx));
	R(statx(f, "", AT_EMPTY_PATH, 0, &sx));
	R(statx(AT_FDCWD, "/", 0, STATX_ALL, &sx));
	R(sx.stx_attributes);
	R(syscall(SYS_newfstatat, AT_FDCWD, "a", &st, 0x8000));
	R(syscall(SYS_newfstatat, f, "", &st, AT_EMPTY_PATH));
	R(syscall(SYS_newfstatat, f, "", &st, 0));
	R(syscall(SYS_newfstatat, AT_FDCWD, "", &st, AT_EMPTY_PATH));
	R(S_ISDIR(st.st_mode));
	R(stat("/", &st));
	R(st.st_blksize);
	R(fstat(99, &st));
	char v[10];
	R(getxattr("a", "user.x", v, 10));
	R(setxattr("a", "user.x", v, 1, 0));
	R(listxattr("a", v, 10));
	R(removexattr("a", "user.x"));
	R(getxattr("none", "user.x", v, 10));
	R(getxattr("a", "", v, 10));
	R(lgetxattr("dang", "user.x", v, 10));
	R(fgetxattr(f, "user.x", v, 10));
	R(fgetxattr(99, "user.x", v, 10));
	R(fsetxattr(f, "bogus", v, 1, 0));
	R(getxattr("a", "bogus", v, 10));
	struct statfs s;
	R(statfs(".", &s));
	R(s.f_bsize);
	R(s.f_namelen);
	R(s.f_frsize);
	R(statfs("none", &s));
	R(statfs(".", (void *)1));
	R(fstatfs(99, &s));
	int p[2];
	pipe(p);
	R(fstatfs(p[0], &s));
	R(s.f_type);
	fstat(p[0], &st);
	R(st.st_mode);
	R(st.st_nlink);
	R(st.st_size);
	R(st.st_blksize);
}

static void asuser(void)
{
	setgid(20);
	setuid(10);
	N(open("/t/priv", O_RDONLY));
	N(open("/t/priv", O_WRONLY));
	N(open("/t/grp", O_RDONLY));
	N(open("/t/grp", O_RDWR));
	N(open("/t/new", O_CREAT|O_RDWR, 0600));
	R(mkdir("/t/new", 0700));
	R(unlink("/t/priv"));
	R(rename("/t/priv", "/t/x"));
	R(chmod("/t/grp", 0777));
	R(chown("/t/grp", 10, -1));
	R(truncate("/t/priv", 0));
	R(truncate("/t/grp", 0));
	R(utime("/t/grp", 0));
	R(utimes("/t/priv", 0));
	struct utimbuf u = {1, 2};
	R(utime("/t/priv", &u));
	R(access("/t/priv", R_OK));
	R(access("/t/grp", R_OK));
	R(access("/t/grp", X_OK));
	R(stat("/t/closed/x", &(struct stat){0}));
	R(chdir("/t/closed"));
	R(opendir("/t/closed") == 0);
	N(open("/t/xonly/f", O_RDONLY));
	R(opendir("/t/xonly") == 0);
	N(open("/t/st/mine", O_CREAT|O_RDWR, 0666));
	R(unlink("/t/st/theirs"));
	R(rename("/t/st/theirs", "/t/st/x"));
	R(rename("/t/st/mine", "/t/st/theirs"));
	R(rename("/t/st/mine", "/t/st/mine2"));
	R(link("/t/st/theirs", "/t/st/l"));
	R(unlink("/t/st/mine2"));
	R(rmdir("/t/st/dir"));
	R(mkdir("/t/sg/sub", 0777));
	mode("/t/sg/sub");
	int f = open("/t/sg/f", O_CREAT|O_RDWR, 02777);
	mode("/t/sg/f");
	R(fchmod(f, 02777));
	mode("/t/sg/f");
	R(fchown(f, -1, 20));
	mode("/t/sg/f");
	R(fchmod(f, 06777));
	mode("/t/sg/f");
	R(write(f, "x", 1));
	mode("/t/sg/f");
	R(fchown(f, -1, 77));
	R(fchown(f, 11, -1));
	R(fchown(f, 10, 20));
	R(mknod("/t/st/dev", S_IFCHR|0600, 0));
	R(mknod("/t/st/ff", S_IFIFO|0600, 0));
	R(chroot("/t"));
	R(mount("x", "/t", "tmpfs", 0, 0));
	R(umount("/t"));
	N(open("/t/st/theirs", O_RDONLY|O_NOATIME));
	R(linkat(f, "", AT_FDCWD, "/t/st/ll", AT_EMPTY_PATH));
	R(fcntl(open("/t/st/theirs", O_RDONLY), F_SETFL, O_NOATIME));
	R(setxattr("/t/st", "trusted.x", "", 0, 0));
	R(faccessat(AT_FDCWD, "/t/priv", R_OK, AT_EACCESS));
}

static void users(void)
{
	mkdir("/t", 0755);
	chdir("/t");
	put("priv", "x");
	chmod("priv", 0600);
	put("grp", "x");
	chmod("grp", 0640);
	chown("grp", 1, 20);
	mkdir("closed", 0700);
	put("closed/x", "");
	mkdir("xonly", 0711);
	put("xonly/f", "");
	mkdir("st", 0777);
	chmod("st", 01777);
	put("st/theirs", "x");
	mkdir("st/dir", 0777);
	mkdir("sg", 0777);
	chown("sg", 0, 50);
	chmod("sg", 02777);
	child(asuser);
	chdir("/w");
}

static void locks(void)
{
	put("k", "0123456789");
	int f = open("k", O_RDWR), g = open("k", O_RDWR), r = open("k", O_RDONLY);
	R(flock(f, LOCK_EX));
	R(flock(g, LOCK_EX|LOCK_NB));
	R(flock(g, LOCK_SH|LOCK_NB));
	R(flock(f, LOCK_SH));
	R(flock(g, LOCK_SH|LOCK_NB));
	R(flock(f, LOCK_EX|LOCK_NB));
	R(flock(g, LOCK_UN));
	R(flock(f, 77));
	R(flock(99, LOCK_SH));
	int d = dup(f);
	close(f);
	R(flock(g, LOCK_EX|LOCK_NB));
	close(d);
	R(flock(g, LOCK_EX|LOCK_NB));
	R(flock(g, LOCK_UN));
	struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 2, .l_len = 3};
	R(fcntl(g, F_SETLK, &l));
	R(fcntl(r, F_SETLK, &l));
	if (!fork()) {
		struct flock q = {.l_type = F_RDLCK, .l_start = 0, .l_len = 0};
		R(fcntl(g, F_GETLK, &q));
		say("getlk", "%d %ld %ld %d", q.l_type, (long)q.l_start, (long)q.l_len, q.l_pid == getppid());
		q = (struct flock){.l_type = F_WRLCK, .l_start = 4, .l_len = 1};
		R(fcntl(g, F_SETLK, &q));
		q.l_start = 5;
		R(fcntl(g, F_SETLK, &q));
		q.l_start = 0;
		q.l_len = 2;
		R(fcntl(g, F_SETLK, &q));
		q.l_type = F_UNLCK;
		R(fcntl(g, F_GETLK, &q));
		q.l_whence = 9;
		R(fcntl(g, F_SETLK, &q));
		_exit(0);
	}
	wait(0);
	l.l_type = F_UNLCK;
	l.l_start = 3;
	l.l_len = 1;
	R(fcntl(g, F_SETLK, &l));
	if (!fork()) {
		struct flock q = {.l_type = F_RDLCK, .l_start = 3, .l_len = 0};
		R(fcntl(g, F_GETLK, &q));
		say("getlk", "%d %ld %ld", q.l_type, (long)q.l_start, (long)q.l_len);
		q = (struct flock){.l_type = F_WRLCK, .l_start = 3, .l_len = 1};
		R(fcntl(g, F_SETLK, &q));
		close(open("k", O_RDONLY));
		_exit(0);
	}
	wait(0);
	close(r);
	if (!fork()) {
		struct flock q = {.l_type = F_WRLCK, .l_start = 0, .l_len = 0};
		R(fcntl(g, F_GETLK, &q));
		say("after", "close %d", q.l_type);
		_exit(0);
	}
	wait(0);
	int o1 = open("k", O_RDWR), o2 = open("k", O_RDWR);
	l = (struct flock){.l_type = F_WRLCK, .l_len = 5};
	R(fcntl(o1, F_OFD_SETLK, &l));
	R(fcntl(o2, F_OFD_SETLK, &l));
	l.l_pid = 0;
	R(fcntl(o2, F_OFD_GETLK, &l));
	say("ofd", "%d %d", l.l_type, l.l_pid);
	l.l_pid = 5;
	R(fcntl(o2, F_OFD_SETLK, &l));
	close(o1);
	l = (struct flock){.l_type = F_WRLCK, .l_start = -1};
	R(fcntl(o2, F_SETLK, &l));
	l = (struct flock){.l_type = F_WRLCK, .l_start = 5, .l_len = -5};
	R(fcntl(o2, F_SETLK, &l));
	l = (struct flock){.l_type = F_WRLCK, .l_start = 5, .l_len = -6};
	R(fcntl(o2, F_SETLK, &l));
	l = (struct flock){.l_type = F_WRLCK, .l_start = LONG_MAX, .l_len = 2};
	R(fcntl(o2, F_SETLK, &l));
	int pp[2];
	pipe(pp);
	char ch;
	l = (struct flock){.l_type = F_WRLCK, .l_start = 20, .l_len = 1};
	R(fcntl(o2, F_SETLK, &l));
	int pid = fork();
	if (!pid) {
		struct flock q = {.l_type = F_WRLCK, .l_start = 30, .l_len = 1};
		fcntl(g, F_SETLK, &q);
		write(pp[1], "x", 1);
		q.l_start = 20;
		_exit(fcntl(g, F_SETLKW, &q));
	}
	read(pp[0], &ch, 1);
	usleep(50000);
	l.l_start = 30;
	R(fcntl(o2, F_SETLKW, &l));
	l.l_type = F_UNLCK;
	l.l_start = 20;
	R(fcntl(o2, F_SETLK, &l));
	reap("waiter for a lock", pid);
}

static void mounts(void)
{
	mkdir("mm", 0755);
	mkdir("mb", 0755);
	struct stat st;
	R(mount("t", "mm", "tmpfs", 0, "size=16k,mode=700,uid=3,gid=4,nr_inodes=5"));
	mode("mm");
	struct statfs s;
	statfs("mm", &s);
	R(s.f_type);
	R(s.f_blocks);
	R(s.f_bfree);
	R(s.f_files);
	R(s.f_ffree);
	R(s.f_flags);
	put("mm/f", "1");
	int f = open("mm/f", O_RDWR);
	R(write(f, big, 20000));
	statfs("mm", &s);
	R(s.f_bfree);
	R(s.f_ffree);
	R(umount("mm"));
	R(rmdir("mm"));
	R(rename("mm", "mx"));
	R(link("f", "mm/l"));
	R(rename("f", "mm/l"));
	R(mount(0, "mm", 0, MS_REMOUNT|MS_RDONLY, 0));
	close(f);
	R(mount(0, "mm", 0, MS_REMOUNT|MS_RDONLY, 0));
	N(open("mm/f", O_RDWR));
	N(open("mm/n", O_CREAT|O_RDWR, 0600));
	N(open("mm/f", O_CREAT|O_RDONLY, 0600));
	R(mkdir("mm/n", 0700));
	R(mkdir("mm/f", 0700));
	R(unlink("mm/f"));
	R(unlink("mm/none"));
	R(chmod("mm/f", 0));
	R(utime("mm/f", 0));
	R(truncate("mm/f", 0));
	R(access("mm/f", W_OK));
	R(rename("mm/f", "mm/g"));
	R(symlink("x", "mm/s"));
	R(link("mm/f", "mm/h"));
	statfs("mm", &s);
	R(s.f_flags);
	R(mount(0, "mm", 0, MS_REMOUNT, 0));
	R(unlink("mm/f"));
	R(mount("mm", "mb", 0, MS_BIND, 0));
	R(mount(0, "mb", 0, MS_REMOUNT|MS_BIND|MS_RDONLY|MS_NOSUID|MS_NODEV|MS_NOEXEC|MS_NOATIME, 0));
	statfs("mb", &s);
	R(s.f_flags);
	N(open("mb/n", O_CREAT|O_RDWR, 0600));
	N(open("mm/n", O_CREAT|O_RDWR, 0600));
	mknod("mm/z", S_IFCHR|0666, makedev(1, 5));
	N(open("mb/z", O_RDONLY));
	N(open("mm/z", O_RDONLY));
	R(stat("mb/n", &st));
	R(umount2("mb", 0));
	R(umount2("mb", 0));
	R(umount2("none", 0));
	R(umount2("f", 0));
	R(umount2("mm", 16));
	R(umount2("mm", MNT_EXPIRE));
	R(umount2("mm", MNT_EXPIRE|MNT_FORCE));
	R(umount2("mm", MNT_EXPIRE));
	R(umount2("mm", MNT_EXPIRE));
	R(mount("x", "mm", "nofs", 0, 0));
	R(mount("x", "mm", 0, 0, 0));
	R(mount("x", "f", "tmpfs", 0, 0));
	R(mount("x", "none", "tmpfs", 0, 0));
	R(mount(0, "mm", "tmpfs", 0, 0));
	R(umount("mm"));
	R(mount("x", "mm", "tmpfs", 0, "bogus"));
	R(mount("x", "mm", "tmpfs", 0, "size=1x"));
	R(mount("x", "mm", "tmpfs", 0, "mode=9"));
	R(mount("", "mm", "tmpfs", 0, "size=50%"));
	R(umount("mm"));
	R(mount("x", "mm", "ramfs", 0, "bogus"));
	statfs("mm", &s);
	R(s.f_type);
	R(s.f_blocks);
	R(umount("mm"));
	R(mount("none", "mb", 0, MS_BIND, 0));
	R(mount(0, "mb", 0, MS_BIND, 0));
	R(mount("f", "mb", 0, MS_BIND, 0));
	R(mount("d", "f", 0, MS_BIND, 0));
	put("f2", "other");
	R(mount("f2", "f", 0, MS_BIND, 0));
	cat("f");
	R(unlink("f"));
	R(umount("f"));
	R(mount(0, "mb", 0, MS_REMOUNT, 0));
	R(mount("d", "mb", 0, MS_MOVE, 0));
	R(mount(0, "mb", 0, MS_PRIVATE, 0));
	R(mount(0, "/", 0, MS_PRIVATE|MS_REC, 0));
	R(mount(0, "/", 0, MS_SLAVE, 0));
	R(mount(0, "/", 0, MS_PRIVATE|MS_SLAVE, 0));
	R(mount("x", "mm", "tmpfs", 0, 0));
	R(mkdir("mm/in", 0755));
	R(mount("mm", "mm/in", 0, MS_MOVE, 0));
	R(mount("mm", "mb", 0, MS_MOVE, 0));
	R(stat("mb/in", &st));
	R(stat("mm/in", &st));
	R(mount("x", "mb/in", "tmpfs", 0, 0));
	mkdir("mb/in/deep", 0755);
	R(mount("mb", "mm", 0, MS_BIND, 0));
	R(stat("mm/in/deep", &st));
	R(umount("mm"));
	R(mount("mb", "mm", 0, MS_BIND|MS_REC, 0));
	R(stat("mm/in/deep", &st));
	R(umount("mm"));
	R(umount2("mm", MNT_DETACH));
	R(umount("mb"));
	R(umount2("mb", MNT_DETACH));
	R(mount(0, "/", 0, MS_UNBINDABLE, 0));
	R(mount("d", "mb", 0, MS_BIND, 0));
	R(mount(0, "/", 0, MS_PRIVATE, 0));
	symlink("mm", "sm");
	mount("x", "mm", "tmpfs", 0, 0);
	R(umount2("sm", UMOUNT_NOFOLLOW));
	int dfd = open("mm", O_RDONLY);
	R(fchdir(dfd));
	R(umount2("/w/mm", MNT_DETACH));
	char c[100];
	R(syscall(SYS_getcwd, c, 100));
	say("cwd", "%s", c);
	R(chdir(".."));
	say("cwd", "%ld %s", syscall(SYS_getcwd, c, 100), c);
	R(chdir("/w"));
	close(dfd);
	R(syscall(SYS_pivot_root, "/w", "/w/d"));
	mount("x", "mm", "tmpfs", 0, 0);
	mkdir("mm/old", 0755);
	R(syscall(SYS_pivot_root, "mm", "mm/old"));
	R(chroot("mm"));
	R(chdir("/"));
	R(syscall(SYS_getcwd, c, 100));
	R(chdir("../.."));
	R(stat("/old", &st));
	R(chroot("none"));
}

static void listing(void)
{
	mkdir("ls", 0755);
	int d = open("ls", O_RDONLY);
	char b[4096], nm[20];
	int n = 0;
	for (int i = 0; i < 500; i++) {
		sprintf(nm, "ls/%d", i);
		put(nm, "");
	}
	R(syscall(SYS_getdents64, d, b, 10));
	R(syscall(SYS_getdents64, d, b, 0));
	R(syscall(SYS_getdents64, 99, b, 100));
	R(syscall(SYS_getdents64, d, 1, 100));
	int f = open("f", O_RDONLY);
	R(syscall(SYS_getdents64, f, b, 100));
	long r;
	int dots = 0, sum = 0;
	while ((r = syscall(SYS_getdents64, d, b, sizeof b)) > 0) for (long at = 0; at < r;) {
		struct dirent64 *e = (void *)(b + at);
		if (e->d_name[0] == '.') dots++;
		else sum += atoi(e->d_name);
		if (e->d_type != DT_REG && e->d_type != DT_DIR) n = -100000;
		n++;
		at += e->d_reclen;
	}
	say("list", "%d %d %d", n, dots, sum);
	lseek(d, 0, SEEK_SET);
	DIR *D = opendir("ls");
	struct dirent *e;
	n = 0;
	while ((e = readdir(D))) {
		n++;
		if (e->d_name[0] != '.') {
			sprintf(nm, "ls/%s", e->d_name);
			unlink(nm);
		}
	}
	say("list", "and remove %d", n);
	R(rmdir("ls"));
	n = 0;
	rewinddir(D);
	while (readdir(D)) n++;
	say("after", "%d", n);
}

void test_paths(void)
{
	static void (*const tests[])(void) = {opens, fds, rw, names, attrs, users, locks, listing, mounts};
	mkdir("/w", 0755);
	for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
		chdir("/w");
		put("f", "hello");
		child(tests[i]);
	}
}
