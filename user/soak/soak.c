// Endurance tests of processes. As PID 1 it does what its arguments name, in
// order, prints "soak: NAME RESULT" for each, and powers off. A result that says
// FAIL is one. Arguments: forks=N alive=N threads=N bomb=N exec=N killall=N
// fill=PERCENT
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <unistd.h>

// free_kib has the kernel give up what it only keeps in case it is useful, and waits:
// kernels free some things later.
static long free_kib(void)
{
	int fd = open("/proc/sys/vm/drop_caches", O_WRONLY);
	usleep(500000);
	if (fd < 0 || write(fd, "3", 1) != 1)
		printf("soak: FAIL drop_caches: %s\n", strerror(errno));
	close(fd);
	usleep(500000);
	struct sysinfo i;
	sysinfo(&i);
	return (long)((i.freeram * i.mem_unit) >> 10);
}

static void reap_all(void)
{
	while (wait(0) > 0 || errno == EINTR)
		;
}

// FORKS_FIRST is how many forks, after AT_ONCE that live at the same time, make the
// kernel as large as it gets by them: there is a spare of everything on every CPU then.
#define FORKS_FIRST 3000
#define AT_ONCE 1000

// SPARE_KIB is what the idle heap and the spare goroutines of each CPU differ by at
// two moments, however many forks are in between.
#define SPARE_KIB(cpus) (1024 + 512 * (cpus))

// forks forks and waits n times; what the kernel keeps must not grow with n.
static void forks(int n)
{
	long after_first = 0;
	for (int i = 0; i < AT_ONCE; i++)
		if (fork() == 0)
			for (;;)
				pause();
	kill(-1, SIGKILL);
	reap_all();
	for (int i = -FORKS_FIRST; i < n; i++) {
		pid_t pid = fork();
		if (pid == 0)
			_exit(i & 63);
		int s;
		if (pid < 0 || waitpid(pid, &s, 0) != pid || WEXITSTATUS(s) != (i & 63)) {
			printf("soak: forks FAIL at %d: %s\n", i, strerror(errno));
			return;
		}
		if (i == -1)
			after_first = free_kib();
	}
	long grown = after_first - free_kib();
	cpu_set_t cpus;
	sched_getaffinity(0, sizeof cpus, &cpus);
	printf("soak: forks %d, %ld KiB more in use%s\n", n, grown, grown > SPARE_KIB(CPU_COUNT(&cpus)) ? " FAIL" : "");
}

// alive keeps n children at once.
static void alive(int n)
{
	long before = free_kib();
	int made = 0;
	for (; made < n; made++) {
		pid_t pid = fork();
		if (pid == 0)
			for (;;)
				pause();
		if (pid < 0)
			break;
	}
	long used = before - free_kib();
	printf("soak: alive %d%s, %ld KiB each\n", made, made < n ? " FAIL" : "", made ? used / made : 0);
	kill(-1, SIGKILL);
	reap_all();
	printf("soak: alive, %ld KiB not given back\n", before - free_kib());
}

static long free_at_start;

// fill has a child use some percent of the memory that was free in the beginning:
// what was used in the meantime must come back.
static void fill(int percent)
{
	size_t n = (size_t)free_at_start / 100 * percent << 10;
	pid_t pid = fork();
	if (pid == 0) {
		char *p = mmap(0, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (p == MAP_FAILED)
			_exit(1);
		for (size_t i = 0; i < n; i += 4096)
			p[i] = 1;
		_exit(0);
	}
	int s = -1;
	waitpid(pid, &s, 0);
	printf("soak: fill %zu of %ld KiB, status %d%s\n", n >> 10, free_at_start, s, s ? " FAIL" : "");
}

static void *sleeper(void *p)
{
	for (;;)
		pause();
	return p;
}

static void thread_count(int n)
{
	long before = free_kib();
	int made = 0;
	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0) {
		pthread_attr_t a;
		pthread_t t;
		pthread_attr_init(&a);
		// The smallest stack is 16 KiB on amd64 and 128 KiB on arm64.
		pthread_attr_setstacksize(&a, sysconf(_SC_THREAD_STACK_MIN));
		while (made < n && pthread_create(&t, &a, sleeper, 0) == 0)
			made++;
		long used = before - free_kib();
		printf("soak: threads %d%s, %ld KiB each, %ld MiB in all\n", made, made < n ? " FAIL" : "",
			made ? used / made : 0, used >> 10);
		fflush(stdout);
		_exit(0);
	}
	waitpid(pid, 0, 0);
}

