/* SPDX-License-Identifier: MIT */
/*
 * entry.c - the peers and rules of a configuration file, one by one
 *
 * Theory of operation: see entry.h. A group has been held against the table of its settings
 * before it is read, so that the functions here find only what they expect.
 */
#include "entry.h"

#include <stdlib.h>
#include <string.h>

#include "cid.h"

/* ---- peers ---- */

/**
 * read_cid() - read a setting that is a CID
 */
static bool read_cid(struct parser *parser, const config_setting_t *setting, uint32_t *cid)
{
	char reason[REASON_MAX];

	if (cid_check(integer(setting), cid, reason))
		return true;
	return parser_error(parser, setting, "%s", reason);
}

/**
 * read_peer_name() - read a setting that is the name of a peer
 * @name: to be freed
 */
static bool read_peer_name(struct parser *parser, const config_setting_t *setting, char **name)
{
	const char *text = text_of(setting);
	char reason[REASON_MAX];

	if (!peer_name_check(text, reason))
		return parser_error(parser, setting, "%s", reason);
	*name = memory_string(text, strlen(text));
	return true;
}

/**
 * read_socket() - read a setting that is the path of a socket
 * @path: to be freed
 */
static bool read_socket(struct parser *parser, const config_setting_t *setting, char **path)
{
	const char *text = text_of(setting);
	char reason[REASON_MAX];

	if (!socket_path_check(text, reason))
		return parser_error(parser, setting, "%s", reason);
	*path = memory_string(text, strlen(text));
	return true;
}

/**
 * read_port_number() - read the port of a socket that is for one port
 * @ports: of struct port_draft: those before it, none of which may be the same
 */
static bool read_port_number(struct parser *parser, const config_setting_t *setting,
			     const struct list *ports, uint32_t *port)
{
	const struct port_draft *before = ports->items;
	const int64_t number = integer(setting);

	if (number < 1 || number >= UINT32_MAX)
		return parser_error(parser, setting,
				    "%lld is no vsock port: they are 1 to 4294967294",
				    (long long)number);
	for (size_t i = 0; i < ports->count; i++) {
		if (before[i].port == number)
			return parser_error(parser, setting,
					    "port %lld has a socket already: leave one of the "
					    "two out",
					    (long long)number);
	}
	*port = (uint32_t)number;
	return true;
}

/**
 * read_port_socket() - read an element of a peer's list of sockets
 */
static bool read_port_socket(struct parser *parser, const config_setting_t *group,
			     struct list *ports)
{
	static const struct setting_kind known[] = {
		{"port", KIND_INTEGER},
		{"path", KIND_STRING},
	};
	const struct port_draft *before = ports->items;
	struct port_draft port = {.path = NULL};

	if (!is_kind(group, KIND_GROUP))
		return parser_error(parser, group, "an element of \"sockets\" must be %s",
				    kind_names[KIND_GROUP]);
	if (!CHECK_GROUP(parser, group, known))
		return false;
	if (!member(group, "port") || !member(group, "path"))
		return parser_error(parser, group,
				    "an element of \"sockets\" has a \"port\" and a \"path\"");
	if (!read_port_number(parser, member(group, "port"), ports, &port.port) ||
	    !read_socket(parser, member(group, "path"), &port.path))
		return false;
	for (size_t i = 0; i < ports->count; i++) {
		if (strcmp(before[i].path, port.path) != 0)
			continue;
		(void)parser_error(parser, member(group, "path"),
				   "%s is the socket of port %u already: each port has its own",
				   port.path, before[i].port);
		free(port.path);
		return false;
	}
	list_append(ports, &port, 1, sizeof(port));
	return true;
}

/**
 * read_port_sockets() - read a peer's list of sockets, each for one port
 */
static bool read_port_sockets(struct parser *parser, const config_setting_t *sockets,
			      struct peer_draft *peer)
{
	const struct port_draft *first;

	for (int i = 0; i < config_setting_length(sockets); i++) {
		if (!read_port_socket(parser, config_setting_get_elem(sockets, (unsigned int)i),
				      &peer->ports))
			return false;
	}
	if (peer->ports.count == 0)
		return parser_error(parser, sockets,
				    "\"sockets\" is empty: give it a port and its path");
	first = peer->ports.items;
	peer->socket = memory_string(first->path, strlen(first->path));
	return true;
}

/**
 * read_peer_addresses() - read a peer's list of addresses
 * @addresses: the setting
 */
static bool read_peer_addresses(struct parser *parser, const config_setting_t *addresses,
				struct list *list)
{
	char reason[REASON_MAX];
	uint8_t ip[16];

