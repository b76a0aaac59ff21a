// Restartable sequences, rseq(2): what can be registered, which CPU is told, and when
// critical sections are aborted.
#include "check.h"

#include <pthread.h>
#include <sys/ptrace.h>
#include <sys/time.h>

#ifdef __x86_64__
#define SIGNATURE 0x53053053
asm(".text\n"
    // section(&rseq->rseq_cs, cs, rounds): spins, or traps if rounds is 0. 1: aborted.
    ".globl section, section_start, section_commit, section_abort\n"
    "section: mov %rsi, (%rdi)\n"
    "section_start: test %rdx, %rdx; jnz 1f; int3; jmp section_commit\n"
    "1: dec %rdx; jnz 1b\n"
    "section_commit: xor %eax, %eax; ret\n"
    ".byte 0x0f, 0xb9, 0x3d; .long 0x53053053\n"
    "section_abort: mov $1, %eax; ret\n");
#else
#define SIGNATURE 0xd428bc00
asm(".text\n"
    ".globl section, section_start, section_commit, section_abort\n"
    "section: str x1, [x0]\n"
    "section_start: cbnz x2, 1f; brk #0; b section_commit\n"
    "1: subs x2, x2, #1; b.ne 1b\n"
    "section_commit: mov x0, #0; ret\n"
    ".word 0xd428bc00\n"
    "section_abort: mov x0, #1; ret\n");
#endif
int section(volatile uint64_t *field, void *cs, unsigned long rounds);
extern char section_start[], section_commit[], section_abort[];

struct rseq_ {
	uint32_t cpu_id_start, cpu_id;
	uint64_t cs;
	uint32_t flags, pad[3];
} __attribute__((aligned(32)));

struct section_ {
	uint32_t version, flags;
	uint64_t start, length, abort;
} __attribute__((aligned(32)));

static volatile struct rseq_ mine, other;
static struct section_ good;

static long reg(volatile void *p, unsigned size, int flags, unsigned sig) { return syscall(SYS_rseq, p, size, flags, sig); }

extern const unsigned int __rseq_size;
extern const ptrdiff_t __rseq_offset;

// unregister_library takes away what the C library has registered.
static void unregister_library(void)
{
	char *thread = __builtin_thread_pointer();
	say("the library's size", "%u", __rseq_size);
	result("the library's again", reg(thread + __rseq_offset, 32, 0, SIGNATURE));
	result("the library's", reg(thread + __rseq_offset, 32, 1, SIGNATURE));
	say("its CPU then", "%d", ((struct rseq_ *)(thread + __rseq_offset))->cpu_id);
}

static void registrations(void)
{
	result("unregister nothing", reg(&mine, 32, 1, SIGNATURE));
	result("unregister null", reg(0, 32, 1, SIGNATURE));
	result("misaligned", reg((char *)&mine + 8, 32, 0, SIGNATURE));
	result("too small", reg(&mine, 16, 0, SIGNATURE));
	result("too large", reg(&mine, 64, 0, SIGNATURE));
	result("unknown flag", reg(&mine, 32, 2, SIGNATURE));
	result("both flags", reg(&mine, 32, 3, SIGNATURE));
	result("in the kernel", reg((void *)0xffff800000000000, 32, 0, SIGNATURE));
	mine.cpu_id = -1;
	mine.cs = 0x123;
	result("register", reg(&mine, 32, 0, SIGNATURE));
	say("section", "%#llx", (long long)mine.cs);
	result("again", reg(&mine, 32, 0, SIGNATURE));
	result("again with another signature", reg(&mine, 32, 0, 1));
	result("again with another size", reg(&mine, 64, 0, SIGNATURE));
	result("another", reg(&other, 32, 0, SIGNATURE));
	result("unregister another", reg(&other, 32, 1, SIGNATURE));
	result("unregister with another signature", reg(&mine, 32, 1, 1));
	result("unregister with another size", reg(&mine, 16, 1, SIGNATURE));
	say("known", "%d", mine.cpu_id != -1 && mine.cpu_id == mine.cpu_id_start);
	pid_t pid = fork();
	if (pid == 0) {
		result("registered after fork", reg(&mine, 32, 0, SIGNATURE));
		say("known after fork", "%d", mine.cpu_id != -1);
		_exit(0);
	}
	reap("fork", pid);
	pid = vfork();
	if (pid == 0) {
		result("registered after vfork", reg(&mine, 32, 1, SIGNATURE));
		result("register after vfork", reg(&other, 32, 0, SIGNATURE));
		result("unregister after vfork", reg(&other, 32, 1, SIGNATURE));
		_exit(0);
	}
	reap("vfork", pid);
	result("unregister", reg(&mine, 32, 1, SIGNATURE));
	say("unregistered", "%d %d", mine.cpu_id_start, mine.cpu_id);
	pid = fork();
	if (pid == 0) {
		result("unmapped", reg((void *)0x700000000000, 32, 0, SIGNATURE));
		_exit(0);
	}
	reap("unmapped", pid);
}

