/* SPDX-License-Identifier: MIT */
/*
 * entry.c - the rules of a configuration file, one by one
 *
 * Theory of operation: see entry.h. A group has been held against the table of its settings
 * before it is read, so that the functions here find only what they expect.
 */
#include "entry.h"

#include <string.h>

#include "via.h"

/**
 * read_pattern() - read which addresses, or host names, and ports a rule meets
 * @key: "to" or "on"
 */
static bool read_pattern(struct parser *parser, const config_setting_t *group, const char *key,
			 enum side side, struct rule_draft *draft)
{
	const config_setting_t *setting = member(group, key);
	char host[HOST_MAX + 1];
	char reason[REASON_MAX];

	if (!setting)
		return parser_error(
			parser, group,
			"this rule has no \"%s\", the address and port that it meets", key);
	if (!pattern_parse(text_of(setting), side, &draft->rule, host, reason))
		return parser_error(parser, setting, "%s", reason);
	rule_draft_host(draft, host);
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
	static const char *const others[] = {"peer", "peers",       "cid", "port",
					     "at",   "accept_from", "via", "accept_proxy"};

	if (!read_action(parser, action, &rule->action))
		return false;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		const config_setting_t *other = member(group, others[i]);

		if (other)
			return parser_error(parser, other,
					    "\"%s\" and \"action\" exclude each other: leave "
					    "one of the two out",
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
		return parser_error(
			parser, cid,
			"\"peer\" and \"cid\" exclude each other: leave one of the two out");
	if (!peer && !cid)
		return parser_error(
			parser, group,
			"this rule says nothing: give it a \"peer\", a \"cid\", or an "
			"\"action\"");
	to->origin = origin_of(parser, peer ? peer : cid);
	return peer ? read_peer_name(parser, peer, &to->name) : read_cid(parser, cid, &to->cid);
}

/**
 * read_password_file() - read where the password of a proxy's user is, if it has one
 */
static bool read_password_file(struct parser *parser, const config_setting_t *setting,
			       struct proxy_draft *via)
{
	const char *path = setting ? text_of(setting) : NULL;

	if (!path)
		return true;
	if (*path != '/')
		return parser_error(parser, setting,
				    "\"%.*s\" is not absolute: write the path from \"/\" on, "
				    "since programs go elsewhere",
				    QUOTE_MAX, path);
	via->password_file = memory_string(path, strlen(path));
	return true;
}

/**
 * read_via() - read the proxy of a connect rule
 * @via: the setting
 */
static bool read_via(struct parser *parser, const config_setting_t *group,
		     const config_setting_t *via, struct rule_draft *draft)
{
	static const char *const others[] = {"peer", "cid", "port"};
	const config_setting_t *one_write = member(group, "one_write");
	char reason[REASON_MAX];

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (member(group, others[i]))
			return parser_error(parser, member(group, others[i]),
					    "\"%s\" and \"via\" exclude each other: the proxy "
					    "is at the peer and port of its URL",
					    others[i]);
	}
	draft->to.origin = origin_of(parser, via);
	draft->via.one_write = one_write && config_setting_get_bool(one_write);
	if (!via_parse(text_of(via), draft, reason))
		return parser_error(parser, via, "%s", reason);
	if (!read_password_file(parser, member(group, "password_file"), &draft->via))
		return false;
	return via_check(draft, reason) || parser_error(parser, via, "%s", reason);
}

/**
 * check_no_via() - report what only stands beside a proxy
 */
static bool check_no_via(struct parser *parser, const config_setting_t *group)
{
	static const char *const others[] = {"password_file", "one_write"};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (member(group, others[i]))
			return parser_error(
				parser, member(group, others[i]),
				"\"%s\" is for a rule with \"via\": add that, or leave it out",
				others[i]);
	}
	return true;
}

/**
 * read_connect_settings() - read what stands in the group of a connect rule
 */
static bool read_connect_settings(struct parser *parser, const config_setting_t *group,
				  struct rule_draft *draft)
{
	static const struct setting_kind known[] = {
		{"to", KIND_STRING},
		{"peer", KIND_STRING},
		{"cid", KIND_INTEGER},
		{"port", KIND_INTEGER},
		{"action", KIND_STRING},
		{"via", KIND_STRING},
		{"password_file", KIND_STRING},
		{"one_write", KIND_BOOLEAN},
	};
	const config_setting_t *action;
	const config_setting_t *via;

