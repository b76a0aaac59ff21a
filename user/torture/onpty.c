// onpty COMMAND [ARGUMENT ...]: run a command on a pseudo terminal, and copy
// between its master and standard input and output, as script(1) does.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void run(int master, char **argv)
{
	int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	if (slave < 0 || setsid() < 0 || ioctl(slave, TIOCSCTTY, 0) != 0)
		die("slave");
	for (int fd = 0; fd < 3; fd++)
		dup2(slave, fd);
	close(slave);
	close(master);
	execvp(argv[0], argv);
	die(argv[0]);
}

// copy copies what there is. It returns 0 at the end.
static int copy(int from, int to)
{
	char b[1024];
	ssize_t n = read(from, b, sizeof b);
	if (n < 0 && errno == EINTR)
		return 1;
	for (ssize_t done = 0, m; done < n; done += m)
		if ((m = write(to, b + done, n - done)) < 0)
			die("write");
	return n > 0;
}

int main(int argc, char **argv)
{
	struct termios usual, raw;
	int status = 1, master = posix_openpt(O_RDWR | O_NOCTTY);
	if (argc < 2 || master < 0 || grantpt(master) != 0 || unlockpt(master) != 0)
		die("posix_openpt");
	pid_t pid = fork();
	if (pid == 0)
		run(master, argv + 1);
	tcgetattr(0, &usual);
	raw = usual;
	cfmakeraw(&raw);
	tcsetattr(0, TCSANOW, &raw);
	struct pollfd fds[] = {{0, POLLIN}, {master, POLLIN}};
	for (;;) {
		poll(fds, 2, -1);
		if (fds[0].revents)
			copy(0, master);
		// EIO once nobody has the slave open.
		if (fds[1].revents && !copy(master, 1))
			break;
	}
	tcsetattr(0, TCSADRAIN, &usual);
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
