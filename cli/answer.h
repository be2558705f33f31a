/* SPDX-License-Identifier: MIT */
/*
 * answer.h - what becomes of one address, and which rules were looked at for it?
 *
 * The decision is that of config/match.c, by which the shim acts. What was looked at before
 * are all rules in front of the one that decided, and rule_fit() says of each why it did not.
 */
#ifndef VSOCKIFY_ANSWER_H
#define VSOCKIFY_ANSWER_H

#include "../config/pattern.h"
#include "../config/ruleset.h"

/* One address that is asked about, and the answer. */
struct answer {
	const struct ruleset *rs;
	enum side side;
	struct endpoint at; /* as the shim takes it: 0.0.0.0 to connect to is 127.0.0.1 */
	bool v6only;
	const char *name; /* the host name that the address stands for; NULL: none */
	struct decision decision;
};

/* answer_for() - decide about one address */
struct answer answer_for(const struct ruleset *rs, enum side side, const struct endpoint *at,
			 bool v6only);

/*
 * answer_for_name() - decide about a connect() to what stands for a host name
 * @name: in normal form, one that the rules take; not copied
 */
struct answer answer_for_name(const struct ruleset *rs, const struct endpoint *at,
			      const char *name);

/* same_outcome() - do two answers come to the same? */
bool same_outcome(const struct answer *a, const struct answer *b);

/* has_v6only_form() - may a bind() to this address have another outcome with IPV6_V6ONLY? */
bool has_v6only_form(const struct answer *answer);

/* rules_of_side() - the rules that are for connects, or for binds */
const struct rule *rules_of_side(const struct answer *answer);

/* looked_at() - how many rules were tried before the decision was made */
uint32_t looked_at(const struct answer *answer);

/* deciding_rule() - the rule that decided, or NULL */
const struct rule *deciding_rule(const struct answer *answer);

/* fit_of() - does a rule apply? If not, why? */
enum fit fit_of(const struct answer *answer, const struct rule *rule);

/* machine_of_answer() - the machine that is decided for; of a bind, where it has a socket, the
 * one that may call */
struct machine machine_of_answer(const struct answer *answer);

#endif
