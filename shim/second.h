/* SPDX-License-Identifier: MIT */
/*
 * second.h - two binds of one port
 *
 * Theory of operation
 *
 * TCP has a port for each address and family, AF_VSOCK one for all, so a program's second bind
 * of one port (0.0.0.0 and then [::], as most servers do) finds it taken by itself.
 *
 * One case is easy. Where the first is bound to a loopback address, and so to CID 1 alone (a
 * rule for all ports), the kernel lets another have the port at the CID by which other
 * machines know this one: loopback reaches the first, they reach the second. Only a socket
 * that is bound to "any CID" is in the way of both (af_vsock.c, __vsock_find_bound_socket()).
 *
 * Else, if TCP would have allowed the second bind, it gets a *silent* listener, which never
 * becomes ready: the first one carries the traffic. It is not a duplicate of the first, for
 * both would become ready for one connection, and a blocking accept() on the second would hang.
 * SO_REUSEPORT means that several listeners are ready, so there a duplicate is right. A port
 * that another process holds stays EADDRINUSE.
 */
#ifndef VSOCKIFY_SECOND_H
#define VSOCKIFY_SECOND_H

#include "../config/ruleset.h"
#include "convert.h"

/*
 * second_bind() - the kernel says that the port is taken: by whom, and does TCP mind?
 * @c: a conversion that was begun; this ends it, one way or another
 * @wanted: where the rules want the socket to be bound
 * @m: the mark that it is to have; changed if it becomes a silent listener
 * Return: 0, or a negated errno: EADDRINUSE if another process holds the port, or if TCP finds
 * the two in conflict. Async-signal-safe.
 */
int second_bind(struct conversion *c, const struct ruleset *rs, const struct decision *wanted,
		struct mark *m);

#endif
