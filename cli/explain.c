/* SPDX-License-Identifier: MIT */
/*
 * explain.c - vsockify --explain: what becomes of an address, and why
 *
 * Theory of operation
 *
 * Each address has an answer (answer.h), which is told here in words, in explain_json.c as
 * JSON. Nothing is connected or bound.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "../config/address.h"
#include "answer.h"
#include "cli.h"
#include "error.h"
#include "explain.h"
#include "show.h"

/* Rules that are listed one by one; JSON has them all. */
#define RULES_SHOWN 20

const char *const call_names[] = {
	[SIDE_CONNECT] = "connect",
	[SIDE_LISTEN] = "listen",
};

static const char *const misfits[] = {
	[FIT_OTHER_PORT] = "another port",
	[FIT_OTHER_FAMILY] = "another family",
	[FIT_OTHER_ADDRESS] = "another address",
	[FIT_OTHER_NAME] = "another name",
	[FIT_NOT_ELSEWHERE] = "everything by a proxy means what is elsewhere",
};

const char *const action_words[] = {
	[ACTION_PASS] = "pass",
	[ACTION_DENY] = "deny",
	[ACTION_VSOCK] = "vsock",
};

/* ---- in words ---- */

/**
 * add_portless() - add that a peer with a socket for each port has none for this one
 */
static void add_portless(struct list *text, const struct answer *answer)
{
	text_add(text, ", since ");
	text_add_machine(text, answer->rs, machine_of_answer(answer), "");
	text_add(text, " has no socket for port %u", answer->decision.port);
}

/**
 * add_refusal() - add that the call is refused, and why if that is no rule's word
 */
static void add_refusal(struct list *text, const struct answer *answer)
{
	const struct rule *rule = deciding_rule(answer);
	bool portless = answer->decision.bare && !answer->decision.path;

	if (answer->side == SIDE_LISTEN) {
		text_add(text, "refused: bind() fails with EACCES");
		if (portless)
			add_portless(text, answer);
		else if (rule && rule->action != ACTION_DENY)
			text_add(text, ", since a rule for every port keeps loopback from "
				       "guests: write one for this address, or this port");
		return;
	}
	text_add(text, "refused: connect() fails with ECONNREFUSED");
	if (portless)
		add_portless(text, answer);
	else if (answer->at.port == 0)
		text_add(text, ", since there is no port 0");
	else if (answer->decision.rule == BY_SYNTHETIC)
		text_add(text, ", since no CID that can be connected to has it");
}

/**
 * add_bare() - add the socket that is for this port alone, and whose it is
 */
static void add_bare(struct list *text, const struct answer *answer)
{
	text_add(text, "%s (", ruleset_string(answer->rs, answer->decision.path));
	text_add_machine(text, answer->rs, machine_of_answer(answer), "");
	text_add(text, ")");
}

/**
 * add_callers() - add for whose connections a listener is
 */
static void add_callers(struct list *text, const struct answer *answer)
{
	const struct decision *d = &answer->decision;
	const struct rule *rule = deciding_rule(answer);
	char suffix[16] = "_PORT";

	if (d->bare) {
		text_add(text, ", for connections at ");
		add_bare(text, answer);
	} else if (d->socket) {
		if (d->port > 0)
			(void)snprintf(suffix, sizeof(suffix), "_%u", d->port);
		text_add(text, ", for connections at ");
		if (rule->guest_count == 1 && !rule->at) {
			text_add_machine(text, answer->rs, machine_of_answer(answer), suffix);
		} else {
			text_add(text, "%s%s, of ", ruleset_string(answer->rs, d->path),
				 suffix);
			text_add_guests(text, answer->rs, rule);
		}
	} else if (d->cid == CID_ANY) {
		text_add(text, ", for connections from ");
		if (!rule || !rule->restricted)
			text_add(text, "any CID");
		else if (rule->accept_count == 0)
			text_add(text, "nobody");
		else
			text_add(text, "CID ");
		if (rule && rule->restricted)
			text_add_accepted(text, answer->rs, rule);
	} else {
		text_add(text, ", for connections from this machine only (CID %u)", d->cid);
	}
	if (d->socket && rule->restricted) {
		text_add(text, ", from %s", rule->accept_count == 0 ? "nobody" : "");
		text_add_accepted(text, answer->rs, rule);
	}
	if (rule && rule->accept_proxy)
		text_add(text, ", each after a PROXY header, which says whose it is");
}