	if (!CHECK_GROUP(parser, group, known) ||
	    !read_pattern(parser, group, "to", SIDE_CONNECT, draft))
		return false;
	action = member(group, "action");
	via = member(group, "via");
	if (!via && !check_no_via(parser, group))
		return false;
	if (action)
		return read_action_alone(parser, group, action, &draft->rule);
	if (via)
		return read_via(parser, group, via, draft);
	draft->rule.action = ACTION_VSOCK;
	return read_target(parser, group, &draft->to) && read_port(parser, group, &draft->rule);
}

/**
 * read_callers() - read the peers whose guests may call at one socket
 * @peers: the setting
 */
static bool read_callers(struct parser *parser, const config_setting_t *peers,
			 struct rule_draft *draft)
{
	for (int i = 0; i < config_setting_length(peers); i++) {
		const config_setting_t *element =
			config_setting_get_elem(peers, (unsigned int)i);
		struct peer_reference *to = &draft->to;

		if (!is_kind(element, KIND_STRING))
			return parser_error(
				parser, element,
				"\"peers\" lists names of peers: write [ \"vm1\", \"vm2\" ]");
		if (i > 0)
			to = list_add(&draft->others, sizeof(*to));
		to->origin = origin_of(parser, element);
		if (!read_peer_name(parser, element, &to->name))
			return false;
	}
	return draft->to.name || parser_error(parser, peers, "\"peers\" is empty: name a peer");
}

/**
 * read_caller() - read whose guest may call, if a listen rule says so
 */
static bool read_caller(struct parser *parser, const config_setting_t *group,
			struct rule_draft *draft)
{
	const config_setting_t *peer = member(group, "peer");
	const config_setting_t *peers = member(group, "peers");
	const config_setting_t *accepts = member(group, "accept_from");

	if (peer && peers)
		return parser_error(
			parser, peers,
			"\"peer\" and \"peers\" exclude each other: write all into \"peers\"");
	if (peers)
		return read_callers(parser, peers, draft);
	if (!peer)
		return true;
	if (accepts)
		return parser_error(parser, accepts,
				    "\"peer\" and \"accept_from\" exclude each other: the peer "
				    "is who may call");
	draft->to.origin = origin_of(parser, peer);
	return read_peer_name(parser, peer, &draft->to.name);
}

/**
 * read_at() - read where the socket itself is that guests' sockets lead to
 */
static bool read_at(struct parser *parser, const config_setting_t *group,
		    struct rule_draft *draft)
{
	const config_setting_t *at = member(group, "at");

	if (!at)
		return true;
	if (!draft->to.name)
		return parser_error(parser, at,
				    "\"at\" is for the guests of a \"peer\" or of \"peers\": "
				    "name them too");
	return read_socket(parser, at, &draft->at);
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
					    "\"accept_from\" lists names of peers, and CIDs: "
					    "write [ \"vm1\", 7 ]");
		if (!good)
			return false;
	}
	return true;
}

/**
 * read_accept_proxy() - read whether callers say first whose connection it is
 *
 * Whoever may say so may say anything, hence only those who are named.
 */
static bool read_accept_proxy(struct parser *parser, const config_setting_t *group,
			      struct rule_draft *draft)
{
	const config_setting_t *setting = member(group, "accept_proxy");

	if (!setting || !config_setting_get_bool(setting))
		return true;
	if (!draft->rule.restricted && !draft->to.name)
		return parser_error(
			parser, setting,
			"\"accept_proxy\" needs \"accept_from\", or a \"peer\" with a "
			"socket: the proxies whose word is taken for who the client is");
	draft->rule.accept_proxy = 1;
	return true;
}

/**
 * read_listen_settings() - read what stands in the group of a listen rule
 */
static bool read_listen_settings(struct parser *parser, const config_setting_t *group,
				 struct rule_draft *draft)
{
	static const struct setting_kind known[] = {
		{"on", KIND_STRING},     {"peer", KIND_STRING},          {"peers", KIND_LIST},
		{"port", KIND_INTEGER},  {"accept_from", KIND_LIST},     {"at", KIND_STRING},
		{"action", KIND_STRING}, {"accept_proxy", KIND_BOOLEAN},
	};
	const config_setting_t *action;

	if (!CHECK_GROUP(parser, group, known) ||
	    !read_pattern(parser, group, "on", SIDE_LISTEN, draft))
		return false;
	action = member(group, "action");
	if (action)
		return read_action_alone(parser, group, action, &draft->rule);
	draft->rule.action = ACTION_VSOCK;
	return read_caller(parser, group, draft) && read_at(parser, group, draft) &&
	       read_port(parser, group, &draft->rule) && read_accepts(parser, group, draft) &&
	       read_accept_proxy(parser, group, draft);
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
