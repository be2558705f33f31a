/* SPDX-License-Identifier: MIT */
/*
 * main.c - vsockify-broker: finishes connections for programs that must not wait
 *
 * What it is for, and why it is as it is: docs/broker.md. The launcher starts it (handoff.h);
 * this file takes over what that has left, gives up what is not needed, and becomes the keeper.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sysexits.h>
#include <unistd.h>

#include "../../shim/kernel/sys.h"
#include "keeper.h"
#include "news.h"
#include "park.h"

/**
 * map_handoff() - what the launcher has left
 * Return: NULL if that is not a launcher's
 */
static const struct handoff *map_handoff(void)
{
	const struct handoff *handoff;
	struct stat status;

	if (fstat(HANDOFF_RULES, &status) < 0 || !S_ISREG(status.st_mode) ||
	    (size_t)status.st_size < sizeof(*handoff))
		return NULL;
	handoff = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, HANDOFF_RULES, 0);
	if (handoff == MAP_FAILED)
		return NULL;
	return handoff->magic == HANDOFF_MAGIC ? handoff : NULL;
}

/**
 * is_this_version() - was it left by a launcher of this version?
 */
static bool is_this_version(const struct handoff *handoff)
{
	const struct ruleset *rules = (const void *)(handoff + 1);

	return handoff->size == sizeof(*handoff) &&
	       strcmp(handoff->version, VSOCKIFY_VERSION) == 0 &&
	       ruleset_valid(rules, handoff->rules_size);
}

/**
 * make_memory() - the memory that workers and programs share
 * Return: 0, or an errno
 *
 * After this nobody else can map it for writing.
 */
static int make_memory(struct kept *kept)
{
	kept->memory = mmap(NULL, sizeof(*kept->memory), PROT_READ | PROT_WRITE, MAP_SHARED,
			    HANDOFF_MEMORY, 0);
	kept->shared = mmap(NULL, sizeof(*kept->shared), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (kept->memory == MAP_FAILED || kept->shared == MAP_FAILED ||
	    fcntl(HANDOFF_MEMORY, F_ADD_SEALS,
		  F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL) < 0)
		return errno;
	kept->shared->begun = sys_now_ms();
	return 0;
}

/**
 * give_up() - what is not needed: rights, and to be looked into
 */
static void give_up(void)
{
	const struct rlimit none = {0, 0};

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	prctl(PR_SET_DUMPABLE, 0);
	setrlimit(RLIMIT_CORE, &none);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGALRM, SIG_DFL);
	(void)signal(SIGCHLD, SIG_DFL);
	umask(077);
}

/**
 * report() - to the launcher, which waits
 */
static void report(int32_t what)
{
	(void)!write(HANDOFF_READY, &what, sizeof(what));
	close(HANDOFF_READY);
}

/**
 * close_on_exec() - though nothing is ever executed
 */
static void close_on_exec(void)
{
	for (int fd = HANDOFF_RULES; fd < HANDOFF_END; fd++)
		fcntl(fd, F_SETFD, FD_CLOEXEC);
}

int main(int argc, char **argv)
{
	static struct kept kept;
	int error, watched;

	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		(void)puts("vsockify-broker " VSOCKIFY_VERSION); /* for vsockify --doctor */
		return EXIT_SUCCESS;
	}
	kept.handoff = map_handoff();
	if (!kept.handoff || argc != 1 ||
	    strlen(argv[0]) < sizeof(BROKER_TITLE BROKER_KEEPER)) {
		(void)fputs("vsockify-broker is started by vsockify, where it is needed; see "
			    "vsockify(1)\n",
			    stderr);
		return EX_USAGE;
	}
	if (!is_this_version(kept.handoff)) {
		report(HANDOFF_OTHER_VERSION);
		return EX_UNAVAILABLE;
	}
	kept.rules = (const void *)(kept.handoff + 1);
	kept.role = argv[0] + sizeof(BROKER_TITLE) - 1;
	close_on_exec();
	give_up();
	news_init(kept.handoff->log);
	error = make_memory(&kept);
	if (error == 0)
		error = park_make(kept.park);
	watched = (int)syscall(SYS_pidfd_open, (pid_t)kept.handoff->program, 0);
	if (error == 0 && watched < 0)
		error = errno;
	report(error);
	return error ? EX_OSERR : keeper_run(&kept, watched);
}
