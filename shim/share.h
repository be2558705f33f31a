/* SPDX-License-Identifier: MIT */
/*
 * share.h - several listening descriptors of one socket, each with an address of its own
 *
 * Theory of operation
 *
 * Where a program listens twice on what is one vsock port (0.0.0.0 and [::]), its second
 * descriptor may become a duplicate of the first (second.h says when). The kernel's socket has
 * room for one mark, that of the first. So what the others stand for is noted here, in the
 * process, by descriptor and the socket's cookie, which the kernel never gives twice.
 *
 * A note is a hint. It is believed while the descriptor's cookie is the one that was noted. A
 * forked child has its parent's; lost in exec or over a Unix socket, a descriptor shows the
 * first's address, and accepts all the same.
 *
 * Both descriptors are ready for each connection. So that it still comes out of the one that
 * was bound first, whose family and address it then shows, the other says EAGAIN as long as
 * that one is open; but not for ever, for a program may leave one alone and wait for the other.
 * When the first is closed, the next serves on.
 *
 * The kernel forgets an epoll registration when the open file is closed, and this one is not:
 * so an event or two may come for a descriptor that the program has closed without
 * EPOLL_CTL_DEL, until one of the next accept() deletes it.
 *
 * All functions are async-signal-safe and leave errno alone.
 */
#ifndef VSOCKIFY_SHARE_H
#define VSOCKIFY_SHARE_H

#include <stdbool.h>

#include "engine.h"
#include "mark.h"

/*
 * share_note() - @fd stands for an address of its own; those that were noted first go first
 * @holder: @fd itself, if the mark is its own; or another descriptor of the socket
 * @m: the names in it are noted
 * Return: false if there is no room for it, or no answer from the kernel
 */
bool share_note(int fd, int holder, const struct mark *m);

/* share_forget() - no more */
void share_forget(int fd);

/* share_is_noted() - is it still what was noted of it? */
bool share_is_noted(int fd);

/* share_others() - has this process another descriptor of the socket that was noted, and open?
 */
bool share_others(int fd);

/* share_defers_noted() - as share_defers() */
bool share_defers_noted(int fd);

/*
 * share_defers() - must a non-blocking accept() leave what is queued to another descriptor?
 *
 * Costs no system call if @fd is the first.
 */
static inline bool share_defers(int fd)
{
	return engine_is_shared(fd) && share_defers_noted(fd);
}

/* share_names_noted() - as share_names() */
bool share_names_noted(int fd, struct mark *m);

/*
 * share_names() - put the names that were noted of @fd in the place of those in @m
 * @m: the mark of the socket; must not be written back after that
 * Return: was that done? Not for the first, whose names are those of the mark.
 */
static inline bool share_names(int fd, struct mark *m)
{
	return engine_is_shared(fd) && share_names_noted(fd, m);
}

#endif
