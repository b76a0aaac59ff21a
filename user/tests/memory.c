// mmap(2) and its relatives, page faults, copy-on-write.
#include "check.h"

#include <setjmp.h>
#include <sys/resource.h>
#include <sys/uio.h>

static sigjmp_buf back;
static siginfo_t last;

static void on_fault(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)context;
	last = *info;
	siglongjmp(back, 1);
}

// touch prints what reading or writing a byte does.
static void touch(const char *name, volatile char *p, int writing)
{
	if (sigsetjmp(back, 1) == 0) {
		if (writing)
			*p = 1;
		else
			(void)*p;
		say(name, "ok");
	} else {
		say(name, "signal %d code %d address %d", last.si_signo, last.si_code, last.si_addr == (void *)p);
	}
}

#define RW (PROT_READ | PROT_WRITE)
#define PRIVATE (MAP_PRIVATE | MAP_ANONYMOUS)
#define SHARED (MAP_SHARED | MAP_ANONYMOUS)

static void mapped(const char *name, void *p) { success(name, p == MAP_FAILED ? -1 : 0); }

static void arguments(void)
{
	int file = open("/init", O_RDONLY), log = open("/tmp/w", O_CREAT | O_RDWR, 0600), wronly = open("/tmp/w", O_WRONLY);
	mapped("length 0", mmap(0, 0, RW, PRIVATE, -1, 0));
	mapped("offset not a page", (void *)syscall(SYS_mmap, 0, 4096, RW, PRIVATE, -1, 100));
	mapped("neither shared nor private", mmap(0, 4096, RW, MAP_ANONYMOUS, -1, 0));
	mapped("shared and private", mmap(0, 4096, RW, MAP_ANONYMOUS | MAP_SHARED | MAP_PRIVATE, -1, 0));
	mapped("huge", mmap(0, 1ul << 62, RW, PRIVATE, -1, 0));
	mapped("whole address space", mmap(0, ~0ul, RW, PRIVATE, -1, 0));
	mapped("bad fd", mmap(0, 4096, RW, MAP_PRIVATE, 99, 0));
	mapped("file to write without right", mmap(0, 4096, RW, MAP_SHARED, file, 0));
	mapped("file privately", mmap(0, 4096, RW, MAP_PRIVATE, file, 0));
	mapped("write-only file", mmap(0, 4096, PROT_READ, MAP_SHARED, wronly, 0));
	mapped("directory", mmap(0, 4096, PROT_READ, MAP_PRIVATE, open("/", O_RDONLY), 0));
	mapped("fixed not a page", mmap((void *)0x10000001, 4096, RW, PRIVATE | MAP_FIXED, -1, 0));
	mapped("fixed in the kernel", mmap((void *)0xffff800000000000, 4096, RW, PRIVATE | MAP_FIXED, -1, 0));
	char *p = mmap(0, 4 * 4096, RW, PRIVATE, -1, 0);
	mapped("fixed noreplace taken", mmap(p, 4096, RW, PRIVATE | 0x100000, -1, 0));
	mapped("growsdown shared", mmap(0, 4096, RW, SHARED | MAP_GROWSDOWN, -1, 0));
	mapped("shared validate with unknown flag", mmap(0, 4096, PROT_READ, 3 | 0x8000000, log, 0));
	result("munmap not a page", munmap(p + 1, 4096));
	result("munmap 0", munmap(p, 0));
	result("munmap nothing", munmap((void *)0x700000000000, 4096));
	result("munmap in the kernel", munmap((void *)0xffff800000000000, 4096));
	result("munmap hole", munmap(p + 4096, 4096));
	result("mprotect over a hole", mprotect(p, 4 * 4096, PROT_READ));
	touch("first page changed before the error", p, 1);
	result("mprotect not a page", mprotect(p + 1, 4096, RW));
	result("mprotect 0", mprotect(p, 0, RW));
	result("mprotect unknown", mprotect(p, 4096, 0x100));
	result("mprotect both growths", mprotect(p, 4096, RW | PROT_GROWSDOWN | PROT_GROWSUP));
	result("madvise unknown", madvise(p, 4096, 9999));
	result("madvise not a page", madvise(p + 1, 4096, MADV_DONTNEED));
	result("madvise over a hole", madvise(p, 4 * 4096, MADV_DONTNEED));
	result("madvise 0", madvise(p, 0, MADV_DONTNEED));
	unsigned char vec[4];
	result("mincore over a hole", mincore(p, 4 * 4096, vec));
	result("mincore not a page", mincore(p + 1, 4096, vec));
	result("msync unknown", msync(p, 4096, 0x100));
	result("msync both", msync(p, 4096, MS_SYNC | MS_ASYNC));
	result("msync hole", msync(p, 4 * 4096, MS_SYNC));
	mapped("mremap nothing", mremap((void *)0x700000000000, 4096, 8192, MREMAP_MAYMOVE));
	mapped("mremap unknown flag", mremap(p, 4096, 8192, 64));
	mapped("mremap to 0", mremap(p, 4096, 0, 0));
	mapped("mremap fixed without maymove", mremap(p, 4096, 4096, MREMAP_FIXED, p + 0x100000));
	mapped("mremap over itself", mremap(p, 4096, 4096, MREMAP_FIXED | MREMAP_MAYMOVE, p));
	mapped("mremap across areas", mremap(p, 3 * 4096, 5 * 4096, MREMAP_MAYMOVE));
	close(file);
	close(log);
	close(wronly);
}

