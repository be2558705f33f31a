/* SPDX-License-Identifier: MIT */
/*
 * second.h - two binds of one port
 *
 * Theory of operation
 *
 * TCP has a port for each address and family, VM sockets one for all, so a program's second
 * bind of one port (0.0.0.0 and then [::], as most servers do) finds it taken by itself.
 *
 * One case is easy. Where the first is bound to a loopback address, and so to CID 1 alone (a
 * rule for all ports), the kernel lets another have the port at the CID by which other
 * machines know this one: loopback reaches the first, they reach the second. Only a socket
 * that is bound to "any CID" is in the way of both (af_vsock.c, __vsock_find_bound_socket()).
 *
 * Else, if TCP would have allowed the second bind, the first one carries the traffic, and the
 * second is one of these:
 *
 *   a share	a duplicate of the first. Both are ready for each connection, and share.h says
 *		which gives it. So it is for listeners that never block: a blocking accept() of
 *		a program that was told by select() would hang, and an error there is logged
 *		and slept upon (PostgreSQL).
 *   silent	a listener of its own, which never becomes ready. When it is made non-blocking,
 *		it becomes a share; when the first is closed, it takes the port, as soon as
 *		the program calls listen() or accept(), or while it waits there.
 *
 * So the second serves on when the first is closed, though nobody tells of that: only a
 * blocking listener that is waited for in select() stays silent. With SO_REUSEPORT a
 * duplicate is always right, since all are to be ready. A port that another process holds
 * stays EADDRINUSE.
 *
 * All functions are async-signal-safe and leave errno alone.
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
 * the two in conflict.
 */
int second_bind(struct conversion *c, const struct ruleset *rs, const struct decision *wanted,
		struct mark *m);

/* second_settle() - let a silent listener have the port, or a share, if it can; any descriptor
 * may be given */
void second_settle(int fd);

/* second_unblocked() - @fd was made non-blocking: it or others may have a share now */
void second_unblocked(int fd);

/*
 * second_part() - @fd is to be shut down or to block, and those that it shares a socket with
 * are not: it becomes silent. Any descriptor may be given.
 */
void second_part(int fd);

/*
 * second_await() - what a blocking accept() of a silent listener does until it is one no longer
 * Return: 0: go on with accept(); or a negated errno (EINTR, EAGAIN after SO_RCVTIMEO). A
 * cancellation point.
 */
int second_await(int fd);

#endif
