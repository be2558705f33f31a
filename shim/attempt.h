/* SPDX-License-Identifier: MIT */
/*
 * attempt.h - makes one attempt to connect
 *
 * Theory of operation
 *
 * Every connect of a VM socket is a non-blocking one; a program that asked for a blocking one
 * waits afterwards (wait.h). A socket that bind() converted is connected as it is; any other
 * attempt takes a fresh socket, which replaces what lies under the descriptor.
 *
 * Past a VMM or a proxy there is a dialogue, which takes as long as it takes. Who wants to
 * wait, waits in here; for who does not, the broker holds it (ask.h). Without a broker
 * everybody waits. What only the broker knows, a proxy's password, it says for everybody.
 *
 * All functions are async-signal-safe, leave errno alone, and return what connect() does: 0, or
 * a negated errno of TCP's.
 */
#ifndef VSOCKIFY_SHIM_ATTEMPT_H
#define VSOCKIFY_SHIM_ATTEMPT_H

#include "convert.h"
#include "route/route.h"

/* One attempt, and all it needs to know. */
struct attempt {
	const struct ruleset *rs;
	int fd;
	struct endpoint to;
	bool denied;      /* by the rules */
	struct route way; /* where the connection is made to, and what is said there */
	struct mark mark; /* for the new socket; all zero at first */
};

/*
 * attempt_fresh() - with a fresh socket, which gets @a->mark
 * @old_name: what the socket that it replaces is bound to; NULL if that is none of AF_VSOCK
 */
int attempt_fresh(struct attempt *a, const struct vm_address *old_name);

/* attempt_bound() - the first one of a socket that bind() converted */
int attempt_bound(struct attempt *a, const struct subject *s);

/* attempt_note_begun() - note whether the outcome is still to be reported by a later connect().
 * Where it cannot be noted, that connect() says EISCONN at once. */
void attempt_note_begun(int fd, bool begun);

#endif
