/* SPDX-License-Identifier: MIT */
/*
 * pack.c - a mark as the words of a socket hold it
 *
 * Word A, from the top:  3 bits magic, 1 peer, 8 flags, 2 form, then, by form:
 *   FORM_COMPACT  2 kind, 32 value, 16 port: the local address, and the peer's is in B; or,
 *                 with the bit `peer`, the peer's, as of most clients, and B and C are empty
 *   FORM_WIDE_*   1 bit that C has no room for, 1 shut, bytes 0..3 of the address, its port;
 *                 bytes 4..11 are in B, the rest in C; the other address is PLACE_NONE
 *   FORM_FILTER   nothing: all is in the filter
 * A Unix socket, which has no word B, never has a wide form. There these two say that the
 * connection is pending (FORM_WIDE_PEER) or carried (FORM_WIDE_LOCAL), and the form is
 * FORM_COMPACT with the bit `peer`, else FORM_FILTER: one of them, for there is a peer.
 * Word B in FORM_COMPACT, from the top: 2 kind, 32 value, 16 port, 1 shut, 1 quickack, 1 cork,
 * 1 reuseport, 7 keepcnt, 1 any_port, 2 magic. Word C: 1 zero, 15 keepidle, 15 keepintvl, 1
 * lingers.
 *
 * Whatever a mark is unpacked from may have been written by somebody else, who means harm.
 */
#include "pack.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#define A_MAGIC_SHIFT 61
/* The layout's number: 4, 5 or 6, so that the top bit is set, and ~0 is no mark ("no limit").
 * Another one with every change of what the words mean. (A test builds a "next version".) */
#ifndef A_MAGIC
#define A_MAGIC UINT64_C(5)
#endif
#define A_MAGIC_FIRST    UINT64_C(4)
#define A_MAGIC_LAST     UINT64_C(6)
#define A_PEER           (UINT64_C(1) << 60)
#define A_BEGUN          (UINT64_C(1) << 59) /* of a restricted listener: awaited */
#define A_V6             (UINT64_C(1) << 58)
#define A_V6ONLY         (UINT64_C(1) << 57)
#define A_NODELAY        (UINT64_C(1) << 56)
#define A_RESTRICTED     (UINT64_C(1) << 55)
#define A_INHERIT        (UINT64_C(1) << 54)
#define A_SILENT         (UINT64_C(1) << 53)
#define A_FILTERED       (UINT64_C(1) << 52)
#define A_FORM_SHIFT     50
#define A_WIDE_LAST_BIT  (UINT64_C(1) << 49)
#define A_WIDE_SHUT      (UINT64_C(1) << 48)
#define PLACE_KIND_SHIFT 48

#define B_PLACE_SHIFT   14
#define B_SHUT          (UINT64_C(1) << 13)
#define B_QUICKACK      (UINT64_C(1) << 12)
#define B_CORK          (UINT64_C(1) << 11)
#define B_REUSEPORT     (UINT64_C(1) << 10)
#define B_KEEPCNT_SHIFT 3
#define B_ANY_PORT      (UINT64_C(1) << 2) /* where there is a peer: refused */
#define B_MAGIC         UINT64_C(1)        /* of the low two bits; the default, ~0, has 3 */
#define B_MAGIC_MASK    UINT64_C(3)

#define C_KEEPIDLE_SHIFT  16
#define C_KEEPINTVL_SHIFT 1
#define KEEP_TIME_MASK    0x7fff
#define C_LINGERS         1u

/* Tags in the filter beside those of the options table. */
enum { TAG_LOCAL = 240, TAG_PEER = 245, TAG_SMALL = 250 };
_Static_assert(FILTER_MAX >= 1 + 5 + 5 + 2 + MARK_EXTRAS_MAX + 1, "all of a mark fits");

static uint64_t pack_place(const struct place *place)
{
	return (uint64_t)place->kind << PLACE_KIND_SHIFT | (uint64_t)place->value << 16 |
	       place->port;
}

