// Register sets of a traced child: vector registers, thread pointers, flags and
// segments, hardware breakpoints and watchpoints.
#include "check.h"

#include <elf.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

#ifndef NT_ARM_SYSTEM_CALL
#define NT_ARM_SYSTEM_CALL 0x404
#endif

static volatile long watched[4];
static volatile unsigned char pattern[64] __attribute__((aligned(64)));

static void __attribute__((noinline)) marked(void) { __asm__ volatile("nop"); }

// stop_with_vectors stops with known vector registers and afterwards tells what has
// become of them.
static void stop_with_vectors(void)
{
	unsigned long out[4] = {0};
	long pid = getpid(), sig = SIGSTOP;
	for (int i = 0; i < 64; i++)
		pattern[i] = i + 1;
#ifdef __x86_64__
	__asm__ volatile("movups (%2), %%xmm0\n\tmovups 16(%2), %%xmm15\n\tmov $62, %%eax\n\tsyscall\n\t"
			 "movups %%xmm0, %0\n\tmovups %%xmm15, 16%0"
			 : "=m"(out), "+D"(pid)
			 : "r"(pattern), "S"(sig)
			 : "rax", "rcx", "r11", "xmm0", "xmm15", "memory");
#else
	register long x0 __asm__("x0") = pid, x1 __asm__("x1") = sig, x8 __asm__("x8") = 129;
	__asm__ volatile("ldr q0, [%1]\n\tldr q31, [%1, #16]\n\tsvc #0\n\tstr q0, [%2]\n\tstr q31, [%2, #16]"
			 : "+r"(x0)
			 : "r"(pattern), "r"(out), "r"(x1), "r"(x8)
			 : "v0", "v31", "memory");
#endif
	say("vectors after", "%lx %lx %lx %lx", out[0], out[1], out[2], out[3]);
}

static void traced(void (*f)(void))
{
	ptrace(PTRACE_TRACEME, 0, 0, 0);
	f();
	_exit(0);
}

static pid_t start(void (*f)(void))
{
	pid_t pid = fork();
	int s;
	if (pid == 0)
		traced(f);
	waitpid(pid, &s, 0);
	return pid;
}

static void end(pid_t pid)
{
	int s = 0x7f;
	while (WIFSTOPPED(s)) { // for SIGCHLD
		ptrace(PTRACE_CONT, pid, 0, 0);
		waitpid(pid, &s, 0);
	}
	status("regsets child", s);
}

static long getset(pid_t pid, long note, void *buf, size_t size, size_t *got)
{
	struct iovec iov = {buf, size};
	long r = ptrace(PTRACE_GETREGSET, pid, note, &iov);
	*got = iov.iov_len;
	return r;
}

static long setset(pid_t pid, long note, void *buf, size_t size)
{
	struct iovec iov = {buf, size};
	return ptrace(PTRACE_SETREGSET, pid, note, &iov);
}

static void sizes(void)
{
	static unsigned char buf[8192];
	static const long notes[] = {NT_PRSTATUS, NT_PRFPREG, 0x401, 0x402, 0x403, NT_ARM_SYSTEM_CALL, 0x999, 0};
	size_t got;
	pid_t pid = start(stop_with_vectors);
	for (size_t i = 0; i < sizeof notes / sizeof *notes; i++) {
		char name[64];
		long r = getset(pid, notes[i], buf, sizeof buf, &got);
		snprintf(name, sizeof name, "regset %#lx", notes[i]);
		if (r == -1)
			result(name, r);
		else
			say(name, "%zu bytes", got);
	}
	result("regset short", getset(pid, NT_PRSTATUS, buf, 16, &got));
	say("regset short", "%zu", got);
	result("regset odd", getset(pid, NT_PRSTATUS, buf, 7, &got));
	result("regset none", getset(pid, NT_PRFPREG, buf, 0, &got));
	result("regset bad buffer", getset(pid, NT_PRFPREG, (void *)8, 512, &got));
	result("regset set unknown", setset(pid, 0x999, buf, 8));
	result("regset set bad buffer", setset(pid, NT_PRFPREG, (void *)8, 512));
	end(pid);
}

#ifdef __x86_64__
enum { fp_size = 512, first_at = 160, last_at = 160 + 15 * 16 };
#else
enum { fp_size = 528, first_at = 0, last_at = 31 * 16 };
#endif

