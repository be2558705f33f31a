/* SPDX-License-Identifier: MIT */
/*
 * route.h - the way from a connect() to where its rule leads
 *
 * Theory of operation
 *
 * A transport connects two sockets. Whether the peer behind that is the one that the program
 * asked for already, or somebody who has to be told first whom to fetch, is the route's
 * business: it names the vsock address to connect to, and what has to be said there before the
 * program's first byte (dialogue.h). A straight route has nothing to say; others lead past a
 * VMM, a proxy, or a VMM and a proxy behind it.
 */
#ifndef VSOCKIFY_ROUTE_H
#define VSOCKIFY_ROUTE_H

#include <string.h>

#include "../../config/ruleset.h"
#include "../transport/address.h"
#include "dialogue.h"

/* The way of one connection. */
struct route {
	struct vm_address first;
	const struct proxy *proxy;  /* NULL: there is none */
	const char *user;           /* of the proxy; NULL: none */
	struct destination onwards; /* what the proxy is told */
};

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

/*
 * route_to() - the way to where a decision leads
 * @asked: what the program asked for; @name: that it stands for, or empty
 */
static inline struct route route_to(const struct ruleset *rs, const struct decision *decision,
				    const struct endpoint *asked, const char *name)
{
	struct route way = {
		.first = route_first(rs, decision),
		.proxy = ruleset_proxy(rs, decision->via),
		.onwards = {.name = *name ? name : NULL, .port = asked->port},
	};

	memcpy(way.onwards.ip, asked->ip, sizeof way.onwards.ip);
	if (way.proxy && way.proxy->user)
		way.user = ruleset_string(rs, way.proxy->user);
	return way;
}

/* route_is_straight() - is it an AF_VSOCK connection to the peer, and no more? */
static inline bool route_is_straight(const struct route *way)
{
	return !way->first.path && !way->proxy;
}

/* route_speaks() - is there a dialogue to be held, which may take its time? */
static inline bool route_speaks(const struct route *way)
{
	return way->proxy || (way->first.path && way->first.port != PORT_OF_PATH);
}

/* route_has_secret() - is there something to be said that the broker alone knows? */
static inline bool route_has_secret(const struct route *way)
{
	return way->user != NULL;
}

/* route_limit_ms() - how long connecting and dialogue may take together
 * @timeout_us: connect_timeout; 0: not set */
static inline int64_t route_limit_ms(const struct route *way, uint64_t timeout_us)
{
	if (timeout_us)
		return (int64_t)(timeout_us / 1000);
	return way->proxy ? DIALOGUE_FAR_MS : DIALOGUE_USUAL_MS;
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

#endif
