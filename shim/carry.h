/* SPDX-License-Identifier: MIT */
/*
 * carry.h - what conversion does to options
 *
 * Theory of operation
 *
 * kept.h has the table of those that are known. The carried ones are set on the new socket, the
 * kept ones put into its mark. An option that VM sockets do not have means nothing there; one
 * that cannot be read or set for any other reason makes the conversion fail, so that none is
 * lost in silence.
 *
 * All functions are async-signal-safe and leave errno alone.
 */
#ifndef VSOCKIFY_CARRY_H
#define VSOCKIFY_CARRY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "kept.h"

/*
 * carry_options() - set on one socket the carried options of another
 * @which: a bit for each index of the table, as from engine_options()
 * Return: 1 if there was any that accepted sockets must get too, else 0; a negated errno if one
 * could not be read or set. (What VM sockets do not have, or the program may not set any more,
 * is left out.)
 */
int carry_options(int from, int to, uint64_t which);

/* carry_low_water() - carry SO_RCVLOWAT, which may not be more than the buffer's size,
 * once that is set; 0, or a negated errno */
int carry_low_water(int from, int to);

/*
 * carry_send_buffer() - carry SO_SNDBUF to a Unix socket, whose buffer it is, once that is set;
 * only if this socket has another than a fresh one of TCP's: the hint is of all of them
 * Return: 0, or a negated errno
 */
int carry_send_buffer(int from, int to, bool v6);

/*
 * carry_inherited() - give an accepted socket those of its listener's options, and the part of
 *                    its mark, that the kernel does not hand down
 * @head: the accepted socket's mark_head()
 * @renamed: it must get other names than the kernel handed down (share.h)
 * Return: 0, or a negated errno
 */
int carry_inherited(int listener, int accepted, const struct mark *head, bool renamed);

/*
 * carry_kept() - put into a mark the kept options of a TCP socket
 * Return: 1 if there was any that accepted sockets must get, and that the kernel does not hand
 * down with the mark's first word, else 0; or a negated errno
 */
int carry_kept(int tcp, struct mark *m, uint64_t which);

/* carry_back() - set on a TCP socket what a mark keeps (conversion undone); 0, or a negated
 * errno */
int carry_back(int tcp, const struct mark *m);

/* carry_maybe_set() - may this option have been set on @fd? By the hints alone. */
bool carry_maybe_set(int fd, int level, int name);

/*
 * carry_set() - setsockopt() of a carried option. vsock_set_rcvlowat() refuses what is more
 * than the buffer holds; TCP cuts the value to that. Return: 0, or a negated errno
 */
int carry_set(int fd, const struct option *option, const void *value, socklen_t len);

#endif
