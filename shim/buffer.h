/* SPDX-License-Identifier: MIT */
/*
 * buffer.h - how much may wait in the kernel for a converted socket
 *
 * Theory of operation
 *
 * A VM socket's buffer is the credit that its peer has. TCP programs that write before they
 * read rely on a large one, so that is what a converted socket gets.
 *
 * An accepted socket has that of its listener, and has it from the moment that its peer
 * connects: long before accept(), if the program is busy or the peer is not even to be let in.
 * So a listener has a small one, its connections have it too, and accept() enlarges it, which
 * tells the peer. What a thousand connections can fill that nobody has accepted is then no four
 * gigabytes and what comes on top.
 *
 * How small? The kernel counts bytes, while memory goes by packets. At a host, one of 150 bytes
 * takes 1,280, the worst ratio; so 6 KiB let 1,024 connections have 55 MiB, with what a socket
 * takes itself. (In a guest each packet of more than 128 bytes has a page, so that its host
 * could fill 190 MiB; but a host needs no such means.) Less would be worse than slow: from
 * 6.12.92 on, Linux ends a connection of which more packets wait than its buffer's size divided
 * by 576; later versions first put small ones together, as far as they are two or more.
 *
 * A listener that is reached from its own machine alone keeps the large one: no guest fills it,
 * and a program may connect to itself and write before it accepts.
 *
 * All functions are async-signal-safe and leave errno alone.
 */
#ifndef VSOCKIFY_BUFFER_H
#define VSOCKIFY_BUFFER_H

#include "../config/ruleset.h"

/* So many connections wait at any listener, until accept(), if the system allows as many
 * (net.core.somaxconn): AF_VSOCK refuses what TCP would queue or let try again. */
#define BUFFER_BACKLOG 1024

/*
 * buffer_enlarge() - to what the rules say, or enough for what programs expect of TCP
 * @fd: a socket that has its mark: without it 256 KiB is the largest size allowed
 * Return: 0, or a negated errno
 */
int buffer_enlarge(int fd, const struct ruleset *rs);

/* buffer_shrink() - of a listener: to what a connection has until accept(). Return: 0, or a
 * negated errno */
int buffer_shrink(int fd, const struct ruleset *rs);

/*
 * buffer_listen() - listen(), with a small buffer, so that no connection finds another
 * @fd: a converted socket that is no connection: what is on its way to one must find room
 * @backlog: what the program asked for; it gets no less than BUFFER_BACKLOG
 * Return: 0; or a negated errno, and the buffer is large
 */
int buffer_listen(int fd, const struct ruleset *rs, int backlog);

#endif
