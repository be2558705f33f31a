/* SPDX-License-Identifier: MIT */
/*
 * image.c - reading and checking the compiled rules
 *
 * Theory of operation
 *
 * An image is checked once, when it arrives from the environment, and trusted from then on;
 * so ruleset_valid() must vouch for everything that a reader takes for granted: offsets,
 * counts, the strings' final NUL, and that adding a port offset cannot overflow.
 */
#include "ruleset.h"

#include <string.h>

#include "address.h"
#include "stand_in.h"

/* The highest vsock port; one more means any. */
#define VSOCK_PORT_MAX (UINT32_MAX - 1)

const struct ruleset ruleset_empty = {
	.magic = RULESET_MAGIC,
	.version = RULESET_VERSION,
	.size = sizeof(struct ruleset),
	.connect_at = sizeof(struct ruleset),
	.listen_at = sizeof(struct ruleset),
	.peers_at = sizeof(struct ruleset),
	.addresses_at = sizeof(struct ruleset),
	.accepts_at = sizeof(struct ruleset),
	.guests_at = sizeof(struct ruleset),
	.sources_at = sizeof(struct ruleset),
	.ports_at = sizeof(struct ruleset),
	.proxies_at = sizeof(struct ruleset),
	.strings_at = sizeof(struct ruleset),
	.default_connect = ACTION_PASS,
	.default_listen = ACTION_PASS,
	.names = 1,
	.local_cid = CID_UNKNOWN,
	.stand_ins = STAND_INS_DEFAULT,
	.stand_ins_bits = STAND_INS_DEFAULT_BITS,
	.unseen = UNSEEN_USUAL,
};

const char *ruleset_string(const struct ruleset *rs, uint32_t offset)
{
	/* ruleset_empty has no string table. */
	if (offset >= rs->strings_size)
		return "";
	return (const char *)ruleset_at(rs, rs->strings_at) + offset;
}

const char *ruleset_source(const struct ruleset *rs, const struct rule *rule)
{
	const uint32_t *sources = ruleset_at(rs, rs->sources_at);

	return ruleset_string(rs, sources[rule->source]);
}

const struct port_socket *ruleset_port(const struct ruleset *rs, const struct peer *peer,
				       uint32_t port)
{
	const struct port_socket *ports = ruleset_ports(rs) + peer->port_first;

	for (uint32_t i = 0; i < peer->port_count; i++) {
		if (ports[i].port == port)
			return &ports[i];
	}
	return NULL;
}

/* ---- checking ---- */

/**
 * array_inside() - does an array lie wholly behind the header and inside the image?
 * @offset, @count: as the header has them
 * @element, @alignment: of one element
 */
static bool array_inside(const struct ruleset *rs, uint32_t offset, uint32_t count,
			 size_t element, size_t alignment)
{
	return offset >= sizeof(*rs) && offset <= rs->size && offset % alignment == 0 &&
	       count <= (rs->size - offset) / element;
}

/**
 * slice_inside() - do @count elements from @first on lie inside an array of @length?
 */
static bool slice_inside(uint32_t first, uint32_t count, uint32_t length)
{
	return first <= length && count <= length - first;
}

/**
 * arrays_valid() - check every array's place
 */
static bool arrays_valid(const struct ruleset *rs)
{
	return array_inside(rs, rs->connect_at, rs->connect_count, sizeof(struct rule),
			    _Alignof(struct rule)) &&
	       array_inside(rs, rs->listen_at, rs->listen_count, sizeof(struct rule),
			    _Alignof(struct rule)) &&
	       array_inside(rs, rs->peers_at, rs->peer_count, sizeof(struct peer),
			    _Alignof(struct peer)) &&
	       array_inside(rs, rs->addresses_at, rs->address_count, 16, 1) &&
	       array_inside(rs, rs->accepts_at, rs->accept_count, sizeof(uint32_t),
			    _Alignof(uint32_t)) &&
	       array_inside(rs, rs->sources_at, rs->source_count, sizeof(uint32_t),
			    _Alignof(uint32_t)) &&
	       array_inside(rs, rs->guests_at, rs->guest_count, sizeof(uint32_t),
			    _Alignof(uint32_t)) &&
	       array_inside(rs, rs->ports_at, rs->port_count, sizeof(struct port_socket),
			    _Alignof(struct port_socket)) &&
	       array_inside(rs, rs->proxies_at, rs->proxy_count, sizeof(struct proxy),
			    _Alignof(struct proxy)) &&
	       array_inside(rs, rs->strings_at, rs->strings_size, 1, 1);
}

