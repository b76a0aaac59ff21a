// seccomp(2): filters, what they may be, and what they do.
#include "filter.h"

#include <sys/syscall.h>
#include <ucontext.h>

// ---- arguments ----

static void arguments(void)
{
	char name[80];
	struct sock_filter allow[] = {ANSWER(SECCOMP_RET_ALLOW)};
	struct sock_fprog prog = {1, allow};
	for (int op = -1; op < 6; op++)
		for (int flags = 0; flags < 2; flags++)
			for (int arg = 0; arg < 2; arg++) {
				snprintf(name, sizeof name, "seccomp %d %d %s", op, flags << 10, arg ? "bad" : "null");
				CHILD(name, result(name, seccomp(op, flags << 10, (void *)(long)arg)));
			}
	for (int flags = 0; flags < 128; flags++) {
		snprintf(name, sizeof name, "seccomp flags %#x", flags);
		CHILD(name, prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
			success(name, seccomp(SECCOMP_SET_MODE_FILTER, flags, &prog)));
	}
	static const unsigned actions[] = {SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_THREAD, SECCOMP_RET_TRAP,
		SECCOMP_RET_ERRNO, SECCOMP_RET_USER_NOTIF, SECCOMP_RET_TRACE, SECCOMP_RET_LOG, SECCOMP_RET_ALLOW,
		1, 0x10000, 0xffff0000, SECCOMP_RET_ALLOW | 1};
	for (int i = 0; i < sizeof actions / sizeof *actions; i++) {
		snprintf(name, sizeof name, "seccomp action %#x", actions[i]);
		result(name, seccomp(SECCOMP_GET_ACTION_AVAIL, 0, (void *)&actions[i]));
	}
	struct seccomp_notif_sizes sizes;
	result("seccomp sizes", seccomp(SECCOMP_GET_NOTIF_SIZES, 0, &sizes));
	say("seccomp sizes", "%d %d %d", sizes.seccomp_notif, sizes.seccomp_notif_resp, sizes.seccomp_data);

	result("seccomp mode", prctl(PR_GET_SECCOMP, 1, 2, 3, 4));
	for (int mode = 0; mode < 4; mode++) {
		snprintf(name, sizeof name, "prctl seccomp %d", mode);
		CHILD(name, result(name, prctl(PR_SET_SECCOMP, mode, 0, 0, 0)); syscall(SYS_exit, 3));
	}
	CHILD("prctl filter", result("prctl filter", prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog, 1, 2));
		result("prctl filter, mode", prctl(PR_GET_SECCOMP, 0, 0, 0, 0));
		result("prctl strict after filter", prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0, 0, 0));
		result("strict after filter", seccomp(SECCOMP_SET_MODE_STRICT, 0, 0)));
	CHILD("rights", setuid(1000);
		result("filter of a user", seccomp(SECCOMP_SET_MODE_FILTER, 0, &prog));
		prog.len = 0;
		result("empty filter of a user", seccomp(SECCOMP_SET_MODE_FILTER, 0, &prog));
		prog.len = 1;
		prog.filter = 0;
		result("no filter of a user", seccomp(SECCOMP_SET_MODE_FILTER, 0, &prog));
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		result("no filter", seccomp(SECCOMP_SET_MODE_FILTER, 0, &prog));
		prog.filter = (void *)16;
		result("bad filter", seccomp(SECCOMP_SET_MODE_FILTER, 0, &prog));
		prog.filter = allow;
		result("filter, no new rights", seccomp(SECCOMP_SET_MODE_FILTER, 0, &prog)));
	contents("actions_avail", "/proc/sys/kernel/seccomp/actions_avail");
	contents("actions_logged", "/proc/sys/kernel/seccomp/actions_logged");
	static const char *const logged[] = {"log trap\n", "allow", "log nothing", "kill_process  trap", "", "\n",
		"trap errno log user_notif trace kill_thread kill_process"};
	for (int i = 0; i < sizeof logged / sizeof *logged; i++) {
		int fd = open("/proc/sys/kernel/seccomp/actions_logged", O_WRONLY);
		result("actions_logged, write", write(fd, logged[i], strlen(logged[i])));
		close(fd);
		contents("actions_logged", "/proc/sys/kernel/seccomp/actions_logged");
	}
	CHILD("actions_logged of a user", int fd = open("/proc/sys/kernel/seccomp/actions_logged", O_WRONLY);
		setuid(1000);
		result("actions_logged of a user", write(fd, "log", 3)));
}