static struct place unpack_place(uint64_t bits)
{
	return (struct place){
		.kind = (enum place_kind)(bits >> PLACE_KIND_SHIFT & 3),
		.value = (uint32_t)(bits >> 16),
		.port = (uint16_t)bits,
	};
}

static bool place_is_empty(const struct place *place)
{
	return place->kind == PLACE_NONE && place->port == 0;
}

static bool has_small_options(const struct mark *m)
{
	return m->quickack_off || m->cork || m->reuseport || m->any_port || m->refused ||
	       m->keepcnt || m->keepidle || m->keepintvl || m->lingers;
}

/* Beside flags of word A. */
static bool has_only_peer(const struct mark *m)
{
	return m->peer.kind != PLACE_NONE && place_is_empty(&m->local) && !m->shut &&
	       !has_small_options(m);
}

enum form pack_form(const struct mark *m)
{
	bool wide_local = m->local.kind == PLACE_FULL, wide_peer = m->peer.kind == PLACE_FULL;

	if (!wide_local && !wide_peer)
		return FORM_COMPACT;
	if (has_small_options(m))
		return FORM_FILTER;
	if (wide_peer && place_is_empty(&m->local))
		return FORM_WIDE_PEER;
	if (wide_local && place_is_empty(&m->peer))
		return FORM_WIDE_LOCAL;
	return FORM_FILTER;
}

static uint64_t pack_flags(const struct mark *m, enum form form)
{
	return A_MAGIC << A_MAGIC_SHIFT | (m->v6 ? A_V6 : 0) | (m->v6only ? A_V6ONLY : 0) |
	       (m->nodelay ? A_NODELAY : 0) | (m->restricted ? A_RESTRICTED : 0) |
	       (m->begun || m->awaited ? A_BEGUN : 0) | (m->inherit ? A_INHERIT : 0) |
	       (m->silent ? A_SILENT : 0) |
	       (m->extra_count || form == FORM_FILTER ? A_FILTERED : 0) |
	       (uint64_t)form << A_FORM_SHIFT;
}

static uint64_t pack_small(const struct mark *m)
{
	return (m->shut ? B_SHUT : 0) | (m->quickack_off ? B_QUICKACK : 0) |
	       (m->cork ? B_CORK : 0) | (m->reuseport ? B_REUSEPORT : 0) |
	       (m->any_port || m->refused ? B_ANY_PORT : 0) |
	       (uint64_t)m->keepcnt << B_KEEPCNT_SHIFT | B_MAGIC;
}

static void unpack_small(struct mark *m, uint64_t b)
{
	m->shut = b & B_SHUT;
	m->quickack_off = b & B_QUICKACK;
	m->cork = b & B_CORK;
	m->reuseport = b & B_REUSEPORT;
	m->any_port = b & B_ANY_PORT;
	m->keepcnt = b >> B_KEEPCNT_SHIFT & 0x7f;
}

/* Only a socket without a peer has to know that it is bound to any port. */
static void tell_refused(struct mark *m)
{
	m->refused = m->any_port && m->peer.kind != PLACE_NONE;
	m->any_port = m->any_port && !m->refused;
}

static uint32_t pack_times(const struct mark *m)
{
	return (uint32_t)m->keepidle << C_KEEPIDLE_SHIFT |
	       (uint32_t)m->keepintvl << C_KEEPINTVL_SHIFT | (m->lingers ? C_LINGERS : 0);
}

void unpack_times(struct mark *m, uint32_t c)
{
	m->keepidle = c >> C_KEEPIDLE_SHIFT & KEEP_TIME_MASK;
	m->keepintvl = c >> C_KEEPINTVL_SHIFT & KEEP_TIME_MASK;
	m->lingers = c & C_LINGERS;
}

/* Spread a full address over the words; @c has 31 bits, so its last goes to @a. */
static void pack_wide(const struct place *place, uint64_t *a, uint64_t *b, uint32_t *c)
{
	uint32_t first, last;

	memcpy(&first, place->ip, 4);
	memcpy(b, place->ip + 4, 8);
	memcpy(&last, place->ip + 12, 4);
	*a |= (uint64_t)first << 16 | place->port | (last & 1 ? A_WIDE_LAST_BIT : 0);
	*c = last >> 1;
}

