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
	return error == EPERM ? "this user is not in that group, and not root" : "";
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

static const char *cause_of_link(int error)
{
	switch (error) {
	case EADDRINUSE:
		return "another program listens for that guest's calls there, or the path is "
		       "no "
		       "socket of this user's";
	case EACCES:
		return "this user may not make files in the VMM's directory";
	case ENOENT:
		return "there is no such directory yet: run vsockify --attach when there is";
	default:
		return "";
	}
}

/* Let the paths of the rule's other guests lead here. A VM that is not there yet is no error.
 */
static int link_guests(int fd, int program, const struct ruleset *rs, const struct decision *d)
{
	const struct rule *rule = ruleset_listen(rs) + d->rule; /* only a rule leads here */
	struct vm_address own, to;
	int result = 0;

	if (rule->guest_count < 2 && !rule->at)
		return 0;
	if (!d->port && transport_local(fd, &own) != 1)
		return -EADDRNOTAVAIL;
	for (uint32_t i = rule->at ? 0 : 1; i < rule->guest_count && result == 0; i++) {
		to = route_seat(rs, ruleset_guests(rs, rule)[i], d->port ?: own.port);
		result = to.path ? transport_link(fd, to) : 0;
		if (result < 0)
			log_failure("bind", program, to.path, -result, cause_of_link(-result));
		if (result == -ENOENT || result == -ENOTDIR)
			result = 0;
	}
	return result;
}

int seat_bind(int fd, int program, const struct ruleset *rs, const struct decision *d, bool v4)
{
	struct vm_address to = route_first(rs, d);
	int result = d->port ? transport_bind(fd, to) : bind_free_port(fd, to, v4);

	if (result == 0 && to.path)
		result = admit(fd, program, rs, d);
	if (result == 0 && to.path)
		result = link_guests(fd, program, rs, d);
	return result;
}