static void faults(void)
{
	char *p = mmap(0, 4096 * 3, RW, PRIVATE, -1, 0);
	touch("null", (char *)0, 0);
	touch("unmapped", (char *)0x700000000000, 1);
	touch("kernel", (char *)0xffff888000000000, 0);
	mprotect(p, 4096, PROT_READ);
	touch("read of read-only", p, 0);
	touch("write of read-only", p, 1);
	mprotect(p, 4096, PROT_NONE);
	touch("PROT_NONE", p, 0);
	say("read into PROT_NONE", "%zd", pread(open("/init", O_RDONLY), p, 10, 0));
	mprotect(p, 4096, RW);
	touch("after PROT_NONE", p, 1);
	say("after PROT_NONE value", "%d", *p);
	int fd = open("/tmp/short", O_CREAT | O_RDWR | O_TRUNC, 0600);
	write(fd, "abc", 3);
	char *f = mmap(0, 8192, RW, MAP_SHARED, fd, 0);
	say("tail of a page of a file", "%d", f[3]);
	touch("beyond the end of a file", f + 4096, 0);
	ftruncate(fd, 0);
	touch("truncated away", f, 0);
	ftruncate(fd, 8192);
	touch("grown back", f + 4096, 0);
	say("truncated data is gone", "%d", f[0]);
	f[0] = 'z';
	char c = 0;
	pread(fd, &c, 1, 0);
	say("shared mapping is the file", "%c", c);
	char *q = mmap(0, 4096, RW, MAP_PRIVATE, fd, 0);
	q[0] = 'p';
	pread(fd, &c, 1, 0);
	say("private mapping is not", "%c", c);
	pwrite(fd, "w", 1, 0);
	say("file written, shared", "%c", f[0]);
	say("file written, private", "%c", q[0]);
	close(fd);
	// The system call must fail where the program would die.
	errno = 0;
	int pipes[2];
	pipe(pipes);
	result("write from the unmapped", write(pipes[1], (void *)0x700000000000, 10));
	char *edge = mmap(0, 8192, RW, PRIVATE, -1, 0);
	munmap(edge + 4096, 4096);
	memset(edge, 'e', 4096);
	result("write across the edge", write(pipes[1], edge + 4090, 100));
	struct iovec iov[2] = {{edge + 4090, 6}, {(void *)8, 5}};
	result("writev with a bad second", writev(pipes[1], iov, 2));
	write(pipes[1], "some", 4);
	result("read to the unmapped", read(pipes[0], (void *)8, 10));
	close(pipes[0]);
	close(pipes[1]);
}

static void forks(void)
{
	char *private = mmap(0, 4096 * 2, RW, PRIVATE, -1, 0);
	char *shared = mmap(0, 4096 * 2, RW, SHARED, -1, 0);
	private[0] = shared[0] = 1;
	pid_t pid = fork();
	if (pid == 0) {
		private[0] = shared[0] = shared[4096] = 2;
		_exit(private[4096]);
	}
	reap("fork", pid);
	say("private after the child wrote", "%d", private[0]);
	say("shared after the child wrote", "%d %d", shared[0], shared[4096]);
	madvise(private, 4096, MADV_DONTNEED);
	say("DONTNEED private", "%d", private[0]);
	madvise(shared, 4096, MADV_DONTNEED);
	say("DONTNEED shared", "%d", shared[0]);
	private[0] = private[4096] = 3;
	success("WIPEONFORK", madvise(private, 4096, 18));
	success("WIPEONFORK shared", madvise(shared, 4096, 18));
	success("DONTFORK", madvise(private + 4096, 4096, 10));
	pid = fork();
	if (pid == 0) {
		signal(SIGSEGV, SIG_DFL);
		if (private[0] != 0)
			_exit(1);
		_exit(private[4096]);
	}
	reap("WIPEONFORK and DONTFORK", pid);
	char *moved = mremap(private, 4096, 8192, MREMAP_MAYMOVE);
	say("mremap keeps", "%d %d", moved[0], moved[4096]);
	char *none = mmap(0, 1 << 20, PROT_NONE, PRIVATE, -1, 0);
	moved = mremap(moved, 8192, 8192, MREMAP_MAYMOVE | MREMAP_FIXED, none + 65536);
	say("mremap fixed", "%d %d", moved == none + 65536, moved[0]);
}

