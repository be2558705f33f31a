/* SPDX-License-Identifier: MIT */
/*
 * enter.h - the dialogue of a connection, waited for
 */
#ifndef VSOCKIFY_ROUTE_ENTER_H
#define VSOCKIFY_ROUTE_ENTER_H

#include "route.h"

/*
 * route_enter() - connect to the first address of a route, and hold its dialogue
 * @fd: a non-blocking socket, still unconnected; @program: the program's descriptor, for the
 * log
 * @way: is not straight
 * @timeout_us: how long it may take; 0: as route_limit_ms() has it
 * @owed: set if a VMM has been told something that it has not answered
 * Return: 0: the program may have the connection; -EHOSTUNREACH if there is no VM,
 * -ECONNREFUSED if nobody listens in it, -ETIMEDOUT, -EPROTO if the answer is none of a VMM's,
 * or of a proxy's; or another negated errno that its connect() fails with. Signals do not end
 * it. Async-signal-safe, errno untouched.
 */
int route_enter(int fd, int program, const struct route *way, uint64_t timeout_us, bool *owed);

#endif