// ---- what a filter may be ----

// accepted tells whether a program is a filter.
static int accepted(struct sock_filter *f, int n)
{
	struct sock_fprog p = {n, f};
	int s;
	pid_t pid = fork();
	if (pid == 0)
		_exit(seccomp(SECCOMP_SET_MODE_FILTER, 0, &p) ? errno : 0);
	waitpid(pid, &s, 0);
	// What the filter does at the end does not matter.
	return WIFSIGNALED(s) ? 0 : WEXITSTATUS(s);
}

static void programs(void)
{
	char list[900], name[80];
	int n = 0;
	// Every code there may be, with a K of 0; those beyond a byte are all alike.
	for (int code = 0; code < 0x120; code++) {
		struct sock_filter f[] = {{BPF_ST, 0, 0, 0}, {code, 0, 0, 0}, {BPF_ALU | BPF_OR | BPF_K, 0, 0, 1}, ANSWER(SECCOMP_RET_ALLOW)};
		if (accepted(f, 4) == 0)
			n += snprintf(list + n, sizeof list - n, " %02x", code);
	}
	say("filter codes", "%s", list);
	n = 0;
	for (int code = 0; code < 0x120; code++) {
		struct sock_filter f[] = {{code, 0, 0, 1}, ANSWER(SECCOMP_RET_ALLOW)};
		if (accepted(f, 2) == 0)
			n += snprintf(list + n, sizeof list - n, " %02x", code);
	}
	say("filter codes with 1", "%s", list);
	n = 0;
	for (int code = 0; code < 0x120; code++) {
		struct sock_filter f[] = {{code, 0, 0, SECCOMP_RET_ALLOW}};
		if (accepted(f, 1) == 0)
			n += snprintf(list + n, sizeof list - n, " %02x", code);
	}
	say("filter's last code", "%s", list);
	n = 0;
	for (unsigned k = 0; k < 80; k++) {
		struct sock_filter f[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, k), ANSWER(SECCOMP_RET_ALLOW)};
		if (accepted(f, 2) == 0)
			n += snprintf(list + n, sizeof list - n, " %u", k);
	}
	say("filter's data", "%s", list);
	static const unsigned odd[] = {0x7fffffff, 0x80000000, 0xfffff000, 0xfffff008, 0xfffffffc, 0xffffffff};
	for (int i = 0; i < 6; i++)
		for (int code = 0; code < 0x30; code += 0x20) {
			struct sock_filter f[] = {BPF_STMT(code | BPF_ABS, odd[i]), ANSWER(SECCOMP_RET_ALLOW)};
			snprintf(name, sizeof name, "filter's data %#x, code %#x", odd[i], f[0].code);
			say(name, "%d", accepted(f, 2));
		}
	for (unsigned k = 30; k < 34; k++) {
		struct sock_filter l[] = {BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, k), ANSWER(SECCOMP_RET_ALLOW)};
		struct sock_filter r[] = {BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, k), ANSWER(SECCOMP_RET_ALLOW)};
		snprintf(name, sizeof name, "filter shifts by %u", k);
		say(name, "%d %d", accepted(l, 2), accepted(r, 2));
	}
	for (unsigned k = 14; k < 18; k++) {
		struct sock_filter f[] = {BPF_STMT(BPF_ST, k), BPF_STMT(BPF_LDX | BPF_MEM, k), ANSWER(SECCOMP_RET_ALLOW)};
		struct sock_filter x[] = {BPF_STMT(BPF_STX, k), ANSWER(SECCOMP_RET_ALLOW)};
		struct sock_filter l[] = {BPF_STMT(BPF_LD | BPF_MEM, k), ANSWER(SECCOMP_RET_ALLOW)};
		snprintf(name, sizeof name, "filter's memory %u", k);
		say(name, "%d %d %d", accepted(f, 3), accepted(x, 2), accepted(l, 2));
	}
	for (unsigned k = 0; k < 4; k++) {
		struct sock_filter f[] = {BPF_STMT(BPF_JMP | BPF_JA, k), ANSWER(SECCOMP_RET_ALLOW), ANSWER(SECCOMP_RET_ALLOW)};
		struct sock_filter t[] = {BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, k, 0), ANSWER(SECCOMP_RET_ALLOW), ANSWER(SECCOMP_RET_ALLOW)};
		struct sock_filter e[] = {BPF_JUMP(BPF_JMP | BPF_JSET | BPF_X, 0, 0, k), ANSWER(SECCOMP_RET_ALLOW), ANSWER(SECCOMP_RET_ALLOW)};
		snprintf(name, sizeof name, "filter jumps %u", k);
		say(name, "%d %d %d", accepted(f, 3), accepted(t, 3), accepted(e, 3));
	}
	static const unsigned back[] = {0xffffffff, 0xfffffffe, 0x80000000};
	for (int i = 0; i < 3; i++) {
		struct sock_filter f[] = {ANSWER(SECCOMP_RET_ALLOW), BPF_STMT(BPF_JMP | BPF_JA, back[i]), ANSWER(SECCOMP_RET_ALLOW)};
		snprintf(name, sizeof name, "filter jumps %#x", back[i]);
		say(name, "%d", accepted(f, 3));
	}
	// The scratch memory, stored on one way or on both.
	for (int both = 0; both < 2; both++) {
		struct sock_filter f[] = {LOAD(nr), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 2, 0), BPF_STMT(BPF_ST, 3),
			BPF_STMT(BPF_JMP | BPF_JA, 1), BPF_STMT(BPF_ST, both ? 3 : 4), BPF_STMT(BPF_LD | BPF_MEM, 3), ANSWER(SECCOMP_RET_ALLOW)};
		snprintf(name, sizeof name, "filter stores on %s", both ? "both ways" : "one way");
		say(name, "%d", accepted(f, 7));
	}
	struct sock_filter unreachable[] = {BPF_STMT(BPF_JMP | BPF_JA, 1), BPF_STMT(BPF_LD | BPF_MEM, 5), ANSWER(SECCOMP_RET_ALLOW)};
	say("filter loads where it never is", "%d", accepted(unreachable, 3));
	static struct sock_filter many[4097];
	for (int i = 0; i < 4097; i++)
		many[i] = (struct sock_filter)ANSWER(SECCOMP_RET_ALLOW);
	say("filter of 4096", "%d", accepted(many, 4096));
	say("filter of 4097", "%d", accepted(many, 4097));
}

