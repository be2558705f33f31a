/* SPDX-License-Identifier: MIT */
/*
 * explain_json.c - the answers of --explain as JSON
 */
#include <stdio.h>

#include "../config/address.h"
#include "answer.h"
#include "explain.h"
#include "json.h"
#include "show.h"

static const char *const misfit_words[] = {
	[FIT_OTHER_PORT] = "port",         [FIT_OTHER_FAMILY] = "family",
	[FIT_OTHER_ADDRESS] = "address",   [FIT_OTHER_NAME] = "name",
	[FIT_NOT_ELSEWHERE] = "elsewhere",
};

/**
 * json_rule() - write a rule into an object
 */
static void json_rule(struct json *json, const struct ruleset *rs, const struct rule *rule)
{
	char pattern[PATTERN_TEXT_MAX];

	json_string(json, "pattern", rule_pattern(rs, rule, pattern));
	json_string(json, "source", ruleset_source(rs, rule));
	if (rule->line > 0)
		json_number(json, "line", rule->line);
}

/**
 * json_name() - write the name of the machine that is decided for, if it has one
 */
static void json_name(struct json *json, const struct answer *answer)
{
	struct machine machine = machine_of_answer(answer);
	char name[NAME_TEXT_MAX];

	if (!machine_exists(machine))
		return;
	name_of_machine(answer->rs, machine, name, sizeof(name));
	if (*name != '\0')
		json_string(json, "name", name);
}

/**
 * json_accepted() - write one of those that accept_from lets in: a CID, or a peer's name
 */
static void json_accepted(struct json *json, const struct ruleset *rs, const struct rule *rule,
			  uint32_t number)
{
	if (rule->peer == NO_PEER)
		json_number(json, NULL, number);
	else
		json_string(json, NULL, ruleset_string(rs, ruleset_peers(rs)[number].name));
}

/**
 * json_proxy() - write the proxy that is there
 */
static void json_proxy(struct json *json, const struct ruleset *rs, const struct proxy *proxy)
{
	json_string(json, "via", proxy_scheme_name(proxy));
	if (proxy->user)
		json_string(json, "user", ruleset_string(rs, proxy->user));
}

/**
 * json_decision() - write the decision into an object
 */
static void json_decision(struct json *json, const struct answer *answer)
{
	static const char *const causes[] = {
		[-BY_DEFAULT] = "default",
		[-BY_PEER] = "peer",
		[-BY_SYNTHETIC] = "cid",
		[-BY_NAME] = "name",
	};
	const struct decision *d = &answer->decision;
	const struct rule *rule = deciding_rule(answer);

	json_string(json, "action", action_words[d->action]);
	if (d->action == ACTION_VSOCK) {
		if (d->path)
			json_string(json, "socket", ruleset_string(answer->rs, d->path));
		else if (d->cid != CID_UNKNOWN)
			json_number(json, "cid", d->cid);
		json_name(json, answer);
		json_number(json, "vsock_port", d->port);
	}
	if (d->action == ACTION_VSOCK && d->via)
		json_proxy(json, answer->rs, ruleset_proxy(answer->rs, d->via));
	if (rule && rule->restricted && d->action == ACTION_VSOCK) {
		json_open(json, "accepts", '[');
		for (uint32_t i = 0; i < rule->accept_count; i++)
			json_accepted(json, answer->rs, rule,
				      ruleset_accepts(answer->rs)[rule->accept_first + i]);
		json_close(json, ']');
	}
	if (rule && rule->accept_proxy)
		json_string(json, "expects", "proxy_header");
	json_string(json, "by", rule ? "rule" : causes[-d->rule]);
	if (rule)
		json_rule(json, answer->rs, rule);
	json_open(json, "before", '[');
	for (uint32_t i = 0; i < looked_at(answer); i++) {
		json_open(json, NULL, '{');
		json_rule(json, answer->rs, rules_of_side(answer) + i);
		json_string(json, "other",
			    misfit_words[fit_of(answer, rules_of_side(answer) + i)]);
		json_close(json, '}');
	}
	json_close(json, ']');
}

/**
 * json_answer() - write the answer for one address
 */
static void json_answer(struct json *json, const struct answer *answer)
{
	struct answer other = answer_for(answer->rs, answer->side, &answer->at, true);
	char ip[IP_TEXT_MAX];

	json_open(json, NULL, '{');
	json_string(json, "address", ip_format(answer->at.ip, ip));
	json_number(json, "port", answer->at.port);
	if (answer->name)
		json_string(json, "stands_for", answer->name);
	json_decision(json, answer);
	if (has_v6only_form(answer) && !same_outcome(answer, &other)) {
		json_open(json, "v6only", '{');
		json_decision(json, &other);
		json_close(json, '}');
	}
	json_close(json, '}');
}

void explain_json(const struct ruleset *rs, const struct question *question)
{
	const struct endpoint *endpoints = question->endpoints.items;
	struct json json = {.comma = false};

	json_open(&json, NULL, '{');
	json_string(&json, "call", call_names[question->side]);
	json_string(&json, "asked", question->text);
	if (*question->error != '\0')
		json_string(&json, "error", question->error);
	json_open(&json, "answers", '[');
	for (size_t i = 0; i < question->endpoints.count; i++) {
		struct answer answer = question_answer(rs, question, &endpoints[i]);

		json_answer(&json, &answer);
	}
	json_close(&json, ']');
	json_close(&json, '}');
	(void)putchar('\n');
}
