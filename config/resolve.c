/* SPDX-License-Identifier: MIT */
/*
 * resolve.c - whom the names, CIDs and sockets in rules mean
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "compile.h"

/**
 * drafts_of() - the rules of one side
 */
static struct rule_draft *drafts_of(const struct builder *builder, enum side side)
{
	return builder->rules[side].items;
}

void add_unknown_sockets(struct builder *builder, enum side side)
{
	for (size_t i = 0; i < builder->rules[side].count; i++) {
		const struct peer_reference *to = &drafts_of(builder, side)[i].to;
		struct peer_draft peer = PEER_DRAFT(to->origin);

		if (!to->socket || builder_find_socket(builder, to->socket) != NO_PEER)
			continue;
		peer.socket = memory_string(to->socket, strlen(to->socket));
		builder_add_peer(builder, &peer);
	}
}

/**
 * resolve_name() - the machine of a name
 * Return: it; nobody after an error
 */
static struct machine resolve_name(struct builder *builder, const struct ruleset *rs,
				   const struct peer_reference *reference)
{
	char name[PEER_NAME_MAX + sizeof(".vsock")];
	struct machine machine;

	(void)snprintf(name, sizeof(name), "%s.vsock", reference->name);
	if (machine_of_name(rs, name, &machine) && machine_exists(machine))
		return machine;
	builder_error(builder, reference->origin,
		      "there is no peer \"%s\": define it among the peers, or give its CID",
		      reference->name);
	return machine_of_cid(CID_UNKNOWN);
}

/**
 * resolve_cid() - the machine of a CID, which no peer with a socket may have too
 * Return: it, also after an error
 */
static struct machine resolve_cid(struct builder *builder,
				  const struct peer_reference *reference)
{
	const struct peer_draft *peers = builder->peers.items;
	char place[ORIGIN_TEXT_MAX];

	for (size_t i = 0; i < builder->peers.count; i++) {
		if (!peers[i].socket || peers[i].cid != reference->cid)
			continue;
		builder_error(
			builder, reference->origin,
			"CID %u may mean the peer that %s leads to (%s), which is not "
			"reached by a CID: write the name of the peer that is meant, or "
			"leave out the cid of that one",
			reference->cid, peers[i].socket,
			builder_place(builder, peers[i].origin, reference->origin, place));
		break;
	}
	return machine_of_cid(reference->cid);
}

/**
 * resolve() - the machine that a reference stands for
 * Return: it; nobody after an error
 */
static struct machine resolve(struct builder *builder, const struct ruleset *rs,
			      const struct peer_reference *reference)
{
	uint32_t peer;

	if (reference->name)
		return resolve_name(builder, rs, reference);
	if (!reference->socket)
		return resolve_cid(builder, reference);
	peer = builder_find_socket(builder, reference->socket);
	return (struct machine){ruleset_peers(rs)[peer].socket, CID_UNKNOWN, peer};
}

/**
 * resolve_to() - the machine that a rule leads to, or whose guest may call
 * Return: it; nobody after an error
 */
static struct machine resolve_to(struct builder *builder, const struct ruleset *rs,
				 enum side side, const struct peer_reference *to)
{
	struct machine machine = resolve(builder, rs, to);

	if (side == SIDE_CONNECT || !to->name || !machine_exists(machine) || machine.socket)
		return machine;
	builder_error(builder, to->origin,
		      "\"%s\" has no socket at which only it could call: write accept_from = "
		      "[ \"%s\" ] in place of the peer",
		      to->name, to->name);
	return machine_of_cid(CID_UNKNOWN);
}

/**
 * has_port_of() - does a peer with a socket for each port have one that a rule leads to?
 */
static bool has_port_of(const struct ruleset *rs, const struct rule *rule)
{
	const struct peer *peer = ruleset_peers(rs) + rule->peer;
	const struct port_socket *ports = ruleset_ports(rs) + peer->port_first;
	uint32_t last = rule->fixed_port
				? rule->vsock_port
				: rule->vsock_port + rule->port_last - rule->port_first;

	for (uint32_t i = 0; i < peer->port_count; i++) {
		if (ports[i].port >= rule->vsock_port && ports[i].port <= last)
			return true;
	}
	return peer->port_count == 0 || (rule->all_ports && !rule->fixed_port);
}

/**
 * check_ports() - report a rule that no socket of its peer is for
 */
static void check_ports(struct builder *builder, const struct ruleset *rs,
			const struct rule *rule, struct origin origin)
{
	if (rule->peer == NO_PEER || has_port_of(rs, rule))
		return;
	builder_error(builder, origin,
		      "\"%s\" has no socket for port %u: add one to its \"sockets\"",
		      ruleset_string(rs, ruleset_peers(rs)[rule->peer].name), rule->vsock_port);
}

/**
 * check_via() - report a rule that leads a proxy's own address to the proxy
 */
static void check_via(struct builder *builder, const struct ruleset *rs,
		      const struct rule *rule, struct origin origin)
{
	struct machine own = {.peer = NO_PEER};
	uint32_t socket = rule->peer == NO_PEER ? 0 : ruleset_peers(rs)[rule->peer].socket;

	if (!rule->via || rule->prefix_bits != 128 || rule->port_first != rule->vsock_port ||
	    rule->port_last != rule->vsock_port ||
	    (!machine_of_peer_address(rs, rule->ip, &own) &&
	     !cid_of_synthetic(rule->ip, &own.cid)))
		return;
	if (own.socket == socket && (socket || own.cid == rule->cid))
		builder_error(builder, origin,
			      "this leads the proxy's own address to the proxy: it is reached "
			      "without a rule");
}

