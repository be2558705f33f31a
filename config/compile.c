/* SPDX-License-Identifier: MIT */
/*
 * compile.c - from what a builder has collected to the image that is matched against
 *
 * Theory of operation: see compile.h.
 */
#include "compile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"

/* The same limit as ruleset_encoded_size() has. */
#define IMAGE_SIZE_MAX ((size_t)64 << 20)

/* ---- the image ---- */

/* An image in the making, and its parts until they are put in. */
struct layout {
	struct list rules[2];  /* of struct rule; by enum side */
	struct list peers;     /* of struct peer */
	struct list addresses; /* of uint8_t[16] */
	struct list accepts;   /* of uint32_t */
	struct list sources;   /* of uint32_t */
	struct list ports;     /* of struct port_socket */
	struct list strings;   /* of char */
};

/**
 * lay_string() - add a string
 * Return: its offset in the string table
 */
static uint32_t lay_string(struct layout *layout, const char *text)
{
	uint32_t offset = (uint32_t)layout->strings.count;

	list_append(&layout->strings, text, strlen(text) + 1, 1);
	return offset;
}

/**
 * lay_socket() - add the path of a peer's socket, once for all that have it
 * @index: of the peer; those before it have been laid
 * Return: its offset in the string table; 0 if the peer has none
 */
static uint32_t lay_socket(struct layout *layout, const struct builder *builder, size_t index)
{
	const struct peer_draft *draft =
		(const struct peer_draft *)builder->peers.items + index;
	const char *path = draft->socket;
	const struct peer *peers = layout->peers.items;
	uint32_t first;

	if (!path)
		return 0;
	if (draft->ports.count > 0)
		return lay_string(layout, path);
	first = builder_find_socket(builder, path);
	return first < index ? peers[first].socket : lay_string(layout, path);
}

/**
 * lay_ports() - add the sockets of a peer's ports
 */
static void lay_ports(struct layout *layout, const struct peer_draft *draft, struct peer *peer)
{
	const struct port_draft *ports = draft->ports.items;

	peer->port_first = (uint32_t)layout->ports.count;
	peer->port_count = (uint32_t)draft->ports.count;
	for (size_t i = 0; i < draft->ports.count; i++) {
		struct port_socket *port = list_add(&layout->ports, sizeof(*port));

		port->port = ports[i].port;
		port->path = lay_string(layout, ports[i].path);
	}
}

/**
 * lay_peers() - add the peers, their names, sockets and addresses
 */
static void lay_peers(struct layout *layout, const struct builder *builder)
{
	const struct peer_draft *drafts = builder->peers.items;

	for (size_t i = 0; i < builder->peers.count; i++) {
		struct peer *peer = list_add(&layout->peers, sizeof(*peer));

		peer->cid = drafts[i].cid;
		if (drafts[i].name)
			peer->name = lay_string(layout, drafts[i].name);
		peer->socket = lay_socket(layout, builder, i);
		lay_ports(layout, &drafts[i], peer);
		peer->mode = drafts[i].mode;
		peer->group = drafts[i].group;
		peer->address_first = (uint32_t)layout->addresses.count;
		peer->address_count = (uint32_t)drafts[i].addresses.count;
		list_append(&layout->addresses, drafts[i].addresses.items,
			    drafts[i].addresses.count, 16);
	}
}

/**
 * lay_sources() - add the names of files and arguments
 */
static void lay_sources(struct layout *layout, const struct builder *builder)
{
	char *const *names = builder->sources.items;

	for (size_t i = 0; i < builder->sources.count; i++) {
		uint32_t *slot = list_add(&layout->sources, sizeof(*slot));

		*slot = lay_string(layout, names[i]);
	}
}

/**
 * lay_rules() - add the rules of one side, with room for the CIDs they accept
 */
static void lay_rules(struct layout *layout, const struct builder *builder, enum side side)
{
	const struct rule_draft *drafts = builder->rules[side].items;

	for (size_t i = 0; i < builder->rules[side].count; i++) {
		struct rule *rule = list_add(&layout->rules[side], sizeof(*rule));

		*rule = drafts[i].rule;
		rule->accept_first = (uint32_t)layout->accepts.count;
		rule->accept_count = (uint32_t)drafts[i].accepts.count;
		for (size_t a = 0; a < drafts[i].accepts.count; a++)
			(void)list_add(&layout->accepts, sizeof(uint32_t));
	}
}

/* Where a part goes, and where the header says so. */
struct part {
	const struct list *list;
	size_t element;
	size_t offset_member; /* its uint32_t offset in struct ruleset; the count follows it */
};

/**
 * join_parts() - put the parts of an image one behind the other, each 8-byte aligned
 * Return: a malloc'ed image whose header knows its parts; NULL if it would be too large
 */
static struct ruleset *join_parts(const struct part *parts, size_t count)
{
	size_t size = sizeof(struct ruleset);
	char *image;

