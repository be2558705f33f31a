/* SPDX-License-Identifier: MIT */
/*
 * shutdown.c - shutdown(), of connections and of listeners
 */
#include "shutdown.h"

#include <stdatomic.h>

#include "convert.h"
#include "engine.h"
#include "kernel/sys.h"
#include "named.h"
#include "second.h"
#include "settle.h"
#include "translate.h"
#include "transport/transport.h"

/* Connect to this listener, so that a thread that waits in accept() wakes; false if there is no
 * way to. The attempt is not waited for. */
static bool knock(int fd, bool muxed)
{
	int caller;

	if (!muxed && !transport_is_loopback(CID_LOCAL))
		return false;
	caller = transport_socket(muxed, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (caller < 0)
		return true;
	transport_connect_back(caller, fd, muxed);
	sys_close(caller);
	return true;
}

void shutdown_wake(int fd, const struct mark *head)
{
	knock(fd, head->muxed);
}

/* Did this process shut a listener down? Only then is an accept() without a caller suspect. */
static _Atomic bool listener_was_shut;

bool shutdown_may_have_come(void)
{
	return atomic_load(&listener_was_shut);
}

bool shutdown_of_listener(int fd, const struct mark *head)
{
	struct mark m;

	return head->silent && mark_names(fd, &m) == 1 && m.shut;
}

static int shutdown_listener(int fd, int how)
{
	struct mark before, after;
	int result;

	if (how == SHUT_WR) /* does nothing to a TCP listener */
		return 0;
	if (engine_is_shared(fd))
		second_part(fd);
	result = mark_read(fd, &before);
	if (result <= 0)
		return result;
	after = before;
	after.silent = after.shut = true;
	result = mark_write(fd, &before, &after);
	if (result < 0)
		return result;
	atomic_store(&listener_was_shut, true);
	if (!knock(fd, before.muxed))
		engine_rouse(fd);
	return 0;
}

/*
 * Is the end of what the peer sends all that is left to read, and can nothing be sent any more?
 * The kernel has no question for it: look at a byte, and send none.
 */
static bool is_over(int fd)
{
	char byte;

	return sys_recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0 &&
	       sys_send(fd, NULL, 0, MSG_NOSIGNAL | MSG_DONTWAIT) == -EPIPE;
}

/* Have both ends shut down writing (vsock_poll(); a Unix socket that is marked as shut has), or
 * has a write met a peer that is gone? TCP's connection is closed then. */
static bool is_closed(int fd, const struct mark *m)
{
	int events = m->shut ? sys_poll_now(fd, 0) : 0;

	return (m->silent && !is_held(m)) || (events > 0 && events & POLLHUP);
}

/* Does the VMM end both directions when it is told that one has ended, so that its peer says
 * not to tell it? */
static bool is_to_hold(const struct ruleset *rs, const struct mark *m)
{
	struct endpoint asked = {.port = m->peer.port};
	const struct rule *rule;
	uint32_t peer = NO_PEER;
	char name[HOST_MAX + 1];
	struct decision d;

	if (!m->muxed)
		return false;
	if (m->peer.kind == PLACE_NONE) { /* accepted */
		rule = rule_marked(rs, m);
		peer = rule ? rule->peer : NO_PEER;
	} else {
		place_ip(&m->peer, m->v6, asked.ip);
		d = named_decide(rs, &asked, name);
		peer = d.action == ACTION_VSOCK ? d.peer : NO_PEER;
	}
	return peer != NO_PEER && ruleset_peers(rs)[peer].holds;
}

/* The kernel's shutdown(), unless it would do harm; what @after must say then. */
static int shut(int fd, int how, bool hold, struct mark *after)
{
	bool over = is_over(fd);

	if (!over && !(hold && how == SHUT_WR))
		/* what was held has not been said yet */
		return sys_shutdown(fd, is_held(after) ? SHUT_RDWR : how);
	if (how != SHUT_RD)
		after->silent = true;
	if (!over)
		engine_silent(fd, true);
	return 0;
}

/*
 * shutdown_connection() - of a connection of ours
 * @peer: NULL if it was shut down before. After shutdown() the kernel no longer names the
 *        peer; TCP does, so remember it: first, for what cannot be must not be lost.
 */
static int shutdown_connection(int fd, const struct mark *before, const struct vm_address *peer,
			       int how)
{
	bool hold = is_held(before) || is_to_hold(rules(), before);
	struct mark noted = *before, after;
	struct endpoint ep;
	int result, written = 0;

	if (!before->refused && is_closed(fd, before))
		return -ENOTCONN;
	noted.begun = false; /* TCP's next connect() says EISCONN at once */
	/* A Unix socket shows its peer's close as it shows that both have shut down writing,
	 * and goes on naming the peer: there the mark says that this end has, and no more. */
	if (!(before->muxed && how == SHUT_RD)) {
		noted.shut = true;
		if (peer) {
			peer_endpoint(rules(), before, peer, &ep);
			noted.peer = place_of(ep.ip, ep.port);
			noted.any_port = false; /* a listener's, and beside a peer: refused */
		}
	}
	result = mark_write(fd, before, &noted);
	if (result < 0)
		return result;
	after = noted;
	result = shut(fd, how, hold, &after);
	if (result < 0 || after.silent != noted.silent)
		written = mark_write(fd, &noted, result < 0 ? before : &after);
	return result < 0 ? result : written;
}

/* TCP ends an attempt that is under way, whichever direction is named. */
static int shutdown_attempt(int fd, int how)
{
	int ended = sys_poll_now(fd, POLLOUT);

	if (ended == 0)
		return sys_shutdown(fd, SHUT_RDWR);
	if (ended > 0)
		ended = sys_connected(fd); /* it may have come to be since it was asked */
	if (ended == 1)
		return shutdown_socket(fd, how);
	return ended < 0 ? ended : -ENOTCONN;
}

int shutdown_socket(int fd, int how)
{
	struct vm_address peer;
	struct mark m;
	int result, listens, state;

	rules();
	state = settle_may_be(fd) ? settle(fd, &m) : SETTLED_BEFORE;
	if (state == -ENGINE_LATER)
		return state;
	result = how < SHUT_RD || how > SHUT_RDWR ? 0 : mark_read(fd, &m);
	if (result <= 0)
		return result < 0 ? result : sys_shutdown(fd, how);
	if (state == HAS_FAILED)
		return -ENOTCONN;
	if (state == STILL_PENDING) /* as below: the broker sees it, and gives up */
		return sys_shutdown(fd, SHUT_RDWR);
	result = transport_peer(fd, &peer);
	if (result >= 0)
		return shutdown_connection(fd, &m, &peer, how);
	listens = sys_listens(fd);
	if (result != -ENOTCONN || listens < 0)
		return result != -ENOTCONN ? result : listens;
	if (listens)
		return m.shut ? -ENOTCONN : shutdown_listener(fd, how);
	if (m.shut)
		return shutdown_connection(fd, &m, NULL, how);
	if (m.muxed) /* where the kernel says 0 */
		return -ENOTCONN;
	return m.peer.kind != PLACE_NONE ? shutdown_attempt(fd, how) : sys_shutdown(fd, how);
}

int shutdown_refused(int fd)
{
	struct mark before, after;
	int result = shutdown_socket(fd, SHUT_RDWR);

	if (result == 0)
		result = mark_read(fd, &before);
	if (result != 1)
		return result;
	after = before;
	after.refused = true;
	/* the program has not heard of it: its first write may go nowhere */
	after.silent = false;
	return mark_write(fd, &before, &after);
}
