// Core dumps: which signals dump, what the file is called, and what is in it.
// Register sets besides the general ones depend on the processor: not compared.
#include "check.h"

#include <elf.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/user.h>
#include <time.h>

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	char name[128];
	snprintf(name, sizeof name, "write %s \"%.40s\"", path, text);
	result(name, fd < 0 ? -1 : write(fd, text, strlen(text)));
	close(fd);
}

static void show(const char *path)
{
	char b[256] = "";
	int fd = open(path, O_RDONLY);
	int n = read(fd, b, sizeof b - 1);
	if (n > 0 && b[n - 1] == '\n')
		b[n - 1] = 0;
	say(path, "\"%s\"", b);
	close(fd);
}

static void limit_core(unsigned long n)
{
	struct rlimit l = {n, RLIM_INFINITY};
	setrlimit(RLIMIT_CORE, &l);
}

static void dumped(const char *name, pid_t pid)
{
	int s = 0;
	siginfo_t si;
	memset(&si, 0, sizeof si);
	waitid(P_PID, pid, &si, WEXITED | WNOWAIT);
	waitpid(pid, &s, 0);
	if (WIFSIGNALED(s))
		say(name, "signal %d core %d code %d", WTERMSIG(s), !!WCOREDUMP(s), si.si_code);
	else
		say(name, "status %#x", s);
}

#define DUMP(name, what) do { \
	pid_t pid_ = fork(); \
	if (pid_ == 0) { what; _exit(1); } \
	last = pid_; \
	dumped(name, pid_); \
} while (0)

static pid_t last;

static void there(const char *path)
{
	struct stat st;
	if (stat(path, &st))
		say(path, "errno %d", errno);
	else
		say(path, "mode %o uid %d links %d", st.st_mode, st.st_uid, (int)st.st_nlink);
	unlink(path);
}

static void actions(void)
{
	static const int sigs[] = {SIGHUP, SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGFPE, SIGSEGV, SIGBUS,
		SIGXCPU, SIGXFSZ, SIGSYS, SIGTERM, SIGUSR1, 34};
	for (size_t i = 0; i < sizeof sigs / sizeof *sigs; i++) {
		char name[32];
		snprintf(name, sizeof name, "dump of %d", sigs[i]);
		DUMP(name, kill(getpid(), sigs[i]));
		there("core");
	}
	DUMP("a fault", *(volatile int *)8 = 1);
	there("core");
	limit_core(0);
	DUMP("limit 0", abort());
	there("core");
	limit_core(4095);
	DUMP("limit 4095", abort());
	there("core");
	limit_core(4096);
	DUMP("limit 4096", abort());
	there("core");
	limit_core(RLIM_INFINITY);
	DUMP("not dumpable", prctl(PR_SET_DUMPABLE, 0); abort());
	there("core");
	DUMP("umask", umask(0777); abort());
	there("core");
	symlink("elsewhere", "core");
	DUMP("a link", abort());
	there("core");
	there("elsewhere");
	mkdir("core", 0700);
	DUMP("a directory", abort());
	rmdir("core");
	DUMP("other user", setuid(1000); prctl(PR_SET_DUMPABLE, 1); abort());
	there("core");
}

