/* SPDX-License-Identifier: MIT */
/*
 * check.c - vsockify --check: the rules in force, as tables
 *
 * Theory of operation
 *
 * What is printed is read from the compiled image, not from the configuration, so that it is
 * what the shim will act upon.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "../config/address.h"
#include "../config/memory.h"
#include "../config/pattern.h"
#include "../config/stand_in.h"
#include "cli.h"
#include "error.h"
#include "here.h"
#include "show.h"
#include "table.h"

static const char *const action_names[] = {
	[ACTION_PASS] = "pass",
	[ACTION_DENY] = "deny",
};

/* ---- cells ---- */

/* Bytes of the text of vsock ports. */
#define PORTS_TEXT_MAX 32

/**
 * format_ports() - the text of the vsock ports that a rule leads to
 * @buf: PORTS_TEXT_MAX bytes
 */
static const char *format_ports(const struct rule *rule, char *buf)
{
	uint32_t last = rule->vsock_port + (uint32_t)(rule->port_last - rule->port_first);

	if (rule->all_ports && !rule->fixed_port)
		return "*";
	if (rule->fixed_port || last == rule->vsock_port)
		(void)snprintf(buf, PORTS_TEXT_MAX, "%u", rule->vsock_port);
	else
		(void)snprintf(buf, PORTS_TEXT_MAX, "%u-%u", rule->vsock_port, last);
	return buf;
}

/* ---- what is printed ---- */

/**
 * add_stand_ins() - add a row of the addresses that stand for host names
 */
static void add_stand_ins(struct table *table, const struct ruleset *rs)
{
	const uint32_t network = rs->stand_ins;

	add_cell(table, "names' stand-ins");
	add_cell(table, "%u.%u.%u.0/%u", network >> 24, network >> 16 & 255, network >> 8 & 255,
		 rs->stand_ins_bits);
}

/**
 * add_unseen() - add a line for what no rule sees and may be done, where that is not the usual
 */
static void add_unseen(struct table *table, const struct ruleset *rs)
{
	if (rs->unseen == UNSEEN_USUAL)
		return;
	add_cell(table, "seen by no rule");
	add_cell(table, "own VM sockets %s, io_uring %s, calls of 32 bits %s",
		 rs->unseen & UNSEEN_VSOCK ? "allowed" : "refused",
		 rs->unseen & UNSEEN_IO_URING ? "allowed" : "refused",
		 rs->unseen & UNSEEN_ABI32 ? "allowed" : "refused");
}

/**
 * print_settings() - print what is neither peer nor rule
 */
static void print_settings(const struct ruleset *rs, const char *config)
{
	struct table table = {.columns = 2};
	uint32_t cid = here_cid(rs->local_cid);

	add_cell(&table, "configuration");
	add_cell(&table, "%s", config ? config : "none");
	add_cell(&table, "this machine");
	if (cid == CID_UNKNOWN)
		add_cell(&table, "CID unknown");
	else
		add_cell(&table, "CID %u", cid);
	add_cell(&table, "names");
	add_cell(&table, "%s", rs->names ? "on" : "off");
	if (rs->takes_names)
		add_stand_ins(&table, rs);
	add_cell(&table, "connect time-out");
	if (rs->connect_timeout_us > 0)
		add_cell(&table, "%g s", (double)rs->connect_timeout_us / 1e6);
	else
		add_cell(&table, "the kernel's");
	add_cell(&table, "buffer size");
	if (rs->buffer_size > 0)
		add_cell(&table, "%llu bytes", (unsigned long long)rs->buffer_size);
	else
		add_cell(&table, "the kernel's");
	add_unseen(&table, rs);
	print_table(&table);
	(void)putchar('\n');
}

/**
 * have_sockets() - is any peer reached by a socket?
 */
static bool have_sockets(const struct ruleset *rs)
{
	const struct peer *peers = ruleset_peers(rs);
	uint32_t i = 0;

	while (i < rs->peer_count && !peers[i].socket)
		i++;
	return i < rs->peer_count;
}

/**
 * add_addresses() - add a cell of a peer's addresses
 */
static void add_addresses(struct table *table, const struct ruleset *rs,
			  const struct peer *peer)
{
	const uint8_t(*addresses)[16] = ruleset_addresses(rs);
	struct list text = {0};
	char ip[IP_TEXT_MAX];

	for (uint32_t a = 0; a < peer->address_count; a++) {
		ip_format(addresses[peer->address_first + a], ip);
		text_add(&text, "%s%s", a > 0 ? ", " : "", ip);
	}
	if (peer->address_count == 0)
		text_add(&text, "-");
	add_text(table, &text);
}

/**
 * add_socket() - add a cell of a peer's socket, or of those of its ports
 */
static void add_socket(struct table *table, const struct ruleset *rs, const struct peer *peer)
{
	const struct port_socket *ports = ruleset_ports(rs) + peer->port_first;
	struct list text = {0};

	for (uint32_t i = 0; i < peer->port_count; i++)
		text_add(&text, "%s%u=%s", i > 0 ? ", " : "", ports[i].port,
			 ruleset_string(rs, ports[i].path));
	if (peer->port_count == 0)
		text_add(&text, "%s", peer->socket ? ruleset_string(rs, peer->socket) : "-");
	if (peer->mode != NOT_SET)
		text_add(&text, ", mode %04o", peer->mode);
	if (peer->group != NOT_SET)
		text_add(&text, ", group %u", peer->group);
	if (peer->holds)
		text_add(&text, ", half-close held");
	add_text(table, &text);
}

/**
 * print_peers() - print the peers, if there are any
 *
 * Sockets have a column where there are any.
 */
