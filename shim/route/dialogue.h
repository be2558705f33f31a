/* SPDX-License-Identifier: MIT */
/*
 * dialogue.h - what is said on a connection before it is the program's
 *
 * Theory of operation
 *
 * Whom a connection meets before its peer wants a few words: "CONNECT 80", and the answer is
 * "OK 1073741824". Then the stream is the program's, and its server may speak first, so that
 * not a byte may be read beyond the answer.
 *
 * So a dialogue is pure: it says which bytes go out, in one write, and of bytes that were
 * looked at but not read, how many are the answer's. Today there is one kind, a VMM's
 * (muxer.h); another is a file beside that, and the choice in speak.c, where the socket is. Who
 * holds a dialogue may wait in any way: the shim in connect() (enter.c), a broker in its loop.
 */
#ifndef VSOCKIFY_ROUTE_DIALOGUE_H
#define VSOCKIFY_ROUTE_DIALOGUE_H

#include <stdbool.h>
#include <stdint.h>

/* How long it may take if nothing was said about that; as the kernel's VM sockets:
 * VSOCK_DEFAULT_CONNECT_TIMEOUT */
#define DIALOGUE_USUAL_MS 2000

#define DIALOGUE_OUT_MAX    24
#define DIALOGUE_ANSWER_MAX 32

struct dialogue {
	uint8_t out_size; /* of what is to be said now; 0: it was */
	uint8_t have;     /* of the answer, so far */
	char out[DIALOGUE_OUT_MAX];
	char answer[DIALOGUE_ANSWER_MAX];
};

/*
 * dialogue_is_owed() - was something said that is not answered yet? (Until the end of it.)
 *
 * A socket in this state must not be closed if that can be helped: vhost-device-vsock 0.3.0
 * ends all of its guest's VM sockets for good then.
 */
static inline bool dialogue_is_owed(const struct dialogue *d)
{
	return d->out_size == 0;
}

#endif
