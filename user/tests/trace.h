// What tests of ptrace(2) have in common.
#ifndef TRACE_H
#define TRACE_H

#include "check.h"

#include <elf.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>

#ifndef PTRACE_EVENT_STOP
#define PTRACE_EVENT_STOP 128
#endif

#define ALL_FORKS (PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE)

// Without these glibc has another opinion of the types.
static long pt(int request, pid_t pid, unsigned long addr, unsigned long data)
{
	return syscall(SYS_ptrace, request, pid, addr, data);
}

// ---- registers, architecture by architecture ----

#if defined __x86_64__
struct regs { struct user_regs_struct r; };
#define NR(g) ((long)(g)->r.orig_rax)
#define RET(g) ((g)->r.rax)
#define ARG0(g) ((g)->r.rdi)
#define ARG1(g) ((g)->r.rsi)
#define PC(g) ((g)->r.rip)
#define SYSCALL_SIZE 2
#define TRAP_INSN 0xcc
#define TRAP_SIZE 1
#define TRAP_PC 1 // how far the program counter is behind a breakpoint
#else
struct regs { struct user_regs_struct r; };
#define RET(g) ((g)->r.regs[0])
#define ARG0(g) ((g)->r.regs[0])
#define ARG1(g) ((g)->r.regs[1])
#define PC(g) ((g)->r.pc)
#define SYSCALL_SIZE 4
#define TRAP_INSN 0xd4200000
#define TRAP_SIZE 4
#define TRAP_PC 0
#endif

static int getregs(pid_t pid, struct regs *g)
{
	struct iovec v = {g, sizeof *g};
	memset(g, 0, sizeof *g);
	return pt(PTRACE_GETREGSET, pid, NT_PRSTATUS, (long)&v);
}

static int setregs(pid_t pid, struct regs *g)
{
	struct iovec v = {g, sizeof *g};
	return pt(PTRACE_SETREGSET, pid, NT_PRSTATUS, (long)&v);
}

// getnr returns the number of the system call that the tracee is in.
static long getnr(pid_t pid)
{
#if defined __x86_64__
	struct regs g;
	getregs(pid, &g);
	return NR(&g);
#else
	int nr = -2;
	struct iovec v = {&nr, sizeof nr};
	pt(PTRACE_GETREGSET, pid, 0x404, (long)&v);
	return nr;
#endif
}

static void setnr(pid_t pid, int nr)
{
#if defined __x86_64__
	struct regs g;
	getregs(pid, &g);
	g.r.orig_rax = (long)nr;
	setregs(pid, &g);
#else
	struct iovec v = {&nr, sizeof nr};
	pt(PTRACE_SETREGSET, pid, 0x404, (long)&v);
#endif
}

// callname tells the few system calls that tests make apart without numbers.
static const char *callname(long nr)
{
	switch (nr) {
	case -1: return "none";
	case SYS_getpid: return "getpid";
	case SYS_getppid: return "getppid";
	case SYS_gettid: return "gettid";
	case SYS_nanosleep: return "nanosleep";
	case SYS_clock_nanosleep: return "clock_nanosleep";
	case SYS_restart_syscall: return "restart_syscall";
	case SYS_read: return "read";
	case SYS_write: return "write";
	case SYS_rt_sigreturn: return "rt_sigreturn";
	case SYS_rt_sigprocmask: return "rt_sigprocmask";
	case SYS_exit_group: return "exit_group";
	case SYS_exit: return "exit";
	case SYS_kill: return "kill";
	case SYS_tgkill: return "tgkill";
	case SYS_execve: return "execve";
	case SYS_clone: return "clone";
	case SYS_sched_yield: return "sched_yield";
	case SYS_rt_sigsuspend: return "rt_sigsuspend";
	}
	return "other";
}

// ---- waiting ----

