/* SPDX-License-Identifier: MIT */
/*
 * bell.h - lets the supervisor sleep, and signals wake it
 *
 * Theory of operation
 *
 * Where the next call is all that there is to wait for, to wait in SECCOMP_IOCTL_NOTIF_RECV
 * itself takes one system call where epoll_wait(2) and that take two. But children end
 * meanwhile, or the front does, and an ioctl has no mask of signals as ppoll(2) has: a signal
 * that comes just before it would be noticed after it. So the handler leaves the system call by
 * a jump, from wherever it is between two lines of bell_sleep(). What the kernel had to say may
 * have been written down by then, or not.
 *
 * Nor may a signal come while an answer brings a descriptor: the kernel waits there until it
 * has been taken, and if it is interrupted, the program's call returns 0, which is a descriptor
 * that it has not been given (seccomp_notify_addfd()). From then on until the supervisor sleeps
 * again they stay blocked.
 */
#ifndef VSOCKIFY_SECCOMP_BELL_H
#define VSOCKIFY_SECCOMP_BELL_H

#include <stdbool.h>

/* bell_hang() - from now on SIGCHLD and SIGHUP are not blocked, but noticed */
void bell_hang(void);

/* bell_muffle() - until bell_sleep() signals wait */
void bell_muffle(void);

/* bell_rang() - has one come since this was asked last? */
bool bell_rang(void);

/* bell_sleep() - a system call of up to four arguments; -EINTR if a signal has come, which is
 * for bell_rang() to say */
long bell_sleep(long number, long a, long b, long c, long d);

#endif
