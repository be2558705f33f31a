/* SPDX-License-Identifier: MIT */
/*
 * connect.h - connect(), to a TCP server or to a VM socket
 */
#ifndef VSOCKIFY_CONNECT_H
#define VSOCKIFY_CONNECT_H

#include <sys/socket.h>

/* shim_connect() - as connect(2), errno and all; async-signal-safe, a cancellation point */
int shim_connect(int fd, const struct sockaddr *addr, socklen_t len);

/*
 * connect_unaddressed() - connect() without an address, as MSG_FASTOPEN does if it has none
 * Return: a negated errno, of TCP's (__inet_stream_connect()); 0: the socket is none of ours
 */
int connect_unaddressed(int fd);

#endif
