/* SPDX-License-Identifier: MIT */
/*
 * second.c - two binds of one port
 */
#include "second.h"

#include <string.h>

#include "../config/address.h"
#include "buffer.h"
#include "engine.h"
#include "kernel/sys.h"
#include "proxied.h"
#include "route/route.h"
#include "seat.h"
#include "share.h"
#include "translate.h"
#include "transport/transport.h"
#include "wait.h"

/* ---- what TCP thinks of it ---- */

static bool serves_ipv4(const struct mark *m)
{
	if (!m->v6 || m->local.kind == PLACE_IPV4)
		return true;
	return m->local.kind == PLACE_NONE && !m->v6only;
}

static bool serves_ipv6(const struct mark *m)
{
	return m->v6 && m->local.kind != PLACE_IPV4;
}

/* Would TCP find these two addresses in conflict? */
static bool conflict(const struct mark *a, const struct mark *b)
{
	uint8_t a_ip[16], b_ip[16];

	if (a->local.port != b->local.port)
		return false;
	if (!(serves_ipv4(a) && serves_ipv4(b)) && !(serves_ipv6(a) && serves_ipv6(b)))
		return false;
	if (place_is_any(&a->local) || place_is_any(&b->local))
		return true;
	place_ip(&a->local, a->v6, a_ip);
	place_ip(&b->local, b->v6, b_ip);
	return memcmp(a_ip, b_ip, sizeof a_ip) == 0;
}

/* Would getsockname() show them alike? */
static bool same_address(const struct mark *a, const struct mark *b)
{
	uint8_t a_ip[16], b_ip[16];

	place_ip(&a->local, a->v6, a_ip);
	place_ip(&b->local, b->v6, b_ip);
	return a->v6 == b->v6 && a->local.port == b->local.port &&
	       memcmp(a_ip, b_ip, sizeof a_ip) == 0;
}

/* ---- who holds the port ---- */

/* What this process has on the port. */
struct holders {
	int wanting; /* the descriptor that wants it too */
	struct vm_address to;
	const struct mark *mark;
	int error;     /* the kernel did not say what one of the sockets is; a negated errno */
	int inside;    /* a socket of ours that CID 1 reaches under the vsock port, or -1 */
	int outside;   /* one that other machines reach there, or -1 */
	int shared;    /* one there that has SO_REUSEPORT and the same address, or -1 */
	bool conflict; /* TCP would refuse the bind, were it not for SO_REUSEPORT */
};

/* Is it a converted socket that is no client's, nor an accepted one? 1, 0, or a negated errno.
 */
static int may_listen(int fd, struct subject *s)
{
	int result = inspect(fd, s);

	if (result < 0)
		return result;
	if (s->kind != SUBJECT_CONVERTED || s->mark.peer.kind != PLACE_NONE)
		return 0;
	share_names(fd, &s->mark);
	result = sys_connected(fd);
	return result < 0 ? result : !result;
}

static void note_holder(struct holders *holders, int fd, const struct subject *s)
{
	if (!cid_is_outside_only(s->name.cid))
		holders->inside = fd;
	if (!cid_is_inside_only(s->name.cid))
		holders->outside = fd;
	if (s->mark.reuseport && same_address(&s->mark, holders->mark))
		holders->shared = fd;
}

static bool look_at(int fd, void *argument)
{
	struct holders *holders = argument;
	struct subject s;
	int result = fd == holders->wanting ? 0 : may_listen(fd, &s);

	if (result <= 0) {
		holders->error = sys_no_socket(result) ? 0 : result; /* closed meanwhile */
		return !holders->error;
	}
	if (!s.mark.local.port) /* bound to port 0 */
		s.mark.local.port = (uint16_t)s.name.port;
	if (transport_is_at(fd, &s.name, holders->to))
		note_holder(holders, fd, &s);
	if (conflict(&s.mark, holders->mark) && !(s.mark.reuseport && holders->mark->reuseport))
		holders->conflict = true;
	return true;
}

static struct holders nobody(int wanting, struct vm_address to, const struct mark *m)
{
	return (struct holders){.wanting = wanting,
				.to = to,
				.mark = m,
				.inside = -1,
				.outside = -1,
				.shared = -1};
}

static struct holders look_around(int wanting, struct vm_address to, const struct mark *m)
{
	struct holders h = nobody(wanting, to, m);

	int result = engine_each_descriptor(look_at, &h);

	if (result < 0)
		h.error = result;
	return h;
}

/* ---- where it can be ---- */

