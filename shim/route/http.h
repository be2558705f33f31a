/* SPDX-License-Identifier: MIT */
/*
 * http.h - the dialogue with an HTTP proxy: CONNECT (RFC 9110), and Basic credentials
 *
 * Theory of operation
 *
 * One request, and the head of its response, which ends with an empty line: what is behind
 * that, after a 2xx, is the program's. Of the head only the status counts, and a refusal at
 * once; the fields of it are read and forgotten, 8 KiB at most, since nothing has to be kept of
 * what is no end. So all that was seen up to the end is taken, and nothing of it waits to be
 * looked at again.
 *
 * Pure functions; fuzzed (tests/fuzz/proxy.c).
 */
#ifndef VSOCKIFY_ROUTE_HTTP_H
#define VSOCKIFY_ROUTE_HTTP_H

#include "dialogue.h"

/* http_say() - the request; how many bytes */
size_t http_say(const struct destination *to, const struct credentials *own,
		char out[DIALOGUE_OUT_MAX]);

/* http_take() - go on with what was seen; as socks5_take() */
int http_take(struct dialogue *d, const char *seen, size_t size, size_t *taken);

#endif