// stopped waits for a stop of pid, or of any with -1, and tells which it is.
static int stopped(const char *name, pid_t pid)
{
	int s = 0;
	pid_t got;
	do
		got = waitpid(pid, &s, __WALL);
	while (got == -1 && errno == EINTR);
	if (got == -1)
		result(name, -1);
	else if (WIFSTOPPED(s))
		say(name, "stop %d event %d", WSTOPSIG(s), s >> 16);
	else
		status(name, s);
	return s;
}

// quiet is stopped without the line.
static int quiet(pid_t pid)
{
	int s = 0;
	while (waitpid(pid, &s, __WALL) == -1 && errno == EINTR)
		;
	return s;
}

// child starts a process that asks to be traced and stops itself; it goes on with
// f when it is continued.
static pid_t child(void (*f)(void))
{
	pid_t pid = fork();
	if (pid == 0) {
		pt(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		f();
		_exit(0);
	}
	quiet(pid);
	return pid;
}

// idle starts a process that waits until it is killed, untraced.
static pid_t idle(void)
{
	int p[2];
	char c;
	pipe(p);
	pid_t pid = fork();
	if (pid == 0) {
		write(p[1], "x", 1);
		for (;;)
			pause();
	}
	read(p[0], &c, 1);
	close(p[0]);
	close(p[1]);
	return pid;
}

static void finish(pid_t pid)
{
	kill(pid, SIGKILL);
	while (waitpid(pid, 0, __WALL) == pid)
		;
}

struct syscall_info {
	unsigned char op, pad[3];
	unsigned arch;
	unsigned long ip, sp;
	union {
		struct { unsigned long nr, args[6]; } entry;
		struct { long rval; unsigned char is_error; } exit;
	};
};

static void show_info(const char *name, pid_t pid)
{
	struct syscall_info i;
	memset(&i, 0, sizeof i);
	long n = pt(0x420e, pid, sizeof i, (long)&i);
	if (n == -1)
		result(name, n);
	else if (i.op == 1)
		say(name, "%ld entry %s %lx %lx", n, callname(i.entry.nr), i.entry.args[0], i.entry.args[1]);
	else if (i.op == 2)
		say(name, "%ld exit error %d %ld", n, i.exit.is_error, i.exit.is_error ? i.exit.rval : 0);
	else
		say(name, "%ld op %d", n, i.op);
}

static unsigned long message_of(pid_t pid)
{
	unsigned long m = 0;
	pt(PTRACE_GETEVENTMSG, pid, 0, (long)&m);
	return m;
}

// The lines of parent and child come in any order: they are printed sorted, by a
// process of its own.
static int by_text(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static void sorted(void (*f)(void))
{
	int p[2];
	pipe(p);
	pid_t pid = fork();
	if (pid == 0) {
		dup2(p[1], 1);
		close(p[0]);
		close(p[1]);
		f();
		_exit(0);
	}
	close(p[1]);
	static char text[16384];
	char *lines[200];
	int n = 0, len = 0, got;
	while ((got = read(p[0], text + len, sizeof text - 1 - len)) > 0)
		len += got;
	text[len] = 0;
	close(p[0]);
	for (char *l = strtok(text, "\n"); l && n < 200; l = strtok(0, "\n"))
		lines[n++] = l;
	qsort(lines, n, sizeof *lines, by_text);
	for (int i = 0; i < n; i++) {
		char line[600];
		int m = snprintf(line, sizeof line, "%s\n", lines[i]);
		write(1, line, m);
	}
	waitpid(pid, 0, 0);
}

// blocked waits until the tracee sleeps.
static void blocked(pid_t pid)
{
	char path[64], line[256];
	snprintf(path, sizeof path, "/proc/%d/stat", pid);
	for (;;) {
		int fd = open(path, O_RDONLY);
		int n = read(fd, line, sizeof line - 1);
		close(fd);
		if (n > 0) {
			line[n] = 0;
			char *p = strrchr(line, ')');
			if (p && p[2] == 'S')
				return;
		}
		sched_yield();
	}
}

#endif