/**
 * string_valid() - does an offset lead to a terminated string?
 *
 * strings_valid() has seen the NUL at the table's end.
 */
static bool string_valid(const struct ruleset *rs, uint32_t offset)
{
	return offset == 0 || offset < rs->strings_size;
}

/**
 * strings_valid() - check the string table and the sources' names
 */
static bool strings_valid(const struct ruleset *rs)
{
	const char *strings = ruleset_at(rs, rs->strings_at);
	const uint32_t *sources = ruleset_at(rs, rs->sources_at);

	if (rs->strings_size > 0 &&
	    (strings[0] != '\0' || strings[rs->strings_size - 1] != '\0'))
		return false;
	for (uint32_t i = 0; i < rs->source_count; i++) {
		if (!string_valid(rs, sources[i]))
			return false;
	}
	return true;
}

/**
 * socket_valid() - is it the path of a socket, or none?
 *
 * A socket with an empty path has a name outside of every directory, for anybody to take.
 */
static bool socket_valid(const struct ruleset *rs, uint32_t offset)
{
	const char *path = ruleset_string(rs, offset);

	if (offset == 0)
		return true;
	return string_valid(rs, offset) && *path == '/' &&
	       strnlen(path, SOCKET_PATH_MAX + 1) <= SOCKET_PATH_MAX;
}

/**
 * peers_valid() - check every peer
 */
static bool peers_valid(const struct ruleset *rs)
{
	const struct peer *peers = ruleset_peers(rs);

	for (uint32_t i = 0; i < rs->peer_count; i++) {
		if (!string_valid(rs, peers[i].name) || !socket_valid(rs, peers[i].socket) ||
		    !slice_inside(peers[i].address_first, peers[i].address_count,
				  rs->address_count) ||
		    !slice_inside(peers[i].port_first, peers[i].port_count, rs->port_count) ||
		    (peers[i].port_count > 0 && peers[i].socket == 0) ||
		    (peers[i].mode != NOT_SET && peers[i].mode > SOCKET_MODE_MAX))
			return false;
	}
	return true;
}

/**
 * port_sockets_valid() - check the sockets of ports
 */
static bool port_sockets_valid(const struct ruleset *rs)
{
	const struct port_socket *ports = ruleset_ports(rs);

	for (uint32_t i = 0; i < rs->port_count; i++) {
		if (ports[i].path == 0 || !socket_valid(rs, ports[i].path))
			return false;
	}
	return true;
}

/**
 * proxies_valid() - check the proxies
 */
static bool proxies_valid(const struct ruleset *rs)
{
	const struct proxy *proxies = ruleset_at(rs, rs->proxies_at);

	for (uint32_t i = 0; i < rs->proxy_count; i++) {
		if (proxies[i].scheme > PROXY_HTTP || !string_valid(rs, proxies[i].user) ||
		    !string_valid(rs, proxies[i].password_file) ||
		    !proxies[i].user != !proxies[i].password_file ||
		    strlen(ruleset_string(rs, proxies[i].user)) > PROXY_USER_MAX)
			return false;
	}
	return true;
}

/**
 * ports_valid() - check a rule's TCP ports, and the vsock ports that they become
 */
static bool ports_valid(const struct rule *rule)
{
	uint32_t span = (uint32_t)(rule->port_last - rule->port_first);

	if (rule->port_first > rule->port_last)
		return false;
	if (rule->all_ports && (rule->port_first != 0 || rule->port_last != UINT16_MAX))
		return false;
	if (rule->action != ACTION_VSOCK)
		return true;
	if (rule->fixed_port)
		span = 0;
	else if (rule->all_ports)
		return rule->vsock_port == 0;
	return rule->vsock_port >= 1 && rule->vsock_port <= VSOCK_PORT_MAX - span;
}