static void print_peers(const struct ruleset *rs)
{
	const struct peer *peers = ruleset_peers(rs);
	bool sockets = have_sockets(rs);
	struct table table = {.columns = sockets ? 4 : 3};

	if (rs->peer_count == 0)
		return;
	add_cell(&table, "PEER");
	add_cell(&table, "CID");
	add_cell(&table, "ADDRESSES");
	if (sockets)
		add_cell(&table, "SOCKET");
	for (uint32_t i = 0; i < rs->peer_count; i++) {
		const char *name = ruleset_string(rs, peers[i].name);

		add_cell(&table, "%s", *name != '\0' ? name : "-");
		if (peers[i].cid == CID_UNKNOWN)
			add_cell(&table, "-");
		else
			add_cell(&table, "%u", peers[i].cid);
		add_addresses(&table, rs, &peers[i]);
		if (sockets)
			add_socket(&table, rs, &peers[i]);
	}
	print_table(&table);
	(void)putchar('\n');
}

/**
 * add_implied_targets() - add what can be connected to without a rule
 */
static void add_implied_targets(struct table *table, const struct ruleset *rs)
{
	if (rs->default_connect == ACTION_DENY)
		return;
	if (rs->address_count > 0) {
		add_cell(table, "a peer's address");
		add_cell(table, "the peer:*");
		add_cell(table, "peers");
	}
	if (rs->names) {
		add_cell(table, "240.0.0.0/4, [fd76:736f:636b::/96]");
		add_cell(table, "the CID within:*");
		add_cell(table, "names");
	}
}

/**
 * print_connect() - print the connect rules, and what becomes of the rest
 */
static void print_connect(const struct ruleset *rs)
{
	const struct rule *rules = ruleset_connect(rs);
	struct table table = {.columns = 3};

	add_cell(&table, "CONNECT TO");
	add_cell(&table, "LEADS TO");
	add_cell(&table, "BY");
	for (uint32_t i = 0; i < rs->connect_count; i++) {
		char pattern[PATTERN_TEXT_MAX];
		char ports[PORTS_TEXT_MAX];
		char suffix[PORTS_TEXT_MAX + 1];
		struct list text = {0};

		add_cell(&table, "%s", rule_pattern(rs, &rules[i], pattern));
		if (rules[i].action == ACTION_VSOCK) {
			(void)snprintf(suffix, sizeof(suffix), ":%s",
				       format_ports(&rules[i], ports));
			text_add_machine(&text, rs, machine_of_rule(rs, &rules[i]), suffix);
			if (rules[i].via) {
				text_add(&text, ", ");
				text_add_proxy(&text, rs, ruleset_proxy(rs, rules[i].via));
			}
			add_text(&table, &text);
		} else {
			add_cell(&table, "%s", action_names[rules[i].action]);
		}
		add_origin(&table, rs, &rules[i]);
	}
	add_implied_targets(&table, rs);
	add_cell(&table, "anything else");
	add_cell(&table, "%s", action_names[rs->default_connect]);
	add_cell(&table, "default");
	print_table(&table);
	(void)putchar('\n');
}

/**
 * add_accepts() - add a cell of whom a listen rule accepts
 */
static void add_accepts(struct table *table, const struct ruleset *rs, const struct rule *rule)
{
	struct list text = {0};

	if (rule->action != ACTION_VSOCK)
		text_add(&text, "-");
	else if (rule->guest_count == 1)
		text_add_machine(&text, rs, machine_of_rule(rs, rule), "");
	else if (!rule->restricted && rule->guest_count > 1)
		text_add_guests(&text, rs, rule);
	else if (!rule->restricted)
		text_add(&text, "anyone");
	else if (rule->accept_count == 0)
		text_add(&text, "nobody");
	else
		text_add_accepted(&text, rs, rule);
	if (rule->accept_proxy)
		text_add(&text, ", PROXY header");
	add_text(table, &text);
}

/**
 * print_listen() - print the listen rules, and what becomes of the rest
 */
static void print_listen(const struct ruleset *rs)
{
	const struct rule *rules = ruleset_listen(rs);
	struct table table = {.columns = 4};

	add_cell(&table, "LISTEN ON");
	add_cell(&table, "BECOMES");
	add_cell(&table, "ACCEPTS");
	add_cell(&table, "BY");
	for (uint32_t i = 0; i < rs->listen_count; i++) {
		char pattern[PATTERN_TEXT_MAX];
		char ports[PORTS_TEXT_MAX];

		add_cell(&table, "%s", rule_pattern(rs, &rules[i], pattern));
		if (rules[i].action == ACTION_VSOCK && rules[i].at)
			add_cell(&table, "vsock port %s at %s_PORT",
				 format_ports(&rules[i], ports),
				 ruleset_string(rs, rules[i].at));
		else if (rules[i].action == ACTION_VSOCK)
			add_cell(&table, "vsock port %s", format_ports(&rules[i], ports));
		else
			add_cell(&table, "%s", action_names[rules[i].action]);
		add_accepts(&table, rs, &rules[i]);
		add_origin(&table, rs, &rules[i]);
	}
	add_cell(&table, "anything else");
	add_cell(&table, "%s", action_names[rs->default_listen]);
	add_cell(&table, "-");
	add_cell(&table, "default");
	print_table(&table);
	(void)putchar('\n');
}

int check_print(const struct ruleset *rs, const char *config)
{
	print_settings(rs, config);
	print_peers(rs);
	print_connect(rs);
	print_listen(rs);
	if (fflush(stdout) == 0 && !ferror(stdout))
		return EX_OK;
	cli_error("cannot write the rules to standard output: %s", strerror(errno));
	return EX_IOERR;
}