static void vectors(void)
{
	unsigned char fp[fp_size], again[fp_size];
	size_t got;
	pid_t pid = start(stop_with_vectors);
	result("get vectors", getset(pid, NT_PRFPREG, fp, sizeof fp, &got));
	say("vectors", "%d %d %d %d", fp[first_at], fp[first_at + 15], fp[last_at], fp[last_at + 15]);
	fp[first_at] = 0x77;
	fp[last_at + 15] = 0x99;
	result("set vectors short", setset(pid, NT_PRFPREG, fp, 64));
	result("set vectors", setset(pid, NT_PRFPREG, fp, sizeof fp));
	getset(pid, NT_PRFPREG, again, sizeof again, &got);
	say("vectors again", "%d", memcmp(fp, again, sizeof fp) == 0);
	end(pid);
}

#ifdef __x86_64__
static void xstate(void)
{
	static unsigned char x[8192];
	unsigned long header[8];
	size_t got;
	pid_t pid = start(stop_with_vectors);
	success("get xstate", getset(pid, NT_X86_XSTATE, x, sizeof x, &got));
	say("xstate", "longer than the header %d, xmm0 %d, xcr0 %d", got > 576, x[160],
	    (int)(*(unsigned long *)(x + 464) & 7));
	result("set xstate short", setset(pid, NT_X86_XSTATE, x, 512));
	memcpy(header, x + 512, 64);
	*(unsigned long *)(x + 520) = 1;
	result("set xstate compacted", setset(pid, NT_X86_XSTATE, x, got));
	memcpy(x + 512, header, 64);
	*(unsigned long *)(x + 512) |= 1ul << 62;
	result("set xstate unknown", setset(pid, NT_X86_XSTATE, x, got));
	memcpy(x + 512, header, 64);
	*(unsigned int *)(x + 24) = ~0u;
	result("set xstate mxcsr", setset(pid, NT_X86_XSTATE, x, got));
	*(unsigned int *)(x + 24) = 0x1f80;
	x[160] = 0x55;
	result("set xstate", setset(pid, NT_X86_XSTATE, x, got));
	unsigned char fp[512];
	result("getfpregs", ptrace(PTRACE_GETFPREGS, pid, 0, fp));
	say("getfpregs", "%d", fp[160]);
	*(unsigned int *)(fp + 24) = ~0u;
	result("setfpregs mxcsr", ptrace(PTRACE_SETFPREGS, pid, 0, fp));
	*(unsigned int *)(fp + 24) = 0x1f80;
	fp[160] = 0x66;
	result("setfpregs", ptrace(PTRACE_SETFPREGS, pid, 0, fp));
	end(pid);
}

#define OFF(field) offsetof(struct user, field)

static void general(void)
{
	struct user_regs_struct r, old;
	pid_t pid = start(stop_with_vectors);
	result("getregs", ptrace(PTRACE_GETREGS, pid, 0, &r));
	old = r;
	say("segments", "%llx %llx %llx %llx %llx %llx", r.cs, r.ss, r.ds, r.es, r.fs, r.gs);
	say("orig_rax", "%lld rax %lld", (long long)r.orig_rax, (long long)r.rax);
	result("poke cs 0", ptrace(PTRACE_POKEUSER, pid, OFF(regs.cs), 0));
	result("poke ss 0x10", ptrace(PTRACE_POKEUSER, pid, OFF(regs.ss), 0x10));
	result("poke ds 1", ptrace(PTRACE_POKEUSER, pid, OFF(regs.ds), 1));
	result("poke fs_base kernel", ptrace(PTRACE_POKEUSER, pid, OFF(regs.fs_base), 0xffff888000000000));
	result("poke gs_base", ptrace(PTRACE_POKEUSER, pid, OFF(regs.gs_base), 0x1234000));
	say("peek gs_base", "%lx", ptrace(PTRACE_PEEKUSER, pid, OFF(regs.gs_base), 0));
	result("poke flags", ptrace(PTRACE_POKEUSER, pid, OFF(regs.eflags), ~0ul));
	say("flags", "%lx", ptrace(PTRACE_PEEKUSER, pid, OFF(regs.eflags), 0));
	result("poke flags 0", ptrace(PTRACE_POKEUSER, pid, OFF(regs.eflags), 0));
	say("flags 0", "%lx", ptrace(PTRACE_PEEKUSER, pid, OFF(regs.eflags), 0));
	result("peek odd", ptrace(PTRACE_PEEKUSER, pid, 4, 0));
	result("peek beyond", ptrace(PTRACE_PEEKUSER, pid, sizeof(struct user), 0));
	result("peek comm", ptrace(PTRACE_PEEKUSER, pid, OFF(u_comm), 0));
	result("poke comm", ptrace(PTRACE_POKEUSER, pid, OFF(u_comm), 0));
	result("setregs", ptrace(PTRACE_SETREGS, pid, 0, &old));
	end(pid);
}

