/* SPDX-License-Identifier: MIT */
/*
 * alias.h - the descriptors that may be duplicates of this one, those made before exec as well
 *
 * Of what this process has made itself, hints know the duplicates (copies.h). What came with
 * exec may have had some before, of which there is no hint: each open descriptor may be one.
 * Few sockets that are to be converted came so, and each open descriptor is looked at then.
 *
 * Async-signal-safe, errno untouched.
 */
#ifndef VSOCKIFY_SHIM_ALIAS_H
#define VSOCKIFY_SHIM_ALIAS_H

#include <stdbool.h>

#include "hint.h"

/* alias_may_be() - may @fd have a duplicate? */
static inline bool alias_may_be(int fd)
{
	return hint_has_duplicate(fd) || !hint_is_made(fd);
}

/*
 * alias_each() - call @visit for each descriptor that may be a duplicate of @fd (which may be
 * among them) until it returns other than 0
 * Return: what it returned last; 0 if there is none; or a negated errno: some were not visited
 */
int alias_each(int fd, int (*visit)(int fd, const void *argument), const void *argument);

#endif
