// memfd_create(2) and the seals of fcntl(2).
#include "check.h"

#include <sys/uio.h>

#ifndef F_ADD_SEALS
#define F_ADD_SEALS 1033
#define F_GET_SEALS 1034
#endif
enum { SEAL = 1, SHRINK = 2, GROW = 4, WRITE = 8, FUTURE_WRITE = 16 };

#define RW (PROT_READ | PROT_WRITE)

static int create(const char *name, unsigned flags) { return syscall(SYS_memfd_create, name, flags); }

static void created(void)
{
	char name[300], link[100] = "", line[400];
	struct stat st;
	int fd = create("a name", 1);
	success("create", fd);
	result("flags", fcntl(fd, F_GETFL) & O_ACCMODE);
	result("close on exec", fcntl(fd, F_GETFD));
	result("seals", fcntl(fd, F_GET_SEALS));
	result("add a seal", fcntl(fd, F_ADD_SEALS, SHRINK));
	fstat(fd, &st);
	say("stat", "%o %d %d links %d size %ld", st.st_mode, st.st_uid, st.st_gid, (int)st.st_nlink, (long)st.st_size);
	result("write", write(fd, "hello", 5));
	result("seek", lseek(fd, 1, SEEK_SET));
	result("read", read(fd, name, 10));
	result("pread", pread(fd, name, 10, 2));
	snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
	readlink(name, link, sizeof link - 1);
	say("link", "%s", link);
	int again = open(name, O_RDONLY);
	result("opened again, reads", read(again, link, 10));
	result("opened again, writes", write(again, "x", 1));
	char *p = mmap(0, 4096, PROT_READ, MAP_SHARED, again, 0);
	say("mapped", "%.5s", p);
	FILE *f = fopen("/proc/self/maps", "r");
	while (f && fgets(line, sizeof line, f))
		if (strstr(line, "memfd")) {
			line[strcspn(line, "\n")] = 0;
			say("maps", "%s", strchr(line, '/'));
		}
	if (f)
		fclose(f);
	close(again);
	close(fd);
	memset(name, 'n', sizeof name);
	name[249] = 0;
	success("longest name", create(name, 0));
	name[249] = 'n', name[250] = 0;
	result("too long a name", create(name, 0));
	result("bad name", create((char *)8, 0));
	result("unknown flag", create("x", 8));
	result("page size without huge pages", create("x", 21 << 26));
	setuid(1000);
	fd = create("mine", 0);
	fstat(fd, &st);
	say("somebody else's", "%d %d", st.st_uid, st.st_gid);
}

// sealed makes a file of 6000 bytes with seals.
static int sealed(int seals)
{
	int fd = create("sealed", 2);
	ftruncate(fd, 6000);
	result("add", fcntl(fd, F_ADD_SEALS, seals));
	result("has", fcntl(fd, F_GET_SEALS));
	return fd;
}

static void tries(const char *name, int seals)
{
	static char text[9000];
	int fd = sealed(seals);
	result(name, pwrite(fd, "x", 1, 0));
	result("write beyond", pwrite(fd, text, 9000, 0));
	result("write beyond, from the middle of the last page", pwrite(fd, text, 3000, 5000));
	result("write up to the end", pwrite(fd, text, 1000, 5000));
	result("append", pwrite(fd, text, 10, 6000));
	result("grow", ftruncate(fd, 7000));
	result("shrink", ftruncate(fd, 5000));
	result("same", ftruncate(fd, 5000));
	result("allocate", fallocate(fd, 0, 0, 4096));
	result("allocate beyond", fallocate(fd, 0, 0, 20000));
	result("allocate beyond, keep the size", fallocate(fd, 1, 0, 30000));
	result("punch", fallocate(fd, 3, 0, 4096));
	struct stat st;
	fstat(fd, &st);
	say("size", "%ld", (long)st.st_size);
	char *p = mmap(0, 4096, RW, MAP_SHARED, fd, 0);
	success("map shared", p == MAP_FAILED ? -1 : 0);
	p = mmap(0, 4096, PROT_READ, MAP_SHARED, fd, 0);
	success("map shared to read", p == MAP_FAILED ? -1 : 0);
	if (p != MAP_FAILED)
		result("and then to write", mprotect(p, 4096, RW));
	p = mmap(0, 4096, RW, MAP_PRIVATE, fd, 0);
	success("map privately", p == MAP_FAILED ? -1 : 0);
	if (p != MAP_FAILED)
		p[0] = 1;
	close(fd);
}

