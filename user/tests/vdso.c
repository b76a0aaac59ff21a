// The vDSO: what it exports, that its functions agree with the system calls, that
// it can be moved, and that unwinders get through a signal frame. Everything is
// found out from the image, as a C library does.
#include "check.h"

#include <elf.h>
#include <pthread.h>
#include <sys/auxv.h>
#include <sys/time.h>
#include <time.h>
#include <unwind.h>

#if defined __x86_64__
#define PREFIX "__vdso_"
#define VERSION "LINUX_2.6"
#else
#define PREFIX "__kernel_"
#define VERSION "LINUX_2.6.39"
#endif

typedef int (*gettime_fn)(clockid_t, struct timespec *);

static const char *base; // of the image
static const Elf64_Sym *symtab;
static const char *strtab;
static const uint16_t *versym;
static const char *verdef;
static unsigned symbols;

// find_tables reads the dynamic section, whose values are offsets.
static int find_tables(void)
{
	const Elf64_Ehdr *eh = (void *)base;
	const Elf64_Phdr *ph = (void *)(base + eh->e_phoff);
	const Elf64_Dyn *dyn = NULL;
	int loads = 0;
	for (int i = 0; i < eh->e_phnum; i++) {
		if (ph[i].p_type == PT_LOAD)
			loads++;
		if (ph[i].p_type == PT_DYNAMIC)
			dyn = (void *)(base + ph[i].p_vaddr);
		if (ph[i].p_type == PT_LOAD)
			say("load", "%ld %ld flags %d", (long)ph[i].p_offset, (long)ph[i].p_vaddr, ph[i].p_flags);
#if defined __x86_64__ // Linux has none on arm64
		if (ph[i].p_type == PT_GNU_EH_FRAME)
			say("eh_frame_hdr", "version %d", base[ph[i].p_vaddr]);
#endif
	}
	say("loads", "%d", loads);
	if (!dyn)
		return 0;
	long soname = 0;
	for (; dyn->d_tag != DT_NULL; dyn++) {
		const char *p = base + dyn->d_un.d_ptr;
		switch (dyn->d_tag) {
		case DT_SYMTAB: symtab = (void *)p; break;
		case DT_STRTAB: strtab = p; break;
		case DT_VERSYM: versym = (void *)p; break;
		case DT_VERDEF: verdef = p; break;
		case DT_HASH: symbols = ((uint32_t *)p)[1]; break;
		case DT_SONAME: soname = dyn->d_un.d_val; break;
		}
	}
	say("soname", "%s", strtab + soname);
	return 1;
}

// version returns the name of a version.
static const char *version(unsigned index)
{
	for (const char *p = verdef;;) {
		const Elf64_Verdef *d = (void *)p;
		const Elf64_Verdaux *a = (void *)(p + d->vd_aux);
		if ((d->vd_ndx & 0x7fff) == index)
			return strtab + a->vda_name;
		if (!d->vd_next)
			return "?";
		p += d->vd_next;
	}
}

// lookup returns a function, or NULL.
static void *lookup(const char *name)
{
	for (unsigned i = 1; i < symbols; i++) {
		const Elf64_Sym *s = &symtab[i];
		if (s->st_shndx && strcmp(strtab + s->st_name, name) == 0) {
			say(name, "type %d bind %d version %s", ELF64_ST_TYPE(s->st_info), ELF64_ST_BIND(s->st_info), versym ? version(versym[i] & 0x7fff) : "none");
			return (void *)(base + s->st_value);
		}
	}
	say(name, "missing");
	return NULL;
}

static int64_t ns(struct timespec t) { return t.tv_sec * 1000000000LL + t.tv_nsec; }

static int64_t by_call(clockid_t id)
{
	struct timespec t = {0};
	return syscall(SYS_clock_gettime, id, &t) ? -1 : ns(t);
}

// agree checks that a time lies between those of two system calls; those of coarse
// clocks are of the last tick.
static void agree(gettime_fn gettime)
{
	static const clockid_t ids[] = {0, 1, 4, 5, 6, 7, 11};
	for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
		int bad = 0;
		for (int n = 0; n < 50; n++) {
			struct timespec t = {-1, -1};
			int64_t before = by_call(ids[i]);
			int r = gettime(ids[i], &t);
			int64_t after = by_call(ids[i]);
			if (r || ns(t) < before || ns(t) > after || t.tv_nsec < 0 || t.tv_nsec > 999999999)
				bad++;
		}
		say("agrees", "clock %d wrong %d", ids[i], bad);
	}
	static const clockid_t others[] = {2, 3, 8, 9, 10, 12, 99, INT_MAX, -1, -2, -6, INT_MIN};
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		struct timespec t;
		int r = gettime(others[i], &t);
		int want = syscall(SYS_clock_gettime, others[i], &t) ? -errno : 0;
		say("other clock", "%d as the call: %d", others[i], r == want);
	}
}