static struct place unpack_wide(uint64_t a, uint64_t b, uint32_t c)
{
	struct place place = {.kind = PLACE_FULL, .port = (uint16_t)a};
	uint32_t first = (uint32_t)(a >> 16), last = c << 1 | (a & A_WIDE_LAST_BIT ? 1 : 0);

	memcpy(place.ip, &first, 4);
	memcpy(place.ip + 4, &b, 8);
	memcpy(place.ip + 12, &last, 4);
	return place;
}

/* ---- the filter ---- */

static void filter_add(struct filter *f, uint8_t tag, uint32_t value)
{
	f->code[f->count++] =
		(struct sock_filter){.code = BPF_LD | BPF_IMM, .jt = tag, .k = value};
}

/* An address takes five instructions: kind and port, then the value or the four words. */
static void filter_add_place(struct filter *f, uint8_t tag, const struct place *place)
{
	uint32_t words[4] = {place->value};

	if (place->kind == PLACE_FULL)
		memcpy(words, place->ip, sizeof words);
	filter_add(f, tag, (uint32_t)place->kind << 16 | place->port);
	for (int i = 0; i < 4; i++)
		filter_add(f, (uint8_t)(tag + 1 + i), words[i]);
}

/* The address that begins at @code, of which @left instructions are there; false if it is none
 * that was written here. */
static bool read_place(const struct sock_filter *code, unsigned left, struct place *place)
{
	uint32_t words[4];

	if (left < 5 || code[0].k >> 16 > PLACE_FULL)
		return false;
	for (int i = 0; i < 4; i++) {
		if (code[1 + i].jt != code[0].jt + 1 + i)
			return false;
		words[i] = code[1 + i].k;
	}
	place->kind = (enum place_kind)(code[0].k >> 16);
	place->port = (uint16_t)code[0].k;
	place->value = words[0];
	if (place->kind == PLACE_FULL)
		memcpy(place->ip, words, sizeof words);
	return true;
}

void pack_filter(const struct mark *m, enum form form, struct filter *f)
{
	f->count = 0;
	filter_add(f, 0, FILTER_MAGIC);
	if (form == FORM_FILTER) {
		filter_add_place(f, TAG_LOCAL, &m->local);
		filter_add_place(f, TAG_PEER, &m->peer);
		filter_add(f, TAG_SMALL, (uint32_t)pack_small(m));
		filter_add(f, TAG_SMALL + 1, pack_times(m));
	}
	for (unsigned i = 0; i < m->extra_count; i++)
		filter_add(f, m->extras[i].tag, m->extras[i].value);
	f->code[f->count++] = (struct sock_filter){.code = BPF_RET | BPF_K, .k = UINT32_MAX};
}

/* One of the instructions whose tag is none of an option; how many it takes. */
static unsigned read_tagged(struct mark *m, const struct sock_filter *code, unsigned left)
{
	switch (code->jt) {
	case TAG_LOCAL:
		return read_place(code, left, &m->local) ? 5 : 1;
	case TAG_PEER:
		return read_place(code, left, &m->peer) ? 5 : 1;
	case TAG_SMALL:
		unpack_small(m, code->k);
		return 1;
	case TAG_SMALL + 1:
		unpack_times(m, code->k);
		return 1;
	default: /* not written here */
		return 1;
	}
}

void unpack_filter(struct mark *m, enum form form, const struct filter *f)
{
	unsigned i = 1, end = f->count - 1; /* between the magic and the return */

	if (f->count < 2 || f->count > FILTER_MAX || f->code[0].k != FILTER_MAGIC)
		return;
	while (i < end) {
		const struct sock_filter *code = &f->code[i];

		if (code->jt >= TAG_LOCAL) {
			/* what the words hold now may be in an older filter still */
			i += form == FORM_FILTER ? read_tagged(m, code, end - i) : 1;
			continue;
		}
		if (m->extra_count < MARK_EXTRAS_MAX)
			m->extras[m->extra_count++] = (struct extra){code->jt, code->k};
		i++;
	}
	if (form == FORM_FILTER)
		tell_refused(m);
}