static void use(void)
{
	good = (struct section_){0, 0, (uintptr_t)section_start, section_commit - section_start, (uintptr_t)section_abort};
	mine.cs = mine.flags = 0;
	reg(&mine, 32, 0, SIGNATURE);
}

// cpus moves to every CPU, and back to the first, where it stays.
static void cpus(void)
{
	cpu_set_t all, one;
	int wrong = 0;
	sched_getaffinity(0, sizeof all, &all);
	for (int round = 0; round < 50; round++)
		for (int cpu = CPU_SETSIZE - 1; cpu >= 0; cpu--) {
			if (!CPU_ISSET(cpu, &all))
				continue;
			CPU_ZERO(&one);
			CPU_SET(cpu, &one);
			sched_setaffinity(0, sizeof one, &one);
			wrong += mine.cpu_id != cpu || mine.cpu_id_start != cpu;
		}
	say("wrong CPUs", "%d", wrong);
}

static int traps;
static uintptr_t trapped_at;

static void on_trap(int sig, siginfo_t *info, void *context)
{
	ucontext_t *c = context;
#ifdef __x86_64__
	trapped_at = c->uc_mcontext.gregs[16];
#else
	trapped_at = c->uc_mcontext.pc;
#endif
	if (traps++ > 5)
		_exit(55);
}

static void aborts(void)
{
	result("undisturbed outside", section(&mine.cs, 0, 10));
	// A section that nobody disturbs is run again until it is through.
	int through = 0, there = 0;
	for (int i = 0; i < 1000 && !(through && there); i++) {
		through = section(&mine.cs, &good, 10) == 0;
		there = mine.cs == (uintptr_t)&good; // unless it was preempted behind it
	}
	say("undisturbed", "%d", through);
	say("still there", "%d", there);
	result("trap", section(&mine.cs, &good, 0));
	say("trap", "%d at the abort handler %d, section %d", traps, trapped_at == (uintptr_t)section_abort, mine.cs != 0);
	mine.cs = (uintptr_t)&good;
	raise(SIGTRAP);
	say("outside", "at the abort handler %d, section %d", trapped_at == (uintptr_t)section_abort, mine.cs != 0);
	// Another process on the same CPU.
	pid_t pid = fork();
	if (pid == 0)
		for (;;)
			;
	int aborted = 0, again = 0;
	for (int i = 0; i < 5; i++)
		aborted += section(&mine.cs, &good, 3000000000);
	for (int i = 0; i < 1000000 && !again; i++)
		again = section(&mine.cs, &good, 1) == 0;
	say("preempted", "%d, through %d", aborted, again);
	kill(pid, SIGKILL);
	waitpid(pid, 0, 0);
}

// broken runs a section that breaks the rules, in a child.
static void broken(const char *name, struct section_ *cs, uint32_t flags, void *at)
{
	pid_t pid = fork();
	if (pid == 0) {
		mine.flags = flags;
		result(name, section(&mine.cs, at ? at : cs, 0));
		_exit(0);
	}
	reap(name, pid);
}

