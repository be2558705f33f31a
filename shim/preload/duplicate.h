/* SPDX-License-Identifier: MIT */
/*
 * duplicate.h - dup() and its family: noted, since conversion must reach every duplicate
 *
 * As the calls they stand for, but a negated errno on failure; async-signal-safe.
 */
#ifndef VSOCKIFY_DUPLICATE_H
#define VSOCKIFY_DUPLICATE_H

int duplicate(int fd);
int duplicate_onto(int fd, int copy);

/* duplicate_noting() - note that a call made @copy (or failed); returns @copy */
int duplicate_noting(int fd, int copy);

/* duplicate_fcntl() - as fcntl(2), errno and all; a cancellation point where that is one */
int duplicate_fcntl(int fd, int command, void *argument);

#endif