/**
 * add_told() - add that a proxy is there, and what it is told
 */
static void add_told(struct list *text, const struct answer *answer)
{
	const struct proxy *proxy = ruleset_proxy(answer->rs, answer->decision.via);

	text_add(text, ", ");
	text_add_proxy(text, answer->rs, proxy);
	text_add(text, ", which is told: CONNECT ");
	if (answer->name)
		text_add(text, "%s:%u", answer->name, answer->at.port);
	else
		text_add_endpoint(text, &answer->at);
	if (proxy->user)
		text_add(text, ", by the broker, with the password in %s",
			 ruleset_string(answer->rs, proxy->password_file));
}

/**
 * add_outcome() - add what becomes of the address
 */
static void add_outcome(struct list *text, const struct answer *answer)
{
	const struct decision *d = &answer->decision;
	bool connects = answer->side == SIDE_CONNECT;

	if (d->action == ACTION_PASS) {
		text_add(text, "TCP, as without vsockify");
		return;
	}
	if (d->action == ACTION_DENY) {
		add_refusal(text, answer);
		return;
	}
	if (!connects && d->port == 0)
		text_add(text, "a free vsock port");
	else
		text_add(text, "vsock port %u", d->port);
	if (connects && d->bare) {
		text_add(text, " at ");
		add_bare(text, answer);
	} else if (connects) {
		text_add(text, d->socket ? " behind " : " of CID ");
		text_add_machine(text, answer->rs, machine_of_answer(answer), "");
	} else {
		add_callers(text, answer);
	}
	if (connects && d->via)
		add_told(text, answer);
}

/**
 * add_cause() - add what decided, where that is no rule
 */
static void add_cause(struct list *text, const struct answer *answer)
{
	char name[NAME_TEXT_MAX];
	char ip[IP_TEXT_MAX];

	text_add(text, looked_at(answer) > 0 ? "no rule matches" : "there are no rules");
	ip_format(answer->at.ip, ip);
	switch (answer->decision.rule) {
	case BY_PEER:
		name_of_machine(answer->rs, machine_of_answer(answer), name, sizeof(name));
		text_add(text, ", but %s is an address of the peer %s", ip,
			 *name != '\0' ? name
				       : ruleset_string(answer->rs, answer->decision.socket));
		break;
	case BY_SYNTHETIC:
		text_add(text, ", but %s is an address made from a CID", ip);
		break;
	case BY_NAME:
		text_add(text, ", and a host name leads nowhere by itself");
		break;
	default:
		text_add(text, ", and the default is \"%s\"",
			 action_words[answer->decision.action]);
		break;
	}
}

/**
 * print_rules() - print the rules that were looked at, and which of them decided
 */
static void print_rules(const struct answer *answer)
{
	const struct rule *rules = rules_of_side(answer);
	const struct rule *deciding = deciding_rule(answer);
	uint32_t before = looked_at(answer);
	uint32_t shown = before < RULES_SHOWN ? before : RULES_SHOWN;
	struct table table = {.columns = 3};
	struct list text = {0};
	char pattern[PATTERN_TEXT_MAX];

	for (uint32_t i = 0; i < shown; i++) {
		text_add(&text, "  ");
		text_add_origin(&text, answer->rs, &rules[i]);
		add_text(&table, &text);
		add_cell(&table, "%s", rule_pattern(answer->rs, &rules[i], pattern));
		add_cell(&table, "no: %s", misfits[fit_of(answer, &rules[i])]);
	}
	if (before > shown) {
		add_cell(&table, "  ...");
		add_cell(&table, "%u more", before - shown);
		add_cell(&table, "no");
	}
	if (deciding) {
		text_add(&text, "  ");
		text_add_origin(&text, answer->rs, deciding);
		add_text(&table, &text);
		add_cell(&table, "%s", rule_pattern(answer->rs, deciding, pattern));
		add_cell(&table, "yes");
	}
	print_table(&table);
}

