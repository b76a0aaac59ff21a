// The frame of a signal: what a handler finds in it, what becomes of changes, and
// what the kernel does about frames that it has not written.
#include "check.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <ucontext.h>

#ifdef __x86_64__
#define PC(uc) (uc)->uc_mcontext.gregs[REG_RIP]
#define SP(uc) (uc)->uc_mcontext.gregs[REG_RSP]
#define RET(uc) (uc)->uc_mcontext.gregs[REG_RAX]
#else
#define PC(uc) (uc)->uc_mcontext.pc
#define SP(uc) (uc)->uc_mcontext.sp
#define RET(uc) (uc)->uc_mcontext.regs[0]
#endif

static void on(int sig, void (*handler)(int, siginfo_t *, void *), int flags)
{
	struct sigaction sa = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags};
	sigaction(sig, &sa, 0);
}

// What a handler finds.

#ifdef __x86_64__
// struct _fpx_sw_bytes, at byte 464 of the FXSAVE image.
struct sw_bytes {
	uint32_t magic1, extended_size;
	uint64_t xfeatures;
	uint32_t xstate_size;
};

static void look(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	char *frame = (char *)uc - 8;
	char *fp = (char *)uc->uc_mcontext.fpregs;
	struct sw_bytes *sw = (void *)(fp + 464);
	uint64_t features = *(uint64_t *)(fp + 512);
	uint32_t magic2;
	memcpy(&magic2, fp + sw->xstate_size, 4);
	say("frame, alignment", "%d", (int)((uintptr_t)frame & 15));
	say("frame, siginfo", "%d", (int)((char *)info - frame));
	say("frame, uc_flags", "%#lx link %d", uc->uc_flags, uc->uc_link != 0);
	say("frame, segments", "%#llx", uc->uc_mcontext.gregs[REG_CSGSFS] & ~0xffffull << 32 & ~0xffffull << 16);
	say("frame, fault", "%lld %lld %lld", uc->uc_mcontext.gregs[REG_TRAPNO], uc->uc_mcontext.gregs[REG_ERR],
		uc->uc_mcontext.gregs[REG_CR2]);
	say("frame, oldmask", "%lld", uc->uc_mcontext.gregs[REG_OLDMASK]);
	say("frame, FP state", "align %d magic %x %x sizes %d features %d", (int)((uintptr_t)fp & 63), sw->magic1, magic2,
		sw->extended_size == sw->xstate_size + 4, (int)(sw->xfeatures & 7));
	say("frame, features in use", "%d", (features & ~sw->xfeatures) == 0);
	say("frame, red zone", "%d", fp + sw->extended_size <= (char *)SP(uc) - 128);
	say("frame, mask", "%lx", *(unsigned long *)&uc->uc_sigmask);
	say("frame, stack", "%d", uc->uc_stack.ss_flags);
}
#else
static void look(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	char *p = (char *)uc->uc_mcontext.__reserved, *end = p + 4096, list[200] = "";
	say("frame, alignment", "%d", (int)((uintptr_t)info & 15));
	say("frame, ucontext", "%d reserved %d", (int)((char *)uc - (char *)info), (int)(p - (char *)uc));
	say("frame, uc_flags", "%#lx link %d", uc->uc_flags, uc->uc_link != 0);
	for (int n = 0; p < end;) {
		uint32_t magic = ((uint32_t *)p)[0], size = ((uint32_t *)p)[1];
		// Linux has a note on SVE, which we do not show to programs.
		if (magic != 0x53564501 && magic != 0x54366345 && magic != 0x54504902)
			n += snprintf(list + n, sizeof list - n, " %x:%d", magic, size);
		if (magic == 0)
			break;
		p += size;
	}
	say("frame, records", "%s", list);
	say("frame, pstate", "%#llx", uc->uc_mcontext.pstate & ~0xf0001000ull);
	say("frame, mask", "%lx", *(unsigned long *)&uc->uc_sigmask);
	say("frame, stack", "%d", uc->uc_stack.ss_flags);
	// The frame record that unwinders follow, and where a handler returns to.
	uint64_t *record = __builtin_frame_address(0);
	uint64_t *outer = (void *)record[0];
	say("frame, frame record", "fp %d lr %d", outer[0] == uc->uc_mcontext.regs[29], outer[1] == uc->uc_mcontext.regs[30]);
	uint32_t *code = (void *)record[1];
	say("frame, trampoline", "%08x %08x", code[0], code[1]);
}
#endif

