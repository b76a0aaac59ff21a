// Futexes that pass on priority: futex(2), "Priority-inheritance futexes". Processes
// that share a page make the calls as they are told to, one at a time, so that
// nothing depends on who is faster. Their names stand for their ids.
#include "check.h"

#include <linux/futex.h>
#include <pthread.h>
#include <sys/resource.h>
#include <time.h>

#ifndef FUTEX_LOCK_PI2
#define FUTEX_LOCK_PI2 13
#endif
#define REALTIME FUTEX_CLOCK_REALTIME

enum { A, B, C, D, E, ACTORS };

// An actor is a process that makes one call at a time.
struct actor {
	pid_t pid;
	int in;                // its pipe, for the one who tells it
	volatile int busy;     // has a call to make
	volatile int entered;  // makes it
	volatile int handlers; // signals that were handled
	long args[7], value;
	int error;
	struct timespec time;
	struct robust_list_head list;
	struct { struct robust_list link; uint32_t word; } robust;
};

static struct shared {
	uint32_t word, other, third, plain;
	struct actor actor[ACTORS];
	volatile int ready;
	int got[ACTORS]; // in which order
	volatile int count;
} *s;

static long fut(void *addr, int op, long val, void *timeout, void *addr2, long val3)
{
	return syscall(SYS_futex, addr, op, val, timeout, addr2, val3);
}

static void count_signal(int sig)
{
	for (int i = 0; i < ACTORS; i++)
		if (s->actor[i].pid == getpid())
			s->actor[i].handlers++;
}

static void live(struct actor *a, int in)
{
	char c;
	while (read(in, &c, 1) == 1) {
		long *v = a->args;
		a->entered = 1;
		a->value = syscall(v[0], v[1], v[2], v[3], v[4], v[5], v[6]);
		a->error = errno;
		a->entered = 0;
		a->busy = 0;
	}
	_exit(0);
}

// born starts an actor, whose handler of SIGUSR1 restarts calls if flags say so.
static void born(int i, int flags)
{
	int p[2];
	pipe(p);
	struct actor *a = &s->actor[i];
	memset(a, 0, sizeof *a);
	fflush(0);
	a->pid = fork();
	if (a->pid == 0) {
		a->pid = getpid();
		close(p[1]);
		for (int j = 0; j < i; j++)
			close(s->actor[j].in);
		struct sigaction act = {.sa_handler = count_signal, .sa_flags = flags};
		sigaction(SIGUSR1, &act, 0);
		s->ready = 1;
		live(a, p[0]);
	}
	close(p[0]);
	while (!s->ready)
		usleep(200);
	s->ready = 0;
	a->in = p[1];
}

static void all_born(int n)
{
	for (int i = 0; i < n; i++)
		born(i, 0);
}

static void dies(int i)
{
	struct actor *a = &s->actor[i];
	if (a->pid == 0)
		return;
	kill(a->pid, SIGKILL);
	waitpid(a->pid, 0, __WALL);
	close(a->in);
	a->pid = 0;
}

static void all_die(void)
{
	for (int i = 0; i < ACTORS; i++)
		dies(i);
	s->word = s->other = s->third = s->plain = 0;
}

// name tells what a word holds.
static const char *name(uint32_t v)
{
	static const char names[ACTORS][2] = {"A", "B", "C", "D", "E"};
	static char text[60];
	const char *who = "?";
	uint32_t tid = v & FUTEX_TID_MASK;
	if (tid == 0)
		who = "0";
	else if (tid == getpid())
		who = "main";
	for (int i = 0; i < ACTORS; i++)
		if (tid != 0 && s->actor[i].pid == tid)
			who = names[i];
	snprintf(text, sizeof text, "%s%s%s", who, v & FUTEX_WAITERS ? "|W" : "", v & FUTEX_OWNER_DIED ? "|D" : "");
	return text;
}

static void word(const char *what, uint32_t v) { say(what, "%s", name(v)); }

// in_call waits until an actor is through with its call, or sleeps in it: 1.
static int in_call(int i)
{
	struct actor *a = &s->actor[i];
	while (a->busy) {
		if (a->entered && state(a->pid) == 'S' && a->busy)
			return 1;
		if (state(a->pid) == 'Z' || state(a->pid) == 'X')
			return 0;
		usleep(200);
	}
	return 0;
}

static void outcome(const char *what, int i)
{
	struct actor *a = &s->actor[i];
	if (in_call(i)) {
		say(what, "waits");
		return;
	}
	if (a->busy) {
		say(what, "gone");
		return;
	}
	errno = a->error;
	result(what, a->value);
}

// done waits until the actor's call has returned and prints the result.
static void done(const char *what, int i)
{
	struct actor *a = &s->actor[i];
	for (int n = 0; a->busy && n < 20000; n++)
		usleep(500);
	outcome(what, i);
}

static void call(int i, long nr, long a1, long a2, long a3, long a4, long a5, long a6)
{
	struct actor *a = &s->actor[i];
	long args[7] = {nr, a1, a2, a3, a4, a5, a6};
	memcpy(a->args, args, sizeof args);
	a->entered = 0;
	a->busy = 1;
	write(a->in, "x", 1);
}

static void does(const char *what, int i, void *addr, int op, long val, void *timeout, void *addr2, long val3)
{
	call(i, SYS_futex, (long)addr, op, val, (long)timeout, (long)addr2, val3);
	outcome(what, i);
}

static void locks(const char *what, int i, void *addr) { does(what, i, addr, FUTEX_LOCK_PI, 0, 0, 0, 0); }
static void unlocks(const char *what, int i, void *addr) { does(what, i, addr, FUTEX_UNLOCK_PI, 0, 0, 0, 0); }

static struct timespec *in_ms(int i, int clock, int ms)
{
	struct timespec *t = &s->actor[i].time;
	clock_gettime(clock, t);
	t->tv_sec += ms / 1000;
	t->tv_nsec += ms % 1000 * 1000000;
	if (t->tv_nsec >= 1000000000)
		t->tv_nsec -= 1000000000, t->tv_sec++;
	return t;
}

static void fifo(int i, int prio)
{
	struct sched_param p = {prio};
	if (sched_setscheduler(s->actor[i].pid, prio ? SCHED_FIFO : SCHED_OTHER, &p) != 0)
		result("sched_setscheduler", -1);
}

static int number_in_stat(pid_t pid, int field)
{
	char text[400], *p = behind_name(pid, text, sizeof text);
	if (!p)
		return -1000;
	for (int i = 3; i < field; i++)
		p = strchr(p, ' ') + 1;
	return atoi(p);
}

// prios prints the priorities of the first actors.
static void prios(const char *what, int n)
{
	int p[ACTORS] = {0};
	for (int i = 0; i < n; i++)
		p[i] = number_in_stat(s->actor[i].pid, 18);
	if (n == 2)
		say(what, "%d %d", p[0], p[1]);
	else if (n == 3)
		say(what, "%d %d %d", p[0], p[1], p[2]);
	else
		say(what, "%d %d %d %d", p[0], p[1], p[2], p[3]);
}

