/* SPDX-License-Identifier: MIT */
/*
 * settle.c - puts the real socket in the place of a pending one
 */
#include "settle.h"

#include <linux/sockios.h>
#include <stdatomic.h>

#include "ask.h"
#include "convert.h"
#include "kept.h"
#include "kernel/sys.h"
#include "log/log.h"
#include "route/speak.h"
#include "transport/transport.h"

/* ---- one at a time ---- */

/* Who is at it: process and descriptor + 1. (A child that was forked meanwhile is not.) */
#define CLAIMS 64
static _Atomic uint64_t claims[CLAIMS];

static uint64_t claim_of(int fd)
{
	return (uint64_t)SYS_CALL(SYS_getpid) << 32 | (uint32_t)(fd + 1);
}

/* Two descriptors may meet in one place; then one of them waits for the next question. */
static bool claim(int fd, uint64_t mine)
{
	_Atomic uint64_t *place = &claims[fd % CLAIMS];
	uint64_t there = atomic_load(place);

	return there >> 32 != mine >> 32 && atomic_compare_exchange_strong(place, &there, mine);
}

static void release(int fd)
{
	atomic_store(&claims[fd % CLAIMS], 0);
}

/* ---- the exchange ---- */

/* The mark of the real socket. Its port is the kernel's, unless it is the one that was asked
 * for. */
static struct mark mark_afterwards(int spare, const struct mark *m)
{
	struct mark after = *m;
	struct vm_address own;

	after.pending = PENDING_NO;
	kept_drop(&after, option_find(SOL_SOCKET, SO_SNDBUF));
	if (transport_local(spare, &own) != 1)
		own = (struct vm_address){.path = ""};
	if (own.port != m->local.port)
		after.local.port = 0;
	after.muxed = own.path != NULL;
	return after;
}

/* SO_SNDBUF holds a pending socket back, and is kept in the mark until now. */
static int restore_buffer(int spare, const struct mark *m)
{
	struct value value;
	int half;

	if (!kept_get(m, option_find(SOL_SOCKET, SO_SNDBUF), &value))
		return 0;
	half = (int)(value.words[0] / 2); /* the kernel doubles it */
	return sys_setsockopt(spare, SOL_SOCKET, SO_SNDBUF, &half, sizeof half);
}

/* All that may fail without harm: 0, or a negated errno and @spare is closed. */
static int prepare(struct conversion *c, int fd, int spare, struct mark *m)
{
	int unread = 0, result = conversion_begin_with(c, fd, spare);
	struct mark after;

	if (result < 0)
		return result;
	after = mark_afterwards(spare, m);
	result = conversion_mark(c, rules(), &after) ?: restore_buffer(spare, m);
	if (result == 0)
		result = sys_ioctl(fd, FIONREAD, &unread);
	if (result == 0 && unread > 0) /* the program reads that first */
		result = -EAGAIN;
	if (result < 0)
		conversion_abort(c);
	else
		*m = after;
	return result;
}

/* 1: the real socket is in place; 0: it is not, and all is as it was; or a negated errno
 * (-ENGINE_LATER, too). */
static int exchange(int fd, struct mark *m)
{
	struct conversion c;
	int pair, spare = ask_handover(fd, &pair), result;
	struct mark before = *m;

	if (spare < 0)
		return spare == -ENGINE_LATER ? spare : 0;
	result = prepare(&c, fd, spare, m);
	ask_commit(pair, result == 0);
	if (result < 0)
		return 0;
	result = conversion_commit(&c);
	if (result == 0)
		return conversion_finish(&c) ?: 1;
	*m = before;
	return 0;
}

/* Note that it is connected, by way of the broker: when its buffer is full it looks as if it
 * were pending. */
static void note_carried(int fd, struct mark *m)
{
	struct mark before = *m;

	m->pending = PENDING_CARRIED;
	if (before.pending != PENDING_CARRIED)
		mark_write(fd, &before, m);
}

static int settle_connected(int fd, struct mark *m)
{
	int result = exchange(fd, m);

	if (result == 1) {
		log_progress("connect", fd, "connected by the broker, which is out of the way");
		return SETTLED_NOW;
	}
	if (result < 0)
		return result;
	note_carried(fd, m);
	log_progress("connect", fd, "connected, and still carried by the broker");
	return IS_CARRIED;
}

/* It can be settled, and it is this thread's turn. What was seen of it before may be over:
 * another had its turn. */
static int settle_in_turn(int fd, struct mark *m)
{
	int result = mark_read(fd, m);

	if (result <= 0 || m->pending == PENDING_NO)
		return SETTLED_BEFORE;
	return settle_connected(fd, m);
}

int settle(int fd, struct mark *m)
{
	int events, result = mark_read(fd, m);
	bool carried;

	if (result <= 0 || m->pending == PENDING_NO)
		return SETTLED_BEFORE;
	carried = m->pending == PENDING_CARRIED;
	events = sys_poll_now(fd, POLLOUT);
	if (events < 0)
		return events;
	/* the error is there before the request is gone (unix_release_sock()) */
	if (!(events & (POLLOUT | POLLERR)))
		return carried ? IS_CARRIED : STILL_PENDING;
	if (events & (POLLERR | POLLHUP))
		return carried ? IS_CARRIED : HAS_FAILED;
	if (!claim(fd, claim_of(fd)))
		return carried ? IS_CARRIED : STILL_PENDING;
	result = settle_in_turn(fd, m);
	release(fd);
	return result;
}

/* ---- what else it shows ---- */

int settle_error(int fd, int error)
{
	uint8_t why = WHY_UNKNOWN;
	int outcome = error ? ask_outcome(fd, &why) : 0;
	const char *cause;

	if (outcome) {
		cause = speak_failed((enum why)why, outcome);
		log_failure("connect", fd, "the broker does not connect", outcome,
			    *cause ? cause
				   : "it has no way to the VMM, or to the proxy: see "
				     "vsockify --doctor");
	}
	return outcome ?: error;
}

int settle_failure(int fd)
{
	int error = 0;
	struct mark m;

	if (!settle_may_be(fd) || settle(fd, &m) != HAS_FAILED ||
	    sys_getsockopt_int(fd, SOL_SOCKET, SO_ERROR, &error) < 0)
		return 0;
	return settle_error(fd, error);
}

uint16_t settle_port(int fd, const struct mark *m)
{
	uint64_t cookie;

	if (m->local.port || sys_cookie(fd, &cookie) < 0)
		return m->local.port;
	return transport_made_port(cookie);
}