static void contents(void)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigaddset(&set, SIGRTMIN);
	sigprocmask(SIG_SETMASK, &set, 0);
	on(SIGUSR1, look, 0);
	raise(SIGUSR1);
	sigemptyset(&set);
	sigprocmask(SIG_SETMASK, &set, 0);
}

// Faults: each child does one, and says what its handler got.

static const char *fault_name;
static uintptr_t fault_address, fault_pc;
static char *page;

#ifdef __aarch64__
// syndrome returns what the esr_context of a frame says, or 0.
static uint64_t syndrome(ucontext_t *uc)
{
	for (uint32_t *p = (void *)uc->uc_mcontext.__reserved; p[0]; p = (void *)((char *)p + p[1]))
		if (p[0] == 0x45535201)
			return *(uint64_t *)(p + 2);
	return 0;
}
#endif

static void fault_handler(int sig, siginfo_t *info, void *context)
{
#ifdef __x86_64__
	asm volatile("pushfq; andl $~0x40000, (%%rsp); popfq" ::: "memory"); // AC stays set in a handler
#endif
	ucontext_t *uc = context;
	intptr_t addr = (intptr_t)info->si_addr;
	say(fault_name, "signal %d code %d errno %d address %s", sig, info->si_code, info->si_errno,
		addr == (intptr_t)fault_address ? "as touched" : addr == (intptr_t)PC(uc) ? "of the instruction" : addr == 0 ? "0" : "other");
#ifdef __x86_64__
	say(fault_name, "trap %lld error %lld cr2 %d", uc->uc_mcontext.gregs[REG_TRAPNO], uc->uc_mcontext.gregs[REG_ERR],
		uc->uc_mcontext.gregs[REG_CR2] == fault_address);
#else
	uint64_t esr = syndrome(uc);
	say(fault_name, "esr %d class %#x fault_address %d", esr != 0, (int)(esr >> 26), uc->uc_mcontext.fault_address == fault_address);
#endif
	_exit(0);
}

static void f_null_write(void) { fault_address = 0; *(volatile char *)0 = 1; }
static void f_unmapped(void) { munmap(page, 4096); fault_address = (uintptr_t)page + 5; *(volatile char *)fault_address; }
static void f_readonly(void) { mprotect(page, 4096, PROT_READ); fault_address = (uintptr_t)page + 7; *(volatile char *)fault_address = 1; }
static void f_none(void) { mprotect(page, 4096, PROT_NONE); fault_address = (uintptr_t)page; *(volatile char *)fault_address; }
static void f_execute(void) { fault_address = (uintptr_t)page; ((void (*)(void))page)(); }
static void f_past_file(void)
{
	int fd = open("/tmp/frames.file", O_RDWR | O_CREAT, 0600);
	ftruncate(fd, 100);
	char *p = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	fault_address = (uintptr_t)p + 4096;
	*(volatile char *)fault_address;
}
static void f_kernel(void) { fault_address = (uintptr_t)1 << 63 | 0x7fff00000000; *(volatile char *)fault_address; }
static void f_kernel_half(void) { fault_address = -(uintptr_t)65536; *(volatile char *)fault_address; }
#ifdef __x86_64__
static void f_undefined(void) { asm volatile("ud2"); }
static void f_breakpoint(void) { asm volatile("int3"); }
static void f_privileged(void) { asm volatile("hlt"); }
static void f_divide(void) { asm volatile("xor %%ecx, %%ecx; mov $1, %%eax; cltd; idiv %%ecx" ::: "eax", "ecx", "edx"); }
static void f_sse(void)
{
	uint32_t csr = 0x1f80 & ~(1 << 9); // division by zero is not masked
	asm volatile("ldmxcsr %0; mov $1, %%eax; cvtsi2sd %%eax, %%xmm0; xorpd %%xmm1, %%xmm1; divsd %%xmm1, %%xmm0"
		:: "m"(csr) : "eax", "xmm0", "xmm1");
}
static void f_x87(void)
{
	uint16_t cw = 0x37f & ~(1 << 2);
	asm volatile("fldcw %0; fld1; fldz; fdivrp; fwait" :: "m"(cw));
}
static void f_alignment(void)
{
	asm volatile("pushfq; orl $0x40000, (%%rsp); popfq; movl 1(%0), %%eax" :: "r"(page) : "eax", "memory");
}
static void f_interrupt(void) { asm volatile("int $0x21"); }
static void f_port(void) { asm volatile("outb %%al, $0x80" ::: "memory"); }
#else
static void f_undefined(void) { asm volatile("udf #0"); }
static void f_breakpoint(void) { asm volatile("brk #1"); }
static void f_privileged(void) { asm volatile("msr vbar_el1, x0"); }
static void f_pc(void) { fault_address = (uintptr_t)page + 2; asm volatile("br %0" :: "r"(page + 2)); }
static void f_sp(void) { asm volatile("mov x9, sp; add x9, x9, #1; mov sp, x9; ldr x9, [sp]" ::: "x9"); }
static void f_exclusive(void) { fault_address = (uintptr_t)page + 1; asm volatile("ldxr x9, [%0]" :: "r"(page + 1) : "x9"); }
#endif

