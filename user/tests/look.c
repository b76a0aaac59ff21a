// What /proc/PID tells of memory and of the system call that somebody sleeps in:
// smaps, smaps_rollup, syscall.
#include "check.h"

#include <time.h>

#define RW (PROT_READ | PROT_WRITE)
#define PAGE 4096

// lines prints what smaps says of the area that begins at p.
static void lines(const char *name, pid_t pid, void *p)
{
	char path[40], line[512];
	snprintf(path, sizeof path, "/proc/%d/smaps", pid);
	FILE *f = fopen(path, "r");
	int inside = 0;
	while (f && fgets(line, sizeof line, f)) {
		line[strcspn(line, "\n")] = 0;
		unsigned long start, end;
		char rights[5];
		if (sscanf(line, "%lx-%lx %4s", &start, &end, rights) == 3) {
			inside = start == (unsigned long)p;
			if (inside)
				say(name, "%s", rights);
			continue;
		}
		char *soft = strstr(line, " sd ");
		if (soft) // only one of the architectures has it
			strcpy(soft, soft[4] ? soft + 3 : " ");
		// Protection keys are those of one architecture, and not all kernels know
		// what has been referenced.
		if (inside && strncmp(line, "ProtectionKey", 13) != 0 && strncmp(line, "Referenced", 10) != 0)
			say(name, "%s", line);
	}
	if (f)
		fclose(f);
}

