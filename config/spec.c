/* SPDX-License-Identifier: MIT */
/*
 * spec.c - peers and rules given on the command line
 *
 * Theory of operation: see spec.h for the forms. Each is cut at its first "=": no address,
 * port or name contains one, and a path stands behind it. What stands on both sides is read by
 * the functions that also read the texts of a file (pattern.h, word.h).
 */
#include "spec.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cid.h"
#include "path.h"
#include "via.h"

static const char *const option_names[] = {
	[SPEC_PEER] = "--peer",
	[SPEC_CONNECT] = "--connect",
	[SPEC_LISTEN] = "--listen",
	[SPEC_VIA] = "--via",
};

/* An option, cut in two. */
struct halves {
	char *left;
	char *right; /* NULL: there is no "=" */
};

struct spec_reader {
	struct builder *builder;
	struct origin origin;
};

/* spec_error() - report an error in the option; yields false, for the caller to return */
#define spec_error(reader, ...) \
	(builder_error((reader)->builder, (reader)->origin, __VA_ARGS__), false)

/**
 * looks_like_address() - is the left side of --peer meant as an address, not as a name?
 *
 * No name contains any of these, and every address does.
 */
static bool looks_like_address(const char *text)
{
	return strpbrk(text, ".:[") != NULL;
}

/**
 * read_cid() - read a CID
 */
static bool read_cid(struct spec_reader *reader, const char *text, uint32_t *cid)
{
	char reason[REASON_MAX];
	int64_t number;

	if (!number_parse(text, &number))
		return spec_error(reader,
				  "\"%.*s\" is no CID: write a number, or the path of a "
				  "socket, with a slash in it",
				  QUOTE_MAX, text);
	if (!cid_check(number, cid, reason))
		return spec_error(reader, "%s", reason);
	return true;
}

/**
 * read_name() - read the name of a peer
 * @name: to be freed
 */
static bool read_name(struct spec_reader *reader, const char *text, char **name)
{
	char reason[REASON_MAX];

	if (!peer_name_check(text, reason))
		return spec_error(reader, "%s", reason);
	*name = memory_string(text, strlen(text));
	return true;
}

/**
 * is_path() - is a text meant as the path of a socket?
 *
 * No CID, name, port or action contains a slash.
 */
static bool is_path(const char *text)
{
	return strchr(text, '/') != NULL;
}

/**
 * read_socket() - read the path of a socket
 * @socket: set to it, made absolute; to be freed
 */
static bool read_socket(struct spec_reader *reader, const char *text, char **socket)
{
	char reason[REASON_MAX];

	*socket = path_absolute(text);
	if (!*socket)
		return spec_error(reader,
				  "cannot tell the current directory: %s: write the path of "
				  "the socket from \"/\" on",
				  strerror(errno));
	if (!socket_path_check(*socket, reason))
		return spec_error(reader, "%s", reason);
	return true;
}

/**
 * read_address() - read the address of a peer into its list
 */
static bool read_address(struct spec_reader *reader, const char *text, struct list *addresses)
{
	char reason[REASON_MAX];
	uint8_t ip[16];

	if (!address_parse(text, ip, reason) || !address_fits_peer(ip, reason))
		return spec_error(reader, "%s", reason);
	list_append(addresses, ip, 1, sizeof(ip));
	return true;
}

/**
 * read_peer() - read --peer
 */
static bool read_peer(struct spec_reader *reader, struct halves halves, struct peer_draft *peer)
{
	if (!halves.right)
		return spec_error(reader, "write ADDRESS=CID or NAME=CID, or the path of a "
					  "socket in place of the CID");
	if (is_path(halves.right) ? !read_socket(reader, halves.right, &peer->socket)
				  : !read_cid(reader, halves.right, &peer->cid))
		return false;
	if (looks_like_address(halves.left))
		return read_address(reader, halves.left, &peer->addresses);
	return read_name(reader, halves.left, &peer->name);
}

/**
 * read_port() - read the vsock port of a rule
 */
static bool read_port(struct spec_reader *reader, const char *text, struct rule *rule)
{
	char reason[REASON_MAX];
	int64_t port;

	if (!number_parse(text, &port))
		return spec_error(reader, "\"%.*s\" is no vsock port: write a number",
				  QUOTE_MAX, text);
	if (!pattern_set_port(rule, port, reason))
		return spec_error(reader, "%s", reason);
	return true;
}

/**
 * cut_port() - cut the port off a path
 * @text: PATH or PATH:PORT; changed
 * Return: the port; NULL if there is none
 */
static char *cut_port(char *text)
{
	char *colon = strrchr(text, ':');

	if (!colon || colon[1] == '\0' || strspn(colon + 1, "0123456789") < strlen(colon + 1))
		return NULL;
	*colon = '\0';
	return colon + 1;
}

/**
 * read_way() - read PATH or PATH:PORT on the right side of --connect or --listen
 * @text: changed
 */
static bool read_way(struct spec_reader *reader, char *text, struct rule_draft *draft)
{
	const char *port = cut_port(text);

	draft->to.origin = reader->origin;
	return read_socket(reader, text, &draft->to.socket) &&
	       (!port || read_port(reader, port, &draft->rule));
}

/**
 * read_target() - read the right side of --connect, unless it is an action
 * @text: PEER, PEER:PORT, PATH or PATH:PORT; changed
 */
