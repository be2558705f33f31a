/* SPDX-License-Identifier: MIT */
/*
 * builder.c - collects rules and peers as they are read, and says what is wrong with them
 *
 * Theory of operation: see builder.h.
 */
#include "builder.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "address.h"
#include "stand_in.h"

/* More errors, and more warnings, than this are not worth reading. */
#define SHOWN_MAX 20

/* Bytes of a message's parts: a path or argument, a line number, and the reason. */
#define SOURCE_TEXT_MAX 4200
#define LINE_TEXT_MAX   16
#define REASON_TEXT_MAX 700

void builder_init(struct builder *builder, report_fn *report, void *context)
{
	*builder = (struct builder){
		.report = report,
		.report_context = context,
		.defaults = {ACTION_PASS, ACTION_PASS},
		.names = true,
		.unseen = UNSEEN_USUAL,
		.stand_ins = STAND_INS_DEFAULT,
		.stand_ins_bits = STAND_INS_DEFAULT_BITS,
	};
}

/**
 * free_sockets() - free the paths of a draft
 */
static void free_sockets(struct peer_draft *peer)
{
	struct port_draft *ports = peer->ports.items;

	for (size_t i = 0; i < peer->ports.count; i++)
		free(ports[i].path);
	list_free(&peer->ports);
	free(peer->socket);
	peer->socket = NULL;
}

void peer_draft_free(struct peer_draft *peer)
{
	free(peer->name);
	free_sockets(peer);
	list_free(&peer->addresses);
}

/**
 * reference_free() - free what a reference holds
 */
static void reference_free(struct peer_reference *reference)
{
	free(reference->name);
	free(reference->socket);
}

/**
 * references_free() - free a list of references
 */
static void references_free(struct list *list)
{
	struct peer_reference *references = list->items;

	for (size_t i = 0; i < list->count; i++)
		reference_free(&references[i]);
	list_free(list);
}

void rule_draft_free(struct rule_draft *draft)
{
	references_free(&draft->accepts);
	references_free(&draft->others);
	reference_free(&draft->to);
	free(draft->via.user);
	free(draft->via.password_file);
	free(draft->host);
	free(draft->at);
}

void rule_draft_host(struct rule_draft *draft, const char *host)
{
	if (*host != '\0')
		draft->host = memory_string(host, strlen(host));
}

/**
 * rules_free() - free a list of rules
 */
static void rules_free(struct list *rules)
{
	struct rule_draft *drafts = rules->items;

	for (size_t i = 0; i < rules->count; i++)
		rule_draft_free(&drafts[i]);
	list_free(rules);
}

void builder_free(struct builder *builder)
{
	struct peer_draft *peers = builder->peers.items;
	char **sources = builder->sources.items;

	for (size_t i = 0; i < builder->peers.count; i++)
		peer_draft_free(&peers[i]);
	for (size_t i = 0; i < builder->sources.count; i++)
		free(sources[i]);
	rules_free(&builder->rules[SIDE_CONNECT]);
	rules_free(&builder->rules[SIDE_LISTEN]);
	rules_free(&builder->last);
	list_free(&builder->peers);
	list_free(&builder->sources);
}

/* ---- messages ---- */

/**
 * source_name() - the file or argument that a source number stands for
 */
static const char *source_name(const struct builder *builder, uint16_t source)
{
	char *const *names = builder->sources.items;

	return source < builder->sources.count ? names[source] : "vsockify";
}

/**
 * replace_controls() - make a message one line that does nothing to a terminal
 */
static void replace_controls(char *text)
{
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
	}
}

/**
 * report() - put a message together, and hand it on
 * @count: errors or warnings so far
 */
static void __attribute__((format(printf, 5, 0)))
report(struct builder *builder, enum severity severity, unsigned int *count,
       struct origin origin, const char *format, va_list arguments)
{
	char message[SOURCE_TEXT_MAX + LINE_TEXT_MAX + REASON_TEXT_MAX];
	char line[LINE_TEXT_MAX] = "";
	char reason[REASON_TEXT_MAX - 16];

	if ((*count)++ > SHOWN_MAX)
		return;
	if (*count > SHOWN_MAX)
		(void)snprintf(reason, sizeof(reason),
			       "there is more, which is not shown: mend the above first");
	else
		(void)vsnprintf(reason, sizeof(reason), format, arguments);
	if (origin.line > 0)
		(void)snprintf(line, sizeof(line), ":%u", origin.line);
	(void)snprintf(message, sizeof(message), "%.*s%s: %s%s", SOURCE_TEXT_MAX - 1,
		       source_name(builder, origin.source), line,
		       severity == SEVERITY_WARNING ? "warning: " : "", reason);
	replace_controls(message);
	builder->report(builder->report_context, severity, message);
}

