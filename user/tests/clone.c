// clone(2), fork(2), vfork(2): which flags go together, and what each does.
#include "check.h"

#include <linux/futex.h>
#include <poll.h>

static long raw_clone(unsigned long flags, void *stack, int *ptid, int *ctid, unsigned long tls)
{
#ifdef __x86_64__
	return syscall(SYS_clone, flags, stack, ptid, ctid, tls);
#else
	return syscall(SYS_clone, flags, stack, ptid, tls, ctid);
#endif
}

static const struct {
	const char *name;
	unsigned long flags;
} combinations[] = {
	{"none", 0},
	{"SIGHAND without VM", CLONE_SIGHAND},
	{"THREAD without SIGHAND", CLONE_THREAD},
	{"THREAD|SIGHAND without VM", CLONE_THREAD | CLONE_SIGHAND},
	{"NEWNS|FS", CLONE_NEWNS | CLONE_FS},
	{"NEWUSER|FS", CLONE_NEWUSER | CLONE_FS},
	{"PIDFD|DETACHED", CLONE_PIDFD | 0x00400000},
	{"PIDFD|PARENT_SETTID", CLONE_PIDFD | CLONE_PARENT_SETTID},
	{"DETACHED", 0x00400000},
	{"UNTRACED", CLONE_UNTRACED},
	{"IO", 0x80000000},
	{"SYSVSEM", CLONE_SYSVSEM},
	{"FS", CLONE_FS},
	{"FILES", CLONE_FILES},
	{"PTRACE", CLONE_PTRACE},
	{"THREAD|NEWPID", CLONE_THREAD | CLONE_SIGHAND | CLONE_VM | CLONE_NEWPID},
	{"THREAD|NEWUSER", CLONE_THREAD | CLONE_SIGHAND | CLONE_VM | CLONE_NEWUSER},
};

static void flag_rules(void)
{
	for (size_t i = 0; i < sizeof combinations / sizeof *combinations; i++) {
		char name[64];
		int word = 0;
		snprintf(name, sizeof name, "clone %s", combinations[i].name);
		long pid = raw_clone(combinations[i].flags | SIGCHLD, 0, &word, &word, 0);
		if (pid == 0)
			_exit(i);
		success(name, pid);
		if (pid > 0)
			reap(name, pid);
	}
}

static void set_tid_words(void)
{
	int ptid = -7, ctid = -8;
	int *shared = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	long pid = raw_clone(CLONE_PARENT_SETTID | SIGCHLD, 0, &ptid, &ctid, 0);
	if (pid == 0)
		_exit(ptid == getpid());
	say("PARENT_SETTID parent", "%d", ptid == pid);
	reap("PARENT_SETTID child saw it", pid);

	pid = raw_clone(CLONE_CHILD_SETTID | SIGCHLD, 0, &ptid, &ctid, 0);
	if (pid == 0)
		_exit(ctid == getpid());
	say("CHILD_SETTID parent's word", "%d", ctid);
	reap("CHILD_SETTID child saw it", pid);

	*shared = 1;
	pid = raw_clone(CLONE_CHILD_CLEARTID | SIGCHLD, 0, &ptid, shared, 0);
	if (pid == 0)
		_exit(0);
	reap("CHILD_CLEARTID", pid);
	// The last user of an mm leaves it without clearing the word.
	say("CHILD_CLEARTID of a process", "%d", *shared);

	errno = 0;
	pid = raw_clone(CLONE_PARENT_SETTID | SIGCHLD, 0, (int *)8, 0, 0);
	if (pid == 0)
		_exit(3);
	success("PARENT_SETTID to a bad address", pid);
	if (pid > 0)
		reap("PARENT_SETTID to a bad address", pid);
}

static volatile int thread_ran, thread_pid, thread_tid;
static char thread_stack[65536] __attribute__((aligned(16)));
static int thread_word;

static int thread_main(void *arg)
{
	(void)arg;
	thread_pid = syscall(SYS_getpid);
	thread_tid = syscall(SYS_gettid);
	thread_ran = 1;
	syscall(SYS_exit, 0);
	return 0;
}

