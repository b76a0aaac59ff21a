// Credentials, sessions, process groups, limits, scheduling attributes.
#include "check.h"

#include <grp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/utsname.h>

static void uids(const char *name)
{
	uid_t r, e, s;
	syscall(SYS_getresuid, &r, &e, &s);
	say(name, "%u %u %u", r, e, s);
}

static void users(void)
{
	CHILD("setuid", result("setuid 1000", syscall(SYS_setuid, 1000)); uids("setuid 1000");
		result("setuid 0 again", syscall(SYS_setuid, 0)); result("setuid -1", syscall(SYS_setuid, -1)));
	CHILD("setresuid", result("setresuid", syscall(SYS_setresuid, 1, 2, 3)); uids("setresuid");
		result("setresuid to the saved", syscall(SYS_setresuid, -1, 3, -1)); uids("to the saved");
		result("setresuid to another", syscall(SYS_setresuid, 4, -1, -1)));
	CHILD("setreuid", result("setreuid", syscall(SYS_setreuid, -1, 1000)); uids("setreuid");
		result("back to 0", syscall(SYS_setreuid, -1, 0)); uids("back"));
	CHILD("setfsuid", result("setfsuid", syscall(SYS_setfsuid, 5)); result("setfsuid old", syscall(SYS_setfsuid, -1)));
	CHILD("setgroups", gid_t g[3] = {3, 1, 2}; result("setgroups", syscall(SYS_setgroups, 3, g));
		result("getgroups size", syscall(SYS_getgroups, 0, 0)); result("getgroups short", syscall(SYS_getgroups, 2, g));
		result("getgroups", syscall(SYS_getgroups, 3, g)); say("groups", "%d %d %d", g[0], g[1], g[2]);
		result("setgroups too many", syscall(SYS_setgroups, 65537, g)));
	CHILD("no_new_privs", result("set", prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)); result("get", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
		result("unset", prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0)); result("with more", prctl(PR_SET_NO_NEW_PRIVS, 1, 1, 0, 0)));
	CHILD("keepcaps", result("dumpable", prctl(PR_GET_DUMPABLE)); result("keepcaps", prctl(PR_SET_KEEPCAPS, 1)); syscall(SYS_setuid, 1000);
		result("dumpable after setuid", prctl(PR_GET_DUMPABLE)); result("cap bounding", prctl(PR_CAPBSET_READ, 0));
		result("cap bounding 63", prctl(PR_CAPBSET_READ, 63)); result("drop unprivileged", prctl(PR_CAPBSET_DROP, 0)));
	CHILD("prctl", result("unknown", prctl(9999)); result("pdeathsig 65", prctl(PR_SET_PDEATHSIG, 65)); result("timerslack", prctl(PR_GET_TIMERSLACK)));
}

// stat_ids prints process group, session, terminal and foreground group of
// /proc/PID/stat.
static void stat_ids(const char *name, pid_t pid)
{
	char path[40], text[400], *p;
	int pgrp = -2, sid = -2, tty = -2, tpgid = -2;
	snprintf(path, sizeof path, "/proc/%d/stat", pid);
	int fd = open(path, O_RDONLY);
	int n = read(fd, text, sizeof text - 1);
	close(fd);
	text[n < 0 ? 0 : n] = 0;
	if ((p = strrchr(text, ')')))
		sscanf(p + 1, " %*c %*d %d %d %d %d", &pgrp, &sid, &tty, &tpgid);
	say(name, "group %d session %d terminal %d foreground %d", pgrp, sid, tty, tpgid);
}

// unlike are options of prctl(2) that depend on the processor or on what a kernel was
// built with: EINVAL if it lacks them. 25, 26 the time stamp counter,
// 31, 32 perf events, 50 to 56 vectors, speculation, pointer authentication, 59 system
// calls of others, 60 and more.
static int unlike(int option)
{
	return option == 25 || option == 26 || option == 31 || option == 32 ||
		option >= 50 && option <= 56 || option >= 59;
}