static int deep(int n)
{
	volatile char page[4096];
	page[0] = n;
	return n == 0 ? 0 : deep(n - 1) + page[0] - (char)n;
}

static void growth(void)
{
	char *b = sbrk(0);
	result("brk grows", brk(b + 100000));
	memset(b, 1, 100000);
	result("brk shrinks", brk(b));
	result("brk grows again", brk(b + 4096));
	say("brk is zero", "%d", b[4095]);
	brk(b);
	say("stack grows", "%d", deep(500));
	struct rlimit l = {1 << 20, RLIM_INFINITY};
	pid_t pid = fork();
	if (pid == 0) {
		signal(SIGSEGV, SIG_DFL);
		setrlimit(RLIMIT_STACK, &l);
		_exit(deep(2000));
	}
	reap("stack limit", pid);
	pid = fork();
	if (pid == 0) {
		l.rlim_cur = 100 << 20;
		setrlimit(RLIMIT_AS, &l);
		mapped("RLIMIT_AS", mmap(0, 200 << 20, RW, PRIVATE, -1, 0));
		l.rlim_cur = 1 << 20;
		setrlimit(RLIMIT_DATA, &l);
		mapped("RLIMIT_DATA", mmap(0, 50 << 20, RW, PRIVATE, -1, 0));
		mapped("RLIMIT_DATA read-only", mmap(0, 50 << 20, PROT_READ, PRIVATE, -1, 0));
		_exit(0);
	}
	reap("limits", pid);
}

// every_advice gives every advice to a mapping, in a child.
static void every_advice(const char *name, char *p)
{
	char what[80];
	for (int advice = -1; advice <= 26; advice++) {
		if (advice >= MADV_MERGEABLE && advice <= MADV_NOHUGEPAGE)
			continue; // EINVAL of a kernel without equal or huge pages
		pid_t pid = fork();
		if (pid == 0) {
			snprintf(what, sizeof what, "advice %d for %s", advice, name);
			result(what, madvise(p, 2 * 4096, advice));
			_exit(0);
		}
		waitpid(pid, 0, 0);
	}
}

static void advice(void)
{
	char *p = mmap(0, 2 * 4096, RW, PRIVATE, -1, 0);
	p[0] = p[4096] = 1;
	every_advice("private memory", p);
	p = mmap(0, 2 * 4096, RW, SHARED, -1, 0);
	p[0] = 1;
	every_advice("shared memory", p);
	int fd = open("/tmp/advised", O_CREAT | O_TRUNC | O_RDWR, 0600);
	ftruncate(fd, 3 * 4096);
	every_advice("a private file", mmap(0, 2 * 4096, RW, MAP_PRIVATE, fd, 0));
	every_advice("a shared file", mmap(0, 2 * 4096, RW, MAP_SHARED, fd, 0));
	every_advice("a file to read", mmap(0, 2 * 4096, PROT_READ, MAP_SHARED, open("/tmp/advised", O_RDONLY), 0));
	p = mmap(0, 2 * 4096, PROT_NONE, PRIVATE, -1, 0);
	every_advice("no access", p);
	mlock(p = mmap(0, 2 * 4096, RW, PRIVATE, -1, 0), 2 * 4096);
	every_advice("locked memory", p);
}

static void drop_caches(void)
{
	const char *file = "/proc/sys/vm/drop_caches";
	result("drop_caches for reading", open(file, O_RDONLY));
	int fd = open(file, O_WRONLY);
	result("drop 0", pwrite(fd, "0", 1, 0));
	result("drop 5", pwrite(fd, "5", 1, 0));
	result("drop a word", pwrite(fd, "all", 3, 0));
	result("drop everything", pwrite(fd, "3\n", 2, 0));
	close(fd);
}

void test_memory(void)
{
	struct sigaction sa = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
	sigaction(SIGSEGV, &sa, 0);
	sigaction(SIGBUS, &sa, 0);
	arguments();
	faults();
	forks();
	growth();
	advice();
	drop_caches();
}
