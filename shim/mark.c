/* SPDX-License-Identifier: MIT */
/*
 * mark.c - reads and writes the words of a socket that a mark is kept in
 *
 * What stands in them: pack.h.
 */
#include "mark.h"

#include "engine.h"
#include "kernel/sys.h"
#include "log/log.h"
#include "transport/transport.h"

#ifndef SO_GET_FILTER
#define SO_GET_FILTER SO_ATTACH_FILTER
#endif

/*
 * Word A could not be read: does that say that the socket is of another family? Most say so in
 * these words. Some have words of their own, and where a sandbox forbids to ask for options,
 * the name tells the family, so that such a sandbox is felt by VM sockets alone.
 */
static bool is_other_family(int fd, int error)
{
	sa_family_t family;
	socklen_t len = sizeof family;
	int result;

	if (sys_no_option(error))
		return true;
	result = sys_getsockname(fd, &family, &len);
	return result == 0 ? !transport_may_be_meant(rules(), family) : sys_no_option(result);
}

static int ask_word_a(int fd, uint64_t *a, bool *muxed)
{
	int result = transport_get_word_a(fd, a, muxed);

	if (result <= 0)
		return result;
	result = pack_is_mark(*a);
	if (result < 0)
		log_other_version(fd, -result);
	return result;
}

/* 1: it is a mark's; 0: it is not, or @fd has none; or a negated errno. */
static int get_word_a(int fd, uint64_t *a, bool *muxed)
{
	int result = ask_word_a(fd, a, muxed);

	return result < 0 && is_other_family(fd, result) ? 0 : result;
}

static int get_word_b(int fd, uint64_t *b)
{
	socklen_t len = sizeof *b;

	*b = 0;
	return sys_getsockopt(fd, SOL_SOCKET, SO_MAX_PACING_RATE, b, &len);
}

static int set_word_b(int fd, uint64_t b)
{
	return sys_setsockopt(fd, SOL_SOCKET, SO_MAX_PACING_RATE, &b, sizeof b);
}

/* The kernel's initial value is -1. */
static int get_word_c(int fd, uint32_t *c)
{
	int number = -1, result = sys_getsockopt_int(fd, SOL_SOCKET, SO_INCOMING_CPU, &number);

	*c = number < 0 ? 0 : (uint32_t)number;
	return result;
}

static int set_word_c(int fd, uint32_t c)
{
	return sys_setsockopt(fd, SOL_SOCKET, SO_INCOMING_CPU, &c, sizeof c);
}

static int filter_read(int fd, struct mark *m, enum form form)
{
	struct filter f;
	socklen_t count = FILTER_MAX; /* this option counts instructions, not bytes */
	int result = sys_getsockopt(fd, SOL_SOCKET, SO_GET_FILTER, f.code, &count);

	if (result < 0)
		return result;
	f.count = count;
	unpack_filter(m, form, &f);
	return 0;
}

static int filter_write(int fd, const struct mark *m, enum form form)
{
	struct filter f;
	struct sock_fprog program = {.filter = f.code};

	pack_filter(m, form, &f);
	program.len = (unsigned short)f.count;
	return sys_setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

/* ---- whole marks ---- */

int mark_head(int fd, struct mark *m)
{
	uint64_t a;
	bool muxed;
	int result = get_word_a(fd, &a, &muxed);

	if (result == 1) {
		unpack_head(m, a);
		m->muxed = muxed;
	}
	return result;
}

int mark_head_of_ours(int fd, struct mark *m)
{
	uint64_t a;
	bool muxed;
	int result = ask_word_a(fd, &a, &muxed);

	if (result == 1) {
		unpack_head(m, a);
		m->muxed = muxed;
	}
	return result;
}

/* Flags and addresses; @a is word A. 0, or a negated errno. */
static int read_names(int fd, uint64_t a, bool muxed, struct mark *m)
{
	struct words w = {.a = a, .b = WORD_B_EMPTY, .c = WORD_C_EMPTY};
	enum form form = unpack_head(m, a);
	int result;

	m->muxed = muxed;
	if (unpack_is_whole(a))
		return 0;
	if (form == FORM_FILTER)
		return filter_read(fd, m, form);
	result = transport_has_word_b(muxed) ? get_word_b(fd, &w.b) : 0;
	if (result == 0 && form != FORM_COMPACT)
		result = get_word_c(fd, &w.c);
	if (result == 0)
		unpack_places(m, &w);
	return result;
}

int mark_names(int fd, struct mark *m)
{
	uint64_t a;
	bool muxed;
	int result = get_word_a(fd, &a, &muxed);

	if (result == 1)
		result = read_names(fd, a, muxed, m) ?: 1;
	return result;
}

/* What read_names() left out; 0, or a negated errno. */
static int read_rest(int fd, uint64_t a, struct mark *m)
{
	enum form form = unpack_form(a);
	uint32_t c;
	int result = 0;

	if (form == FORM_COMPACT && !unpack_is_whole(a)) {
		result = get_word_c(fd, &c);
		unpack_times(m, c);
	}
	if (result == 0 && form != FORM_FILTER && m->filtered)
		result = filter_read(fd, m, form);
	return result;
}

int mark_read(int fd, struct mark *m)
{
	uint64_t a;
	bool muxed;
	int result = get_word_a(fd, &a, &muxed);

	if (result == 1)
		result = read_names(fd, a, muxed, m) ?: read_rest(fd, a, m) ?: 1;
	return result;
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
