/* SPDX-License-Identifier: MIT */
/*
 * parse.c - reading a configuration file
 *
 * Theory of operation
 *
 * libconfig turns the text (config/text.c) into a tree of settings. Each kind of group (the
 * file itself, a peer, a rule, ...) has a table of the settings that may stand in it, with
 * their types, against which it is held first (config/setting.h); so the functions here find
 * only what they expect. A rule or peer with an error is left out, and reading goes on with
 * the next.
 */
#include "parse.h"

#include <string.h>

#include "setting.h"

#define LANGUAGE_VERSION 1

#define TIMEOUT_MIN  0.001
#define TIMEOUT_MAX  86400.0
#define BUFFER_MIN   4096
#define BUFFER_MAX   1073741824
#define MICROSECONDS 1e6

/**
 * member() - a setting of a group
 * Return: it, or NULL
 */
static config_setting_t *member(const config_setting_t *group, const char *name)
{
	return config_setting_get_member(group, name);
}

/**
 * integer() - the value of an integer setting
 */
static int64_t integer(const config_setting_t *setting)
{
	return config_setting_get_int64(setting);
}

/**
 * text_of() - the value of a text setting
 */
static const char *text_of(const config_setting_t *setting)
{
	return config_setting_get_string(setting);
}

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
		{"name", KIND_STRING},
		{"cid", KIND_INTEGER},
		{"addresses", KIND_LIST},
	};
	const config_setting_t *name;
	const config_setting_t *cid;
	const config_setting_t *addresses;

	if (!CHECK_GROUP(parser, group, known))
		return false;
	name = member(group, "name");
	cid = member(group, "cid");
	addresses = member(group, "addresses");
	if (!cid)
		return parser_error(parser, group, "this peer has no \"cid\"");
	if (!name && !addresses)
		return parser_error(parser, group,
				    "this peer needs a \"name\", \"addresses\", or both");
	return read_cid(parser, cid, &peer->cid) &&
	       (!name || read_peer_name(parser, name, &peer->name)) &&
	       (!addresses || read_peer_addresses(parser, addresses, &peer->addresses));
}

/**
 * read_peer() - read an element of the list of peers
 */
