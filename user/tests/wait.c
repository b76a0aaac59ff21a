// wait4(2), waitid(2), and how processes end and are inherited.
#include "check.h"

#include <sys/prctl.h>
#include <sys/resource.h>

static pid_t child_that(int code)
{
	pid_t pid = fork();
	if (pid == 0)
		_exit(code);
	return pid;
}

static void no_children(void)
{
	int s;
	siginfo_t info;
	result("wait without children", waitpid(-1, &s, 0));
	result("wait for init", waitpid(1, &s, 0));
	result("wait for oneself", waitpid(getpid(), &s, 0));
	result("wait for group INT_MIN", waitpid(INT_MIN, &s, 0));
	result("wait options", waitpid(-1, &s, 0x40));
	result("waitid no options", waitid(P_ALL, 0, &info, 0));
	result("waitid unknown option", waitid(P_ALL, 0, &info, WEXITED | 0x40));
	result("waitid unknown idtype", waitid(9, 0, &info, WEXITED));
	result("waitid P_PID 0", waitid(P_PID, 0, &info, WEXITED));
	result("waitid P_PGID -1", waitid(P_PGID, -1, &info, WEXITED));
	result("waitid P_PIDFD bad", waitid(3, 99, &info, WEXITED));
	result("waitid P_PIDFD no pidfd", waitid(3, 1, &info, WEXITED));
	result("waitid nobody", waitid(P_ALL, 0, &info, WEXITED | WNOHANG));
}

static void exits(void)
{
	int s;
	siginfo_t info;
	struct rusage usage;
	reap("exit 0", child_that(0));
	reap("exit 255", child_that(255));
	reap("exit 256", child_that(256));
	pid_t pid = fork();
	if (pid == 0)
		kill(getpid(), SIGKILL);
	reap("SIGKILL", pid);
	pid = fork();
	if (pid == 0)
		for (;;)
			pause();
	result("WNOHANG of the living", waitpid(pid, &s, WNOHANG));
	memset(&info, 0x55, sizeof info);
	result("waitid WNOHANG of the living", waitid(P_PID, pid, &info, WEXITED | WNOHANG));
	say("waitid WNOHANG of the living info", "%d %d", info.si_signo, info.si_pid);
	kill(pid, SIGTERM);
	result("waitid WNOWAIT", waitid(P_PID, pid, &info, WEXITED | WNOWAIT));
	say("waitid WNOWAIT info", "%d %d %d %d %d", info.si_signo, info.si_code, info.si_status,
		info.si_pid == pid, info.si_uid);
	result("wait4 with usage", wait4(pid, &s, 0, &usage) == pid);
	status("wait4 with usage", s);
	result("wait4 again", wait4(pid, &s, 0, &usage));
	pid = child_that(3);
	result("waitid with a bad address", waitid(P_PID, pid, (siginfo_t *)8, WEXITED));
	result("after a bad address", waitpid(pid, &s, 0));
	pid = child_that(3);
	result("wait4 with a bad address", waitpid(pid, (int *)8, 0));
	result("after wait4 with a bad address", waitpid(pid, &s, 0));
}

static void stops(void)
{
	int s;
	siginfo_t info;
	pid_t pid = fork();
	if (pid == 0)
		for (;;)
			pause();
	kill(pid, SIGSTOP);
	result("WUNTRACED", waitpid(pid, &s, WUNTRACED) == pid);
	status("WUNTRACED", s);
	result("a stop is reported once", waitpid(pid, &s, WUNTRACED | WNOHANG));
	result("waitid WSTOPPED again", waitid(P_PID, pid, &info, WSTOPPED | WNOHANG));
	kill(pid, SIGCONT);
	result("WCONTINUED", waitpid(pid, &s, WCONTINUED) == pid);
	status("WCONTINUED", s);
	kill(pid, SIGSTOP);
	result("waitid WSTOPPED", waitid(P_PID, pid, &info, WSTOPPED));
	say("waitid WSTOPPED info", "%d %d %d", info.si_signo, info.si_code, info.si_status);
	kill(pid, SIGCONT);
	result("waitid WCONTINUED", waitid(P_PID, pid, &info, WCONTINUED));
	say("waitid WCONTINUED info", "%d %d %d", info.si_signo, info.si_code, info.si_status);
	kill(pid, SIGSTOP);
	kill(pid, SIGKILL);
	reap("SIGKILL of the stopped", pid);
}

