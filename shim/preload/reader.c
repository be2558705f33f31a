/* SPDX-License-Identifier: MIT */
/*
 * reader.c - runs the program that reads configuration files
 */
#include "reader.h"

#include <limits.h>
#include <linux/memfd.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "../kernel/decimal.h"
#include "../kernel/sys.h"
#include "../log/log.h"
#include "real.h"

#define READER_FILE "vsockify-config"

static _Noreturn void stop(const char *what, const char *detail)
{
	log_fatal(what, detail);
	_exit(EX_CONFIG);
}

/* Its path: beside this object. */
static void reader_path(char path[PATH_MAX])
{
	const char *own = real_own_file(), *slash = own ? strrchr(own, '/') : NULL;
	size_t directory = slash ? (size_t)(slash + 1 - own) : 0;

	if (!own || directory + sizeof READER_FILE > PATH_MAX)
		stop("cannot tell where libvsockify.so was loaded from",
		     ": name it in LD_PRELOAD by its whole path");
	memcpy(path, own, directory);
	memcpy(path + directory, READER_FILE, sizeof READER_FILE);
}

/* The environment of the reader: the program's, without what it preloads. */
static char **reader_environment(void)
{
	static const char preload[] = "LD_PRELOAD=";
	static char *none[] = {NULL};
	char ***variable = real_find_any("environ"), **from, **all;
	size_t count = 0;

	if (getauxval(AT_SECURE) || !variable || !*variable)
		return none;
	from = *variable;
	while (from[count])
		count++;
	all = sys_map((count + 1) * sizeof *all);
	if (!all)
		stop("no memory for the environment of the reader of configuration files", "");
	for (count = 0; *from; from++)
		if (strncmp(*from, preload, sizeof preload - 1) != 0)
			all[count++] = *from;
	return all;
}

/* Become the reader; it writes to descriptor @fd, which outlives this. */
static _Noreturn void become_reader(const char *path, int fd, char **environment)
{
	char number[16] = "";
	char *arguments[] = {(char *)path, number, NULL};
	int result;

	*decimal_put(number, (uint32_t)fd) = 0;
	result = sys_fcntl(fd, F_SETFD, 0);
	if (result == 0)
		result = (int)SYS_CALL(SYS_execve, path, arguments, environment);
	stop(result == -ENOENT
		     ? "the reader of configuration files is not beside libvsockify.so: "
		     : "cannot run the reader of configuration files: ",
	     path);
}

/* A child that sends no signal when it ends, and that no wait() of the program's finds. */
static long silent_fork(void)
{
#ifdef __s390x__ /* which has the first two the other way round */
	return SYS_CALL(SYS_clone, 0, CLONE_VFORK);
#else
	return SYS_CALL(SYS_clone, CLONE_VFORK, 0);
#endif
}

/* The exit status of a child; EX_OSERR if it was killed. */
static int status_of(long child)
{
	int status = 0;
	long result;

	do
		result = SYS_CALL(SYS_wait4, child, &status, __WALL, NULL);
	while (result == -EINTR);
	return result == child && WIFEXITED(status) ? WEXITSTATUS(status) : EX_OSERR;
}

/*
 * Run the reader, and end as it does. What executes a program sends SIGCHLD again when it ends,
 * so another process stands between it and the program; and that must not ignore the signal,
 * or there would be nothing to wait for.
 */
static _Noreturn void stand_between(const char *path, int fd, char **environment)
{
	uint64_t by_default[8] = {0}; /* what the kernel has for a struct sigaction */
	long child;

	SYS_CALL(SYS_rt_sigaction, SIGCHLD, by_default, NULL, sizeof(uint64_t));
	child = silent_fork();
	if (child == 0)
		become_reader(path, fd, environment);
	_exit(child < 0 ? EX_OSERR : status_of(child));
}

static int run_reader(const char *path, int fd)
{
	char **environment = reader_environment();
	long child = silent_fork();

	if (child == 0)
		stand_between(path, fd, environment);
	if (child < 0)
		stop("cannot start the reader of configuration files", "");
	return status_of(child);
}

/* What it wrote; NULL if nothing. */
static const struct ruleset *image_in(int fd, const char *path)
{
	long size = SYS_CALL(SYS_lseek, fd, 0, SEEK_END);
	const void *image;

	if (size == 0)
		return NULL;
	image = size < 0 ? NULL : sys_map_shared((size_t)size, fd);
	if (!image)
		stop("no memory for the rules", "");
	if (!ruleset_valid(image, (size_t)size))
		stop("the reader of configuration files is of another version than "
		     "libvsockify.so: install both anew: ",
		     path);
	return image;
}

const struct ruleset *reader_rules(void)
{
	char path[PATH_MAX];
	const struct ruleset *found;
	int fd, status;

	reader_path(path);
	fd = (int)SYS_CALL(SYS_memfd_create, "vsockify-rules", MFD_CLOEXEC);
	if (fd < 0)
		stop("cannot make a file in memory (memfd_create) for the rules", "");
	status = run_reader(path, fd);
	if (status)
		_exit(status);
	found = image_in(fd, path);
	sys_close(fd);
	return found;
}
