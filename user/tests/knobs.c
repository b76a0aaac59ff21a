// Files of /proc that take a number: what text they take for one.
#include "check.h"

#include <sys/prctl.h>

static const char *const texts[] = {"1", "1\n", "2\n\n", "0\r\n", "+1", "-1", "--1", "- 1", " 1", "\n1", "\t 2 \t", "1 2", "2\n1", "1 x", "1x",
	"1,2", "0x1", "0X2", "0x", "0xg", "0x 1", "02", "08", "010", "0b1", "0o1", "1_0", "1.0", "1e0", "", " ", "\n", "x", "+", "-",
	"-0", "00000000000000000000000000001", "2147483647", "2147483648", "-2147483648", "-2147483649", "4294967295", "4294967296",
	"4294967297", "9223372036854775808", "18446744073709551615", "18446744073709551616", "99999999999999999999999",
	"0x7fffffff", "0xffffffff", "-0x1", "999", "1000", "1001", "-999", "-1000", "-1001"};

// put writes n bytes in one call, and shows what came of it.
static void put(const char *path, const char *text, size_t n)
{
	char name[160], quoted[80], now[128];
	int at = 0, fd = open(path, O_RDWR);
	for (size_t i = 0; i < n && at < 60; i++)
		at += snprintf(quoted + at, sizeof quoted - at, text[i] < ' ' ? "\\%02x" : "%c", text[i]);
	quoted[at] = 0;
	long wrote = write(fd, text, n);
	int e = errno;
	ssize_t got = pread(fd, now, sizeof now - 1, 0);
	while (got > 0 && now[got - 1] == '\n')
		got--;
	now[got > 0 ? got : 0] = 0;
	snprintf(name, sizeof name, "%s \"%s\"", path, quoted);
	say(name, "%ld errno %d, now \"%s\"", wrote, wrote < 0 ? e : 0, now);
	close(fd);
}

static void keep(const char *path, char *b, size_t size)
{
	int fd = open(path, O_RDONLY);
	ssize_t n = read(fd, b, size - 1);
	b[n > 0 ? n : 0] = 0;
	close(fd);
}

static void set(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	write(fd, text, strlen(text));
	close(fd);
}

static void number(const char *path)
{
	char before[128];
	keep(path, before, sizeof before);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		put(path, texts[i], strlen(texts[i]));
		set(path, before);
	}
	put(path, "1\0x", 3);
	set(path, before);
	put(path, "\0001", 2);
	put(path, "1", 2);
	set(path, before);
}

// positions shows what a second write to a file, and one that is split, do.
static void positions(const char *path)
{
	char before[128], now[128];
	keep(path, before, sizeof before);
	int fd = open(path, O_WRONLY);
	say(path, "first %zd", write(fd, "1", 1));
	ssize_t n = write(fd, "2", 1);
	say(path, "second %zd errno %d at %lld", n, n < 0 ? errno : 0, (long long)lseek(fd, 0, SEEK_CUR));
	keep(path, now, sizeof now);
	say(path, "now %s", strtok(now, "\n"));
	n = pwrite(fd, "1", 1, 0);
	say(path, "at the beginning %zd errno %d", n, n < 0 ? errno : 0);
	n = pwrite(fd, "2", 1, 5);
	say(path, "at 5 %zd errno %d", n, n < 0 ? errno : 0);
	keep(path, now, sizeof now);
	say(path, "now %s", strtok(now, "\n"));
	n = write(fd, (void *)1, 1);
	say(path, "from nowhere %zd errno %d", n, n < 0 ? errno : 0);
	close(fd);
	set(path, before);
}

static void huge(const char *path)
{
	static const size_t sizes[] = {4095, 4096, 4097, 65536, 1 << 20, 5 << 20};
	char *b = mmap(0, 8 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), before[128];
	keep(path, before, sizeof before);
	memset(b, ' ', 8 << 20);
	b[0] = '1';
	int fd = open(path, O_WRONLY);
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		long n = pwrite(fd, b, sizes[i], 0);
		char name[80];
		snprintf(name, sizeof name, "%s, %zu bytes", path, sizes[i]);
		say(name, "%ld errno %d", n, n < 0 ? errno : 0);
		set(path, before);
	}
	close(fd);
	munmap(b, 8 << 20);
}