/**
 * resolve_guest() - another peer whose guest may call at a listen rule
 * @rule: has its first
 * @count: of those before it
 *
 * One socket serves them all, and has one mode and group.
 */
static void resolve_guest(struct builder *builder, const struct ruleset *rs,
			  const struct rule *rule, uint32_t count,
			  const struct peer_reference *other)
{
	uint32_t *guests = (uint32_t *)ruleset_guests(rs, rule);
	struct machine machine = resolve_to(builder, rs, SIDE_LISTEN, other);
	const struct peer *peers = ruleset_peers(rs);

	guests[count] = machine.peer;
	if (!machine.socket || rule->peer == NO_PEER)
		return;
	for (uint32_t i = 0; i < count; i++) {
		if (guests[i] == machine.peer)
			builder_error(builder, other->origin,
				      "\"%s\" stands here twice: leave one out", other->name);
	}
	if (peers[machine.peer].mode != peers[rule->peer].mode ||
	    peers[machine.peer].group != peers[rule->peer].group)
		builder_error(builder, other->origin,
			      "\"%s\" wants another mode or group than \"%s\", and one socket "
			      "serves them both: give them the same",
			      other->name, ruleset_string(rs, peers[rule->peer].name));
}

/**
 * resolve_guests() - put into a listen rule the peers whose guests may call
 * @rule: has its first
 */
static void resolve_guests(struct builder *builder, const struct ruleset *rs,
			   const struct rule *rule, const struct rule_draft *draft)
{
	const struct peer_reference *others = draft->others.items;
	struct rule other = *rule;

	if (rule->guest_count == 0)
		return;
	((uint32_t *)ruleset_guests(rs, rule))[0] = rule->peer;
	for (uint32_t i = 1; i < rule->guest_count; i++) {
		resolve_guest(builder, rs, rule, i, &others[i - 1]);
		other.peer = ruleset_guests(rs, rule)[i];
		check_ports(builder, rs, &other, others[i - 1].origin);
	}
}

/**
 * resolve_caller() - the peer that may call at a listen rule which serves several
 * Return: its index; NO_PEER after an error
 */
static uint32_t resolve_caller(struct builder *builder, const struct ruleset *rs,
			       const struct rule *rule, const struct peer_reference *accept)
{
	const uint32_t *guests = ruleset_guests(rs, rule);
	struct machine machine = {.peer = NO_PEER};

	if (accept->name)
		machine = resolve_name(builder, rs, accept);
	else
		builder_error(
			builder, accept->origin,
			"a CID means nobody who calls at a VMM's socket: write the name of "
			"a peer");
	for (uint32_t i = 0; i < rule->guest_count && machine.socket; i++) {
		if (guests[i] != NO_PEER &&
		    ruleset_peers(rs)[guests[i]].socket == machine.socket)
			return guests[i];
	}
	if (machine_exists(machine))
		builder_error(builder, accept->origin,
			      "\"%s\" is not among the peers of this rule: add it there, or "
			      "leave it out here",
			      accept->name);
	return NO_PEER;
}

/**
 * resolve_accept() - the CID that may call at a listen rule, or the peer if it serves peers
 * Return: it; CID_UNKNOWN or NO_PEER after an error
 */
static uint32_t resolve_accept(struct builder *builder, const struct ruleset *rs,
			       const struct rule *rule, const struct peer_reference *accept)
{
	if (rule->peer != NO_PEER)
		return resolve_caller(builder, rs, rule, accept);
	struct machine machine;

	machine = resolve(builder, rs, accept);
	if (machine.socket)
		builder_error(builder, accept->origin,
			      "\"%s\" calls at its own socket, and at no other: write peer = "
			      "\"%s\" in a rule of its own",
			      accept->name, accept->name);
	return machine.cid;
}

void resolve_rules(struct builder *builder, struct ruleset *rs, enum side side)
{
	struct rule_draft *drafts = drafts_of(builder, side);
	struct rule *rules = (struct rule *)(side == SIDE_CONNECT ? ruleset_connect(rs)
								  : ruleset_listen(rs));
	uint32_t *accepts = (uint32_t *)ruleset_accepts(rs);

	for (size_t i = 0; i < builder->rules[side].count; i++) {
		const struct peer_reference *references = drafts[i].accepts.items;
		struct machine to = resolve_to(builder, rs, side, &drafts[i].to);

		rules[i].cid = drafts[i].rule.cid = to.cid;
		rules[i].peer = drafts[i].rule.peer = to.peer;
		check_ports(builder, rs, &rules[i], drafts[i].to.origin);
		check_via(builder, rs, &rules[i], drafts[i].to.origin);
		if (side == SIDE_LISTEN)
			resolve_guests(builder, rs, &rules[i], &drafts[i]);
		for (size_t a = 0; a < drafts[i].accepts.count; a++)
			accepts[rules[i].accept_first + a] =
				resolve_accept(builder, rs, &rules[i], &references[a]);
	}
}
