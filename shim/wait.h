/* SPDX-License-Identifier: MIT */
/*
 * wait.h - waits for the end of a connect(), as TCP's blocking connect waits
 *
 * The kernel's own blocking vsock connect aborts the attempt on a signal, ignores SO_SNDTIMEO,
 * and does not notice a shutdown() by another thread (net/vmw_vsock/af_vsock.c,
 * vsock_connect()); TCP's does none of that. So the attempt is begun as a non-blocking one, and
 * this waits in poll().
 *
 * To connect() once more after such a signal is no way: the peer may have accepted already. Its
 * answer, if it comes while the signal's handler runs, finds no attempt and is refused; then
 * the server has a connection that ends at once, and as long as it has not closed that,
 * attempts from the same port are refused. (tests/programs/interrupted.c)
 */
#ifndef VSOCKIFY_WAIT_H
#define VSOCKIFY_WAIT_H

#include <stdbool.h>

/*
 * wait_connected() - wait for the end of the attempt that is under way
 * Return: 0: connected; -EINTR; -EINPROGRESS when SO_SNDTIMEO has passed; another negated errno
 *         of TCP's, if the attempt failed, or of a system call, if that cannot be found out.
 *         errno is left alone; async-signal-safe, a cancellation point.
 */
int wait_connected(int fd);

/*
 * wait_failed() - an attempt has ended with the kernel's @error (positive), which nobody has
 * been told yet: say so in the log Return: TCP's errno for it
 */
int wait_failed(int fd, int error);

/*
 * wait_limit() - how long may a call on this socket take?
 * @option: SO_RCVTIMEO or SO_SNDTIMEO
 * @timeout: set to milliseconds; -1: as long as it likes
 * Return: 0, or a negated errno
 */
int wait_limit(int fd, int option, int *timeout);

#endif
