/* SPDX-License-Identifier: MIT */
/*
 * peer.c - the peers of a configuration file, one by one
 *
 * Theory of operation: see entry.h. A group has been held against the table of its settings
 * before it is read, so that the functions here find only what they expect.
 */
#include <stdlib.h>
#include <string.h>

#include "entry.h"

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
 * read_rights() - read who may write to the sockets that servers make for a peer
 */
static bool read_rights(struct parser *parser, const config_setting_t *group,
			struct peer_draft *peer)
{
	const config_setting_t *mode = member(group, "mode");
	const config_setting_t *owners = member(group, "group");
	char reason[REASON_MAX];

	if ((mode || owners) && !peer->socket)
		return parser_error(parser, mode ? mode : owners,
				    "\"%s\" is for the sockets that servers make for a peer "
				    "with a \"socket\"",
				    mode ? "mode" : "group");
	if (mode && !mode_parse(text_of(mode), &peer->mode, reason))
		return parser_error(parser, mode, "%s", reason);
	if (owners && !group_parse(text_of(owners), &peer->group, reason))
		return parser_error(parser, owners, "%s", reason);
	return true;
}

/**
 * read_half_close() - read what becomes of the end of writing, if it is said
 */
static bool read_half_close(struct parser *parser, const config_setting_t *group,
			    struct peer_draft *peer)
{
	const config_setting_t *setting = member(group, "half_close");

	if (!setting)
		return true;
	if (!peer->socket)
		return parser_error(parser, setting,
				    "\"half_close\" is for a peer with a \"socket\": VM "
				    "sockets pass it on");
	peer->holds = strcmp(text_of(setting), "hold") == 0;
	if (peer->holds || strcmp(text_of(setting), "pass") == 0)
		return true;
	return parser_error(parser, setting,
			    "unknown half_close \"%.*s\": write \"pass\" or \"hold\"",
			    QUOTE_MAX, text_of(setting));
}

/**
 * read_peer_settings() - read what stands in the group of a peer
 */
static bool read_peer_settings(struct parser *parser, const config_setting_t *group,
			       struct peer_draft *peer)
{
	static const struct setting_kind known[] = {
		{"name", KIND_STRING},       {"cid", KIND_INTEGER},    {"socket", KIND_STRING},
		{"sockets", KIND_LIST},      {"mode", KIND_STRING},    {"group", KIND_STRING},
		{"half_close", KIND_STRING}, {"addresses", KIND_LIST},
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
		return parser_error(
			parser, group,
			"this peer has neither a \"cid\" nor a \"socket\": give it one");
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
	       read_rights(parser, group, peer) && read_half_close(parser, group, peer) &&
	       (!name || read_peer_name(parser, name, &peer->name)) &&
	       (!addresses || read_peer_addresses(parser, addresses, &peer->addresses));
}

void read_peer(struct parser *parser, const config_setting_t *group)
{
	struct peer_draft peer = PEER_DRAFT(origin_of(parser, group));

	if (read_peer_settings(parser, group, &peer))
		builder_add_peer(parser->builder, &peer);
	else
		peer_draft_free(&peer);
}
