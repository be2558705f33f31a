/* SPDX-License-Identifier: MIT */
/*
 * names.h - which address stands for which host name: a table that the broker and programs
 * share
 *
 * Theory of operation
 *
 * config/stand_in.h says what a stand-in is. The worker of the broker alone adds names, in
 * memory that programs have mapped read-only: so a stand-in means the same in every process of
 * a tree, after fork() and exec, and none can spoil it for another. A name's place begins at a
 * hash of it, so that it tends to be the same in the next run, whose programs may have kept the
 * address; where that is taken, it is the next. An entry is written, then published with one
 * store, and never changed or given to another name. A quarter of the places stay free, so that
 * no search is long.
 *
 * Readers trust nothing that they find: no length, and no end of a search.
 *
 * Pure functions on shared memory, async-signal-safe. Names are in normal form (config/host.h).
 */
#ifndef VSOCKIFY_BROKER_NAMES_H
#define VSOCKIFY_BROKER_NAMES_H

#include <stdatomic.h>

#include "../../config/host.h"
#include "../../config/stand_in.h"

struct name_entry {
	_Atomic uint16_t length; /* 0: free */
	char text[HOST_MAX + 1];
};

struct names {
	_Atomic uint32_t count;
	uint8_t zero[252];
	struct name_entry entries[STAND_INS_MAX];
};
_Static_assert(sizeof(struct names) == 256 + ((size_t)256 * STAND_INS_MAX), "8 MiB");

/* names_begin() - the number where a name's place begins, and is if that was free */
uint32_t names_begin(const struct ruleset *rs, const char *name);

/* names_find() - the number of a name; -1: it is not there */
int32_t names_find(const struct names *names, const struct ruleset *rs, const char *name);

/*
 * names_text() - the name that has a number
 * @name: filled in
 * Return: false if none has it
 */
bool names_text(const struct names *names, uint32_t number, char name[HOST_MAX + 1]);

/*
 * names_add() - the number of a name, which is added if it is not there; one writer at a time
 * Return: -1 if there is no room
 */
int32_t names_add(struct names *names, const struct ruleset *rs, const char *name);

/*
 * names_decide() - what becomes of a connect() to @to
 * @name: filled in if that stands for a name, else empty
 *
 * As decide_connect() and decide_connect_name(). What is in the range and stands for nothing is
 * denied.
 */
struct decision names_decide(const struct names *names, const struct ruleset *rs,
			     const struct endpoint *to, char name[HOST_MAX + 1]);

#endif