// room says how many filters of n instructions there may be, of which all but the
// last two are f.
static void room(const char *name, struct sock_filter f, int n)
{
	static struct sock_filter many[4096];
	for (int i = 0; i < n; i++)
		many[i] = f;
	many[0] = (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, n - 2);
	many[n - 2] = (struct sock_filter)ANSWER(SECCOMP_RET_ALLOW);
	many[n - 1] = (struct sock_filter)ANSWER(SECCOMP_RET_ALLOW);
	struct sock_fprog p = {n, many};
	CHILD(name, int had = 0;
		while (seccomp(SECCOMP_SET_MODE_FILTER, 0, &p) == 0)
			had++;
		say(name, "%d errno %d", had, errno);
		status_line(name, getpid(), "Seccomp_filters:"));
}

static void limits(void)
{
	room("room for returns", (struct sock_filter)ANSWER(SECCOMP_RET_ALLOW), 500);
	room("room for loads", (struct sock_filter)LOAD(nr), 500);
	room("room for divisions", (struct sock_filter)BPF_STMT(BPF_ALU | BPF_DIV | BPF_X, 0), 500);
	room("room for jumps", (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 1, 1), 500);
	room("room for jumps, else next", (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 1, 0), 500);
	room("room for jumps, then next", (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGT | BPF_X, 1, 0, 1), 500);
	room("room for bits, then next", (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_X, 1, 0, 1), 500);
	room("room for a sign", (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x80000000, 1, 1), 500);
	room("room for few", (struct sock_filter)ANSWER(SECCOMP_RET_ALLOW), 30);
	room("room for the largest", (struct sock_filter)ANSWER(SECCOMP_RET_ALLOW), 4096);
}