// A thread alone: words, addresses, times.
static void alone(void)
{
	uint32_t *w = &s->word;
	result("free: lock", fut(w, FUTEX_LOCK_PI, 0, 0, 0, 0));
	word("free: word", *w);
	result("own: lock", fut(w, FUTEX_LOCK_PI, 0, 0, 0, 0));
	result("own: lock2", fut(w, FUTEX_LOCK_PI2, 0, 0, 0, 0));
	result("own: trylock", fut(w, FUTEX_TRYLOCK_PI, 0, 0, 0, 0));
	word("own: word", *w);
	result("own: unlock", fut(w, FUTEX_UNLOCK_PI, 0, 0, 0, 0));
	word("own: word after", *w);
	result("free: unlock", fut(w, FUTEX_UNLOCK_PI, 0, 0, 0, 0));
	result("free: trylock", fut(w, FUTEX_TRYLOCK_PI, 0, 0, 0, 0));
	word("trylock: word", *w);
	*w |= FUTEX_WAITERS | FUTEX_OWNER_DIED;
	result("bits without waiters: unlock", fut(w, FUTEX_UNLOCK_PI, 0, 0, 0, 0));
	word("bits without waiters: word", *w);
	const struct { const char *name; uint32_t v; } words[] = {
		{"W", FUTEX_WAITERS}, {"D", FUTEX_OWNER_DIED}, {"W|D", FUTEX_WAITERS | FUTEX_OWNER_DIED},
		{"nobody", 0x3fffffff}, {"nobody|D", 0x3fffffff | FUTEX_OWNER_DIED}, {"kernel thread", 2},
		{"kernel thread|W", 2 | FUTEX_WAITERS}, {"main|D", getpid() | FUTEX_OWNER_DIED}, {"main|W", getpid() | FUTEX_WAITERS},
	};
	const int ops[] = {FUTEX_LOCK_PI, FUTEX_LOCK_PI2, FUTEX_TRYLOCK_PI, FUTEX_UNLOCK_PI};
	for (int p = 0; p < 2; p++)
		for (size_t i = 0; i < sizeof words / sizeof *words; i++)
			for (int k = 0; k < 4; k++) {
				char what[80];
				*w = words[i].v;
				snprintf(what, sizeof what, "word %s, op %d, private %d", words[i].name, ops[k], p);
				result(what, fut(w, ops[k] | (p ? FUTEX_PRIVATE_FLAG : 0), 0, 0, 0, 0));
				say(what, "%s", (*w & FUTEX_TID_MASK) == 2 ? "2" : name(*w));
			}
	*w = 0;
	pid_t zombie = fork();
	if (zombie == 0)
		_exit(0);
	await(zombie, 'Z');
	*w = zombie;
	result("zombie: lock", fut(w, FUTEX_LOCK_PI, 0, 0, 0, 0));
	say("zombie: word", "%d", *w == (zombie | FUTEX_WAITERS));
	waitpid(zombie, 0, 0);
	result("reaped: lock", fut(w, FUTEX_LOCK_PI, 0, 0, 0, 0));
	*w = 0;
}