static void names(void)
{
	char b[256], host[64] = "";
	show("/proc/sys/kernel/core_pattern");
	show("/proc/sys/kernel/core_uses_pid");
	show("/proc/sys/fs/suid_dumpable");
	put("/proc/sys/fs/suid_dumpable", "3");
	put("/proc/sys/kernel/core_pattern", "/tmp/c.%e.%s.%u.%g.%d.%%.%q.%c%");
	limit_core(1UL << 40);
	DUMP("pattern", prctl(PR_SET_NAME, "a/b"); abort());
	there("/tmp/c.a!b.6.0.0.1.%..1099511627776");
	DUMP("dots", prctl(PR_SET_NAME, ".."); abort());
	there("/tmp/c.!..6.0.0.1.%..1099511627776");
	put("/proc/sys/kernel/core_pattern", "/tmp/%f.%p.%P.%i.%I");
	DUMP("pids", abort());
	snprintf(b, sizeof b, "/tmp/init.%d.%d.%d.%d", last, last, last, last);
	say("named by pids", "%d", access(b, F_OK));
	unlink(b);
	put("/proc/sys/kernel/core_pattern", "/tmp/%E");
	DUMP("path", abort());
	there("/tmp/!init");
	put("/proc/sys/kernel/core_pattern", "/nowhere/core");
	DUMP("no directory", abort());
	put("/proc/sys/kernel/core_pattern", "core");
	put("/proc/sys/kernel/core_uses_pid", "1");
	DUMP("uses pid", abort());
	snprintf(b, sizeof b, "core.%d", last);
	say("named by pid", "%d", access(b, F_OK));
	unlink(b);
	put("/proc/sys/kernel/core_uses_pid", "0");
	put("/proc/sys/fs/suid_dumpable", "2");
	DUMP("suid, relative", setuid(1000); abort());
	there("core");
	put("/proc/sys/kernel/core_pattern", "/tmp/suid");
	DUMP("suid, absolute", setuid(1000); result("dumpable", prctl(PR_GET_DUMPABLE)); abort());
	there("/tmp/suid");
	put("/proc/sys/fs/suid_dumpable", "0");
	put("/proc/sys/kernel/core_pattern", "core");
	limit_core(RLIM_INFINITY);
}

// ---- contents ----

static unsigned char *core;
static size_t core_size;