// ---- what filters see ----

// seen says what a filter finds at a place in the data, 12 bits at a time.
static void seen(const char *name, int at)
{
	unsigned got = 0;
	for (int shift = 0; shift < 32; shift += 8) {
		int s;
		pid_t pid = fork();
		if (pid == 0) {
			install(0, LOAD(nr), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 1, 0), ANSWER(SECCOMP_RET_ALLOW),
				BPF_STMT(BPF_LD | BPF_W | BPF_ABS, at), BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, shift),
				BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xff), BPF_STMT(BPF_ALU | BPF_OR | BPF_K, SECCOMP_RET_ERRNO),
				BPF_STMT(BPF_RET | BPF_A, 0));
			errno = 0;
			syscall(SYS_getppid, 0x0123456789abcdef, -2l, 3l << 32, 4, 0x5000000005, -6l);
			_exit(errno);
		}
		waitpid(pid, &s, 0);
		got |= (unsigned)WEXITSTATUS(s) << shift;
	}
	say(name, "%#x", got);
}

static void data(void)
{
	char name[40];
	for (int at = 0; at < 64; at += 4) {
		if (at == 8 || at == 12)
			continue; // where the program is
		snprintf(name, sizeof name, "filter sees at %d", at);
		seen(name, at);
	}
	// Arithmetic, by the error that comes of it.
	static const struct { const char *name; struct sock_filter f; } sums[] = {
		{"length", BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0)},
		{"add", BPF_STMT(BPF_ALU | BPF_ADD | BPF_X, 0)}, {"subtract", BPF_STMT(BPF_ALU | BPF_SUB | BPF_X, 0)},
		{"multiply", BPF_STMT(BPF_ALU | BPF_MUL | BPF_X, 0)}, {"divide", BPF_STMT(BPF_ALU | BPF_DIV | BPF_X, 0)},
		{"and", BPF_STMT(BPF_ALU | BPF_AND | BPF_X, 0)}, {"or", BPF_STMT(BPF_ALU | BPF_OR | BPF_X, 0)},
		{"xor", BPF_STMT(BPF_ALU | BPF_XOR | BPF_X, 0)}, {"shift left", BPF_STMT(BPF_ALU | BPF_LSH | BPF_X, 0)},
		{"shift right", BPF_STMT(BPF_ALU | BPF_RSH | BPF_X, 0)}, {"negate", BPF_STMT(BPF_ALU | BPF_NEG, 0)},
		{"TAX", BPF_STMT(BPF_MISC | BPF_TAX, 0)}, {"TXA", BPF_STMT(BPF_MISC | BPF_TXA, 0)},
	};
	static const unsigned pairs[][2] = {{100, 7}, {7, 100}, {0xfffffff0, 33}, {0x80000001, 0}, {5, 32}};
	for (int i = 0; i < sizeof sums / sizeof *sums; i++)
		for (int j = 0; j < 5; j++) {
			snprintf(name, sizeof name, "filter: %s %u %u", sums[i].name, pairs[j][0], pairs[j][1]);
			ENDING(name, install(0, LOAD(nr), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 1, 0), ANSWER(SECCOMP_RET_ALLOW),
				BPF_STMT(BPF_LDX | BPF_IMM, pairs[j][1]), BPF_STMT(BPF_LD | BPF_IMM, pairs[j][0]), sums[i].f,
				BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0x7ff), BPF_STMT(BPF_ALU | BPF_OR | BPF_K, DENY(0)),
				BPF_STMT(BPF_RET | BPF_A, 0));
				parent(name));
		}
}

// ---- actions ----

static const struct { const char *name; unsigned value; } actions[] = {
	{"allow", SECCOMP_RET_ALLOW | 5}, {"log", SECCOMP_RET_LOG | 1}, {"trace", SECCOMP_RET_TRACE | 2},
	{"notify", SECCOMP_RET_USER_NOTIF}, {"errno", DENY(7)}, {"trap", SECCOMP_RET_TRAP | 9},
	{"kill thread", SECCOMP_RET_KILL_THREAD | 3}, {"kill process", SECCOMP_RET_KILL_PROCESS | 4},
	{"unknown", 0x00010000}, {"unknown, negative", 0x80010000}, {"beyond trace", 0x7ff10000},
};
enum { nactions = sizeof actions / sizeof *actions };