/*
 * May the port be had at a CID that other machines know this one by? Not if a socket of ours
 * has all of them. Between a certain address of the network and one of loopback TCP sees no
 * conflict, whoever has the other.
 */
static bool may_be_outside(const struct holders *h, const struct mark *m)
{
	uint8_t ip[16];

	if (h->inside >= 0)
		return h->inside != h->outside;
	place_ip(&m->local, m->v6, ip);
	return !place_is_any(&m->local) && !ip_is_loopback(ip);
}

/*
 * Bind beside the holders. Return: 0; or a negated errno and, in *@carrier, the one that has
 * the traffic that would be the second's; -1 if none of ours has
 */
static int bind_beside(int fd, const struct ruleset *rs, const struct holders *h, uint32_t cid,
		       const struct mark *m, int *carrier)
{
	int result = -EADDRINUSE;

	*carrier = h->inside;
	if (cid_is_inside_only(cid))
		return result;
	if (may_be_outside(h, m))
		result = transport_bind_outside(fd, rs, h->to.port, h->outside >= 0, m->muxed);
	/* a machine that only reaches itself has no outside */
	if (result != -EADDRNOTAVAIL || h->outside >= 0)
		*carrier = h->outside;
	return result;
}

/* ---- two descriptors of one socket ---- */

/* A second listener that accepts from the same queue. */
static int share(struct conversion *c, int holder, const struct mark *m)
{
	sys_close(c->spare);
	c->spare = sys_fcntl(holder, F_DUPFD_CLOEXEC, 0);
	if (c->spare < 0)
		return c->spare;
	c->shared = true;
	return conversion_exchange(c, m);
}

/*
 * May a non-blocking listener of mark @m have a share in the holder's socket? A blocking
 * program that was told by select() would hang in accept(), or find an error there. What one
 * rule lets in, another may not; and who listens on loopback alone must not hear others.
 */
static bool may_share(const struct ruleset *rs, int holder, const struct mark *m,
		      struct mark *first)
{
	struct decision its, ours = decide_marked(rs, m);

	if (!sys_never_blocks(holder) || mark_read(holder, first) != 1 || first->silent)
		return false;
	share_names(holder, first);
	its = decide_marked(rs, first);
	return its.rule == ours.rule && its.cid == ours.cid;
}

/* Without a note the second would show the first's names. */
static bool note_both(int holder, const struct mark *first, int fd, const struct mark *m)
{
	return (share_is_noted(holder) || share_note(holder, holder, first)) &&
	       share_note(fd, holder, m);
}

/* Let the second have a share, if it may; false if it may not. */
static bool join(struct conversion *c, const struct ruleset *rs, int holder,
		 const struct mark *m, int *result)
{
	bool listens = sys_listens(c->fd) == 1;
	int fd = c->fd;
	struct mark first;

	if (!may_share(rs, holder, m, &first) || !note_both(holder, &first, fd, m))
		return false;
	*result = share(c, holder, m);
	if (*result < 0) {
		share_forget(fd);
		return true;
	}
	engine_silent(fd, false);
	engine_undivided(fd);
	if (listens && sys_listens(fd) != 1) /* the first's queue may hold more */
		buffer_listen(fd, rs, BUFFER_BACKLOG);
	return true;
}

/* ---- the silent ---- */

/* Put a bound socket under the descriptor of a listener, which goes on listening if it does.
 * The mark comes first: who connects must find it. */
static int replace(struct conversion *c, const struct ruleset *rs, const struct mark *m)
{
	bool listens = sys_listens(c->fd) == 1;
	int result = conversion_mark(c, rs, m), fd = c->fd;

	if (result == 0 && listens)
		result = buffer_listen(c->spare, rs, BUFFER_BACKLOG);
	if (result < 0) {
		conversion_abort(c);
		return result;
	}
	if (!listens)
		result = conversion_exchange(c, m);
	else
		result = conversion_commit(c);
	if (result == 0 && listens) /* it is no TCP socket that failure could bring back */
		conversion_finish(c);
	if (result == 0)
		engine_silent(fd, m->silent);
	return result;
}

/* The same of one that gets the port at last. (An engine that may not wait leaves those silent
 * that the broker would have to be asked for: who calls this may be any call.) */
static void succeed(struct conversion *c, const struct ruleset *rs, const struct mark *m)
{
	int fd = c->fd;

	if (replace(c, rs, m) == 0 && sys_listens(fd) == 1 && proxied_is_meant(rs, fd) == 1)
		proxied_listen(rs, fd);
}

