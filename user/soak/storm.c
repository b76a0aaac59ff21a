// A storm of signals: sixteen threads fork, sleep, read, write and compute, while a
// process sends them random signals, as many as it can up to RATE a second. Every
// thread checks the registers that it has filled with patterns over all of that, no
// byte may be lost between them, and nobody may sleep for good.
//
// As PID 1, or with its arguments: seconds=N rate=N. It prints "storm: ..." and then
// "storm is through"; a line with FAIL is a failure.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define THREADS 16

// What the process and the one that sends signals share.
static struct shared {
	_Atomic int tids[THREADS], stop, calm;
	_Atomic long sent;
} *shared;

static struct worker {
	pthread_t thread;
	int number;
	uint64_t seed;
	int in, out; // of the ring of pipes
	_Atomic long rounds, handled;
} workers[THREADS];

static _Atomic int futex_word, failures, nested;
static int use_avx;
static __thread struct worker *self;

static void fail(const char *what, long a, long b)
{
	if (failures++ < 20)
		printf("storm: FAIL %s %ld %ld\n", what, a, b);
}

static uint64_t chance(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	return *seed ^= *seed << 17;
}

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

// SIGUSR1 and SIGRTMIN restart, SIGUSR2 and SIGRTMIN+1 interrupt.
static const int signals[] = {SIGUSR1, SIGUSR2, 34, 35};

static void handler(int sig, siginfo_t *info, void *context)
{
	int saved = errno;
	uint64_t mine = 0x0101010101010101 * (uint64_t)sig;
#ifdef __x86_64__
	asm volatile("movq %0, %%xmm0; punpcklqdq %%xmm0, %%xmm0; movdqa %%xmm0, %%xmm5; movdqa %%xmm0, %%xmm9; movdqa %%xmm0, %%xmm15;"
		"mov %0, %%r8; mov %0, %%r10; mov %0, %%r11" :: "r"(mine) : "xmm0", "xmm5", "xmm9", "xmm15", "r8", "r10", "r11");
	if (use_avx)
		asm volatile("vxorps %%ymm1, %%ymm1, %%ymm1; vxorps %%ymm7, %%ymm7, %%ymm7" ::: "xmm1", "xmm7");
#else
	asm volatile("dup v0.2d, %0; mov v8.16b, v0.16b; mov v17.16b, v0.16b; mov v31.16b, v0.16b; mov x9, %0; mov x12, %0"
		:: "r"(mine) : "v0", "v8", "v17", "v31", "x9", "x12");
#endif
	if (self)
		self->handled++;
	if (nested++ % 64 == 0)
		sched_yield(); // a handler that is switched away from
	errno = saved;
}