static long pokedr(pid_t pid, int n, unsigned long v)
{
	return ptrace(PTRACE_POKEUSER, pid, OFF(u_debugreg) + 8 * n, v);
}

static unsigned long peekdr(pid_t pid, int n)
{
	return ptrace(PTRACE_PEEKUSER, pid, OFF(u_debugreg) + 8 * n, 0);
}

static unsigned long pc(pid_t pid) { return ptrace(PTRACE_PEEKUSER, pid, OFF(regs.rip), 0); }

// watch sets register 0 for stores to an aligned word, execute register 1.
static long watch(pid_t pid, unsigned long addr)
{
	return pokedr(pid, 0, addr) | pokedr(pid, 7, 1 | 0x9ul << 16);
}

static long execute(pid_t pid, unsigned long addr)
{
	return pokedr(pid, 1, addr) | pokedr(pid, 7, 4);
}

static void unset(pid_t pid) { pokedr(pid, 7, 0); }

static void limits(pid_t pid)
{
	result("dr4", pokedr(pid, 4, 0));
	result("dr5", pokedr(pid, 5, 0));
	say("dr6", "%lx", peekdr(pid, 6));
	result("dr7 io", pokedr(pid, 7, 1 | 2ul << 16));
	result("dr7 execute 4", pokedr(pid, 7, 1 | 0xcul << 16));
	result("dr0", pokedr(pid, 0, (unsigned long)watched + 1));
	result("dr7 not aligned", pokedr(pid, 7, 1 | 0xdul << 16));
	result("dr7 byte", pokedr(pid, 7, 1 | 0x1ul << 16));
	result("dr7 all", pokedr(pid, 7, 0xff00));
	say("dr7", "%lx", peekdr(pid, 7));
	result("dr7 off", pokedr(pid, 7, 0));
	say("dr0", "%d", peekdr(pid, 0) == (unsigned long)watched + 1);
}

static void why(pid_t pid) { say("dr6 after", "%lx", peekdr(pid, 6) & 0xf); }
#else
struct hw {
	unsigned int info, pad;
	struct {
		unsigned long addr;
		unsigned int ctrl, pad;
	} regs[16];
};

static void general(void)
{
	unsigned long tls[2] = {0}, save[2];
	struct user_regs_struct r;
	size_t got;
	int nr = 0;
	pid_t pid = start(stop_with_vectors);
	result("get tls", getset(pid, NT_ARM_TLS, save, sizeof save, &got));
	tls[0] = 0x1234;
	result("set tls", setset(pid, NT_ARM_TLS, tls, 8));
	memset(tls, 0, sizeof tls);
	getset(pid, NT_ARM_TLS, tls, sizeof tls, &got);
	say("tls", "%lx %lx %zu", tls[0], tls[1], got);
	setset(pid, NT_ARM_TLS, save, 8);
	getset(pid, NT_ARM_SYSTEM_CALL, &nr, sizeof nr, &got);
	say("system call", "%d", nr);
	getset(pid, NT_PRSTATUS, &r, sizeof r, &got);
	unsigned long state = r.pstate;
	r.pstate = state | 5; // EL1
	result("set pstate EL1", setset(pid, NT_PRSTATUS, &r, sizeof r));
	r.pstate = state | 0x3c0;
	result("set pstate masks", setset(pid, NT_PRSTATUS, &r, sizeof r));
	r.pstate = state | 0x10; // 32-bit
	result("set pstate 32 bit", setset(pid, NT_PRSTATUS, &r, sizeof r));
	r.pstate = state | 0xf0000000 | 1ul << 40;
	result("set pstate flags", setset(pid, NT_PRSTATUS, &r, sizeof r));
	getset(pid, NT_PRSTATUS, &r, sizeof r, &got);
	say("pstate flags", "%lx", r.pstate & ~0x1000ul);
	r.pstate = state;
	result("set pstate", setset(pid, NT_PRSTATUS, &r, sizeof r));
	end(pid);
}

static unsigned long pc(pid_t pid)
{
	struct user_regs_struct r;
	size_t got;
	getset(pid, NT_PRSTATUS, &r, sizeof r, &got);
	return r.pc;
}

static long watch(pid_t pid, unsigned long addr)
{
	struct hw h = {.regs[0] = {addr, 0xff << 5 | 2 << 3 | 1}};
	return setset(pid, NT_ARM_HW_WATCH, &h, 24);
}

static long execute(pid_t pid, unsigned long addr)
{
	struct hw h = {.regs[0] = {addr, 0xf << 5 | 1}};
	return setset(pid, NT_ARM_HW_BREAK, &h, 24);
}

