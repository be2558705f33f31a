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
#include <string.h>
#include <sys/socket.h>

#include "address.h"
#include "host.h"

/* An endpoint in the form in which rules are compared with it. */
struct target {
	uint64_t high, low; /* the address as two numbers, in host byte order */
	uint64_t end;       /* its second half, as it stands in memory */
	uint16_t port;
	uint8_t family; /* RULE_IPV4 or RULE_IPV6 */
};

/* Eight bytes as one number, as they stand in memory. */
static inline uint64_t word_at(const uint8_t *bytes)
{
	uint64_t word;

	memcpy(&word, bytes, sizeof(word));
	return word;
}

static struct target target_of(const uint8_t ip[16], uint16_t port)
{
	return (struct target){
		.high = be64toh(word_at(ip)),
		.low = be64toh(word_at(ip + 8)),
		.end = word_at(ip + 8),
		.port = port,
		.family = ip_is_v4(ip) ? RULE_IPV4 : RULE_IPV6,
	};
}

/**
 * prefix_meets() - do two addresses agree in their first @bits bits?
 * @bits: 0..128
 */
static inline bool prefix_meets(const uint8_t prefix[16], unsigned int bits,
				const struct target *to)
{
	uint64_t high = be64toh(word_at(prefix)) ^ to->high;
	uint64_t low = be64toh(word_at(prefix + 8)) ^ to->low;

	if (bits <= 64)
		return bits == 0 || high >> (64 - bits) == 0;
	return high == 0 && low >> (128 - bits) == 0;
}

/**
 * rule_meets() - does a rule apply to an endpoint?
 *
 * Inline, and the quick tests first, for the sake of those who have many rules: a rule for
 * another address takes seven instructions, and one for another port a few more. A prefix of
 * IPv6, ::/0 above all, would also cover the mapped form of every IPv4 address; hence the test
 * of the family.
 */
static inline bool rule_meets(const struct rule *rule, const struct target *to)
{
	if (word_at(rule->ip + 8) != to->end && rule->prefix_bits == 128)
		return false;
	if (to->port < rule->port_first || to->port > rule->port_last)
		return false;
	if (rule->family == RULE_ANY_FAMILY)
		return true;
	if (rule->family != to->family)
		return false;
	/* A barrier: else every rule's address is loaded above for what comes below. */
	__asm__("" ::: "memory");
	return prefix_meets(rule->ip, rule->prefix_bits, to);
}

enum fit rule_fit(const struct rule *rule, const struct endpoint *ep)
{
	struct target to = target_of(ep->ip, ep->port);

	if (rule_meets(rule, &to))
		return FIT_MEETS;
	if (ep->port < rule->port_first || ep->port > rule->port_last)
		return FIT_OTHER_PORT;
	if (rule->family == RULE_HOST)
		return FIT_OTHER_NAME;
	return rule->family == to.family ? FIT_OTHER_ADDRESS : FIT_OTHER_FAMILY;
}

/**
 * v4_half_of() - the half of a dual-stack [::] that serves IPv4
 * @half: filled in: 0.0.0.0 with the same port
 * Return: is there one?
 */
static bool v4_half_of(const struct endpoint *on, bool v6only, struct endpoint *half)
{
	static const uint8_t no_v4[4] = {0};

	half->port = on->port;
	ip_from_v4(half->ip, no_v4);
	return !v6only && !ip_is_v4(on->ip) && ip_is_unspecified(on->ip);
}

enum fit rule_fit_listen(const struct rule *rule, const struct endpoint *on, bool v6only)
{
	enum fit fit = rule_fit(rule, on);
	struct endpoint half;