static void addresses(void)
{
	char *ro = mmap(0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *ro_shared = mmap(0, 4096, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	char *none = mmap(0, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *fresh = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const struct { const char *name; char *at; } bad[] = {
		{"null", 0}, {"unaligned", (char *)&s->word + 1}, {"read only", ro}, {"read only, shared", ro_shared},
		{"no access", none}, {"kernel", (char *)0xffffffff80200000ul},
		{"fresh", fresh}, {"fresh again", fresh},
	};
	const int ops[] = {FUTEX_LOCK_PI, FUTEX_LOCK_PI2, FUTEX_TRYLOCK_PI, FUTEX_UNLOCK_PI};
	for (int p = 0; p < 2; p++)
		for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
			for (int k = 0; k < 4; k++) {
				char what[80];
				snprintf(what, sizeof what, "address %s, op %d, private %d", bad[i].name, ops[k], p);
				result(what, fut(bad[i].at, ops[k] | (p ? FUTEX_PRIVATE_FLAG : 0), 0, 0, 0, 0));
			}
	s->plain = 1;
	for (int p = 0; p < 2; p++)
		for (size_t i = 0; i < sizeof bad / sizeof *bad - 2; i++) {
			char what[80];
			int f = p ? FUTEX_PRIVATE_FLAG : 0;
			snprintf(what, sizeof what, "address %s, private %d, wait_requeue_pi", bad[i].name, p);
			result(what, fut(bad[i].at, FUTEX_WAIT_REQUEUE_PI | f, 5, 0, &s->word, 0));
			result(what, fut(&s->plain, FUTEX_WAIT_REQUEUE_PI | f, 5, 0, bad[i].at, 0));
			snprintf(what, sizeof what, "address %s, private %d, cmp_requeue_pi", bad[i].name, p);
			result(what, fut(bad[i].at, FUTEX_CMP_REQUEUE_PI | f, 1, 0, &s->word, 0));
			result(what, fut(&s->plain, FUTEX_CMP_REQUEUE_PI | f, 1, 0, bad[i].at, 1));
		}
	s->plain = s->word = 0;
	munmap(ro, 4096), munmap(ro_shared, 4096), munmap(none, 4096), munmap(fresh, 8192);
}

static void arguments(void)
{
	static struct timespec bad[] = {{-1, 0}, {0, -1}, {0, 1000000000}};
	static struct timespec past = {1, 0}, far = {1l << 40, 0};
	const int ops[] = {FUTEX_LOCK_PI, FUTEX_LOCK_PI2, FUTEX_LOCK_PI2 | REALTIME, FUTEX_WAIT_REQUEUE_PI, FUTEX_WAIT_REQUEUE_PI | REALTIME};
	for (int k = 0; k < 5; k++) {
		char what[60];
		snprintf(what, sizeof what, "time, op %d", ops[k]);
		for (int i = 0; i < 3; i++)
			result(what, fut(&s->word, ops[k], 1, &bad[i], &s->other, 0));
		result(what, fut(&s->word, ops[k], 1, (void *)8, &s->other, 0));
		result(what, fut(&s->word, ops[k], 1, &past, &s->other, 0));
		word(what, s->word);
		s->word = 0;
		result(what, fut(&s->word, ops[k], 1, &far, &s->other, 0));
		s->word = 0;
	}
	const int refused[] = {FUTEX_LOCK_PI, FUTEX_UNLOCK_PI, FUTEX_TRYLOCK_PI, FUTEX_CMP_REQUEUE_PI, 14, 15, 127};
	for (int k = 0; k < 7; k++) {
		char what[60];
		snprintf(what, sizeof what, "realtime, op %d", refused[k]);
		result(what, fut(&s->word, refused[k] | REALTIME, 1, 0, &s->other, 0));
	}
	result("op 14", fut(&s->word, 14, 0, 0, 0, 0));
	s->word = s->plain = 0;
	result("cmp_requeue_pi: wake 0", fut(&s->plain, FUTEX_CMP_REQUEUE_PI, 0, (void *)1, &s->word, 0));
	result("cmp_requeue_pi: wake 2", fut(&s->plain, FUTEX_CMP_REQUEUE_PI, 2, (void *)1, &s->word, 0));
	result("cmp_requeue_pi: wake -1", fut(&s->plain, FUTEX_CMP_REQUEUE_PI, -1, (void *)1, &s->word, 0));
	result("cmp_requeue_pi: requeue -1", fut(&s->plain, FUTEX_CMP_REQUEUE_PI, 1, (void *)-1, &s->word, 0));
	result("cmp_requeue_pi: same", fut(&s->word, FUTEX_CMP_REQUEUE_PI, 1, (void *)1, &s->word, 0));
	result("cmp_requeue_pi: other value", fut(&s->plain, FUTEX_CMP_REQUEUE_PI, 1, (void *)1, &s->word, 7));
	result("cmp_requeue_pi: nobody waits", fut(&s->plain, FUTEX_CMP_REQUEUE_PI, 1, (void *)1, &s->word, 0));
	word("cmp_requeue_pi: word", s->word);
	result("wait_requeue_pi: same", fut(&s->word, FUTEX_WAIT_REQUEUE_PI, 0, 0, &s->word, 0));
	result("wait_requeue_pi: other value", fut(&s->plain, FUTEX_WAIT_REQUEUE_PI, 7, 0, &s->word, 0));
	result("wait_requeue_pi: past", fut(&s->plain, FUTEX_WAIT_REQUEUE_PI, 0, &past, &s->word, 0));
	// One word at two addresses.
	int fd = memfd_create("twice", 0);
	ftruncate(fd, 4096);
	uint32_t *one = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	uint32_t *two = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	result("cmp_requeue_pi: same word", fut(one, FUTEX_CMP_REQUEUE_PI, 1, (void *)1, two, 0));
	result("cmp_requeue_pi: same word, private", fut(one, FUTEX_CMP_REQUEUE_PI | FUTEX_PRIVATE_FLAG, 1, (void *)1, two, 0));
	result("wait_requeue_pi: same word", fut(one, FUTEX_WAIT_REQUEUE_PI, 0, 0, two, 0));
	result("wait_requeue_pi: same word, other value", fut(one, FUTEX_WAIT_REQUEUE_PI, 1, 0, two, 0));
	result("lock at one address", fut(one, FUTEX_LOCK_PI, 0, 0, 0, 0));
	result("unlock at the other", fut(two, FUTEX_UNLOCK_PI, 0, 0, 0, 0));
	munmap(one, 4096), munmap(two, 4096), close(fd);
}

// Two and more at one futex.
static void contended(void)
{
	all_born(3);
	locks("contended: A", A, &s->word);
	locks("contended: B", B, &s->word);
	word("contended: word", s->word);
	locks("contended: C", C, &s->word);
	result("contended: main unlocks", fut(&s->word, FUTEX_UNLOCK_PI, 0, 0, 0, 0));
	result("contended: main tries", fut(&s->word, FUTEX_TRYLOCK_PI, 0, 0, 0, 0));
	result("contended: main locks, past", fut(&s->word, FUTEX_LOCK_PI, 0, &(struct timespec){1, 0}, 0, 0));
	result("contended: main locks, past, op 13", fut(&s->word, FUTEX_LOCK_PI2, 0, &(struct timespec){0, 0}, 0, 0));
	result("contended: wake", fut(&s->word, FUTEX_WAKE, 1, 0, 0, 0));
	result("contended: wake by bits", fut(&s->word, FUTEX_WAKE_BITSET, 1, 0, 0, 4));
	result("contended: requeue", fut(&s->word, FUTEX_REQUEUE, 1, (void *)1, &s->other, 0));
	result("contended: requeue to it", fut(&s->other, FUTEX_REQUEUE, 1, (void *)1, &s->word, 0));
	result("contended: wake op", fut(&s->word, FUTEX_WAKE_OP, 1, (void *)1, &s->other, 0));
	result("contended: cmp_requeue_pi", fut(&s->word, FUTEX_CMP_REQUEUE_PI, 1, (void *)1, &s->other, s->word));
	word("contended: word", s->word);
	unlocks("contended: A unlocks", A, &s->word);
	done("contended: B has it", B);
	word("contended: word", s->word);
	unlocks("contended: A unlocks again", A, &s->word);
	locks("contended: B again", B, &s->word);
	unlocks("contended: B unlocks", B, &s->word);
	done("contended: C has it", C);
	word("contended: word", s->word);
	unlocks("contended: C unlocks", C, &s->word);
	word("contended: word", s->word);
	all_die();
}

// Words that are changed behind the kernel's back.
static void forged(void)
{
	all_born(3);
	locks("forged: A", A, &s->word);
	locks("forged: B", B, &s->word);
	uint32_t v = s->word;
	const struct { const char *name; uint32_t v; } words[] = {
		{"0", 0}, {"W", FUTEX_WAITERS}, {"C", s->actor[C].pid}, {"C|W", s->actor[C].pid | FUTEX_WAITERS},
		{"A", s->actor[A].pid}, {"A|D", s->actor[A].pid | FUTEX_OWNER_DIED}, {"B", s->actor[B].pid}, {"nobody", 0x3fffffff},
		{"B|W|D", s->actor[B].pid | FUTEX_WAITERS | FUTEX_OWNER_DIED}, {"main", getpid()},
	};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		char what[60];
		snprintf(what, sizeof what, "forged %s: main tries", words[i].name);
		s->word = words[i].v;
		result(what, fut(&s->word, FUTEX_TRYLOCK_PI, 0, 0, 0, 0));
		say(what, "%s", name(s->word));
		s->word = words[i].v;
		snprintf(what, sizeof what, "forged %s: main unlocks", words[i].name);
		result(what, fut(&s->word, FUTEX_UNLOCK_PI, 0, 0, 0, 0));
		s->word = words[i].v;
		snprintf(what, sizeof what, "forged %s: C unlocks", words[i].name);
		unlocks(what, C, &s->word);
		s->word = words[i].v;
		snprintf(what, sizeof what, "forged %s: C locks, past", words[i].name);
		s->actor[C].time = (struct timespec){1, 0};
		call(C, SYS_futex, (long)&s->word, FUTEX_LOCK_PI, 0, (long)&s->actor[C].time, 0, 0);
		done(what, C);
		say(what, "%s", name(s->word));
	}
	s->word = FUTEX_OWNER_DIED;
	locks("forged D: A locks", A, &s->word);
	word("forged D: word", s->word);
	s->word = s->actor[A].pid;
	unlocks("forged A: A unlocks", A, &s->word);
	word("forged A: word", s->word);
	done("forged A: B", B);
	s->word = v;
	word("forged: word", s->word);
	all_die();
	// A waiter of another kind.
	all_born(3);
	does("mixed: A waits", A, &s->word, FUTEX_WAIT, 0, 0, 0, 0);
	result("mixed: main locks", fut(&s->word, FUTEX_LOCK_PI, 0, 0, 0, 0));
	word("mixed: word", s->word);
	result("mixed: main tries", fut(&s->word, FUTEX_TRYLOCK_PI, 0, 0, 0, 0));
	s->word = getpid();
	result("mixed: main unlocks", fut(&s->word, FUTEX_UNLOCK_PI, 0, 0, 0, 0));
	word("mixed: word", s->word);
	result("mixed: requeued as others are", fut(&s->word, FUTEX_CMP_REQUEUE_PI, 1, (void *)1, &s->other, s->word));
	result("mixed: wake", fut(&s->word, FUTEX_WAKE, 1, 0, 0, 0));
	done("mixed: A", A);
	all_die();
}

// The priority of who owns a futex, as /proc shows it.
static void boosted(void)
{
	all_born(4);
	locks("boost: A", A, &s->word);
	prios("boost: nobody waits", 2);
	fifo(B, 10);
	locks("boost: B", B, &s->word);
	prios("boost: B waits", 2);
	struct sched_param p;
	result("boost: A's policy", sched_getscheduler(s->actor[A].pid));
	sched_getparam(s->actor[A].pid, &p);
	say("boost: A's priority", "%d", p.sched_priority);
	say("boost: A's in stat", "%d %d", number_in_stat(s->actor[A].pid, 40), number_in_stat(s->actor[A].pid, 41));
	say("boost: A's nice", "%d", getpriority(PRIO_PROCESS, s->actor[A].pid));
	fifo(B, 40);
	prios("boost: B raised", 2);
	fifo(B, 5);
	prios("boost: B lowered", 2);
	fifo(C, 30);
	locks("boost: C", C, &s->word);
	prios("boost: C waits", 3);
	setpriority(PRIO_PROCESS, s->actor[A].pid, 5);
	prios("boost: A niced", 3);
	fifo(A, 20);
	prios("boost: A is 20", 3);
	fifo(A, 35);
	prios("boost: A is 35", 3);
	fifo(A, 0);
	prios("boost: A is fair", 3);
	fifo(C, 0);
	prios("boost: C is fair", 3);
	fifo(C, 30);
	prios("boost: C is 30", 3);
	dies(C);
	prios("boost: C is dead", 2);
	fifo(D, 60);
	does("boost: D", D, &s->word, FUTEX_LOCK_PI, 0, in_ms(D, CLOCK_REALTIME, 2000), 0, 0);
	say("boost: D waits", "%d", number_in_stat(s->actor[A].pid, 18));
	done("boost: D is late", D);
	prios("boost: without D", 2);
	fifo(B, 0);
	prios("boost: B is fair", 2);
	setpriority(PRIO_PROCESS, s->actor[B].pid, -10);
	prios("boost: B is nice -10", 2);
	fifo(B, 15);
	unlocks("boost: A unlocks", A, &s->word);
	done("boost: B", B);
	prios("boost: B has it", 2);
	unlocks("boost: B unlocks", B, &s->word);
	all_die();

	// The next owner is lowered, before and after somebody else has come.
	all_born(4);
	locks("lowered: A", A, &s->word);
	fifo(B, 30), fifo(C, 20), fifo(D, 10);
	locks("lowered: B", B, &s->word);
	locks("lowered: C", C, &s->word);
	unlocks("lowered: A unlocks", A, &s->word);
	done("lowered: B", B);
	prios("lowered: B has it", 4);
	fifo(B, 5);
	prios("lowered: B is 5", 4);
	locks("lowered: D", D, &s->word);
	prios("lowered: D waits", 4);
	fifo(B, 3);
	prios("lowered: B is 3", 4);
	unlocks("lowered: B unlocks", B, &s->word);
	done("lowered: C", C);
	prios("lowered: C has it", 4);
	all_die();

	// Nice values.
	all_born(4);
	setpriority(PRIO_PROCESS, s->actor[B].pid, 3);
	setpriority(PRIO_PROCESS, s->actor[C].pid, -10);
	locks("nice: A", A, &s->word);
	locks("nice: B", B, &s->word);
	prios("nice: B waits", 3);
	locks("nice: C", C, &s->word);
	prios("nice: C waits", 3);
	unlocks("nice: A unlocks", A, &s->word);
	done("nice: B", B);
	prios("nice: B has it", 3);
	fifo(D, 1);
	locks("nice: D", D, &s->word);
	prios("nice: D waits", 4);
	fifo(D, 0);
	prios("nice: D is fair", 4);
	unlocks("nice: B unlocks", B, &s->word);
	done("nice: next", C);
	prios("nice: C has it", 4);
	unlocks("nice: C unlocks", C, &s->word);
	done("nice: last", D);
	all_die();
	all_born(2);
	setpriority(PRIO_PROCESS, s->actor[B].pid, -10);
	locks("nicer: A", A, &s->word);
	locks("nicer: B", B, &s->word);
	prios("nicer: B waits", 2);
	setpriority(PRIO_PROCESS, s->actor[B].pid, -15);
	prios("nicer: B is nice -15", 2);
	setpriority(PRIO_PROCESS, s->actor[A].pid, 0);
	prios("nicer: A is as before", 2);
	setpriority(PRIO_PROCESS, s->actor[A].pid, 7);
	prios("nicer: A is nice 7", 2);
	unlocks("nicer: A unlocks", A, &s->word);
	done("nicer: B", B);
	prios("nicer: B has it", 2);
	all_die();
}

// begin_chain has A own the first word, and B own the second and wait for the first.
static void begin_chain(const char *name)
{
	char what[3][40];
	const char *const steps[] = {"A 1", "B 2", "B 1"};
	for (int i = 0; i < 3; i++)
		snprintf(what[i], sizeof what[i], "%s: %s", name, steps[i]);
	all_born(4);
	locks(what[0], A, &s->word);
	locks(what[1], B, &s->other);
	locks(what[2], B, &s->word);
}

// Owners that wait themselves.
static void chains(void)
{
	begin_chain("chain");
	fifo(C, 25);
	prios("chain: C does not wait", 3);
	locks("chain: C 2", C, &s->other);
	prios("chain: C waits", 3);
	locks("chain: A 2", A, &s->other);
	prios("chain: after the deadlock", 3);
	does("chain: A tries 2", A, &s->other, FUTEX_TRYLOCK_PI, 0, 0, 0, 0);
	word("chain: 2", s->other);
	fifo(C, 45);
	prios("chain: C raised", 3);
	locks("chain: D 3", D, &s->third);
	locks("chain: A 3", A, &s->third);
	prios("chain: D at the end", 4);
	locks("chain: D 2", D, &s->other);
	locks("chain: D 1", D, &s->word);
	prios("chain: still", 4);
	unlocks("chain: D unlocks 3", D, &s->third);
	done("chain: A has 3", A);
	prios("chain: D is free", 4);
	unlocks("chain: A unlocks 1", A, &s->word);
	done("chain: B has 1", B);
	prios("chain: A is free", 4);
	unlocks("chain: B unlocks 1", B, &s->word);
	prios("chain: B still owns 2", 4);
	unlocks("chain: B unlocks 2", B, &s->other);
	done("chain: C has 2", C);
	prios("chain: end", 4);
	all_die();

	begin_chain("killed");
	fifo(C, 25);
	locks("killed: C 2", C, &s->other);
	dies(C);
	prios("killed: C", 2);
	word("killed: 2", s->other);
	all_die();

	// Two owners of one task's wishes.
	all_born(4);
	locks("two: A 1", A, &s->word);
	locks("two: A 2", A, &s->other);
	fifo(B, 10), fifo(C, 20);
	locks("two: B 1", B, &s->word);
	locks("two: C 2", C, &s->other);
	prios("two: both wait", 3);
	unlocks("two: A unlocks 2", A, &s->other);
	done("two: C", C);
	prios("two: B waits", 3);
	unlocks("two: A unlocks 1", A, &s->word);
	done("two: B", B);
	prios("two: nobody waits", 3);
	all_die();

	// No chain may be too long.
	int fd = open("/proc/sys/kernel/max_lock_depth", O_RDWR);
	char text[10] = "";
	read(fd, text, 5);
	say("depth", "%d", atoi(text));
	for (int depth = 0; depth < 4; depth++) {
		char what[40];
		snprintf(text, sizeof text, "%d\n", depth);
		pwrite(fd, text, strlen(text), 0);
		begin_chain("depth");
		locks("depth: C 3", C, &s->third);
		locks("depth: C 2", C, &s->other);
		fifo(D, 9);
		snprintf(what, sizeof what, "depth %d: D 3", depth);
		locks(what, D, &s->third);
		prios("depth: all", 4);
		all_die();
	}
	pwrite(fd, "1024\n", 5, 0);
	close(fd);
}

// Who gets it next.
static void takes(int i)
{
	call(i, SYS_futex, (long)&s->word, FUTEX_LOCK_PI, 0, 0, 0, 0);
	in_call(i);
}

// passes_on has the owner of the first word give it back, as soon as it knows that it
// is the owner, and prints the word.
static void passes_on(const char *what)
{
	int owner = 0;
	while (s->actor[owner].pid != (s->word & FUTEX_TID_MASK))
		owner++;
	while (s->actor[owner].busy)
		usleep(200);
	call(owner, SYS_futex, (long)&s->word, FUTEX_UNLOCK_PI, 0, 0, 0, 0);
	in_call(owner);
	word(what, s->word);
}

static void order_of(const char *what, const int *prio)
{
	all_born(5);
	locks(what, A, &s->word);
	for (int i = B; i <= E; i++) {
		if (prio[i] > 0)
			fifo(i, prio[i]);
		else
			setpriority(PRIO_PROCESS, s->actor[i].pid, prio[i]);
		takes(i);
	}
	for (int n = 0; n < 4; n++)
		passes_on(what);
	all_die();
}

static void order(void)
{
	order_of("order: fair", (int[]){0, 0, -5, -10, 0});
	order_of("order: rising", (int[]){0, 10, 20, 30, 40});
	order_of("order: equals", (int[]){0, 10, 20, 10, 20});
	order_of("order: both", (int[]){0, -3, 1, 0, 2});
	// A change of priority puts one behind its new equals.
	all_born(5);
	locks("moved: A", A, &s->word);
	fifo(B, 10), takes(B);
	fifo(C, 20), takes(C);
	fifo(D, 20), takes(D);
	fifo(B, 20);
	fifo(C, 19);
	for (int n = 0; n < 3; n++)
		passes_on("moved: next");
	all_die();
}

static void pin(pid_t pid)
{
	cpu_set_t one;
	CPU_ZERO(&one);
	CPU_SET(0, &one);
	sched_setaffinity(pid, sizeof one, &one);
}

// Whoever is more urgent than the next owner takes the futex before that one has run.
// All are on one CPU, where the most urgent runs.
static void stolen(int op, int prio, const char *what)
{
	pid_t pid = fork();
	if (pid == 0) {
		all_born(2);
		for (int i = A; i <= B; i++)
			pin(s->actor[i].pid);
		pin(0);
		fifo(A, 10);
		result(what, fut(&s->word, FUTEX_LOCK_PI, 0, 0, 0, 0));
		locks(what, A, &s->word);
		fifo(B, prio);
		struct sched_param p = {50};
		sched_setscheduler(0, SCHED_FIFO, &p);
		result(what, fut(&s->word, FUTEX_UNLOCK_PI, 0, 0, 0, 0));
		word(what, s->word);
		call(B, SYS_futex, (long)&s->word, op, 0, 0, 0, 0);
		p.sched_priority = 15; // both have woken by now, B before A if it is more urgent
		sched_setscheduler(0, SCHED_FIFO, &p);
		sched_yield();
		say(what, "B %s", s->actor[B].busy ? "waits" : "is through");
		word(what, s->word);
		p.sched_priority = 0;
		sched_setscheduler(0, SCHED_OTHER, &p);
		outcome(what, B);
		outcome(what, A);
		word(what, s->word);
		if (!s->actor[B].busy && s->actor[B].value == 0) {
			unlocks(what, B, &s->word);
			done(what, A);
		} else {
			unlocks(what, A, &s->word);
			done(what, B);
		}
		word(what, s->word);
		all_die();
		_exit(0);
	}
	reap(what, pid);
	s->word = 0;
	for (int i = 0; i < ACTORS; i++)
		s->actor[i].pid = 0;
}

// The end of an owner.
static void robust_list(int i, int pi, uint32_t *word)
{
	struct actor *a = &s->actor[i];
	a->list.list.next = (void *)((char *)&a->robust.link + pi);
	a->robust.link.next = &a->list.list;
	a->list.futex_offset = (char *)word - (char *)&a->robust.link;
	a->list.list_op_pending = 0;
	call(i, SYS_set_robust_list, (long)&a->list, sizeof a->list, 0, 0, 0, 0);
	outcome("robust list", i);
}

static const char *comm(pid_t pid)
{
	static char text[20];
	char path[40];
	snprintf(path, sizeof path, "/proc/%d/comm", pid);
	int fd = open(path, O_RDONLY);
	int n = read(fd, text, sizeof text - 1);
	close(fd);
	text[n > 0 ? n - 1 : 0] = 0;
	return text;
}

enum { EXIT, KILL, EXEC, ENDS };
static const char *const ends[] = {"exit", "kill", "exec"};

static void ends_by(int i, int how)
{
	static char *argv[] = {"checks", "pause", 0};
	struct actor *a = &s->actor[i];
	if (how == KILL)
		kill(a->pid, SIGKILL);
	else if (how == EXIT)
		call(i, SYS_exit_group, 0, 0, 0, 0, 0, 0);
	else
		call(i, SYS_execve, (long)"/proc/self/exe", (long)argv, (long)(argv + 2), 0, 0, 0);
	if (how != EXEC)
		await(a->pid, 'Z');
}

static void owner_dies(void)
{
	for (int how = EXIT; how < ENDS; how++)
		for (int robust = 0; robust < 3; robust++) {
			char what[60];
			snprintf(what, sizeof what, "%s, robust %d", ends[how], robust);
			all_born(3);
			if (robust)
				robust_list(A, robust - 1, &s->word);
			fifo(B, 10);
			locks(what, A, &s->word);
			locks(what, B, &s->word);
			locks(what, C, &s->word);
			ends_by(A, how);
			done(what, B);
			say(what, "%s", name(s->word));
			prios(what, 2);
			unlocks(what, B, &s->word);
			done(what, C);
			say(what, "%s", name(s->word));
			unlocks(what, C, &s->word);
			say(what, "%s", name(s->word));
			all_die();
			// Nobody waits.
			snprintf(what, sizeof what, "%s alone, robust %d", ends[how], robust);
			all_born(2);
			if (robust)
				robust_list(A, robust - 1, &s->word);
			locks(what, A, &s->word);
			ends_by(A, how);
			while (how == EXEC && strcmp(comm(s->actor[A].pid), "exe") != 0)
				usleep(500);
			say(what, "%s", name(s->word));
			if (how != EXEC || robust) {
				locks(what, B, &s->word);
				say(what, "%s", name(s->word));
			}
			all_die();
		}
	// A pending entry, and a waiter who dies before its turn.
	for (int pi = 0; pi < 2; pi++) {
		all_born(2);
		robust_list(A, pi, &s->word);
		s->actor[A].list.list_op_pending = s->actor[A].list.list.next;
		s->actor[A].list.list.next = &s->actor[A].list.list;
		locks("pending: A", A, &s->word);
		locks("pending: B", B, &s->word);
		ends_by(A, KILL);
		done("pending: B", B);
		word("pending: word", s->word);
		all_die();
	}
	all_born(3);
	locks("owner and waiter: A", A, &s->word);
	fifo(B, 10);
	locks("owner and waiter: B", B, &s->word);
	locks("owner and waiter: C", C, &s->word);
	ends_by(B, KILL);
	word("owner and waiter: word", s->word);
	ends_by(A, KILL);
	done("owner and waiter: C", C);
	word("owner and waiter: word", s->word);
	all_die();
	// The owner dies while it waits for something else of somebody who lives.
	all_born(4);
	locks("in a chain: A 1", A, &s->word);
	locks("in a chain: B 2", B, &s->other);
	locks("in a chain: B 1", B, &s->word);
	fifo(C, 30);
	locks("in a chain: C 2", C, &s->other);
	ends_by(B, KILL);
	done("in a chain: C", C);
	prios("in a chain", 2);
	word("in a chain: 1", s->word);
	word("in a chain: 2", s->other);
	unlocks("in a chain: A unlocks", A, &s->word);
	word("in a chain: 1", s->word);
	all_die();
}

// A child has neither the locks of its parent nor what was lent to it.
static void forks(void)
{
	s->word = 0;
	result("fork: main", fut(&s->word, FUTEX_LOCK_PI, 0, 0, 0, 0));
	all_born(1);
	fifo(A, 20);
	locks("fork: A", A, &s->word);
	say("fork: main", "%d", number_in_stat(getpid(), 18));
	pid_t pid = fork();
	if (pid == 0) {
		say("fork: child", "%d", number_in_stat(getpid(), 18));
		result("fork: child unlocks", fut(&s->word, FUTEX_UNLOCK_PI, 0, 0, 0, 0));
		result("fork: child tries", fut(&s->word, FUTEX_TRYLOCK_PI, 0, 0, 0, 0));
		_exit(0);
	}
	reap("fork: child", pid);
	result("fork: main unlocks", fut(&s->word, FUTEX_UNLOCK_PI, 0, 0, 0, 0));
	done("fork: A", A);
	all_die();
}

// Signals.
static void signalled(int i)
{
	int n = s->actor[i].handlers;
	kill(s->actor[i].pid, SIGUSR1);
	while (s->actor[i].handlers == n)
		usleep(200);
}

static void signals(int flags)
{
	char what[60];
	snprintf(what, sizeof what, "signal, flags %#x: ", flags);
	char *end = what + strlen(what);
#define WHAT(text) (strcpy(end, text), what)
	born(A, flags), born(B, flags);
	locks(WHAT("A"), A, &s->word);
	locks(WHAT("B"), B, &s->word);
	signalled(B), signalled(B);
	outcome(WHAT("B after a handler"), B);
	kill(s->actor[B].pid, SIGSTOP);
	await(s->actor[B].pid, 'T');
	kill(s->actor[B].pid, SIGCONT);
	outcome(WHAT("B after a stop"), B);
	unlocks(WHAT("A unlocks"), A, &s->word);
	done(WHAT("B"), B);
	unlocks(WHAT("B unlocks"), B, &s->word);
	// Handed over to one that is stopped.
	locks(WHAT("A"), A, &s->word);
	locks(WHAT("B"), B, &s->word);
	kill(s->actor[B].pid, SIGSTOP);
	await(s->actor[B].pid, 'T');
	unlocks(WHAT("A unlocks"), A, &s->word);
	word(WHAT("B is stopped"), s->word);
	does(WHAT("A tries"), A, &s->word, FUTEX_TRYLOCK_PI, 0, 0, 0, 0);
	kill(s->actor[B].pid, SIGCONT);
	done(WHAT("B goes on"), B);
	word(WHAT("word"), s->word);
	all_die();
	// With a time limit, which does not move.
	for (int op = 0; op < 3; op++) {
		static const int ops[] = {FUTEX_LOCK_PI, FUTEX_LOCK_PI2, FUTEX_LOCK_PI2 | REALTIME};
		born(A, flags), born(B, flags);
		locks(WHAT("A"), A, &s->word);
		call(B, SYS_futex, (long)&s->word, ops[op], 0, (long)in_ms(B, op == 1 ? CLOCK_MONOTONIC : CLOCK_REALTIME, 400), 0, 0);
		in_call(B);
		signalled(B);
		done(WHAT("B is late"), B);
		all_die();
	}
	// Before it is requeued, and behind.
	born(A, flags), born(B, flags);
	does(WHAT("B waits for A's sake"), B, &s->plain, FUTEX_WAIT_REQUEUE_PI, 0, 0, &s->word, 0);
	signalled(B);
	outcome(WHAT("B after a handler"), B);
	kill(s->actor[B].pid, SIGSTOP);
	await(s->actor[B].pid, 'T');
	kill(s->actor[B].pid, SIGCONT);
	outcome(WHAT("B after a stop"), B);
	locks(WHAT("A"), A, &s->word);
	does(WHAT("A requeues"), A, &s->plain, FUTEX_CMP_REQUEUE_PI, 1, (void *)1, &s->word, 0);
	word(WHAT("word"), s->word);
	outcome(WHAT("B"), B);
	signalled(B);
	done(WHAT("B behind"), B);
	word(WHAT("word"), s->word);
	unlocks(WHAT("A unlocks"), A, &s->word);
	word(WHAT("word"), s->word);
	does(WHAT("B again"), B, &s->plain, FUTEX_WAIT_REQUEUE_PI, 0, 0, &s->word, 0);
	s->plain = 1;
	signalled(B);
	done(WHAT("B, the value changed"), B);
	all_die();
#undef WHAT
}

// FUTEX_WAIT_REQUEUE_PI and FUTEX_CMP_REQUEUE_PI.
static void waits(const char *what, int i) { does(what, i, &s->plain, FUTEX_WAIT_REQUEUE_PI, 0, 0, &s->word, 0); }

static void requeues(const char *what, long n) { result(what, fut(&s->plain, FUTEX_CMP_REQUEUE_PI, 1, (void *)n, &s->word, 0)); }

static void requeue(void)
{
	for (long n = 0; n < 3; n++) {
		char what[40];
		snprintf(what, sizeof what, "requeue %ld to a free one", n);
		all_born(3);
		for (int i = A; i <= C; i++)
			waits(what, i);
		requeues(what, n);
		done(what, A);
		say(what, "%s", name(s->word));
		outcome(what, B), outcome(what, C);
		result(what, fut(&s->plain, FUTEX_WAKE, 1, 0, 0, 0));
		unlocks(what, A, &s->word);
		if (n > 0)
			done(what, B);
		say(what, "%s", name(s->word));
		if (n > 0)
			unlocks(what, B, &s->word);
		if (n > 1)
			done(what, C), unlocks(what, C, &s->word);
		say(what, "%s", name(s->word));
		all_die();
		snprintf(what, sizeof what, "requeue %ld to one's own", n);
		all_born(3);
		result(what, fut(&s->word, FUTEX_LOCK_PI, 0, 0, 0, 0));
		for (int i = A; i <= C; i++)
			waits(what, i);
		requeues(what, n);
		say(what, "%s", name(s->word));
		for (int i = A; i <= C; i++)
			outcome(what, i);
		result(what, fut(&s->word, FUTEX_WAKE, 1, 0, 0, 0));
		result(what, fut(&s->word, FUTEX_UNLOCK_PI, 0, 0, 0, 0));
		done(what, A);
		say(what, "%s", name(s->word));
		requeues(what, 2);
		unlocks(what, A, &s->word);
		done(what, B);
		say(what, "%s", name(s->word));
		unlocks(what, B, &s->word);
		done(what, C);
		say(what, "%s", name(s->word));
		unlocks(what, C, &s->word);
		say(what, "%s", name(s->word));
		all_die();
	}
	// By priority, which is passed on.
	all_born(4);
	locks("requeue by priority: A", A, &s->word);
	fifo(B, 10), fifo(C, 30), fifo(D, 20);
	waits("requeue by priority: B", B), waits("requeue by priority: C", C), waits("requeue by priority: D", D);
	prios("requeue by priority: before", 4);
	requeues("requeue by priority", 0);
	prios("requeue by priority: one", 4);
	requeues("requeue by priority", 5);
	prios("requeue by priority: all", 4);
	unlocks("requeue by priority: A unlocks", A, &s->word);
	done("requeue by priority: C", C);
	prios("requeue by priority: C has it", 4);
	word("requeue by priority: word", s->word);
	unlocks("requeue by priority: C unlocks", C, &s->word);
	done("requeue by priority: D", D);
	word("requeue by priority: word", s->word);
	prios("requeue by priority: D has it", 4);
	all_die();
	// What does not fit.
	all_born(3);
	does("mismatch: A waits", A, &s->plain, FUTEX_WAIT, 0, 0, 0, 0);
	requeues("mismatch: to be woken", 1);
	waits("mismatch: B", B);
	requeues("mismatch: the first", 1);
	result("mismatch: wake 1", fut(&s->plain, FUTEX_WAKE, 1, 0, 0, 0));
	done("mismatch: A", A);
	result("mismatch: wake", fut(&s->plain, FUTEX_WAKE, 1, 0, 0, 0));
	result("mismatch: wake by bits", fut(&s->plain, FUTEX_WAKE_BITSET, 1, 0, 0, 1));
	result("mismatch: requeue", fut(&s->plain, FUTEX_REQUEUE, 1, (void *)1, &s->other, 0));
	result("mismatch: cmp_requeue", fut(&s->plain, FUTEX_CMP_REQUEUE, 0, (void *)1, &s->other, 0));
	result("mismatch: wake op", fut(&s->plain, FUTEX_WAKE_OP, 1, (void *)1, &s->other, 0));
	result("mismatch: wake op, the second", fut(&s->other, FUTEX_WAKE_OP, 1, (void *)1, &s->plain, 0));
	result("mismatch: another futex", fut(&s->plain, FUTEX_CMP_REQUEUE_PI, 1, (void *)1, &s->other, 0));
	result("mismatch: lock", fut(&s->plain, FUTEX_LOCK_PI, 1, 0, 0, 0));
	s->plain = getpid();
	result("mismatch: unlock", fut(&s->plain, FUTEX_UNLOCK_PI, 1, 0, 0, 0));
	s->plain = 0;
	does("mismatch: A waits behind", A, &s->plain, FUTEX_WAIT, 0, 0, 0, 0);
	requeues("mismatch: the second", 1);
	done("mismatch: B has it", B);
	word("mismatch: word", s->word);
	outcome("mismatch: A", A);
	result("mismatch: wake A", fut(&s->plain, FUTEX_WAKE, 1, 0, 0, 0));
	done("mismatch: A", A);
	all_die();
	all_born(3);
	does("two futexes: A", A, &s->plain, FUTEX_WAIT_REQUEUE_PI, 0, 0, &s->word, 0);
	does("two futexes: B", B, &s->plain, FUTEX_WAIT_REQUEUE_PI, 0, 0, &s->other, 0);
	requeues("two futexes: requeue", 5);
	done("two futexes: A", A);
	outcome("two futexes: B", B);
	word("two futexes: word", s->word);
	all_die();
	// Words.
	all_born(3);
	waits("requeue: A", A);
	const struct { const char *name; uint32_t v; } words[] = {
		{"nobody", 0x3fffffff}, {"kernel thread", 2}, {"the waiter", s->actor[A].pid}, {"the waiter|D", s->actor[A].pid | FUTEX_OWNER_DIED},
	};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		char what[60];
		snprintf(what, sizeof what, "requeue to the word %s", words[i].name);
		s->word = words[i].v;
		requeues(what, 1);
		outcome(what, A);
	}
	s->word = FUTEX_OWNER_DIED;
	requeues("requeue to the word D", 0);
	done("requeue to the word D", A);
	word("requeue to the word D", s->word);
	all_die();
	// Deadlocks.
	all_born(3);
	locks("requeue, deadlock: A 2", A, &s->other);
	does("requeue, deadlock: A waits", A, &s->plain, FUTEX_WAIT_REQUEUE_PI, 0, 0, &s->word, 0);
	locks("requeue, deadlock: B 1", B, &s->word);
	locks("requeue, deadlock: B 2", B, &s->other);
	requeues("requeue, deadlock", 0);
	outcome("requeue, deadlock: A", A);
	word("requeue, deadlock: 1", s->word);
	kill(s->actor[B].pid, SIGKILL);
	await(s->actor[B].pid, 'Z');
	s->word = 0;
	requeues("requeue, no deadlock", 0);
	done("requeue, no deadlock: A", A);
	all_die();
	// Time.
	for (int op = 0; op < 2; op++) {
		int clock = op ? CLOCK_REALTIME : CLOCK_MONOTONIC, f = op ? REALTIME : 0;
		all_born(2);
		call(A, SYS_futex, (long)&s->plain, FUTEX_WAIT_REQUEUE_PI | f, 0, (long)in_ms(A, clock, 200), (long)&s->word, 0);
		done("requeue, time: A is late", A);
		result("requeue, time: main", fut(&s->word, FUTEX_LOCK_PI, 0, 0, 0, 0));
		does("requeue, time: A", A, &s->plain, FUTEX_WAIT_REQUEUE_PI | f, 0, in_ms(A, clock, 2000), &s->word, 0);
		requeues("requeue, time", 0);
		outcome("requeue, time: A behind", A);
		done("requeue, time: A is late", A);
		word("requeue, time: word", s->word);
		result("requeue, time: unlock", fut(&s->word, FUTEX_UNLOCK_PI, 0, 0, 0, 0));
		word("requeue, time: word", s->word);
		all_die();
	}
	// Ends.
	all_born(3);
	locks("requeue, ends: A", A, &s->word);
	waits("requeue, ends: B", B), waits("requeue, ends: C", C);
	requeues("requeue, ends", 5);
	ends_by(B, KILL);
	word("requeue, ends: word", s->word);
	ends_by(A, KILL);
	done("requeue, ends: C", C);
	word("requeue, ends: word", s->word);
	all_die();
	all_born(3);
	fifo(B, 10);
	locks("requeue, waiter ends: A", A, &s->word);
	waits("requeue, waiter ends: B", B);
	ends_by(B, KILL);
	requeues("requeue, waiter ends", 5);
	prios("requeue, waiter ends", 2);
	all_die();
}

// The plain futex wakes by priority, too.
static void plain_order(void)
{
	static const int prio[] = {0, 10, 30, 0, 20};
	all_born(5);
	for (int i = A; i <= E; i++) {
		if (prio[i])
			fifo(i, prio[i]);
		does("plain", i, &s->plain, FUTEX_WAIT, 0, 0, 0, 0);
	}
	for (int n = 0; n < ACTORS; n++) {
		result("plain: wake", fut(&s->plain, FUTEX_WAKE, 1, 0, 0, 0));
		for (int woken = 0; !woken; usleep(200))
			for (int i = A; i <= E; i++)
				if (!s->actor[i].busy && !s->actor[i].handlers) {
					s->actor[i].handlers = woken = 1;
					say("plain: woken", "%d", i);
				}
	}
	all_die();
}

// What a C library makes of them.
static pthread_mutex_t mutex;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static volatile int stage, through, shared_count;

static void make_mutex(int type, int robust)
{
	pthread_mutexattr_t a;
	pthread_mutexattr_init(&a);
	say("mutex: protocol", "%d", pthread_mutexattr_setprotocol(&a, PTHREAD_PRIO_INHERIT));
	pthread_mutexattr_settype(&a, type);
	if (robust)
		pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
	say("mutex: init", "%d", pthread_mutex_init(&mutex, &a));
}

static void *counts(void *arg)
{
	for (int i = 0; i < 300; i++) {
		pthread_mutex_lock(&mutex);
		int n = shared_count;
		if (i % 16 == 0)
			sched_yield();
		shared_count = n + 1;
		pthread_mutex_unlock(&mutex);
	}
	return 0;
}

static void *dies_with_it(void *arg)
{
	pthread_mutex_lock(&mutex);
	stage = 1;
	while (stage != 2)
		usleep(500);
	usleep(20000);
	return 0;
}

static void *waits_for_cond(void *arg)
{
	pthread_mutex_lock(&mutex);
	while (stage == 0) {
		through++;
		pthread_cond_wait(&cond, &mutex);
	}
	shared_count++;
	pthread_mutex_unlock(&mutex);
	return 0;
}

static void library(void)
{
	pthread_t t[4];
	struct timespec at;
	make_mutex(PTHREAD_MUTEX_ERRORCHECK, 0);
	say("mutex: lock", "%d", pthread_mutex_lock(&mutex));
	say("mutex: lock again", "%d", pthread_mutex_lock(&mutex));
	say("mutex: unlock", "%d", pthread_mutex_unlock(&mutex));
	say("mutex: unlock again", "%d", pthread_mutex_unlock(&mutex));
	make_mutex(PTHREAD_MUTEX_NORMAL, 0);
	for (int i = 0; i < 4; i++)
		pthread_create(&t[i], 0, counts, 0);
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], 0);
	say("mutex: count", "%d", shared_count);
	say("mutex: word", "%#x", mutex.__data.__lock);
	make_mutex(PTHREAD_MUTEX_NORMAL, 1);
	for (int early = 0; early < 2; early++) {
		stage = 0;
		pthread_create(&t[0], 0, dies_with_it, 0);
		while (stage != 1)
			usleep(500);
		say("robust: try", "%d", pthread_mutex_trylock(&mutex));
		clock_gettime(CLOCK_REALTIME, &at);
		say("robust: timed, past", "%d", pthread_mutex_timedlock(&mutex, &at));
		clock_gettime(CLOCK_MONOTONIC, &at);
		say("robust: clock, past", "%d", pthread_mutex_clocklock(&mutex, CLOCK_MONOTONIC, &at));
		stage = 2;
		if (early)
			pthread_join(t[0], 0);
		say("robust: lock", "%d", pthread_mutex_lock(&mutex));
		say("robust: consistent", "%d", pthread_mutex_consistent(&mutex));
		say("robust: unlock", "%d", pthread_mutex_unlock(&mutex));
		if (!early)
			pthread_join(t[0], 0);
	}
	stage = 0;
	pthread_create(&t[0], 0, dies_with_it, 0);
	while (stage != 1)
		usleep(500);
	stage = 2;
	pthread_join(t[0], 0);
	say("robust: lock", "%d", pthread_mutex_lock(&mutex));
	say("robust: unlock, inconsistent", "%d", pthread_mutex_unlock(&mutex));
	say("robust: lock", "%d", pthread_mutex_lock(&mutex));
	make_mutex(PTHREAD_MUTEX_NORMAL, 0);
	stage = through = shared_count = 0;
	for (int i = 0; i < 4; i++)
		pthread_create(&t[i], 0, waits_for_cond, 0);
	while (through < 4)
		usleep(500);
	pthread_mutex_lock(&mutex);
	stage = 1;
	pthread_cond_broadcast(&cond);
	pthread_mutex_unlock(&mutex);
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], 0);
	say("condition: through", "%d", shared_count);
}

void test_pifutex(void)
{
	s = mmap(0, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHILD("alone", alone());
	CHILD("addresses", addresses());
	s->word = s->plain = 0;
	CHILD("arguments", arguments());
	CHILD("contended", contended());
	CHILD("forged", forged());
	CHILD("boosted", boosted());
	CHILD("chains", chains());
	CHILD("order", order());
	stolen(FUTEX_LOCK_PI, 20, "more urgent");
	stolen(FUTEX_TRYLOCK_PI, 20, "more urgent, tries");
	stolen(FUTEX_LOCK_PI, 10, "as urgent");
	stolen(FUTEX_TRYLOCK_PI, 10, "as urgent, tries");
	CHILD("owner dies", owner_dies());
	CHILD("forks", forks());
	CHILD("signals", signals(0));
	CHILD("signals", signals(SA_RESTART));
	CHILD("requeue", requeue());
	CHILD("plain order", plain_order());
	CHILD("library", library());
}
