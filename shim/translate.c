/* SPDX-License-Identifier: MIT */
/*
 * translate.c - the IP addresses that a converted socket shows
 */
#include "translate.h"

#include <string.h>

#include "../config/address.h"
#include "engine.h"
#include "kernel/sys.h"
#include "named.h"
#include "port.h"
#include "route/route.h"
#include "transport/transport.h"

struct decision decide_marked(const struct ruleset *rs, const struct mark *m)
{
	struct endpoint on = {.port = m->any_port ? 0 : m->local.port};

	place_ip(&m->local, m->v6, on.ip);
	return decide_listen(rs, &on, m->v6only);
}

const struct rule *rule_marked(const struct ruleset *rs, const struct mark *m)
{
	struct decision d = decide_marked(rs, m);

	return d.action != ACTION_VSOCK || d.rule < 0 ? NULL : ruleset_listen(rs) + d.rule;
}

bool guest_endpoint(const struct ruleset *rs, const struct mark *m, uint32_t peer,
		    struct endpoint *ep)
{
	struct machine guest = machine_of_peer(rs, peer);

	return ip_to_reach(rs, guest, shows_v6(m), ep->ip) ||
	       (shows_v6(m) && !m->v6only && ip_to_reach(rs, guest, false, ep->ip));
}

/* The guest behind the VMM whose calls arrive at a socket: the rule of the listener says which;
 * an unspecified address if it has none of this family, or is one of several (accept() has
 * noted those it knows). */
static void show_guest(const struct ruleset *rs, const struct mark *m, struct endpoint *ep)
{
	const struct rule *rule = rule_marked(rs, m);

	if (!rule || rule->guest_count != 1 || !guest_endpoint(rs, m, rule->peer, ep))
		place_ip(&(struct place){.kind = PLACE_NONE}, shows_v6(m), ep->ip);
}

bool shows_v6(const struct mark *m)
{
	return m->v6 && m->local.kind != PLACE_IPV4;
}

/* Is an accepted connection to be shown by IPv6? */
static bool caller_shows_v6(const struct ruleset *rs, const struct mark *m,
			    const struct vm_address *caller)
{
	bool both = shows_v6(m) && !m->v6only && m->local.kind == PLACE_NONE;

	return both ? family_of_cid(rs, caller->cid, port_of_ipv4(caller->port) != 1)
		    : shows_v6(m);
}

/* A vsock address as IP address and port. @v6: the family */
static void endpoint_of_vm(const struct ruleset *rs, const struct mark *m,
			   const struct vm_address *name, bool v6, struct endpoint *ep)
{
	if (name->path)
		show_guest(rs, m, ep);
	else
		ip_of_cid(rs, name->cid, v6, transport_is_loopback(name->cid), ep->ip);
	ep->port = name->port == PORT_ANY ? 0 : port_fold(name->port);
}

void endpoint_of_caller(const struct ruleset *rs, const struct mark *m,
			const struct vm_address *name, struct endpoint *ep)
{
	endpoint_of_vm(rs, m, name, caller_shows_v6(rs, m, name), ep);
}

/* The address that a client is connected to, or is to be: while the kernel does not say, or
 * there is but the broker, by the rules that sent it there. */
static struct vm_address peer_of(const struct ruleset *rs, int fd, const struct mark *m,
				 const struct endpoint *asked)
{
	struct vm_address peer;
	char name[HOST_MAX + 1];
	struct decision d;

	if (!m->pending && transport_peer(fd, &peer) > 0)
		return peer;
	d = named_decide(rs, asked, name);
	return route_first(rs, &d);
}

/* The local address of a client that did not choose one, as routing would: loopback towards
 * loopback, else this machine's own as the peer sees it. */
static void source_ip(const struct ruleset *rs, int fd, const struct mark *m, uint8_t ip[16])
{
	struct endpoint asked = {.port = m->peer.port};
	uint32_t cid;
	bool v6;

	place_ip(&m->peer, m->v6, asked.ip);
	v6 = !ip_is_v4(asked.ip);
	place_ip(&(struct place){.kind = PLACE_NONE}, v6, ip);
	if (ip_is_loopback(asked.ip)) {
		ip_loopback_if_unspecified(ip);
		return;
	}
	cid = transport_own_cid(rs, peer_of(rs, fd, m, &asked));
	if (cid != CID_UNKNOWN)
		ip_of_cid(rs, cid, v6, transport_is_loopback(cid), ip);
}

/* Is it no connection, but a listener at an unspecified address that has one CID only
 * (second.h)? */
static bool is_beside_loopback(int fd, const struct mark *m)
{
	return m->peer.kind == PLACE_NONE && sys_connected(fd) == 0;
}

/* In which family is a socket's own address, if it is the kernel's choice? An accepted one's is
 * in its peer's. */
static bool local_shows_v6(const struct ruleset *rs, int fd, const struct mark *m,
			   const struct vm_address *name)
{
	struct vm_address peer;

	if (!shows_v6(m) || name->path || name->cid == CID_ANY)
		return shows_v6(m);
	if (m->peer.kind != PLACE_NONE)
		return m->peer.kind != PLACE_IPV4;
	return transport_peer(fd, &peer) == 1 ? caller_shows_v6(rs, m, &peer) : true;
}

void local_endpoint(const struct ruleset *rs, int fd, const struct mark *m,
		    const struct vm_address *name, struct endpoint *ep)
{
	endpoint_of_vm(rs, m, name, local_shows_v6(rs, fd, m, name), ep);
	if (m->local.port)
		ep->port = m->local.port;
	if (!place_is_any(&m->local))
		place_ip(&m->local, m->v6, ep->ip);
	else if (m->peer.kind != PLACE_NONE && name->cid == CID_ANY)
		source_ip(rs, fd, m, ep->ip);
	else if (name->path && sys_connected(fd) == 1) /* the guest called its host */
		ip_of_cid(rs, transport_own_cid(rs, *name), shows_v6(m), false, ep->ip);
	else if (name->cid == CID_ANY || is_beside_loopback(fd, m))
		place_ip(&m->local, m->v6, ep->ip);
}

void peer_endpoint(const struct ruleset *rs, const struct mark *m,
		   const struct vm_address *name, struct endpoint *ep)
{
	if (m->peer.kind == PLACE_NONE && name) {
		endpoint_of_caller(rs, m, name, ep);
		return;
	}
	place_ip(&m->peer, m->v6, ep->ip);
	ep->port = m->peer.port;
}