static const struct { const char *name; void (*run)(void); } faults[] = {
	{"fault: write to 0", f_null_write}, {"fault: unmapped", f_unmapped}, {"fault: read-only", f_readonly},
	{"fault: PROT_NONE", f_none}, {"fault: not executable", f_execute}, {"fault: behind the file", f_past_file},
	{"fault: not canonical", f_kernel}, {"fault: the kernel's half", f_kernel_half},
	{"fault: undefined", f_undefined}, {"fault: breakpoint", f_breakpoint}, {"fault: privileged", f_privileged},
#ifdef __x86_64__
	{"fault: divide", f_divide}, {"fault: SSE", f_sse}, {"fault: x87", f_x87}, {"fault: alignment", f_alignment},
	{"fault: interrupt", f_interrupt}, {"fault: port", f_port},
#else
	{"fault: PC", f_pc}, {"fault: SP", f_sp}, {"fault: exclusive", f_exclusive},
#endif
};

static void all_faults(void)
{
	static char stack[65536];
	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
		static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP};
		// With a handler, without one, and blocked.
		for (int way = 0; way < 3; way++) {
			pid_t pid = fork();
			if (pid == 0) {
				sigset_t all;
				fault_name = faults[i].name;
				page = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
				*page = 0;
				sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = sizeof stack}, 0);
				for (int j = 0; j < 5 && way != 1; j++)
					on(signals[j], fault_handler, SA_ONSTACK);
				sigfillset(&all);
				if (way == 2)
					sigprocmask(SIG_BLOCK, &all, 0);
				faults[i].run();
				_exit(99);
			}
			int s;
			waitpid(pid, &s, 0);
			if (way > 0)
				status(faults[i].name, s & 0x7f);
		}
	}
}

// Changes that a handler makes.

static void skip(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
#ifdef __x86_64__
	PC(uc) += 2; // ud2
	uc->uc_mcontext.gregs[REG_RBX] = 1234;
	uc->uc_mcontext.fpregs->_xmm[3].element[0] = 77;
#else
	PC(uc) += 4;
	uc->uc_mcontext.regs[9] = 1234;
	struct { uint32_t magic, size, fpsr, fpcr; __uint128_t v[32]; } *fp = (void *)uc->uc_mcontext.__reserved;
	fp->v[3] = 77;
#endif
	sigaddset(&uc->uc_sigmask, SIGUSR2);
}

