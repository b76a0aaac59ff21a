// Counts what operations of the kernel cost a program. It runs as PID 1 under
// QEMU's instruction counter, where a nanosecond is an instruction, on Onsen and
// on Linux, and prints "bench: NAME COUNT" for each.
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000L + t.tv_nsec;
}

// count runs an operation often enough once to warm up and once to measure.
static void count(const char *name, int n, void (*f)(int), int per)
{
	f(n / 4 + 1);
	long start = now();
	f(n);
	long took = now() - start;
	printf("bench: %s %ld insn/op\n", name, (took + (long)n * per / 2) / ((long)n * per));
	fflush(stdout);
}

#define EACH for (int i = 0; i < n; i++)

static void null_call(int n) { EACH syscall(SYS_getppid); }

static int zero;
static void read_zero(int n)
{
	char c;
	EACH read(zero, &c, 1);
}

static void open_close(int n) { EACH close(open("/bench/file", O_RDONLY)); }

static void do_stat(int n)
{
	struct stat st;
	EACH stat("/bench/file", &st);
}

static void do_sigaction(int n)
{
	struct sigaction sa = {.sa_handler = SIG_IGN};
	EACH sigaction(SIGUSR2, &sa, 0);
}

static void on_signal(int sig) { (void)sig; }
static void signal_self(int n)
{
	signal(SIGUSR1, on_signal);
	EACH syscall(SYS_kill, 1, SIGUSR1);
}

static int *interruptions; // shared with the reader
static void on_interruption(int sig)
{
	(void)sig;
	++*interruptions;
}

// interrupted_read interrupts a read of an empty pipe, which starts again. The
// reader is a real-time task: a signal makes it run at once, until it sleeps in
// read again.
static void interrupted_read(int n)
{
	struct sigaction sa = {.sa_handler = on_interruption, .sa_flags = SA_RESTART};
	struct sched_param first = {.sched_priority = 1};
	int p[2];
	char c;
	pipe(p);
	*interruptions = 0;
	pid_t pid = fork();
	if (pid == 0) {
		close(p[1]);
		sigaction(SIGUSR1, &sa, 0);
		sched_setscheduler(0, SCHED_FIFO, &first);
		_exit(read(p[0], &c, 1) != 0);
	}
	while (sched_getscheduler(pid) != SCHED_FIFO)
		sched_yield();
	EACH kill(pid, SIGUSR1);
	close(p[0]);
	close(p[1]);
	int s = 1;
	if (waitpid(pid, &s, 0) != pid || s != 0 || *interruptions != n)
		printf("bench: interrupted-read failed: status %#x, %d of %d\n", s, *interruptions, n);
}

static char *forbidden;
static sigjmp_buf again;
static void on_fault(int sig)
{
	(void)sig;
	siglongjmp(again, 1);
}

// sigsegv_handler writes to a page that may not be written to; the handler jumps
// out.
static void sigsegv_handler(int n)
{
	struct sigaction sa = {.sa_handler = on_fault, .sa_flags = SA_NODEFER};
	sigaction(SIGSEGV, &sa, 0);
	EACH if (sigsetjmp(again, 0) == 0)
		*(volatile char *)forbidden = 1;
	signal(SIGSEGV, SIG_DFL);
}

// single_step lets a child do n instructions one at a time.
static void single_step(int n)
{
	int s = 0;
	pid_t pid = fork();
	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		for (;;)
			__asm__ volatile("");
	}
	waitpid(pid, &s, 0);
	// Out of the C library, which would make calls first.
	for (int i = 0; i < 64; i++) {
		ptrace(PTRACE_SINGLESTEP, pid, 0, 0);
		waitpid(pid, &s, 0);
	}
	long start = now();
	EACH {
		ptrace(PTRACE_SINGLESTEP, pid, 0, 0);
		waitpid(pid, &s, 0);
	}
	printf("bench: ptrace-single-step %ld insn/op\n", (now() - start + n / 2) / n);
	if (!WIFSTOPPED(s) || WSTOPSIG(s) != SIGTRAP)
		printf("bench: ptrace-single-step failed: status %#x\n", s);
	kill(pid, SIGKILL);
	waitpid(pid, &s, 0);
}

