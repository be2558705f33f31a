/* SPDX-License-Identifier: MIT */
/*
 * start.c - does a program that is to be run get the rules?
 *
 * Theory of operation
 *
 * Into static and Go programs nothing can be preloaded: run by a program that has the rules,
 * they would go over TCP. So whoever is about to run one runs the seccomp engine's supervisor
 * (shim/seccomp/main.c) in its place, with the program's path and arguments: it has the
 * caller's process number, and stands for the program. Where it cannot run, it says why and
 * ends with a status of its own; the program is not run then.
 *
 * Its path is in the environment, if the launcher was left to choose the engine. If it is not
 * in that of the new program, neither are the rules, and nothing is looked at. The supervisor
 * takes it out, so that this happens once. setuid programs have left the rules behind already:
 * under a filter they would lose their privilege too.
 *
 * Called between vfork() and exec too: memory is on the stack, and a mapping is undone.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include "start.h"

#include "../kernel/elf.h"
#include "../kernel/sys.h"
#include "follow.h"
#include "real.h"

#define SUPERVISOR_ENV "VSOCKIFY_SUPERVISOR"
#define PRELOAD_ENV    "LD_PRELOAD"
#define WORDS_MOST     4096 /* on the stack */

/* This object's own header; the linker defines it. */
extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

/* ---- what is it? ---- */

/* Of a file of @size bytes */
static bool escapes(int fd, size_t size)
{
	const void *bytes = sys_map_shared(size, fd);
	struct elf_facts facts;
	bool result;

	if (!bytes)
		return false;
	result = elf_read(bytes, size, &facts) && (facts.is_static || facts.go) &&
		 facts.same_order && facts.machine == __ehdr_start.e_machine &&
		 facts.bits == (__ehdr_start.e_ident[EI_CLASS] == ELFCLASS64 ? 64 : 32);
	SYS_CALL(SYS_munmap, bytes, size);
	return result;
}

/* Can nothing be preloaded into this file, and would it run? */
static bool is_out_of_reach(const char *path)
{
	struct statx status;
	bool result;
	int fd;

	if (SYS_CALL(SYS_faccessat, AT_FDCWD, path, X_OK) < 0)
		return false;
	fd = (int)SYS_CALL(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return false;
	result = SYS_CALL(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &status) == 0 &&
		 S_ISREG(status.stx_mode) && !(status.stx_mode & (S_ISUID | S_ISGID)) &&
		 status.stx_size && escapes(fd, (size_t)status.stx_size);
	sys_close(fd);
	return result;
}

/* ---- in its place ---- */

/* In secure execution no variable is believed: it would name what runs with the privilege. */
static const char *variable_in(char *const *envp, const char *name)
{
	size_t length = strlen(name);

	if (getauxval(AT_SECURE))
		return NULL;
	for (; envp && *envp; envp++)
		if (strncmp(*envp, name, length) == 0 && (*envp)[length] == '=')
			return *envp + length + 1;
	return NULL;
}

static size_t count_words(char *const *argv)
{
	size_t count = 0;

	while (argv && argv[count])
		count++;
	return count;
}

/* @words: room for two more than @argv has */
static void put_in_front(char **words, const char *supervisor, const char *path,
			 char *const *argv)
{
	*words++ = (char *)supervisor;
	*words++ = (char *)path;
	if (argv && *argv)
		while (*++argv)
			*words++ = *argv;
	*words = NULL;
}

/* As execvp() looks for it; false if it is not there. */
static bool find_in_path(const char *file, char *path)
{
	const char *at = secure_getenv("PATH");
	size_t length = strlen(file), folder;

	for (; at && length; at = *at ? at + 1 : NULL) {
		for (folder = 0; at[folder] && at[folder] != ':';)
			folder++;
		if (folder + length + 2 <= PATH_MAX) {
			memcpy(path, at, folder);
			path[folder] = '/';
			memcpy(path + folder + (folder > 0), file, length + 1);
			if (SYS_CALL(SYS_faccessat, AT_FDCWD, path, X_OK) == 0)
				return true;
		}
		at += folder;
	}
	return false;
}

/* The file that is meant, by a path that no one looks for again; NULL: none that is ours. */
static const char *path_of(const char *file, bool in_path, char *room)
{
	size_t length = strlen(file);

	for (size_t i = 0; i < length; i++)
		if (file[i] == '/')
			return file;
	if (in_path)
		return find_in_path(file, room) ? room : NULL;
	if (length + 3 > PATH_MAX)
		return NULL;
	room[0] = '.';
	room[1] = '/';
	memcpy(room + 2, file, length + 1);
	return room;
}

/* The path to give to @supervisor; NULL: it has nothing to do */
static const char *for_supervisor(const char *supervisor, const char *file, bool in_path,
				  char *room)
{
	const char *path = supervisor && *supervisor ? path_of(file, in_path, room) : NULL;

	return path && is_out_of_reach(path) ? path : NULL;
}

/* The error of a program that would run without the rules; 0 if it may run. */
static int alone(const char *preload, const char *file, bool in_path, char *room)
{
	return follow_is_missing(preload, file)
		       ? follow_error(preload, path_of(file, in_path, room))
		       : 0;
}

int start_execve(const char *path, char *const *argv, char *const *envp)
{
	const char *supervisor = variable_in(envp, SUPERVISOR_ENV), *to;
	size_t count = count_words(argv);
	char room[PATH_MAX];
	int error;

	to = for_supervisor(supervisor, path, false, room);
	if (!to) {
		error = alone(variable_in(envp, PRELOAD_ENV), path, false, room);
		return error ? -error : (int)SYS_CALL(SYS_execve, path, argv, envp);
	}
	if (count > WORDS_MOST)
		return -E2BIG;
	char *words[count + 2];

	put_in_front(words, supervisor, to, argv);
	return (int)SYS_CALL(SYS_execve, supervisor, words, envp);
}

static int execute(int (*real_function)(const char *, char *const *), bool in_path,
		   const char *file, char *const *argv)
{
	const char *supervisor = secure_getenv(SUPERVISOR_ENV), *to;
	size_t count = count_words(argv);
	char room[PATH_MAX];
	int error;

	to = for_supervisor(supervisor, file, in_path, room);
	if (!to) {
		error = alone(secure_getenv(PRELOAD_ENV), file, in_path, room);
		return error ? sys_return(-error) : real_function(file, argv);
	}
	if (count > WORDS_MOST)
		return sys_return(-E2BIG);
	char *words[count + 2];

	put_in_front(words, supervisor, to, argv);
	return real.execv(supervisor, words);
}

int start_execv(const char *path, char *const *argv)
{
	return execute(real.execv, false, path, argv);
}

int start_execvp(const char *file, char *const *argv)
{
	return execute(real.execvp, true, file, argv);
}

int start_spawn(start_spawn_fn *real_function, bool in_path, pid_t *pid, const char *file,
		const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attributes,
		char *const *argv, char *const *envp)
{
	const char *supervisor = variable_in(envp, SUPERVISOR_ENV), *to;
	size_t count = count_words(argv);
	char room[PATH_MAX];
	int error;

	to = for_supervisor(supervisor, file, in_path, room);
	if (!to) {
		error = alone(variable_in(envp, PRELOAD_ENV), file, in_path, room);
		return error ? error
			     : real_function(pid, file, actions, attributes, argv, envp);
	}
	if (count > WORDS_MOST)
		return E2BIG;
	char *words[count + 2];

	put_in_front(words, supervisor, to, argv);
	return real_function(pid, supervisor, actions, attributes, words, envp);
}
