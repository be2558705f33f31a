/* SPDX-License-Identifier: MIT */
/*
 * option.h - socket options of TCP, on VM sockets
 *
 * Theory of operation
 *
 * One table names every option that the shim knows. Options of the socket level that VM sockets
 * have too are *carried*: set on the new socket, so they are in force. Options of TCP, IP and
 * IPv6 that mean nothing to VM sockets are *kept*: remembered in the mark, to be read back.
 * Anything else fails as the kernel says, above all what promises security or changes bytes
 * (TCP_ULP, TCP_MD5SIG, IP_TRANSPARENT, IP_MINTTL, BPF).
 *
 * The real call comes first, always; the mark is looked at only where the answer is one that
 * a VM socket gives. So an ordinary TCP socket pays nothing.
 */
#ifndef VSOCKIFY_OPTION_H
#define VSOCKIFY_OPTION_H

#include <stdint.h>
#include <sys/socket.h>

#include "mark.h"

/* The wrapped calls; as setsockopt(2) and getsockopt(2), but a negated errno on failure. */
int option_set(int fd, int level, int name, const void *value, socklen_t len);
int option_get(int fd, int level, int name, void *value, socklen_t *len);

#endif