// options tries the options of prctl(2) with arguments that are 0 and 1.
static void options(void)
{
	char name[40];
	int word;
	for (int option = 0; option < 62; option++)
		for (int one = 0; one < 4 && !unlike(option); one++) {
			pid_t pid = fork();
			if (pid == 0) {
				snprintf(name, sizeof name, "prctl %d, %d %d", option, one & 1, one >> 1);
				result(name, prctl(option, one & 1, one >> 1, 0, 0));
				_exit(0);
			}
			waitpid(pid, 0, 0);
		}
	CHILD("kept options", result("MCE early", prctl(33, 1, 1, 0, 0)); result("MCE", prctl(34, 0, 0, 0, 0)); prctl(41, 1, 0, 0, 0); prctl(57, 1, 0, 0, 0);
		CHILD("inherited options", result("MCE", prctl(34, 0, 0, 0, 0)); result("THP", prctl(42, 0, 0, 0, 0)); result("flusher", prctl(58, 0, 0, 0, 0));
			result("MCE late", prctl(33, 1, 0, 0, 0)); result("MCE", prctl(34, 0, 0, 0, 0)); result("MCE default", prctl(33, 1, 2, 0, 0)); result("MCE", prctl(34, 0, 0, 0, 0)));
		result("MCE unknown", prctl(33, 1, 3, 0, 0)); result("MCE clear", prctl(33, 0, 0, 0, 0)); result("MCE", prctl(34, 0, 0, 0, 0));
		result("set_tid_address", syscall(SYS_set_tid_address, &word) == getpid());
		long at = 0; result("its address", prctl(40, &at)); say("its address", "%d", at == (long)&word);
		setuid(1000); result("flusher unprivileged", prctl(58, 0, 0, 0, 0)); result("set it", prctl(57, 0, 0, 0, 0)));
}

static void sessions(void)
{
	CHILD("setsid", result("setsid", setsid() == getpid()); result("setsid again", setsid());
		result("group", getpgrp() == getpid()); result("session", getsid(0) == getpid());
		result("setpgid of a leader", setpgid(0, 0)));
	CHILD("setpgid", result("own", setpgid(0, 0)); result("negative", setpgid(0, -1));
		result("stranger", setpgid(1, 0)); result("no such group", setpgid(0, 29999)); result("no such process", setpgid(29999, 0)));
	result("group of init", getpgid(1));
	result("session of init", getsid(1));
	result("group of kthreadd", getpgid(2));
	result("session of kthreadd", getsid(2));
	stat_ids("init", 1);
	stat_ids("kthreadd", 2);
	result("own group", getpgrp());
	result("own session", getsid(0));
	CHILD("leave the group of init", result("setpgid", setpgid(0, 0)); result("group", getpgid(0) == getpid());
		result("session", getsid(0)); result("back to group 0", setpgid(0, 0)); result("to the group of init's number", setpgid(0, 1)));
	result("waitpid 0 without children", waitpid(0, 0, 0));
	CHILD("child in group 0", if (fork() == 0) _exit(7); int s = 0; waitpid(0, &s, 0); status("waitpid 0", s));
	result("getsid nobody", getsid(29999));
	result("getpgid nobody", getpgid(29999));
}

static void schedulers(void)
{
	struct sched_param p = {0};
	cpu_set_t set;
	CHILD("nice", result("getpriority", syscall(SYS_getpriority, PRIO_PROCESS, 0)); result("setpriority", setpriority(PRIO_PROCESS, 0, 5));
		result("getpriority 5", syscall(SYS_getpriority, PRIO_PROCESS, 0)); setpriority(PRIO_PROCESS, 0, 100);
		result("most", syscall(SYS_getpriority, PRIO_PROCESS, 0)); result("which", setpriority(9, 0, 0)); result("who", setpriority(PRIO_PROCESS, 29999, 0)));
	CHILD("fifo", p.sched_priority = 10; result("set", syscall(SYS_sched_setscheduler, 0, SCHED_FIFO, &p));
		result("get", syscall(SYS_sched_getscheduler, 0)); syscall(SYS_sched_getparam, 0, &p); say("param", "%d", p.sched_priority);
		p.sched_priority = 100; result("too high", syscall(SYS_sched_setscheduler, 0, SCHED_RR, &p));
		p.sched_priority = 0; result("rr 0", syscall(SYS_sched_setscheduler, 0, SCHED_RR, &p));
		result("other", syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, &p));
		result("unknown", syscall(SYS_sched_setscheduler, 0, 77, &p)); result("negative pid", syscall(SYS_sched_setscheduler, -1, 0, &p)));
	CHILD("reset on fork", p.sched_priority = 7; result("set", syscall(SYS_sched_setscheduler, 0, SCHED_FIFO | 0x40000000, &p));
		result("get", syscall(SYS_sched_getscheduler, 0)); CHILD("forked", result("inherited", syscall(SYS_sched_getscheduler, 0))));
	CHILD("unprivileged", syscall(SYS_setuid, 1000); p.sched_priority = 1; result("fifo", syscall(SYS_sched_setscheduler, 0, SCHED_FIFO, &p));
		result("nicer", setpriority(PRIO_PROCESS, 0, 3)); result("less nice", setpriority(PRIO_PROCESS, 0, 0)));
	result("priority max", syscall(SYS_sched_get_priority_max, SCHED_FIFO));
	result("priority min", syscall(SYS_sched_get_priority_min, SCHED_RR));
	result("priority of batch", syscall(SYS_sched_get_priority_max, SCHED_BATCH));
	result("priority unknown", syscall(SYS_sched_get_priority_max, 99));
	CPU_ZERO(&set);
	result("affinity of none", syscall(SYS_sched_setaffinity, 0, sizeof set, &set));
	CPU_SET(0, &set);
	result("affinity", syscall(SYS_sched_setaffinity, 0, sizeof set, &set));
	result("getaffinity short", syscall(SYS_sched_getaffinity, 0, 1, &set));
	result("getaffinity nobody", syscall(SYS_sched_getaffinity, 29999, sizeof set, &set));
	result("yield", syscall(SYS_sched_yield));
}

