/* SPDX-License-Identifier: MIT */
/*
 * start.c - does a program that is to be run get the rules?
 *
 * Theory of operation
 *
 * Into static and Go programs nothing can be preloaded: run by a program that has the rules,
 * they would go over TCP. So whoever is about to run one runs the seccomp engine's supervisor
 * (shim/seccomp/main.c) in its place, with the program's path before its arguments: it has the
 * caller's process number, and stands for the program. Where it cannot run, it says why and
 * ends with a status of its own; the program is not run then.
 *
 * Its path is in the environment, if the launcher was left to choose the engine. If it is not
 * in that of the new program, neither are the rules, and nothing is looked at. The supervisor
 * takes it out, so that this happens once.
 *
 * A program that is named by a descriptor may have no path, and the descriptor is mostly closed
 * on exec: then the supervisor gets one of its own, as /dev/fd/NUMBER, which it closes.
 *
 * Called between vfork() and exec too: memory is on the stack, and nothing is left mapped.
 */
#include "start.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/stat.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../kernel/proctext.h"
#include "../kernel/reach.h"
#include "../kernel/sys.h"
#include "../log/log.h"
#include "follow.h"
#include "real.h"

#define SUPERVISOR_ENV "VSOCKIFY_SUPERVISOR"
#define PRELOAD_ENV    "LD_PRELOAD"
#define WORDS_SURE     4096 /* for which there is room on every stack */
#define SHELL          "/bin/sh"

/* ---- arguments in a list ---- */

size_t start_count(const char *first, va_list list)
{
	size_t count = 1;
	va_list words;

	va_copy(words, list);
	for (; first; first = va_arg(words, const char *))
		count++;
	va_end(words);
	return count;
}

/* ---- the supervisor ---- */

/* What of the new program's environment matters here. */
struct variables {
	const char *supervisor, *preload; /* or NULL */
};

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

static struct variables variables_in(char *const *envp)
{
	return (struct variables){variable_in(envp, SUPERVISOR_ENV),
				  variable_in(envp, PRELOAD_ENV)};
}

static struct variables own_variables(void)
{
	return (struct variables){secure_getenv(SUPERVISOR_ENV), secure_getenv(PRELOAD_ENV)};
}

#define PAGE ((size_t)4096)
#define ROOM (16 * PAGE) /* for all that is called from there */

/* How a program is run: 0, or an errno; of exec only the latter. */
typedef int run_fn(const char *path, char *const *argv, const void *how);

/* Without it nobody is left to say why. */
static int failed(const char *supervisor, int error)
{
	if (SYS_CALL(SYS_faccessat, AT_FDCWD, supervisor, X_OK) == 0)
		return error;
	log_fatal(
		"a program into which nothing can be preloaded is not run, for its supervisor "
		"is missing: install it there: ",
		supervisor);
	return ELIBACC;
}

/* Has the stack room for @size more bytes? The kernel is asked to write there, page by page, as
 * far as the stack may grow. */
static bool has_room(size_t size)
{
	char here;

	for (size_t at = PAGE; at < size + ROOM; at += PAGE)
		if (SYS_CALL(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &here - at, SYS_SIGSET) < 0)
			return false;
	return true;
}

/* Run @supervisor with what it is to run, @path, and that one's arguments. */
static int in_front(const char *supervisor, const char *path, char *const *argv, run_fn *run,
		    const void *how)
{
	size_t count = 0;
	int error;

	while (argv && argv[count])
		count++;
	if (count > WORDS_SURE && !has_room(count * sizeof(char *)))
		return E2BIG;
	char *words[count + 3];

	words[0] = (char *)supervisor;
	words[1] = (char *)path;
	for (size_t i = 0; i < count; i++)
		words[2 + i] = argv[i];
	words[2 + count] = NULL;
	error = run(supervisor, words, how);
	return error ? failed(supervisor, error) : 0;
}

/* ---- which file is it? ---- */

static bool is_program(const char *path)
{
	struct statx status;

	return SYS_CALL(SYS_faccessat, AT_FDCWD, path, X_OK) == 0 &&
	       SYS_CALL(SYS_statx, AT_FDCWD, path, 0, STATX_TYPE, &status) == 0 &&
	       S_ISREG(status.stx_mode);
}

