/* SPDX-License-Identifier: MIT */
/*
 * unconnected.h - reading and writing where there is no connection: not yet, or no more
 *
 * Theory of operation
 *
 * While a connection stands, data is the kernel's business alone. Before and after, a VM socket
 * answers otherwise than TCP:
 *
 *   - while a connect() is under way it says ENOTCONN, TCP waits or says EAGAIN; after one that
 *     failed TCP gives its error;
 *   - when the peer has gone, the first write over TCP succeeds and goes nowhere (the peer's
 *     refusal is on its way back), and the next one fails with EPIPE and SIGPIPE. So a program
 *     may say goodbye (QUIT, TLS's close_notify) before it reads the last answer. A VM socket
 *     says EPIPE at once; its SIGPIPE, which Linux has sent since 6.7, would end the program
 *     there;
 *   - before 6.7 there is no SIGPIPE even where TCP sends one.
 *
 * So writes to converted sockets are made with MSG_NOSIGNAL, and what failed is looked at
 * afterwards. That a write went nowhere is noted on the socket (`silent` in mark.h), so that it
 * happens once, whichever duplicate or process is next. Reads are looked at only when they
 * fail.
 *
 * All functions behave as the calls that they are named after, errno and all; they are
 * async-signal-safe and cancellation points. A descriptor that is not what the hint said gets
 * what libc's own function would have given.
 */
#ifndef VSOCKIFY_UNCONNECTED_H
#define VSOCKIFY_UNCONNECTED_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/uio.h>

/* Of descriptors that may be converted sockets (engine_was_converted()) */
ssize_t unconnected_write(int fd, const void *data, size_t size);
ssize_t unconnected_writev(int fd, const struct iovec *parts, int count);
ssize_t unconnected_send(int fd, const void *data, size_t size, int flags);
ssize_t unconnected_sendmsg(int fd, const struct msghdr *message, int flags);
ssize_t unconnected_read(int fd, void *data, size_t size);
ssize_t unconnected_readv(int fd, const struct iovec *parts, int count);

/* unconnected_says() - does a read that failed with @error say that there is no connection? A
 * Unix socket's EINVAL says that, and other things, too (unix_stream_read_generic()). */
bool unconnected_says(int fd, int error);

/*
 * unconnected_receive_again() - is a failed read or recv to be tried again?
 * @fd: any descriptor
 * @flags: of recv(2); MSG_DONTWAIT counts
 * @result: of the call, with errno; is replaced by what TCP gives
 * Return: true if there is a connection now
 */
bool unconnected_receive_again(int fd, int flags, ssize_t *result);

/* unconnected_receive_fault(), unconnected_receive_faults() - a read or recv has failed: make
 * EFAULT of an ENOMEM that comes from where the data should have gone */
void unconnected_receive_fault(void *data, size_t size);
void unconnected_receive_faults(const struct iovec *parts, size_t count);

#endif
