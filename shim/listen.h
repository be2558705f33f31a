/* SPDX-License-Identifier: MIT */
/*
 * listen.h - bind() and listen()
 *
 * As the calls they stand for, but a negated errno on failure; async-signal-safe.
 */
#ifndef VSOCKIFY_LISTEN_H
#define VSOCKIFY_LISTEN_H

#include <sys/socket.h>

int listen_bind(int fd, const struct sockaddr *addr, socklen_t len);
int listen_listen(int fd, int backlog);

#endif