static int be_silent(struct conversion *c, const struct ruleset *rs, struct mark *m)
{
	int result;

	m->silent = true;
	result = transport_bind(c->spare,
				(struct vm_address){CID_ANY, PORT_ANY, m->muxed ? "" : NULL});
	if (result < 0) {
		conversion_abort(c);
		return result;
	}
	return replace(c, rs, m);
}

int second_bind(struct conversion *c, const struct ruleset *rs, const struct decision *wanted,
		struct mark *m)
{
	struct holders h = look_around(c->fd, route_first(rs, wanted), m);
	int result, carrier;

	if (h.error || h.conflict) {
		conversion_abort(c);
		return h.error ?: -EADDRINUSE;
	}
	if (m->reuseport && h.shared >= 0)
		return share(c, h.shared, m);
	result = bind_beside(c->spare, rs, &h, wanted->cid, m, &carrier);
	if (result == 0)
		return conversion_complete(c, rs, m);
	if (carrier < 0 || (result != -EADDRINUSE && result != -EADDRNOTAVAIL)) {
		conversion_abort(c);
		return result == -EADDRNOTAVAIL ? -EADDRINUSE : result;
	}
	if (c->file_flags & O_NONBLOCK && join(c, rs, carrier, m, &result))
		return result;
	return be_silent(c, rs, m);
}

/* The mark of a silent listener, as it is to be when it no longer is; false if it is none. */
static bool is_silent(int fd, struct mark *m)
{
	if (mark_read(fd, m) != 1 || !m->silent || m->peer.kind != PLACE_NONE ||
	    sys_connected(fd) != 0)
		return false;
	m->silent = false;
	return true;
}

void second_settle(int fd)
{
	const struct ruleset *rs = rules();
	int result, carrier = -1;
	struct decision wanted;
	struct vm_address to;
	struct conversion c;
	struct holders h;
	struct mark m;

	if (!is_silent(fd, &m) || m.shut)
		return;
	wanted = decide_marked(rs, &m);
	if (!engine_may_wait() && wanted.rule >= 0 &&
	    ruleset_listen(rs)[wanted.rule].accept_proxy)
		return;
	if (wanted.action != ACTION_VSOCK || !wanted.port ||
	    conversion_begin(&c, fd, m.muxed) < 0)
		return;
	to = route_first(rs, &wanted);
	result = seat_bind(c.spare, fd, rs, &wanted, !shows_v6(&m));
	if (result == -EADDRINUSE) {
		/* one that blocks gets no share, and asks every second: not for all descriptors
		 */
		h = c.file_flags & O_NONBLOCK ? look_around(fd, to, &m) : nobody(fd, to, &m);
		result = h.error ?: bind_beside(c.spare, rs, &h, wanted.cid, &m, &carrier);
	}
	if (result == 0)
		succeed(&c, rs, &m);
	else if (carrier < 0 || !join(&c, rs, carrier, &m, &result))
		conversion_abort(&c);
}

/* ---- what the program does to them ---- */

static bool settle_one(int fd, void *argument)
{
	(void)argument;
	if (engine_is_silent(fd) && sys_never_blocks(fd))
		second_settle(fd);
	return true;
}

void second_unblocked(int fd)
{
	if (!engine_any_silent() || !engine_was_converted(fd))
		return;
	if (engine_is_silent(fd))
		second_settle(fd);
	else if (sys_connected(fd) == 0)
		engine_each_descriptor(settle_one, NULL);
}

void second_part(int fd)
{
	struct conversion c;
	struct mark m;

	if (!share_others(fd) || mark_read(fd, &m) != 1)
		return;
	share_names(fd, &m);
	if (conversion_begin(&c, fd, m.muxed) < 0 || be_silent(&c, rules(), &m) < 0)
		return;
	share_forget(fd);
}

/* How often one that waits looks whether the port has become free. */
#define LOOK_MS 1000

int second_await(int fd)
{
	int left, ready = wait_limit(fd, SO_RCVTIMEO, &left);
	struct mark m;

	while (ready == 0) {
		int now = left < 0 || left > LOOK_MS ? LOOK_MS : left;

		second_settle(fd);
		if (!is_silent(fd, &m) || m.shut || sys_never_blocks(fd) ||
		    sys_listens(fd) != 1)
			return 0;
		if (left == 0)
			return -EAGAIN;
		ready = engine_wait(fd, POLLIN, now, left < 0);
		left -= left < 0 ? 0 : now;
	}
	return ready < 0 ? ready : 0;
}
