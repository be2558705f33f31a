/* SPDX-License-Identifier: MIT */
/*
 * message.h - the calls of the send and recv families that need help on VM sockets
 *
 * Each is as the call it stands for, errno and all, and a cancellation point.
 * Async-signal-safe.
 */
#ifndef VSOCKIFY_MESSAGE_H
#define VSOCKIFY_MESSAGE_H

#include <sys/socket.h>
#include <time.h>

ssize_t message_sendto(int fd, const void *data, size_t size, int flags,
		       const struct sockaddr *addr, socklen_t len);
ssize_t message_sendmsg(int fd, const struct msghdr *message, int flags);
int message_sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags);

ssize_t message_recvfrom(int fd, void *data, size_t size, int flags, struct sockaddr *addr,
			 socklen_t *len);
ssize_t message_recvmsg(int fd, struct msghdr *message, int flags);
int message_recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags,
		     struct timespec *timeout);

#endif
