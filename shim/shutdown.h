/* SPDX-License-Identifier: MIT */
/*
 * shutdown.h - shutdown(), of connections and of listeners
 *
 * Theory of operation
 *
 * After shutdown() of a connection the kernel no longer names its peer; TCP does, so the peer
 * is written into the mark. When the peer has gone already, the kernel's shutdown() would do
 * harm: vsock_shutdown() resets SOCK_DONE, the note that an end was seen, and nothing sets it
 * again, so that a read fails with ENOTCONN where TCP gives the end. Then only the mark is
 * written, and says by `silent` if it was writing that was shut.
 *
 * Some VMMs end both directions when their host's end has shut down writing, so that the answer
 * is lost. Where the peer says so (half_close = "hold"), that is not told to the VMM until the
 * connection is closed, or shut down for reading too; `silent` says that the program may write
 * no more.
 *
 * shutdown() of a TCP listener makes a waiting accept() return EINVAL. A VM socket has no such
 * thing, so the listener is marked, and where CID 1 is this machine a connection to oneself
 * wakes the threads that wait; accept.c wakes the next. Elsewhere rouse.h has another way.
 *
 * All functions are async-signal-safe and leave errno alone.
 */
#ifndef VSOCKIFY_SHUTDOWN_H
#define VSOCKIFY_SHUTDOWN_H

#include <stdbool.h>

#include "mark.h"

/* shutdown_socket() - as shutdown(2), but a negated errno on failure */
int shutdown_socket(int fd, int how);

/*
 * shutdown_refused() - end a connection of ours, so that to the program the peer has ended it
 * Return: 0, or a negated errno: then it may not have ended
 */
int shutdown_refused(int fd);

/* shutdown_may_have_come() - did this process shut a listener down? Only then is an accept()
 * without a caller suspect. */
bool shutdown_may_have_come(void);

/*
 * shutdown_of_listener() - was this listener shut down?
 * @head: its mark_head(), or that of a socket it accepted
 */
bool shutdown_of_listener(int fd, const struct mark *head);

/* shutdown_wake() - wake a thread that waits in accept() at this listener, where that can be
 * done at once; @head: its mark_head() */
void shutdown_wake(int fd, const struct mark *head);

#endif
