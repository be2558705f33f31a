/* SPDX-License-Identifier: MIT */
/*
 * summary.h - how often did what happen in this process?
 *
 * Theory of operation
 *
 * The counts lie in memory that the kernel clears in a child (MADV_WIPEONFORK), so that each
 * process counts for itself. They are written when the process ends by exit(), or by a return
 * from main(); not at _exit(), a signal or exec, which run nothing of ours.
 *
 * Everything but summary_init() is async-signal-safe, and does nothing unless that was called.
 */
#ifndef VSOCKIFY_SUMMARY_H
#define VSOCKIFY_SUMMARY_H

#include <stdbool.h>

#include "../../config/ruleset.h"

enum summary_count {
	COUNT_CALLS,       /* of wrapped functions */
	COUNT_FAILED,      /* those that failed, and not only for now */
	COUNT_ERRORS,      /* what the rules wanted was refused */
	COUNT_ACCEPTED,    /* connections over VM sockets that the program got */
	COUNT_TURNED_AWAY, /* those that accept_from kept from it */
	COUNT_KINDS,
};

/*
 * summary_init() - count from now on; called once, at load
 * @rs: the rules in force
 * Return: false if there is no memory for it
 */
bool summary_init(const struct ruleset *rs);

/* summary_count() - count one of these */
void summary_count(enum summary_count kind);

/*
 * summary_decision() - count a decision
 * @connect: of decide_connect(), else of decide_listen()
 */
void summary_decision(const struct ruleset *rs, bool connect, const struct decision *d);

#endif
