/* SPDX-License-Identifier: MIT */
/*
 * mark.c - reads the words of a socket that a mark is kept in
 *
 * What stands in them: pack.h. They are written in inscribe.c.
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

/* The kernel's initial value is -1. */
static int get_word_c(int fd, uint32_t *c)
{
	int number = -1, result = sys_getsockopt_int(fd, SOL_SOCKET, SO_INCOMING_CPU, &number);

	*c = number < 0 ? 0 : (uint32_t)number;
	return result;
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

/* ---- whole marks ---- */

/* Out of line: what is frequent must not pay for what is rare. */
__attribute__((noinline)) static enum form unpack_of_unix(struct mark *m, uint64_t *a)
{
	uint8_t pending;
	enum form form;

	*a = unpack_pending(*a, &pending);
	form = unpack_head(m, *a);
	m->muxed = true;
	m->pending = pending;
	return form;
}

/* What word A says; *@a is as pack.h knows it afterwards. */
static inline enum form unpack_word_a(struct mark *m, uint64_t *a, bool muxed)
{
	return __builtin_expect(muxed, 0) ? unpack_of_unix(m, a) : unpack_head(m, *a);
}

int mark_head(int fd, struct mark *m)
{
	uint64_t a;
	bool muxed;
	int result = get_word_a(fd, &a, &muxed);

	if (result == 1)
		unpack_word_a(m, &a, muxed);
	return result;
}

int mark_head_of_ours(int fd, struct mark *m)
{
	uint64_t a;
	bool muxed;
	int result = ask_word_a(fd, &a, &muxed);

	if (result == 1)
		unpack_word_a(m, &a, muxed);
	return result;
}

/* Flags and addresses; *@a is word A. 0, or a negated errno. */
static int read_names(int fd, uint64_t *a, bool muxed, struct mark *m)
{
	struct words w = {.b = WORD_B_EMPTY, .c = WORD_C_EMPTY};
	enum form form = unpack_word_a(m, a, muxed);
	int result;

	if (unpack_is_whole(*a))
		return 0;
	w.a = *a;
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
		result = read_names(fd, &a, muxed, m) ?: 1;
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
		result = read_names(fd, &a, muxed, m) ?: read_rest(fd, a, m) ?: 1;
	return result;
}
