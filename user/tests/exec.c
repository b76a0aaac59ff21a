// execve(2), execveat(2): what runs, what does not, and what a program is given.
#include "check.h"

#include <elf.h>
#include <sys/auxv.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#ifndef AT_EMPTY_PATH
#define AT_EMPTY_PATH 0x1000
#endif

static char self[64] = "/init";

static void put(const char *path, const void *data, size_t n, int mode)
{
	unlink(path);
	int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0700);
	if (fd < 0 || write(fd, data, n) != (ssize_t)n)
		success(path, -1);
	fchmod(fd, mode);
	close(fd);
}

static void copy_self(const char *path)
{
	static char buf[65536];
	int from = open(self, O_RDONLY), to = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0755);
	ssize_t n;
	while ((n = read(from, buf, sizeof buf)) > 0)
		write(to, buf, n);
	close(from);
	close(to);
}

static void try(const char *name, const char *path, char *const argv[], char *const envp[])
{
	pid_t pid = fork();
	if (pid == 0) {
		execve(path, argv, envp);
		say(name, "-1 errno %d", errno);
		_exit(98);
	}
	char ended[96];
	snprintf(ended, sizeof ended, "%s, ended", name);
	reap(ended, pid);
}

static char *const no_env[] = {0};

static void errors(void)
{
	char *args[] = {"x", 0};
	try("exec nothing", "", args, no_env);
	try("exec missing", "/tmp/missing", args, no_env);
	try("exec directory", "/tmp", args, no_env);
	try("exec below a file", "/init/x", args, no_env);
	put("/tmp/plain", "hello\n", 6, 0644);
	try("exec without x", "/tmp/plain", args, no_env);
	put("/tmp/noise", "hello\n", 6, 0755);
	try("exec noise", "/tmp/noise", args, no_env);
	put("/tmp/empty", "", 0, 0755);
	try("exec empty", "/tmp/empty", args, no_env);
	put("/tmp/elf", "\177ELF\2\1\1\0\0\0\0\0\0\0\0\0", 16, 0755);
	try("exec cut ELF", "/tmp/elf", args, no_env);
	try("exec bad path", (char *)8, args, no_env);
	try("exec bad argv", self, (char **)8, no_env);
	try("exec bad argument", self, (char *[]){"a", (char *)8, 0}, no_env);
	static char longname[5000];
	memset(longname, 'a', sizeof longname - 1);
	try("exec long path", longname, args, no_env);
	static char big[200000];
	memset(big, 'b', sizeof big - 1);
	try("exec argument too long", self, (char *[]){"x", big, 0}, no_env);
	big[100000] = 0;
	static char *many[101];
	for (int i = 0; i < 100; i++)
		many[i] = big;
	try("exec too many arguments", self, many, no_env);
	symlink("/tmp/loop", "/tmp/loop");
	try("exec symlink loop", "/tmp/loop", args, no_env);
}

static void busy(void)
{
	copy_self("/tmp/copy");
	char *args[] = {"/tmp/copy", "exec-child", "exit", 0};
	int fd = open("/tmp/copy", O_WRONLY);
	try("exec open for writing", "/tmp/copy", args, no_env);
	close(fd);
	try("exec closed again", "/tmp/copy", args, no_env);
	result("write a running program", open(self, O_WRONLY));
	unlink("/tmp/copy");
}

static void scripts(void)
{
	char *args[] = {"arg0", "arg1", 0};
	char text[300];
	int n = snprintf(text, sizeof text, "#!%s exec-child\n", self);
	put("/tmp/script", text, n, 0755);
	try("script", "/tmp/script", args, no_env);
	n = snprintf(text, sizeof text, "#! \t %s \t exec-child args and more \t \n", self);
	put("/tmp/script", text, n, 0755);
	try("script with blanks", "/tmp/script", args, no_env);
	put("/tmp/script", "#!\n", 3, 0755);
	try("script without interpreter", "/tmp/script", args, no_env);
	put("/tmp/script", "#!/tmp/missing\n", 15, 0755);
	try("script with missing interpreter", "/tmp/script", args, no_env);
	put("/tmp/script", "#!/tmp/script\n", 14, 0755);
	try("script is its own interpreter", "/tmp/script", args, no_env);
	memset(text, 'c', sizeof text);
	memcpy(text, "#!/tmp/", 7);
	put("/tmp/script", text, sizeof text, 0755);
	try("script with a long line", "/tmp/script", args, no_env);
	n = snprintf(text, sizeof text, "#!%s exec-child", self);
	put("/tmp/s1", text, n, 0755);
	for (int i = 2; i <= 6; i++) {
		char path[16], name[32];
		snprintf(path, sizeof path, "/tmp/s%d", i);
		n = snprintf(text, sizeof text, "#!/tmp/s%d\n", i - 1);
		put(path, text, n, 0755);
		snprintf(name, sizeof name, "script nested %d deep", i);
		try(name, path, args, no_env);
	}
}

