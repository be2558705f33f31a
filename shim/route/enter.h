/* SPDX-License-Identifier: MIT */
/*
 * enter.h - the dialogue of a connection, waited for
 */
#ifndef VSOCKIFY_ROUTE_ENTER_H
#define VSOCKIFY_ROUTE_ENTER_H

#include <stdint.h>

#include "../transport/address.h"

/*
 * route_enter() - connect to a VMM, and hold its dialogue
 * @fd: a non-blocking socket, still unconnected; @program: the program's descriptor, for the
 * log
 * @to: has a path
 * @timeout_us: how long it may take; 0: DIALOGUE_USUAL_MS
 * Return: 0: the program may have the connection; -EHOSTUNREACH if there is no VM,
 * -ECONNREFUSED if nobody listens in it, -ETIMEDOUT, -EPROTO if the answer is none of a VMM's;
 * or another negated errno that its connect() fails with. Signals do not end it.
 * Async-signal-safe, errno untouched.
 */
int route_enter(int fd, int program, struct vm_address to, uint64_t timeout_us);

#endif
