/* SPDX-License-Identifier: MIT */
/*
 * engine_here.c - which engines can work here, and which one would a program get?
 *
 * What keeps the seccomp engine from running is a problem only for a program that needs it.
 */
#include "engine_here.h"

#include <stdlib.h>

#include "preload.h"
#include "program.h"
#include "show.h"

/**
 * look_at_shim() - is there something to preload?
 */
static void look_at_shim(struct findings *findings)
{
	char *shim = find_shim();

	if (shim)
		find(findings, LEVEL_OK, "shim-found", "shim", "%s", shim);
	else
		find(findings, LEVEL_PROBLEM, "shim-missing", "shim",
		     "it is not there, or cannot be used: see the message on stderr");
	free(shim);
}

/**
 * needs_asan() - is it linked to the address sanitizer's library?
 */
static bool needs_asan(const struct program *program)
{
	static const char *const names[] = {"libasan.so.5", "libasan.so.6", "libasan.so.8",
					    "libclang_rt.asan-x86_64.so",
					    "libclang_rt.asan-aarch64.so"};
	bool needed = false;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && !needed; i++)
		needed = program_knows(program, names[i]);
	return needed;
}

/**
 * look_at_file() - can the shim be preloaded into a program, or is it no matter?
 * @served: by the seccomp engine
 */
static void look_at_file(struct findings *findings, const struct program *program, bool served)
{
	static const char *const ids[] = {"program-served", "program-unknown",
					  "program-not-served"};
	const char *advice = served ? NULL : program_advice(program);
	enum level level = LEVEL_PROBLEM;
	struct list text = {0};

	program_describe(program, &text);
	if (program->state == PROGRAM_UNKNOWN)
		level = LEVEL_WARNING;
	else if (program->state == PROGRAM_FITS || (served && program->state != PROGRAM_ABSENT))
		level = LEVEL_OK;
	find(findings, level, ids[level], "program", "%.*s%s%s", (int)text.count,
	     (const char *)text.items, advice ? ": " : "", advice ? advice : "");
	list_free(&text);
	if (!served && program->state == PROGRAM_FITS && program_knows(program, "dlmopen"))
		find(findings, LEVEL_WARNING, "program-dlmopen", "program",
		     "it may load objects with dlmopen(), which gives them a libc of their "
		     "own, so that no rule holds for them: -v shows it when it does, and "
		     "--engine seccomp reaches them");
	if (!served && program->state == PROGRAM_FITS && needs_asan(program))
		find(findings, LEVEL_WARNING, "program-asan", "program",
		     "it is built with the address sanitizer, which ends a program into which "
		     "anything else is preloaded: set ASAN_OPTIONS=verify_asan_link_order=0, "
		     "or "
		     "use --engine seccomp");
}

/**
 * look_at_limits() - what would the seccomp engine take from it, or not get to see?
 */
static void look_at_limits(struct findings *findings, const struct ruleset *rs,
			   const struct program *program)
{
	const char *name = *(char *const *)program->files.items;

	if (program->state == PROGRAM_PRIVILEGED && !engine_suits(program))
		find(findings, LEVEL_WARNING, "engine-privilege", "engine",
		     "a filter of this user's takes all new privileges from what is run: %s "
		     "%s, and will not get its own: run vsockify as root",
		     name, program->privilege);
	if (program_is_hidden(program))
		find(findings, LEVEL_PROBLEM, "engine-unreadable", "engine",
		     "the kernel lets nobody look into a program that its user may not read: "
		     "%s is not run: let this user read it (chmod a+r), or run vsockify as "
		     "root",
		     name);
	if (program->bits == 32 && !(rs->unseen & UNSEEN_ABI32))
		find(findings, LEVEL_PROBLEM, "engine-32-bit", "engine",
		     "seccomp answers system calls of 64 bits, and %s makes others: use a "
		     "build of it with 64 bits, or --engine preload",
		     name);
}

/**
 * look_at_seccomp() - it is used: can it run?
 * @obstacle: why not, or empty
 */
static void look_at_seccomp(struct findings *findings, const struct ruleset *rs,
			    const struct program *program, const struct list *obstacle)
{
	if (obstacle->count)
		find(findings, LEVEL_PROBLEM, "engine-impossible", "engine",
		     "seccomp is needed, and cannot run: %.*s", (int)obstacle->count,
		     (const char *)obstacle->items);
	else
		find(findings, LEVEL_OK, "engine-seccomp", "engine",
		     "seccomp: the kernel catches its calls, and a supervisor answers them");
	if (rs->takes_names && !engine_hears_names(program))
		find(findings, LEVEL_WARNING, "engine-names", "engine",
		     "it resolves names by itself, and neither as Go's programs do nor as "
		     "glibc's, so that it does not find those that rules take: write rules for "
		     "addresses, or put the names into /etc/hosts with one of the peer's");
}

/**
 * look_at_started() - what becomes of static and Go programs that a preloaded one starts?
 * @left: they are left alone
 */
static void look_at_started(struct findings *findings, bool left, const struct list *obstacle)
{
	if (left)
		find(findings, LEVEL_OK, "engine-preload-only", "engine",
		     "preload; static and Go programs that it starts are not reached");
	else if (obstacle->count)
		find(findings, LEVEL_WARNING, "engine-preload-alone", "engine",
		     "preload; static and Go programs that it starts are not run, for seccomp "
		     "cannot run here (--engine preload lets them run without the rules): %.*s",
		     (int)obstacle->count, (const char *)obstacle->items);
	else
		find(findings, LEVEL_OK, "engine-both", "engine",
		     "preload, and seccomp for static and Go programs that it starts");
}

/**
 * look_at_program() - which engine would a program get, and why?
 */
static void look_at_program(struct findings *findings, const struct ruleset *rs,
			    enum engine wanted, const char *name, const struct list *obstacle)
{
	struct program program;
	bool needed;

	program_inspect(name, &program);
	needed = wanted == ENGINE_SECCOMP ||
		 (wanted == ENGINE_AUTO && program_escapes(&program) && engine_suits(&program));
	look_at_file(findings, &program, needed && !obstacle->count);
	if (needed) {
		look_at_limits(findings, rs, &program);
		look_at_seccomp(findings, rs, &program, obstacle);
	} else if (!program_escapes(&program) && program.state != PROGRAM_ABSENT) {
		look_at_started(findings, wanted == ENGINE_PRELOAD, obstacle);
	}
	program_free(&program);
}

void look_at_engines(struct findings *findings, const struct ruleset *rs, enum engine wanted,
		     const char *program)
{
	struct list obstacle = {0};

	look_at_shim(findings);
	(void)engine_obstacle(rs, &obstacle);
	if (program)
		look_at_program(findings, rs, wanted, program, &obstacle);
	else if (obstacle.count)
		find(findings, wanted == ENGINE_SECCOMP ? LEVEL_PROBLEM : LEVEL_WARNING,
		     "engine-no-seccomp", "engine",
		     "preload only, for seccomp cannot run here: %.*s", (int)obstacle.count,
		     (const char *)obstacle.items);
	else
		find(findings, LEVEL_OK, "engine-either", "engine",
		     "preload, and seccomp for what nothing can be preloaded into");
	list_free(&obstacle);
}