static void modifications(void)
{
	long general = 0, vector = 0;
	sigset_t now;
	on(SIGILL, skip, 0);
#ifdef __x86_64__
	asm volatile("xor %%ebx, %%ebx; pxor %%xmm3, %%xmm3; ud2; mov %%rbx, %0; movq %%xmm3, %1"
		: "=r"(general), "=r"(vector) :: "rbx", "xmm3");
#else
	asm volatile("mov x9, #0; movi v3.2d, #0; udf #0; mov %0, x9; fmov %1, d3"
		: "=r"(general), "=r"(vector) :: "x9", "v3");
#endif
	sigprocmask(SIG_SETMASK, 0, &now);
	say("a handler changes registers", "%ld %ld mask %d", general, vector, sigismember(&now, SIGUSR2));
	sigemptyset(&now);
	sigprocmask(SIG_SETMASK, &now, 0);
}

// A number in the register for results that looks like a restart.

static volatile int stop_spinning, seen;
static pid_t parent;

static void halt(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	seen = (long)RET(uc);
	stop_spinning = 1;
}

static void pretend(int sig, siginfo_t *info, void *context)
{
	RET((ucontext_t *)context) = -512; // SIGUSR2 comes on the way back
}

static void looks_like_a_restart(void)
{
	long r = 0;
	on(SIGUSR2, halt, SA_RESTART);
	// The loop itself says that it runs; only then comes the signal.
	volatile int *looping = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	parent = getpid();
	stop_spinning = 0;
	pid_t pid = fork();
	if (pid == 0) {
		while (!*looping)
			usleep(500);
		kill(parent, SIGUSR2);
		_exit(0);
	}
#ifdef __x86_64__
	asm volatile("mov $-512, %%rax; 1: movl $1, (%2); cmpl $0, %1; je 1b; mov %%rax, %0"
		: "=r"(r) : "m"(stop_spinning), "r"(looping) : "rax", "memory");
#else
	asm volatile("mov x0, #-512; mov x8, #63; mov w10, #1; 1: str w10, [%2]; ldr w9, [%1]; cbz w9, 1b; mov %0, x0"
		: "=r"(r) : "r"(&stop_spinning), "r"(looping) : "x0", "x8", "x9", "x10", "memory");
#endif
	say("-512 in a loop", "%ld handler %d", r, seen);
	waitpid(pid, 0, 0);
	munmap((void *)looping, 4096);
	struct sigaction sa = {.sa_sigaction = pretend, .sa_flags = SA_SIGINFO | SA_RESTART};
	sigaddset(&sa.sa_mask, SIGUSR2);
	sigaction(SIGUSR1, &sa, 0);
	sigset_t both, old;
	sigemptyset(&both);
	sigaddset(&both, SIGUSR1);
	sigaddset(&both, SIGUSR2);
	for (int i = 0; i < 2; i++) {
		on(SIGUSR2, halt, i ? SA_RESTART : 0);
		sigprocmask(SIG_BLOCK, &both, &old);
		raise(SIGUSR1);
		seen = 0;
		// Both are taken at once here, whichever runs first.
		r = syscall(SYS_rt_sigprocmask, SIG_UNBLOCK, &both, 0, 8);
		say("-512 by a handler", "%ld errno %d", r, errno);
	}
}

// Registers over a read that was interrupted and made again.

static int numbers[2];

// feeder sends the signal when its parent sleeps in the read, and feeds it then.
static void feeder(void)
{
	await(parent, 'S');
	kill(parent, SIGUSR1);
	await(parent, 'S');
	write(numbers[1], "x", 1);
	_exit(0);
}

static void dirty(int sig, siginfo_t *info, void *context)
{
#ifdef __x86_64__
	asm volatile("mov $-1, %%rax; mov %%rax, %%rdx; mov %%rax, %%rsi; mov %%rax, %%rdi; mov %%rax, %%r8; mov %%rax, %%r9;"
		"mov %%rax, %%r10; pcmpeqd %%xmm0, %%xmm0; pcmpeqd %%xmm7, %%xmm7; pcmpeqd %%xmm15, %%xmm15"
		::: "rax", "rdx", "rsi", "rdi", "r8", "r9", "r10", "xmm0", "xmm7", "xmm15");
#else
	asm volatile("mov x0, #-1; mov x1, x0; mov x2, x0; mov x3, x0; mov x8, x0; mov x16, x0; movi v0.2d, #-1; movi v8.2d, #-1;"
		"movi v31.2d, #-1" ::: "x0", "x1", "x2", "x3", "x8", "x16", "v0", "v8", "v31");
#endif
}