static void at(void)
{
	char *args[] = {"x", "exec-child", "args", 0};
	pid_t pid = fork();
	if (pid == 0) {
		int fd = open(self, O_RDONLY | O_CLOEXEC);
		result("execveat without AT_EMPTY_PATH", syscall(SYS_execveat, fd, "", args, no_env, 0));
		result("execveat bad flags", syscall(SYS_execveat, fd, "", args, no_env, 1));
		result("execveat bad fd", syscall(SYS_execveat, 77, "x", args, no_env, 0));
		symlink(self, "/tmp/link");
		result("execveat nofollow", syscall(SYS_execveat, AT_FDCWD, "/tmp/link", args, no_env, AT_SYMLINK_NOFOLLOW));
		syscall(SYS_execveat, fd, "", args, no_env, AT_EMPTY_PATH);
		result("execveat", -1);
		_exit(97);
	}
	reap("execveat", pid);
}

static void kept_and_lost(void)
{
	pid_t pid = fork();
	if (pid == 0) {
		signal(SIGUSR1, SIG_IGN);
		signal(SIGUSR2, (void (*)(int))1234);
		sigset_t set;
		sigemptyset(&set);
		sigaddset(&set, SIGHUP);
		sigprocmask(SIG_BLOCK, &set, 0);
		raise(SIGHUP);
		prctl(PR_SET_NAME, "before");
		dup2(1, 10);
		dup2(1, 11);
		fcntl(11, F_SETFD, FD_CLOEXEC);
		struct rlimit stack = {1 << 20, 2 << 20};
		setrlimit(RLIMIT_STACK, &stack);
		execve(self, (char *[]){"name", "exec-child", "state", 0}, (char *[]){"A=1", "B=", 0});
		_exit(97);
	}
	reap("exec keeps and loses", pid);
}

static char **thread_args;

static int exec_in_thread(void *arg)
{
	(void)arg;
	execve(self, thread_args, no_env);
	return 1;
}

#define THREAD (CLONE_VM | CLONE_SIGHAND | CLONE_THREAD | CLONE_FS | CLONE_FILES)

static void from_thread(void)
{
	static char stack[16384] __attribute__((aligned(16)));
	pid_t pid = fork();
	if (pid == 0) {
		char me[16];
		snprintf(me, sizeof me, "%d", getpid());
		char *args[] = {self, "exec-child", "pid", me, 0};
		thread_args = args;
		// A thread that is not the leader executes, while another one sleeps.
		clone((int (*)(void *))(void *)sleep, stack + 8192, THREAD, (void *)1000);
		clone(exec_in_thread, stack + sizeof stack, THREAD, 0);
		for (;;)
			pause();
	}
	reap("exec by a thread", pid);
}

