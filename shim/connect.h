/* SPDX-License-Identifier: MIT */
/*
 * connect.h - connect(), to a TCP server or to a VM socket
 */
#ifndef VSOCKIFY_CONNECT_H
#define VSOCKIFY_CONNECT_H

#include <sys/socket.h>

/* shim_connect() - as connect(2), errno and all; async-signal-safe, a cancellation point */
int shim_connect(int fd, const struct sockaddr *addr, socklen_t len);

#endif
