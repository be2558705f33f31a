/* SPDX-License-Identifier: MIT */
/*
 * carry.h - takes epoll registrations out, and puts them back
 *
 * Theory of operation
 *
 * The kernel knows a registration by the open file and the number that it had when it was made.
 * So the supervisor makes and deletes it through its own duplicates, of the epoll and of the
 * socket, with the socket's under the program's number: what lies under that here is put aside
 * for a moment. The program finds it as if it had made it itself.
 *
 * kcmp(2) says whether a socket is in an epoll; what it is registered for stands in the epoll's
 * fdinfo, and is read only then. Nothing is noted beforehand: epoll_ctl(2) is not caught.
 */
#ifndef VSOCKIFY_SECCOMP_CARRY_H
#define VSOCKIFY_SECCOMP_CARRY_H

#include <sys/epoll.h>

#define CARRIED_MAX 16 /* epolls that one socket may be in */

struct carried {
	unsigned count;
	struct {
		int epfd; /* a number of the program's */
		struct epoll_event event;
	} entries[CARRIED_MAX];
};

int carry_take_out(int fd, struct carried *carried);
int carry_put_back(int fd, const struct carried *carried);

/* carry_set_flags() - engine_set_flags() */
int carry_set_flags(int fd, int flags);

#endif