	for (int i = 0; i < config_setting_length(addresses); i++) {
		const config_setting_t *element =
			config_setting_get_elem(addresses, (unsigned int)i);

		if (!is_kind(element, KIND_STRING))
			return parser_error(parser, element, "an address must be %s",
					    kind_names[KIND_STRING]);
		if (!address_parse(text_of(element), ip, reason) ||
		    !address_fits_peer(ip, reason))
			return parser_error(parser, element, "%s", reason);
		list_append(list, ip, 1, sizeof(ip));
	}
	return true;
}

/**
 * read_peer_settings() - read what stands in the group of a peer
 */
static bool read_peer_settings(struct parser *parser, const config_setting_t *group,
			       struct peer_draft *peer)
{
	static const struct setting_kind known[] = {
		{"name", KIND_STRING},  {"cid", KIND_INTEGER},    {"socket", KIND_STRING},
		{"sockets", KIND_LIST}, {"addresses", KIND_LIST},
	};
	const config_setting_t *name;
	const config_setting_t *cid;
	const config_setting_t *socket;
	const config_setting_t *sockets;
	const config_setting_t *addresses;

	if (!CHECK_GROUP(parser, group, known))
		return false;
	name = member(group, "name");
	cid = member(group, "cid");
	socket = member(group, "socket");
	sockets = member(group, "sockets");
	addresses = member(group, "addresses");
	if (!cid && !socket && !sockets)
		return parser_error(parser, group,
				    "this peer has neither a \"cid\" nor a \"socket\"");
	if (socket && sockets)
		return parser_error(parser, sockets,
				    "\"socket\" and \"sockets\" exclude each other: the one "
				    "leads to every port, the others to one each");
	if (sockets && !name)
		return parser_error(parser, group, "a peer with \"sockets\" needs a \"name\"");
	if (!name && !addresses)
		return parser_error(parser, group,
				    "this peer needs a \"name\", \"addresses\", or both");
	return (!cid || read_cid(parser, cid, &peer->cid)) &&
	       (!socket || read_socket(parser, socket, &peer->socket)) &&
	       (!sockets || read_port_sockets(parser, sockets, peer)) &&
	       (!name || read_peer_name(parser, name, &peer->name)) &&
	       (!addresses || read_peer_addresses(parser, addresses, &peer->addresses));
}

void read_peer(struct parser *parser, const config_setting_t *group)
{
	struct peer_draft peer = {.cid = CID_UNKNOWN, .origin = origin_of(parser, group)};

	if (read_peer_settings(parser, group, &peer))
		builder_add_peer(parser->builder, &peer);
	else
		peer_draft_free(&peer);
}

/* ---- rules ---- */

/**
 * read_pattern() - read which addresses and ports a rule meets
 * @key: "to" or "on"
 */
static bool read_pattern(struct parser *parser, const config_setting_t *group, const char *key,
			 enum side side, struct rule *rule)
{
	const config_setting_t *setting = member(group, key);
	char reason[REASON_MAX];

	if (!setting)
		return parser_error(
			parser, group,
			"this rule has no \"%s\", the address and port that it meets", key);
	if (!pattern_parse(text_of(setting), side, rule, reason))
		return parser_error(parser, setting, "%s", reason);
	return true;
}

bool read_action(struct parser *parser, const config_setting_t *setting, uint8_t *action)
{
	if (action_parse(text_of(setting), action))
		return true;
	return parser_error(parser, setting,
			    "unknown action \"%.*s\": write \"pass\" or \"deny\"", QUOTE_MAX,
			    text_of(setting));
}

/**
 * read_action_alone() - read the action of a rule, beside which nothing else may stand
 * @action: the setting
 */
static bool read_action_alone(struct parser *parser, const config_setting_t *group,
			      const config_setting_t *action, struct rule *rule)
{
	static const char *const others[] = {"peer", "cid", "port", "accept_from"};

	if (!read_action(parser, action, &rule->action))
		return false;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		const config_setting_t *other = member(group, others[i]);

		if (other)
			return parser_error(parser, other,
					    "\"%s\" and \"action\" exclude each other",
					    others[i]);
	}
	return true;
}

/**
 * read_port() - read the vsock port of a rule, if it has one
 */
static bool read_port(struct parser *parser, const config_setting_t *group, struct rule *rule)
{
	const config_setting_t *port = member(group, "port");
	char reason[REASON_MAX];

	if (port && !pattern_set_port(rule, integer(port), reason))
		return parser_error(parser, port, "%s", reason);
	return true;
}

/**
 * read_target() - read the peer that a connect rule leads to
 */
static bool read_target(struct parser *parser, const config_setting_t *group,
			struct peer_reference *to)
{
	const config_setting_t *peer = member(group, "peer");
	const config_setting_t *cid = member(group, "cid");

