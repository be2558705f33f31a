/* SPDX-License-Identifier: MIT */
/*
 * accept.h - accept(), and shutdown(), which may have to wake it
 */
#ifndef VSOCKIFY_ACCEPT_H
#define VSOCKIFY_ACCEPT_H

#include <sys/socket.h>

/* accept_connection() - as accept4(2), errno and all; async-signal-safe, a cancellation point
 */
int accept_connection(int fd, struct sockaddr *addr, socklen_t *len, int flags);

/* accept_shutdown() - as shutdown(2), but a negated errno on failure; async-signal-safe */
int accept_shutdown(int fd, int how);

#endif
