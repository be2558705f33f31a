/* SPDX-License-Identifier: MIT */
/*
 * test_naive.c - config/match.c against a second formulation of what rules mean
 */
#include <stdlib.h>
#include <string.h>

#include <linux/vm_sockets.h> /* older ones leave sys/socket.h to whoever includes them */

#include "../../config/address.h"
#include "../../config/memory.h"
#include "unit.h"

#define RANDOM_RULES     40
#define RANDOM_ROUNDS    60
#define RANDOM_ENDPOINTS 400

/**
 * random_ip() - one of not too many addresses
 */
static void random_ip(uint8_t a[16])
{
	static const char *const bases[] = {"10.0.0.0", "127.0.0.0",        "0.0.0.0",   "::",
					    "fd00::",   "::ffff:240.0.0.0", "::fffe:0:0"};

	ip(bases[random_below(7)], a);
	for (int byte = 12; byte < 16; byte++) {
		if (random_below(3) == 0)
			a[byte] = (uint8_t)(a[byte] ^ (1u << random_below(8)));
	}
	if (random_below(8) == 0)
		a[random_below(12)] ^= 0x10;
}

/**
 * random_rule() - any rule that could come of a configuration
 */
static void random_rule(struct rule *rule)
{
	unsigned int bits = random_below(129);

	memset(rule, 0, sizeof(*rule));
	random_ip(rule->ip);
	if (random_below(2) == 0)
		bits = 120 + random_below(9);
	if (ip_is_v4(rule->ip) && bits >= 96)
		rule->family = RULE_IPV4;
	else
		rule->family = random_below(6) == 0 ? RULE_ANY_FAMILY : RULE_IPV6;
	rule->prefix_bits = (uint8_t)(rule->family == RULE_ANY_FAMILY ? 0 : bits);
	for (unsigned int bit = rule->prefix_bits; bit < 128; bit++)
		rule->ip[bit / 8] &= (uint8_t) ~(0x80u >> bit % 8);
	rule->action = (uint8_t)random_below(3);
	rule->all_ports = random_below(4) == 0;
	rule->port_first = (uint16_t)(rule->all_ports ? 0 : 1 + random_below(30));
	rule->port_last =
		(uint16_t)(rule->all_ports ? 65535 : rule->port_first + random_below(10));
	rule->fixed_port = rule->all_ports && random_below(2) == 0;
	rule->vsock_port = rule->all_ports && !rule->fixed_port ? 0 : 1 + random_below(100000);
	rule->cid = 1 + random_below(50);
	rule->peer = NO_PEER;
}

/**
 * bit_of() - one bit of an address
 */
static int bit_of(const uint8_t a[16], int bit)
{
	return (a[bit / 8] >> (7 - bit % 8)) & 1;
}

/**
 * naive_meets() - does a rule apply? Told bit by bit and port by port
 */
static bool naive_meets(const struct rule *rule, const uint8_t a[16], uint16_t port)
{
	bool port_found = rule->all_ports;

	for (uint32_t p = rule->port_first; p <= rule->port_last && !rule->all_ports; p++)
		port_found |= p == port;
	if (!port_found)
		return false;
	if (rule->family == RULE_IPV4 && !ip_is_v4(a))
		return false;
	if (rule->family == RULE_IPV6 && ip_is_v4(a))
		return false;
	for (int bit = 0; bit < rule->prefix_bits; bit++) {
		if (bit_of(rule->ip, bit) != bit_of(a, bit))
			return false;
	}
	return true;
}

/**
 * naive_port() - the vsock port, counted up from the rule's
 */
static uint32_t naive_port(const struct rule *rule, uint16_t port)
{
	uint32_t vsock_port = rule->vsock_port;

	for (uint32_t p = rule->port_first; p < port && !rule->fixed_port; p++)
		vsock_port++;
	return vsock_port;
}

/**
 * naive_connect() - decide_connect() without peers, told backwards: the last rule first
 */
static struct decision naive_connect(const struct ruleset *rs, const struct endpoint *to)
{
	const struct rule *rules = ruleset_connect(rs);
	struct decision d = {.action = ACTION_PASS, .rule = BY_DEFAULT};
	uint8_t a[16];
	uint32_t cid = 0;

	memcpy(a, to->ip, 16);
	if (same_ip(a, "0.0.0.0"))
		ip("127.0.0.1", a);
	else if (same_ip(a, "::"))
		ip("::1", a);
	if (cid_of_synthetic(a, &cid))
		d = (struct decision){cid == CID_UNKNOWN || to->port == 0 ? ACTION_DENY
									  : ACTION_VSOCK,
				      BY_SYNTHETIC, cid, to->port, .peer = NO_PEER};
	for (int i = (int)rs->connect_count - 1; i >= 0; i--) {
		if (!naive_meets(&rules[i], a, to->port))
			continue;
		d = (struct decision){(enum action)rules[i].action, i, rules[i].cid,
				      naive_port(&rules[i], to->port), .peer = NO_PEER};
		if (d.action == ACTION_VSOCK && d.port == 0)
			d.action = ACTION_DENY;
	}
	return d;
}

