/* SPDX-License-Identifier: MIT */
/*
 * refuse.h - what becomes of a connection that a listener's accept_from does not name
 *
 * Theory of operation
 *
 * The kernel has no door: the connection is in the listener's queue, and whoever waits in
 * poll() has been told of it. The program must not have it, nor may it be ended by it, hang, or
 * be kept from its other work. What accept() may say without harm depends on who asks:
 *
 *   A plain loop of blocking accepts ends on any error (Perl's `while ($c = $s->accept)`), but
 *   may wait as long as it likes. A loop around select() or poll() with a blocking accept()
 * must not wait, since it was told; and many such end on an error as well. One with a
 * non-blocking accept() takes EAGAIN in its stride, but must not get it while anything is left
 * in the queue: an edge-triggered epoll will not tell it again. It has no time to see off a
 *   thousand, either.
 *
 * So a refused connection is closed unseen wherever accept() may look for another one: if there
 * is another in the queue, up to REFUSED_AT_ONCE of them; if there is none and the listener is
 * non-blocking, which is EAGAIN; and if nobody can have been told of it. That is so if the
 * queue was empty when a blocking accept() began. A listener where that was ever seen belongs
 * to a plain loop: so its mark says from then on (`awaited`), and there it always holds.
 *
 * In what is left, accept() gives the refused connection, ended. It is what a TCP client leaves
 * in the queue that connects and hangs up at once, as every port scan does; so each server
 * knows what to do with it. Nothing that the client sent can be read (0 is), nothing that the
 * server writes reaches it, and its address is the client's.
 *
 * All functions are async-signal-safe and leave errno alone.
 */
#ifndef VSOCKIFY_REFUSE_H
#define VSOCKIFY_REFUSE_H

#include <stdbool.h>
#include <stdint.h>

#include "../config/ruleset.h"
#include "mark.h"

/* How many connections one accept() closes while others wait behind them. */
#define REFUSED_AT_ONCE 16

/* What one accept() of the program knows of those it refuses. All zero but for `listener` until
 * refuse_prepare(). */
struct refusal {
	int listener;
	bool told;      /* somebody may know that there was a connection */
	unsigned count; /* refused so far */
	int64_t since;  /* when the first one was, in milliseconds; 0: none was */
};

enum refused {
	REFUSED_LOOK_AGAIN, /* it is closed: accept another */
	REFUSED_GIVE,       /* end it, and give it to the program */
};

/*
 * refuse_prepare() - before accept() looks into the queue
 *
 * Costs nothing unless some rule has an accept_from; else one system call, and for a listener
 * of such a rule a few more.
 */
void refuse_prepare(struct refusal *r, const struct ruleset *rs, int listener);

/* Who has called. */
struct caller {
	uint32_t cid;  /* of a VM socket's; else CID_ANY */
	uint32_t peer; /* of a VMM's socket: whose guest, if known (guest.h); else NO_PEER */
	const struct rule *rule; /* the listener's; NULL: not asked for */
	bool handed;             /* the broker has let him in and handed him over (proxied.h) */
	bool named;              /* and he is: */
	struct endpoint client;
};

/*
 * refuse_is_admitted() - may a connection from @who reach the program?
 * @head: the mark_head() of the accepted socket
 *
 * Logs it if not. A listener that was made under rules with an accept_from, in a process that
 * knows of no such rule, lets nobody in.
 */
bool refuse_is_admitted(const struct ruleset *rs, int listener, const struct mark *head,
			const struct caller *who);

/*
 * refuse() - see off a connection that may not
 * @accepted: its socket; closed, unless REFUSED_GIVE is returned
 * @head: its mark_head()
 * Return: enum refused; or a negated errno, which accept() fails with: EAGAIN; EINVAL where the
 * listener was shut down
 */
int refuse(struct refusal *r, int accepted, const struct mark *head);

#endif