static void rules(void)
{
	struct section_ s = good;
	broken("good", &s, 0, 0);
	s.version = 1;
	broken("version", &s, 0, 0);
	s = good, s.flags = 1;
	broken("deprecated flag of the section", &s, 0, 0);
	s = good, s.flags = 1 << 9;
	broken("unknown flag of the section", &s, 0, 0);
	broken("flag of the thread", &good, 1, 0);
	s = good, s.abort += 4;
	broken("signature", &s, 0, 0);
	s = good, s.abort = s.start;
	broken("abort inside", &s, 0, 0);
	s = good, s.start = -4096;
	broken("start in the kernel", &s, 0, 0);
	s = good, s.length = 1ul << 60;
	broken("length", &s, 0, 0);
	s = good, s.abort = 1ul << 63;
	broken("abort in the kernel", &s, 0, 0);
	s = good, s.length = 0;
	broken("empty", &s, 0, 0);
	broken("section in the kernel", &good, 0, (void *)0xffff800000000000);
	broken("section at nothing", &good, 0, (void *)0x700000000000);
}

static void tracer(void)
{
	struct {
		uint64_t pointer;
		uint32_t size, signature, flags, pad;
	} c;
	memset(&c, 7, sizeof c);
	pid_t pid = fork();
	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		_exit(0);
	}
	waitpid(pid, 0, 0);
	result("configuration", syscall(SYS_ptrace, 0x420f, pid, sizeof c, &c));
	say("configuration", "%d %u %#x %u %u", c.pointer == (uintptr_t)&mine, c.size, c.signature, c.flags, c.pad);
	memset(&c, 7, sizeof c);
	result("short configuration", syscall(SYS_ptrace, 0x420f, pid, 12, &c));
	say("short configuration", "%u %#x", c.size, c.signature);
	ptrace(PTRACE_CONT, pid, 0, 0);
	reap("traced", pid);
}

static int entered;

static void *runs_section(void *p)
{
	reg(&other, 32, 0, SIGNATURE);
	__atomic_store_n(&entered, 1, __ATOMIC_SEQ_CST);
	long aborted = section(&other.cs, &good, 30000000000);
	reg(&other, 32, 1, SIGNATURE);
	return (void *)aborted;
}

#define PRIVATE_RSEQ 128
#define REGISTER_PRIVATE_RSEQ 256
#define QUERIED 0x19f // all but SYNC_CORE, which not every kernel has

static void barriers(void)
{
	cpu_set_t all;
	pthread_t t;
	void *aborted = 0;
	say("membarrier query", "%#lx", syscall(SYS_membarrier, 0, 0, 0) & QUERIED);
	result("unknown command", syscall(SYS_membarrier, 1 << 20, 0, 0));
	result("two commands", syscall(SYS_membarrier, 3, 0, 0));
	result("a flag", syscall(SYS_membarrier, 1, 1, 0));
	result("private, not registered", syscall(SYS_membarrier, 8, 0, 0));
	result("rseq, not registered", syscall(SYS_membarrier, PRIVATE_RSEQ, 0, 0));
	result("global", syscall(SYS_membarrier, 1, 0, 0));
	result("global expedited", syscall(SYS_membarrier, 2, 0, 0));
	result("register global", syscall(SYS_membarrier, 4, 0, 0));
	result("register private", syscall(SYS_membarrier, 16, 0, 0));
	result("private", syscall(SYS_membarrier, 8, 0, 0));
	result("register rseq with a flag", syscall(SYS_membarrier, REGISTER_PRIVATE_RSEQ, 1, 0));
	result("register rseq", syscall(SYS_membarrier, REGISTER_PRIVATE_RSEQ, 0, 0));
	result("rseq", syscall(SYS_membarrier, PRIVATE_RSEQ, 0, 0));
	result("rseq of a CPU", syscall(SYS_membarrier, PRIVATE_RSEQ, 1, 0));
	result("rseq with an unknown flag", syscall(SYS_membarrier, PRIVATE_RSEQ, 2, 0));
	memset(&all, 255, sizeof all);
	sched_setaffinity(0, sizeof all, &all);
	pthread_create(&t, 0, runs_section, 0);
	while (!__atomic_load_n(&entered, __ATOMIC_SEQ_CST))
		sched_yield();
	struct timespec limit = {0, 1000000};
	while (pthread_timedjoin_np(t, &aborted, &limit) != 0) {
		usleep(1000);
		syscall(SYS_membarrier, PRIVATE_RSEQ, 0, 0);
	}
	say("a section elsewhere aborted", "%d", aborted != 0);
}

void test_rseq(void)
{
	struct sigaction sa = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO};
	sigaction(SIGTRAP, &sa, 0);
	unregister_library();
	registrations();
	use();
	cpus();
	aborts();
	rules();
	tracer();
	barriers();
}
