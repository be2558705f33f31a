/* SPDX-License-Identifier: MIT */
/*
 * wait.h - waits for the end of a connect(), as TCP's blocking connect waits
 *
 * The kernel's own blocking vsock connect aborts the attempt on a signal, ignores SO_SNDTIMEO,
 * and does not notice a shutdown() by another thread (net/vmw_vsock/af_vsock.c,
 * vsock_connect()); TCP's does none of that. So the attempt is begun as a non-blocking one, and
 * this waits in poll().
 */
#ifndef VSOCKIFY_WAIT_H
#define VSOCKIFY_WAIT_H

/*
 * wait_connected() - wait for the end of the attempt that is under way
 * Return: 0: connected; -EINTR; -EINPROGRESS when SO_SNDTIMEO has passed; another negated errno
 *         of TCP's, if the attempt failed, or of a system call, if that cannot be found out.
 *         errno is left alone; async-signal-safe, a cancellation point.
 */
int wait_connected(int fd);

#endif
