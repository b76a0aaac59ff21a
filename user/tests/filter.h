// What tests of seccomp(2) have in common: filters, and what becomes of calls.
#ifndef FILTER_H
#define FILTER_H

#include "trace.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV 32
#endif

#if defined __x86_64__
#define ARCH_HERE AUDIT_ARCH_X86_64
#else
#define ARCH_HERE AUDIT_ARCH_AARCH64
#endif

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define ANSWER(v) BPF_STMT(BPF_RET | BPF_K, v)

static long seccomp(unsigned op, unsigned flags, void *arg) { return syscall(SYS_seccomp, op, flags, arg); }

// install installs a filter that is an array. It asks for no_new_privs only if the
// caller has not thought of it.
#define install(flags, ...) \
	({ \
		struct sock_filter f_[] = {__VA_ARGS__}; \
		struct sock_fprog p_ = {sizeof f_ / sizeof *f_, f_}; \
		seccomp(SECCOMP_SET_MODE_FILTER, flags, &p_); \
	})

// on installs a filter that answers one system call, and allows the others.
static long on(unsigned flags, int nr, unsigned answer)
{
	return install(flags, LOAD(nr), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1),
		ANSWER(answer), ANSWER(SECCOMP_RET_ALLOW));
}

// on_arg is on for one value of the call's first argument.
static long on_arg(unsigned flags, int nr, unsigned arg, unsigned answer)
{
	return install(flags, LOAD(nr), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 3),
		LOAD(args[0]), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, arg, 0, 1),
		ANSWER(answer), ANSWER(SECCOMP_RET_ALLOW));
}

// parent says whether getppid did what it should.
static void parent(const char *name)
{
	errno = 0;
	long r = syscall(SYS_getppid);
	say(name, "%s errno %d", r > 0 ? "made" : r == 0 ? "0" : "-1", errno);
}

// status_line prints a line of /proc/PID/task/TID/status.
static void status_line(const char *name, int tid, const char *key)
{
	char path[64], text[4096];
	snprintf(path, sizeof path, "/proc/%d/status", tid);
	int fd = open(path, O_RDONLY);
	int n = read(fd, text, sizeof text - 1);
	close(fd);
	text[n < 0 ? 0 : n] = 0;
	char *p = strstr(text, key);
	if (p && p != text && p[-1] != '\n')
		p = strstr(p + 1, key);
	say(name, "%.*s", p ? (int)strcspn(p, "\n") : 4, p ? p : "none");
}

static void seccomp_lines(const char *name, int tid)
{
	status_line(name, tid, "NoNewPrivs:");
	status_line(name, tid, "Seccomp:");
	status_line(name, tid, "Seccomp_filters:");
}

// contents prints a file's text.
static void contents(const char *name, const char *path)
{
	char text[512];
	int fd = open(path, O_RDONLY);
	int n = read(fd, text, sizeof text - 1);
	close(fd);
	text[n < 0 ? 0 : n] = 0;
	text[strcspn(text, "\n")] = 0;
	say(name, "%d %s", n, text);
}

// ending is CHILD that tells of a core dump, too.
#define ENDING(name, ...) \
	do { \
		pid_t pid_ = fork(); \
		int s_ = 0; \
		if (pid_ == 0) { \
			prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); \
			__VA_ARGS__; \
			_exit(0); \
		} \
		while (waitpid(pid_, &s_, __WALL) == -1 && errno == EINTR) \
			; \
		status(name, s_); \
		if (WIFSIGNALED(s_)) \
			say(name, "core %d", !!WCOREDUMP(s_)); \
	} while (0)

#define DENY(e) (SECCOMP_RET_ERRNO | (e))

#endif
