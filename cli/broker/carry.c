/* SPDX-License-Identifier: MIT */
/*
 * carry.c - a connection that is there
 */
#include "carry.h"

#include <errno.h>
#include <sys/socket.h>

#include "../../shim/kernel/sys.h"
#include "attach.h"
#include "give.h"

/* How long a program that has not written may take to ask. */
#define GRACE_MS 1000

/* What is carried at once, and in one go: others wait meanwhile. */
#define PIECE  65536
#define PIECES 8

/* When to go on: with what one go has left over; and where a sink is full whose room is not
 * reported, the program having it. */
#define NEXT_MS  1
#define AGAIN_MS 10

static char piece[PIECE];

/* What became of a piece. */
enum fate {
	FATE_DONE,  /* there may be more */
	FATE_WAIT,  /* nothing is there, or the sink is full: an event will come */
	FATE_ENDED, /* the connection is no more */
};

/**
 * broken() - end a connection of which one side is gone
 */
static enum fate broken(struct worker *w, struct connection *c)
{
	work_end(w, c);
	return FATE_ENDED;
}

/**
 * send_on() - as much as the sink takes
 * Return: how much; 0: it is full; or a negated errno
 */
static ssize_t send_on(int sink, size_t size)
{
	ssize_t sent = size ? sys_send(sink, piece, size, MSG_NOSIGNAL | MSG_DONTWAIT) : 0;

	return sent == -EAGAIN ? 0 : sent;
}

/**
 * drain() - read what was sent on
 */
static bool drain(int source, ssize_t size)
{
	return size == 0 || sys_recv(source, piece, (size_t)size, MSG_DONTWAIT) == size;
}

/**
 * end_direction() - one side has ended: pass that on
 *
 * But not to a socket that the program has: the end is that of what it had before.
 */
static enum fate end_direction(struct worker *w, struct connection *c, bool *ended, int sink)
{
	*ended = true;
	if (c->state != STATE_GIVEN)
		sys_shutdown(sink, SHUT_WR);
	if ((c->ended_in && c->ended_out) || c->hung)
		return broken(w, c);
	return FATE_WAIT;
}

/**
 * may_carry() - are there not too many already?
 */
static bool may_carry(const struct worker *w, const struct connection *c)
{
	return c->state != STATE_READY ||
	       shared_count(w->kept->shared, STATE_CARRIED) < (w->table.size + 1) / 2;
}

/**
 * carry_out() - a piece of what the program sends
 */
static enum fate carry_out(struct worker *w, struct connection *c)
{
	unsigned gives;
	ssize_t size = attach_peek(c->program, piece, PIECE, &gives), sent;
	ssize_t data = size - (ssize_t)gives; /* GIVE is the last byte */

	if (size == -EAGAIN || (size > 0 && data > 0 && !gives && !may_carry(w, c)))
		return FATE_WAIT;
	if (size == 0)
		return end_direction(w, c, &c->ended_out, c->onward);
	sent = size < 0 ? size : send_on(c->onward, (size_t)data);
	if (sent < 0)
		return broken(w, c);
	if (sent > 0 && c->state == STATE_READY) {
		table_rest(&w->table, c);
		table_state(&w->table, c, STATE_CARRIED);
	}
	if (gives && sent == data)
		return give_take(w, c, (size_t)size) ? FATE_DONE : FATE_ENDED;
	if (!drain(c->program, sent))
		return broken(w, c);
	if (sent == 0 && c->state == STATE_GIVEN) /* which is not watched any more */
		table_wake(&w->table, c, w->now + AGAIN_MS);
	return sent > 0 ? FATE_DONE : FATE_WAIT;
}

/**
 * carry_in() - a piece of what the other side sends
 */
static enum fate carry_in(struct worker *w, struct connection *c)
{
	ssize_t size = sys_recv(c->onward, piece, PIECE, MSG_PEEK | MSG_DONTWAIT), sent;

	if (size == -EAGAIN)
		return FATE_WAIT;
	if (size == 0)
		return end_direction(w, c, &c->ended_in, c->program);
	sent = size < 0 ? size : send_on(c->program, (size_t)size);
	if (sent < 0 || !drain(c->onward, sent))
		return broken(w, c);
	return sent > 0 ? FATE_DONE : FATE_WAIT;
}

/**
 * carry_both() - as far as it goes, but no longer than is fair
 */
static void carry_both(struct worker *w, struct connection *c)
{
	enum fate out = FATE_DONE, in = FATE_DONE;

	if (c->hung && c->ended_out) {
		work_end(w, c);
		return;
	}
	for (int i = 0; i < PIECES; i++) {
		if (c->state == STATE_GIVING)
			return; /* it will go on */
		out = out == FATE_DONE && !c->ended_out ? carry_out(w, c) : FATE_WAIT;
		if (out == FATE_ENDED)
			return;
		in = c->state == STATE_CARRIED && in == FATE_DONE && !c->ended_in
			     ? carry_in(w, c)
			     : FATE_WAIT;
		if (in == FATE_ENDED)
			return;
		if (out == FATE_WAIT && in == FATE_WAIT)
			break;
	}
	if (c->state == STATE_GIVING)
		return;
	if (out == FATE_DONE || in == FATE_DONE)
		table_wake(&w->table, c, w->now + NEXT_MS);
}

void carry_begin(struct worker *w, struct connection *c)
{
	table_state(&w->table, c, STATE_READY);
	table_wake(&w->table, c, w->now + GRACE_MS);
	carry_both(w, c);
}

void carry_again(struct worker *w, struct connection *c, enum state state)
{
	table_state(&w->table, c, state);
	if (state == STATE_READY)
		table_wake(&w->table, c, w->now + GRACE_MS);
	carry_both(w, c);
}

void carry_event(struct worker *w, struct connection *c)
{
	carry_both(w, c);
}

void carry_time(struct worker *w, struct connection *c)
{
	if (c->state == STATE_READY && !may_carry(w, c)) {
		table_wake(&w->table, c, w->now + GRACE_MS);
		return;
	}
	if (c->state == STATE_READY)
		table_state(&w->table, c, STATE_CARRIED);
	carry_both(w, c);
}
