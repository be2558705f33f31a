/* SPDX-License-Identifier: MIT */
/*
 * socks5.h - the dialogue with a SOCKS5 proxy (RFC 1928), and its passwords (RFC 1929)
 *
 * Theory of operation
 *
 * Greeting, with the methods that we know, and the one that the proxy chooses; user and
 * password, if it wants them; the request, CONNECT to a name or an address, and the reply. Each
 * is an own write, since some proxies (Debian's microsocks) lose what comes with the greeting.
 * As a setting of the proxy's, `one_write`, all go out together, and the answers come one after
 * the other; then a user is the only method that is offered.
 *
 * Answers have lengths, and are read byte by byte as far as these go: a method 2, a reply at
 * least 7 with the address that the proxy connects from, of which nothing is made. A refusal
 * counts as soon as it is seen, whole or not.
 *
 * Pure functions; fuzzed (tests/fuzz/proxy.c).
 */
#ifndef VSOCKIFY_ROUTE_SOCKS5_H
#define VSOCKIFY_ROUTE_SOCKS5_H

#include "dialogue.h"

/* socks5_say() - what this step says; how many bytes */
size_t socks5_say(const struct dialogue *d, const struct destination *to,
		  const struct credentials *own, bool one_write, char out[DIALOGUE_OUT_MAX]);

/*
 * socks5_take() - go on with what was seen
 * @offers_user: there is a user
 * @seen, @size: what lies there to be read; 0 bytes: the end
 * @taken: how many of them are this step's answer, to be read now
 * Return: 1: the proxy has connected; 0: there is more to come, or to be said; or a negated
 * errno of TCP's
 */
int socks5_take(struct dialogue *d, bool offers_user, bool one_write, const char *seen,
		size_t size, size_t *taken);

#endif