// hold fills registers with a pattern, makes a system call if nr is not -1, or spins,
// and returns how many registers have changed.
static long hold(uint64_t pattern, long nr, long spins)
{
#ifdef __x86_64__
	long bad = 0;
	if (use_avx) {
		uint64_t want[4] = {pattern, ~pattern, pattern * 3, pattern * 5}, got[4][4];
		asm volatile("vmovups (%0), %%ymm0; vmovups (%0), %%ymm1; vmovups (%0), %%ymm7; vmovups (%0), %%ymm15;"
			"mov %2, %%rcx; 1: dec %%rcx; jns 1b;"
			"vmovups %%ymm0, (%1); vmovups %%ymm1, 32(%1); vmovups %%ymm7, 64(%1); vmovups %%ymm15, 96(%1); vzeroupper"
			:: "r"(want), "r"(got), "r"(spins) : "rcx", "memory", "xmm0", "xmm1", "xmm7", "xmm15");
		for (int i = 0; i < 4; i++)
			bad += memcmp(want, got[i], 32) != 0;
	}
	asm volatile(
		"movq %1, %%xmm0; movq %1, %%xmm5; movq %1, %%xmm9; movq %1, %%xmm15;"
		"mov %1, %%r8; mov %1, %%r9; mov %1, %%r10; mov %1, %%r12; mov %1, %%r13; mov %1, %%r14; mov %1, %%r15;"
		"mov %1, %%rdi; mov %1, %%rsi; mov %1, %%rdx;"
		"mov %2, %%rax; test %%rax, %%rax; js 2f; syscall; jmp 3f;"
		"2: mov %3, %%rcx; 1: dec %%rcx; jns 1b;"
		"3: xor %%eax, %%eax;"
#define SAME(r) "cmp %1, %%" r "; setne %%al; add %%rax, %0;"
		SAME("r8") SAME("r9") SAME("r10") SAME("r12") SAME("r13") SAME("r14") SAME("r15") SAME("rdi") SAME("rsi") SAME("rdx")
#define SAMEX(r) "movq %%" r ", %%rcx; cmp %1, %%rcx; setne %%al; add %%rax, %0;"
		SAMEX("xmm0") SAMEX("xmm5") SAMEX("xmm9") SAMEX("xmm15")
		: "+b"(bad) : "m"(pattern), "m"(nr), "m"(spins)
		: "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
		  "xmm0", "xmm5", "xmm9", "xmm15", "memory", "cc");
	return bad;
#else
	register uint64_t p asm("x19") = pattern;
	register long n asm("x20") = nr, s asm("x21") = spins, bad asm("x22") = 0;
	asm volatile(
		"dup v0.2d, x19; dup v8.2d, x19; dup v17.2d, x19; dup v31.2d, x19;"
		"mov x1, x19; mov x2, x19; mov x5, x19; mov x9, x19; mov x12, x19; mov x15, x19; mov x17, x19; mov x18, x19; mov x24, x19; mov x28, x19;"
		"tbnz x20, #63, 2f; mov x8, x20; mov x0, x19; svc #0; b 3f;"
		"2: 1: subs x21, x21, #1; b.pl 1b;"
		"3:"
#define SAME(r) "cmp " r ", x19; cinc x22, x22, ne;"
		SAME("x1") SAME("x2") SAME("x5") SAME("x9") SAME("x12") SAME("x15") SAME("x17") SAME("x18") SAME("x24") SAME("x28")
#define SAMEV(r) "fmov x0, d" r "; cmp x0, x19; cinc x22, x22, ne; fmov x0, v" r ".d[1]; cmp x0, x19; cinc x22, x22, ne;"
		SAMEV("0") SAMEV("8") SAMEV("17") SAMEV("31")
		: "+r"(bad), "+r"(s) : "r"(p), "r"(n)
		: "x0", "x1", "x2", "x5", "x8", "x9", "x12", "x15", "x17", "x18", "x24", "x28", "v0", "v8", "v17", "v31", "memory", "cc");
	return bad;
#endif
}

// must_eintr reports whether an error is one that a signal may give.
static void check(const char *what, long r)
{
	if (r == -1 && errno != EINTR)
		fail(what, r, errno);
}

static void sleeps(struct worker *w, uint64_t x)
{
	struct timespec rest, t = {0, 1 + x % 2000000}, begin, end;
	double start = now(), length = t.tv_nsec / 1e9;
	switch (x >> 40 & 3) {
	case 0: { // all of it, through every signal
		while (syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &t, &rest) != 0) {
			if (errno != EINTR || rest.tv_sec != 0 || rest.tv_nsec > t.tv_nsec) {
				fail("nanosleep", errno, rest.tv_nsec);
				return;
			}
			t = rest;
		}
		if (now() - start < length)
			fail("nanosleep, too short", (long)((now() - start) * 1e9), (long)(length * 1e9));
		break;
	}
	case 1:
		check("poll", poll(0, 0, 1 + x % 3));
		break;
	case 2: { // nobody wakes it but signals and its time
		int r = syscall(SYS_futex, &futex_word, FUTEX_WAIT, 0, &t, 0, 0);
		if (r == -1 && errno != EINTR && errno != ETIMEDOUT)
			fail("futex", r, errno);
		break;
	}
	case 3: {
		sigset_t none;
		sigemptyset(&none);
		int r = ppoll(0, 0, &t, &none);
		check("ppoll", r);
	}
	}
}

static void forks(uint64_t x)
{
	pid_t pid = x & 256 ? vfork() : fork();
	if (pid == 0)
		_exit(x & 63);
	if (pid < 0) {
		fail("fork", pid, errno);
		return;
	}
	int s = -1;
	pid_t got;
	do
		got = waitpid(pid, &s, 0);
	while (got == -1 && errno == EINTR);
	if (got != pid || !WIFEXITED(s) || WEXITSTATUS(s) != (int)(x & 63))
		fail("waitpid", got, s);
}