static void threads(void)
{
	thread_word = 1;
	long tid = clone(thread_main, thread_stack + sizeof thread_stack,
		CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM |
			CLONE_CHILD_CLEARTID | CLONE_PARENT_SETTID,
		0, &thread_word, 0, &thread_word);
	success("thread", tid);
	int v;
	while ((v = __atomic_load_n(&thread_word, __ATOMIC_SEQ_CST)) != 0)
		syscall(SYS_futex, &thread_word, FUTEX_WAIT, v, 0, 0, 0);
	say("thread ran", "%d", thread_ran);
	say("thread's pid is the process's", "%d", thread_pid == getpid());
	say("thread's tid is its own", "%d", thread_tid == tid && tid != getpid());
	result("wait for a thread", waitpid(tid, 0, __WALL));
	// The word is cleared while the thread is still about to end.
	for (int i = 0; i < 1000 && syscall(SYS_tgkill, getpid(), tid, 0) == 0; i++)
		usleep(1000);
	result("exited thread is gone", syscall(SYS_tgkill, getpid(), tid, 0));
}

static int counter;

static int add_to_counter(void *arg)
{
	(void)arg;
	counter++;
	_exit(5);
}

static void shared_memory(void)
{
	pid_t pid = clone(add_to_counter, thread_stack + sizeof thread_stack, CLONE_VM | SIGCHLD, 0);
	reap("CLONE_VM", pid);
	say("CLONE_VM counter", "%d", counter);
	pid = clone(add_to_counter, thread_stack + sizeof thread_stack, CLONE_VM | CLONE_VFORK | SIGCHLD, 0);
	say("CLONE_VFORK counter at return", "%d", counter);
	reap("CLONE_VFORK", pid);
	pid = clone(add_to_counter, thread_stack + sizeof thread_stack, SIGCHLD, 0);
	reap("copied memory", pid);
	say("copied memory counter", "%d", counter);
}

static int close_7(void *arg)
{
	(void)arg;
	close(7);
	_exit(chdir("/tmp"));
}

static void shared_files(void)
{
	char cwd[64];
	chdir("/");
	dup2(1, 7);
	reap("CLONE_FILES", clone(close_7, thread_stack + sizeof thread_stack, CLONE_FILES | SIGCHLD, 0));
	result("CLONE_FILES closed it", fcntl(7, F_GETFD));
	say("without CLONE_FS", "%s", getcwd(cwd, sizeof cwd));
	dup2(1, 7);
	reap("CLONE_FS", clone(close_7, thread_stack + sizeof thread_stack, CLONE_FS | SIGCHLD, 0));
	result("without CLONE_FILES", fcntl(7, F_GETFD));
	say("CLONE_FS", "%s", getcwd(cwd, sizeof cwd));
	close(7);
	chdir("/");
}

static int parent_of_child(void *arg)
{
	return getppid() == *(int *)arg;
}

static void parents(void)
{
	int me = getpid(), ours = getppid();
	reap("child's parent", clone(parent_of_child, thread_stack + sizeof thread_stack, SIGCHLD, &me));
	int fds[2];
	pipe(fds);
	pid_t pid = fork();
	if (pid == 0) {
		// The new child is our parent's.
		pid = clone(parent_of_child, thread_stack + sizeof thread_stack, CLONE_PARENT | SIGCHLD, &me);
		write(fds[1], &pid, sizeof pid);
		_exit(waitpid(pid, 0, __WALL) == -1 && errno == ECHILD);
	}
	reap("CLONE_PARENT not the caller's child", pid);
	read(fds[0], &pid, sizeof pid);
	reap("CLONE_PARENT", pid);
	close(fds[0]);
	close(fds[1]);
	say("our parent", "%d", ours == getppid());
}