static long ioprio(int which, int who, int class, int level) { return syscall(SYS_ioprio_set, which, who, class << 13 | level); }
static long ioprio_of(int which, int who) { return syscall(SYS_ioprio_get, which, who); }

static int shares(void *unused)
{
	result("CLONE_IO, set by the child", ioprio(1, 0, 2, 1));
	return 0;
}

static void io_priorities(void)
{
	static char stack[1 << 16];
	CHILD("ioprio", setsid(); result("none", ioprio_of(1, 0)); result("of the group", ioprio_of(2, 0)); setpriority(PRIO_PROCESS, 0, 10);
		result("of the group, nice", ioprio_of(2, 0)); result("set", ioprio(1, 0, 2, 5)); result("get", ioprio_of(1, 0)); result("get by PID", ioprio_of(1, getpid()));
		CHILD("its child", result("inherited", ioprio_of(1, 0)); ioprio(1, 0, 2, 2); result("changed", ioprio_of(1, 0)));
		result("not changed", ioprio_of(1, 0));
		pid_t pid = clone(shares, stack + sizeof stack, CLONE_IO | SIGCHLD, 0); reap("CLONE_IO", pid); result("CLONE_IO, seen by the parent", ioprio_of(1, 0));
		CHILD("member of the group", ioprio(1, 0, 1, 3); result("best of the group", ioprio_of(2, 0)); result("set the group", ioprio(2, 0, 3, 0)); result("own then", ioprio_of(1, 0)));
		result("set by a member", ioprio_of(1, 0)); result("back to none", ioprio(1, 0, 0, 0)); CHILD("child of none", result("inherited", ioprio_of(1, 0))));
	result("level 8", ioprio(1, 0, 2, 8));
	result("get level 8", ioprio_of(1, 0));
	result("largest level", ioprio(1, 0, 2, 0x1fff));
	result("get largest level", ioprio_of(1, 0));
	result("level 16 realtime", ioprio(1, 0, 1, 16));
	result("get level 16", ioprio_of(1, 0));
	result("none with a level", ioprio(1, 0, 0, 1));
	result("idle with a level", ioprio(1, 0, 3, 9));
	result("unknown class", ioprio(1, 0, 4, 0));
	result("negative", syscall(SYS_ioprio_set, 1, 0, -1));
	result("unknown which", ioprio(9, 0, 2, 0));
	result("get unknown which", ioprio_of(0, 0));
	result("nobody", ioprio(1, 29999, 2, 0));
	result("get nobody", ioprio_of(1, 29999));
	result("no group", ioprio_of(2, 29999));
	result("no user", ioprio_of(3, 29999));
	result("no user to set", ioprio(3, 29999, 2, 1));
	CHILD("ioprio of a user", setuid(4321); result("set", ioprio(3, 4321, 2, 6)); result("get", ioprio_of(3, 4321)); result("realtime", ioprio(1, 0, 1, 0));
		result("idle", ioprio(1, 0, 3, 0)); result("of init", ioprio(1, 1, 2, 3)); result("get of init", ioprio_of(1, 1)));
}

static void limits(void)
{
	struct rlimit l;
	result("getrlimit 99", getrlimit(99, &l));
	l = (struct rlimit){20, 10};
	result("cur above max", setrlimit(RLIMIT_NOFILE, &l));
	CHILD("nofile", l.rlim_cur = 4; l.rlim_max = 10; result("set", setrlimit(RLIMIT_NOFILE, &l)); dup(1); result("dup", dup(1)); result("dup2", dup2(1, 5)));
	CHILD("nproc", l.rlim_cur = 0; l.rlim_max = 10; syscall(SYS_setuid, 1234); setrlimit(RLIMIT_NPROC, &l); result("fork", fork()));
	CHILD("raise", l.rlim_cur = l.rlim_max = 10; setrlimit(RLIMIT_CORE, &l); syscall(SYS_setuid, 1000); l.rlim_max = 11; result("max", setrlimit(RLIMIT_CORE, &l)));
	struct utsname u;
	uname(&u);
	say("uname", "%s %s", u.sysname, u.machine);
}

void test_ids(void)
{
	users();
	options();
	sessions();
	schedulers();
	io_priorities();
	limits();
}
