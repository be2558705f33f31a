/* SPDX-License-Identifier: MIT */
/*
 * accept.h - accept()
 */
#ifndef VSOCKIFY_ACCEPT_H
#define VSOCKIFY_ACCEPT_H

#include <sys/socket.h>

/* accept_connection() - as accept4(2), errno and all; async-signal-safe, a cancellation point
 */
int accept_connection(int fd, struct sockaddr *addr, socklen_t *len, int flags);

#endif