void builder_error(struct builder *builder, struct origin origin, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	report(builder, SEVERITY_ERROR, &builder->error_count, origin, format, arguments);
	va_end(arguments);
}

void builder_warning(struct builder *builder, struct origin origin, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	report(builder, SEVERITY_WARNING, &builder->warning_count, origin, format, arguments);
	va_end(arguments);
}

const char *builder_place(const struct builder *builder, struct origin origin,
			  struct origin here, char *buf)
{
	if (origin.line == 0)
		(void)snprintf(buf, ORIGIN_TEXT_MAX, "%s", source_name(builder, origin.source));
	else if (origin.source == here.source)
		(void)snprintf(buf, ORIGIN_TEXT_MAX, "line %u", origin.line);
	else
		(void)snprintf(buf, ORIGIN_TEXT_MAX, "%.*s:%u", ORIGIN_TEXT_MAX - 16,
			       source_name(builder, origin.source), origin.line);
	return buf;
}

uint16_t builder_add_source(struct builder *builder, const char *name)
{
	struct origin last = {.source = UINT16_MAX - 1};
	char **slot;

	if (builder->sources.count > last.source) {
		builder_error(
			builder, last,
			"there are more than %u files and arguments: write prefixes and port "
			"ranges in place of single rules",
			UINT16_MAX);
		return last.source;
	}
	slot = list_add(&builder->sources, sizeof(*slot));
	*slot = memory_string(name, strlen(name));
	return (uint16_t)(builder->sources.count - 1);
}

/* ---- peers ---- */

/**
 * from_arguments() - was it written on the command line?
 */
static bool from_arguments(struct origin origin)
{
	return origin.line == 0;
}

/**
 * find_peer_named() - the peer that has a name
 * Return: it, or NULL; also if @name is NULL
 */
static const struct peer_draft *find_peer_named(const struct builder *builder, const char *name)
{
	const struct peer_draft *peers = builder->peers.items;

	for (size_t i = 0; name && i < builder->peers.count; i++) {
		if (peers[i].name && strcasecmp(peers[i].name, name) == 0)
			return &peers[i];
	}
	return NULL;
}

/**
 * find_peer_at() - the peer that has an address
 * Return: it, or NULL
 */
static const struct peer_draft *find_peer_at(const struct builder *builder,
					     const uint8_t ip[16])
{
	const struct peer_draft *peers = builder->peers.items;

	for (size_t i = 0; i < builder->peers.count; i++) {
		const uint8_t(*addresses)[16] = peers[i].addresses.items;

		for (size_t a = 0; a < peers[i].addresses.count; a++) {
			if (memcmp(addresses[a], ip, 16) == 0)
				return &peers[i];
		}
	}
	return NULL;
}

/**
 * is_same_machine() - does the same way lead to two peers?
 *
 * CIDs say so only of peers that are reached by them.
 */
static bool is_same_machine(const struct peer_draft *a, const struct peer_draft *b)
{
	if (a->socket || b->socket)
		return a->socket && b->socket && strcmp(a->socket, b->socket) == 0;
	return a->cid == b->cid;
}

/**
 * find_file_peer() - the peer of a file that was the same machine as @peer there
 * Return: it, or NULL
 */
static const struct peer_draft *find_file_peer(const struct builder *builder,
					       const struct peer_draft *peer)
{
	const struct peer_draft *peers = builder->peers.items;

	for (size_t i = 0; i < builder->peers.count; i++) {
		if (is_same_machine(&peers[i], peer) && !from_arguments(peers[i].origin) &&
		    !peers[i].overridden)
			return &peers[i];
	}
	return NULL;
}

uint32_t builder_find_socket(const struct builder *builder, const char *socket)
{
	const struct peer_draft *peers = builder->peers.items;

	for (size_t i = 0; i < builder->peers.count; i++) {
		if (peers[i].socket && peers[i].ports.count == 0 &&
		    strcmp(peers[i].socket, socket) == 0)
			return (uint32_t)i;
	}
	return NO_PEER;
}

/**
 * has_path() - does a peer have a socket with this path, whatever it leads to?
 */
static bool has_path(const struct peer_draft *peer, const char *path)
{
	const struct port_draft *ports = peer->ports.items;
	bool found = peer->socket && strcmp(peer->socket, path) == 0;

	for (size_t i = 0; i < peer->ports.count && !found; i++)
		found = strcmp(ports[i].path, path) == 0;
	return found;
}