static void resolutions(gettime_fn getres)
{
	for (int id = -7; id < 14; id++) {
		struct timespec a = {7, 7}, b = {7, 7};
		int r = getres(id, &a);
		int want = syscall(SYS_clock_getres, id, &b) ? -errno : 0;
		int null = getres(id, NULL);
		say("getres", "%d as the call: %d %d %d", id, r == want, ns(a) == ns(b), null == want);
	}
}

static void time_of_day(int (*gettimeofday_)(struct timeval *, struct timezone *))
{
	struct timeval a = {0}, b = {0}, c = {0};
	struct timezone z = {77, 77};
	syscall(SYS_gettimeofday, &a, NULL);
	int r = gettimeofday_(&b, NULL);
	syscall(SYS_gettimeofday, &c, NULL);
	say("gettimeofday", "%d between %d %d", r, !timercmp(&b, &a, <), !timercmp(&b, &c, >));
	r = gettimeofday_(&b, &z);
	say("gettimeofday with zone", "%d %d %d", r, z.tz_minuteswest, z.tz_dsttime);
	z.tz_minuteswest = 77;
	r = gettimeofday_(NULL, &z);
	say("gettimeofday of zone", "%d %d", r, z.tz_minuteswest);
	say("gettimeofday of nothing", "%d", gettimeofday_(NULL, NULL));
}

// The time never goes back, whichever CPU looks.
static gettime_fn the_gettime;
static pthread_mutex_t last_lock = PTHREAD_MUTEX_INITIALIZER;
static int64_t last;
static int backwards;

static void *look(void *arg)
{
	for (int n = 0; n < 2000; n++) {
		struct timespec t;
		pthread_mutex_lock(&last_lock);
		the_gettime(CLOCK_MONOTONIC, &t);
		if (ns(t) < last)
			backwards++;
		last = ns(t);
		pthread_mutex_unlock(&last_lock);
		if (n % 100 == 0)
			sched_yield();
	}
	return arg;
}

static void monotonic(void)
{
	pthread_t t[4];
	for (int i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, look, NULL);
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	say("monotonic", "backwards %d times", backwards);
}

// A change of the wall clock is seen at once.
static void set(gettime_fn gettime)
{
	struct timespec was, t, later = {2000000000, 0};
	gettime(CLOCK_REALTIME, &was);
	result("settime", clock_settime(CLOCK_REALTIME, &later));
	gettime(CLOCK_REALTIME, &t);
	say("set", "%d", t.tv_sec >= 2000000000 && t.tv_sec < 2000000100);
	result("set back", clock_settime(CLOCK_REALTIME, &was));
	gettime(CLOCK_REALTIME, &t);
	say("set back", "%d", t.tv_sec < 2000000000);
}

// area finds an area in /proc/self/maps, in a buffer of its own.
static int area(const char *name, unsigned long *start, unsigned long *end, char *rights)
{
	static char buf[65536];
	int fd = open("/proc/self/maps", O_RDONLY), n = 0, r;
	while ((r = read(fd, buf + n, sizeof buf - 1 - n)) > 0)
		n += r;
	close(fd);
	buf[n] = 0;
	for (char *line = strtok(buf, "\n"); line; line = strtok(NULL, "\n"))
		if (strstr(line, name) && sscanf(line, "%lx-%lx %4s", start, end, rights) == 3)
			return 1;
	return 0;
}

static void areas(void)
{
	unsigned long start = 0, end = 0, data = 0, data_end = 0;
	char rights[8] = "";
	int found = area("[vdso]", &start, &end, rights);
	say("vdso", "%d %s is AT_SYSINFO_EHDR %d", found, rights, start == (unsigned long)base);
	found = area("[vvar]", &data, &data_end, rights);
	say("vvar", "%d %s before the code %d", found, rights, data_end == start);
	result("write vvar", mprotect((void *)data, data_end - data, PROT_READ | PROT_WRITE));
	result("execute vvar", mprotect((void *)data, data_end - data, PROT_READ | PROT_EXEC));
	void *p = mremap((void *)start, end - start, end - start + 65536, MREMAP_MAYMOVE);
	say("enlarge", "%d errno %d", p == MAP_FAILED, errno);
	pid_t pid = fork();
	if (pid == 0) {
		say("breakpoint", "%d", mprotect((void *)start, end - start, PROT_READ | PROT_WRITE | PROT_EXEC));
		volatile char *code = (void *)start;
		code[0] = code[0]; // a copy of its own
		_exit(7);
	}
	reap("written vdso", pid);
}

