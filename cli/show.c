/* SPDX-License-Identifier: MIT */
/*
 * show.c - rules and machines as people read them
 */
#include "show.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "../config/address.h"
#include "error.h"

char *text_of(const char *format, va_list arguments)
{
	char *text;

	if (vasprintf(&text, format, arguments) >= 0)
		return text;
	cli_error("out of memory");
	exit(EX_OSERR);
}

void text_add(struct list *text, const char *format, ...)
{
	va_list arguments;
	char *piece;

	va_start(arguments, format);
	piece = text_of(format, arguments);
	va_end(arguments);
	list_append(text, piece, strlen(piece), 1);
	free(piece);
}

void text_add_machine(struct list *text, const struct ruleset *rs, struct machine machine,
		      const char *suffix)
{
	char name[NAME_TEXT_MAX];
	bool has_name;

	name_of_machine(rs, machine, name, sizeof(name));
	if (machine.peer != NO_PEER && ruleset_peers(rs)[machine.peer].port_count > 0) {
		text_add(text, "%s%s", name, suffix); /* it has one, and no one path */
		return;
	}
	if (machine.socket) {
		text_add(text, "%s%s", ruleset_string(rs, machine.socket), suffix);
		has_name = *name != '\0';
	} else {
		text_add(text, "%u%s", machine.cid, suffix);
		has_name = name[0] < '0' || name[0] > '9';
	}
	if (has_name)
		text_add(text, " (%s)", name);
}

const char *proxy_scheme_name(const struct proxy *proxy)
{
	return proxy->scheme == PROXY_HTTP ? "http" : "socks5";
}

void text_add_proxy(struct list *text, const struct ruleset *rs, const struct proxy *proxy)
{
	text_add(text, "%s proxy", proxy->scheme == PROXY_HTTP ? "an http" : "a socks5");
	if (proxy->user)
		text_add(text, " with user %s", ruleset_string(rs, proxy->user));
	if (proxy->one_write)
		text_add(text, ", in one write");
}

struct machine machine_of_rule(const struct ruleset *rs, const struct rule *rule)
{
	return (struct machine){
		.socket = rule->peer == NO_PEER ? 0 : ruleset_peers(rs)[rule->peer].socket,
		.cid = rule->cid,
		.peer = rule->peer,
	};
}

char *rule_pattern(const struct ruleset *rs, const struct rule *rule, char *buf)
{
	return pattern_format(rule, ruleset_string(rs, rule->host), buf);
}

void text_add_guests(struct list *text, const struct ruleset *rs, const struct rule *rule)
{
	char name[NAME_TEXT_MAX];

	for (uint32_t i = 0; i < rule->guest_count; i++) {
		name_of_machine(rs, machine_of_peer(rs, ruleset_guests(rs, rule)[i]), name,
				sizeof(name));
		text_add(text, "%s%s", i > 0 ? ", " : "", name);
	}
}

bool rule_leads_to(const struct rule *rule, uint32_t port)
{
	uint32_t span = (uint32_t)(rule->port_last - rule->port_first);

	if (rule->action != ACTION_VSOCK)
		return false;
	if (rule->fixed_port)
		span = 0;
	return port >= rule->vsock_port && port - rule->vsock_port <= span;
}

/**
 * has_guest() - is a listen rule for the guest behind a socket?
 */
static bool has_guest(const struct ruleset *rs, const struct rule *rule, uint32_t socket)
{
	for (uint32_t i = 0; i < rule->guest_count; i++) {
		if (ruleset_peers(rs)[ruleset_guests(rs, rule)[i]].socket == socket)
			return true;
	}
	return false;
}

bool rules_serve(const struct ruleset *rs, uint32_t socket, uint32_t port)
{
	for (uint32_t i = 0; i < rs->listen_count; i++) {
		const struct rule *rule = &ruleset_listen(rs)[i];

		if (has_guest(rs, rule, socket) && (port == 0 || rule_leads_to(rule, port)))
			return true;
	}
	return false;
}

void text_add_accepted(struct list *text, const struct ruleset *rs, const struct rule *rule)
{
	const uint32_t *accepts = ruleset_accepts(rs) + rule->accept_first;

	for (uint32_t i = 0; i < rule->accept_count; i++) {
		text_add(text, "%s", i > 0 ? ", " : "");
		if (rule->peer == NO_PEER)
			text_add_machine(text, rs, machine_of_cid(accepts[i]), "");
		else
			text_add(text, "%s.vsock",
				 ruleset_string(rs, ruleset_peers(rs)[accepts[i]].name));
	}
}

void text_add_origin(struct list *text, const struct ruleset *rs, const struct rule *rule)
{
	text_add(text, "%s", ruleset_source(rs, rule));
	if (rule->line > 0)
		text_add(text, ":%u", rule->line);
}

void text_add_endpoint(struct list *text, const struct endpoint *ep)
{
	char ip[IP_TEXT_MAX];

	text_add(text, ip_is_v4(ep->ip) ? "%s:%u" : "[%s]:%u", ip_format(ep->ip, ip), ep->port);
}

void text_print(struct list *text)
{
	(void)fwrite(text->items, 1, text->count, stdout);
	list_free(text);
}

void add_text(struct table *table, struct list *text)
{
	add_cell(table, "%.*s", (int)text->count, (const char *)text->items);
	list_free(text);
}

void add_origin(struct table *table, const struct ruleset *rs, const struct rule *rule)
{
	struct list text = {0};

	text_add_origin(&text, rs, rule);
	add_text(table, &text);
}