	return fit != FIT_MEETS && v4_half_of(on, v6only, &half) ? rule_fit(rule, &half) : fit;
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
 * is_broadcast() - 255.255.255.255, which is in 240.0.0.0/4 but nobody's synthetic address
 */
static bool is_broadcast(const uint8_t ip[16])
{
	static const uint8_t ones[4] = {255, 255, 255, 255};

	return ip_is_v4(ip) && memcmp(ip + 12, ones, sizeof(ones)) == 0;
}

/**
 * set_peer() - note in a decision the peer that it is for, and the way there
 * @d: has the port
 *
 * There is no CID if the peer has a socket.
 */
static inline void set_peer(const struct ruleset *rs, uint32_t peer, struct decision *d)
{
	const struct port_socket *port;

	d->peer = peer;
	d->socket = d->path = peer == NO_PEER ? 0 : ruleset_peers(rs)[peer].socket;
	d->bare = d->socket && ruleset_peers(rs)[peer].port_count > 0;
	if (!d->bare)
		return;
	port = ruleset_port(rs, &ruleset_peers(rs)[peer], d->port);
	d->path = port ? port->path : 0;
	if (!port)
		d->action = ACTION_DENY;
}

/**
 * by_address() - a decision to go to the machine that the address itself names
 * @by: BY_PEER or BY_SYNTHETIC
 * @to: nobody if the address names a CID that cannot be connected to
 */
static struct decision by_address(const struct ruleset *rs, int by, struct machine to,
				  uint16_t port)
{
	struct decision d = {.action = ACTION_DENY, .rule = by};

	if (!machine_exists(to) || port == 0)
		return d;
	d.action = ACTION_VSOCK;
	d.cid = to.cid;
	d.port = port;
	set_peer(rs, to.peer, &d);
	return d;
}

/**
 * by_connect_rule() - the decision of a rule for connect() that meets @port
 *
 * No vsock port is numbered 0, and TCP refuses a connection to port 0 as well.
 */
static struct decision by_connect_rule(const struct ruleset *rs, const struct rule *rule,
				       int index, uint16_t port)
{
	struct decision d = {.action = (enum action)rule->action, .rule = index};

	if (d.action != ACTION_VSOCK)
		return d;
	d.cid = rule->cid;
	d.port = vsock_port_of(rule, port);
	d.via = rule->via;
	set_peer(rs, rule->peer, &d);
	if (d.port == 0 || (d.via && port == 0))
		d.action = ACTION_DENY;
	return d;
}

struct decision connect_rule_decides(const struct ruleset *rs, uint32_t rule)
{
	return by_connect_rule(rs, ruleset_connect(rs) + rule, (int)rule, 1);
}

/**
 * is_elsewhere() - is an address neither this machine's, nor a peer's, nor one of a CID?
 */
static bool is_elsewhere(const struct ruleset *rs, const uint8_t ip[16])
{
	struct machine machine;

	return !ip_is_loopback(ip) && !machine_of_peer_address(rs, ip, &machine) &&
	       !(rs->names && cid_of_synthetic(ip, &machine.cid));
}

/**
 * passes_over() - is this a rule that leads everything to a proxy, and this nothing for it?
 */
static inline bool passes_over(const struct ruleset *rs, const struct rule *rule,
			       const uint8_t ip[16])
{
	return rule->via && rule_names_nowhere(rule) && !is_elsewhere(rs, ip);
}

struct decision decide_connect(const struct ruleset *rs, const struct endpoint *to)
{
	const struct rule *rules = ruleset_connect(rs), *end = rules + rs->connect_count;
	uint8_t ip[16];
	struct machine machine;
	struct target target;

	memcpy(ip, to->ip, sizeof(ip));
	ip_loopback_if_unspecified(ip);
	target = target_of(ip, to->port);
	for (const struct rule *rule = rules; rule < end; rule++) {
		if (rule_meets(rule, &target) && !passes_over(rs, rule, ip))
			return by_connect_rule(rs, rule, (int)(rule - rules), to->port);
	}
	if (rs->default_connect == ACTION_DENY)
		return (struct decision){.action = ACTION_DENY, .rule = BY_DEFAULT};

