/* SPDX-License-Identifier: MIT */
/*
 * handoff.h - what the launcher leaves to the broker that it starts
 *
 * Theory of operation
 *
 * The launcher binds and listens, makes the memory, and executes vsockify-broker with all that
 * under fixed numbers, so that requests queue from the program's first moment on. No token and
 * no rule is in an argument or a file: they are in a memfd, of which this is the beginning. Its
 * argv[0] is what ps shows. When it is ready, or cannot be, it says so by one number.
 */
#ifndef VSOCKIFY_BROKER_HANDOFF_H
#define VSOCKIFY_BROKER_HANDOFF_H

#include <limits.h>
#include <stdint.h>

#include "../../shim/broker/environment.h"

/* The descriptors that a broker is started with, beside /dev/null at 0 to 2. */
enum {
	HANDOFF_RULES = 3, /* a memfd: struct handoff, and the rules */
	HANDOFF_MEMORY,    /* a memfd: struct broker_memory, which can be sealed */
	HANDOFF_READY,     /* a pipe: an int32_t goes there */
	HANDOFF_NAME,      /* the socket that listens at the abstract name */
	HANDOFF_PATH,      /* at the path; not there if there is none */
	HANDOFF_END,
};

/* What ps shows: the second word is the one or the other. */
#define BROKER_TITLE  "vsockify-broker: "
#define BROKER_KEEPER "keeper"
#define BROKER_WORKER "worker"
_Static_assert(sizeof(BROKER_KEEPER) == sizeof(BROKER_WORKER), "one has room for the other");

/* What goes through HANDOFF_READY: 0, an errno, or this. */
#define HANDOFF_OTHER_VERSION (-1)

#define HANDOFF_MAGIC 0x76736268u /* "vsbh" */

struct handoff {
	uint32_t magic;
	uint32_t size; /* of this; the rules are behind it */
	char version[32];
	int32_t program;     /* pid of the one that it is started for */
	uint32_t rules_size; /* in bytes */
	struct broker_environment environment;
	char log[PATH_MAX]; /* "syslog", or the absolute name of a file */
} __attribute__((aligned(8)));

#endif