static void fork_exit(int n)
{
	EACH {
		pid_t pid = fork();
		if (pid == 0)
			_exit(0);
		waitpid(pid, 0, 0);
	}
}

static void vfork_exit(int n)
{
	EACH {
		pid_t pid = vfork();
		if (pid == 0)
			_exit(0);
		waitpid(pid, 0, 0);
	}
}

static char *tiny[] = {"/tiny", 0};

static void fork_exec(int n)
{
	EACH {
		pid_t pid = fork();
		if (pid == 0) {
			execv("/tiny", tiny);
			_exit(1);
		}
		waitpid(pid, 0, 0);
	}
}

static void vfork_exec(int n)
{
	EACH {
		pid_t pid = vfork();
		if (pid == 0) {
			execv("/tiny", tiny);
			_exit(1);
		}
		waitpid(pid, 0, 0);
	}
}

static void spawn(int n)
{
	EACH {
		pid_t pid;
		posix_spawn(&pid, "/tiny", 0, 0, tiny, 0);
		waitpid(pid, 0, 0);
	}
}

static void *nothing(void *p) { return p; }
static void threads(int n)
{
	EACH {
		pthread_t t;
		pthread_create(&t, 0, nothing, 0);
		pthread_join(t, 0);
	}
}

static int there[2], back[2];

// round_trip sends a byte to a process that sends it back.
static void round_trip(int n, int to, int at, int reply, int from)
{
	char c = 0;
	pid_t pid = fork();
	if (pid == 0) {
		EACH {
			read(at, &c, 1);
			write(reply, &c, 1);
		}
		_exit(0);
	}
	EACH {
		write(to, &c, 1);
		read(from, &c, 1);
	}
	waitpid(pid, 0, 0);
}

static void pipe_round_trip(int n)
{
	pipe(there);
	pipe(back);
	round_trip(n, there[1], there[0], back[1], back[0]);
	close(there[0]);
	close(there[1]);
	close(back[0]);
	close(back[1]);
}

static void socket_round_trip(int n)
{
	socketpair(AF_UNIX, SOCK_STREAM, 0, there);
	round_trip(n, there[0], there[1], there[1], there[0]);
	close(there[0]);
	close(there[1]);
}

static void ring(int n)
{
	enum { MEMBERS = 8 };
	int p[MEMBERS][2];
	char c = 0;
	for (int m = 0; m < MEMBERS; m++)
		pipe(p[m]);
	for (int m = 1; m < MEMBERS; m++)
		if (fork() == 0) {
			EACH {
				read(p[m - 1][0], &c, 1);
				write(p[m][1], &c, 1);
			}
			_exit(0);
		}
	EACH {
		write(p[0][1], &c, 1);
		read(p[MEMBERS - 1][0], &c, 1);
	}
	while (wait(0) > 0)
		;
	for (int m = 0; m < MEMBERS; m++) {
		close(p[m][0]);
		close(p[m][1]);
	}
}

static int word;
static void hand_over(int n, int mine)
{
	EACH {
		while (__atomic_load_n(&word, __ATOMIC_SEQ_CST) != mine)
			syscall(SYS_futex, &word, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, !mine, 0, 0, 0);
		__atomic_store_n(&word, !mine, __ATOMIC_SEQ_CST);
		syscall(SYS_futex, &word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, 0, 0, 0);
	}
}

static void *other_side(void *n)
{
	hand_over((int)(long)n, 1);
	return 0;
}

static void futex_round_trip(int n)
{
	pthread_t t;
	word = 0;
	pthread_create(&t, 0, other_side, (void *)(long)n);
	hand_over(n, 0);
	pthread_join(t, 0);
}

#define RW (PROT_READ | PROT_WRITE)