static void groups(void)
{
	int s;
	int fds[2];
	pipe(fds);
	pid_t pid = fork();
	if (pid == 0) {
		char c;
		close(fds[1]);
		read(fds[0], &c, 1);
		_exit(4);
	}
	result("setpgid", setpgid(pid, pid));
	result("wait for our group", waitpid(0, &s, WNOHANG));
	result("wait for its group", waitpid(-pid, &s, WNOHANG));
	close(fds[1]);
	close(fds[0]);
	result("its group ended", waitpid(-pid, &s, 0) == pid);
	status("its group ended", s);
}

static void ignored_children(void)
{
	int s;
	signal(SIGCHLD, SIG_IGN);
	child_that(0);
	result("SIGCHLD ignored", waitpid(-1, &s, 0));
	signal(SIGCHLD, SIG_DFL);
	struct sigaction sa = {.sa_handler = SIG_DFL, .sa_flags = SA_NOCLDWAIT};
	sigaction(SIGCHLD, &sa, 0);
	child_that(0);
	result("SA_NOCLDWAIT", waitpid(-1, &s, 0));
	signal(SIGCHLD, SIG_DFL);
}

static void subreaper(void)
{
	int fds[2], s;
	pid_t grandchild;
	pipe(fds);
	result("PR_SET_CHILD_SUBREAPER", prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0));
	pid_t pid = fork();
	if (pid == 0) {
		pid_t parent = getpid();
		grandchild = fork();
		if (grandchild == 0) {
			while (getppid() == parent)
				usleep(1000);
			_exit(6);
		}
		write(fds[1], &grandchild, sizeof grandchild);
		_exit(5);
	}
	reap("child of a subreaper", pid);
	read(fds[0], &grandchild, sizeof grandchild);
	result("grandchild is ours", waitpid(grandchild, &s, 0) == grandchild);
	status("grandchild", s);
	prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
	close(fds[0]);
	close(fds[1]);
}

static void on_signal(int sig) { (void)sig; }

static void parent_death(void)
{
	int fds[2];
	char c = 0;
	pipe(fds);
	pid_t pid = fork();
	if (pid == 0) {
		if (fork() == 0) {
			struct sigaction sa = {.sa_handler = on_signal};
			sigaction(SIGUSR1, &sa, 0);
			sigset_t set, old;
			sigemptyset(&set);
			sigaddset(&set, SIGUSR1);
			sigprocmask(SIG_BLOCK, &set, &old);
			prctl(PR_SET_PDEATHSIG, SIGUSR1, 0, 0, 0);
			write(fds[1], "r", 1);
			int sig = sigtimedwait(&set, 0, &(struct timespec){10, 0});
			c = sig == SIGUSR1 ? 'y' : 'n';
			write(fds[1], &c, 1);
			_exit(0);
		}
		read(fds[0], &c, 1);
		_exit(0);
	}
	reap("parent that dies", pid);
	read(fds[0], &c, 1);
	say("PR_SET_PDEATHSIG", "%c", c);
	close(fds[0]);
	close(fds[1]);
}

static void exit_group_of_threads(void)
{
	static char stack[16384] __attribute__((aligned(16)));
	pid_t pid = fork();
	if (pid == 0) {
		// The first thread ends alone; the process is what its last thread says.
		if (clone((int (*)(void *))(void *)sleep, stack + sizeof stack,
			    CLONE_VM | CLONE_SIGHAND | CLONE_THREAD | CLONE_FS | CLONE_FILES, (void *)1) < 0)
			_exit(1);
		syscall(SYS_exit, 33);
	}
	int s;
	usleep(100000);
	result("leader exited, thread lives", waitpid(pid, &s, WNOHANG));
	reap("leader exited, thread ended", pid);
	pid = fork();
	if (pid == 0) {
		clone((int (*)(void *))(void *)sleep, stack + sizeof stack,
			CLONE_VM | CLONE_SIGHAND | CLONE_THREAD | CLONE_FS | CLONE_FILES, (void *)1000);
		syscall(SYS_exit_group, 34);
	}
	reap("exit_group ends threads", pid);
}

void test_wait(void)
{
	no_children();
	exits();
	stops();
	groups();
	ignored_children();
	subreaper();
	parent_death();
	exit_group_of_threads();
}
