/* SPDX-License-Identifier: MIT */
/*
 * engine.h - which engine is a program run under, and why?
 */
#ifndef VSOCKIFY_CLI_ENGINE_H
#define VSOCKIFY_CLI_ENGINE_H

#include <stdbool.h>

#include "../config/memory.h"
#include "../config/ruleset.h"
#include "program.h"

/* How a program's calls are caught. */
enum engine {
	ENGINE_AUTO,    /* by the first of the others that can */
	ENGINE_PRELOAD, /* by an object that is loaded into it */
	ENGINE_SECCOMP, /* by the kernel, for a process that answers them (shim/seccomp/main.c)
			 */
};

/* engine_of_name() - what --engine says; false if there is no such engine */
bool engine_of_name(const char *name, enum engine *engine);

/* engine_suits() - can the seccomp engine serve what nothing can be preloaded into? */
bool engine_suits(const struct program *program);

/*
 * engine_hears_names() - does the seccomp engine see which names a program asks for?
 *
 * Those that Go's resolver and glibc's ask for; not musl's, which connects no socket. Reads all
 * of a static program's file.
 */
bool engine_hears_names(const struct program *program);

/*
 * engine_obstacle() - what keeps the seccomp engine from running here
 * @rs: the rules that it is to go by
 * @why: gets the reason, without a full stop; nothing is added if nothing does
 * Return: true if something does
 *
 * Tried, with the supervisor itself: what forbids it shows only then.
 */
bool engine_obstacle(const struct ruleset *rs, struct list *why);

#endif
