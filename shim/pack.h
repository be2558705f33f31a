/* SPDX-License-Identifier: MIT */
/*
 * pack.h - a mark, and the words of a socket that hold it
 *
 * Theory of operation
 *
 * Where a mark is kept is mark.h's business, what stands there this one's: word A says which
 * form the mark has, and by that what the other words and the filter mean. A socket may come
 * from another program, with words of its own making; so unpacking takes every word for what
 * it may be, and what comes out is always a mark that can be used: no kind of address that
 * does not exist, no more options than there is room for, nothing that is not filled in.
 *
 * Pure functions: no system call, async-signal-safe; fuzzed (tests/fuzz/mark.c).
 */
#ifndef VSOCKIFY_PACK_H
#define VSOCKIFY_PACK_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stdint.h>

#include "place.h"

/* Values that only have to be read back, by index into the options table (kept.h). */
#define MARK_EXTRAS_MAX 40
struct extra {
	uint8_t tag;
	uint32_t value;
};

/* How far a connection is that the broker makes. NO: none of those, or no more. */
enum pending { PENDING_NO, PENDING_YES, PENDING_CARRIED };

struct mark {
	bool v6;         /* made as AF_INET6 */
	bool v6only;     /* IPV6_V6ONLY was on at bind */
	bool nodelay;    /* TCP_NODELAY */
	bool restricted; /* listener whose rule has accept_from */
	bool awaited;    /* such a listener, at which a blocking accept() waited */
	bool inherit;    /* listener with options that accepted sockets must get */
	bool silent;     /* listener that must never give a connection; connection that is to
			    write no more, after its peer has gone or where it is held (is_held())
			  */
	bool begun;      /* a non-blocking connect() was not asked about yet */
	bool extended;   /* mark_head() does not tell all */
	bool filtered;   /* a filter carries a part */
	bool muxed;      /* on a Unix socket, where only word A and the filter are (muxer.h) */
	uint8_t pending; /* enum pending; only on a Unix socket */
	struct place local;
	struct place peer; /* the address that connect() was given, or saved by shutdown() */
	bool shut;         /* shutdown() was called, and the kernel forgot the peer */
	bool quickack_off, cork, reuseport; /* TCP_QUICKACK 0, TCP_CORK, SO_REUSEPORT */
	bool any_port;                      /* the program bound port 0 */
	bool refused;    /* connection that accept() gave when it had ended it (refuse.h) */
	bool lingers;    /* SO_LINGER is on, with a time that stands on the socket (linger.h) */
	uint8_t keepcnt; /* TCP_KEEPCNT, 0: not set */
	uint16_t keepidle, keepintvl; /* TCP_KEEPIDLE, TCP_KEEPINTVL in seconds, 0: not set */
	unsigned extra_count;
	struct extra extras[MARK_EXTRAS_MAX];
};

enum form { FORM_COMPACT, FORM_WIDE_PEER, FORM_WIDE_LOCAL, FORM_FILTER };

/* Words A, B and C; a fresh socket's B and C are taken for these two. */
struct words {
	uint64_t a, b;
	uint32_t c;
};
#define WORD_B_EMPTY UINT64_C(1)
#define WORD_C_EMPTY UINT32_C(0)

#define FILTER_MAGIC 0x76736b66u /* of the first instruction: "vskf" */
#define FILTER_MAX   (MARK_EXTRAS_MAX + 16)
struct filter {
	unsigned count; /* of instructions */
	struct sock_filter code[FILTER_MAX];
};

/* ---- packing ---- */

/* pack_form() - the form that a mark takes */
enum form pack_form(const struct mark *m);

/* pack_words() - the words of a mark; @form: of pack_form() */
struct words pack_words(const struct mark *m, enum form form);

/*
 * pack_pending(), unpack_pending() - word A of a Unix socket, with what it says of `pending`,
 * and without
 */
uint64_t pack_pending(uint64_t a, uint8_t pending);
uint64_t unpack_pending(uint64_t a, uint8_t *pending);

/* pack_filter() - its filter, which says all of it that the words do not */
void pack_filter(const struct mark *m, enum form form, struct filter *f);

/* ---- unpacking, in this order; each adds to @m what it knows ---- */

/*
 * pack_is_mark() - is this word A of a mark?
 * Return: 1, 0, or -EPROTO: of another version, which may mean something else by every bit.
 * Sockets come from other programs, under another shim perhaps; what that one has made of them
 * cannot be told, so it is neither ours nor the program's own.
 */
int pack_is_mark(uint64_t a);

/* unpack_form(), unpack_head() - its form; and all else that it says. @m is written anew. */
enum form unpack_form(uint64_t a);
enum form unpack_head(struct mark *m, uint64_t a);

/* unpack_is_whole() - do the words B and C say nothing? (A filter may.) */
bool unpack_is_whole(uint64_t a);

/* unpack_places() - what the words A and B, and C in the wide forms, say of addresses */
void unpack_places(struct mark *m, const struct words *w);

/* unpack_times() - what word C says in FORM_COMPACT */
void unpack_times(struct mark *m, uint32_t c);

/* unpack_filter() - what a filter says; nothing, if none of ours could have written it */
void unpack_filter(struct mark *m, enum form form, const struct filter *f);

#endif