static void load(void)
{
	struct stat st;
	int fd = open("core", O_RDONLY);
	if (core)
		munmap(core, core_size); // or the next core has this one in it
	core = 0;
	core_size = 0;
	if (fd < 0 || fstat(fd, &st) || st.st_size < 64) {
		say("core", "none");
		close(fd);
		return;
	}
	core_size = st.st_size;
	core = mmap(0, core_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (core == MAP_FAILED)
		core = 0;
	close(fd);
	unlink("core");
}

// Above the heap, which is up to 1 GiB behind the program.
#define FIXED 0x200000000UL

static void segments(void)
{
	Elf64_Ehdr *e = (void *)core;
	Elf64_Phdr *p = (void *)(core + e->e_phoff);
	size_t end = 0;
	for (int i = 0; i < e->e_phnum; i++) {
		if (p[i].p_type == PT_LOAD && p[i].p_offset + p[i].p_filesz > end)
			end = p[i].p_offset + p[i].p_filesz;
		if (p[i].p_type == PT_LOAD && (p[i].p_vaddr < FIXED || p[i].p_vaddr >= FIXED + 0x1000000))
			continue;
		if (p[i].p_type == PT_LOAD)
			say("segment", "%lx flags %x filesz %lx memsz %lx align %lx paddr %lx", p[i].p_vaddr, p[i].p_flags,
			    p[i].p_filesz, p[i].p_memsz, p[i].p_align, p[i].p_paddr);
		else
			say("program header", "type %d flags %x vaddr %lx memsz %lx align %lx behind %d", p[i].p_type,
			    p[i].p_flags, p[i].p_vaddr, p[i].p_memsz, p[i].p_align,
			    p[i].p_offset == e->e_phoff + e->e_phnum * sizeof *p);
	}
	say("the last segment ends the file", "%d", end == core_size);
}

static void notes(int details)
{
	Elf64_Ehdr *e = (void *)core;
	Elf64_Phdr *p = (void *)(core + e->e_phoff);
	unsigned char *at = core + p->p_offset, *end = at + p->p_filesz;
	int threads = 0;
	while (at < end) {
		Elf64_Nhdr *n = (void *)at;
		char *name = (char *)(n + 1);
		unsigned char *d = (unsigned char *)name + (n->n_namesz + 3 & ~3);
		at = d + (n->n_descsz + 3 & ~3);
		switch (n->n_type) {
		case NT_PRSTATUS:
			if (threads++)
				break; // in whatever order they came
			say("prstatus", "%s size %d signo %d code %d errno %d cursig %d own pid %d ppid %d", name, n->n_descsz,
			    *(int *)d, *(int *)(d + 4), *(int *)(d + 8), *(short *)(d + 12), *(int *)(d + 32) == last,
			    *(int *)(d + 36) == getpid());
			break;
		case NT_PRPSINFO:
			say("prpsinfo", "%s size %d state %d %c %d nice %d uid %d gid %d own pid %d name %.16s args %.80s", name,
			    n->n_descsz, d[0], d[1], d[2], (signed char)d[3], *(int *)(d + 16), *(int *)(d + 20),
			    *(int *)(d + 24) == last, d + 40, d + 56);
			break;
		case NT_SIGINFO:
			say("siginfo", "%s size %d signo %d code %d addr %lx", name, n->n_descsz, *(int *)d, *(int *)(d + 8),
			    *(int *)(d + 8) > 0 ? *(long *)(d + 16) : 0);
			break;
		case NT_AUXV:
			say("auxv", "%s ends with 0 %d", name, *(long *)(d + n->n_descsz - 16) == 0);
			break;
		case NT_FILE: {
			long *w = (long *)d, count = w[0];
			char *s = (char *)(w + 2 + 3 * count);
			say("files", "%s page %ld", name, w[1]);
			for (long i = 0; i < count; i++, s += strlen(s) + 1)
				if (details && w[2 + 3 * i] >= FIXED && w[2 + 3 * i] < FIXED + 0x1000000)
					say("file", "%lx-%lx page %ld %s", w[2 + 3 * i], w[3 + 3 * i], w[4 + 3 * i], s);
			break;
		}
		}
	}
	say("threads", "%d", threads);
}

static void *map(int n, int prot, int flags, int fd, long off)
{
	return mmap((void *)(FIXED + n * 0x100000), 0x4000, prot, flags | MAP_FIXED, fd, off);
}

static void maps(void)
{
	int rw = PROT_READ | PROT_WRITE, anon = MAP_PRIVATE | MAP_ANONYMOUS, exe = open("/proc/self/exe", O_RDONLY);
	int file = open("/tmp/mapped", O_RDWR | O_CREAT | O_TRUNC, 0600);
	ftruncate(file, 0x4000);
	*(char *)map(0, rw, anon, -1, 0) = 1;
	map(1, rw, anon, -1, 0);
	*(char *)map(2, rw, anon, -1, 0) = 1;
	madvise((void *)(FIXED + 2 * 0x100000), 0x4000, MADV_DONTDUMP);
	*(char *)map(3, rw, MAP_SHARED | MAP_ANONYMOUS, -1, 0) = 1;
	map(4, PROT_READ, MAP_PRIVATE, exe, 0);
	map(5, PROT_READ, MAP_PRIVATE, exe, 4096);
	map(6, rw, MAP_SHARED, file, 0);
	map(7, PROT_READ, MAP_PRIVATE, file, 0);
	*(char *)map(8, rw, MAP_PRIVATE, file, 0) = 1;
	*(char *)map(9, rw, anon, -1, 0) = 1;
	mprotect((void *)(FIXED + 9 * 0x100000), 0x4000, PROT_NONE);
	map(10, PROT_NONE, anon, -1, 0);
	map(11, PROT_READ | PROT_EXEC, MAP_PRIVATE, exe, 0);
	*(char *)map(12, rw, anon, -1, 0) = 1;
	madvise((void *)(FIXED + 12 * 0x100000), 0x4000, MADV_DONTDUMP);
	madvise((void *)(FIXED + 12 * 0x100000), 0x4000, MADV_DODUMP);
}

static void contents(void)
{
	show("/proc/self/coredump_filter");
	DUMP("with maps", prctl(PR_SET_NAME, "dumper"); maps(); *(volatile int *)8 = 1);
	load();
	if (core) {
		Elf64_Ehdr *e = (void *)core;
		say("header", "type %d version %d machine %d flags %d ehsize %d phentsize %d shnum %d osabi %d", e->e_type,
		    e->e_version, e->e_machine, e->e_flags, e->e_ehsize, e->e_phentsize, e->e_shnum, e->e_ident[EI_OSABI]);
		segments();
		notes(1);
	}
	static const char *const filters[] = {"0", "0x7f", "0x10", "2", "0x1ff", "0xffff", "x", ""};
	for (size_t i = 0; i < sizeof filters / sizeof *filters; i++) {
		DUMP("filtered", put("/proc/self/coredump_filter", filters[i]); show("/proc/self/coredump_filter"); maps(); abort());
		load();
		if (core)
			segments();
	}
	unlink("/tmp/mapped");
}

static void *sleeper(void *p)
{
	for (;;)
		pause();
}

static void *crasher(void *p)
{
	*(volatile int *)8 = 1;
	return 0;
}

static void threads(void)
{
	pthread_t t;
	DUMP("threads",
	     for (int i = 0; i < 3; i++) pthread_create(&t, 0, sleeper, 0);
	     usleep(50000);
	     pthread_create(&t, 0, crasher, 0);
	     for (;;) pause());
	load();
	if (core)
		notes(0);
}

// PR_REG is where struct elf_prstatus has the general registers.
#define PR_REG 112

// in_a_call shows the registers of a program that dies in a system call which would
// have been made again.
static void in_a_call(void)
{
	int p[2];
	pipe(p);
	struct sigevent e = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGQUIT};
	struct itimerspec soon = {.it_value.tv_nsec = 20000000};
	timer_t timer;
	DUMP("in a call", timer_create(CLOCK_MONOTONIC, &e, &timer); timer_settime(timer, 0, &soon, 0); rawcall(0x5a5aul << 32 | SYS_read, p[0], (long)&soon, 77));
	load();
	if (!core)
		return;
	Elf64_Phdr *notes = (void *)(core + ((Elf64_Ehdr *)core)->e_phoff);
	struct user_regs_struct *r = (void *)(core + notes->p_offset + sizeof(Elf64_Nhdr) + 8 + PR_REG);
#if defined __x86_64__
	const unsigned char *pc = (void *)r->rip;
	say("in a call", "of %llx result %lld arguments %d %lld, behind it %d", r->orig_rax, r->rax, r->rdi == p[0], r->rdx,
	    pc[-2] == 0x0f && pc[-1] == 0x05);
#else
	say("in a call", "of %llx arguments %d %lld, in front of it %d", r->regs[8], r->regs[0] == p[0], r->regs[2],
	    *(unsigned *)r->pc == 0xd4000001);
#endif
	close(p[0]);
	close(p[1]);
}

