// Corner cases of the process calls: arguments that make no sense, capabilities,
// scheduling attributes, pidfds, orphans, threads that wait.
#include "check.h"

#include <linux/capability.h>
#include <poll.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/times.h>

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

struct sched_attr_ {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
	uint32_t util_min, util_max, more;
};

static long setattr(struct sched_attr_ *a) { return syscall(SYS_sched_setattr, 0, a, 0); }

static void attributes(void)
{
	struct sched_attr_ a = {48}, got;
	memset(&got, 0, sizeof got);
	CHILD("sched_setattr nice", a.nice = 7; result("set", setattr(&a));
		result("get", syscall(SYS_sched_getattr, 0, &got, 48, 0)); say("attr", "%u %u %llu %d %u", got.size, got.policy, (long long)got.flags, got.nice, got.priority));
	CHILD("sched_setattr rr", a.policy = 2; a.priority = 9; a.flags = 1; result("set", setattr(&a));
		result("policy", syscall(SYS_sched_getscheduler, 0));
		struct timespec ts; result("interval", syscall(SYS_sched_rr_get_interval, 0, &ts)); say("interval", "%ld.%09ld", (long)ts.tv_sec, ts.tv_nsec);
		a.flags = 0; result("unset reset-on-fork", setattr(&a)));
	CHILD("reset on fork", a.policy = 1; a.priority = 5; a.flags = 1; setattr(&a);
		CHILD("its child", result("policy", syscall(SYS_sched_getscheduler, 0))));
	CHILD("fifo is inherited", a.flags = 0; a.policy = 1; a.priority = 5; setattr(&a);
		CHILD("its child", result("policy", syscall(SYS_sched_getscheduler, 0))));
	CHILD("sizes", a = (struct sched_attr_){47}; result("47", setattr(&a)); say("told", "%u", a.size);
		a.size = 0; result("0", setattr(&a)); a.size = 60; result("60", setattr(&a)); a.size = 60; a.more = 1; result("60 not zero", setattr(&a));
		a.size = 5000; result("5000", setattr(&a)); result("null", setattr(0)); a = (struct sched_attr_){48};
		result("flags", syscall(SYS_sched_setattr, 0, &a, 1)); result("pid", syscall(SYS_sched_setattr, -1, &a, 0)); result("nobody", syscall(SYS_sched_setattr, 29999, &a, 0));
		a.policy = 4; result("no policy", setattr(&a)); a.policy = -1; result("negative policy", setattr(&a)); a.policy = 0; a.priority = 1; result("fair with priority", setattr(&a));
		a.priority = 0; a.flags = 1ull << 40; result("unknown flag", setattr(&a)); a.flags = 8; a.policy = 99; result("keep policy", setattr(&a));
		result("get short", syscall(SYS_sched_getattr, 0, &got, 47, 0)); result("get long", syscall(SYS_sched_getattr, 0, &got, 4097, 0));
		result("get flags", syscall(SYS_sched_getattr, 0, &got, 48, 1)); result("get null", syscall(SYS_sched_getattr, 0, 0, 48, 0)));
	CHILD("unprivileged", setuid(1000); struct sched_param p = {1};
		result("fifo", syscall(SYS_sched_setscheduler, 0, 1, &p)); p.sched_priority = 0; result("batch", syscall(SYS_sched_setscheduler, 0, 3, &p));
		result("idle", syscall(SYS_sched_setscheduler, 0, 5, &p)); result("and back", syscall(SYS_sched_setscheduler, 0, 0, &p));
		result("init", syscall(SYS_sched_setscheduler, getppid(), 0, &p)); result("nice", setpriority(PRIO_PROCESS, 0, -1)); result("nice of init", setpriority(PRIO_PROCESS, getppid(), 5)));
	CHILD("rtprio limit", struct rlimit r = {5, 5}; setrlimit(RLIMIT_RTPRIO, &r); setuid(1000); struct sched_param p = {6};
		result("above", syscall(SYS_sched_setscheduler, 0, 1, &p)); p.sched_priority = 5; result("at", syscall(SYS_sched_setscheduler, 0, 1, &p)));
	CHILD("nice limit", struct rlimit r = {25, 25}; setrlimit(RLIMIT_NICE, &r); setuid(1000);
		result("-6", setpriority(PRIO_PROCESS, 0, -6)); result("-5", setpriority(PRIO_PROCESS, 0, -5)));
	result("priority max", syscall(SYS_sched_get_priority_max, 1));
	result("priority min", syscall(SYS_sched_get_priority_min, 2));
	result("priority max other", syscall(SYS_sched_get_priority_max, 0));
	result("priority max deadline", syscall(SYS_sched_get_priority_max, 6));
	result("priority max unknown", syscall(SYS_sched_get_priority_max, 7));
	result("priority of nobody's group", setpriority(PRIO_PGRP, 29999, 0));
	result("priority of no user", setpriority(PRIO_USER, 29999, 0));
}

