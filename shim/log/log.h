/* SPDX-License-Identifier: MIT */
/*
 * log.h - one line for each decision, for people who ask "why?"
 *
 * Theory of operation
 *
 * VSOCKIFY_LOG says when the program is loaded where lines go (target.h); nothing is logged
 * without it. VSOCKIFY_LOG_WHAT says what is written: decisions, every call (trace.h), a
 * summary at the end (summary.h). Neither counts in secure execution.
 *
 * All functions but those that are called at load are async-signal-safe and leave errno alone.
 */
#ifndef VSOCKIFY_LOG_H
#define VSOCKIFY_LOG_H

#include <stdbool.h>

#include "../../config/ruleset.h"

/* What is logged; 0: nothing. Written once, by log_init(). */
enum { LOG_DECISIONS = 1, LOG_CALLS = 2, LOG_SUMMARY = 4 };
extern unsigned log_what;

/* log_number() - for an engine that answers other processes: the number that a descriptor has
 * there. NULL: the same */
extern int (*log_number)(int fd);

/* log_init() - read the variables; called once, at load */
void log_init(void);

/* log_rules() - say which rules are in force; called once, at load */
void log_rules(const struct ruleset *rs);

/* log_on() - does anybody ask for decisions? To spare callers the work of finding out more. */
static inline bool log_on(void)
{
	return log_what != 0;
}

/*
 * log_decision() - write and count a decision: "connect 10.0.0.1:80 on descriptor 5 -> vsock
 * 7:8080 (vsockify.conf:12)", "connect 198.18.3.4:443 (api.example.com) on ..."
 * @call: the wrapped function
 * @fd: its descriptor
 * @asked: the address the program gave
 * @name: the host name that it stands for; empty: none
 * @d: what the rules of @rs made of it
 */
void log_decision(const struct ruleset *rs, const char *call, int fd,
		  const struct endpoint *asked, const char *name, const struct decision *d);

/*
 * log_failure() - write and count "connect on descriptor 5: WHAT: error 97 (EAFNOSUPPORT:
 * CAUSE)"
 * @call: the wrapped function
 * @what: what the shim tried
 * @error: the errno, positive
 * @cause: what that usually means here; "" if there is nothing to say but what errname_cause()
 *	says
 */
void log_failure(const char *call, int fd, const char *what, int error, const char *cause);

/* log_progress() - write "connect on descriptor 5: WHAT" */
void log_progress(const char *call, int fd, const char *what);

/* log_other_version() - a socket bears the mark of another version; @error: positive */
void log_other_version(int fd, int error);

/* log_loading() - write "dlopen(FILE): HOW", "look-up(NAME): HOW" for whoever asks for @kind;
 * @file may be NULL */
void log_loading(unsigned kind, const char *call, const char *file, const char *how);

/* log_refused() - a connection that accept_from does not let in was closed; @peer: whose
 * guest's, at a VMM's socket (@cid is CID_ANY then), or NO_PEER */
void log_refused(const struct ruleset *rs, int fd, uint32_t cid, uint32_t peer,
		 const struct rule *rule);

/* log_fatal() - always written, to standard error: "vsockify: WHAT DETAIL" */
void log_fatal(const char *what, const char *detail);

#endif
