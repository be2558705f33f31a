/* SPDX-License-Identifier: MIT */
/*
 * starting.c - runs a program by any of the functions that there are for it
 *
 * starting HOW FILE [ARGUMENT...]: the ARGUMENTs, from the program's name on, are what it gets.
 * HOW: execv, execve, execvp, execvpe; execl, execlp, of at most four arguments, and execle of
 * three or four; fexecve, or fexecve-kept of a descriptor that stays open over exec, or
 * fexecve-memory of a copy that has no path; execveat, from the folder that the FILE is in;
 * spawn, spawnp; pidfd_spawn, pidfd_spawnp (125: this libc has none); system, popen, of a
 * command.
 */
#include <err.h>
#include <fcntl.h>
#include <libgen.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* NOLINTBEGIN(cert-env33-c, clang-analyzer-core.NonNullParamChecker) */
/* NOLINTNEXTLINE(readability-redundant-declaration) */
int execveat(int folder, const char *path, char *const *argv, char *const *envp, int flags)
	__attribute__((weak)); /* not in every libc */

typedef int spawn_fn(pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
		     const posix_spawnattr_t *attributes, char *const *argv, char *const *envp);
/* since glibc 2.39; a pidfd in place of a pid_t, which is an int, too */
spawn_fn pidfd_spawn __attribute__((weak)), pidfd_spawnp __attribute__((weak));

static int status_of(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int in_memory(const char *path)
{
	int from = open(path, O_RDONLY | O_CLOEXEC), fd = memfd_create("program", MFD_CLOEXEC);
	struct stat status;
	off_t at = 0;

	if (from < 0 || fd < 0 || fstat(from, &status) < 0)
		err(125, "%s", path);
	while (at < status.st_size)
		if (sendfile(fd, from, &at, (size_t)status.st_size) <= 0)
			err(125, "copying %s", path);
	return fd;
}

static void run_file(const char *how, const char *path, char **argv)
{
	int fd = strcmp(how, "fexecve-memory") == 0
			 ? in_memory(path)
			 : open(path, O_RDONLY | (strcmp(how, "fexecve") ? 0 : O_CLOEXEC));

	(void)fexecve(fd, argv, environ);
}

static void run_at(char *path, char **argv)
{
	char *copy = strdup(path);
	int folder = open(dirname(copy), O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (!execveat)
		errx(125, "this libc has no execveat()");
	(void)execveat(folder, basename(path), argv, environ, 0);
}

static int spawn(spawn_fn *function, const char *file, char **argv)
{
	int status, error;
	pid_t pid;

	error = function(&pid, file, NULL, NULL, argv, environ);
	if (error)
		errx(126, "%s: %s", file, strerror(error));
	(void)waitpid(pid, &status, 0);
	return status_of(status);
}

static int spawn_pidfd(spawn_fn *function, const char *file, char **argv)
{
	const idtype_t by_pidfd = (idtype_t)3; /* P_PIDFD, which older headers lack */
	siginfo_t ended = {.si_code = 0};
	int pidfd, error;

	if (!function)
		errx(125, "this libc has no pidfd_spawn()");
	error = function(&pidfd, file, NULL, NULL, argv, environ);
	if (error)
		errx(126, "%s: %s", file, strerror(error));
	(void)waitid(by_pidfd, (id_t)pidfd, &ended, WEXITED);
	close(pidfd);
	return ended.si_code == CLD_EXITED ? ended.si_status : 128 + ended.si_status;
}

static int read_all(const char *command)
{
	FILE *pipe = popen(command, "r");
	char text[256];

	if (!pipe)
		err(126, "popen");
	while (fgets(text, sizeof text, pipe))
		(void)fputs(text, stdout);
	return status_of(pclose(pipe));
}

static void execute(const char *how, char *file, char **argv)
{
	const char *a = argv[0], *b = a ? argv[1] : NULL, *c = b ? argv[2] : NULL,
		   *d = c ? argv[3] : NULL;

	if (strcmp(how, "execv") == 0)
		(void)execv(file, argv);
	else if (strcmp(how, "execve") == 0)
		(void)execve(file, argv, environ);
	else if (strcmp(how, "execvp") == 0)
		(void)execvp(file, argv);
	else if (strcmp(how, "execvpe") == 0)
		(void)execvpe(file, argv, environ);
	else if (strcmp(how, "execl") == 0)
		(void)execl(file, a, b, c, d, (char *)NULL);
	else if (strcmp(how, "execlp") == 0)
		(void)execlp(file, a, b, c, d, (char *)NULL);
	else if (strcmp(how, "execle") == 0 && d)
		(void)execle(file, a, b, c, d, (char *)NULL, environ);
	else if (strcmp(how, "execle") == 0)
		(void)execle(file, a, b, c, (char *)NULL, environ);
	else if (strncmp(how, "fexecve", 7) == 0)
		run_file(how, file, argv);
	else if (strcmp(how, "execveat") == 0)
		run_at(file, argv);
	err(126, "%s %s", how, file);
}

int main(int argc, char **argv)
{
	const char *how = argv[1];

	if (argc < 3)
		errx(125, "usage: starting HOW FILE [ARGUMENT...]");
	if (strcmp(how, "spawn") == 0)
		return spawn(posix_spawn, argv[2], argv + 3);
	if (strcmp(how, "spawnp") == 0)
		return spawn(posix_spawnp, argv[2], argv + 3);
	if (strcmp(how, "pidfd_spawn") == 0)
		return spawn_pidfd(pidfd_spawn, argv[2], argv + 3);
	if (strcmp(how, "pidfd_spawnp") == 0)
		return spawn_pidfd(pidfd_spawnp, argv[2], argv + 3);
	if (strcmp(how, "system") == 0)
		return status_of(system(argv[2]));
	if (strcmp(how, "popen") == 0)
		return read_all(argv[2]);
	execute(how, argv[2], argv + 3);
}
/* NOLINTEND(cert-env33-c, clang-analyzer-core.NonNullParamChecker) */
