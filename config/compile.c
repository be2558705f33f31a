/* SPDX-License-Identifier: MIT */
/*
 * compile.c - from rules and peers as they are read to the image that is matched against
 *
 * Theory of operation: see compile.h. The image is laid out before the names in its rules are
 * resolved, so that resolving can use the very look-up by which the program will later find
 * *.vsock names (cid_of_name).
 */
#include "compile.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "address.h"

/* More errors, and more warnings, than this are not worth reading. */
#define SHOWN_MAX 20

/* Bytes of a message's parts: a path or argument, a line number, and the reason. */
#define SOURCE_TEXT_MAX 4200
#define LINE_TEXT_MAX   16
#define REASON_TEXT_MAX 700

/* The same limit as ruleset_encoded_size() has. */
#define IMAGE_SIZE_MAX ((size_t)64 << 20)

void builder_init(struct builder *builder, report_fn *report, void *context)
{
	*builder = (struct builder){
		.report = report,
		.report_context = context,
		.defaults = {ACTION_PASS, ACTION_PASS},
		.names = true,
	};
}

void peer_draft_free(struct peer_draft *peer)
{
	free(peer->name);
	list_free(&peer->addresses);
}

void rule_draft_free(struct rule_draft *draft)
{
	struct peer_reference *accepts = draft->accepts.items;

	for (size_t i = 0; i < draft->accepts.count; i++)
		free(accepts[i].name);
	list_free(&draft->accepts);
	free(draft->to.name);
}

void builder_free(struct builder *builder)
{
	struct peer_draft *peers = builder->peers.items;
	char **sources = builder->sources.items;

	for (size_t i = 0; i < builder->peers.count; i++)
		peer_draft_free(&peers[i]);
	for (size_t i = 0; i < builder->sources.count; i++)
		free(sources[i]);
	for (int side = SIDE_CONNECT; side <= SIDE_LISTEN; side++) {
		struct rule_draft *drafts = builder->rules[side].items;

		for (size_t i = 0; i < builder->rules[side].count; i++)
			rule_draft_free(&drafts[i]);
		list_free(&builder->rules[side]);
	}
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
		(void)snprintf(reason, sizeof(reason), "there is more, which is not shown");
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
 * find_file_peer() - the peer of a file that was given a CID there
 * Return: it, or NULL
 */
static const struct peer_draft *find_file_peer(const struct builder *builder, uint32_t cid)
{
	const struct peer_draft *peers = builder->peers.items;

	for (size_t i = 0; i < builder->peers.count; i++) {
		if (peers[i].cid == cid && !from_arguments(peers[i].origin) &&
		    !peers[i].overridden)
			return &peers[i];
	}
	return NULL;
}

/**
 * settle_peer_name() - see whether a peer may have its name
 *
 * A name that the command line has given to a CID takes this peer's addresses along.
 */
static bool settle_peer_name(struct builder *builder, struct peer_draft *peer)
{
	const struct peer_draft *other = find_peer_named(builder, peer->name);
	char place[ORIGIN_TEXT_MAX];

	if (!other)
		return true;
	if (from_arguments(other->origin) && !from_arguments(peer->origin)) {
		peer->cid = other->cid;
		peer->overridden = true;
		return true;
	}
	builder_error(builder, peer->origin,
		      "there is a peer \"%s\" already (%s): give one of the two another name",
		      peer->name, builder_place(builder, other->origin, peer->origin, place));
	return false;
}

/**
 * settle_peer_cid() - see whether a peer may have its CID
 */
static bool settle_peer_cid(struct builder *builder, const struct peer_draft *peer)
{
	const struct peer_draft *other = find_file_peer(builder, peer->cid);
	char place[ORIGIN_TEXT_MAX];

	if (from_arguments(peer->origin) || peer->overridden || !other)
		return true;
	builder_error(
		builder, peer->origin,
		"there is a peer with CID %u already (%s): give all addresses to that one",
		peer->cid, builder_place(builder, other->origin, peer->origin, place));
	return false;
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

	if (!settle_peer_name(builder, peer) || !settle_peer_cid(builder, peer) ||
	    !settle_peer_addresses(builder, peer)) {
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

/* ---- the image ---- */

/* An image in the making, and its parts until they are put in. */
struct layout {
	struct list rules[2];  /* of struct rule; by enum side */
	struct list peers;     /* of struct peer */
	struct list addresses; /* of uint8_t[16] */
	struct list accepts;   /* of uint32_t */
	struct list sources;   /* of uint32_t */
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
 * lay_peers() - add the peers, their names and addresses
 */
static void lay_peers(struct layout *layout, const struct builder *builder)
{
	const struct peer_draft *drafts = builder->peers.items;

	for (size_t i = 0; i < builder->peers.count; i++) {
		struct peer *peer = list_add(&layout->peers, sizeof(*peer));

		peer->cid = drafts[i].cid;
		if (drafts[i].name)
			peer->name = lay_string(layout, drafts[i].name);
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

/* ---- names ---- */

/**
 * resolve() - the CID that a reference stands for
 * Return: it; 0 after an error
 */
static uint32_t resolve(struct builder *builder, const struct ruleset *rs,
			const struct peer_reference *reference)
{
	char name[PEER_NAME_MAX + sizeof(".vsock")];
	uint32_t cid;

	if (!reference->name)
		return reference->cid;
	(void)snprintf(name, sizeof(name), "%s.vsock", reference->name);
	if (cid_of_name(rs, name, &cid) && cid != CID_UNKNOWN)
		return cid;
	builder_error(builder, reference->origin,
		      "there is no peer \"%s\": define it among the peers, or give its CID",
		      reference->name);
	return 0;
}

/**
 * resolve_rules() - put the CIDs into the rules of one side
 */
static void resolve_rules(struct builder *builder, struct ruleset *rs, enum side side)
{
	const struct rule_draft *drafts = builder->rules[side].items;
	struct rule *rules = (struct rule *)(side == SIDE_CONNECT ? ruleset_connect(rs)
								  : ruleset_listen(rs));
	uint32_t *accepts = (uint32_t *)ruleset_accepts(rs);

	for (size_t i = 0; i < builder->rules[side].count; i++) {
		const struct peer_reference *references = drafts[i].accepts.items;

		rules[i].cid = resolve(builder, rs, &drafts[i].to);
		for (size_t a = 0; a < drafts[i].accepts.count; a++)
			accepts[rules[i].accept_first + a] =
				resolve(builder, rs, &references[a]);
	}
}

struct ruleset *builder_finish(struct builder *builder, uint32_t local_cid)
{
	struct ruleset *rs = lay_out(builder);

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