static long caps(int op, uint32_t version, int pid, struct __user_cap_data_struct *d)
{
	struct __user_cap_header_struct h = {version, pid};
	long r = syscall(op, &h, d);
	if (h.version != version)
		say("version", "%#x", h.version);
	return r;
}

static void capabilities(void)
{
	struct __user_cap_data_struct d[2] = {0};
	result("capget", caps(SYS_capget, _LINUX_CAPABILITY_VERSION_3, 0, d));
	say("caps", "%#x %#x %#x %#x", d[0].effective, d[1].effective, d[0].permitted, d[0].inheritable);
	result("capget version 1", caps(SYS_capget, _LINUX_CAPABILITY_VERSION_1, 0, d));
	result("capget version 0", caps(SYS_capget, 0, 0, d));
	result("capget for the version", caps(SYS_capget, 0, 0, 0));
	result("capget of nobody", caps(SYS_capget, _LINUX_CAPABILITY_VERSION_3, 29999, d));
	result("capget of -1", caps(SYS_capget, _LINUX_CAPABILITY_VERSION_3, -1, d));
	result("capset of another", caps(SYS_capset, _LINUX_CAPABILITY_VERSION_3, 1, d));
	CHILD("capset", d[0] = (struct __user_cap_data_struct){0x21, 0x21, 0x20}; d[1] = (struct __user_cap_data_struct){0};
		result("drop", caps(SYS_capset, _LINUX_CAPABILITY_VERSION_3, 0, d));
		result("use what is left", syscall(SYS_setuid, 5)); result("use what is gone", syscall(SYS_setgid, 5));
		d[0].permitted = 0x23; result("gain", caps(SYS_capset, _LINUX_CAPABILITY_VERSION_3, 0, d));
		result("ambient raise", prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, 5, 0, 0)); result("ambient raise another", prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, 0, 0, 0));
		result("ambient is set", prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, 5, 0, 0)));
	CHILD("keep caps", prctl(PR_SET_KEEPCAPS, 1); setuid(1000); caps(SYS_capget, _LINUX_CAPABILITY_VERSION_3, 0, d);
		say("caps", "%#x %#x", d[0].effective, d[0].permitted));
	CHILD("effective user", setresuid(-1, 1000, -1); caps(SYS_capget, _LINUX_CAPABILITY_VERSION_3, 0, d); say("without", "%#x %#x", d[0].effective, d[0].permitted);
		setresuid(-1, 0, -1); caps(SYS_capget, _LINUX_CAPABILITY_VERSION_3, 0, d); say("again", "%#x", d[0].effective));
	CHILD("fsuid", setfsuid(1000); caps(SYS_capget, _LINUX_CAPABILITY_VERSION_3, 0, d); say("without", "%#x", d[0].effective);
		setfsuid(0); caps(SYS_capget, _LINUX_CAPABILITY_VERSION_3, 0, d); say("again", "%#x", d[0].effective));
	CHILD("securebits", result("get", prctl(PR_GET_SECUREBITS)); result("lock", prctl(PR_SET_SECUREBITS, 0x2f)); result("unlock", prctl(PR_SET_SECUREBITS, 0)); result("unknown", prctl(PR_SET_SECUREBITS, 0x12f)));
}