/**
 * lead_elsewhere() - let a peer of a file be the machine that the command line has made of its
 * name
 */
static void lead_elsewhere(struct peer_draft *peer, const struct peer_draft *other)
{
	const char *socket = other->socket;

	free_sockets(peer);
	peer->socket = socket ? memory_string(socket, strlen(socket)) : NULL;
	peer->cid = other->cid;
	peer->overridden = true;
}

/**
 * settle_peer_name() - see whether a peer may have its name
 *
 * A name that the command line has given to a machine takes this peer's addresses along.
 */
static bool settle_peer_name(struct builder *builder, struct peer_draft *peer)
{
	const struct peer_draft *other = find_peer_named(builder, peer->name);
	char place[ORIGIN_TEXT_MAX];

	if (!other)
		return true;
	if (from_arguments(other->origin) && !from_arguments(peer->origin)) {
		lead_elsewhere(peer, other);
		return true;
	}
	builder_error(builder, peer->origin,
		      "there is a peer \"%s\" already (%s): give one of the two another name",
		      peer->name, builder_place(builder, other->origin, peer->origin, place));
	return false;
}

/**
 * settle_peer_machine() - see whether a peer may be the machine that it is
 */
static bool settle_peer_machine(struct builder *builder, const struct peer_draft *peer)
{
	const struct peer_draft *other = find_file_peer(builder, peer);
	char place[ORIGIN_TEXT_MAX];

	if (from_arguments(peer->origin) || peer->overridden || !other)
		return true;
	(void)builder_place(builder, other->origin, peer->origin, place);
	if (peer->socket)
		builder_error(builder, peer->origin,
			      "there is a peer with the socket %s already (%s): give all "
			      "addresses to that one",
			      peer->socket, place);
	else
		builder_error(builder, peer->origin,
			      "there is a peer with CID %u already (%s): give all addresses to "
			      "that one",
			      peer->cid, place);
	return false;
}

/**
 * settle_peer_paths() - see whether the paths of a peer's ports are its own
 */
static bool settle_peer_paths(struct builder *builder, const struct peer_draft *peer)
{
	const struct port_draft *ports = peer->ports.items;
	const struct peer_draft *peers = builder->peers.items;
	char place[ORIGIN_TEXT_MAX];

	for (size_t i = 0; i < peer->ports.count * builder->peers.count; i++) {
		const struct peer_draft *other = &peers[i / peer->ports.count];
		const char *path = ports[i % peer->ports.count].path;

		if (!has_path(other, path) || from_arguments(other->origin))
			continue;
		builder_error(builder, peer->origin,
			      "the socket %s is that of a peer already (%s): leave it to one "
			      "of the two",
			      path, builder_place(builder, other->origin, peer->origin, place));
		return false;
	}
	return true;
}

/**
 * settle_peer_addresses() - see whether a peer may have its addresses
 *
 * Those that the command line has given away are left out.
 */
static bool settle_peer_addresses(struct builder *builder, struct peer_draft *peer)
{
	uint8_t(*addresses)[16] = peer->addresses.items;
	size_t kept = 0;

	for (size_t i = 0; i < peer->addresses.count; i++) {
		const struct peer_draft *other = find_peer_at(builder, addresses[i]);
		char place[ORIGIN_TEXT_MAX];
		char text[IP_TEXT_MAX];

		if (!other) {
			memmove(addresses[kept++], addresses[i], 16);
			continue;
		}
		if (from_arguments(other->origin) && !from_arguments(peer->origin))
			continue;
		builder_error(
			builder, peer->origin,
			"%s is the address of a peer already (%s): leave it to one of the two",
			ip_format(addresses[i], text),
			builder_place(builder, other->origin, peer->origin, place));
		return false;
	}
	peer->addresses.count = kept;
	return true;
}

void builder_add_peer(struct builder *builder, struct peer_draft *peer)
{
	struct peer_draft *added;

	if (!settle_peer_name(builder, peer) || !settle_peer_machine(builder, peer) ||
	    !settle_peer_paths(builder, peer) || !settle_peer_addresses(builder, peer)) {
		peer_draft_free(peer);
		return;
	}
	added = list_add(&builder->peers, sizeof(*added));
	*added = *peer;
}

void builder_add_rule(struct builder *builder, enum side side, struct rule_draft *draft)
{
	struct rule_draft *added = list_add(&builder->rules[side], sizeof(*added));

	*added = *draft;
}

void builder_add_last(struct builder *builder, struct rule_draft *draft)
{
	struct rule_draft *added = list_add(&builder->last, sizeof(*added));

	*added = *draft;
}
