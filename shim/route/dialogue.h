/* SPDX-License-Identifier: MIT */
/*
 * dialogue.h - what is said on a connection before it is the program's
 *
 * Theory of operation
 *
 * Whom a connection meets before its peer wants a few words: a VMM "CONNECT 80", and answers
 * "OK 1073741824"; a proxy, where it is to go on to. Then the stream is the program's, and its
 * server may speak first, so that not a byte may be read beyond the answer.
 *
 * So a dialogue is pure: it says which bytes go out, in one write, and of bytes that were
 * looked at but not read, how many are the answer's. It has steps, each a write and its answer,
 * of one kind (muxer.h, socks5.h, http.h); a proxy that is behind a VMM comes after the VMM.
 * Which come one after the other is speak.c's business, where the socket is. Another kind is
 * another file. Who holds a dialogue may wait in any way: the shim in connect() (enter.c), a
 * broker in its loop.
 */
#ifndef VSOCKIFY_ROUTE_DIALOGUE_H
#define VSOCKIFY_ROUTE_DIALOGUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "destination.h"

/* How long it may take if nothing was said about that: to a VMM, as the kernel's VM sockets
 * (VSOCK_DEFAULT_CONNECT_TIMEOUT); and to a proxy, which may go far. */
#define DIALOGUE_USUAL_MS 2000
#define DIALOGUE_FAR_MS   30000

/* The longest write of all: an HTTP request for a long name, with a long password. */
#define DIALOGUE_OUT_MAX    1536
#define DIALOGUE_ANSWER_MAX 32

enum step {
	STEP_OVER,
	STEP_MUXER,
	STEP_SOCKS5_METHOD,
	STEP_SOCKS5_USER,
	STEP_SOCKS5_REQUEST,
	STEP_HTTP,
};

/* What it means that it failed, beside the errno. */
enum why {
	WHY_UNKNOWN,
	WHY_MUXER,  /* the errno says it */
	WHY_REMOTE, /* the proxy has tried, and the errno says what came of it */
	WHY_RULES,
	WHY_METHOD,
	WHY_PASSWORD,
	WHY_FILE,
	WHY_NAME,
	WHY_NONSENSE,
	WHY_CLOSED,
	WHY_LATE,
	WHYS,
};

struct dialogue {
	uint8_t step;                     /* enum step */
	bool said;                        /* what this step says is out, and not answered yet */
	uint8_t why;                      /* enum why, after a failure */
	bool at_start;                    /* HTTP: of a line, behind the first */
	uint16_t have;                    /* of this step's answer, so far */
	char answer[DIALOGUE_ANSWER_MAX]; /* as much of that as has to be known */
};

/* dialogue_step() - go on with another one */
static inline void dialogue_step(struct dialogue *d, enum step step)
{
	*d = (struct dialogue){.step = (uint8_t)step};
}

/* dialogue_failed() - note why; the negated errno, for the caller to return */
static inline int dialogue_failed(struct dialogue *d, enum why why, int error)
{
	d->why = (uint8_t)why;
	return -error;
}

/*
 * dialogue_is_owed() - has a VMM been told something that it has not answered yet?
 *
 * A socket in this state must not be closed if that can be helped: vhost-device-vsock 0.3.0
 * ends all of its guest's VM sockets for good then.
 */
static inline bool dialogue_is_owed(const struct dialogue *d)
{
	return d->step == STEP_MUXER && d->said;
}

#endif