static void sealing(void)
{
	tries("none", 0);
	tries("shrink", SHRINK);
	tries("grow", GROW);
	tries("write", WRITE);
	tries("future write", FUTURE_WRITE);
	tries("all but write", SHRINK | GROW | SEAL);
	int fd = sealed(SEAL | GROW);
	result("after the seal", fcntl(fd, F_ADD_SEALS, SHRINK));
	result("the same again", fcntl(fd, F_ADD_SEALS, GROW));
	fd = sealed(0);
	result("unknown seal", fcntl(fd, F_ADD_SEALS, 64));
	char *p = mmap(0, 4096, RW, MAP_SHARED, fd, 0);
	result("write while mapped", fcntl(fd, F_ADD_SEALS, WRITE));
	result("future write while mapped", fcntl(fd, F_ADD_SEALS, FUTURE_WRITE));
	p[0] = 'm';
	munmap(p, 4096);
	p = mmap(0, 4096, PROT_READ, MAP_SHARED, fd, 0);
	success("map to read", p == MAP_FAILED ? -1 : 0);
	result("write while mapped to read", fcntl(fd, F_ADD_SEALS, WRITE));
	munmap(p, 4096);
	result("write once unmapped", fcntl(fd, F_ADD_SEALS, WRITE));
	char c = 0, name[40];
	pread(fd, &c, 1, 0);
	say("written through the mapping", "%c", c);
	snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
	fd = open(name, O_RDONLY);
	result("for reading, seals", fcntl(fd, F_GET_SEALS));
	result("for reading, add", fcntl(fd, F_ADD_SEALS, SHRINK));
	int again = open(name, O_CREAT | O_RDWR, 0600);
	success("open to write", again);
	result("write to what is sealed", write(again, "x", 1));
	success("cut off", open(name, O_RDWR | O_TRUNC));
	close(again);
	p = mmap(0, 4096, PROT_READ, MAP_SHARED, fd, 0);
	success("for reading, map", p == MAP_FAILED ? -1 : 0);
	result("for reading, then to write", mprotect(p, 4096, RW));
	int pipes[2];
	pipe(pipes);
	result("seals of a pipe", fcntl(pipes[1], F_GET_SEALS));
	result("add to a pipe", fcntl(pipes[1], F_ADD_SEALS, SHRINK));
	fd = open("/tmp/unsealed", O_CREAT | O_RDWR, 0600);
	result("seals of a file", fcntl(fd, F_GET_SEALS));
	result("add to a file", fcntl(fd, F_ADD_SEALS, SHRINK));
}

// executes runs this program from a memfd.
static void executes(void)
{
	char buffer[1 << 16], word[20];
	int in = open("/init", O_RDONLY), fd = create("program", 1), n;
	while ((n = read(in, buffer, sizeof buffer)) > 0)
		write(fd, buffer, n);
	close(in);
	pid_t pid = fork();
	if (pid == 0) {
		char *argv[] = {"program", "exec-child", "memfd", 0}, *envp[] = {0};
		syscall(SYS_execveat, fd, "", argv, envp, AT_EMPTY_PATH);
		result("execute while open for writing", -1);
		snprintf(word, sizeof word, "/proc/self/fd/%d", fd);
		int again = open(word, O_RDONLY | O_CLOEXEC);
		close(fd);
		syscall(SYS_execveat, again, "", argv, envp, AT_EMPTY_PATH);
		result("execute", -1);
		_exit(0);
	}
	close(fd);
	reap("program", pid);
}

void test_memfd(void)
{
	sealing();
	executes();
	created();
}