/* As execvp() looks for it; false if it is not there. */
static bool find_in_path(const char *file, char *path)
{
	const char *at = secure_getenv("PATH");
	size_t length = strlen(file), folder;

	if (!at)
		at = "/bin:/usr/bin";
	for (; length; at++) {
		for (folder = 0; at[folder] && at[folder] != ':';)
			folder++;
		if (folder + length + 2 <= PATH_MAX) {
			memcpy(path, at, folder);
			path[folder] = '/';
			memcpy(path + folder + (folder > 0), file, length + 1);
			if (is_program(path))
				return true;
		}
		at += folder;
		if (!*at)
			break;
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

/* What becomes of a program: an errno, if it would run without the rules; or 0, and in *@to
 * what the supervisor is to run, NULL: it has nothing to do. */
static int decide(const struct variables *v, const char *file, bool in_path, bool by_shell,
		  char *room, const char **to)
{
	const char *path = v->supervisor ? path_of(file, in_path, room) : NULL;

	*to = path && reach_of(path, by_shell) != REACH_PRELOAD ? path : NULL;
	if (*to || !follow_is_missing(v->preload, file))
		return 0;
	return follow_error(v->preload, path ? path : path_of(file, in_path, room));
}

/* ---- exec, with an environment or with the process's ---- */

static int by_execve(const char *path, char *const *argv, const void *envp)
{
	return (int)-SYS_CALL(SYS_execve, path, argv, envp);
}

int start_execve(const char *path, char *const *argv, char *const *envp)
{
	const struct variables v = variables_in(envp);
	char room[PATH_MAX];
	const char *to;
	int error = decide(&v, path, false, false, room, &to);

	if (to)
		error = in_front(v.supervisor, to, argv, by_execve, envp);
	return error ? -error : -by_execve(path, argv, envp);
}

int start_execvpe(const char *file, char *const *argv, char *const *envp)
{
	const struct variables v = variables_in(envp);
	char room[PATH_MAX];
	const char *to;
	int error = decide(&v, file, true, true, room, &to);

	if (to)
		error = in_front(v.supervisor, to, argv, by_execve, envp);
	return error ? sys_return(-error) : real.execvpe(file, argv, envp);
}

static int by_execv(const char *path, char *const *argv, const void *how)
{
	(void)how;
	return real.execv(path, argv) < 0 ? errno : 0;
}

static int execute(int (*real_function)(const char *, char *const *), bool in_path,
		   const char *file, char *const *argv)
{
	const struct variables v = own_variables();
	char room[PATH_MAX];
	const char *to;
	int error = decide(&v, file, in_path, in_path, room, &to);

	if (to)
		error = in_front(v.supervisor, to, argv, by_execv, NULL);
	return error ? sys_return(-error) : real_function(file, argv);
}

int start_execv(const char *path, char *const *argv)
{
	return execute(real.execv, false, path, argv);
}

int start_execvp(const char *file, char *const *argv)
{
	return execute(real.execvp, true, file, argv);
}

/* ---- by a descriptor ---- */

/* The path of what a descriptor and a path from there name, while the descriptor is open. */
static bool path_at(int folder, const char *path, char *room)
{
	size_t length = strlen(path);

	if (length + PROCTEXT_PATH + 2 > PATH_MAX)
		return false;
	proctext_path(room, "/proc/self/fd/", folder, length ? "/" : "");
	memcpy(room + strlen(room), path, length + 1);
	return true;
}

/* What is meant; negative: none that is ours. */
static int open_at(int folder, const char *path, int flags)
{
	int mode = O_RDONLY | O_CLOEXEC | O_NONBLOCK |
		   (flags & AT_SYMLINK_NOFOLLOW ? O_NOFOLLOW : 0);
	char room[PROCTEXT_PATH];

	if (!path)
		return -EFAULT;
	if (*path)
		return (int)SYS_CALL(SYS_openat, folder, path, mode);
	if (!(flags & AT_EMPTY_PATH) || folder < 0)
		return -ENOENT;
	proctext_path(room, "/proc/self/fd/", folder, "");
	return (int)SYS_CALL(SYS_openat, AT_FDCWD, room, mode);
}

/* By the supervisor. @file: what is meant, open */
static int execute_file(const char *supervisor, int file, int folder, const char *path,
			char *const *argv, char *const *envp)
{
	char room[PATH_MAX];
	int error;

	if (SYS_CALL(SYS_fcntl, folder, F_GETFD) != 0) { /* closed on exec, or none */
		proctext_path(room, "/dev/fd/", file, "");
		SYS_CALL(SYS_fcntl, file, F_SETFD, 0);
	} else if (!path_at(folder, path, room)) {
		return -ENAMETOOLONG;
	}
	error = in_front(supervisor, room, argv, by_execve, envp);
	SYS_CALL(SYS_fcntl, file, F_SETFD, FD_CLOEXEC);
	return -error;
}

int start_execveat(int folder, const char *path, char *const *argv, char *const *envp,
		   int flags)
{
	const struct variables v = variables_in(envp);
	int file = v.supervisor || v.preload ? open_at(folder, path, flags) : -1, result = 0;
	char room[PATH_MAX];

	if (file >= 0 && v.supervisor && reach_of_file(file, false) != REACH_PRELOAD)
		result = execute_file(v.supervisor, file, folder, path, argv, envp);
	else if (file >= 0 && follow_is_missing(v.preload, path))
		result = -follow_error(v.preload,
				       proctext_path(room, "/proc/self/fd/", file, ""));
	sys_close(file);
	return result ? result : (int)SYS_CALL(SYS_execveat, folder, path, argv, envp, flags);
}

int start_fexecve(int fd, char *const *argv, char *const *envp)
{
	if (fd < 0 || !argv || !envp)
		return -EINVAL;
	return start_execveat(fd, "", argv, envp, AT_EMPTY_PATH);
}

/* ---- posix_spawn() ---- */

struct spawn {
	start_spawn_fn *function;
	pid_t *pid;
	const posix_spawn_file_actions_t *actions;
	const posix_spawnattr_t *attributes;
	char *const *envp;
};

static int by_spawn(const char *path, char *const *argv, const void *how)
{
	const struct spawn *s = how;

	return s->function(s->pid, path, s->actions, s->attributes, argv, s->envp);
}

int start_spawn(start_spawn_fn *real_function, bool in_path, pid_t *pid, const char *file,
		const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attributes,
		char *const *argv, char *const *envp)
{
	struct spawn spawn = {real_function, NULL, actions, attributes, envp};
	const struct variables v = variables_in(envp);
	char room[PATH_MAX];
	const char *to;
	int error = decide(&v, file, in_path, false, room, &to);

	spawn.pid = pid;
	if (to)
		return in_front(v.supervisor, to, argv, by_spawn, &spawn);
	return error ? error : by_spawn(file, argv, &spawn);
}

/* ---- a shell, which libc runs by itself ---- */

static char *put(char *at, const char *text)
{
	while (*text)
		*at++ = *text++;
	return at;
}

/* @command as one word for a shell, at @at; return: behind it */
static char *put_quoted(char *at, const char *command)
{
	*at++ = '\'';
	for (; *command; command++) {
		if (*command == '\'')
			at = put(at, "'\\'");
		*at++ = *command;
	}
	*at++ = '\'';
	return at;
}

/* What a shell is to be told that is not to run the command itself. */
static void write_command(char *at, const char *supervisor, const char *command)
{
	at = put(at, "exec ");
	at = put_quoted(at, supervisor);
	at = put_quoted(put(at, " " SHELL " sh -c "), command);
	*at = '\0';
}

int start_shell(const char *command, struct shell *shell)
{
	const struct variables v = own_variables();

	*shell = (struct shell){.command = command};
	if (!v.supervisor || reach_of(SHELL, false) == REACH_PRELOAD)
		return follow_is_missing(v.preload, SHELL) ? follow_error(v.preload, SHELL) : 0;
	if (SYS_CALL(SYS_faccessat, AT_FDCWD, v.supervisor, X_OK) < 0)
		return failed(v.supervisor, 0);
	shell->size = 4 * (strlen(command) + strlen(v.supervisor)) + 64;
	shell->mapped = sys_map(shell->size);
	if (!shell->mapped)
		return ENOMEM;
	write_command(shell->mapped, v.supervisor, command);
	shell->command = shell->mapped;
	return 0;
}

void start_shell_end(const struct shell *shell)
{
	if (shell->mapped)
		SYS_CALL(SYS_munmap, shell->mapped, shell->size);
}