static const struct {
	const char *name;
	size_t offset;
	uint64_t value;
	int size;
} damage[] = {
	{"class 32", EI_CLASS, 1, 1},
	{"big endian", EI_DATA, 2, 1},
	{"version", EI_VERSION, 9, 1},
	{"type core", offsetof(Elf64_Ehdr, e_type), ET_CORE, 2},
	{"type rel", offsetof(Elf64_Ehdr, e_type), ET_REL, 2},
	{"machine", offsetof(Elf64_Ehdr, e_machine), 8, 2},
	{"phentsize", offsetof(Elf64_Ehdr, e_phentsize), 55, 2},
	{"phnum 0", offsetof(Elf64_Ehdr, e_phnum), 0, 2},
	{"phnum 65535", offsetof(Elf64_Ehdr, e_phnum), 65535, 2},
	{"phoff far", offsetof(Elf64_Ehdr, e_phoff), 1ull << 40, 8},
	{"phoff negative", offsetof(Elf64_Ehdr, e_phoff), -8ull, 8},
	{"entry 0", offsetof(Elf64_Ehdr, e_entry), 0, 8},
	{"entry in the kernel", offsetof(Elf64_Ehdr, e_entry), 0xffff800000001000, 8},
	{"first vaddr in the kernel", sizeof(Elf64_Ehdr) + offsetof(Elf64_Phdr, p_vaddr), 0xffff800000000000, 8},
	{"first memsz huge", sizeof(Elf64_Ehdr) + offsetof(Elf64_Phdr, p_memsz), 1ull << 62, 8},
	{"first filesz above memsz", sizeof(Elf64_Ehdr) + offsetof(Elf64_Phdr, p_filesz), 1ull << 30, 8},
};

static void damaged(void)
{
	for (size_t i = 0; i < sizeof damage / sizeof *damage; i++) {
		char name[64];
		copy_self("/tmp/damaged");
		int fd = open("/tmp/damaged", O_WRONLY);
		pwrite(fd, &damage[i].value, damage[i].size, damage[i].offset);
		close(fd);
		snprintf(name, sizeof name, "ELF with %s", damage[i].name);
		try(name, "/tmp/damaged", (char *[]){"x", "exec-child", "exit", 0}, no_env);
		unlink("/tmp/damaged");
	}
}

static void not_random(void)
{
	static const long stacks[] = {8l << 20, 1l << 30};
	for (int i = 0; i < 2; i++) {
		pid_t pid = fork();
		if (pid == 0) {
			struct rlimit stack = {stacks[i], RLIM_INFINITY};
			setrlimit(RLIMIT_STACK, &stack);
			personality(ADDR_NO_RANDOMIZE);
			execve(self, (char *[]){"name", "exec-child", "places", 0}, no_env);
			_exit(97);
		}
		reap("exec without randomisation", pid);
	}
}

// at_random shows between which powers of two the places of things lie apart in
// many programs: what is not so by far does not depend on chance.
static void at_random(void)
{
	enum { PLACES = 3 };
	static const struct {
		const char *name;
		int least, most;
	} spread[] = {
		{"heap", 28, 30}, {"mapping", 27, 41},
#ifdef __x86_64__
		{"stack", 32, 34},
#else
		{"stack", 28, 30},
#endif
	};
	unsigned long low[PLACES], high[PLACES] = {0}, at[PLACES];
	memset(low, -1, sizeof low);
	for (int i = 0; i < 60; i++) {
		int p[2];
		pipe(p);
		pid_t pid = fork();
		if (pid == 0) {
			dup2(p[1], 1);
			execve(self, (char *[]){"name", "exec-child", "where", 0}, no_env);
			_exit(97);
		}
		close(p[1]);
		if (read(p[0], at, sizeof at) != sizeof at)
			say("where", "nothing read");
		close(p[0]);
		waitpid(pid, 0, 0);
		for (int j = 0; j < PLACES; j++) {
			low[j] = at[j] < low[j] ? at[j] : low[j];
			high[j] = at[j] > high[j] ? at[j] : high[j];
		}
	}
	for (int j = 0; j < PLACES; j++)
		say("at random", "%s apart by 2^%d: %d, by 2^%d: %d", spread[j].name, spread[j].least,
		    high[j] - low[j] >= 1ul << spread[j].least, spread[j].most, high[j] - low[j] > 1ul << spread[j].most);
}

void test_exec(char **argv)
{
	(void)argv;
	errors();
	busy();
	scripts();
	at();
	kept_and_lost();
	from_thread();
	not_random();
	at_random();
	damaged();
}

static void print_args(int argc, char **argv)
{
	say("argc", "%d", argc);
	for (int i = 0; i < argc; i++)
		say("argument", "<%s>", strlen(argv[i]) < 300 ? argv[i] : "long");
}

