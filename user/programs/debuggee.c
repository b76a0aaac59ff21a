// Debuggee is what programs.sh looks at with Debian's gdb. Its first argument
// says what it does.
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct point {
	int x, y;
};

static struct point corner = {6, 7};
static volatile int watched;
static volatile int caught;
static volatile int go;
static pthread_barrier_t barrier;

static int area(struct point p)
{
	int a = p.x * p.y;
	return a;
}

static void deeper(int depth)
{
	if (depth > 0)
		deeper(depth - 1);
	else
		abort();
}

static void handler(int sig)
{
	caught = sig;
}

static int calls(void)
{
	int a = area(corner);
	for (int i = 0; i < 3; i++)
		watched += a;
	raise(SIGUSR1);
	return watched + caught;
}

static void inChild(void)
{
	watched = 5;
}

static void inParent(int status)
{
	watched = status;
}

static int forks(void)
{
	int status = 0;
	pid_t pid = fork();
	if (pid == 0) {
		inChild();
		_exit(3);
	}
	waitpid(pid, &status, 0);
	inParent(WEXITSTATUS(status));
	return 0;
}

static int spawns(void)
{
	int status = 0;
	pid_t pid = vfork();
	if (pid == 0) {
		execl("/proc/self/exe", "debuggee", "calls", NULL);
		_exit(9);
	}
	waitpid(pid, &status, 0);
	return WEXITSTATUS(status);
}

static void allReady(void)
{
	watched = 3;
}

static void *thread(void *name)
{
	pthread_setname_np(pthread_self(), name);
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	return NULL;
}

static int threads(void)
{
	pthread_t t[2];
	pthread_barrier_init(&barrier, NULL, 3);
	pthread_create(&t[0], NULL, thread, "one");
	pthread_create(&t[1], NULL, thread, "two");
	pthread_barrier_wait(&barrier);
	allReady();
	pthread_barrier_wait(&barrier);
	pthread_join(t[0], NULL);
	pthread_join(t[1], NULL);
	return 0;
}

static int waits(void)
{
	while (!go)
		pause();
	return go;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	signal(SIGUSR1, handler);
	if (!strcmp(what, "calls"))
		return calls();
	if (!strcmp(what, "forks"))
		return forks();
	if (!strcmp(what, "spawns"))
		return spawns();
	if (!strcmp(what, "threads"))
		return threads();
	if (!strcmp(what, "waits"))
		return waits();
	if (!strcmp(what, "aborts"))
		deeper(2);
	return 1;
}