static volatile int handled;
static void handler(int sig) { handled += sig; }

// After it has moved, handlers still return.
static void moved(void)
{
	unsigned long start, end;
	char rights[8];
	struct sigaction a = {.sa_handler = handler};
	sigaction(SIGUSR1, &a, NULL);
	area("[vdso]", &start, &end, rights);
	char *room = mmap(NULL, end - start, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void *at = mremap((void *)start, end - start, end - start, MREMAP_MAYMOVE | MREMAP_FIXED, room);
	say("moved", "%d", at == room);
	syscall(SYS_kill, getpid(), SIGUSR1);
	say("handled", "%d", handled == SIGUSR1);
	pid_t pid = fork();
	if (pid == 0) {
		syscall(SYS_kill, getpid(), SIGUSR1);
		say("handled by the child", "%d", handled == 2 * SIGUSR1);
		_exit(0);
	}
	reap("child", pid);
	unsigned long now = 0;
	area("[vdso]", &now, &end, rights);
	say("maps", "%d", now == (unsigned long)room);
	_exit(0);
}

// Unwinding from a handler must get to the function that was interrupted.
static char *unwound_from, *unwound_to;
static int seen, frames, signal_frames;

static _Unwind_Reason_Code frame(struct _Unwind_Context *c, void *arg)
{
	int before = 0;
	char *ip = (char *)_Unwind_GetIPInfo(c, &before);
	(void)arg;
	if (before)
		signal_frames++;
	if (ip >= unwound_from && ip <= unwound_to)
		seen++;
	return ++frames < 100 ? _URC_NO_REASON : _URC_END_OF_STACK;
}

static void unwind(int sig)
{
	(void)sig;
	_Unwind_Backtrace(frame, NULL);
}

static __attribute__((noinline)) void interrupted(void)
{
	unwound_from = &&from;
	unwound_to = &&to;
from:
	syscall(SYS_kill, getpid(), SIGUSR2);
to:
	__asm__ volatile("" ::: "memory");
}

void test_vdso(void)
{
	base = (char *)getauxval(AT_SYSINFO_EHDR);
	say("AT_SYSINFO_EHDR", "%d", base != NULL);
	if (!base || memcmp(base, ELFMAG, SELFMAG) != 0 || !find_tables())
		return;
	gettime_fn gettime = (gettime_fn)lookup(PREFIX "clock_gettime");
	gettime_fn getres = (gettime_fn)lookup(PREFIX "clock_getres");
	int (*tod)(struct timeval *, struct timezone *) = (void *)lookup(PREFIX "gettimeofday");
	if (!gettime || !getres || !tod)
		return;
#if defined __x86_64__
	time_t (*time_)(time_t *) = (void *)lookup(PREFIX "time");
	int (*getcpu_)(unsigned *, unsigned *, void *) = (void *)lookup(PREFIX "getcpu");
	lookup("clock_gettime"), lookup("gettimeofday"), lookup("time"), lookup("getcpu"), lookup("clock_getres");
	time_t before = syscall(SYS_time, NULL), stored = 0, now = time_(&stored), after = syscall(SYS_time, NULL);
	say("time", "%d %d", now >= before && now <= after, now == stored);
	now = time_(NULL);
	say("time of null", "%d", now >= after);
	unsigned cpu = ~0, node = ~0;
	int r = getcpu_(&cpu, &node, NULL);
	say("getcpu", "%d %d node %u", r, cpu < 64, node);
	say("getcpu of nothing", "%d", getcpu_(NULL, NULL, NULL));
#else
	lookup(PREFIX "rt_sigreturn");
#endif
	agree(gettime);
	resolutions(getres);
	time_of_day(tod);
	the_gettime = gettime;
	monotonic();
	set(gettime);
	areas();
	struct sigaction a = {.sa_handler = unwind};
	sigaction(SIGUSR2, &a, NULL);
	interrupted();
	say("unwound", "interrupted function %d, signal frames %d", seen, signal_frames);
	pid_t pid = fork();
	if (pid == 0)
		moved();
	reap("moved", pid);
}