static void preserved(int flags, const char *name)
{
	static char c;
	static uint64_t after[16];
	pipe(numbers);
	parent = getpid();
	on(SIGUSR1, dirty, flags);
	pid_t pid = fork();
	if (pid == 0)
		feeder();
#ifdef __x86_64__
	asm volatile(
		"movq %%rax, %%xmm0; movq %%rax, %%xmm7; movq %%rax, %%xmm15;"
		"xor %%eax, %%eax; mov $0x1008, %%r8d; mov $0x1009, %%r9d; mov $0x100a, %%r10d; mov $0x100c, %%r12d;"
		"mov $0x100d, %%r13d; mov $0x100e, %%r14d; mov $0x100f, %%r15d;"
		"syscall;"
		"mov %%rax, 0(%3); mov %%rdi, 8(%3); mov %%rsi, 16(%3); mov %%rdx, 24(%3); mov %%r8, 32(%3); mov %%r9, 40(%3);"
		"mov %%r10, 48(%3); mov %%r12, 56(%3); mov %%r13, 64(%3); mov %%r14, 72(%3); mov %%r15, 80(%3);"
		"movq %%xmm0, 88(%3); movq %%xmm7, 96(%3); movq %%xmm15, 104(%3)"
		:: "D"((long)numbers[0]), "S"(&c), "d"(1L), "b"(after), "a"(0x123456789L)
		: "rcx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "xmm0", "xmm7", "xmm15", "memory");
	int first = after[1] == numbers[0], second = after[2] == (uintptr_t)&c;
#else
	register long x0 asm("x0") = numbers[0];
	register char *x1 asm("x1") = &c;
	register long x2 asm("x2") = 1;
	register long x8 asm("x8") = SYS_read;
	register uint64_t *x20 asm("x20") = after;
	asm volatile(
		"mov x3, #0x1003; mov x4, #0x1004; mov x16, #0x1010; mov x18, #0x1012; fmov d0, x3; fmov d8, x3; fmov d31, x3;"
		"svc #0;"
		"str x0, [x20]; str x1, [x20, #16]; str x2, [x20, #24]; str x3, [x20, #32]; str x4, [x20, #40];"
		"str x8, [x20, #48]; str x16, [x20, #56]; str x18, [x20, #64]; str d0, [x20, #72]; str d8, [x20, #80]; str d31, [x20, #88]"
		: "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x8) : "r"(x20)
		: "x3", "x4", "x16", "x18", "v0", "v8", "v31", "memory");
	int first = 1, second = after[2] == (uintptr_t)&c;
#endif
	say(name, "%ld: %d %d %lx %lx %lx %lx %lx %lx %lx %lx %lx %lx %lx", (long)after[0], first, second, after[3], after[4],
		after[5], after[6], after[7], after[8], after[9], after[10], after[11], after[12], after[13]);
	waitpid(pid, 0, 0);
	close(numbers[0]);
	close(numbers[1]);
}

// Frames that the kernel has not written. A child changes its own and returns.

static int forgery;
static uint64_t seed;

static uint64_t chance(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	return seed ^= seed << 17;
}

// Bits of MXCSR that do not exist are not among them: only real processors refuse
// those.
#ifdef __x86_64__
static const char *const forgeries[] = {
	"nothing", "FP state of null", "FP state unmapped", "FP state in the kernel", "FP state misaligned", "no magic1", "no magic2",
	"sizes", "features", "header", "kernel code segment", "null stack segment", "flags", "PC not canonical", "PC in the kernel",
	"SP not canonical", "mask of everything",
};

static void forge(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	greg_t *r = uc->uc_mcontext.gregs;
	char *fp = (char *)uc->uc_mcontext.fpregs;
	struct sw_bytes *sw = (void *)(fp + 464);
	switch (forgery) {
	case 1: uc->uc_mcontext.fpregs = 0; break;
	case 2: uc->uc_mcontext.fpregs = (void *)4096; break;
	case 3: uc->uc_mcontext.fpregs = (void *)-65536l; break;
	case 4: memmove(fp - 8, fp, 464), uc->uc_mcontext.fpregs = (void *)(fp - 8); break;
	case 5: sw->magic1 = 0; break;
	case 6: memset(fp + sw->xstate_size, 0, 4); break;
	case 7: sw->xstate_size = 0x7fffffff, sw->extended_size = 0xffffffff; break;
	case 8: sw->xfeatures = -1; break;
	case 9: memset(fp + 512, 0xff, 64); break;
	case 10: r[REG_CSGSFS] = r[REG_CSGSFS] & ~0xffffll | 0x10; break;
	case 11: r[REG_CSGSFS] = r[REG_CSGSFS] & 0xffffffffffffll; break;
	case 12: r[REG_EFL] = 0x247fd7 & ~0x500; break;
	case 13: PC(uc) = 1ll << 62; break;
	case 14: PC(uc) = -65536; break;
	case 15: SP(uc) = 1ll << 62; break;
	case 16: memset(&uc->uc_sigmask, 0xff, 8); break;
	}
}
#else
static const char *const forgeries[] = {
	"nothing", "pstate of EL1", "pstate of EL2", "pstate with everything", "pstate of AArch32", "PC in the kernel", "PC misaligned",
	"SP misaligned", "FP record too long", "FP record too short", "no FP record", "two FP records", "unknown record", "size 0",
	"size of odd bytes", "no end", "extra without terminator", "extra in the kernel", "mask of everything",
};

static void forge(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	uint32_t *w = (void *)uc->uc_mcontext.__reserved;
	uint32_t *end = (void *)((char *)w + 528);
	switch (forgery) {
	case 1: uc->uc_mcontext.pstate |= 5; break;
	case 2: uc->uc_mcontext.pstate |= 9; break;
	case 3: uc->uc_mcontext.pstate = -1; break;
	case 4: uc->uc_mcontext.pstate |= 0x10; break;
	case 5: PC(uc) = -65536; break;
	case 6: PC(uc) += 2; break;
	case 7: SP(uc) += 1; break;
	case 8: w[1] = 544; break;
	case 9: w[1] = 512; break;
	case 10: w[0] = w[1] = 0; break;
	case 11: memcpy(end, w, 528), memset((char *)end + 528, 0, 8); break;
	case 12: w[132] = 0x12345678, w[133] = 16, w[136] = w[137] = 0; break;
	case 13: w[132] = 0x45535201, w[133] = 0; break;
	case 14: w[1] = 529; break;
	case 15: for (int i = 132; i < 1024; i += 4) w[i] = 0x45535201, w[i + 1] = 16; break;
	case 16: w[132] = 0x45585401, w[133] = 32, *(uint64_t *)(w + 134) = (uintptr_t)(w + 140), w[136] = 32, w[140] = 1; break;
	case 17: w[132] = 0x45585401, w[133] = 32, *(uint64_t *)(w + 134) = -65536, w[136] = 32, w[140] = w[141] = 0; break;
	case 18: memset(&uc->uc_sigmask, 0xff, 8); break;
	}
}
#endif

static uintptr_t forged_pc, forged_sp;
static int forged_before; // handlers of SIGSEGV that have returned

static void forge_and_block(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	forge(sig, info, context);
	sigaddset(&uc->uc_sigmask, SIGTERM);
	forged_pc = PC(uc);
	forged_sp = SP(uc);
}

// not_taken says what a handler of SIGSEGV finds after sigreturn has failed.
static void not_taken(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	uintptr_t addr = (uintptr_t)info->si_addr;
	char name[80];
	snprintf(name, sizeof name, "handled: %s", forgeries[forgery]);
	say(name, "code %d address %s", info->si_code,
		addr == 0 ? "0" : addr == forged_sp ? "in SP" : addr == forged_pc ? "in PC" : "other");
	say(name, "PC %d SP %d SIGTERM blocked %d", PC(uc) == forged_pc, SP(uc) == forged_sp,
		sigismember(&uc->uc_sigmask, SIGTERM));
#ifdef __aarch64__
	say(name, "fault_address %d esr %d", uc->uc_mcontext.fault_address != 0, syndrome(uc) != 0);
#endif
	if (forged_before++ || strstr(name, "segment")) // no frame that we could return by has another one
		_exit(9);
}

// handled is what a program with a handler of SIGSEGV makes of forged frames. It
// goes on where the frame says, if it can.
static void handled(void)
{
	static char stack[65536];
	for (forgery = 0; forgery < (int)(sizeof forgeries / sizeof *forgeries); forgery++) {
		char name[80];
		pid_t pid = fork();
		if (pid == 0) {
			sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = sizeof stack}, 0);
			on(SIGSEGV, not_taken, SA_ONSTACK);
			on(SIGUSR1, forge_and_block, 0);
			raise(SIGUSR1);
			_exit(0);
		}
		snprintf(name, sizeof name, "handled: %s", forgeries[forgery]);
		int s = 0;
		waitpid(pid, &s, 0);
		status(name, s & ~0x80);
	}
}

