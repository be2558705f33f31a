/* SPDX-License-Identifier: MIT */
/*
 * second.c - two binds of one port
 */
#include "second.h"

#include <string.h>

#include "../config/address.h"
#include "port.h"
#include "procfd.h"
#include "state.h"
#include "sys.h"

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
	uint32_t port;
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
	result = sys_connected(fd);
	return result < 0 ? result : !result;
}

static void note_holder(struct holders *holders, int fd, const struct subject *s)
{
	if (s->vm.svm_cid == VMADDR_CID_LOCAL || s->vm.svm_cid == VMADDR_CID_ANY)
		holders->inside = fd;
	if (s->vm.svm_cid != VMADDR_CID_LOCAL)
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
		s.mark.local.port = (uint16_t)s.vm.svm_port;
	if (s.vm.svm_port == holders->port)
		note_holder(holders, fd, &s);
	if (conflict(&s.mark, holders->mark) && !(s.mark.reuseport && holders->mark->reuseport))
		holders->conflict = true;
	return true;
}

/* ---- what becomes of the second ---- */

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
 * Bind to such a CID. A guest that has guests of its own has two: the second is for a second
 * address of this process. (Of what another process has, nobody knows the address.)
 */
static int bind_outside(int fd, const struct ruleset *rs, const struct holders *h)
{
	uint32_t own = local_cid(rs, VMADDR_CID_ANY);
	int result = -EADDRNOTAVAIL;

	if (own != CID_UNKNOWN && own != VMADDR_CID_LOCAL)
		result = bind_port(fd, own, h->port);
	if (own != VMADDR_CID_HOST && (result == -EADDRNOTAVAIL || h->outside >= 0))
		result = bind_port(fd, VMADDR_CID_HOST, h->port);
	return result;
}

static int be_silent(struct conversion *c, const struct ruleset *rs, struct mark *m)
{
	int result;

	m->silent = true;
	result = bind_port(c->spare, VMADDR_CID_ANY, VMADDR_PORT_ANY);
	if (result < 0) {
		conversion_abort(c);
		return result;
	}
	return conversion_complete(c, rs, m);
}

/* There is no conflict. */
static int bind_beside(struct conversion *c, const struct ruleset *rs, const struct holders *h,
		       uint32_t cid, struct mark *m)
{
	int result = -EADDRINUSE, carrier = h->inside;

	if (cid != VMADDR_CID_LOCAL) {
		if (may_be_outside(h, m))
			result = bind_outside(c->spare, rs, h);
		if (result == 0)
			return conversion_complete(c, rs, m);
		if (result != -EADDRINUSE && result != -EADDRNOTAVAIL) {
			conversion_abort(c);
			return result;
		}
		/* a machine that only reaches itself has no outside */
		if (result != -EADDRNOTAVAIL || h->outside >= 0)
			carrier = h->outside;
	}
	if (carrier >= 0)
		return be_silent(c, rs, m);
	conversion_abort(c);
	return -EADDRINUSE;
}

int second_bind(struct conversion *c, const struct ruleset *rs, const struct decision *wanted,
		struct mark *m)
{
	struct holders h = {.wanting = c->fd,
			    .port = wanted->port,
			    .mark = m,
			    .inside = -1,
			    .outside = -1,
			    .shared = -1};
	int result = procfd_each(look_at, &h) ?: h.error;

	if (result < 0 || h.conflict) {
		conversion_abort(c);
		return result ?: -EADDRINUSE;
	}
	if (m->reuseport && h.shared >= 0)
		return share(c, h.shared, m);
	return bind_beside(c, rs, &h, wanted->cid, m);
}