	if (peer && cid)
		return parser_error(parser, cid, "\"peer\" and \"cid\" exclude each other");
	if (!peer && !cid)
		return parser_error(
			parser, group,
			"this rule says nothing: give it a \"peer\", a \"cid\", or an "
			"\"action\"");
	to->origin = origin_of(parser, peer ? peer : cid);
	return peer ? read_peer_name(parser, peer, &to->name) : read_cid(parser, cid, &to->cid);
}

/**
 * read_connect_settings() - read what stands in the group of a connect rule
 */
static bool read_connect_settings(struct parser *parser, const config_setting_t *group,
				  struct rule_draft *draft)
{
	static const struct setting_kind known[] = {
		{"to", KIND_STRING},    {"peer", KIND_STRING},   {"cid", KIND_INTEGER},
		{"port", KIND_INTEGER}, {"action", KIND_STRING},
	};
	const config_setting_t *action;

	if (!CHECK_GROUP(parser, group, known) ||
	    !read_pattern(parser, group, "to", SIDE_CONNECT, &draft->rule))
		return false;
	action = member(group, "action");
	if (action)
		return read_action_alone(parser, group, action, &draft->rule);
	draft->rule.action = ACTION_VSOCK;
	return read_target(parser, group, &draft->to) && read_port(parser, group, &draft->rule);
}

/**
 * read_caller() - read whose guest may call, if a listen rule says so
 */
static bool read_caller(struct parser *parser, const config_setting_t *group,
			struct peer_reference *caller)
{
	const config_setting_t *peer = member(group, "peer");
	const config_setting_t *accepts = member(group, "accept_from");

	if (!peer)
		return true;
	if (accepts)
		return parser_error(parser, accepts,
				    "\"peer\" and \"accept_from\" exclude each other: the peer "
				    "is who may call");
	caller->origin = origin_of(parser, peer);
	return read_peer_name(parser, peer, &caller->name);
}

/**
 * read_accepts() - read whom a listen rule accepts, if it says so
 */
static bool read_accepts(struct parser *parser, const config_setting_t *group,
			 struct rule_draft *draft)
{
	const config_setting_t *list = member(group, "accept_from");

	if (!list)
		return true;
	draft->rule.restricted = 1;
	for (int i = 0; i < config_setting_length(list); i++) {
		const config_setting_t *element =
			config_setting_get_elem(list, (unsigned int)i);
		struct peer_reference *accept = list_add(&draft->accepts, sizeof(*accept));
		bool good;

		accept->origin = origin_of(parser, element);
		if (is_kind(element, KIND_STRING))
			good = read_peer_name(parser, element, &accept->name);
		else if (is_kind(element, KIND_INTEGER))
			good = read_cid(parser, element, &accept->cid);
		else
			good = parser_error(parser, element,
					    "\"accept_from\" lists names of peers, and CIDs");
		if (!good)
			return false;
	}
	return true;
}

/**
 * read_listen_settings() - read what stands in the group of a listen rule
 */
static bool read_listen_settings(struct parser *parser, const config_setting_t *group,
				 struct rule_draft *draft)
{
	static const struct setting_kind known[] = {
		{"on", KIND_STRING},        {"peer", KIND_STRING},   {"port", KIND_INTEGER},
		{"accept_from", KIND_LIST}, {"action", KIND_STRING},
	};
	const config_setting_t *action;

	if (!CHECK_GROUP(parser, group, known) ||
	    !read_pattern(parser, group, "on", SIDE_LISTEN, &draft->rule))
		return false;
	action = member(group, "action");
	if (action)
		return read_action_alone(parser, group, action, &draft->rule);
	draft->rule.action = ACTION_VSOCK;
	return read_caller(parser, group, &draft->to) &&
	       read_port(parser, group, &draft->rule) && read_accepts(parser, group, draft);
}

/**
 * read_rule() - read an element of a list of rules
 */
static void read_rule(struct parser *parser, const config_setting_t *group, enum side side)
{
	struct origin origin = origin_of(parser, group);
	struct rule_draft draft = {.rule = {.source = origin.source, .line = origin.line}};
	bool good = side == SIDE_CONNECT ? read_connect_settings(parser, group, &draft)
					 : read_listen_settings(parser, group, &draft);

	if (good)
		builder_add_rule(parser->builder, side, &draft);
	else
		rule_draft_free(&draft);
}

void read_connect_rule(struct parser *parser, const config_setting_t *group)
{
	read_rule(parser, group, SIDE_CONNECT);
}

void read_listen_rule(struct parser *parser, const config_setting_t *group)
{
	read_rule(parser, group, SIDE_LISTEN);
}
