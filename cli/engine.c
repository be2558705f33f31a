/* SPDX-License-Identifier: MIT */
/*
 * engine.c - which engine is a program run under, and why?
 *
 * Theory of operation
 *
 * The preloaded object comes first: it costs less, and asks nothing of the kernel. What it
 * cannot be in, gets the seccomp engine. Whether that can run here depends on the kernel, on
 * Yama, on the filters and privileges of a container, and on the rules; a list of such
 * conditions would be long, and wrong some day. So it is tried: the supervisor without a
 * program goes as far as it must for one, and says what has failed.
 */
#include "engine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../shim/kernel/reach.h"
#include "environment.h"
#include "here.h"
#include "preload.h"
#include "show.h"

static const char *const names[] = {
	[ENGINE_AUTO] = "auto",
	[ENGINE_PRELOAD] = "preload",
	[ENGINE_SECCOMP] = "seccomp",
};

bool engine_of_name(const char *name, enum engine *engine)
{
	for (int i = 0; i <= ENGINE_SECCOMP; i++) {
		if (strcmp(name, names[i]) != 0)
			continue;
		*engine = (enum engine)i;
		return true;
	}
	return false;
}

bool engine_suits(const struct program *program)
{
	switch (program->state) {
	case PROGRAM_STATIC:
	case PROGRAM_GO:
	case PROGRAM_OTHER_LIBC:
		return !program->foreign;
	case PROGRAM_PRIVILEGED:
		return !program->foreign && reach_keeps_privilege();
	default:
		return false;
	}
}

bool engine_hears_names(const struct program *program)
{
	const char *libc = program->linker ? elf_libc(program->linker) : NULL;

	if (program->state == PROGRAM_STATIC)
		return program->go || program_knows(program, "GLIBC_TUNABLES");
	return !libc || strcmp(libc, "musl") != 0;
}

/* ---- trying it ---- */

/**
 * become_supervisor() - in the child: one without a program
 * @errors: where its message is to go
 */
static _Noreturn void become_supervisor(const struct ruleset *rs, const char *path, int errors)
{
	char *const arguments[] = {(char *)path, NULL};

	pass_rules(rs);
	(void)unsetenv("VSOCKIFY_LOG");
	(void)unsetenv(PRELOAD_ENV);
	(void)unsetenv("VSOCKIFY_SUPERVISOR");
	(void)dup2(errors, STDERR_FILENO);
	(void)execv(path, arguments);
	_exit(EXIT_FAILURE);
}

/**
 * read_message() - all that a supervisor says, as one line without what it begins with
 */
static void read_message(int from, struct list *why)
{
	static const char begin[] = "vsockify: ";
	char text[512];
	size_t length = 0;
	ssize_t more;

	while ((more = read(from, text + length, sizeof(text) - 1 - length)) > 0)
		length += (size_t)more;
	text[length] = '\0';
	text[strcspn(text, "\n")] = '\0';
	length = strncmp(text, begin, sizeof(begin) - 1) == 0 ? sizeof(begin) - 1 : 0;
	text_add(why, "%s", text[length] != '\0' ? text + length : "its supervisor fails");
}

/**
 * yama_scope() - whom Yama lets look into processes: 2 and more only the privileged, or nobody
 */
static int yama_scope(void)
{
	FILE *file = fopen("/proc/sys/kernel/yama/ptrace_scope", "re");
	int digit;

	if (!file)
		return 0;
	digit = fgetc(file);
	(void)fclose(file);
	return digit == EOF ? 0 : digit - '0';
}

/**
 * add_suspect() - add what most likely stands behind a reason
 */
static void add_suspect(struct list *why)
{
	int scope = yama_scope();

	if (scope >= 2)
		text_add(why, " (kernel.yama.ptrace_scope is %d: it takes 0 or 1%s)", scope,
			 scope == 2 ? ", or root" : "");
	else if (here_seccomp())
		text_add(why, " (a seccomp filter watches this process: let the container or "
			      "unit allow seccomp, pidfd_open, pidfd_getfd, kcmp, "
			      "process_vm_readv and process_vm_writev)");
}

bool engine_obstacle(const struct ruleset *rs, struct list *why)
{
	char *path = supervisor_path();
	int status = 0, ends[2];
	pid_t pid = -1;

	if (access(path, X_OK) < 0) {
		text_add(why, "cannot run %s: %s: install it there, or beside vsockify", path,
			 strerror(errno));
		free(path);
		return true;
	}
	if (pipe2(ends, O_CLOEXEC) == 0) {
		pid = fork();
		if (pid == 0)
			become_supervisor(rs, path, ends[1]);
		(void)close(ends[1]);
	}
	free(path);
	if (pid < 0) {
		text_add(why, "its supervisor cannot be run");
		return true;
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	if (status != 0) {
		read_message(ends[0], why);
		add_suspect(why);
	}
	(void)close(ends[0]);
	return status != 0;
}