// bomb lets children fork without end, within a limit on processes.
static void bomb(int n)
{
	pid_t pid = fork();
	if (pid == 0) {
		struct rlimit l = {n, n};
		setsid();
		setrlimit(RLIMIT_NPROC, &l);
		setgid(1000);
		setuid(1000);
		for (;;)
			if (fork() < 0)
				sched_yield();
	}
	sleep(5);
	// They fork faster than a single look at them could kill.
	int rounds = 0;
	do
		kill(-1, SIGKILL);
	while (waitpid(-1, 0, WNOHANG) >= 0 && ++rounds < 1000000);
	reap_all();
	printf("soak: bomb of %d is over\n", n);
}

static uint64_t seed = 88172645463325252ull;
static uint64_t chance(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	return seed ^= seed << 17;
}

// exec_noise executes n damaged programs: random bytes behind an ELF header
// that is right in part.
static void exec_noise(int n)
{
	static unsigned char image[8192], good[8192];
	int self = open("/init", O_RDONLY);
	read(self, good, sizeof good);
	close(self);
	int ran = 0, refused = 0, died = 0;
	for (int i = 0; i < n; i++) {
		memcpy(image, good, sizeof image);
		if (i % 3 == 0)
			for (size_t j = 0; j < sizeof image; j += 8)
				*(uint64_t *)(image + j) = chance();
		int changes = 1 + chance() % 8;
		for (int j = 0; j < changes; j++)
			image[16 + chance() % (i % 2 ? 48 : 600)] = chance();
		memcpy(image, good, i % 5 ? 16 : 4);
		int fd = open("/noise", O_CREAT | O_WRONLY | O_TRUNC, 0755);
		write(fd, image, chance() % 4 ? sizeof image : chance() % sizeof image);
		close(fd);
		pid_t pid = vfork();
		if (pid == 0) {
			char *argv[] = {"noise", 0};
			execv("/noise", argv);
			_exit(123);
		}
		int s = 0;
		// A damaged program may do anything, also run for ever.
		for (int tries = 0; waitpid(pid, &s, WNOHANG) == 0; tries++) {
			if (tries > 1000)
				kill(pid, SIGKILL);
			sched_yield();
		}
		if (WIFSIGNALED(s))
			died++;
		else if (WEXITSTATUS(s) == 123)
			refused++;
		else
			ran++;
	}
	printf("soak: exec %d: %d refused, %d died, %d ran\n", n, refused, died, ran);
}

// killall makes n processes that do all kinds of things and kills them all.
static void killall(int n)
{
	for (int i = 0; i < n; i++) {
		pid_t pid = fork();
		if (pid == 0) {
			int p[2];
			char c;
			pipe(p);
			switch (i % 5) {
			case 0: for (;;) pause();
			case 1: for (;;) ;
			case 2: read(p[0], &c, 1);
			case 3: for (;;) waitpid(vfork() ? -1 : (pause(), 0), 0, 0);
			case 4: for (;;) sched_yield();
			}
		}
	}
	usleep(200000);
	kill(-1, SIGKILL);
	reap_all();
	printf("soak: killall %d\n", n);
}

static const struct {
	const char *name;
	void (*run)(int);
} tests[] = {
	{"forks=", forks}, {"alive=", alive}, {"threads=", thread_count},
	{"bomb=", bomb}, {"fill=", fill}, {"exec=", exec_noise}, {"killall=", killall},
};

int main(int argc, char **argv)
{
	setvbuf(stdout, 0, _IOLBF, 0);
	mkdir("/proc", 0755);
	mount("proc", "/proc", "proc", 0, 0);
	free_at_start = free_kib();
	for (int i = 1; i < argc; i++)
		for (size_t j = 0; j < sizeof tests / sizeof *tests; j++) {
			size_t n = strlen(tests[j].name);
			if (strncmp(argv[i], tests[j].name, n) == 0)
				tests[j].run(atoi(argv[i] + n));
		}
	printf("soak is through\n");
	reboot(RB_POWER_OFF);
}
