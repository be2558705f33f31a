/* SPDX-License-Identifier: MIT */
/*
 * route.h - the way from a connect() to where its rule leads
 *
 * Theory of operation
 *
 * A transport connects two sockets. Whether the peer behind that is the one that the program
 * asked for already, or somebody who has to be told first whom to fetch, is the route's
 * business: it names the vsock address to connect to, and holds the dialogue that comes before
 * the program's first byte (dialogue.h). Today there are two routes: the straight one, where
 * there is nothing to say, and the one past a VMM. Another that has something to say adds a
 * file beside this, and here the choice, by what the rule says.
 */
#ifndef VSOCKIFY_ROUTE_H
#define VSOCKIFY_ROUTE_H

#include "../../config/ruleset.h"
#include "../transport/address.h"
#include "enter.h"

/*
 * route_first() - where the connection is made to
 * @to: of decide_connect(), ACTION_VSOCK. (For a listener, of decide_listen(): where it is
 * bound to.)
 */
static inline struct vm_address route_first(const struct ruleset *rs, const struct decision *to)
{
	return (struct vm_address){
		.cid = to->cid,
		.port = to->bare ? PORT_OF_PATH : to->port,
		.path = to->path ? ruleset_string(rs, to->path) : NULL,
	};
}

/* route_speaks() - is there a dialogue to be held, which may take its time? */
static inline bool route_speaks(struct vm_address to)
{
	return to.path && to.port != PORT_OF_PATH;
}

/*
 * route_seat() - where the calls arrive that the guest of a peer makes to a port
 * @peer: index of one that has a socket
 * Return: an address without a path if the peer has none for this port
 */
static inline struct vm_address route_seat(const struct ruleset *rs, uint32_t peer,
					   uint32_t port)
{
	const struct peer *guest = ruleset_peers(rs) + peer;
	const struct port_socket *own = ruleset_port(rs, guest, port);
	uint32_t path = guest->port_count == 0 ? guest->socket : own ? own->path : 0;

	return (struct vm_address){
		.cid = CID_ANY,
		.port = own ? PORT_OF_PATH : port,
		.path = path ? ruleset_string(rs, path) : NULL,
	};
}

/*
 * route_finish() - hold the dialogue with whoever is at that address
 * @fd: is connected to it
 * Return: 0: the program may have the connection; or a negated errno, of TCP's, that its
 * connect() fails with. Async-signal-safe, errno untouched.
 */
static inline int route_finish(int fd)
{
	(void)fd;
	return 0;
}

#endif
