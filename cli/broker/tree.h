/* SPDX-License-Identifier: MIT */
/*
 * tree.h - is there still a process that may need the broker?
 *
 * Theory of operation
 *
 * Daemons fork away from the first pid and may need the broker days later. So when the
 * watched process ends, /proc is looked through for another: one whose environment names this
 * broker; or one that has the shim mapped and whose environment does not say whose it is, since
 * programs write over theirs. Of these another launcher may have some that live for long, so
 * none counts that is older than this broker, or has an ancestor that is and has the shim, or
 * whose environment names another. What may not be looked at, as of another user, is not seen:
 * then the shim does without a broker. But for supervisors of the seccomp engine, which nobody
 * may look into: they have a socket with a name (BROKER_OF_SUPERVISOR).
 */
#ifndef VSOCKIFY_BROKER_TREE_H
#define VSOCKIFY_BROKER_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * tree_find() - look for such a process
 * @broker: the value of VSOCKIFY_BROKER
 * @self, @worker: pids that are not meant
 * Return: its pidfd; -1: there is none
 */
int tree_find(const char *broker, pid_t self, pid_t worker);

/* What an environment says. */
enum environment_says {
	ENVIRONMENT_OURS,
	ENVIRONMENT_OTHERS,
	ENVIRONMENT_NOTHING, /* it was written over, or never had anything to do with vsockify
			      */
};

/*
 * tree_read_environment() - whose is it?
 * @text, @size: strings, each with its NUL; pure
 */
enum environment_says tree_read_environment(const char *broker, const char *text, size_t size);

/* What /proc/PID/stat says. */
struct tree_stat {
	pid_t parent;
	uint64_t started; /* clock ticks since the machine's start */
};

/* tree_read_stat() - read it; false if that is none; pure */
bool tree_read_stat(const char *text, struct tree_stat *stat);

#endif
