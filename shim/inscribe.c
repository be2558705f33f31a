/* SPDX-License-Identifier: MIT */
/*
 * inscribe.c - writes the words of a socket that a mark is kept in
 *
 * Apart from mark.c, which asks whoever caught the call what the rules say: this file asks
 * nobody, so that the broker can write the mark of a connection that it makes for a program.
 */
#include "mark.h"

#include "kernel/sys.h"
#include "transport/transport.h"

static int set_word_b(int fd, uint64_t b)
{
	return sys_setsockopt(fd, SOL_SOCKET, SO_MAX_PACING_RATE, &b, sizeof b);
}

static int set_word_c(int fd, uint32_t c)
{
	return sys_setsockopt(fd, SOL_SOCKET, SO_INCOMING_CPU, &c, sizeof c);
}

static int filter_write(int fd, const struct mark *m, enum form form)
{
	struct filter f;
	struct sock_fprog program = {.filter = f.code};

	pack_filter(m, form, &f);
	program.len = (unsigned short)f.count;
	return sys_setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

static bool same_extras(const struct mark *a, const struct mark *b)
{
	if (a->extra_count != b->extra_count)
		return false;
	for (unsigned i = 0; i < a->extra_count; i++)
		if (a->extras[i].tag != b->extras[i].tag ||
		    a->extras[i].value != b->extras[i].value)
			return false;
	return true;
}

/* Words say what others mean: if one cannot be written, the ones before are put back. */
static int write_words(int fd, const struct words *old, const struct words *new, bool always_b,
		       bool muxed)
{
	int result = new->a != old->a ? transport_set_word_a(fd, new->a, muxed) : 0;

	if (result < 0)
		return result;
	if (new->b != old->b || always_b)
		result = set_word_b(fd, new->b);
	if (result == 0 && new->c != old->c) {
		result = set_word_c(fd, new->c);
		if (result < 0 && new->b != old->b)
			set_word_b(fd, old->b);
	}
	if (result < 0 && new->a != old->a)
		transport_set_word_a(fd, old->a, muxed);
	return result;
}

/* The form that a mark takes on this socket: what would need a word B that is not there goes to
 * the filter. */
static enum form form_on(const struct mark *m)
{
	enum form form = pack_form(m);

	if (transport_has_word_b(m->muxed) ||
	    (form == FORM_COMPACT && pack_words(m, form).b == WORD_B_EMPTY))
		return form;
	return FORM_FILTER;
}

int mark_write(int fd, const struct mark *before, const struct mark *after)
{
	enum form form = form_on(after);
	bool wide = form == FORM_WIDE_PEER || form == FORM_WIDE_LOCAL;
	struct words old = {.a = 0, .b = WORD_B_EMPTY, .c = WORD_C_EMPTY},
		     new = pack_words(after, form);
	bool filter = form == FORM_FILTER ||
		      (after->extra_count && !(before && same_extras(before, after)));
	int result = 0;

	if (before)
		old = pack_words(before, form_on(before));
	if (after->muxed) {
		new.a = pack_pending(new.a, after->pending);
		old.a = before ? pack_pending(old.a, before->pending) : 0;
	}
	if (filter)
		result = filter_write(fd, after, form);
	if (result < 0)
		return result;
	/* a wide address's part may look like an empty word B, which is never written */
	result = write_words(fd, &old, &new, wide, after->muxed);
	if (result < 0 && filter && before && before->filtered)
		filter_write(fd, before, form_on(before));
	return result;
}
