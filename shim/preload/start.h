/* SPDX-License-Identifier: MIT */
/*
 * start.h - does a program that is to be run get the rules?
 */
#ifndef VSOCKIFY_START_H
#define VSOCKIFY_START_H

#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/* Each as the function of its name, but that the supervisor runs what nothing can be preloaded
 * into. Async-signal-safe, except for start_spawn(). The first three return a negated errno,
 * the others what libc's functions do. */
int start_execve(const char *path, char *const *argv, char *const *envp);
int start_execveat(int folder, const char *path, char *const *argv, char *const *envp,
		   int flags);
int start_fexecve(int fd, char *const *argv, char *const *envp);
int start_execv(const char *path, char *const *argv);
int start_execvp(const char *file, char *const *argv);
int start_execvpe(const char *file, char *const *argv, char *const *envp);

/* What posix_spawn() and posix_spawnp() have in common. */
typedef int start_spawn_fn(pid_t *pid, const char *path,
			   const posix_spawn_file_actions_t *actions,
			   const posix_spawnattr_t *attributes, char *const *argv,
			   char *const *envp);

/* @real: libc's own; @in_path: look for @file in $PATH */
int start_spawn(start_spawn_fn *real_function, bool in_path, pid_t *pid, const char *file,
		const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attributes,
		char *const *argv, char *const *envp);

/* What system() and popen() have libc's own shell do. */
struct shell {
	const char *command;
	char *mapped; /* where that is */
	size_t size;
};

/* start_shell() - the command to give to libc's function in place of @command: a shell that no
 * object gets into has the supervisor run it. Return: 0, then start_shell_end(); or an errno */
int start_shell(const char *command, struct shell *shell);
void start_shell_end(const struct shell *shell);

/* start_count() - what an execl() gives as a list, from @first on: how many words, with the
 * NULL */
size_t start_count(const char *first, va_list list);

#endif