static void waits(void)
{
	siginfo_t i;
	int s;
	result("wait4 unknown option", syscall(SYS_wait4, -1, &s, 0x10, 0));
	result("wait4 WEXITED", syscall(SYS_wait4, -1, &s, WEXITED, 0));
	result("wait4 int min", syscall(SYS_wait4, 0x80000000, &s, 0, 0));
	memset(&i, 0x55, sizeof i);
	result("waitid nothing", syscall(SYS_waitid, P_ALL, 0, &i, WNOHANG, 0));
	result("waitid unknown option", syscall(SYS_waitid, P_ALL, 0, &i, WEXITED | 0x10, 0));
	result("waitid no child", syscall(SYS_waitid, P_ALL, 0, &i, WEXITED, 0));
	say("siginfo", "%d %d %d %d", i.si_signo, i.si_code, i.si_pid, i.si_status);
	result("waitid pid 0", syscall(SYS_waitid, P_PID, 0, &i, WEXITED, 0));
	result("waitid group -1", syscall(SYS_waitid, P_PGID, -1, &i, WEXITED, 0));
	result("waitid unknown type", syscall(SYS_waitid, 9, 0, &i, WEXITED, 0));
	result("waitid no fd", syscall(SYS_waitid, P_PIDFD, 99, &i, WEXITED, 0));
	result("waitid fd -1", syscall(SYS_waitid, P_PIDFD, -1, &i, WEXITED, 0));
	result("waitid no pidfd", syscall(SYS_waitid, P_PIDFD, 1, &i, WEXITED, 0));
	pid_t pid = fork();
	if (pid == 0)
		_exit(7);
	usleep(20000);
	result("waitid bad address", syscall(SYS_waitid, P_PID, pid, 8, WEXITED | WNOWAIT, 0));
	result("waitid bad usage", syscall(SYS_waitid, P_PID, pid, 0, WEXITED | WNOWAIT, 8));
	result("waitid WNOWAIT", syscall(SYS_waitid, P_PID, pid, &i, WEXITED | WNOWAIT, 0));
	result("wait4 bad address", syscall(SYS_wait4, pid, 8, 0, 0));
	result("it is gone", syscall(SYS_wait4, pid, &s, 0, 0));
}

static void pidfds(void)
{
	int fds[2];
	result("pidfd_open 0", syscall(SYS_pidfd_open, 0, 0));
	result("pidfd_open flags", syscall(SYS_pidfd_open, getpid(), 1));
	result("pidfd_open nobody", syscall(SYS_pidfd_open, 29999, 0));
	int self = syscall(SYS_pidfd_open, getpid(), O_NONBLOCK);
	say("cloexec", "%d", fcntl(self, F_GETFD));
	say("flags", "%d", (fcntl(self, F_GETFL) & O_NONBLOCK) != 0);
	result("read", read(self, fds, 4));
	result("write", write(self, fds, 4));
	result("signal 0", syscall(SYS_pidfd_send_signal, self, 0, 0, 0));
	result("signal 99", syscall(SYS_pidfd_send_signal, self, 99, 0, 0));
	result("signal flags", syscall(SYS_pidfd_send_signal, self, 0, 0, 1));
	result("signal by stdout", syscall(SYS_pidfd_send_signal, 1, 0, 0, 0));
	result("signal by nothing", syscall(SYS_pidfd_send_signal, 99, 0, 0, 0));
	char thread[60];
	snprintf(thread, sizeof thread, "/proc/self/task/%d", getpid());
	struct { const char *name, *path; int flags; } directories[] = {
		{"a process", "/proc/self", O_DIRECTORY}, {"a process, O_PATH", "/proc/self", O_PATH}, {"a thread", thread, O_DIRECTORY},
		{"all", "/proc", O_DIRECTORY}, {"another", "/", O_DIRECTORY}, {"a file", "/proc/self/stat", 0},
	};
	for (int n = 0; n < 6; n++) {
		char name[60];
		int dir = open(directories[n].path, directories[n].flags);
		snprintf(name, sizeof name, "signal by the directory of %s", directories[n].name);
		result(name, syscall(SYS_pidfd_send_signal, dir, 0, 0, 0));
		snprintf(name, sizeof name, "getfd by the directory of %s", directories[n].name);
		result(name, syscall(SYS_pidfd_getfd, dir, 1, 0));
		close(dir);
	}
	siginfo_t i;
	memset(&i, 0, sizeof i);
	i.si_signo = 10;
	result("siginfo of another signal", syscall(SYS_pidfd_send_signal, self, 12, &i, 0));
	CHILD("siginfo of the kernel", result("to the parent", syscall(SYS_pidfd_send_signal, self, 10, &i, 0)));
	result("getfd flags", syscall(SYS_pidfd_getfd, self, 1, 1));
	result("getfd nothing", syscall(SYS_pidfd_getfd, self, 99, 0));
	result("getfd of stdout", syscall(SYS_pidfd_getfd, 1, 1, 0));
	int out = syscall(SYS_pidfd_getfd, self, 1, 0);
	say("getfd", "%d %d", out >= 0, fcntl(out, F_GETFD));
	close(out);
	CHILD("getfd unprivileged", setuid(1000); result("of root", syscall(SYS_pidfd_getfd, self, 1, 0)));
	pid_t pid = fork();
	if (pid == 0)
		for (;;)
			pause();
	int fd = syscall(SYS_pidfd_open, pid, O_NONBLOCK);
	snprintf(thread, sizeof thread, "/proc/%d", pid);
	int dir = open(thread, O_DIRECTORY);
	result("waitid of the living", syscall(SYS_waitid, P_PIDFD, fd, &i, WEXITED, 0));
	result("kill", syscall(SYS_pidfd_send_signal, fd, SIGKILL, 0, 0));
	struct pollfd p = {fd, POLLIN, 0};
	result("poll", poll(&p, 1, 5000));
	result("waitid of the dead", syscall(SYS_waitid, P_PIDFD, fd, &i, WEXITED, 0));
	say("siginfo", "%d %d", i.si_code, i.si_status);
	result("poll once reaped", poll(&p, 1, 0));
	result("signal by the directory of the reaped", syscall(SYS_pidfd_send_signal, dir, 0, 0, 0));
	close(dir);
	result("getfd of the reaped", syscall(SYS_pidfd_getfd, fd, 1, 0));
	close(fd);
	close(self);
}