static void forged(void)
{
	for (forgery = 0; forgery < (int)(sizeof forgeries / sizeof *forgeries); forgery++) {
		char name[80];
		pid_t pid = fork();
		if (pid == 0) {
			on(SIGUSR1, forge, 0);
			raise(SIGUSR1);
			sigset_t now;
			sigprocmask(SIG_BLOCK, 0, &now);
			_exit(sigismember(&now, SIGTERM) + 2 * sigismember(&now, SIGKILL));
		}
		snprintf(name, sizeof name, "forged: %s", forgeries[forgery]);
		int s = 0;
		waitpid(pid, &s, 0);
		status(name, s & ~0x80);
	}
}

// noise changes random bytes of everything that sigreturn reads.
static void noise(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
#ifdef __x86_64__
	char *from = (char *)uc, *state = (char *)uc->uc_mcontext.fpregs;
	int size = 8 * 5 + 8 * 32, state_size = 600;
#else
	char *from = (char *)uc, *state = (char *)uc->uc_mcontext.__reserved;
	int size = (char *)state - (char *)uc, state_size = 560;
#endif
	for (int n = 1 + chance() % 6; n > 0; n--) {
		uint64_t x = chance();
		char *at = x & 1 ? from + (x >> 1) % size : state + (x >> 1) % state_size;
		if (x >> 60 & 1)
			*(uint64_t *)((uintptr_t)at & ~7) = chance();
		else
			*at = chance();
	}
}

static void noises(int n)
{
	int ended = 0;
	for (int i = 0; i < n; i++) {
		pid_t pid = fork();
		if (pid == 0) {
			setpgid(0, 0); // whatever it does, not to us
			close(1);
			close(2);
			seed = 88172645463325252ull + i * 0x9e3779b97f4a7c15ull;
			on(SIGUSR1, noise, 0);
			raise(SIGUSR1);
			_exit(0);
		}
		int s;
		for (int tries = 0; waitpid(pid, &s, WNOHANG) == 0; tries++) {
			if (tries > 100)
				kill(pid, SIGKILL);
			usleep(tries < 20 ? 100 : 1000);
		}
		ended += WIFEXITED(s) || WIFSIGNALED(s);
	}
	say("frames of noise", "%d", ended);
}

void test_frames(void)
{
	struct rlimit none = {0, 0};
	setrlimit(RLIMIT_CORE, &none);
	contents();
	all_faults();
	modifications();
	looks_like_a_restart();
	preserved(0, "registers over EINTR");
	preserved(SA_RESTART, "registers over a restart");
	forged();
	handled();
	noises(400);
	unlink("/tmp/frames.file");
}