static void exit_signals(void)
{
	int s;
	long pid = raw_clone(0, 0, 0, 0, 0);
	if (pid == 0)
		_exit(9);
	result("no exit signal, plain wait", waitpid(pid, &s, 0));
	result("no exit signal, __WCLONE", waitpid(pid, &s, __WCLONE) == pid);
	signal(SIGUSR1, SIG_IGN); // before the child can exit
	pid = raw_clone(SIGUSR1, 0, 0, 0, 0);
	if (pid == 0)
		_exit(10);
	result("SIGUSR1, plain wait", waitpid(pid, &s, 0));
	result("SIGUSR1, __WALL", waitpid(pid, &s, __WALL) == pid);
	signal(SIGUSR1, SIG_DFL);
	// clone ignores what is no signal.
	pid = raw_clone(0xff, 0, 0, 0, 0);
	if (pid == 0)
		_exit(11);
	success("exit signal 255", pid);
	if (pid > 0)
		reap("exit signal 255", pid);
}

static void pidfds(void)
{
	int pidfd = -1, fds[2];
	pipe(fds);
	long pid = raw_clone(CLONE_PIDFD | SIGCHLD, 0, &pidfd, 0, 0);
	if (pid == 0) {
		char c;
		close(fds[1]);
		read(fds[0], &c, 1);
		_exit(12);
	}
	say("pidfd is cloexec", "%d", fcntl(pidfd, F_GETFD));
	struct pollfd p = {pidfd, POLLIN, 0};
	result("pidfd of the living", poll(&p, 1, 0));
	close(fds[0]);
	close(fds[1]);
	result("pidfd of the dead", poll(&p, 1, -1));
	say("pidfd events", "%#x", p.revents);
	siginfo_t info = {0};
	result("waitid P_PIDFD", waitid(3, pidfd, &info, WEXITED));
	say("waitid P_PIDFD found", "%d %d %d %d", info.si_signo, info.si_code, info.si_status, info.si_pid == pid);
	result("pidfd_send_signal to the reaped", syscall(SYS_pidfd_send_signal, pidfd, 0, 0, 0));
	close(pidfd);
	result("pidfd_open 0", syscall(SYS_pidfd_open, 0, 0));
	result("pidfd_open -1", syscall(SYS_pidfd_open, -1, 0));
	result("pidfd_open flags", syscall(SYS_pidfd_open, getpid(), 1));
	result("pidfd_open nobody", syscall(SYS_pidfd_open, 30000, 0));
	result("pidfd_send_signal no pidfd", syscall(SYS_pidfd_send_signal, 1, 0, 0, 0));
	pidfd = syscall(SYS_pidfd_open, getpid(), 0);
	result("pidfd_send_signal self", syscall(SYS_pidfd_send_signal, pidfd, 0, 0, 0));
	result("pidfd_send_signal flags", syscall(SYS_pidfd_send_signal, pidfd, 0, 0, 1));
	result("pidfd_send_signal no signal", syscall(SYS_pidfd_send_signal, pidfd, 65, 0, 0));
	success("pidfd_getfd", syscall(SYS_pidfd_getfd, pidfd, 1, 0));
	result("pidfd_getfd bad fd", syscall(SYS_pidfd_getfd, pidfd, 99, 0));
	result("pidfd_getfd flags", syscall(SYS_pidfd_getfd, pidfd, 1, 1));
	result("pidfd read", read(pidfd, fds, 8));
	close(pidfd);
}

static void vforks(void)
{
	volatile int n = 0;
	pid_t pid = vfork();
	if (pid == 0) {
		n = 42;
		_exit(13);
	}
	say("vfork shares memory", "%d", n);
	reap("vfork", pid);
}

static void limits(void)
{
	// A thread may not outlive a bad stack: it dies of the first push.
	pid_t pid = fork();
	if (pid == 0) {
		long tid = raw_clone(CLONE_VM | CLONE_SIGHAND | CLONE_THREAD, (void *)16, 0, 0, 0);
		if (tid == 0)
			*(volatile int *)8 = 0;
		for (;;)
			pause();
	}
	reap("thread with a bad stack", pid);
}

void test_clone(void)
{
	flag_rules();
	set_tid_words();
	threads();
	shared_memory();
	shared_files();
	parents();
	exit_signals();
	pidfds();
	vforks();
	limits();
}
