/* SPDX-License-Identifier: MIT */
/*
 * mark.h - what the shim remembers of a converted socket, kept on the socket itself
 *
 * Theory of operation
 *
 * A converted descriptor is a VM socket, and the kernel answers for all it knows. What
 * it cannot know (was this AF_INET or AF_INET6? which IP address did the program name?) is
 * written into socket options that mean nothing to a connected or listening VM socket
 * and that nobody needs a privilege to set. So the record travels with the socket through
 * dup, fork, exec, SCM_RIGHTS and pidfd_getfd, and there is no table to go stale.
 *
 *   word A  64 bits; an accepted socket has its listener's. Its top bit is always set. Says
 *           "converted", the family, flags, and one address: the local one, or the peer's of
 *           a client that has no other.
 *   word B  64 bits, SO_MAX_PACING_RATE: the peer's address, small options.
 *   word C  31 bits, SO_INCOMING_CPU: keep-alive times, or part of an address.
 *   filter  SO_ATTACH_FILTER: a filter that accepts everything, whose instructions carry what
 *           found no room. Costs about 45 us, so only rare sockets have one.
 *
 * Word A is the transport's: it says which option that is. Where it takes the one for word B,
 * there is none (transport_has_word_b()), and the filter holds what would stand in it.
 *
 * An address is *compact* when it is unspecified, IPv4, ::1, or made from a CID: 34 bits. One
 * full IPv6 address fits into B, C and part of A ("wide"); two go to the filter.
 *
 * All functions are plain system calls on the socket: async-signal-safe, errno untouched.
 * Two threads that change the mark of one socket at the same moment may lose one change.
 *
 * Each question below is answered 1 (a converted socket), 0 (none of ours: not a socket, of
 * another family, the program's own VM socket), or with a negated errno: the kernel did
 * not say, because the program's sandbox forbids to ask, or memory is short. That is never the
 * same as 0: a rule would be passed over, or a peer let in. The call that had to know fails
 * with this errno, unless nothing depends on it but how an error is worded.
 */
#ifndef VSOCKIFY_MARK_H
#define VSOCKIFY_MARK_H

#include <stdbool.h>
#include <stdint.h>

#include "pack.h"

/*
 * is_held() - is it a connection whose end of writing the VMM is not told of (shutdown.h)?
 * @m: with its names
 */
static inline bool is_held(const struct mark *m)
{
	return m->muxed && m->silent && m->shut && m->peer.kind != PLACE_NONE;
}

/* is_by_ipv4() - is it a client that was, or is to be, connected by IPv4? @m: with its names */
static inline bool is_by_ipv4(const struct mark *m)
{
	return !m->v6 || m->peer.kind == PLACE_IPV4;
}

/*
 * mark_head() - is this a converted socket, and what does word A say?
 * @m: flags and, if it is compact, the address in word A; undefined unless it returns 1
 * Return: 1, 0, or a negated errno (see above); one system call, if there is an answer
 */
int mark_head(int fd, struct mark *m);

/*
 * mark_head_of_ours() - the same for what is known to be a VM socket
 * Return: 1, 0 or a negated errno; 0 only where the kernel gave a word that is no mark
 */
int mark_head_of_ours(int fd, struct mark *m);

/*
 * mark_names() - flags and both addresses, not every option
 * Return: 1, 0, or a negated errno; one or two system calls, rarely three
 */
int mark_names(int fd, struct mark *m);

/*
 * mark_read() - the whole mark
 * Return: 1, 0, or a negated errno
 */
int mark_read(int fd, struct mark *m);

/*
 * mark_write() - write a mark, as far as it differs from what is there
 * @before: what is there, from mark_read(); from mark_head() if it is not `extended` and
 *          nothing but what mark_head() gives has changed; NULL for a fresh socket, whose
 *          words are all as the kernel made them
 * @after: what is to be there
 * Return: 0, or a negated errno (ENOMEM, where the filter finds no memory)
 */
int mark_write(int fd, const struct mark *before, const struct mark *after);

#endif