static void each_action(void)
{
	char name[80];
	static const long calls[] = {SYS_getppid, 1000, -1, SYS_restart_syscall};
	for (int i = 0; i < nactions; i++)
		for (int j = 0; j < 4; j++) {
			snprintf(name, sizeof name, "action %s of call %ld", actions[i].name, calls[j] == SYS_getppid ? 0 : calls[j]);
			ENDING(name, on(0, calls[j], actions[i].value);
				errno = 0;
				long r = syscall(calls[j]);
				say(name, "%d errno %d", r > 0, errno));
		}
	static const int errors[] = {0, 1, 4094, 4095, 4096, 65535};
	for (int i = 0; i < 6; i++)
		ENDING("errno", on(0, SYS_getppid, DENY(errors[i]));
			errno = 0;
			long r = syscall(SYS_getppid);
			say("errno", "%d gives %ld %d", errors[i], r, errno));
	// All pairs, in both orders.
	for (int i = 0; i < nactions; i++)
		for (int j = 0; j < nactions; j++) {
			snprintf(name, sizeof name, "%s under %s", actions[i].name, actions[j].name);
			ENDING(name, on(0, SYS_getppid, actions[i].value); on(0, SYS_getppid, actions[j].value ^ 0x100); parent(name));
		}
}

// core_file has a process that dies with a core dump write one.
static void core_file(void)
{
	struct rlimit r = {RLIM_INFINITY, RLIM_INFINITY};
	setrlimit(RLIMIT_CORE, &r);
}

static void *call_parent(void *arg)
{
	syscall(SYS_getppid);
	return 0;
}

static void wait_for_one_thread(void)
{
	char c[4096];
	for (;;) {
		int fd = open("/proc/self/status", O_RDONLY);
		int n = read(fd, c, sizeof c - 1);
		close(fd);
		c[n] = 0;
		if (strstr(c, "Threads:\t1\n"))
			return;
		usleep(1000);
	}
}

static void deaths(void)
{
	char name[80];
	chdir("/tmp");
	for (int i = 5; i < 9; i++)
		for (int how = 0; how < 3; how++) {
			static const char *const who[] = {"alone", "with a thread", "as a thread"};
			snprintf(name, sizeof name, "%s %s", actions[i].name, who[how]);
			ENDING(name, pthread_t t;
				core_file();
				on(0, SYS_getppid, actions[i].value);
				if (how == 1)
					pthread_create(&t, 0, (void *(*)(void *))pause, 0);
				if (how == 2) {
					pthread_create(&t, 0, call_parent, 0);
					wait_for_one_thread();
					say(name, "goes on");
				} else {
					if (how == 1 && actions[i].value >> 16 == 0)
						alarm(1);
					syscall(SYS_getppid);
				});
			unlink("core");
		}
	ENDING("strict", core_file(); prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT); syscall(SYS_getppid));
	say("strict leaves a core", "%d", access("core", F_OK));
}

// ---- SIGSYS ----

static volatile siginfo_t info;
static volatile long pc, result_register, nr_register;

static void on_sigsys(int sig, siginfo_t *si, void *context)
{
	ucontext_t *u = context;
	memcpy((void *)&info, si, sizeof info);
#if defined __x86_64__
	pc = u->uc_mcontext.gregs[REG_RIP];
	result_register = u->uc_mcontext.gregs[REG_RAX];
	nr_register = u->uc_mcontext.gregs[REG_RAX];
	u->uc_mcontext.gregs[REG_RAX] = 4711;
#else
	pc = u->uc_mcontext.pc;
	result_register = u->uc_mcontext.regs[0];
	nr_register = u->uc_mcontext.regs[8];
	u->uc_mcontext.regs[0] = 4711;
#endif
}

