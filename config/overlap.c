/* SPDX-License-Identifier: MIT */
/*
 * overlap.c - rules in each other's way
 *
 * Theory of operation
 *
 * Rules are compared in pairs. For 10,000 rules those are 50 million comparisons, nearly all
 * of which end at the first one, that of the ports; they take about as long as reading such a
 * file does. Only single earlier rules are looked at, not what several cover together.
 */
#include <string.h>

#include "compile.h"

/* TCP ports, inclusive. */
struct ports {
	uint32_t first;
	uint32_t last;
};

/**
 * covers_hosts() - does @outer meet every address, or every name, that @inner meets?
 */
static bool covers_hosts(const struct rule_draft *outer_draft,
			 const struct rule_draft *inner_draft)
{
	const struct rule *outer = &outer_draft->rule, *inner = &inner_draft->rule;
	unsigned int whole = outer->prefix_bits / 8;
	unsigned int rest = outer->prefix_bits % 8;

	if (outer->family == RULE_ANY_FAMILY)
		return true;
	if (outer_draft->host && inner_draft->host)
		return host_covers(outer_draft->host, inner_draft->host);
	if (outer->family != inner->family || outer->prefix_bits > inner->prefix_bits ||
	    memcmp(outer->ip, inner->ip, whole) != 0)
		return false;
	return rest == 0 || ((outer->ip[whole] ^ inner->ip[whole]) >> (8 - rest)) == 0;
}

/**
 * passes_over() - may @outer leave to others what it meets of @inner?
 *
 * A proxy for every address leaves out those that are not elsewhere (decide_connect()): @inner
 * may have been written for them.
 */
static bool passes_over(const struct rule_draft *outer, const struct rule *inner)
{
	return outer->via.used && rule_names_nowhere(&outer->rule) &&
	       !rule_names_nowhere(inner) && inner->family != RULE_HOST;
}

/**
 * covers() - does @outer meet everything that @inner meets at @ports?
 */
static bool covers(const struct rule_draft *outer, const struct rule_draft *inner,
		   struct ports ports)
{
	return outer->rule.port_first <= ports.first && outer->rule.port_last >= ports.last &&
	       covers_hosts(outer, inner);
}

/**
 * origin_of() - where a rule was written
 */
static struct origin origin_of(const struct rule *rule)
{
	return (struct origin){.source = rule->source, .line = rule->line};
}

/**
 * report_unreachable() - report that @hidden lies wholly behind @outer
 */
static void report_unreachable(struct builder *builder, const struct rule_draft *outer,
			       const struct rule_draft *hidden)
{
	struct origin here = origin_of(&hidden->rule);
	char place[ORIGIN_TEXT_MAX];
	char outer_text[PATTERN_TEXT_MAX];
	char hidden_text[PATTERN_TEXT_MAX];

	builder_error(
		builder, here,
		"this rule can never be reached, since %s (%s) comes first and covers %s: "
		"remove it, or put it first",
		pattern_format(&outer->rule, outer->host, outer_text),
		builder_place(builder, origin_of(&outer->rule), here, place),
		pattern_format(&hidden->rule, hidden->host, hidden_text));
}

/**
 * check_reachable() - look for rules that an earlier one covers
 *
 * What the command line covers of a file is overridden, and no error.
 */
static void check_reachable(struct builder *builder, enum side side)
{
	const struct rule_draft *drafts = builder->rules[side].items;

	for (size_t later = 1; later < builder->rules[side].count; later++) {
		const struct rule *rule = &drafts[later].rule;
		const struct ports ports = {rule->port_first, rule->port_last};
		size_t i = 0;

		while (i < later && (!covers(&drafts[i], &drafts[later], ports) ||
				     passes_over(&drafts[i], rule)))
			i++;
		if (i < later && (drafts[i].rule.line == 0) == (rule->line == 0))
			report_unreachable(builder, &drafts[i], &drafts[later]);
	}
}

/**
 * warn_of_fixed_ports() - warn of rules that lead every TCP port to one vsock port
 */
static void warn_of_fixed_ports(struct builder *builder, enum side side)
{
	const struct rule_draft *drafts = builder->rules[side].items;
	char text[PATTERN_TEXT_MAX];

	for (size_t i = 0; i < builder->rules[side].count; i++) {
		const struct rule *rule = &drafts[i].rule;

		if (rule->fixed_port && !drafts[i].via.used)
			builder_warning(builder, origin_of(rule),
					"%s leads every TCP port to the one vsock port %u: "
					"leave the vsock "
					"port out to keep each number",
					pattern_format(rule, drafts[i].host, text),
					rule->vsock_port);
	}
}

