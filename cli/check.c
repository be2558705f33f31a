/* SPDX-License-Identifier: MIT */
/*
 * check.c - vsockify --check: the rules in force, as tables
 *
 * Theory of operation
 *
 * What is printed is read from the compiled image, not from the configuration, so that it is
 * what the shim will act upon. A table is filled cell by cell; its columns are as wide as
 * their widest cell.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "../config/address.h"
#include "../config/memory.h"
#include "../config/pattern.h"
#include "cli.h"

#define COLUMNS_MAX 4
#define COLUMN_GAP  2

/* Bytes of "name.vsock", as name_of_cid() wants it. */
#define NAME_TEXT_MAX 64

static const char *const action_names[] = {
	[ACTION_PASS] = "pass",
	[ACTION_DENY] = "deny",
};

struct table {
	size_t columns;
	struct list cells; /* of char * */
};

/* ---- tables ---- */

/**
 * add_cell() - add a cell behind the last
 */
static void __attribute__((format(printf, 2, 3)))
add_cell(struct table *table, const char *format, ...)
{
	char **cell = list_add(&table->cells, sizeof(*cell));
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(cell, format, arguments) < 0) {
		cli_error("out of memory");
		exit(EX_OSERR);
	}
	va_end(arguments);
}

/**
 * measure_columns() - the widths of the columns' widest cells, and of the gaps behind them
 */
static void measure_columns(const struct table *table, size_t widths[COLUMNS_MAX])
{
	char *const *cells = table->cells.items;
	size_t column = 0;

	memset(widths, 0, COLUMNS_MAX * sizeof(*widths));
	for (size_t i = 0; i < table->cells.count; i++) {
		if (strlen(cells[i]) + COLUMN_GAP > widths[column])
			widths[column] = strlen(cells[i]) + COLUMN_GAP;
		column = column + 1 < table->columns ? column + 1 : 0;
	}
}

/**
 * print_table() - print a table and an empty line, and empty it
 */
static void print_table(struct table *table)
{
	char **cells = table->cells.items;
	size_t widths[COLUMNS_MAX];
	size_t column = 0;

	measure_columns(table, widths);
	for (size_t i = 0; i < table->cells.count; i++) {
		bool last = column + 1 == table->columns;

		if (last)
			(void)puts(cells[i]);
		else
			(void)printf("%-*s", (int)widths[column], cells[i]);
		free(cells[i]);
		column = last ? 0 : column + 1;
	}
	(void)putchar('\n');
	list_free(&table->cells);
}

/* ---- cells ---- */

/**
 * add_cid() - add to a text a CID, and its name if it has one
 * @suffix: what stands between the two
 */
static void add_cid(struct list *text, const struct ruleset *rs, uint32_t cid,
		    const char *suffix)
{
	char name[NAME_TEXT_MAX];
	char buffer[NAME_TEXT_MAX + 64];
	int length;

	name_of_cid(rs, cid, name, sizeof(name));
	length = snprintf(buffer, sizeof(buffer), "%u%s", cid, suffix);
	if (name[0] < '0' || name[0] > '9')
		length += snprintf(buffer + length, sizeof(buffer) - (size_t)length, " (%s)",
				   name);
	list_append(text, buffer, (size_t)length, 1);
}

/**
 * add_text() - add a cell of a text that was put together, and free the text
 */
static void add_text(struct table *table, struct list *text)
{
	add_cell(table, "%.*s", (int)text->count, (const char *)text->items);
	list_free(text);
}

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

/**
 * add_origin() - add a cell of where a rule was written
 */
static void add_origin(struct table *table, const struct ruleset *rs, const struct rule *rule)
{
	const char *source = ruleset_source(rs, rule);

	if (rule->line > 0)
		add_cell(table, "%s:%u", source, rule->line);
	else
		add_cell(table, "%s", source);
}

/* ---- what is printed ---- */

/**
 * print_settings() - print what is neither peer nor rule
 */
static void print_settings(const struct ruleset *rs, const char *config)
{
	struct table table = {.columns = 2};

	add_cell(&table, "configuration");
	add_cell(&table, "%s", config ? config : "none");
	add_cell(&table, "this machine");
	if (rs->local_cid == CID_UNKNOWN)
		add_cell(&table, "CID unknown");
	else
		add_cell(&table, "CID %u", rs->local_cid);
	add_cell(&table, "names");
	add_cell(&table, "%s", rs->names ? "on" : "off");
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
	print_table(&table);
}

/**
 * print_peers() - print the peers, if there are any
 */
static void print_peers(const struct ruleset *rs)
{
	const uint8_t(*addresses)[16] = ruleset_addresses(rs);
	const struct peer *peers = ruleset_peers(rs);
	struct table table = {.columns = 3};

	if (rs->peer_count == 0)
		return;
	add_cell(&table, "PEER");
	add_cell(&table, "CID");
	add_cell(&table, "ADDRESSES");
	for (uint32_t i = 0; i < rs->peer_count; i++) {
		const char *name = ruleset_string(rs, peers[i].name);
		struct list text = {0};
		char ip[IP_TEXT_MAX];

		for (uint32_t a = 0; a < peers[i].address_count; a++) {
			ip_format(addresses[peers[i].address_first + a], ip);
			list_append(&text, ", ", a > 0 ? 2 : 0, 1);
			list_append(&text, ip, strlen(ip), 1);
		}
		add_cell(&table, "%s", *name != '\0' ? name : "-");
		add_cell(&table, "%u", peers[i].cid);
		add_text(&table, &text);
	}
	print_table(&table);
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

		add_cell(&table, "%s", pattern_format(&rules[i], pattern));
		if (rules[i].action == ACTION_VSOCK) {
			(void)snprintf(suffix, sizeof(suffix), ":%s",
				       format_ports(&rules[i], ports));
			add_cid(&text, rs, rules[i].cid, suffix);
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
}

/**
 * add_accepts() - add a cell of whom a listen rule accepts
 */
static void add_accepts(struct table *table, const struct ruleset *rs, const struct rule *rule)
{
	const uint32_t *accepts = ruleset_accepts(rs) + rule->accept_first;
	struct list text = {0};

	if (rule->action != ACTION_VSOCK) {
		add_cell(table, "-");
	} else if (!rule->restricted) {
		add_cell(table, "anyone");
	} else if (rule->accept_count == 0) {
		add_cell(table, "nobody");
	} else {
		for (uint32_t i = 0; i < rule->accept_count; i++) {
			list_append(&text, ", ", i > 0 ? 2 : 0, 1);
			add_cid(&text, rs, accepts[i], "");
		}
		add_text(table, &text);
	}
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

		add_cell(&table, "%s", pattern_format(&rules[i], pattern));
		if (rules[i].action == ACTION_VSOCK)
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
}

int check_print(const struct ruleset *rs, const char *config)
{
	print_settings(rs, config);
	print_peers(rs);
	print_connect(rs);
	print_listen(rs);
	if (fflush(stdout) == 0 && !ferror(stdout))
		return EX_OK;
	cli_error("cannot write the rules to standard output");
	return EX_IOERR;
}
