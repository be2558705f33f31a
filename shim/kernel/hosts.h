/* SPDX-License-Identifier: MIT */
/*
 * hosts.h - the names that this machine knows without asking anybody: those of /etc/hosts, and
 * its own
 *
 * Without libc: no allocation, async-signal-safe, no errno.
 */
#ifndef VSOCKIFY_HOSTS_H
#define VSOCKIFY_HOSTS_H

#include <stdbool.h>

/* hosts_know() - is it in /etc/hosts? @name: in lower case, without a dot at its end */
bool hosts_know(const char *name);

/* hosts_is_own() - is it this machine's own name? @name: the same */
bool hosts_is_own(const char *name);

/* hosts_text_knows() - the same of a text as in /etc/hosts; for tests */
bool hosts_text_knows(const char *text, const char *name);

#endif