/**
 * naive_listen() - decide_listen(), told backwards
 */
static struct decision naive_listen(const struct ruleset *rs, const struct endpoint *on,
				    bool v6only)
{
	const struct rule *rules = ruleset_listen(rs);
	struct decision d = {.action = ACTION_PASS, .rule = BY_DEFAULT};
	uint8_t any_v4[16];

	ip("0.0.0.0", any_v4);
	for (int i = (int)rs->listen_count - 1; i >= 0; i--) {
		uint8_t last[16];
		bool meets = naive_meets(&rules[i], on->ip, on->port);

		if (same_ip(on->ip, "::") && !v6only)
			meets = meets || naive_meets(&rules[i], any_v4, on->port);
		if (!meets)
			continue;
		d = (struct decision){(enum action)rules[i].action, i, VMADDR_CID_ANY,
				      naive_port(&rules[i], on->port), .peer = NO_PEER};
		/* A rule names loopback if its first and its last address are loopback. */
		memcpy(last, rules[i].ip, 16);
		for (unsigned int bit = rules[i].prefix_bits; bit < 128; bit++)
			last[bit / 8] |= (uint8_t)(0x80u >> bit % 8);
		if (rules[i].all_ports && ip_is_loopback(on->ip) &&
		    !(ip_is_loopback(rules[i].ip) && ip_is_loopback(last)))
			d.cid = VMADDR_CID_LOCAL;
	}
	return d;
}

/**
 * same_decision() - compare what means something
 */
static bool same_decision(struct decision a, struct decision b)
{
	return a.action == b.action && a.rule == b.rule &&
	       (a.action != ACTION_VSOCK || (a.cid == b.cid && a.port == b.port &&
					     a.socket == b.socket && a.peer == b.peer));
}

/**
 * first_fit() - the first rule that applies, by what rule_fit() says of each
 * Return: its index, or BY_DEFAULT
 */
static int first_fit(const struct ruleset *rs, const struct endpoint *ep)
{
	struct endpoint target = *ep;

	ip_loopback_if_unspecified(target.ip);
	for (uint32_t i = 0; i < rs->connect_count; i++) {
		if (rule_fit(&ruleset_connect(rs)[i], &target) == FIT_MEETS)
			return (int)i;
	}
	return BY_DEFAULT;
}

/**
 * first_fit_listen() - the same for bind()
 */
static int first_fit_listen(const struct ruleset *rs, const struct endpoint *ep, bool v6only)
{
	for (uint32_t i = 0; i < rs->listen_count; i++) {
		if (rule_fit_listen(&ruleset_listen(rs)[i], ep, v6only) == FIT_MEETS)
			return (int)i;
	}
	return BY_DEFAULT;
}

/**
 * by_rule_or_default() - the rule of a decision; BY_DEFAULT stands for all that is no rule
 */
static int by_rule_or_default(struct decision d)
{
	return d.rule >= 0 ? d.rule : BY_DEFAULT;
}

static void test_against_naive(void)
{
	struct rule rules[2][RANDOM_RULES];
	unsigned int by_rule = 0;
	unsigned int different = 0;

	for (int round = 0; round < RANDOM_ROUNDS; round++) {
		struct ruleset *rs;

		for (int i = 0; i < RANDOM_RULES; i++) {
			random_rule(&rules[0][i]);
			random_rule(&rules[1][i]);
		}
		rs = image_of_rules(rules[0], rules[1], RANDOM_RULES);
		CU_ASSERT(ruleset_valid(rs, rs->size));
		for (int i = 0; i < RANDOM_ENDPOINTS; i++) {
			struct endpoint ep = {.port = (uint16_t)random_below(45)};
			bool v6only = random_below(2) == 0;

			random_ip(ep.ip);
			by_rule += decide_connect(rs, &ep).rule >= 0;
			different +=
				!same_decision(decide_connect(rs, &ep), naive_connect(rs, &ep));
			different += !same_decision(decide_listen(rs, &ep, v6only),
						    naive_listen(rs, &ep, v6only));
			/* what --explain says of each rule comes to the same */
			different += first_fit(rs, &ep) !=
				     by_rule_or_default(decide_connect(rs, &ep));
			different += first_fit_listen(rs, &ep, v6only) !=
				     by_rule_or_default(decide_listen(rs, &ep, v6only));
		}
		free(rs);
	}
	CU_ASSERT(different == 0);
	/* The comparison is worth something only if rules are met, and missed. */
	CU_ASSERT(by_rule > RANDOM_ROUNDS * RANDOM_ENDPOINTS / 10);
	CU_ASSERT(by_rule < RANDOM_ROUNDS * RANDOM_ENDPOINTS * 99 / 100);
}

CU_TestInfo naive_tests[] = {
	{"random rules", test_against_naive},
	CU_TEST_INFO_NULL,
};
