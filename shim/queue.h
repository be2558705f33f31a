/* SPDX-License-Identifier: MIT */
/*
 * queue.h - the ioctl()s that ask how much data is queued
 *
 * Theory of operation
 *
 * Where the kernel's VM sockets do not know FIONREAD, the only way to count what is there is
 * to copy it (MSG_PEEK). A program that asks before each read of a long queue would copy all
 * of it each time. So the answer has a cap: never more than there is, never 0 where there is
 * something, and as much as the program is likely to read, which is what it read last. Who
 * asks again without having read wants to know more, and is told twice as much, up to all.
 *
 * Not so in a process that has ever registered anything edge-triggered: there the answer is
 * all, up to 4 MiB. nginx reads until it has had what was answered, and then waits for an edge;
 * with less than all there would be none. It asks once an event, not before each read.
 *
 * What a program reads between two questions is noted by the calls that read, once it has ever
 * asked; a hint, that another process or splice() does not keep true: they only make it wrong
 * how much is copied, not that it is there.
 */
#ifndef VSOCKIFY_QUEUE_H
#define VSOCKIFY_QUEUE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/types.h>

/*
 * queue_ioctl() - as ioctl(2), but a negated errno on failure; async-signal-safe
 *
 * FIONREAD, SIOCOUTQ and SIOCATMARK get an answer on converted sockets where the kernel's
 * VM sockets have none (6.1 knows none of them; later ones some).
 */
int queue_ioctl(int fd, unsigned long request, void *argument);

/* Has this process registered anything with EPOLLET? */
extern _Atomic bool queue_has_edges;

/* queue_note_epoll() - a successful epoll_ctl(); async-signal-safe, no system call */
static inline void queue_note_epoll(int op, const struct epoll_event *event)
{
	if (op != EPOLL_CTL_DEL && event->events & EPOLLET)
		atomic_store_explicit(&queue_has_edges, true, memory_order_relaxed);
}

/* Has this process been given an answer to FIONREAD from here? Read by queue_note_read(). */
extern _Atomic bool queue_is_asked;

/* queue_add_read() - for queue_note_read() alone */
void queue_add_read(int fd, size_t size);

/*
 * queue_note_read() - a read from what may be a converted socket has returned
 * @size: what it returned
 * async-signal-safe, no system call
 */
static inline void queue_note_read(int fd, ssize_t size)
{
	if (__builtin_expect(atomic_load_explicit(&queue_is_asked, memory_order_relaxed), 0) &&
	    size > 0)
		queue_add_read(fd, (size_t)size);
}

#endif
