// clone3(2): its argument structure, and what only it can do.
#include "check.h"

struct args {
	uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size, cgroup;
	uint64_t tail[600];
};

static void try(const char *what, struct args *a, size_t size)
{
	char name[64];
	snprintf(name, sizeof name, "clone3 %s", what);
	errno = 0;
	long pid = syscall(SYS_clone3, a, size);
	if (pid == 0)
		_exit(21);
	success(name, pid);
	if (pid > 0)
		reap(name, pid);
}

static void sizes(void)
{
	static const size_t all[] = {0, 1, 63, 64, 65, 72, 80, 88, 89, 96, 4095, 4096, 4097, 1 << 20};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		struct args a = {.exit_signal = SIGCHLD};
		char what[32];
		snprintf(what, sizeof what, "size %zu", all[i]);
		try(what, &a, all[i]);
	}
	struct args a = {.exit_signal = SIGCHLD};
	a.tail[0] = 1;
	try("tail not zero", &a, 96);
	try("tail not zero, but not passed", &a, 88);
	a.tail[0] = 0;
	a.tail[498] = 1;
	try("far tail not zero", &a, 4096);
	try("null", 0, 64);
	try("bad address", (struct args *)8, 64);
}

static void values(void)
{
	static char stack[16384] __attribute__((aligned(16)));
	static const struct {
		const char *name;
		struct args a;
	} all[] = {
		{"exit_signal 0", {.exit_signal = 0}},
		{"exit_signal 64", {.exit_signal = 64}},
		{"exit_signal 65", {.exit_signal = 65}},
		{"exit_signal 255", {.exit_signal = 255}},
		{"exit_signal 2^32", {.exit_signal = 1ull << 32}},
		{"CSIGNAL in flags", {.flags = SIGCHLD}},
		{"DETACHED", {.flags = 0x00400000, .exit_signal = SIGCHLD}},
		{"unknown flag", {.flags = 1ull << 34, .exit_signal = SIGCHLD}},
		{"flag bit 62", {.flags = 1ull << 62, .exit_signal = SIGCHLD}},
		{"flag bit 63", {.flags = 1ull << 63, .exit_signal = SIGCHLD}},
		{"THREAD with exit_signal", {.flags = CLONE_THREAD | CLONE_SIGHAND | CLONE_VM, .exit_signal = SIGCHLD}},
		{"PARENT with exit_signal", {.flags = CLONE_PARENT, .exit_signal = SIGCHLD}},
		{"stack without size", {.exit_signal = SIGCHLD, .stack = (uint64_t)stack}},
		{"size without stack", {.exit_signal = SIGCHLD, .stack_size = sizeof stack}},
		{"stack out of reach", {.exit_signal = SIGCHLD, .stack = 1ull << 63, .stack_size = 4096}},
		{"set_tid without size", {.exit_signal = SIGCHLD, .set_tid = (uint64_t)stack}},
		{"set_tid_size without set_tid", {.exit_signal = SIGCHLD, .set_tid_size = 1}},
		{"set_tid_size 33", {.exit_signal = SIGCHLD, .set_tid = (uint64_t)stack, .set_tid_size = 33}},
		{"set_tid_size 2", {.exit_signal = SIGCHLD, .set_tid = (uint64_t)stack, .set_tid_size = 2}},
		{"set_tid bad address", {.exit_signal = SIGCHLD, .set_tid = 8, .set_tid_size = 1}},
		{"CLEAR_SIGHAND|SIGHAND", {.flags = 0x100000000ull | CLONE_SIGHAND | CLONE_VM, .exit_signal = SIGCHLD}},
		{"CLEAR_SIGHAND", {.flags = 0x100000000ull, .exit_signal = SIGCHLD}},
		{"pidfd to a bad address", {.flags = CLONE_PIDFD, .exit_signal = SIGCHLD, .pidfd = 8}},
		{"PIDFD|PARENT_SETTID one word", {.flags = CLONE_PIDFD | CLONE_PARENT_SETTID, .exit_signal = SIGCHLD,
			.pidfd = (uint64_t)stack, .parent_tid = (uint64_t)stack}},
	};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		struct args a = all[i].a;
		try(all[i].name, &a, 88);
	}
}

static void chosen_pid(void)
{
	int tid = 20000;
	struct args a = {.exit_signal = SIGCHLD, .set_tid = (uint64_t)&tid, .set_tid_size = 1};
	long pid = syscall(SYS_clone3, &a, sizeof a - sizeof a.tail);
	if (pid == 0)
		_exit(getpid() == 20000);
	result("set_tid 20000", pid);
	long again = syscall(SYS_clone3, &a, sizeof a - sizeof a.tail);
	if (again == 0)
		_exit(0);
	result("set_tid taken", again);
	reap("set_tid child saw it", pid);
	static const int bad[] = {0, -1, 1, 2, 1 << 30};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		char what[32];
		tid = bad[i];
		snprintf(what, sizeof what, "set_tid %d", tid);
		try(what, &a, 88);
	}
	pid_t child = fork();
	if (child == 0) {
		tid = 20001;
		setuid(1000);
		try("set_tid without privilege", &a, 88);
		_exit(0);
	}
	reap("set_tid without privilege, child", child);
}

static void cleared_handlers(void)
{
	signal(SIGUSR1, (void (*)(int))1234);
	signal(SIGUSR2, SIG_IGN);
	struct args a = {.flags = 0x100000000ull, .exit_signal = SIGCHLD};
	long pid = syscall(SYS_clone3, &a, 88);
	if (pid == 0) {
		struct sigaction one, two;
		sigaction(SIGUSR1, 0, &one);
		sigaction(SIGUSR2, 0, &two);
		_exit((one.sa_handler == SIG_DFL) | (two.sa_handler == SIG_IGN) << 1);
	}
	reap("CLEAR_SIGHAND handler default, ignored kept", pid);
	signal(SIGUSR1, SIG_DFL);
	signal(SIGUSR2, SIG_DFL);
}

void test_clone3(void)
{
	signal(64, SIG_IGN); // an exit signal below, which would end the tests
	sizes();
	values();
	chosen_pid();
	cleared_handlers();
}
