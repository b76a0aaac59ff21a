// What tests of signals have in common.
#ifndef SIGNAL_TESTS_H
#define SIGNAL_TESTS_H

#include "check.h"

// What handlers that record have got, oldest first.
static siginfo_t got[80];
static volatile int gots;

static void record(int sig, siginfo_t *info, void *context)
{
	(void)sig, (void)context;
	if (gots < 80)
		got[gots] = *info;
	gots++;
}

// catch has a signal recorded.
static void catch(int sig, int flags)
{
	struct sigaction sa = {.sa_sigaction = record, .sa_flags = SA_SIGINFO | flags};
	sigaction(sig, &sa, 0);
	gots = 0;
}

// The kernel's struct sigaction; the C library hides two signals and a flag.
struct kernel_action {
	unsigned long handler, flags, restorer, mask;
};

static long kernel_sigaction(int sig, const struct kernel_action *act, struct kernel_action *old)
{
	return syscall(SYS_rt_sigaction, sig, act, old, 8);
}

// block replaces the blocked signals, a bit for each, of all 64.
static void block(unsigned long set)
{
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &set, 0, 8);
}

#define BIT(sig) (1ul << ((sig) - 1))
#define ALL (~0ul)

static unsigned long pending(void)
{
	unsigned long set = 0;
	syscall(SYS_rt_sigpending, &set, 8);
	return set;
}

// take takes a pending signal of a set: its number, or -1.
static int take(unsigned long set, siginfo_t *info)
{
	struct timespec now = {0, 0};
	return syscall(SYS_rt_sigtimedwait, &set, info, &now, 8);
}

// sender says who a pid is.
static const char *who(pid_t pid)
{
	return pid == 0 ? "nobody" : pid == getpid() ? "me" : pid == getppid() ? "parent" : pid == 1 ? "init" : "other";
}

// about prints what every siginfo has that a process has sent.
static void about(const char *name, const siginfo_t *i)
{
	say(name, "signal %d errno %d code %d pid %s uid %d value %lx", i->si_signo, i->si_errno, i->si_code, who(i->si_pid),
		i->si_uid, (long)i->si_value.sival_ptr);
}

// sleeper returns a child that only waits for signals, and does wait.
static pid_t sleeper(void)
{
	pid_t pid = fork();
	if (pid == 0)
		for (;;)
			pause();
	await(pid, 'S');
	return pid;
}

// change prints what waitid tells of a child: once, or again with WNOWAIT.
static void change(const char *name, pid_t pid, int options)
{
	siginfo_t i = {0};
	if (waitid(P_PID, pid, &i, options) < 0)
		result(name, -1);
	else
		say(name, "signal %d code %d status %d pid %d uid %d", i.si_signo, i.si_code, i.si_status, i.si_pid == pid, i.si_uid);
}

#endif