static void print_state(void)
{
	extern char **environ;
	for (char **e = environ; *e; e++)
		say("environment", "<%s>", *e);
	struct sigaction one, two;
	sigaction(SIGUSR1, 0, &one);
	sigaction(SIGUSR2, 0, &two);
	say("ignored stays ignored", "%d", one.sa_handler == SIG_IGN);
	say("handler becomes default", "%d", two.sa_handler == SIG_DFL);
	sigset_t set;
	sigprocmask(SIG_BLOCK, 0, &set);
	say("blocked", "%d", sigismember(&set, SIGHUP));
	sigpending(&set);
	say("pending", "%d", sigismember(&set, SIGHUP));
	char name[16];
	prctl(PR_GET_NAME, name);
	say("name", "%s", name);
	result("open stays open", fcntl(10, F_GETFD));
	result("close-on-exec", fcntl(11, F_GETFD));
	struct rlimit stack;
	getrlimit(RLIMIT_STACK, &stack);
	say("stack limit", "%ld %ld", (long)stack.rlim_cur, (long)stack.rlim_max);
	say("AT_EXECFN", "%s", (char *)getauxval(AT_EXECFN));
	say("AT_PAGESZ", "%ld", getauxval(AT_PAGESZ));
	say("AT_CLKTCK", "%ld", getauxval(AT_CLKTCK));
	say("AT_PHENT", "%ld", getauxval(AT_PHENT));
	say("AT_PHDR", "%d", memcmp((char *)getauxval(AT_PHDR) - sizeof(Elf64_Ehdr), "\177ELF", 4));
	say("AT_BASE", "%ld", getauxval(AT_BASE));
	say("AT_FLAGS", "%ld", getauxval(AT_FLAGS));
	say("AT_SECURE", "%ld", getauxval(AT_SECURE));
	say("AT_UID", "%ld %ld %ld %ld", getauxval(AT_UID), getauxval(AT_EUID), getauxval(AT_GID), getauxval(AT_EGID));
	say("AT_RANDOM", "%d", getauxval(AT_RANDOM) != 0);
	say("AT_PLATFORM", "%s", (char *)getauxval(AT_PLATFORM));
}

// print_places tells how far below the end of the address space things are, with
// steps that hide what depends on the size of the vDSO.
static int print_places(void)
{
#ifdef __x86_64__
	uint64_t end = 1ull << 47;
#else
	uint64_t end = 1ull << 48;
#endif
	char *name = (char *)getauxval(AT_EXECFN);
	void *page = mmap(0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	say("not random, end of the stack", "%ld", end - (uint64_t)(name + strlen(name) + 1));
	say("not random, mappings, MiB", "%ld", (end - (uint64_t)page) >> 20);
	return 0;
}

// tell_places writes where the heap, the stack and a mapping are.
static int tell_places(void)
{
	void *at[] = {sbrk(0), mmap(0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), (void *)getauxval(AT_EXECFN)};
	return write(1, at, sizeof at) != sizeof at;
}

// print_ids shows what rights a set-user-ID program has.
static int print_ids(void)
{
	uid_t u[3];
	gid_t g[3];
	getresuid(u, u + 1, u + 2);
	getresgid(g, g + 1, g + 2);
	say("executed ids", "uid %d %d %d gid %d %d %d secure %lu dumpable %d", u[0], u[1], u[2], g[0], g[1], g[2],
	    getauxval(AT_SECURE), prctl(PR_GET_DUMPABLE));
	return 0;
}

// exec_child is what the tests above execute.
int exec_child(int argc, char **argv)
{
	if (argc > 2 && strcmp(argv[2], "exit") == 0)
		return 7;
	if (argc > 2 && strcmp(argv[2], "places") == 0)
		return print_places();
	if (argc > 2 && strcmp(argv[2], "where") == 0)
		return tell_places();
	if (argc > 2 && strcmp(argv[2], "ids") == 0)
		return print_ids();
	if (argc > 2 && strcmp(argv[2], "signals") == 0)
		return exec_signals(), 0;
	if (argc > 3 && strcmp(argv[2], "pid") == 0)
		return getpid() == atoi(argv[3]) ? 1 : syscall(SYS_gettid) == getpid() ? 2 : 3;
	print_args(argc, argv);
	if (argc > 2 && strcmp(argv[2], "state") == 0)
		print_state();
	return 0;
}