// Threads in pairs pass bytes: the even one writes counted bytes, and the odd one
// looks whether they come in order.
static void passes(struct worker *w, unsigned char *next, uint64_t x)
{
	unsigned char b[64];
	int n = 1 + x % 64;
	if (w->number % 2 == 0) {
		for (int i = 0; i < n; i++)
			b[i] = *next + i;
		ssize_t r = write(w->out, b, n);
		check("write", r);
		if (r > 0)
			*next += r;
		return;
	}
	ssize_t r = read(w->in, b, n);
	check("read", r);
	for (ssize_t i = 0; i < r; i++)
		if (b[i] != (*next)++) {
			fail("a byte", b[i], (unsigned char)(*next - 1));
			*next = b[i] + 1;
		}
}

static void *work(void *p)
{
	struct worker *w = self = p;
	unsigned char next = 0;
	shared->tids[w->number] = syscall(SYS_gettid);
	while (!shared->stop) {
		uint64_t x = chance(&w->seed);
		switch (x >> 56 & 7) {
		case 0: sleeps(w, x); break;
		case 1: if (x >> 50 & 1) forks(x); break;
		case 2: case 3: passes(w, &next, x); break;
		default: {
			long bad = hold(x, x & 1 ? SYS_getppid : -1, x >> 8 & 4095);
			if (bad)
				fail("registers", bad, x & 1);
		}
		}
		w->rounds++;
	}
	if (w->number % 2 == 0)
		close(w->out); // a reader comes to its end by that
	else {
		char b[4096];
		while (read(w->in, b, sizeof b) != 0)
			;
	}
	return 0;
}

// blow sends signals, rate a second at most.
static void blow(pid_t target, long rate)
{
	uint64_t seed = 88172645463325252ull;
	double start = now();
	while (!shared->stop) {
		uint64_t x = chance(&seed);
		int tid = shared->tids[x % THREADS], sig = signals[x >> 8 & 3];
		int r = x >> 16 & 7 ? syscall(SYS_tgkill, target, tid, sig) : kill(target, sig);
		if (r == 0)
			shared->sent++;
		else if (errno != EAGAIN) {
			shared->calm = !shared->stop; // the end is nothing wrong
			break;
		}
		if ((x >> 20 & 4095) == 0 && kill(target, SIGSTOP) == 0)
			kill(target, SIGCONT);
		if (shared->sent > (now() - start) * rate)
			usleep(200);
	}
	_exit(0);
}

// watch prints where a thread hangs, if one does.
static int watch(int seconds)
{
	long last[THREADS] = {0};
	int hung = 0, idle[THREADS] = {0};
	for (double end = now() + seconds; now() < end;) {
		struct timespec t = {1, 0};
		while (nanosleep(&t, &t))
			;
		for (int i = 0; i < THREADS; i++) {
			long r = workers[i].rounds;
			idle[i] = r == last[i] ? idle[i] + 1 : 0;
			last[i] = r;
			if (idle[i] == 30)
				fail("a thread hangs, rounds", i, r), hung++;
		}
	}
	return hung;
}

// storm is the program: it returns its exit status.
static int storm(int seconds, sigset_t *signals_of_storm)
{
	int p[2];
	// The main thread looks on; only the others take signals.
	pthread_sigmask(SIG_BLOCK, signals_of_storm, 0);
	for (int i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){.number = i, .seed = 0x9e3779b97f4a7c15ull * (i + 1)};
		if (i % 2 == 0) {
			pipe(p);
			workers[i].out = p[1];
		} else
			workers[i].in = p[0];
	}
	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&workers[i].thread, 0, work, &workers[i]))
			return fail("pthread_create", i, errno), 1;
	watch(seconds);
	shared->stop = 1;
	for (int i = 0; i < THREADS; i++)
		pthread_join(workers[i].thread, 0);
	long rounds = 0, handled = 0, least = 1l << 62;
	for (int i = 0; i < THREADS; i++) {
		rounds += workers[i].rounds, handled += workers[i].handled;
		if (workers[i].rounds < least)
			least = workers[i].rounds;
	}
	printf("storm: %d s, %ld signals a second sent, %ld handlers a second, %ld rounds, %ld of the slowest thread, AVX %d\n",
		seconds, shared->sent / seconds, handled / seconds, rounds, least, use_avx);
	if (shared->sent == 0 || shared->calm || handled == 0)
		fail("the wind has died down, sent, handled", shared->sent, handled);
	return failures != 0;
}

