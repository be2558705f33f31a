/* SPDX-License-Identifier: MIT */
/*
 * seat.c - where the rules seat a listener
 */
#include "seat.h"

#include "log/log.h"
#include "port.h"
#include "route/route.h"
#include "transport/transport.h"

static const char *cause_of(int error)
{
	return error == EPERM ? " (EPERM: this user is not in that group, and not root)" : "";
}

/* Who may call at the path: the peer's word. Nobody can before listen(). */
static int admit(int fd, int program, const struct ruleset *rs, const struct decision *d)
{
	const struct peer *peer = ruleset_peers(rs) + d->peer;
	int result = 0;

	if (peer->mode != NOT_SET || peer->group != NOT_SET)
		result = transport_admit(fd, peer->mode, peer->group);
	if (result < 0)
		log_failure("bind", program, "the socket cannot be given its mode and group",
			    -result, cause_of(-result));
	return result;
}

int seat_bind(int fd, int program, const struct ruleset *rs, const struct decision *d)
{
	struct vm_address to = route_first(rs, d);
	int result = d->port ? transport_bind(fd, to) : bind_free_port(fd, to);

	return result == 0 && to.path ? admit(fd, program, rs, d) : result;
}