static void unshares(void)
{
	result("unshare nothing", syscall(SYS_unshare, 0));
	result("unshare files", syscall(SYS_unshare, CLONE_FILES | CLONE_FS | CLONE_SYSVSEM));
	result("unshare unknown", syscall(SYS_unshare, CLONE_PTRACE));
	result("unshare thread", syscall(SYS_unshare, CLONE_THREAD | CLONE_VM | CLONE_SIGHAND));
	result("setns nothing", syscall(SYS_setns, 99, 0));
	result("setns stdout", syscall(SYS_setns, 1, 0));
}

static int ends[2];
static pid_t child_of_main;

static void *waiter(void *how)
{
	int s;
	result(how ? "another thread's child, __WNOTHREAD" : "another thread's child",
		syscall(SYS_wait4, child_of_main, &s, how ? __WNOTHREAD : 0, 0) == child_of_main ? 0 : -1);
	return 0;
}

static void *forker(void *unused)
{
	child_of_main = fork();
	if (child_of_main == 0)
		_exit(3);
	return 0;
}

static void threads(void)
{
	pthread_t t;
	int s;
	child_of_main = fork();
	if (child_of_main == 0)
		_exit(1);
	pthread_create(&t, 0, waiter, (void *)1);
	pthread_join(t, 0);
	pthread_create(&t, 0, waiter, 0);
	pthread_join(t, 0);
	pthread_create(&t, 0, forker, 0);
	pthread_join(t, 0);
	result("a dead thread's child", waitpid(child_of_main, &s, 0) == child_of_main);
	CHILD("setuid of one thread", result("set", syscall(SYS_setresuid, 5, 5, 5)); result("group", setpgid(0, 0)));
}

static void stopped_orphans(void)
{
	pipe(ends);
	pid_t parent = fork();
	if (parent == 0) {
		setsid();
		pid_t job = fork();
		if (job == 0) {
			setpgid(0, 0);
			signal(SIGHUP, SIG_DFL);
			raise(SIGSTOP);
			pause();
		}
		int s;
		waitpid(job, &s, WUNTRACED);
		status("job", s);
		prctl(PR_SET_CHILD_SUBREAPER, 0);
		write(ends[1], &job, sizeof job);
		_exit(0);
	}
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	pid_t job;
	read(ends[0], &job, sizeof job);
	reap("its parent", parent);
	reap("the orphaned job", job);
	prctl(PR_SET_CHILD_SUBREAPER, 0);
}

static void *victim(void *unused)
{
	for (;;)
		pause();
}

static void vfork_killed(void)
{
	pid_t parent = fork();
	if (parent == 0) {
		if (vfork() == 0) {
			usleep(300000);
			_exit(0);
		}
		_exit(1);
	}
	usleep(50000);
	kill(parent, SIGKILL);
	reap("parent killed in vfork", parent);
	CHILD("killed with threads", pthread_t t; pthread_create(&t, 0, victim, 0); pthread_create(&t, 0, victim, 0); kill(getpid(), SIGTERM); pause());
}

static double seconds(struct timeval t) { return t.tv_sec + t.tv_usec / 1e6; }