/**
 * is_shadowed() - do earlier rules take some TCP ports away from a listen rule?
 * @index: of the rule
 */
static bool is_shadowed(const struct builder *builder, size_t index, struct ports ports)
{
	const struct rule_draft *drafts = builder->rules[SIDE_LISTEN].items;

	for (size_t i = 0; i < index; i++) {
		if (covers(&drafts[i], &drafts[index], ports))
			return true;
	}
	return false;
}

/**
 * leads_to_vsock() - can a rule turn a TCP port into a vsock port of its own?
 */
static bool leads_to_vsock(const struct rule_draft *draft)
{
	return draft->rule.action == ACTION_VSOCK && !draft->rule.fixed_port;
}

/**
 * meet_the_same() - do two listen rules let the same callers in, so that ports can meet?
 *
 * Peers with sockets call at their own, and all others at one.
 */
static bool meet_the_same(const struct builder *builder, const struct rule *a,
			  const struct rule *b)
{
	const struct peer_draft *peers = builder->peers.items;

	if (a->peer == NO_PEER || b->peer == NO_PEER)
		return a->peer == b->peer;
	return strcmp(peers[a->peer].socket, peers[b->peer].socket) == 0;
}

/**
 * first_meeting_port() - the first vsock port to which two listen rules lead different TCP
 * ports
 * @a, @b: indexes of the rules
 * Return: the port, or 0
 *
 * Each rule adds one number to all its TCP ports. If that number is the same, each vsock port
 * comes of one TCP port only.
 */
static uint32_t first_meeting_port(const struct builder *builder, size_t a, size_t b)
{
	const struct rule_draft *drafts = builder->rules[SIDE_LISTEN].items;
	const struct rule *rules[2] = {&drafts[a].rule, &drafts[b].rule};
	size_t indexes[2] = {a, b};
	uint32_t first = 0;
	uint32_t last = UINT32_MAX;

	for (int i = 0; i < 2; i++) {
		uint32_t rule_last =
			rules[i]->vsock_port + rules[i]->port_last - rules[i]->port_first;

		first = rules[i]->vsock_port > first ? rules[i]->vsock_port : first;
		last = rule_last < last ? rule_last : last;
	}
	if (first > last || rules[0]->vsock_port - rules[0]->port_first ==
				    rules[1]->vsock_port - rules[1]->port_first)
		return 0;
	for (int i = 0; i < 2; i++) {
		uint32_t shift = rules[i]->vsock_port - rules[i]->port_first;

		if (is_shadowed(builder, indexes[i],
				(struct ports){first - shift, last - shift}))
			return 0;
	}
	return first;
}

/**
 * warn_of_meeting_ports() - warn of listen rules that lead different TCP ports to one vsock
 * port
 *
 * One warning for each rule is enough.
 */
static void warn_of_meeting_ports(struct builder *builder)
{
	const struct rule_draft *drafts = builder->rules[SIDE_LISTEN].items;
	char place[ORIGIN_TEXT_MAX];

	for (size_t later = 1; later < builder->rules[SIDE_LISTEN].count; later++) {
		struct origin here = origin_of(&drafts[later].rule);
		uint32_t port = 0;

		for (size_t i = 0; i < later && port == 0; i++) {
			if (!leads_to_vsock(&drafts[i]) || !leads_to_vsock(&drafts[later]) ||
			    !meet_the_same(builder, &drafts[i].rule, &drafts[later].rule))
				continue;
			port = first_meeting_port(builder, i, later);
			if (port == 0)
				continue;
			builder_warning(builder, here,
					"different TCP ports lead to vsock port %u, here and "
					"in the rule "
					"before (%s): only one listener at a time can have it, "
					"so lead one of them elsewhere",
					port,
					builder_place(builder, origin_of(&drafts[i].rule), here,
						      place));
		}
	}
}

void check_overlaps(struct builder *builder)
{
	for (int side = SIDE_CONNECT; side <= SIDE_LISTEN; side++) {
		check_reachable(builder, (enum side)side);
		warn_of_fixed_ports(builder, (enum side)side);
	}
	warn_of_meeting_ports(builder);
}
