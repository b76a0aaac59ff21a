// The oracle test: as PID 1 it runs every group of tests in a process of its
// own, says that it is through, and powers the machine off.
#include "check.h"

#include <sys/mount.h>
#include <sys/reboot.h>

static void run(const char *name, void (*test)(void))
{
	pid_t pid = fork();
	if (pid == 0) {
		test();
		_exit(0);
	}
	reap(name, pid);
}

static char **args;

static void run_exec(void) { test_exec(args); }

static const struct {
	const char *name;
	void (*test)(void);
} tests[] = {
	{"clone", test_clone}, {"clone3", test_clone3}, {"wait", test_wait}, {"exec", run_exec},
	{"memory", test_memory}, {"look", test_look}, {"knobs", test_knobs}, {"memfd", test_memfd}, {"files", test_files}, {"paths", test_paths}, {"signals", test_signals}, {"jobs", test_jobs},
	{"ids", test_ids}, {"process", test_process}, {"ptrace", test_ptrace}, {"tracing", test_tracing},
	{"seccomp", test_seccomp}, {"sectrace", test_sectrace}, {"secnotify", test_secnotify},
	{"regsets", test_regsets}, {"callword", test_callword}, {"vdso", test_vdso}, {"rseq", test_rseq}, {"restart", test_restart}, {"pifutex", test_pifutex}, {"frames", test_frames},
	{"sigdefault", test_sigdefault}, {"sigqueue", test_sigqueue}, {"sigsource", test_sigsource},
	{"sigaction", test_sigaction}, {"sigstack", test_sigstack}, {"sigwait", test_sigwait}, {"sigio", test_sigio}, {"kill", test_kill},
	{"coredump", test_coredump}, {"events", test_events}, {"unix", test_unix}, {"scm", test_scm},
	{"tty", test_tty}, {"pty", test_pty},
#ifdef __x86_64__
	{"segments", test_segments},
#endif
};

// session_of_init makes init leave the group and session of the idle task, in which
// it begins.
static void session_of_init(void)
{
	result("init's group", getpgid(0));
	result("init's session", getsid(0));
	result("init's setsid", setsid());
	say("init's ids", "%d %d", getpgid(0), getsid(0));
	result("init's setsid again", setsid());
	result("init's setpgid", setpgid(0, 0));
	pid_t pid = fork();
	if (pid == 0) {
		say("child of init's session", "%d %d", getpgid(0), getsid(0));
		_exit(0);
	}
	reap("child of init's session", pid);
}

// wanted tells whether the words after "--" ask for a group: no words ask for all.
static int wanted(int argc, char **argv, const char *name)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], name) == 0)
			return 1;
	return argc <= 1;
}

// A failing init is told apart from one that is through by its last line.
int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "exec-child") == 0)
		return exec_child(argc, argv);
	if (argc > 1 && strcmp(argv[1], "core-program") == 0)
		return core_program(argc, argv);
	if (argc > 1 && strcmp(argv[1], "seccomp-child") == 0)
		return seccomp_child();
	if (argc > 1 && strcmp(argv[1], "pause") == 0)
		return pause();
	args = argv;
	if (getpid() == 1) {
		// The firmware may have left the cursor in the middle of a line.
		write(1, "\n", 1);
		mkdir("/proc", 0755);
		mkdir("/tmp", 01777);
		mkdir("/dev", 0755);
		mount("proc", "/proc", "proc", 0, 0);
		mount("devtmpfs", "/dev", "devtmpfs", 0, 0);
		mkdir("/dev/pts", 0755);
		mount("devpts", "/dev/pts", "devpts", 0, "mode=620,ptmxmode=666");
	}
	for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
		if (wanted(argc, argv, tests[i].name))
			run(tests[i].name, tests[i].test);
#ifdef __x86_64__
	if (argc > 1 && wanted(argc, argv, "calls32")) // not as on Linux: only if asked for
		run("calls32", test_calls32);
#endif
	if (wanted(argc, argv, "init"))
		test_init();
	if (getpid() != 1)
		return 0; // executed by a test
	session_of_init();
	if (write(1, "checks are through\n", 19) != 19)
		return 1;
	reboot(RB_POWER_OFF);
}
