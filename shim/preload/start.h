/* SPDX-License-Identifier: MIT */
/*
 * start.h - does a program that is to be run get the rules?
 */
#ifndef VSOCKIFY_START_H
#define VSOCKIFY_START_H

#include <spawn.h>

/* Each as the function of its name, but that the supervisor runs what nothing can be preloaded
 * into. Async-signal-safe, except for start_spawn(). */
int start_execve(const char *path, char *const *argv, char *const *envp);
int start_execv(const char *path, char *const *argv);
int start_execvp(const char *file, char *const *argv);

/* What posix_spawn() and posix_spawnp() have in common. */
typedef int start_spawn_fn(pid_t *pid, const char *path,
			   const posix_spawn_file_actions_t *actions,
			   const posix_spawnattr_t *attributes, char *const *argv,
			   char *const *envp);

/* @real: libc's own; @in_path: look for @file in $PATH */
int start_spawn(start_spawn_fn *real_function, bool in_path, pid_t *pid, const char *file,
		const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attributes,
		char *const *argv, char *const *envp);

#endif
