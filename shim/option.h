/* SPDX-License-Identifier: MIT */
/*
 * option.h - socket options of TCP, on sockets that are AF_VSOCK
 *
 * Theory of operation
 *
 * One table names every option that the shim knows. Options of the socket level that AF_VSOCK
 * has too are *carried*: set on the new socket, so they are in force. Options of TCP, IP and
 * IPv6 that mean nothing to AF_VSOCK are *kept*: remembered in the mark, to be read back.
 * Anything else fails as the kernel says, above all what promises security or changes bytes
 * (TCP_ULP, TCP_MD5SIG, IP_TRANSPARENT, IP_MINTTL, BPF).
 *
 * The real call comes first, always; the mark is looked at only where the answer is one that
 * an AF_VSOCK socket gives. So an ordinary TCP socket pays nothing.
 */
#ifndef VSOCKIFY_OPTION_H
#define VSOCKIFY_OPTION_H

#include <stdint.h>
#include <sys/socket.h>

#include "mark.h"

/*
 * option_carry() - set on one socket the carried options of another
 * @which: a bit for each index of the table, as from hint_options()
 * Return: true if there was any that accepted sockets must get too
 *
 * Errors are ignored: what AF_VSOCK refuses has no meaning there.
 */
bool option_carry(int from, int to, uint64_t which);

/* option_carry_low_water() - carry SO_RCVLOWAT, which may not be more than the buffer's size,
 * once that is set */
void option_carry_low_water(int from, int to);

/*
 * option_inherit() - give an accepted socket those of its listener's options, and the part of
 *                    its mark, that the kernel does not hand down
 * @head: the accepted socket's mark_head()
 */
void option_inherit(int listener, int accepted, const struct mark *head);

/*
 * option_keep() - put into a mark the kept options of a TCP socket
 * Return: true if there was any that accepted sockets must get, and that the kernel does not
 * hand down with the mark's first word
 */
bool option_keep(int tcp, struct mark *m, uint64_t which);

/* option_maybe_set() - may this option have been set on @fd? By the hints alone. */
bool option_maybe_set(int fd, int level, int name);

/* option_restore() - set on a TCP socket what a mark keeps (conversion undone) */
void option_restore(int tcp, const struct mark *m);

/* The wrapped calls; as setsockopt(2) and getsockopt(2), but a negated errno on failure. */
int option_set(int fd, int level, int name, const void *value, socklen_t len);
int option_get(int fd, int level, int name, void *value, socklen_t *len);

#endif