// line writes a text, and then more of it, to a file with a line of text.
static void line(const char *path)
{
	static const char *const lines[] = {"name", "name\n", "a\nb", "", "\n", " two words ", "1234567890123456", "more than fits into a name of a machine, which has sixty-four of them"};
	char before[128];
	keep(path, before, sizeof before);
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		put(path, lines[i], strlen(lines[i]));
	put(path, "a\0b", 3);
	positions(path);
	set(path, before);
}

// slack is about timerslack_ns, which is decimal and needs a right.
static void slack(void)
{
	pid_t child = fork();
	if (child == 0)
		for (;;)
			pause();
	char of_child[64];
	snprintf(of_child, sizeof of_child, "/proc/%d/timerslack_ns", child);
	static const char *const values[] = {"1", "010", "0x10", "-1", "+7\n", "18446744073709551615", "18446744073709551616", "0", " 1", ""};
	for (size_t i = 0; i < sizeof values / sizeof *values; i++)
		put("/proc/self/timerslack_ns", values[i], strlen(values[i]));
	prctl(PR_SET_TIMERSLACK, 1234);
	put("/proc/self/timerslack_ns", "", 0);
	set(of_child, "77");
	char now[32];
	int fd = open(of_child, O_RDWR);
	ssize_t n = read(fd, now, sizeof now);
	say("slack of another", "%.*s", (int)n - 1, now);
	CHILD("without the right", setuid(1000); result("read", pread(fd, now, sizeof now, 0)); result("write", pwrite(fd, "1", 1, 0)));
	kill(child, SIGKILL);
	reap("child", child);
	result("slack of a dead one", pwrite(fd, "1", 1, 0));
	close(fd);
}

// children shows the list of a thread's children, by what is known of them.
static void children(void)
{
	pid_t pids[20];
	char b[256], *p = b;
	for (int i = 0; i < 20; i++)
		if ((pids[i] = fork()) == 0)
			for (;;)
				pause();
	kill(pids[3], SIGKILL);
	await(pids[3], 'Z');
	int fd = open("/proc/thread-self/children", O_RDONLY), same = 0;
	ssize_t n = read(fd, b, sizeof b - 1);
	b[n] = 0;
	for (int i = 0; i < 20; i++)
		same += strtol(p, &p, 10) == pids[i];
	say("children", "%d \"%s\"", same, p);
	for (int i = 0; i < 20; i++) {
		kill(pids[i], SIGKILL);
		waitpid(pids[i], 0, 0);
	}
	say("no children", "%zd", pread(fd, b, sizeof b, 0));
	close(fd);
}

void test_knobs(void)
{
	children();
	static const char *const both[] = {"comm", "oom_score_adj", "coredump_filter", "timerslack_ns", "smaps_rollup", "task", "children"};
	for (size_t i = 0; i < sizeof both / sizeof *both; i++) {
		char thread[64];
		snprintf(thread, sizeof thread, "/proc/thread-self/%s", both[i]);
		result(thread, access(thread, F_OK));
	}
	line("/proc/sys/kernel/hostname");
	line("/proc/sys/kernel/domainname");
	line("/proc/sys/kernel/core_pattern");
	line("/proc/self/comm");
	slack();
	static const char *const files[] = {"/proc/sys/kernel/panic", "/proc/sys/kernel/core_uses_pid",
		"/proc/sys/kernel/core_pipe_limit", "/proc/sys/kernel/randomize_va_space", "/proc/sys/fs/suid_dumpable",
		"/proc/self/oom_score_adj", "/proc/self/coredump_filter"};
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		number(files[i]);
		positions(files[i]);
		huge(files[i]);
	}
	static const char *const levels[] = {"7", "8 4", "7 4 1 7\n", "0 4 1 7", "x", "7x", "7 x", "6 4 1 7 9", "5 0", "5 4 0", "-1", "16",
		"100", " 6\t5 \n", "7 4 1 7"};
	for (size_t i = 0; i < sizeof levels / sizeof *levels; i++)
		put("/proc/sys/kernel/printk", levels[i], strlen(levels[i]));
}