// asleep reports whether a process sleeps in a call.
static int asleep(pid_t pid)
{
	char name[40], text[200], *p;
	snprintf(name, sizeof name, "/proc/%d/stat", pid);
	int fd = open(name, O_RDONLY), n = read(fd, text, sizeof text - 1);
	close(fd);
	text[n > 0 ? n : 0] = 0;
	return (p = strrchr(text, ')')) && p[2] == 'S';
}

// restart_within has a call interrupted for which no handler runs, and lets the
// program find no system call any more where it has made that one: it is made again
// in the kernel, without a way back. (Linux goes there, and the program would die.)
// The call is read, or nanosleep, which goes on by a restart block.
static void restart_within(uint32_t nr)
{
#ifdef __x86_64__
	const uint8_t code[] = {0xb8, nr, nr >> 8, 0, 0, 0x0f, 0x05, 0xc3}, none[] = {0x0f, 0x0b}; // ud2
	const int at = 5;
#else
	const uint32_t code[] = {0xd2800008 | nr << 5, 0xd4000001, 0xd65f03c0}, none[] = {0}; // udf
	const int at = 4;
#endif
	char *page = mmap(0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int p[2], s = 0;
	memcpy(page, code, sizeof code);
	__builtin___clear_cache(page, page + sizeof code);
	if (pipe(p) != 0)
		fail("pipe", 0, 0);
	pid_t pid = fork();
	if (pid == 0) {
		char c = 7;
		struct timespec t = {1, 0};
		long (*call)(long, void *, long) = (void *)page;
		_exit(nr == SYS_read ? call(p[0], &c, 1) == 1 ? c : 99 : call((long)&t, &t, 0) == 0 ? c : 99);
	}
	while (!asleep(pid))
		usleep(1000);
	memcpy(page + at, none, sizeof none);
	__builtin___clear_cache(page, page + sizeof code);
	pid_t got = 0;
	for (int i = 0; i < 3 && got == 0; i++) {
		kill(pid, SIGSTOP);
		waitpid(pid, &s, WUNTRACED);
		if (!WIFSTOPPED(s))
			got = pid;
		kill(pid, SIGCONT);
		while (got == 0 && !asleep(pid))
			got = waitpid(pid, &s, WNOHANG);
	}
	if (write(p[1], "\7", 1) != 1 || (got == 0 && waitpid(pid, &s, 0) != pid) || !WIFEXITED(s) || WEXITSTATUS(s) != 7)
		fail("a call is not made again in the kernel", s, nr);
	close(p[0]);
	close(p[1]);
	munmap(page, 4096);
}

int main(int argc, char **argv)
{
	int seconds = 60;
	long rate = 10000;
	for (int i = 1; i < argc; i++) {
		sscanf(argv[i], "seconds=%d", &seconds);
		sscanf(argv[i], "rate=%ld", &rate);
	}
	if (getpid() == 1) {
		write(1, "\n", 1);
		mkdir("/proc", 0755);
		mount("proc", "/proc", "proc", 0, 0);
	}
	setvbuf(stdout, 0, _IOLBF, 0);
	restart_within(SYS_read);
	restart_within(SYS_nanosleep);
#ifdef __x86_64__
	__builtin_cpu_init();
	use_avx = !!__builtin_cpu_supports("avx");
#endif
	shared = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	sigset_t all;
	sigemptyset(&all);
	for (int i = 0; i < 4; i++)
		sigaddset(&all, signals[i]);
	pid_t program = fork(); // it is stopped now and then, so it is not init
	if (program == 0) {
		for (int i = 0; i < 4; i++) {
			struct sigaction sa = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | (i % 2 ? 0 : SA_RESTART)};
			// The C library keeps 32 and 33 to itself, 34 is its first.
			sigaction(signals[i], &sa, 0);
		}
		_exit(storm(seconds, &all));
	}
	for (int i = 0; i < THREADS; i++)
		while (!shared->tids[i])
			usleep(1000);
	pid_t wind = fork();
	if (wind == 0)
		blow(program, rate);
	int s = 0;
	double end = now() + seconds + 120; // for it to come to its end
	while (waitpid(program, &s, WNOHANG) == 0) {
		if (now() > end) {
			fail("the program hangs", 0, 0);
			kill(program, SIGKILL);
		}
		usleep(50000);
	}
	kill(wind, SIGKILL);
	if (!WIFEXITED(s) || WEXITSTATUS(s) != 0)
		fail("status of the program", s, 0);
	printf("storm is through\n");
	if (getpid() == 1)
		reboot(RB_POWER_OFF);
	return failures != 0;
}