// ---- to a program ----

#define GO "/tmp/cores/go"
#define READ "/tmp/cores/read"
#define DONE "/tmp/cores/done"

static void await_file(const char *path)
{
	while (access(path, F_OK))
		usleep(1000);
	unlink(path);
}

static void make_file(const char *path) { close(open(path, O_CREAT | O_WRONLY, 0600)); }

// status_of shows the lines of /proc/PID/status that begin with one of some words.
static void status_of(const char *name, const char *pid, const char *const *words)
{
	char path[64], line[256];
	snprintf(path, sizeof path, "/proc/%s/status", pid);
	FILE *f = fopen(path, "r");
	while (f && fgets(line, sizeof line, f))
		for (const char *const *w = words; *w; w++)
			if (!strncmp(line, *w, strlen(*w)) && line[strlen(*w)] == ':')
				say(name, "%.*s", (int)strcspn(line, "\n"), line);
	if (f)
		fclose(f);
}

// drain reads the core; whole says whether it is as long as its headers tell.
static void drain(int *whole)
{
	static unsigned char head[65536];
	size_t size = 0, end = 0;
	ssize_t n;
	while ((n = read(0, size < sizeof head ? head + size : (unsigned char[4096]){0},
			 size < sizeof head ? sizeof head - size : 4096)) > 0)
		size += n;
	Elf64_Ehdr *e = (void *)head;
	*whole = 0;
	if (size < sizeof head || memcmp(head, ELFMAG, SELFMAG))
		return;
	Elf64_Phdr *p = (void *)(head + e->e_phoff);
	for (int i = 0; i < e->e_phnum; i++)
		if (p[i].p_offset + p[i].p_filesz > end)
			end = p[i].p_offset + p[i].p_filesz;
	*whole = end == size;
}

