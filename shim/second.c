/* SPDX-License-Identifier: MIT */
/*
 * second.c - two binds of one port
 */
#include "second.h"

#include <string.h>

#include "port.h"
#include "procfd.h"
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
	int fd;        /* a socket that holds the vsock port; -1 if none of ours does */
	bool conflict; /* TCP would refuse the bind, were it not for SO_REUSEPORT */
	bool shared;   /* `fd` has SO_REUSEPORT and the same address */
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
	if (s.vm.svm_port == holders->port) {
		holders->fd = fd;
		holders->shared = s.mark.reuseport && same_address(&s.mark, holders->mark);
	}
	if (conflict(&s.mark, holders->mark) && !(s.mark.reuseport && holders->mark->reuseport))
		holders->conflict = true;
	return true;
}

/* ---- what becomes of the second ---- */

/* A second listener that accepts from the same queue. */
static int share(struct conversion *c, int holder)
{
	int result;

	sys_close(c->spare);
	c->spare = sys_fcntl(holder, F_DUPFD_CLOEXEC, 0);
	if (c->spare < 0)
		return c->spare;
	c->file_flags = O_NONBLOCK; /* the open file is the holder's: leave its flags alone */
	result = conversion_commit(c);
	if (result == 0)
		conversion_finish(c);
	return result;
}

int second_bind(struct conversion *c, const struct ruleset *rs, const struct decision *wanted,
		struct mark *m)
{
	struct holders holders = {.wanting = c->fd, .port = wanted->port, .mark = m, .fd = -1};

	procfd_each(look_at, &holders);
	if (holders.error || holders.fd < 0 || holders.conflict) {
		conversion_abort(c);
		return holders.error ?: -EADDRINUSE;
	}
	if (holders.shared && m->reuseport)
		return share(c, holders.fd);
	m->silent = true;
	bind_port(c->spare, VMADDR_CID_ANY, VMADDR_PORT_ANY);
	return conversion_complete(c, rs, m);
}
