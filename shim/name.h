/* SPDX-License-Identifier: MIT */
/*
 * name.h - getsockname() and getpeername()
 *
 * As the calls they stand for, but a negated errno on failure; async-signal-safe.
 */
#ifndef VSOCKIFY_NAME_H
#define VSOCKIFY_NAME_H

#include <sys/socket.h>

int name_local(int fd, struct sockaddr *addr, socklen_t *len);
int name_peer(int fd, struct sockaddr *addr, socklen_t *len);

#endif