	if (machine_of_peer_address(rs, ip, &machine))
		return by_address(rs, BY_PEER, machine, to->port);
	machine = (struct machine){.peer = NO_PEER};
	if (rs->names && cid_of_synthetic(ip, &machine.cid) && !is_broadcast(ip))
		return by_address(rs, BY_SYNTHETIC, machine, to->port);
	return (struct decision){.action = ACTION_PASS, .rule = BY_DEFAULT};
}

/**
 * rule_meets_name() - does a rule apply to a host name?
 *
 * Of address patterns only "*" does, which has no address to compare.
 */
static bool rule_meets_name(const struct ruleset *rs, const struct rule *rule, const char *name,
			    uint16_t port)
{
	if (port < rule->port_first || port > rule->port_last)
		return false;
	if (rule->family == RULE_HOST)
		return host_meets(ruleset_string(rs, rule->host), name);
	return rule->family == RULE_ANY_FAMILY;
}

enum fit rule_fit_name(const struct ruleset *rs, const struct rule *rule, const char *name,
		       uint16_t port)
{
	if (rule_meets_name(rs, rule, name, port))
		return FIT_MEETS;
	if (port < rule->port_first || port > rule->port_last)
		return FIT_OTHER_PORT;
	return rule->family == RULE_HOST ? FIT_OTHER_NAME : FIT_OTHER_ADDRESS;
}

struct decision decide_connect_name(const struct ruleset *rs, const char *name, uint16_t port)
{
	const struct rule *rules = ruleset_connect(rs), *end = rules + rs->connect_count;
	struct decision d = {.action = ACTION_DENY, .rule = BY_NAME, .peer = NO_PEER};

	for (const struct rule *rule = rules; rule < end; rule++) {
		if (!rule_meets_name(rs, rule, name, port))
			continue;
		d = by_connect_rule(rs, rule, (int)(rule - rules), port);
		if (d.action == ACTION_PASS)
			d.action = ACTION_DENY;
		return d;
	}
	if (rs->default_connect == ACTION_DENY)
		d.rule = BY_DEFAULT;
	return d;
}

/**
 * by_listen_rule() - the decision of a rule for bind() that meets @on
 *
 * A rule names loopback addresses only if its own is one: that has zeros past its prefix, so
 * that no shorter prefix than those of 127.0.0.0/8 and ::1/128 can begin one.
 */
static struct decision by_listen_rule(const struct ruleset *rs, const struct rule *rule,
				      int index, const struct endpoint *on)
{
	bool stays_local =
		rule->all_ports && ip_is_loopback(on->ip) && !ip_is_loopback(rule->ip);
	struct decision d = {.action = (enum action)rule->action, .rule = index};

	if (d.action != ACTION_VSOCK)
		return d;
	d.cid = stays_local ? CID_LOCAL : CID_ANY;
	d.port = vsock_port_of(rule, on->port);
	set_peer(rs, rule->peer, &d);
	if (d.socket && stays_local)
		d.action = ACTION_DENY;
	if (rule->at && d.path) {
		d.path = rule->at;
		d.bare = false;
	}
	return d;
}

struct decision decide_listen(const struct ruleset *rs, const struct endpoint *on, bool v6only)
{
	const struct rule *rules = ruleset_listen(rs);
	struct endpoint half;
	bool dual_stack = v4_half_of(on, v6only, &half);
	struct target target = target_of(on->ip, on->port),
		      v4_target = target_of(half.ip, half.port);

	for (uint32_t i = 0; i < rs->listen_count; i++) {
		if (rule_meets(&rules[i], &target) ||
		    (dual_stack && rule_meets(&rules[i], &v4_target)))
			return by_listen_rule(rs, &rules[i], (int)i, on);
	}
	return (struct decision){.action = (enum action)rs->default_listen, .rule = BY_DEFAULT};
}

/**
 * is_accepted() - does a number stand in the accept_from of a rule, if it has any?
 */
static bool is_accepted(const struct ruleset *rs, const struct rule *rule, uint32_t number)
{
	const uint32_t *accepts = ruleset_accepts(rs) + rule->accept_first;

	if (!rule->restricted)
		return true;
	for (uint32_t i = 0; i < rule->accept_count; i++) {
		if (accepts[i] == number)
			return true;
	}
	return false;
}

bool rule_accepts(const struct ruleset *rs, const struct rule *rule, uint32_t cid)
{
	return (rule->peer == NO_PEER || !rule->restricted) && is_accepted(rs, rule, cid);
}

bool rule_accepts_peer(const struct ruleset *rs, const struct rule *rule, uint32_t peer)
{
	return is_accepted(rs, rule, peer);
}