static void read_peer(struct parser *parser, const config_setting_t *group)
{
	struct peer_draft peer = {.origin = origin_of(parser, group)};

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

/**
 * read_action() - read a rule's or a default's action
 */
static bool read_action(struct parser *parser, const config_setting_t *setting, uint8_t *action)
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
 * read_connect_rule() - read what stands in the group of a connect rule
 */
static bool read_connect_rule(struct parser *parser, const config_setting_t *group,
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
 * read_listen_rule() - read what stands in the group of a listen rule
 */
static bool read_listen_rule(struct parser *parser, const config_setting_t *group,
			     struct rule_draft *draft)
{
	static const struct setting_kind known[] = {
		{"on", KIND_STRING},
		{"port", KIND_INTEGER},
		{"accept_from", KIND_LIST},
		{"action", KIND_STRING},
	};
	const config_setting_t *action;

	if (!CHECK_GROUP(parser, group, known) ||
	    !read_pattern(parser, group, "on", SIDE_LISTEN, &draft->rule))
		return false;
	action = member(group, "action");
	if (action)
		return read_action_alone(parser, group, action, &draft->rule);
	draft->rule.action = ACTION_VSOCK;
	return read_port(parser, group, &draft->rule) && read_accepts(parser, group, draft);
}

/**
 * read_rule() - read an element of a list of rules
 */
static void read_rule(struct parser *parser, const config_setting_t *group, enum side side)
{
	struct origin origin = origin_of(parser, group);
	struct rule_draft draft = {.rule = {.source = origin.source, .line = origin.line}};
	bool good = side == SIDE_CONNECT ? read_connect_rule(parser, group, &draft)
					 : read_listen_rule(parser, group, &draft);

	if (good)
		builder_add_rule(parser->builder, side, &draft);
	else
		rule_draft_free(&draft);
}

/**
 * read_connect_rule_element() - read an element of the list of connect rules
 */
static void read_connect_rule_element(struct parser *parser, const config_setting_t *group)
{
	read_rule(parser, group, SIDE_CONNECT);
}

/**
 * read_listen_rule_element() - read an element of the list of listen rules
 */
static void read_listen_rule_element(struct parser *parser, const config_setting_t *group)
{
	read_rule(parser, group, SIDE_LISTEN);
}

/**
 * read_groups() - read a list of groups
 * @list: the setting; may be NULL
 */
static void read_groups(struct parser *parser, const config_setting_t *list,
			void (*read_group)(struct parser *parser,
					   const config_setting_t *group))
{
	for (int i = 0; list && i < config_setting_length(list); i++) {
		const config_setting_t *element =
			config_setting_get_elem(list, (unsigned int)i);

		if (is_kind(element, KIND_GROUP))
			read_group(parser, element);
		else
			(void)parser_error(parser, element, "an element of \"%s\" must be %s",
					   config_setting_name(list), kind_names[KIND_GROUP]);
	}
}

/* ---- the rest ---- */

/**
 * read_defaults() - read what becomes of a call that no rule meets
 * @group: may be NULL
 */
static void read_defaults(struct parser *parser, const config_setting_t *group)
{
	static const struct setting_kind known[] = {
		[SIDE_CONNECT] = {"connect", KIND_STRING},
		[SIDE_LISTEN] = {"listen", KIND_STRING},
	};

	if (!group || !CHECK_GROUP(parser, group, known))
		return;
	for (int side = SIDE_CONNECT; side <= SIDE_LISTEN; side++) {
		const config_setting_t *action = member(group, known[side].name);

		if (action)
			(void)read_action(parser, action, &parser->builder->defaults[side]);
	}
}

/**
 * read_timeout() - read the connect time-out, in seconds
 */
static void read_timeout(struct parser *parser, const config_setting_t *setting)
{
	double seconds = is_kind(setting, KIND_INTEGER) ? (double)integer(setting)
							: config_setting_get_float(setting);

	if (seconds >= TIMEOUT_MIN && seconds <= TIMEOUT_MAX)
		parser->builder->connect_timeout_us = (uint64_t)(seconds * MICROSECONDS + 0.5);
	else
		(void)parser_error(
			parser, setting,
			"a time-out is %g to %g seconds; leave it out for the kernel's own",
			TIMEOUT_MIN, TIMEOUT_MAX);
}

/**
 * read_buffer_size() - read the size of a socket's buffer, in bytes
 */
static void read_buffer_size(struct parser *parser, const config_setting_t *setting)
{
	int64_t size = integer(setting);

	if (size >= BUFFER_MIN && size <= BUFFER_MAX)
		parser->builder->buffer_size = (uint64_t)size;
	else
		(void)parser_error(
			parser, setting,
			"a buffer size is %d to %d bytes; leave it out for the kernel's own",
			BUFFER_MIN, BUFFER_MAX);
}

/**
 * read_options() - read the group of options
 * @group: may be NULL
 */
static void read_options(struct parser *parser, const config_setting_t *group)
{
	static const struct setting_kind known[] = {
		{"connect_timeout", KIND_NUMBER},
		{"buffer_size", KIND_INTEGER},
		{"names", KIND_BOOLEAN},
	};
	const config_setting_t *setting;

	if (!group || !CHECK_GROUP(parser, group, known))
		return;
	setting = member(group, "connect_timeout");
	if (setting)
		read_timeout(parser, setting);
	setting = member(group, "buffer_size");
	if (setting)
		read_buffer_size(parser, setting);
	setting = member(group, "names");
	if (setting)
		parser->builder->names = config_setting_get_bool(setting);
}

/**
 * read_version() - check that the file is in a language known here
 */
static bool read_version(struct parser *parser, const config_setting_t *root)
{
	const config_setting_t *version = member(root, "version");

	if (!version) {
		builder_error(parser->builder, config_text_origin(parser->text, 1),
			      "there is no \"version = %d;\", which a configuration must have",
			      LANGUAGE_VERSION);
		return false;
	}
	if (!is_kind(version, KIND_INTEGER) || integer(version) != LANGUAGE_VERSION)
		return parser_error(
			parser, version,
			"this vsockify knows only version %d of the language: write "
			"\"version = %d;\"",
			LANGUAGE_VERSION, LANGUAGE_VERSION);
	return true;
}

/**
 * read_root() - read the file as a whole
 */
static void read_root(struct parser *parser, const config_setting_t *root)
{
	static const struct setting_kind known[] = {
		{"version", KIND_INTEGER}, {"peers", KIND_LIST},    {"connect", KIND_LIST},
		{"listen", KIND_LIST},     {"default", KIND_GROUP}, {"options", KIND_GROUP},
	};

	/* A file of another version may well have other settings. */
	if (!read_version(parser, root) || !CHECK_GROUP(parser, root, known))
		return;
	read_groups(parser, member(root, "peers"), read_peer);
	read_groups(parser, member(root, "connect"), read_connect_rule_element);
	read_groups(parser, member(root, "listen"), read_listen_rule_element);
	read_defaults(parser, member(root, "default"));
	read_options(parser, member(root, "options"));
}

/**
 * report_syntax() - report what libconfig could not read
 */
static void report_syntax(const struct parser *parser, const config_t *config)
{
	const char *what = config_error_text(config);
	struct origin origin =
		config_text_origin(parser->text, (unsigned int)config_error_line(config));

	if (strcmp(what, "syntax error") == 0)
		builder_error(
			parser->builder, origin,
			"syntax error: look here and just before for a missing \";\", \",\", "
			"\"=\", quote or bracket, or a \",\" too many in front of a bracket");
	else if (strcmp(what, "duplicate setting name") == 0)
		builder_error(
			parser->builder, origin,
			"this setting stands here for the second time in its group: remove "
			"one of the two");
	else
		builder_error(parser->builder, origin, "%s", what);
}

void parse_file(struct builder *builder, const char *path)
{
	struct config_text text = {.bytes = {0}};
	struct parser parser = {.builder = builder, .text = &text};
	config_t config;

	config_init(&config);
	if (config_text_read(builder, path, &text)) {
		if (config_read_string(&config, text.bytes.items))
			read_root(&parser, config_root_setting(&config));
		else
			report_syntax(&parser, &config);
	}
	config_destroy(&config);
	config_text_free(&text);
}