static void describe(int argc, char **argv, int others)
{
	static const char *const words[] = {"Name", "Umask", "PPid", "TracerPid", "Uid", "Gid", "Groups", "Threads",
		"SigPnd", "SigBlk", "SigIgn", "SigCgt", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", 0};
	struct rlimit l;
	struct stat st;
	char cwd[128] = "";
	for (int i = 0; i < argc; i++)
		say("program, argument", "%d \"%s\"", i, argv[i]);
	say("program, environment", "%d", environ[0] != 0);
	say("program, other files", "%d", others);
	fstat(0, &st);
	say("program, input", "%o uid %d flags %#x", st.st_mode, st.st_uid, fcntl(0, F_GETFL) & ~0100000);
	status_of("program", "self", words);
	getrlimit(RLIMIT_CORE, &l);
	say("program, RLIMIT_CORE", "%lu %lu", l.rlim_cur, l.rlim_max);
	getrlimit(RLIMIT_NOFILE, &l);
	say("program, RLIMIT_NOFILE", "%lu %lu", l.rlim_cur, l.rlim_max);
	getrlimit(RLIMIT_STACK, &l);
	say("program, RLIMIT_STACK", "%lu %lu", l.rlim_cur, l.rlim_max);
	say("program, group and session", "%d %d", getpgrp(), getsid(0));
	say("program, nice", "%d policy %d", getpriority(PRIO_PROCESS, 0), sched_getscheduler(0));
	say("program, directory", "%s", getcwd(cwd, sizeof cwd));
}

// core_program is the program that gets a core; argv[2] says what it does with it.
int core_program(int argc, char **argv)
{
	int whole, others = 0;
	for (int i = 1; i < 64; i++)
		others += fcntl(i, F_GETFD) != -1;
	if (open("/dev/console", O_WRONLY | O_NOCTTY) != 1)
		return 1;
	const char *what = argc > 2 ? argv[2] : "";
	if (!strcmp(what, "leave"))
		return 0;
	if (!strcmp(what, "waits"))
		await_file(GO);
	if (!strcmp(what, "describe"))
		describe(argc, argv, others);
	drain(&whole);
	if (strcmp(what, "mute"))
		say("program", "%s: whole %d", what, whole);
	if (!strcmp(what, "stays") || !strcmp(what, "mute")) {
		make_file(READ);
		await_file(GO);
	}
	if (!strcmp(what, "waits") || !strcmp(what, "stays"))
		make_file(DONE);
	if (!strcmp(what, "aborts"))
		abort();
	return 0;
}

static void kill_dumper(const char *name, pid_t pid, const char *when)
{
	static const char *const words[] = {"CoreDumping", 0};
	char number[16], path[64], b[2048];
	snprintf(number, sizeof number, "%d", pid);
	snprintf(path, sizeof path, "/proc/%d/status", pid);
	for (;;) {
		int fd = open(path, O_RDONLY), n = read(fd, b, sizeof b - 1);
		close(fd);
		b[n < 0 ? 0 : n] = 0;
		if (strstr(b, "CoreDumping:\t1"))
			break;
		usleep(1000);
	}
	if (when)
		await_file(when);
	status_of(name, number, words);
	result(name, kill(pid, SIGTERM));
	result(name, kill(pid, SIGKILL));
	dumped(name, pid);
	make_file(GO);
	await_file(DONE);
}

static pid_t dumper(void)
{
	pid_t pid = fork();
	if (pid == 0)
		abort();
	return pid;
}

static void programs(void)
{
	static const char *const words[] = {"CoreDumping", 0};
	show("/proc/sys/kernel/core_pipe_limit");
	put("/proc/sys/kernel/core_pipe_limit", "-1");
	show("/proc/sys/kernel/core_pipe_limit");
	put("/proc/sys/kernel/core_pipe_limit", "x");
	put("/proc/sys/kernel/core_pipe_limit", "9");
	status_of("not dumping", "self", words);
	put("/proc/sys/kernel/core_pattern", "|/init core-program describe");
	show("/proc/sys/kernel/core_pattern");
	DUMP("to a program", abort());
	put("/proc/sys/kernel/core_uses_pid", "1");
	put("/proc/sys/kernel/core_pattern", "|  /init core-program\tdescribe %q %%%e%s %q  x% y %u-%g-%d %f%");
	DUMP("to a program, arguments",
	     prctl(PR_SET_NAME, "a b/c"); chdir("/tmp"); nice(5); umask(077); signal(SIGUSR1, SIG_IGN);
	     setuid(1000); prctl(PR_SET_DUMPABLE, 1); abort());
	put("/proc/sys/kernel/core_uses_pid", "0");
	put("/proc/sys/kernel/core_pattern", "|%qinit core-program relative");
	DUMP("to a relative path", chdir("/tmp"); abort());
	put("/proc/sys/kernel/core_pattern", "|/init core-program reads");
	limit_core(0);
	DUMP("to a program, limit 0", abort());
	limit_core(1);
	DUMP("to a program, limit 1", abort());
	limit_core(2);
	DUMP("to a program, limit 2", abort());
	limit_core(RLIM_INFINITY);
	DUMP("to a program, not dumpable", prctl(PR_SET_DUMPABLE, 0); abort());
	DUMP("to a program, filtered", put("/proc/self/coredump_filter", "0"); abort());
	put("/proc/sys/fs/suid_dumpable", "2");
	DUMP("to a program, suid", setuid(1000); abort());
	put("/proc/sys/fs/suid_dumpable", "0");
	put("/proc/sys/kernel/core_pattern", "|/init core-program leave");
	DUMP("to a program that leaves", abort());
	put("/proc/sys/kernel/core_pattern", "|/init core-program aborts");
	DUMP("to a program that aborts", abort());
	static const char *const none[] = {"|", "| ", "|/nowhere", "|/tmp", "|/proc/self/status", "|%q"};
	for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
		put("/proc/sys/kernel/core_pattern", none[i]);
		DUMP("to no program", abort());
	}
	there("core");

	put("/proc/sys/kernel/core_pattern", "|/init core-program waits");
	kill_dumper("killed in the dump", dumper(), 0);
	put("/proc/sys/kernel/core_pattern", "|/init core-program stays");
	kill_dumper("killed behind the dump", dumper(), READ);
	put("/proc/sys/kernel/core_pipe_limit", "1");
	pid_t first = dumper();
	await_file(READ);
	DUMP("over the limit", abort());
	make_file(GO);
	dumped("within the limit", first);
	await_file(DONE);
	put("/proc/sys/kernel/core_pipe_limit", "0");
	put("/proc/sys/kernel/core_pattern", "|/init core-program mute");
	first = dumper();
	dumped("nobody waits", first);
	await_file(READ);
	make_file(GO);
	put("/proc/sys/kernel/core_pattern", "core");
}

void test_coredump(void)
{
	mkdir("/tmp/cores", 0777);
	chmod("/tmp/cores", 0777);
	chdir("/tmp/cores");
	limit_core(RLIM_INFINITY);
	put("/proc/sys/kernel/core_pattern", "core");
	actions();
	names();
	contents();
	threads();
	in_a_call();
	programs();
	chdir("/");
	rmdir("/tmp/cores");
}
