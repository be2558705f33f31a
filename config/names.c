/* SPDX-License-Identifier: MIT */
/*
 * names.c - what rules of host names make of each other, and of addresses
 */
#include "address.h"
#include "compile.h"
#include "stand_in.h"

/**
 * origin_of() - where a rule was written
 */
static struct origin origin_of(const struct rule *rule)
{
	return (struct origin){.source = rule->source, .line = rule->line};
}

/**
 * check_passing() - refuse rules that let a name pass at some ports
 *
 * What passes is looked up, and that happens before anybody knows the port.
 */
static void check_passing(struct builder *builder)
{
	const struct rule_draft *drafts = builder->rules[SIDE_CONNECT].items;

	for (size_t i = 0; i < builder->rules[SIDE_CONNECT].count; i++) {
		const struct rule *rule = &drafts[i].rule;

		if (drafts[i].host && rule->action == ACTION_PASS && !rule->all_ports)
			builder_error(
				builder, origin_of(rule),
				"a name is looked up before its port is known, so that it "
				"passes for every port or for none: write %s:*",
				drafts[i].host);
	}
}

/**
 * any_is_taken() - is there a rule that leads names elsewhere?
 */
static bool any_is_taken(const struct ruleset *rs)
{
	const struct rule *rules = ruleset_connect(rs);

	for (uint32_t i = 0; i < rs->connect_count; i++) {
		if (rule_takes_names(&rules[i]) && rules[i].action != ACTION_PASS)
			return true;
	}
	return false;
}

/**
 * check_peers_beside() - refuse peers' addresses that are to stand for names
 */
static void check_peers_beside(struct builder *builder, const struct ruleset *rs)
{
	const struct peer_draft *peers = builder->peers.items;
	char text[IP_TEXT_MAX];

	for (size_t i = 0; i < builder->peers.count; i++) {
		const uint8_t(*addresses)[16] = peers[i].addresses.items;

		for (size_t a = 0; a < peers[i].addresses.count; a++) {
			if (stand_in_is(rs, addresses[a]))
				builder_error(builder, peers[i].origin,
					      "%s is within the range that stands for host "
					      "names: give the peer another address, or set "
					      "\"stand_ins\" among the options",
					      ip_format(addresses[a], text));
		}
	}
}

/**
 * check_rules_beside() - refuse rules for addresses that are to stand for names
 *
 * A shorter prefix meets other addresses as well.
 */
static void check_rules_beside(struct builder *builder, const struct ruleset *rs)
{
	const struct rule *rules = ruleset_connect(rs);
	char text[PATTERN_TEXT_MAX];

	for (uint32_t i = 0; i < rs->connect_count; i++) {
		unsigned shortest = rules[i].family == RULE_IPV4 ? 96 + rs->stand_ins_bits : 64;

		if ((rules[i].family == RULE_IPV4 || rules[i].family == RULE_IPV6) &&
		    rules[i].prefix_bits >= shortest && stand_in_is(rs, rules[i].ip))
			builder_error(builder, origin_of(&rules[i]),
				      "this rule can never be reached, since %s is within the "
				      "range that stands for host names: write a rule for the "
				      "name, or set \"stand_ins\" among the options",
				      pattern_format(&rules[i], "", text));
	}
}

void check_names(struct builder *builder, struct ruleset *rs)
{
	check_passing(builder);
	rs->takes_names = any_is_taken(rs);
	if (!rs->takes_names)
		return;
	check_peers_beside(builder, rs);
	check_rules_beside(builder, rs);
}