	for (size_t i = 0; i < count; i++) {
		size += (parts[i].list->count * parts[i].element + 7) & ~(size_t)7;
		if (size > IMAGE_SIZE_MAX)
			return NULL;
	}
	image = memory_zeroed(size);
	((struct ruleset *)image)->size = (uint32_t)size;
	size = sizeof(struct ruleset);
	for (size_t i = 0; i < count; i++) {
		size_t bytes = parts[i].list->count * parts[i].element;
		uint32_t place[2] = {(uint32_t)size, (uint32_t)parts[i].list->count};

		memcpy(image + parts[i].offset_member, place, sizeof(place));
		if (bytes > 0)
			memcpy(image + size, parts[i].list->items, bytes);
		size += (bytes + 7) & ~(size_t)7;
	}
	return (struct ruleset *)image;
}

/**
 * join_layout() - make an image of its parts, and free them
 * Return: as join_parts()
 */
static struct ruleset *join_layout(struct layout *layout)
{
	struct part parts[] = {
		{&layout->rules[SIDE_CONNECT], sizeof(struct rule),
		 offsetof(struct ruleset, connect_at)},
		{&layout->rules[SIDE_LISTEN], sizeof(struct rule),
		 offsetof(struct ruleset, listen_at)},
		{&layout->peers, sizeof(struct peer), offsetof(struct ruleset, peers_at)},
		{&layout->addresses, 16, offsetof(struct ruleset, addresses_at)},
		{&layout->accepts, sizeof(uint32_t), offsetof(struct ruleset, accepts_at)},
		{&layout->sources, sizeof(uint32_t), offsetof(struct ruleset, sources_at)},
		{&layout->ports, sizeof(struct port_socket),
		 offsetof(struct ruleset, ports_at)},
		{&layout->strings, 1, offsetof(struct ruleset, strings_at)},
	};
	const size_t count = sizeof(parts) / sizeof(parts[0]);
	struct ruleset *rs = join_parts(parts, count);

	for (size_t i = 0; i < count; i++)
		list_free((struct list *)parts[i].list);
	return rs;
}

/**
 * lay_out() - make the image of all that a builder holds, with names still unresolved
 * Return: as join_parts()
 */
static struct ruleset *lay_out(const struct builder *builder)
{
	struct layout layout = {.strings = {0}};
	struct ruleset *rs;

	(void)lay_string(&layout, "");
	lay_peers(&layout, builder);
	lay_sources(&layout, builder);
	lay_rules(&layout, builder, SIDE_CONNECT);
	lay_rules(&layout, builder, SIDE_LISTEN);
	rs = join_layout(&layout);
	if (!rs)
		return NULL;
	rs->magic = RULESET_MAGIC;
	rs->version = RULESET_VERSION;
	rs->default_connect = builder->defaults[SIDE_CONNECT];
	rs->default_listen = builder->defaults[SIDE_LISTEN];
	rs->names = builder->names;
	rs->connect_timeout_us = builder->connect_timeout_us;
	rs->buffer_size = builder->buffer_size;
	return rs;
}

/* ---- names and sockets ---- */

/**
 * drafts_of() - the rules of one side
 */
static struct rule_draft *drafts_of(const struct builder *builder, enum side side)
{
	return builder->rules[side].items;
}

/**
 * add_unknown_sockets() - make a peer of each socket that only rules name
 */
static void add_unknown_sockets(struct builder *builder, enum side side)
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
 * resolve_accept() - the CID that may call at a listen rule
 * Return: it; CID_UNKNOWN after an error
 */
static uint32_t resolve_accept(struct builder *builder, const struct ruleset *rs,
			       const struct peer_reference *accept)
{
	struct machine machine = resolve(builder, rs, accept);

	if (machine.socket)
		builder_error(builder, accept->origin,
			      "\"%s\" calls at its own socket, and at no other: write peer = "
			      "\"%s\" in a rule of its own",
			      accept->name, accept->name);
	return machine.cid;
}

/**
 * resolve_rules() - put peers and CIDs into the rules of one side, and into their drafts
 */
static void resolve_rules(struct builder *builder, struct ruleset *rs, enum side side)
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
		for (size_t a = 0; a < drafts[i].accepts.count; a++)
			accepts[rules[i].accept_first + a] =
				resolve_accept(builder, rs, &references[a]);
	}
}

struct ruleset *builder_finish(struct builder *builder, uint32_t local_cid)
{
	struct ruleset *rs;

	add_unknown_sockets(builder, SIDE_CONNECT);
	add_unknown_sockets(builder, SIDE_LISTEN);
	rs = lay_out(builder);
	if (!rs) {
		builder_error(
			builder, (struct origin){0},
			"there are too many rules, their compiled form is over %zu MiB: write "
			"prefixes and port ranges in place of single rules",
			IMAGE_SIZE_MAX >> 20);
		return NULL;
	}
	rs->local_cid = local_cid;
	resolve_rules(builder, rs, SIDE_CONNECT);
	resolve_rules(builder, rs, SIDE_LISTEN);
	check_overlaps(builder);
	if (builder->error_count > 0) {
		free(rs);
		return NULL;
	}
	return rs;
}
