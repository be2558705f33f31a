/* SPDX-License-Identifier: MIT */
/*
 * settle.h - what has become of a connection that the broker makes?
 *
 * Theory of operation
 *
 * A program that must not wait has got a Unix socket to the broker in place of its connection
 * (ask.h), which the kernel shows as one that is connecting until the broker has read what was
 * asked of it. Its mark says that it is pending. Nobody is told when that changes but by the
 * kernel: whoever is asked about the socket then settles it here.
 *
 *   not writable    it is still being made
 *   hung up         it failed; the broker has noted with what
 *   writable        it is there: the broker hands over the real socket, and that takes the
 *                   place of the pending one, with what the program did to it meanwhile. Where
 *                   that cannot be (the program has data of it to read already, or no
 * descriptor left) the broker goes on carrying, and the mark says so; the next one to ask may
 * have more luck.
 *
 * One at a time: a thread, or a signal handler, that asks while another is at it is told that
 * the connection is pending. Each copy of the socket in other processes settles for itself.
 *
 * A connection that does not go by the broker pays for two hints, no more.
 *
 * All functions are async-signal-safe, no cancellation points, and leave errno alone.
 */
#ifndef VSOCKIFY_SHIM_SETTLE_H
#define VSOCKIFY_SHIM_SETTLE_H

#include "engine.h"
#include "mark.h"

/* What settle() says of a socket */
enum settled {
	SETTLED_BEFORE, /* it is no such connection, or none any more: the mark is undefined */
	STILL_PENDING,
	HAS_FAILED,
	IS_CARRIED, /* connected, by way of the broker */
	SETTLED_NOW,
};

/* settle_may_be() - may this be such a connection? By the hints alone. */
static inline bool settle_may_be(int fd)
{
	return __builtin_expect(engine_broker() != NULL, 0) && !engine_is_plain(fd);
}

/*
 * settle() - look, and settle it if it can be
 * @m: its mark, as it is afterwards
 * Return: enum settled; -ENGINE_LATER; or a negated errno if the program's descriptor is not
 * what it should be any more: an epoll could not be told
 */
int settle(int fd, struct mark *m);

/*
 * settle_error() - HAS_FAILED: TCP's errno, positive
 * @error: what the kernel has just said, as SO_ERROR or as that of a call; 0: it was asked
 * before, and so is this
 */
int settle_error(int fd, int error);

/* settle_failure() - the same, of a socket that may be anything else; asks the kernel itself.
 * 0: it is, or it was asked before. */
int settle_failure(int fd);

/* settle_port() - the port that it shows while the broker has it */
uint16_t settle_port(int fd, const struct mark *m);

#endif