static bool read_target(struct spec_reader *reader, char *text, struct rule_draft *draft)
{
	char *port = strchr(text, ':');
	int64_t number;
	bool good;

	if (is_path(text))
		return read_way(reader, text, draft);
	if (port)
		*port++ = '\0';
	draft->to.origin = reader->origin;
	if (number_parse(text, &number))
		good = read_cid(reader, text, &draft->to.cid);
	else
		good = read_name(reader, text, &draft->to.name);
	return good && (!port || read_port(reader, port, &draft->rule));
}

/**
 * read_pattern() - read the left side of --connect or --listen
 */
static bool read_pattern(struct spec_reader *reader, const char *text, enum side side,
			 struct rule_draft *draft)
{
	char host[HOST_MAX + 1];
	char reason[REASON_MAX];

	if (!pattern_parse(text, side, &draft->rule, host, reason))
		return spec_error(reader, "%s", reason);
	rule_draft_host(draft, host);
	return true;
}

/**
 * read_connect() - read --connect
 */
static bool read_connect(struct spec_reader *reader, struct halves halves,
			 struct rule_draft *draft)
{
	if (!halves.right)
		return spec_error(reader,
				  "write ADDRESS:PORT=CID, ADDRESS:PORT=CID:PORT, or a "
				  "peer's name, the path of a socket, \"pass\" or \"deny\" in "
				  "place of the CID");
	if (!read_pattern(reader, halves.left, SIDE_CONNECT, draft))
		return false;
	return action_parse(halves.right, &draft->rule.action) ||
	       read_target(reader, halves.right, draft);
}

/**
 * read_listen() - read --listen
 */
static bool read_listen(struct spec_reader *reader, struct halves halves,
			struct rule_draft *draft)
{
	if (!read_pattern(reader, halves.left, SIDE_LISTEN, draft))
		return false;
	if (!halves.right || action_parse(halves.right, &draft->rule.action))
		return true;
	return is_path(halves.right) ? read_way(reader, halves.right, draft)
				     : read_port(reader, halves.right, &draft->rule);
}

/**
 * add_peer() - read --peer, and add the peer
 */
static void add_peer(struct spec_reader *reader, struct halves halves)
{
	struct peer_draft peer = PEER_DRAFT(reader->origin);

	if (read_peer(reader, halves, &peer))
		builder_add_peer(reader->builder, &peer);
	else
		peer_draft_free(&peer);
}

/**
 * add_rule() - read --connect or --listen, and add the rule
 */
static void add_rule(struct spec_reader *reader, enum side side, struct halves halves)
{
	struct rule_draft draft = {
		.rule = {.action = ACTION_VSOCK, .source = reader->origin.source},
	};
	bool good = side == SIDE_CONNECT ? read_connect(reader, halves, &draft)
					 : read_listen(reader, halves, &draft);

	if (good)
		builder_add_rule(reader->builder, side, &draft);
	else
		rule_draft_free(&draft);
}

/**
 * read_via() - read --via
 */
static bool read_via(struct spec_reader *reader, const char *text, struct rule_draft *draft)
{
	char reason[REASON_MAX];
	char host[HOST_MAX + 1];

	draft->to.origin = reader->origin;
	if (!pattern_parse("*:*", SIDE_CONNECT, &draft->rule, host, reason) ||
	    !via_parse(text, draft, reason))
		return spec_error(reader, "%s", reason);
	if (draft->via.user)
		return spec_error(reader, "a user needs a password_file: write { to = \"*:*\"; "
					  "via = ...; password_file = ...; } into a "
					  "configuration file");
	return true;
}

/**
 * add_via() - read --via, and add the rule
 */
static void add_via(struct spec_reader *reader, const char *text)
{
	struct rule_draft draft = {.rule = {.source = reader->origin.source}};

	if (read_via(reader, text, &draft))
		builder_add_last(reader->builder, &draft);
	else
		rule_draft_free(&draft);
}

/**
 * add_source() - register an option as a source, "--connect 10.0.2.15:5432=7"
 */
static struct origin add_source(struct builder *builder, const struct spec *spec)
{
	const char *option = option_names[spec->kind];
	struct list name = {0};
	struct origin origin = {.line = 0};

	list_append(&name, option, strlen(option), 1);
	list_append(&name, " ", 1, 1);
	list_append(&name, spec->text, strlen(spec->text) + 1, 1);
	origin.source = builder_add_source(builder, name.items);
	list_free(&name);
	return origin;
}

void spec_parse(struct builder *builder, const struct spec *spec)
{
	struct spec_reader reader = {.builder = builder, .origin = add_source(builder, spec)};
	char *copy;
	struct halves halves;
	char *equals;

	if (spec->kind == SPEC_VIA) {
		add_via(&reader, spec->text);
		return;
	}
	copy = memory_string(spec->text, strlen(spec->text));
	equals = strchr(copy, '=');
	halves = (struct halves){.left = copy, .right = equals ? equals + 1 : NULL};
	if (equals)
		*equals = '\0';
	if (spec->kind == SPEC_PEER)
		add_peer(&reader, halves);
	else
		add_rule(&reader, spec->kind == SPEC_CONNECT ? SIDE_CONNECT : SIDE_LISTEN,
			 halves);
	free(copy);
}
