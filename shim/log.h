/* SPDX-License-Identifier: MIT */
/*
 * log.h - one line for each decision, for people who ask "why?"
 *
 * Theory of operation
 *
 * Nothing is logged unless VSOCKIFY_LOG was set when the program was loaded: "stderr", or the
 * absolute name of a file. A line is put together on the stack and written by one system
 * call, so lines never interleave and there is no lock and no allocation. Standard error is
 * used only while descriptor 2 is still the file it was at load: a daemon that closed it and
 * opened a database there must not find our lines in it. A file is opened anew for each line,
 * so the program may close every descriptor it sees.
 *
 * All functions are async-signal-safe and leave errno alone.
 */
#ifndef VSOCKIFY_LOG_H
#define VSOCKIFY_LOG_H

#include <stdbool.h>

#include "../config/ruleset.h"

/* log_init() - read VSOCKIFY_LOG; called once, at load */
void log_init(void);

/* log_on() - is anything logged at all? To spare callers the work of finding out details. */
bool log_on(void);

/*
 * log_decision() - "connect 10.0.0.1:80 -> vsock 7:8080 (vsockify.conf:12)"
 * @call: the wrapped function
 * @fd: its descriptor
 * @asked: the address the program gave
 * @d: what the rules of @rs made of it
 */
void log_decision(const struct ruleset *rs, const char *call, int fd,
		  const struct endpoint *asked, const struct decision *d);

/*
 * log_failure() - "connect on descriptor 5: WHAT: error 97 (EAFNOSUPPORT: what that means)"
 * @call: the wrapped function
 * @what: what the shim tried
 * @error: the errno, positive
 */
void log_failure(const char *call, int fd, const char *what, int error);

/* log_refused() - a connection that accept_from does not let in was closed */
void log_refused(const struct ruleset *rs, int fd, uint32_t cid, const struct rule *rule);

/* log_fatal() - always written, to standard error: "vsockify: WHAT DETAIL" */
void log_fatal(const char *what, const char *detail);

#endif
