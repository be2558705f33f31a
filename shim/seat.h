/* SPDX-License-Identifier: MIT */
/*
 * seat.h - where the rules seat a listener: a port of VM sockets, or a path with what it takes
 *
 * Theory of operation
 *
 * The guests of several VMMs call at a path each. One listener hears them all: its socket is at
 * the first one's, or at one of its own (`at`), and the others' are links to it, hard ones
 * where that is possible. The directory of a VM that has not started yet may not be there:
 * then `vsockify --attach` makes the link later.
 */
#ifndef VSOCKIFY_SEAT_H
#define VSOCKIFY_SEAT_H

#include "../config/ruleset.h"

/*
 * seat_bind() - bind a converted socket where a listen rule leads
 * @fd: the new socket, unbound; @program: the program's descriptor, for the log
 * @d: of decide_listen(), ACTION_VSOCK
 * @v4: the program has bound it to an address of IPv4 (bind_free_port())
 * Return: 0, or a negated errno
 */
int seat_bind(int fd, int program, const struct ruleset *rs, const struct decision *d, bool v4);

#endif