// apart maps n pages with nothing beside them that they could become one area with.
static char *apart(int n, int prot, int flags, int fd)
{
	char *room = mmap(0, (n + 2) * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return mmap(room + PAGE, n * PAGE, prot, flags | MAP_FIXED, fd, 0);
}

// WITH_CHILD has a child, that does something first, live while the parent looks.
#define WITH_CHILD(first, look) \
	do { \
		int up[2], down[2]; \
		char c; \
		pipe(up); \
		pipe(down); \
		pid_t pid = fork(); \
		if (pid == 0) { \
			first; \
			write(up[1], "x", 1); \
			read(down[0], &c, 1); \
			_exit(0); \
		} \
		read(up[0], &c, 1); \
		await(pid, 'S'); \
		look; \
		write(down[1], "x", 1); \
		waitpid(pid, 0, 0); \
		close(up[0]), close(up[1]), close(down[0]), close(down[1]); \
	} while (0)

static void smaps(void)
{
	char *p = apart(8, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	p[0] = p[PAGE] = p[3 * PAGE] = 1;
	lines("private", getpid(), p);
	WITH_CHILD(p[0] = 2, lines("shared since fork", getpid(), p); lines("its child's", pid, p));
	lines("private again", getpid(), p);
	char *s = apart(4, RW, MAP_SHARED | MAP_ANONYMOUS, -1);
	s[0] = s[PAGE] = 1;
	WITH_CHILD(s[0] = 2, lines("shared memory", getpid(), s); lines("the child's shared memory", pid, s));
	int fd = open("/tmp/mapped", O_CREAT | O_TRUNC | O_RDWR, 0600);
	char text[4 * PAGE];
	memset(text, 'a', sizeof text);
	write(fd, text, sizeof text);
	char *f = apart(4, RW, MAP_PRIVATE, fd);
	for (int i = 0; i < 4; i++)
		text[0] += f[i * PAGE];
	f[PAGE] = 1;
	lines("private file", getpid(), f);
	char *r = apart(2, PROT_READ, MAP_SHARED, fd);
	text[0] += r[0] + r[PAGE];
	lines("shared file, read only for now", getpid(), r);
	close(fd);
	success("mlock", mlock(p, 8 * PAGE));
	lines("locked", getpid(), p);
	munlock(p, 8 * PAGE);
	success("advice", madvise(p, 8 * PAGE, MADV_DONTFORK) | madvise(p, 8 * PAGE, MADV_DONTDUMP) |
		madvise(p, 8 * PAGE, MADV_RANDOM) | madvise(p, 8 * PAGE, MADV_WIPEONFORK));
	lines("with advice", getpid(), p);
	char *n = apart(2, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
	mprotect(n, 2 * PAGE, PROT_READ);
	lines("reserve nothing", getpid(), n);
	char *g = apart(2, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN, -1);
	lines("stack", getpid(), g);
}

static void rollup(void)
{
	char line[512];
	int n = 0;
	FILE *f = fopen("/proc/self/smaps_rollup", "r");
	while (f && fgets(line, sizeof line, f)) {
		line[strcspn(line, "\n")] = 0;
		unsigned long start, end;
		if (n++ == 0)
			say("rollup", "%s", sscanf(line, "%lx-%lx", &start, &end) == 2 ? strchr(line, ' ') : line);
		else
			say("rollup", "%.*s", (int)strcspn(line, ":"), line);
	}
	if (f)
		fclose(f);
	char c;
	result("smaps of a kernel thread", read(open("/proc/2/smaps", O_RDONLY), &c, 1));
	result("smaps_rollup of a kernel thread", read(open("/proc/2/smaps_rollup", O_RDONLY), &c, 1));
}

// code_at is where the program goes on that in_syscall was asked about.
static unsigned long long code_at;

// in_syscall prints the call in which somebody sleeps, and n of its arguments.
static void in_syscall(const char *name, pid_t pid, int n)
{
	char path[40], text[300] = "";
	unsigned long long v[8];
	long nr;
	snprintf(path, sizeof path, "/proc/%d/syscall", pid);
	int fd = open(path, O_RDONLY);
	int got = read(fd, text, sizeof text - 1);
	close(fd);
	if (got < 0) {
		result(name, got);
		return;
	}
	int found = sscanf(text, "%ld %llx %llx %llx %llx %llx %llx %llx %llx",
		&nr, v, v + 1, v + 2, v + 3, v + 4, v + 5, v + 6, v + 7);
	if (found < 9) {
		say(name, "%s", text[0] == 'r' ? "running" : "fewer words");
		return;
	}
	const char *call = nr == SYS_read ? "read" : nr == SYS_wait4 ? "wait4" :
		nr == SYS_clock_nanosleep ? "clock_nanosleep" : nr == SYS_rt_sigsuspend ? "rt_sigsuspend" :
		nr == SYS_restart_syscall ? "restart_syscall" : "another";
	say(name, "%s %#llx %#llx", call, n > 0 ? v[0] : 0, n > 1 ? v[1] : 0);
	code_at = v[7];
	say(name, "stack %d code %d end %d", v[6] > 1 << 16, v[7] > 1 << 16, text[got - 1] == '\n');
}

static pid_t child;

#define CHILD_DIES(...) \
	do { \
		pid_t pid_ = fork(); \
		if (pid_ == 0) { \
			__VA_ARGS__; \
			_exit(0); \
		} \
		waitpid(pid_, 0, 0); \
	} while (0)

#define SLEEPER(...) \
	do { \
		child = fork(); \
		if (child == 0) { \
			__VA_ARGS__; \
			_exit(0); \
		} \
	} while (0)

static void end(void)
{
	kill(child, SIGKILL);
	waitpid(child, 0, 0);
}

// stop_and_go_on stops the child in its call and has it make the call again.
static void stop_and_go_on(const char *stopped, const char *on)
{
	unsigned long long asleep = code_at;
	kill(child, SIGSTOP);
	await(child, 'T');
	in_syscall(stopped, child, 2);
	say(stopped, "code %lld on", code_at - asleep);
	kill(child, SIGCONT);
	await(child, 'S');
	in_syscall(on, child, 1);
	say(on, "code %lld on", code_at - asleep);
}

static void syscalls(void)
{
	int ends[2];
	pipe(ends);
	dup2(ends[0], 77);
	in_syscall("own", getpid(), 0);
	SLEEPER(read(77, (void *)0x123456, 5));
	await(child, 'S');
	in_syscall("read", child, 2);
	CHILD_DIES(setuid(1000); in_syscall("somebody else's", child, 0));
	stop_and_go_on("read, stopped", "read, continued");
	end();
	sigset_t none;
	sigemptyset(&none);
	SLEEPER(syscall(SYS_rt_sigsuspend, &none, 8));
	await(child, 'S');
	in_syscall("rt_sigsuspend", child, 0);
	end();
	SLEEPER(syscall(SYS_wait4, -1, 0, 0, 0); struct timespec t = {100}; syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &t, 0));
	await(child, 'S');
	in_syscall("clock_nanosleep", child, 2);
	stop_and_go_on("clock_nanosleep, stopped", "clock_nanosleep, continued");
	end();
	SLEEPER(for (;;));
	in_syscall("running", child, 0);
	end();
	in_syscall("kernel thread", 2, 0);
}

void test_look(void)
{
	smaps();
	rollup();
	syscalls();
}