/**
 * print_v6only() - print what differs for a socket that does not serve IPv4, if it does
 */
static void print_v6only(const struct answer *answer)
{
	struct answer other = answer_for(answer->rs, answer->side, &answer->at, true);
	struct list text = {0};

	if (!has_v6only_form(answer) || same_outcome(answer, &other))
		return;
	text_add(&text, "  with IPV6_V6ONLY (");
	if (deciding_rule(&other))
		text_add_origin(&text, other.rs, deciding_rule(&other));
	else
		add_cause(&text, &other);
	text_add(&text, ") -> ");
	add_outcome(&text, &other);
	text_add(&text, "\n");
	text_print(&text);
}

/**
 * print_answer() - print the answer for one address
 */
static void print_answer(const struct question *question, const struct answer *answer)
{
	struct list text = {0};

	text_add(&text, "%s ", call_names[answer->side]);
	text_add_endpoint(&text, &answer->at);
	if (question->is_name)
		text_add(&text, " (%s)", question->host);
	text_add(&text, "\n");
	if (question->is_hosts)
		text_add(&text,
			 "  no rule for the name applies, since this machine knows it by "
			 "itself (/etc/hosts)\n");
	text_print(&text);
	print_rules(answer);
	if (!deciding_rule(answer)) {
		text_add(&text, "  ");
		add_cause(&text, answer);
		text_add(&text, "\n");
	}
	text_add(&text, "  -> ");
	add_outcome(&text, answer);
	if (answer->name)
		text_add(&text, "\n  no look-up: the address above stands for the name, or the "
				"next that is free");
	text_add(&text, "\n");
	text_print(&text);
	print_v6only(answer);
}

/* ---- questions ---- */

/* What the questions have in common. */
struct explanation {
	const struct ruleset *rs;
	enum side side;
	bool json;
	bool printed; /* something stands above */
	int status;
};

/**
 * explain_one() - answer one question
 */
static void explain_one(struct explanation *e, const char *text)
{
	const struct endpoint *endpoints;
	struct question question;

	if (!question_read(e->rs, e->side, text, &question)) {
		cli_error("--explain %s %s: %s", call_names[e->side], text, question.error);
		e->status = EX_USAGE;
	}
	endpoints = question.endpoints.items;
	if (e->json)
		explain_json(e->rs, &question);
	for (size_t i = 0; i < question.endpoints.count && !e->json; i++) {
		struct answer answer = question_answer(e->rs, &question, &endpoints[i]);

		if (e->printed)
			(void)putchar('\n');
		e->printed = true;
		print_answer(&question, &answer);
	}
	question_free(&question);
}

/**
 * explain_lines() - answer the questions on standard input, one a line
 */
static void explain_lines(struct explanation *e)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t length;

	while ((length = getline(&line, &room, stdin)) >= 0) {
		if (length > 0 && line[length - 1] == '\n')
			line[length - 1] = '\0';
		if (*line != '\0')
			explain_one(e, line);
	}
	free(line);
}

int explain(const struct ruleset *rs, char *const *words, bool json)
{
	struct explanation e = {.rs = rs, .json = json, .status = EX_OK};

	if (!words[0] || !words[1] ||
	    (strcmp(words[0], "connect") != 0 && strcmp(words[0], "listen") != 0)) {
		cli_error("--explain wants a call and an address: \"connect 10.0.2.15:80\", "
			  "\"listen 0.0.0.0:80\", or \"-\" to read addresses from stdin");
		return EX_USAGE;
	}
	e.side = strcmp(words[0], "connect") == 0 ? SIDE_CONNECT : SIDE_LISTEN;
	for (char *const *word = words + 1; *word; word++) {
		if (strcmp(*word, "-") == 0)
			explain_lines(&e);
		else
			explain_one(&e, *word);
	}
	if (fflush(stdout) == 0 && !ferror(stdout))
		return e.status;
	cli_error("cannot write the answers to standard output: %s", strerror(errno));
	return EX_IOERR;
}
