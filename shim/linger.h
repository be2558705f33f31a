/* SPDX-License-Identifier: MIT */
/*
 * linger.h - SO_LINGER with a time, for which VM sockets would make close() wait
 *
 * Theory of operation
 *
 * TCP lingers until the data has arrived. A VM socket does until the other side has closed too
 * (virtio_transport_close() waits for SOCK_DONE, up to Linux 6.15), though its data has been
 * handed over when write() returns. So on a converted socket lingering with a time is off. The
 * kernel keeps the time (sk_lingertime) when it is turned off, and gives it back: it stays
 * there, on the socket. That it is on, for the program, is a bit of the mark.
 *
 * A time of 0 (abort) makes nobody wait and stays on as it is; a VM socket does not abort.
 *
 * All functions are async-signal-safe and leave errno alone.
 */
#ifndef VSOCKIFY_LINGER_H
#define VSOCKIFY_LINGER_H

#include <sys/socket.h>

/* linger_waits() - does close() of this TCP socket linger with a time? 1, 0, or a negated errno
 */
int linger_waits(int tcp);

/*
 * linger_carry() - give a socket the time of another, but lingering is off; or {1, 0} as it is
 * Return: 1 if it was not what a fresh socket has anyway, 0, or a negated errno
 */
int linger_carry(int from, int to);

/* linger_restore() - lingering is on again, with the time that linger_carry() gave; 0, or a
 * negated errno */
int linger_restore(int tcp);

/* linger_set() - setsockopt() of SO_LINGER, on any socket; a negated errno on failure */
int linger_set(int fd, const void *value, socklen_t len);

/*
 * linger_is_on() - does a socket that does not linger for the kernel do so for the program?
 * Return: 1, 0, or a negated errno (mark.h)
 */
int linger_is_on(int fd);

#endif