/* ---- words ---- */

int pack_is_mark(uint64_t a)
{
	uint64_t magic = a >> A_MAGIC_SHIFT;

	if (magic == A_MAGIC)
		return 1;
	return magic >= A_MAGIC_FIRST && magic <= A_MAGIC_LAST ? -EPROTO : 0;
}

enum form unpack_form(uint64_t a)
{
	return (enum form)(a >> A_FORM_SHIFT & 3);
}

bool unpack_is_whole(uint64_t a)
{
	return a & A_PEER;
}

enum form unpack_head(struct mark *m, uint64_t a)
{
	enum form form = unpack_form(a);

	memset(m, 0, offsetof(struct mark, extras));
	m->v6 = a & A_V6;
	m->v6only = a & A_V6ONLY;
	m->nodelay = a & A_NODELAY;
	m->restricted = a & A_RESTRICTED;
	m->begun = a & A_BEGUN && !m->restricted;
	m->awaited = a & A_BEGUN && m->restricted;
	m->inherit = a & A_INHERIT;
	m->silent = a & A_SILENT;
	m->filtered = a & A_FILTERED;
	m->extended = m->filtered || form != FORM_COMPACT;
	if (a & A_PEER)
		m->peer = unpack_place(a);
	else if (form == FORM_COMPACT)
		m->local = unpack_place(a);
	return form;
}

void unpack_places(struct mark *m, const struct words *w)
{
	enum form form = unpack_form(w->a);

	if (form == FORM_COMPACT && (w->b & B_MAGIC_MASK) == B_MAGIC) {
		m->peer = unpack_place(w->b >> B_PLACE_SHIFT);
		unpack_small(m, w->b);
		tell_refused(m);
	} else if (form == FORM_WIDE_PEER || form == FORM_WIDE_LOCAL) {
		struct place *place = form == FORM_WIDE_PEER ? &m->peer : &m->local;

		*place = unpack_wide(w->a, w->b, w->c);
		m->shut = w->a & A_WIDE_SHUT;
	}
}

_Static_assert((int)FORM_WIDE_PEER == (int)PENDING_YES &&
		       (int)FORM_WIDE_LOCAL == (int)PENDING_CARRIED,
	       "one stands for the other");

#define A_FORM_MASK (UINT64_C(3) << A_FORM_SHIFT)

uint64_t pack_pending(uint64_t a, uint8_t pending)
{
	return pending == PENDING_NO ? a
				     : (a & ~A_FORM_MASK) | (uint64_t)pending << A_FORM_SHIFT;
}

uint64_t unpack_pending(uint64_t a, uint8_t *pending)
{
	enum form form = unpack_form(a);

	*pending = PENDING_NO;
	if (form != FORM_WIDE_PEER && form != FORM_WIDE_LOCAL)
		return a;
	*pending = (uint8_t)form;
	form = a & A_PEER ? FORM_COMPACT : FORM_FILTER;
	return (a & ~A_FORM_MASK) | (uint64_t)form << A_FORM_SHIFT;
}

struct words pack_words(const struct mark *m, enum form form)
{
	struct words w = {.a = pack_flags(m, form), .b = WORD_B_EMPTY};

	if (form == FORM_COMPACT && has_only_peer(m)) {
		w.a |= A_PEER | pack_place(&m->peer);
	} else if (form == FORM_COMPACT) {
		w.a |= pack_place(&m->local);
		w.b = pack_place(&m->peer) << B_PLACE_SHIFT | pack_small(m);
		w.c = pack_times(m);
	} else if (form != FORM_FILTER) {
		pack_wide(form == FORM_WIDE_PEER ? &m->peer : &m->local, &w.a, &w.b, &w.c);
		w.a |= m->shut ? A_WIDE_SHUT : 0;
	}
	return w;
}
