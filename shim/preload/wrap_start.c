/* SPDX-License-Identifier: MIT */
/*
 * wrap_start.c - the functions that a program calls here instead of in libc: running other
 * programs
 *
 * As wrap.c. What they do is in start.c: what the object would not get into, a supervisor runs.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "../kernel/sys.h"
#include "export.h"
#include "real.h"
#include "start.h"

EXPORT int execve(const char *path, char *const *argv, char *const *envp)
{
	return sys_return(start_execve(path, argv, envp));
}

EXPORT int execv(const char *path, char *const *argv)
{
	return start_execv(path, argv);
}

EXPORT int execvp(const char *file, char *const *argv)
{
	return start_execvp(file, argv);
}

EXPORT int execvpe(const char *file, char *const *argv, char *const *envp)
{
	return start_execvpe(file, argv, envp);
}

EXPORT int fexecve(int fd, char *const *argv, char *const *envp)
{
	return sys_return(start_fexecve(fd, argv, envp));
}

/* Of an older libc's headers. NOLINTNEXTLINE(readability-redundant-declaration) */
int execveat(int folder, const char *path, char *const *argv, char *const *envp, int flags);

EXPORT int execveat(int folder, const char *path, char *const *argv, char *const *envp,
		    int flags)
{
	return sys_return(start_execveat(folder, path, argv, envp, flags));
}

/* The arguments of an execl(), with their NULL, into @argv, which start_count() gave room to.
 */
#define TAKE_WORDS(argv, first, words)                          \
	do {                                                    \
		(argv)[0] = (char *)(first);                    \
		for (size_t i_ = 0; (argv)[i_]; i_++)           \
			(argv)[i_ + 1] = va_arg(words, char *); \
	} while (0)

EXPORT int execl(const char *path, const char *first, ...)
{
	va_list words;

	va_start(words, first);
	char *argv[start_count(first, words)];

	TAKE_WORDS(argv, first, words);
	va_end(words);
	return start_execv(path, argv);
}

EXPORT int execlp(const char *file, const char *first, ...)
{
	va_list words;

	va_start(words, first);
	char *argv[start_count(first, words)];

	TAKE_WORDS(argv, first, words);
	va_end(words);
	return start_execvp(file, argv);
}

EXPORT int execle(const char *path, const char *first, ...)
{
	char *const *envp;
	va_list words;

	va_start(words, first);
	char *argv[start_count(first, words)];

	TAKE_WORDS(argv, first, words);
	envp = va_arg(words, char *const *);
	va_end(words);
	return sys_return(start_execve(path, argv, envp));
}

EXPORT int posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
		       const posix_spawnattr_t *attributes, char *const *argv,
		       char *const *envp)
{
	return start_spawn(REAL(posix_spawn), false, pid, path, actions, attributes, argv,
			   envp);
}

EXPORT int posix_spawnp(pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
			const posix_spawnattr_t *attributes, char *const *argv,
			char *const *envp)
{
	return start_spawn(REAL(posix_spawnp), true, pid, file, actions, attributes, argv,
			   envp);
}

/* Since glibc 2.39 */
start_spawn_fn pidfd_spawn, pidfd_spawnp;

EXPORT int pidfd_spawn(int *pidfd, const char *path, const posix_spawn_file_actions_t *actions,
		       const posix_spawnattr_t *attributes, char *const *argv,
		       char *const *envp)
{
	return start_spawn(REAL(pidfd_spawn), false, pidfd, path, actions, attributes, argv,
			   envp);
}

EXPORT int pidfd_spawnp(int *pidfd, const char *file, const posix_spawn_file_actions_t *actions,
			const posix_spawnattr_t *attributes, char *const *argv,
			char *const *envp)
{
	return start_spawn(REAL(pidfd_spawnp), true, pidfd, file, actions, attributes, argv,
			   envp);
}

EXPORT int system(const char *command)
{
	struct shell shell = {NULL, NULL, 0};
	int result = command ? start_shell(command, &shell) : 0;

	if (result)
		return sys_return(-result);
	result = REAL(system)(shell.command);
	start_shell_end(&shell);
	return result;
}

EXPORT FILE *popen(const char *command, const char *mode)
{
	struct shell shell;
	int error = start_shell(command, &shell);
	FILE *result;

	if (error) {
		errno = error;
		return NULL;
	}
	result = REAL(popen)(shell.command, mode);
	start_shell_end(&shell);
	return result;
}
