// What every test program has in common.
//
// A program prints one plain line for every fact it finds out:
//
//	check NAME VALUE
//
// and decides nothing. The same binary runs on Linux, whose lines are the
// expected ones, and on Onsen; every difference is a failure. So a value must
// not depend on the machine, on time or on chance.
#ifndef CHECK_H
#define CHECK_H

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

// say prints a fact in one write, so that processes do not mix their lines.
static void say(const char *name, const char *format, ...)
{
	char line[1024];
	int n = snprintf(line, sizeof line, "check %s ", name);
	va_list ap;
	va_start(ap, format);
	n += vsnprintf(line + n, sizeof line - n, format, ap);
	va_end(ap);
	if (n > (int)sizeof line - 2)
		n = sizeof line - 2;
	line[n++] = '\n';
	if (write(1, line, n) != n)
		_exit(99);
}

// result prints what a call returned: its value, or the name of its error.
static void result(const char *name, long value)
{
	if (value == -1)
		say(name, "-1 errno %d", errno);
	else
		say(name, "%ld", value);
}

// success prints whether a call succeeded, for those with a value that differs
// from run to run.
static void success(const char *name, long value)
{
	if (value == -1)
		say(name, "-1 errno %d", errno);
	else
		say(name, "ok");
}

// status prints how a child ended.
static void status(const char *name, int s)
{
	if (WIFEXITED(s))
		say(name, "exited %d", WEXITSTATUS(s));
	else if (WIFSIGNALED(s))
		say(name, "killed by %d", WTERMSIG(s));
	else if (WIFSTOPPED(s))
		say(name, "stopped by %d", WSTOPSIG(s));
	else if (WIFCONTINUED(s))
		say(name, "continued");
	else
		say(name, "status %#x", s);
}

// rawcall makes a system call with all of the register for its number, and returns all
// of what it gives.
static inline long rawcall(unsigned long word, long a, long b, long c)
{
#ifdef __x86_64__
	register long none asm("r10") = 0;
	long r;
	asm volatile("syscall" : "=a"(r) : "a"(word), "D"(a), "S"(b), "d"(c), "r"(none) : "rcx", "r11", "r8", "r9", "memory");
	return r;
#else
	register long x0 asm("x0") = a, x1 asm("x1") = b, x2 asm("x2") = c, x3 asm("x3") = 0, x8 asm("x8") = word;
	asm volatile("svc #0" : "+r"(x0) : "r"(x1), "r"(x2), "r"(x3), "r"(x8) : "memory");
	return x0;
#endif
}

// reap waits for a child of any kind and prints how it ended.
static void reap(const char *name, pid_t pid)
{
	int s = 0;
	pid_t got;
	do
		got = waitpid(pid, &s, __WALL);
	while (got == -1 && errno == EINTR);
	if (got != pid)
		result(name, got == -1 ? -1 : -2);
	else
		status(name, s);
}

// behind_name reads /proc/PID/stat and returns its third field, the first one behind
// the name, and what follows: 0 if there is no such process.
static char *behind_name(pid_t pid, char *text, size_t size)
{
	char name[40];
	snprintf(name, sizeof name, "/proc/%d/stat", pid);
	int fd = open(name, O_RDONLY);
	int n = read(fd, text, size - 1);
	close(fd);
	if (n <= 0)
		return 0;
	text[n] = 0;
	char *p = strrchr(text, ')');
	return p ? p + 2 : 0;
}

// state returns the letter of /proc/PID/stat.
static char state(pid_t pid)
{
	char text[200], *p = behind_name(pid, text, sizeof text);
	return p ? *p : 'X';
}

// CHILD runs something in a process of its own, and prints how it ended.
#define CHILD(name, ...) \
	do { \
		pid_t pid_ = fork(); \
		if (pid_ == 0) { \
			__VA_ARGS__; \
			_exit(0); \
		} \
		reap(name, pid_); \
	} while (0)

// await waits until a process is in a state, or has ended.
static void await(pid_t pid, char wanted)
{
	for (char s; (s = state(pid)) != wanted && s != 'X' && s != 'Z';)
		usleep(500);
}

// The tests, each in a file of its own.
void test_clone(void);
void test_clone3(void);
void test_wait(void);
void test_exec(char **argv);
void test_memory(void);
void test_look(void);
void test_rseq(void);
void test_memfd(void);
void test_files(void);
void test_paths(void);
void test_signals(void);
void test_jobs(void);
void test_ids(void);
void test_events(void);
void test_unix(void);
void test_scm(void);
void test_process(void);
void test_vdso(void);
void test_regsets(void);
void test_callword(void);
void test_segments(void);
void test_calls32(void);
void test_ptrace(void);
void test_seccomp(void);
void test_sectrace(void);
void test_secnotify(void);
void test_coredump(void);
void test_restart(void);
void test_pifutex(void);
void test_sigdefault(void);
void test_sigqueue(void);
void test_sigsource(void);
void test_sigaction(void);
void test_sigstack(void);
void test_sigwait(void);
void test_kill(void);
void test_sigio(void);
void test_knobs(void);
void test_init(void);
void exec_signals(void);
void test_frames(void);
void test_tracing(void);
void test_tty(void);
void test_pty(void);
int exec_child(int argc, char **argv);
int core_program(int argc, char **argv);
int seccomp_child(void);

#endif
