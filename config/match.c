/* SPDX-License-Identifier: MIT */
/*
 * match.c - what becomes of a connect() or a bind()
 *
 * Theory of operation
 *
 * Rules are tried in the order in which they were written, and the first that meets the
 * endpoint decides. What rules out most of them is compared first: one number is the end of
 * the address, two are the range of ports.
 *
 * A port of 0 needs no special case here. Only a rule for all ports starts at 0 ("*" covers
 * 0..65535), so no other rule can meet it.
 *
 * Nothing here allocates, locks, or looks beyond its arguments.
 */
#include "ruleset.h"

#include <endian.h>
#include <linux/vm_sockets.h>
#include <string.h>
#include <sys/socket.h>

#include "address.h"

/**
 * prefix_meets() - do two addresses agree in their first @bits bits?
 * @bits: 0..128
 */
static bool prefix_meets(const uint8_t prefix[16], unsigned int bits, const uint8_t ip[16])
{
	uint64_t a[2], b[2], high, low;

	memcpy(a, prefix, sizeof(a));
	memcpy(b, ip, sizeof(b));
	high = be64toh(a[0] ^ b[0]);
	low = be64toh(a[1] ^ b[1]);
	if (bits <= 64)
		return bits == 0 || high >> (64 - bits) == 0;
	return high == 0 && low >> (128 - bits) == 0;
}

/**
 * address_meets() - does a rule apply to an address, whatever the port?
 *
 * A prefix of IPv6, ::/0 above all, would also cover the mapped form of every IPv4 address;
 * hence the test of the family.
 */
static bool address_meets(const struct rule *rule, const uint8_t ip[16])
{
	if (rule->family == RULE_ANY_FAMILY)
		return true;
	if ((rule->family == RULE_IPV4) != ip_is_v4(ip))
		return false;
	return prefix_meets(rule->ip, rule->prefix_bits, ip);
}

/* 0.0.0.0, the half of a dual-stack [::] that serves IPv4 */
static const uint8_t no_v4[4] = {0};

/* The second half of an address, as one number. */
static inline uint64_t end_of(const uint8_t ip[16])
{
	uint64_t end;

	memcpy(&end, ip + 8, sizeof(end));
	return end;
}

/**
 * rule_meets() - does a rule apply to an address and a port?
 * @end: end_of(@ip)
 *
 * Inline, and the quick tests first, for the sake of those who have many rules: a rule for
 * another address takes seven instructions, and one for another port a few more.
 */
static inline bool rule_meets(const struct rule *rule, const uint8_t ip[16], uint64_t end,
			      uint16_t port)
{
	if (end_of(rule->ip) != end && rule->prefix_bits == 128)
		return false;
	if (port < rule->port_first || port > rule->port_last)
		return false;
	return address_meets(rule, ip);
}

enum fit rule_fit(const struct rule *rule, const struct endpoint *ep)
{
	if (ep->port < rule->port_first || ep->port > rule->port_last)
		return FIT_OTHER_PORT;
	if (address_meets(rule, ep->ip))
		return FIT_MEETS;
	return (rule->family == RULE_IPV4) != ip_is_v4(ep->ip) ? FIT_OTHER_FAMILY
							       : FIT_OTHER_ADDRESS;
}

enum fit rule_fit_listen(const struct rule *rule, const struct endpoint *on, bool v6only)
{
	struct endpoint v4_half = {.port = on->port};
	enum fit fit = rule_fit(rule, on);

	if (fit == FIT_MEETS || v6only || ip_is_v4(on->ip) || !ip_is_unspecified(on->ip))
		return fit;
	ip_from_v4(v4_half.ip, no_v4);
	return rule_fit(rule, &v4_half);
}

/**
 * vsock_port_of() - the vsock port that a rule turns a TCP port into
 *
 * A rule for all ports without a port of its own has vsock_port 0 and port_first 0, so that
 * every port, and the 0 that stands for "any free one", becomes itself.
 */
static uint32_t vsock_port_of(const struct rule *rule, uint16_t port)
{
	if (rule->fixed_port)
		return rule->vsock_port;
	return rule->vsock_port + (uint32_t)(port - rule->port_first);
}

/**
 * cid_of_peer_address() - the peer that an address was configured for
 * Return: its CID, or CID_UNKNOWN
 */
static uint32_t cid_of_peer_address(const struct ruleset *rs, const uint8_t ip[16])
{
	const uint8_t(*addresses)[16] = ruleset_addresses(rs);
	const struct peer *peers = ruleset_peers(rs);

	for (uint32_t p = 0; p < rs->peer_count; p++) {
		for (uint32_t a = 0; a < peers[p].address_count; a++) {
			if (memcmp(addresses[peers[p].address_first + a], ip, 16) == 0)
				return peers[p].cid;
		}
	}
	return CID_UNKNOWN;
}