static void unset(pid_t pid)
{
	struct hw h = {0};
	setset(pid, NT_ARM_HW_WATCH, &h, 24);
	setset(pid, NT_ARM_HW_BREAK, &h, 24);
}

static void try_hw(pid_t pid, const char *name, long note, unsigned long addr, unsigned int ctrl)
{
	struct hw h = {.regs[0] = {addr, ctrl}};
	size_t got;
	result(name, setset(pid, note, &h, 24));
	memset(&h, 0, sizeof h);
	getset(pid, note, &h, sizeof h, &got);
	say(name, "%lx %x", h.regs[0].addr ? h.regs[0].addr - (unsigned long)watched : 0, h.regs[0].ctrl);
}

static void limits(pid_t pid)
{
	struct hw h = {0};
	size_t got;
	getset(pid, NT_ARM_HW_BREAK, &h, sizeof h, &got);
	say("breakpoints", "%x", h.info);
	getset(pid, NT_ARM_HW_WATCH, &h, sizeof h, &got);
	say("watchpoints", "%x", h.info);
	unsigned long a = (unsigned long)watched;
	try_hw(pid, "watch nothing", NT_ARM_HW_WATCH, 0, 0);
	try_hw(pid, "watch off", NT_ARM_HW_WATCH, a, 0);
	try_hw(pid, "watch no bytes", NT_ARM_HW_WATCH, a, 2 << 3 | 1);
	try_hw(pid, "watch gap", NT_ARM_HW_WATCH, a, 5 << 5 | 2 << 3 | 1);
	try_hw(pid, "watch executing", NT_ARM_HW_WATCH, a, 0xf << 5 | 1);
	try_hw(pid, "watch byte 3", NT_ARM_HW_WATCH, a, 8 << 5 | 1 << 3 | 1);
	try_hw(pid, "watch at 4", NT_ARM_HW_WATCH, a + 4, 0xf << 5 | 3 << 3 | 1);
	try_hw(pid, "break on stores", NT_ARM_HW_BREAK, a, 0xf << 5 | 2 << 3 | 1);
	try_hw(pid, "break on 1 byte", NT_ARM_HW_BREAK, a, 1 << 5 | 1);
	h.regs[0].addr = a;
	result("watch ends after address", setset(pid, NT_ARM_HW_WATCH, &h, 16));
	result("watch ends in address", setset(pid, NT_ARM_HW_WATCH, &h, 12));
	result("watch too many", setset(pid, NT_ARM_HW_WATCH, &h, sizeof h));
	unset(pid);
}

static void why(pid_t pid) { (void)pid; }
#endif

static void store_and_call(void)
{
	raise(SIGSTOP);
	watched[2] = 1;
	watched[1] = 2;
	marked();
	say("watched child", "%ld %ld", watched[1], watched[2]);
}

static void trapped(const char *name, pid_t pid)
{
	siginfo_t info = {0};
	int s = 0;
	waitpid(pid, &s, 0);
	status(name, s);
	if (!WIFSTOPPED(s))
		return;
	ptrace(PTRACE_GETSIGINFO, pid, 0, &info);
	say(name, "signal %d code %d watched %d marked %d", info.si_signo, info.si_code,
	    info.si_addr == (void *)&watched[1], info.si_addr == (void *)marked);
}

static void breakpoints(void)
{
	pid_t pid = start(store_and_call);
	limits(pid);
	result("watch", watch(pid, (unsigned long)&watched[1]));
	ptrace(PTRACE_CONT, pid, 0, 0);
	trapped("watchpoint", pid);
	why(pid);
	unset(pid);
	result("execute", execute(pid, (unsigned long)marked));
	ptrace(PTRACE_CONT, pid, 0, 0);
	trapped("breakpoint", pid);
	why(pid);
	say("breakpoint", "at it %d", pc(pid) == (unsigned long)marked);
#ifdef __x86_64__
	ptrace(PTRACE_SINGLESTEP, pid, 0, 0); // not again at the same place
	trapped("after the breakpoint", pid);
	say("after the breakpoint", "at it %d", pc(pid) == (unsigned long)marked);
#endif
	unset(pid);
	end(pid);
}

static void fork_inherits(void)
{
	raise(SIGSTOP);
	pid_t pid = fork();
	if (pid == 0) {
		watched[1] = 1; // not watched in the child
		_exit(0);
	}
	reap("child of a watched process", pid);
}

static void inheritance(void)
{
	pid_t pid = start(fork_inherits);
	result("watch a parent", watch(pid, (unsigned long)&watched[1]));
	end(pid);
}

void test_regsets(void)
{
	sizes();
	vectors();
#ifdef __x86_64__
	xstate();
#endif
	general();
	breakpoints();
	inheritance();
}
