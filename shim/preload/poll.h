/* SPDX-License-Identifier: MIT */
/*
 * poll.h - waits for a descriptor in poll(), where libc's function would wait in another call
 */
#ifndef VSOCKIFY_PRELOAD_POLL_H
#define VSOCKIFY_PRELOAD_POLL_H

#include <stdbool.h>

/*
 * poll_one() - wait for events of one descriptor; a cancellation point, async-signal-safe,
 * errno untouched
 * @timeout: milliseconds, or -1
 * @restarts: is the call one that goes on after a signal (with the whole @timeout again)? Then
 * it does, if every handler of the program was installed with SA_RESTART.
 * Return: the events, 0 when @timeout has passed, or a negated errno
 */
int poll_one(int fd, short events, int timeout, bool restarts);

#endif
