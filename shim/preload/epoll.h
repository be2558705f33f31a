/* SPDX-License-Identifier: MIT */
/*
 * epoll.h - carries epoll registrations over a conversion
 *
 * Theory of operation
 *
 * An epoll registration belongs to the open file, not to the descriptor: when conversion puts
 * a new socket under the program's descriptor, the registrations of the old one are gone (or,
 * if a duplicate keeps the old socket alive, can never be removed). Programs such as nginx
 * register a socket before they connect it. So epoll_ctl() notes what it did to sockets that
 * may still be converted, and conversion takes the registrations out before the exchange and
 * puts them back after connect(): back before it, they would report an unconnected socket as
 * writable.
 *
 * The notes (note.h) are hints: that EPOLL_CTL_DEL succeeds proves one true. Where one is not,
 * since the epoll has another number now, and of a socket that is in more epolls than there is
 * room for, or that was made elsewhere, /proc has the rest; that takes the longer the more
 * descriptors the process and its epolls have. /proc also tells whether a one-shot registration
 * was used up. And where a process has an io_uring, by which newer versions of libuv register
 * what they wait for, /proc is asked about a socket that is settled late (settle.h) and of
 * which nothing is noted.
 */
#ifndef VSOCKIFY_EPOLL_H
#define VSOCKIFY_EPOLL_H

#include <sys/epoll.h>

#define CARRIED_MAX 8

/* Registrations that were taken out, to be put back. */
struct carried {
	int error; /* why one could not be; a negated errno */
	unsigned count;
	struct {
		int epfd;
		struct epoll_event event;
	} entries[CARRIED_MAX];
};

/* epoll_note() - remember a successful epoll_ctl() of a TCP socket; async-signal-safe */
void epoll_note(int epfd, int op, int fd, const struct epoll_event *event);

/*
 * epoll_take_out() - remove the registrations of @fd
 * @carried: those that were, to be put back whatever this returns
 * Return: 0, or a negated errno if there may be more; errno untouched
 */
int epoll_take_out(int fd, struct carried *carried);

/*
 * epoll_take_out_late() - the same of a socket that may have been registered by io_uring since
 * its connect()
 */
int epoll_take_out_late(int fd, struct carried *carried);

/*
 * epoll_put_back() - make them again, for what now lies under @fd
 * Return: 0, or a negated errno if one could not be made; errno untouched
 */
int epoll_put_back(int fd, const struct carried *carried);

#endif