static void catch_sigsys(int flags)
{
	struct sigaction a = {.sa_sigaction = on_sigsys, .sa_flags = SA_SIGINFO | flags};
	sigaction(SIGSYS, &a, 0);
}

static void sigsys(void)
{
	char name[80];
	ENDING("SIGSYS", catch_sigsys(0);
		on(0, SYS_getppid, SECCOMP_RET_TRAP | 0xabcd);
		long r = syscall(SYS_getppid, 77);
		say("SIGSYS", "signo %d errno %#x code %d", info.si_signo, info.si_errno, info.si_code);
		say("SIGSYS", "address %d call %d arch %d", info.si_call_addr == (void *)pc, info.si_syscall == SYS_getppid, info.si_arch == ARCH_HERE);
		say("SIGSYS", "registers %ld %d", result_register == SYS_getppid ? -1 : result_register, nr_register == SYS_getppid);
		say("SIGSYS", "handler's result %ld", r));
	ENDING("SIGSYS blocked", catch_sigsys(0);
		on(0, SYS_getppid, SECCOMP_RET_TRAP);
		sigset_t s;
		sigemptyset(&s);
		sigaddset(&s, SIGSYS);
		sigprocmask(SIG_BLOCK, &s, 0);
		syscall(SYS_getppid));
	ENDING("SIGSYS ignored", signal(SIGSYS, SIG_IGN); on(0, SYS_getppid, SECCOMP_RET_TRAP); syscall(SYS_getppid));
	ENDING("SIGSYS once", catch_sigsys(SA_RESETHAND);
		on(0, SYS_getppid, SECCOMP_RET_TRAP);
		result("SIGSYS once", syscall(SYS_getppid));
		syscall(SYS_getppid));
	ENDING("kill, with a handler", catch_sigsys(0); on(0, SYS_getppid, SECCOMP_RET_KILL_PROCESS); syscall(SYS_getppid));
	ENDING("SIGSYS of -1", catch_sigsys(0);
		on(0, -1, SECCOMP_RET_TRAP);
		long r = syscall(-1, 5);
		say("SIGSYS of -1", "%ld, call %d, register %ld", r, info.si_syscall, result_register));
	ENDING("SIGSYS of 100000", catch_sigsys(0);
		on(0, 100000, SECCOMP_RET_TRAP);
		long r = syscall(100000, 5);
		say("SIGSYS of 100000", "%ld, call %d, register %ld", r, info.si_syscall, result_register));
	// The handler's own return is a call, too.
	ENDING("no way back", catch_sigsys(0);
		on(0, SYS_getppid, SECCOMP_RET_TRAP);
		on(0, SYS_rt_sigreturn, SECCOMP_RET_KILL_PROCESS);
		syscall(SYS_getppid));
}

// ---- strict ----

static volatile int got;
static void note(int sig) { got = sig; }

static void *strict_thread(void *arg)
{
	prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT);
	syscall(SYS_getppid);
	return 0;
}

static void strict(void)
{
	static const struct { const char *name; long nr; } calls[] = {
		{"write", SYS_write}, {"read", SYS_read}, {"exit", SYS_exit}, {"exit_group", SYS_exit_group},
		{"getpid", SYS_getpid}, {"prctl", SYS_prctl}, {"seccomp", SYS_seccomp}, {"1000", 1000}, {"-1", -1},
		{"restart_syscall", SYS_restart_syscall},
	};
	char name[60];
	for (int i = 0; i < sizeof calls / sizeof *calls; i++) {
		snprintf(name, sizeof name, "strict %s", calls[i].name);
		ENDING(name, seccomp(SECCOMP_SET_MODE_STRICT, 0, 0);
			syscall(calls[i].nr, -1, 0, 0);
			syscall(SYS_exit, 5));
	}
	ENDING("strict twice", seccomp(SECCOMP_SET_MODE_STRICT, 0, 0); seccomp(SECCOMP_SET_MODE_STRICT, 0, 0); syscall(SYS_exit, 6));
	ENDING("strict thread", pthread_t t;
		pthread_create(&t, 0, strict_thread, 0);
		wait_for_one_thread();
		say("strict thread", "is gone"));
	// A signal ends a read, and its handler returns.
	int p[2];
	char c;
	pipe(p);
	pid_t pid = fork();
	if (pid == 0) {
		struct sigaction a = {.sa_handler = note};
		sigaction(SIGUSR1, &a, 0);
		prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT);
		int n = read(p[0], &c, 1);
		syscall(SYS_exit, got == SIGUSR1 && n == -1 && errno == EINTR ? 7 : 8);
	}
	blocked(pid);
	seccomp_lines("strict", pid);
	kill(pid, SIGUSR1);
	reap("strict, interrupted", pid);
	// Without a handler it is made again.
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT);
		int n = read(p[0], &c, 1);
		syscall(SYS_exit, n == 1 ? 9 : 10);
	}
	blocked(pid);
	kill(pid, SIGSTOP);
	kill(pid, SIGCONT);
	blocked(pid);
	write(p[1], "x", 1);
	reap("strict, continued", pid);
}