static void page_fault(int n)
{
	char *p = mmap(0, 4096L * n, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	EACH p[4096L * i] = 1;
	munmap(p, 4096L * n);
}

static char *cow_pages;
static void cow_fault(int n)
{
	// The child only keeps the pages shared.
	EACH cow_pages[4096L * i] = 2;
}

// cow counts by itself: what is measured can be done only once per fork.
static void cow(void)
{
	enum { PAGES = 2048 };
	int p[2];
	char c;
	cow_pages = mmap(0, 4096L * PAGES, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memset(cow_pages, 1, 4096L * PAGES);
	pipe(p);
	pid_t pid = fork();
	if (pid == 0) {
		close(p[1]);
		read(p[0], &c, 1);
		_exit(0);
	}
	close(p[0]);
	long start = now();
	cow_fault(PAGES);
	printf("bench: cow-fault %ld insn/op\n", (now() - start) / PAGES);
	close(p[1]);
	waitpid(pid, 0, 0);
	munmap(cow_pages, 4096L * PAGES);
}

static void map_touch_unmap(int n)
{
	EACH {
		char *p = mmap(0, 4096, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		*p = 1;
		munmap(p, 4096);
	}
}

static void fork_64m(void)
{
	enum { SIZE = 64 << 20, TIMES = 3 };
	char *p = mmap(0, SIZE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	// Linux must not use huge pages, which the figure is not about.
	madvise(p, SIZE, MADV_NOHUGEPAGE);
	memset(p, 1, SIZE);
	fork_exit(1);
	long start = now();
	fork_exit(TIMES);
	printf("bench: fork-64MiB-exit-wait %ld insn/op\n", (now() - start) / TIMES);
	munmap(p, SIZE);
}

static int file;
static char buffer[65536];
static void pread_64k(int n) { EACH pread(file, buffer, sizeof buffer, 0); }

static void pipe_64k(int n)
{
	pipe(there);
	fcntl(there[1], F_SETPIPE_SZ, 65536);
	EACH {
		write(there[1], buffer, sizeof buffer);
		read(there[0], buffer, sizeof buffer);
	}
	close(there[0]);
	close(there[1]);
}

static void get_time(int n) { EACH now(); }

int main(void)
{
	mkdir("/bench", 0755);
	mkdir("/dev", 0755);
	mknod("/dev/zero", S_IFCHR | 0666, 1 << 8 | 5);
	file = open("/bench/file", O_CREAT | O_RDWR, 0644);
	write(file, buffer, sizeof buffer);
	zero = open("/dev/zero", O_RDONLY);
	interruptions = mmap(0, 4096, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	forbidden = mmap(0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	count("null-system-call", 10000, null_call, 1);
	count("read-1-byte-of-zero", 10000, read_zero, 1);
	count("open-close", 2000, open_close, 1);
	count("stat", 2000, do_stat, 1);
	count("sigaction", 5000, do_sigaction, 1);
	count("signal-to-self", 2000, signal_self, 1);
	count("interrupted-read", 1000, interrupted_read, 1);
	count("SIGSEGV-handler", 2000, sigsegv_handler, 1);
	single_step(1000);
	count("pipe-round-trip", 2000, pipe_round_trip, 1);
	count("socketpair-round-trip", 2000, socket_round_trip, 1);
	count("ring-of-8-per-hop", 300, ring, 8);
	count("futex-round-trip", 2000, futex_round_trip, 1);
	count("pread-64KiB", 500, pread_64k, 1);
	count("pipe-64KiB", 300, pipe_64k, 1);
	count("fork-exit-wait", 200, fork_exit, 1);
	count("vfork-exit-wait", 200, vfork_exit, 1);
	count("fork-exec-wait", 100, fork_exec, 1);
	count("vfork-exec-wait", 100, vfork_exec, 1);
	count("posix_spawn-wait", 100, spawn, 1);
	count("thread-create-join", 200, threads, 1);
	count("page-fault", 2000, page_fault, 1);
	cow();
	count("mmap-touch-munmap", 1000, map_touch_unmap, 1);
	fork_64m();
	count("clock_gettime", 10000, get_time, 1);
	reboot(RB_POWER_OFF);
}
