/* SPDX-License-Identifier: MIT */
/*
 * compile.h - from what a builder has collected to the image that is matched against
 *
 * Theory of operation
 *
 * The image is laid out before the names in its rules are resolved, so that resolving can use
 * the very look-up by which the program will later find *.vsock names (machine_of_name). Then
 * the rules are looked through for those that can never be reached (config/overlap.c).
 *
 * Functions that run out of memory do not return (config/memory.h).
 */
#ifndef VSOCKIFY_COMPILE_H
#define VSOCKIFY_COMPILE_H

#include "builder.h"

/*
 * builder_finish() - resolve names, check the rules against each other, make the image
 * Return: a malloc'ed image; NULL if there was any error
 */
struct ruleset *builder_finish(struct builder *builder, uint32_t local_cid);

/* add_unknown_sockets() - make a peer of each socket that only rules name */
void add_unknown_sockets(struct builder *builder, enum side side);

/*
 * resolve_rules() - put peers and CIDs into the rules of one side, and into their drafts
 * (config/resolve.c)
 */
void resolve_rules(struct builder *builder, struct ruleset *rs, enum side side);

/*
 * check_overlaps() - look for rules in each other's way (config/overlap.c)
 *
 * A rule that an earlier one covers wholly can never be reached: an error. (Not so between
 * the command line and a file: it is there to override.) Listen rules that lead different
 * TCP ports to one vsock port: a warning.
 */
void check_overlaps(struct builder *builder);

/*
 * check_names() - look for rules of host names that cannot be kept, and for what is in the way
 * of the addresses that stand for them (config/names.c)
 *
 * Says in the image whether any name is taken.
 */
void check_names(struct builder *builder, struct ruleset *rs);

#endif