// ---- who has filters ----

// seccomp_child is what execs prints of itself.
int seccomp_child(void)
{
	seccomp_lines("filter in exec", getpid());
	parent("filter in exec");
	return 0;
}

static void *thread_parent(void *name)
{
	parent(name);
	seccomp_lines(name, syscall(SYS_gettid));
	return 0;
}

static void inheritance(void)
{
	seccomp_lines("no filter", getpid());
	ENDING("filter inherited", pthread_t t;
		on(0, SYS_getppid, DENY(1));
		seccomp_lines("one filter", getpid());
		on(0, SYS_getppid, SECCOMP_RET_ALLOW);
		on(0, SYS_getppid, DENY(2));
		result("mode with filters", prctl(PR_GET_SECCOMP));
		CHILD("filter in a child", parent("filter in a child");
			on(0, SYS_getppid, SECCOMP_RET_KILL_PROCESS);
			seccomp_lines("filter in a child", getpid()));
		parent("filter after the child");
		pid_t pid = vfork();
		if (pid == 0) {
			parent("filter in vfork");
			_exit(0);
		}
		reap("filter in vfork", pid);
		pthread_create(&t, 0, thread_parent, "filter in a thread");
		pthread_join(t, 0);
		char *args[] = {"self", "seccomp-child", 0};
		execv("/proc/self/exe", args));
	// fork and exec themselves may be what is denied.
	ENDING("no fork", on(0, SYS_clone, DENY(11)); result("no fork", fork()));
	ENDING("no exec", on(0, SYS_execve, DENY(12)); result("no exec", execl("/proc/self/exe", "self", NULL)));
}

// ---- threads ----

static pthread_barrier_t start, synced, end;
static volatile int go;
static volatile pid_t tids[3];

static void *sibling(void *arg)
{
	long what = (long)arg;
	tids[what % 8] = syscall(SYS_gettid);
	if (what >= 8)
		on(0, SYS_getuid, DENY(what));
	pthread_barrier_wait(&start);
	pthread_barrier_wait(&synced);
	char name[60];
	snprintf(name, sizeof name, "sync, thread %ld", what % 8);
	pthread_barrier_wait(&end);
	return 0;
}

// sync_with installs a filter in three threads of which some have one of their own.
static void sync_with(const char *name, unsigned flags, int before, long one, long two)
{
	ENDING(name, pthread_t t[2];
		if (before)
			on(0, SYS_getppid, DENY(40));
		pthread_barrier_init(&start, 0, 3);
		pthread_barrier_init(&synced, 0, 3);
		pthread_barrier_init(&end, 0, 3);
		pthread_create(&t[0], 0, sibling, (void *)one);
		pthread_create(&t[1], 0, sibling, (void *)two);
		pthread_barrier_wait(&start);
		long r = on(flags, SYS_getppid, DENY(41));
		if (r > 0)
			say(name, "thread %d", r == tids[1] ? 1 : r == tids[2] ? 2 : -1);
		else
			result(name, r);
		seccomp_lines(name, getpid());
		seccomp_lines(name, tids[1]);
		seccomp_lines(name, tids[2]);
		pthread_barrier_wait(&synced);
		pthread_barrier_wait(&end));
}