/**
 * is_broadcast() - 255.255.255.255, which is in 240.0.0.0/4 but nobody's synthetic address
 */
static bool is_broadcast(const uint8_t ip[16])
{
	static const uint8_t ones[4] = {255, 255, 255, 255};

	return ip_is_v4(ip) && memcmp(ip + 12, ones, sizeof(ones)) == 0;
}

/**
 * by_address() - a decision to go to a CID that the address itself names
 * @by: BY_PEER or BY_SYNTHETIC
 * @cid: CID_UNKNOWN if the address names a CID that cannot be connected to
 */
static struct decision by_address(int by, uint32_t cid, uint16_t port)
{
	if (cid == CID_UNKNOWN || port == 0)
		return (struct decision){.action = ACTION_DENY, .rule = by};
	return (struct decision){.action = ACTION_VSOCK, .rule = by, .cid = cid, .port = port};
}

/**
 * by_connect_rule() - the decision of a rule for connect() that meets @port
 *
 * No vsock port is numbered 0, and TCP refuses a connection to port 0 as well.
 */
static struct decision by_connect_rule(const struct rule *rule, int index, uint16_t port)
{
	struct decision d = {.action = (enum action)rule->action, .rule = index};

	if (d.action != ACTION_VSOCK)
		return d;
	d.cid = rule->cid;
	d.port = vsock_port_of(rule, port);
	if (d.port == 0)
		d.action = ACTION_DENY;
	return d;
}

struct decision decide_connect(const struct ruleset *rs, const struct endpoint *to)
{
	const struct rule *rules = ruleset_connect(rs), *last = rules + rs->connect_count;
	struct endpoint target = *to;
	uint64_t end;
	uint32_t cid;

	ip_loopback_if_unspecified(target.ip);
	end = end_of(target.ip);
	for (const struct rule *rule = rules; rule < last; rule++) {
		if (rule_meets(rule, target.ip, end, to->port))
			return by_connect_rule(rule, (int)(rule - rules), target.port);
	}
	if (rs->default_connect == ACTION_DENY)
		return (struct decision){.action = ACTION_DENY, .rule = BY_DEFAULT};

	cid = cid_of_peer_address(rs, target.ip);
	if (cid != CID_UNKNOWN)
		return by_address(BY_PEER, cid, target.port);
	if (rs->names && cid_of_synthetic(target.ip, &cid) && !is_broadcast(target.ip))
		return by_address(BY_SYNTHETIC, cid, target.port);
	return (struct decision){.action = ACTION_PASS, .rule = BY_DEFAULT};
}

/**
 * by_listen_rule() - the decision of a rule for bind() that meets @on
 *
 * A rule names loopback addresses only if its own is one: that has zeros past its prefix, so
 * that no shorter prefix than those of 127.0.0.0/8 and ::1/128 can begin one.
 */
static struct decision by_listen_rule(const struct rule *rule, int index,
				      const struct endpoint *on)
{
	struct decision d = {.action = (enum action)rule->action, .rule = index};

	if (d.action != ACTION_VSOCK)
		return d;
	d.cid = VMADDR_CID_ANY;
	if (rule->all_ports && ip_is_loopback(on->ip) && !ip_is_loopback(rule->ip))
		d.cid = VMADDR_CID_LOCAL;
	d.port = vsock_port_of(rule, on->port);
	return d;
}

struct decision decide_listen(const struct ruleset *rs, const struct endpoint *on, bool v6only)
{
	const struct rule *rules = ruleset_listen(rs);
	bool dual_stack = !v6only && !ip_is_v4(on->ip) && ip_is_unspecified(on->ip);
	uint64_t end = end_of(on->ip), v4_end;
	uint8_t v4_half[16];

	ip_from_v4(v4_half, no_v4);
	v4_end = end_of(v4_half);
	for (uint32_t i = 0; i < rs->listen_count; i++) {
		if (rule_meets(&rules[i], on->ip, end, on->port) ||
		    (dual_stack && rule_meets(&rules[i], v4_half, v4_end, on->port)))
			return by_listen_rule(&rules[i], (int)i, on);
	}
	return (struct decision){.action = (enum action)rs->default_listen, .rule = BY_DEFAULT};
}

bool rule_accepts(const struct ruleset *rs, const struct rule *rule, uint32_t cid)
{
	const uint32_t *accepts = ruleset_accepts(rs) + rule->accept_first;

	if (!rule->restricted)
		return true;
	for (uint32_t i = 0; i < rule->accept_count; i++) {
		if (accepts[i] == cid)
			return true;
	}
	return false;
}
