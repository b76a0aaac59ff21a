// job NAME: run until killed, and say NAME whenever the terminal is given to it.
// Until then what is typed is for the shell.
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static volatile sig_atomic_t front;

static void continued(int sig)
{
	(void)sig;
	front = 0;
}

int main(int argc, char **argv)
{
	signal(SIGCONT, continued);
	for (;; usleep(10000)) {
		int now = tcgetpgrp(0) == getpgrp(), was = front;
		front = now; // first: it may be stopped as soon as it has said so
		if (now && !was) {
			printf("%s is here\n", argc > 1 ? argv[1] : "job");
			fflush(stdout);
		}
	}
}