static void *spin(void *arg)
{
	go = 1;
	while (go != 2)
		;
	return (void *)(syscall(SYS_getppid) == -1 ? (long)errno : 0);
}

static void threads(void)
{
	sync_with("sync", SECCOMP_FILTER_FLAG_TSYNC, 0, 1, 2);
	sync_with("sync on top of one", SECCOMP_FILTER_FLAG_TSYNC, 1, 1, 2);
	sync_with("no sync", 0, 0, 1, 2);
	sync_with("sync, one differs", SECCOMP_FILTER_FLAG_TSYNC, 0, 1, 8 + 2);
	sync_with("sync, the other differs", SECCOMP_FILTER_FLAG_TSYNC, 1, 8 + 1, 2);
	sync_with("sync, one differs, ESRCH", SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_TSYNC_ESRCH, 1, 8 + 1, 2);
	sync_with("ESRCH", SECCOMP_FILTER_FLAG_TSYNC_ESRCH, 1, 8 + 1, 2);
	// A thread in user mode has the filter in its next call.
	ENDING("sync with a thread that runs", int missed = 0;
		for (int i = 0; i < 40; i++) {
			int s;
			pid_t pid = fork();
			if (pid == 0) {
				pthread_t t;
				void *e;
				go = 0;
				pthread_create(&t, 0, spin, 0);
				while (go == 0)
					sched_yield();
				on(SECCOMP_FILTER_FLAG_TSYNC, SYS_getppid, DENY(42));
				go = 2;
				pthread_join(t, &e);
				_exit((long)e);
			}
			waitpid(pid, &s, 0);
			missed += WEXITSTATUS(s) != 42;
		}
		say("sync with a thread that runs", "missed %d", missed));
}

// ---- interrupted calls ----

static void *reader(void *fd)
{
	char c;
	tids[0] = syscall(SYS_gettid);
	return (void *)(read((long)fd, &c, 1) == -1 ? (long)errno : 0);
}

// restarts has a call interrupted by a stop, with a filter for restart_syscall.
static void restarts(void)
{
	int p[2];
	pipe(p);
	for (int i = 0; i < nactions; i++) {
		char name[60];
		if (actions[i].value == SECCOMP_RET_USER_NOTIF)
			continue;
		snprintf(name, sizeof name, "restart under %s", actions[i].name);
		pid_t pid = fork();
		if (pid == 0) {
			struct timespec t = {0, 200000000};
			on(0, SYS_restart_syscall, actions[i].value);
			errno = 0;
			long r = syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &t, 0);
			say(name, "%ld errno %d", r, errno);
			_exit(0);
		}
		blocked(pid);
		kill(pid, SIGSTOP);
		while (state(pid) != 'T')
			usleep(1000);
		kill(pid, SIGCONT);
		reap(name, pid);
	}
	// A read is made again as what it was.
	pid_t pid = fork();
	if (pid == 0) {
		char c;
		on(0, SYS_restart_syscall, SECCOMP_RET_KILL_PROCESS);
		result("restarted read", read(p[0], &c, 1));
		_exit(0);
	}
	blocked(pid);
	kill(pid, SIGSTOP);
	while (state(pid) != 'T')
		usleep(1000);
	kill(pid, SIGCONT);
	blocked(pid);
	write(p[1], "x", 1);
	reap("restarted read", pid);
	// A thread gets a filter while it is in a call, and has that only when the call
	// is made again.
	ENDING("filter in the middle of a call", pthread_t t;
		void *e;
		struct sigaction a = {.sa_handler = note, .sa_flags = SA_RESTART};
		sigaction(SIGUSR1, &a, 0);
		pthread_create(&t, 0, reader, (void *)(long)p[0]);
		while (tids[0] == 0)
			sched_yield();
		blocked(tids[0]);
		on(SECCOMP_FILTER_FLAG_TSYNC, SYS_read, DENY(43));
		pthread_kill(t, SIGUSR1);
		pthread_join(t, &e);
		say("filter in the middle of a call", "%ld", (long)e));
}

void test_seccomp(void)
{
	arguments();
	programs();
	limits();
	data();
	each_action();
	sigsys();
	deaths();
	strict();
	inheritance();
	threads();
	restarts();
}