// spin uses CPU time in user mode or in the kernel and tells where it was counted:
// by getrusage and times of its own, and by wait4. Where there is little CPU to have,
// most of the time passes between two ticks, and an emulator likes to deliver ticks at
// the border of user mode: so a round stays on its side for long, and there are many.
static void spin(const char *name, int in_kernel)
{
	int fd = open("/dev/zero", O_RDONLY);
	const size_t size = 16 << 20; // mapped: cores of the other tests are to be small
	char *buffer = mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pid_t pid = fork();
	if (pid == 0) {
		struct rusage r;
		struct tms t;
		volatile unsigned n;
		int rounds = 0;
		do {
			if (in_kernel && read(fd, buffer, size) != size)
				_exit(1);
			for (n = 0; !in_kernel && n < 1000000; n++)
				;
			getrusage(RUSAGE_SELF, &r);
		} while (++rounds < 60 || seconds(r.ru_utime) + seconds(r.ru_stime) < 0.5);
		times(&t);
		say(name, "self %d times %d", seconds(r.ru_utime) > seconds(r.ru_stime), t.tms_utime > t.tms_stime);
		_exit(0);
	}
	struct rusage r;
	wait4(pid, 0, 0, &r);
	munmap(buffer, size);
	say(name, "waited for %d", seconds(r.ru_utime) > seconds(r.ru_stime));
	close(fd);
}

static struct rusage used(int who)
{
	struct rusage r;
	getrusage(who, &r);
	return r;
}

// touch_pages writes to n new pages, which it gives back if asked to.
static void touch_pages(int n, int back)
{
	char *p = mmap(0, n * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (int i = 0; i < n; i++)
		p[i * 4096] = 1;
	if (back)
		munmap(p, n * 4096);
}

static void *uses(void *unused)
{
	struct rusage before = used(RUSAGE_THREAD), after;
	touch_pages(100, 1);
	after = used(RUSAGE_THREAD);
	say("faults of a thread", "%d", after.ru_minflt - before.ru_minflt >= 100);
	return 0;
}

// usages prints what getrusage(2) tells of faults, memory and switches.
static void usages(void)
{
	pthread_t t;
	struct rusage before, after, child;
	result("whose", getrusage(7, &before));
	result("where", getrusage(RUSAGE_SELF, (void *)8));
	CHILD("fresh", before = used(RUSAGE_CHILDREN);
		say("children of a child", "%ld %ld %ld %ld", before.ru_maxrss, before.ru_minflt, before.ru_nvcsw, before.ru_nivcsw));
	before = used(RUSAGE_SELF);
	touch_pages(500, 1);
	after = used(RUSAGE_SELF);
	say("faults", "%d %d major %ld", after.ru_minflt - before.ru_minflt >= 500, after.ru_minflt - before.ru_minflt < 1000,
		after.ru_majflt - before.ru_majflt);
	touch_pages(4096, 1);
	say("most memory", "%d", used(RUSAGE_SELF).ru_maxrss >= 16384);
	before = used(RUSAGE_SELF);
	for (int i = 0; i < 100; i++) // the time may be over before it sleeps
		usleep(1000);
	after = used(RUSAGE_SELF);
	say("voluntary switches", "%d", after.ru_nvcsw - before.ru_nvcsw >= 10);
	pid_t pid = fork();
	if (pid == 0) {
		touch_pages(8192, 0);
		_exit(0);
	}
	wait4(pid, 0, 0, &child);
	say("a child", "%d %d", child.ru_maxrss >= 32768, child.ru_minflt >= 8192);
	after = used(RUSAGE_CHILDREN);
	say("all children", "%d %d", after.ru_maxrss >= child.ru_maxrss, after.ru_minflt >= child.ru_minflt);
	pthread_create(&t, 0, uses, 0);
	pthread_join(t, 0);
	pid = fork();
	if (pid == 0) {
		cpu_set_t one;
		CPU_ZERO(&one);
		CPU_SET(0, &one);
		sched_setaffinity(0, sizeof one, &one);
		pid_t other = fork();
		while (other == 0)
			;
		while (used(RUSAGE_SELF).ru_nivcsw < 3)
			;
		kill(other, SIGKILL);
		_exit(0);
	}
	wait4(pid, 0, 0, &child);
	say("involuntary switches", "%d", child.ru_nivcsw >= 3);
}

static void cpu_times(void)
{
	spin("time in the kernel", 1);
	spin("time in user mode", 0);
}

void test_process(void)
{
	attributes();
	capabilities();
	waits();
	pidfds();
	unshares();
	threads();
	stopped_orphans();
	vfork_killed();
	usages();
	cpu_times();
}
