/* SPDX-License-Identifier: MIT */
/*
 * answer.c - what becomes of one address, and which rules were looked at for it?
 */
#include "answer.h"

#include "../config/address.h"

struct answer answer_for(const struct ruleset *rs, enum side side, const struct endpoint *at,
			 bool v6only)
{
	struct answer answer = {.rs = rs, .side = side, .at = *at, .v6only = v6only};

	if (side == SIDE_CONNECT) {
		ip_loopback_if_unspecified(answer.at.ip);
		answer.decision = decide_connect(rs, &answer.at);
	} else {
		answer.decision = decide_listen(rs, &answer.at, v6only);
	}
	return answer;
}

struct answer answer_for_name(const struct ruleset *rs, const struct endpoint *at,
			      const char *name)
{
	return (struct answer){
		.rs = rs,
		.side = SIDE_CONNECT,
		.at = *at,
		.name = name,
		.decision = decide_connect_name(rs, name, at->port),
	};
}

bool same_outcome(const struct answer *a, const struct answer *b)
{
	const struct decision *x = &a->decision;
	const struct decision *y = &b->decision;

	return x->action == y->action && x->rule == y->rule &&
	       (x->action != ACTION_VSOCK || (x->cid == y->cid && x->port == y->port));
}

bool has_v6only_form(const struct answer *answer)
{
	return answer->side == SIDE_LISTEN && !ip_is_v4(answer->at.ip) &&
	       ip_is_unspecified(answer->at.ip);
}

const struct rule *rules_of_side(const struct answer *answer)
{
	return answer->side == SIDE_CONNECT ? ruleset_connect(answer->rs)
					    : ruleset_listen(answer->rs);
}

uint32_t looked_at(const struct answer *answer)
{
	if (answer->decision.rule >= 0)
		return (uint32_t)answer->decision.rule;
	return answer->side == SIDE_CONNECT ? answer->rs->connect_count
					    : answer->rs->listen_count;
}

const struct rule *deciding_rule(const struct answer *answer)
{
	return answer->decision.rule >= 0 ? rules_of_side(answer) + answer->decision.rule
					  : NULL;
}

enum fit fit_of(const struct answer *answer, const struct rule *rule)
{
	enum fit fit;

	if (answer->name)
		return rule_fit_name(answer->rs, rule, answer->name, answer->at.port);
	if (answer->side == SIDE_LISTEN)
		return rule_fit_listen(rule, &answer->at, answer->v6only);
	fit = rule_fit(rule, &answer->at);
	return fit == FIT_MEETS && rule != deciding_rule(answer) ? FIT_NOT_ELSEWHERE : fit;
}

struct machine machine_of_answer(const struct answer *answer)
{
	const struct decision *d = &answer->decision;

	return (struct machine){d->socket, d->cid, d->peer};
}
