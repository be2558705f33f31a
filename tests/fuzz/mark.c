/* SPDX-License-Identifier: MIT */
/*
 * mark.c - a libFuzzer target: the words of a socket that somebody else has written
 *
 * Whatever stands there, what is unpacked can be used without a check of one's own, depends on
 * nothing but the words, and is unpacked again as it was when it is packed. The unit tests run
 * the same with a million random inputs (tests/unit/test_pack.c).
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "../../shim/pack.h"
#include "require.h"

int fuzz_mark(const uint8_t *data, size_t size);

/* What a socket holds. */
struct socket_words {
	struct words words;
	struct filter *filter;
};

/**
 * take() - the next bytes of the input; zeros where it has ended
 */
static void take(const uint8_t **data, size_t *size, void *to, size_t wanted)
{
	size_t have = *size < wanted ? *size : wanted;

	memset(to, 0, wanted);
	if (have > 0)
		memcpy(to, *data, have);
	*data += have;
	*size -= have;
}

/**
 * unpack() - a whole mark, in the order of mark_read()
 * @garbage: what lies in the memory where the mark will be
 */
static void unpack(struct mark *m, const struct socket_words *from, int garbage)
{
	enum form form;

	memset(m, garbage, sizeof *m);
	form = unpack_head(m, from->words.a);
	if (!unpack_is_whole(from->words.a)) {
		unpack_places(m, &from->words);
		if (form == FORM_COMPACT)
			unpack_times(m, from->words.c);
	}
	if (form == FORM_FILTER || m->filtered)
		unpack_filter(m, form, from->filter);
}

/**
 * same_place() - do two places say the same, as far as it means anything?
 */
static bool same_place(const struct place *one, const struct place *other)
{
	uint8_t one_ip[16], other_ip[16];

	require(one->kind <= PLACE_FULL && other->kind <= PLACE_FULL);
	place_ip(one, true, one_ip);
	place_ip(other, true, other_ip);
	return one->kind == other->kind && one->port == other->port &&
	       memcmp(one_ip, other_ip, sizeof one_ip) == 0;
}

/**
 * same_mark() - do two marks say the same? Beside how they were packed.
 */
static bool same_mark(const struct mark *one, const struct mark *other)
{
	require(one->extra_count <= MARK_EXTRAS_MAX);
	if (one->extra_count != other->extra_count)
		return false;
	for (unsigned i = 0; i < one->extra_count; i++)
		if (one->extras[i].tag != other->extras[i].tag ||
		    one->extras[i].value != other->extras[i].value)
			return false;
	return one->v6 == other->v6 && one->v6only == other->v6only &&
	       one->nodelay == other->nodelay && one->restricted == other->restricted &&
	       one->awaited == other->awaited && one->inherit == other->inherit &&
	       one->silent == other->silent && one->begun == other->begun &&
	       one->shut == other->shut && one->quickack_off == other->quickack_off &&
	       one->cork == other->cork && one->reuseport == other->reuseport &&
	       one->any_port == other->any_port && one->refused == other->refused &&
	       one->keepcnt == other->keepcnt && one->keepidle == other->keepidle &&
	       one->keepintvl == other->keepintvl && one->lingers == other->lingers &&
	       same_place(&one->local, &other->local) && same_place(&one->peer, &other->peer);
}

/**
 * check_pending() - the same of what a Unix socket's word A says of the broker
 */
static void check_pending(uint64_t a)
{
	uint8_t pending;
	uint64_t rest = unpack_pending(a, &pending);

	require(pending <= PENDING_CARRIED && pack_pending(rest, pending) == a);
	require(unpack_form(rest) == FORM_COMPACT || unpack_form(rest) == FORM_FILTER);
}

/**
 * check_words() - all that has to hold for what a socket holds
 */
static void check_words(const struct socket_words *from)
{
	struct mark one, other;
	struct socket_words again;
	struct filter filter;
	enum form form;

	if (pack_is_mark(from->words.a) != 1)
		return;
	check_pending(from->words.a);
	unpack(&one, from, 0xa5);
	unpack(&other, from, 0x5a);
	require(same_mark(&one, &other));
	form = pack_form(&one);
	again.words = pack_words(&one, form);
	again.filter = &filter;
	pack_filter(&one, form, &filter);
	require(filter.count <= FILTER_MAX && pack_is_mark(again.words.a) == 1);
	unpack(&other, &again, 0x5a);
	require(same_mark(&one, &other));
}

int fuzz_mark(const uint8_t *data, size_t size)
{
	struct socket_words from;
	uint8_t count, head;

	take(&data, &size, &from.words.a, sizeof from.words.a);
	take(&data, &size, &from.words.b, sizeof from.words.b);
	take(&data, &size, &from.words.c, sizeof from.words.c);
	take(&data, &size, &head, sizeof head);
	take(&data, &size, &count, sizeof count);
	/* no more than there is room for, as the kernel gives it; of its very size, so that a
	 * sanitizer sees what is read behind it */
	count = (uint8_t)(count % (FILTER_MAX + 1));
	from.filter =
		malloc(offsetof(struct filter, code) + count * sizeof from.filter->code[0]);
	if (!from.filter)
		return 0;
	from.filter->count = count;
	for (unsigned i = 0; i < count; i++) {
		struct sock_filter *code = &from.filter->code[i];

		code->code = BPF_LD | BPF_IMM;
		code->jf = 0;
		take(&data, &size, &code->jt, sizeof code->jt);
		take(&data, &size, &code->k, sizeof code->k);
	}
	if (head & 1 && count > 0) /* nothing is read without it */
		from.filter->code[0].k = FILTER_MAGIC;
	if (head & 2)
		from.words.a = from.words.a >> 3 | UINT64_C(5) << 61;
	check_words(&from);
	free(from.filter);
	return 0;
}
