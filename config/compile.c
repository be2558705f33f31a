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
	struct list guests;    /* of uint32_t */
	struct list sources;   /* of uint32_t */
	struct list ports;     /* of struct port_socket */
	struct list proxies;   /* of struct proxy */
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
		peer->holds = drafts[i].holds;
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
 * lay_guests() - add what a listen rule says of those whose guests may call, with room for them
 */
static void lay_guests(struct layout *layout, const struct rule_draft *draft, struct rule *rule)
{
	bool has_peer = draft->to.name || draft->to.socket;

	rule->guest_first = (uint32_t)layout->guests.count;
	rule->guest_count = has_peer ? (uint32_t)draft->others.count + 1 : 0;
	for (uint32_t i = 0; i < rule->guest_count; i++)
		(void)list_add(&layout->guests, sizeof(uint32_t));
	if (draft->at)
		rule->at = lay_string(layout, draft->at);
}

/**
 * lay_proxy() - add the proxy of a rule, if it has one
 */
static void lay_proxy(struct layout *layout, const struct proxy_draft *draft, struct rule *rule)
{
	struct proxy *proxy;

	if (!draft->used)
		return;
	proxy = list_add(&layout->proxies, sizeof(*proxy));
	rule->via = (uint32_t)layout->proxies.count;
	proxy->scheme = draft->scheme;
	proxy->one_write = draft->one_write;
	if (draft->user)
		proxy->user = lay_string(layout, draft->user);
	if (draft->password_file)
		proxy->password_file = lay_string(layout, draft->password_file);
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
		if (drafts[i].host)
			rule->host = lay_string(layout, drafts[i].host);
		lay_proxy(layout, &drafts[i].via, rule);
		if (side == SIDE_LISTEN)
			lay_guests(layout, &drafts[i], rule);
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
		{&layout->guests, sizeof(uint32_t), offsetof(struct ruleset, guests_at)},
		{&layout->ports, sizeof(struct port_socket),
		 offsetof(struct ruleset, ports_at)},
		{&layout->proxies, sizeof(struct proxy), offsetof(struct ruleset, proxies_at)},
		{&layout->strings, 1, offsetof(struct ruleset, strings_at)},
	};
	const size_t count = sizeof(parts) / sizeof(parts[0]);
	struct ruleset *rs = join_parts(parts, count);

	for (size_t i = 0; i < count; i++)
		list_free((struct list *)parts[i].list);
	return rs;
}

/**
 * append_last() - put the rules that come behind all others there
 */
static void append_last(struct builder *builder)
{
	struct list *rules = &builder->rules[SIDE_CONNECT];

	list_append(rules, builder->last.items, builder->last.count, sizeof(struct rule_draft));
	builder->last.count = 0;
}

/**
 * any_accepts_proxy() - is there a listen rule whose callers say whom they speak for?
 */
static bool any_accepts_proxy(const struct ruleset *rs)
{
	for (uint32_t i = 0; i < rs->listen_count; i++) {
		if (ruleset_listen(rs)[i].accept_proxy)
			return true;
	}
	return false;
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
	rs->unseen = builder->unseen;
	rs->connect_timeout_us = builder->connect_timeout_us;
	rs->buffer_size = builder->buffer_size;
	rs->stand_ins = builder->stand_ins;
	rs->stand_ins_bits = builder->stand_ins_bits;
	rs->accepts_proxy = any_accepts_proxy(rs);
	return rs;
}

struct ruleset *builder_finish(struct builder *builder, uint32_t local_cid)
{
	struct ruleset *rs;

	append_last(builder);
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
	check_names(builder, rs);
	if (builder->error_count > 0) {
		free(rs);
		return NULL;
	}
	return rs;
}