/**
 * host_valid() - check the host names that a rule meets
 *
 * One of another form would meet no name; but an empty pattern is none.
 */
static bool host_valid(const struct ruleset *rs, const struct rule *rule)
{
	if (rule->family != RULE_HOST)
		return rule->host == 0;
	return rule->host != 0 && string_valid(rs, rule->host) &&
	       *ruleset_string(rs, rule->host) != '\0';
}

/**
 * stand_ins_valid() - check the range of the addresses that stand for host names
 */
static bool stand_ins_valid(const struct ruleset *rs)
{
	return rs->stand_ins_bits >= STAND_INS_BITS_MIN &&
	       rs->stand_ins_bits <= STAND_INS_BITS_MAX &&
	       rs->stand_ins << rs->stand_ins_bits == 0;
}

/**
 * rule_valid() - check what matching takes for granted of a rule
 */
static bool rule_valid(const struct ruleset *rs, const struct rule *rule)
{
	return rule->prefix_bits <= 128 && rule->family <= RULE_HOST && host_valid(rs, rule) &&
	       rule->action <= ACTION_VSOCK && rule->source < rs->source_count &&
	       ports_valid(rule) && rule->via <= rs->proxy_count &&
	       (rule->via == 0 || rule->fixed_port) &&
	       (rule->peer == NO_PEER || rule->peer < rs->peer_count) &&
	       slice_inside(rule->accept_first, rule->accept_count, rs->accept_count);
}

/**
 * guests_valid() - check the peers whose guests a listen rule lets in, the first of which is
 * its peer
 */
static bool guests_valid(const struct ruleset *rs, const struct rule *rule)
{
	if (!slice_inside(rule->guest_first, rule->guest_count, rs->guest_count))
		return false;
	if (rule->peer == NO_PEER || rule->guest_count == 0)
		return rule->peer == NO_PEER && rule->guest_count == 0;
	for (uint32_t i = 0; i < rule->guest_count; i++) {
		uint32_t peer = ruleset_guests(rs, rule)[i];

		if (peer >= rs->peer_count || ruleset_peers(rs)[peer].socket == 0)
			return false;
	}
	return ruleset_guests(rs, rule)[0] == rule->peer;
}

/**
 * accept_proxy_valid() - check whose word is taken for who a client is
 *
 * Those who are named, and the header knows of it.
 */
static bool accept_proxy_valid(const struct ruleset *rs, const struct rule *rule)
{
	return !rule->accept_proxy ||
	       (rule->accept_proxy == 1 && rs->accepts_proxy &&
		(rule->restricted || rule->peer != NO_PEER) && rule->action == ACTION_VSOCK);
}

/**
 * callers_valid() - check whose guests the listen rules let in
 *
 * Without a socket, the listener would be open to everybody.
 */
static bool callers_valid(const struct ruleset *rs)
{
	const struct rule *rules = ruleset_listen(rs);

	for (uint32_t i = 0; i < rs->listen_count; i++) {
		if (!guests_valid(rs, &rules[i]) || !accept_proxy_valid(rs, &rules[i]) ||
		    !socket_valid(rs, rules[i].at) ||
		    (rules[i].peer == NO_PEER && rules[i].at != 0))
			return false;
	}
	return true;
}

/**
 * rules_valid() - check an array of rules
 */
static bool rules_valid(const struct ruleset *rs, const struct rule *rules, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (!rule_valid(rs, &rules[i]))
			return false;
	}
	return true;
}

bool ruleset_valid(const void *image, size_t size)
{
	const struct ruleset *rs = image;

	if (size < sizeof(*rs) || rs->magic != RULESET_MAGIC ||
	    rs->version != RULESET_VERSION || rs->size != size || size % 8 != 0)
		return false;
	return rs->default_connect <= ACTION_DENY && rs->default_listen <= ACTION_DENY &&
	       arrays_valid(rs) && strings_valid(rs) && peers_valid(rs) &&
	       port_sockets_valid(rs) && stand_ins_valid(rs) && proxies_valid(rs) &&
	       rules_valid(rs, ruleset_connect(rs), rs->connect_count) &&
	       rules_valid(rs, ruleset_listen(rs), rs->listen_count) && callers_valid(rs);
}
