/* SPDX-License-Identifier: MIT */
/*
 * image.c - reading, checking, and carrying the compiled rules
 *
 * Theory of operation
 *
 * An image is checked once, when it arrives from the environment, and trusted from then on;
 * so ruleset_valid() must vouch for everything that a reader takes for granted: offsets,
 * counts, the strings' final NUL, and that adding a port offset cannot overflow.
 *
 * The text form is six bits a character, '0' plus their value, so that eight characters are
 * decoded at once without a table: it happens at every start of a program. Each variable but
 * the last holds the same number of bytes, and is decoded by itself.
 */
#include "ruleset.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"

/* The highest vsock port; one more means any. */
#define VSOCK_PORT_MAX (UINT32_MAX - 1)

/* What ruleset_encoded_size() believes at most. */
#define IMAGE_SIZE_MAX ((size_t)64 << 20)

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
	.strings_at = sizeof(struct ruleset),
	.default_connect = ACTION_PASS,
	.default_listen = ACTION_PASS,
	.names = 1,
	.local_cid = CID_UNKNOWN,
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
 * rule_valid() - check what matching takes for granted of a rule
 */
static bool rule_valid(const struct ruleset *rs, const struct rule *rule)
{
	return rule->prefix_bits <= 128 && rule->family <= RULE_IPV6 &&
	       rule->action <= ACTION_VSOCK && rule->source < rs->source_count &&
	       ports_valid(rule) && (rule->peer == NO_PEER || rule->peer < rs->peer_count) &&
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
 * callers_valid() - check whose guests the listen rules let in
 *
 * Without a socket, the listener would be open to everybody.
 */
static bool callers_valid(const struct ruleset *rs)
{
	const struct rule *rules = ruleset_listen(rs);

	for (uint32_t i = 0; i < rs->listen_count; i++) {
		if (!guests_valid(rs, &rules[i]) || !socket_valid(rs, rules[i].at) ||
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
	       port_sockets_valid(rs) &&
	       rules_valid(rs, ruleset_connect(rs), rs->connect_count) &&
	       rules_valid(rs, ruleset_listen(rs), rs->listen_count) && callers_valid(rs);
}

/* ---- bytes as text ---- */

/* Six bytes are eight digits; a digit is '0' plus its value, so '0' to 'o'. */
#define GROUP_BYTES  6
#define GROUP_DIGITS 8

#define EACH_DIGIT(bits) (UINT64_C(0x0101010101010101) * (bits))

/**
 * decode_group() - turn eight digits into six bytes, all digits at once
 * @out: room for eight bytes, the last two of which are of no account
 * Return: 0 if all eight are digits
 */
static inline uint64_t decode_group(const char *text, uint8_t *out)
{
	uint64_t digits, wrong;

	memcpy(&digits, text, GROUP_DIGITS);
	digits = be64toh(digits) - EACH_DIGIT('0');
	wrong = digits & EACH_DIGIT(0xc0);
	digits = (digits & 0x003f003f003f003f) | (digits & 0x3f003f003f003f00) >> 2;
	digits = (digits & 0x00000fff00000fff) | (digits & 0x0fff00000fff0000) >> 4;
	digits = (digits & 0x0000000000ffffff) | (digits & 0x00ffffff00000000) >> 8;
	digits = htobe64(digits << 16);
	memcpy(out, &digits, GROUP_DIGITS);
	return wrong;
}

/**
 * decode_chunk() - turn the text of one variable into bytes
 * @size: the number of bytes that the text must stand for
 * Return: false if it does not
 *
 * The length comes first: nothing behind the end of a text that is too short is read.
 */
static bool decode_chunk(const char *text, uint8_t *out, size_t size)
{
	size_t groups = (size + GROUP_BYTES - 1) / GROUP_BYTES;
	uint8_t last[GROUP_DIGITS];
	uint64_t wrong = 0;

	if (strlen(text) != groups * GROUP_DIGITS)
		return false;
	for (; size > GROUP_DIGITS; size -= GROUP_BYTES) {
		wrong |= decode_group(text, out);
		text += GROUP_DIGITS;
		out += GROUP_BYTES;
	}
	while (size > 0) {
		size_t part = size < GROUP_BYTES ? size : GROUP_BYTES;

		wrong |= decode_group(text, last);
		memcpy(out, last, part);
		text += GROUP_DIGITS;
		out += part;
		size -= part;
	}
	return wrong == 0;
}

/* ---- the variables ---- */

/* Bytes of the image that one variable carries, but for the last. */
#define CHUNK_BYTES ((size_t)RULESET_ENV_CHUNK / GROUP_DIGITS * GROUP_BYTES)

/* "VSOCKIFY_RULES_4294967295" and its NUL. */
#define VARIABLE_NAME_MAX 32

/**
 * put_number() - write a number in decimal, with its NUL
 * @to: room for 21 bytes
 * Return: where the NUL stands
 */
static char *put_number(char *to, size_t number)
{
	char digits[20];
	size_t count = 0;

	do {
		digits[count++] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	while (count > 0)
		*to++ = digits[--count];
	*to = '\0';
	return to;
}

/**
 * variable_name() - VSOCKIFY_RULES, VSOCKIFY_RULES_1, VSOCKIFY_RULES_2, ...
 * @name: VARIABLE_NAME_MAX bytes
 * Return: where the NUL stands
 */
static char *variable_name(char *name, size_t index)
{
	const size_t length = sizeof(RULESET_ENV) - 1;

	memcpy(name, RULESET_ENV, sizeof(RULESET_ENV));
	if (index == 0)
		return name + length;
	name[length] = '_';
	return put_number(name + length + 1, index);
}

/**
 * announced_size() - read the "SIZE:" in front of the first variable's digits
 * @text: set to what follows the colon
 * Return: the size, or 0
 */
static size_t announced_size(const char *first, const char **text)
{
	size_t size = 0;

	while (*first >= '0' && *first <= '9' && size <= IMAGE_SIZE_MAX)
		size = size * 10 + (size_t)(*first++ - '0');
	*text = first + 1;
	return *first == ':' && size <= IMAGE_SIZE_MAX ? size : 0;
}

size_t ruleset_encoded_size(const char *first)
{
	const char *text;
	size_t size = announced_size(first, &text);

	return size >= sizeof(struct ruleset) && size % 8 == 0 ? size : 0;
}

bool ruleset_decode(char *(*lookup)(const char *name), void *out, size_t size)
{
	char name[VARIABLE_NAME_MAX];
	size_t done = 0;

	for (size_t index = 0; done < size; index++) {
		size_t chunk = size - done < CHUNK_BYTES ? size - done : CHUNK_BYTES;
		const char *text;

		variable_name(name, index);
		text = lookup(name);
		if (!text || (index == 0 && announced_size(text, &text) != size) ||
		    !decode_chunk(text, (uint8_t *)out + done, chunk))
			return false;
		done += chunk;
	}
	return ruleset_valid(out, size);
}

/**
 * encode_bytes() - write bytes as digits, the last group filled up with zeros, and a NUL
 */
static void encode_bytes(char *to, const uint8_t *from, size_t size)
{
	for (size_t i = 0; i < size; i += GROUP_BYTES) {
		uint64_t group = 0;

		for (size_t j = 0; j < GROUP_BYTES; j++)
			group = group << 8 | (i + j < size ? from[i + j] : 0);
		for (int shift = 42; shift >= 0; shift -= 6)
			*to++ = (char)('0' + (group >> shift & 63));
	}
	*to = '\0';
}

/**
 * encode_variable() - the text of one variable
 * Return: a malloc'ed "NAME=VALUE", or NULL
 */
static char *encode_variable(const struct ruleset *rs, size_t index)
{
	const uint8_t *bytes = (const uint8_t *)rs;
	size_t from = index * CHUNK_BYTES;
	size_t size = rs->size - from < CHUNK_BYTES ? rs->size - from : CHUNK_BYTES;
	char *text = malloc(VARIABLE_NAME_MAX + 32 + (size / GROUP_BYTES + 1) * GROUP_DIGITS);
	char *to;

	if (!text)
		return NULL;
	to = variable_name(text, index);
	*to++ = '=';
	if (index == 0) {
		to = put_number(to, rs->size);
		*to++ = ':';
	}
	encode_bytes(to, bytes + from, size);
	return text;
}

char **ruleset_encode(const struct ruleset *rs)
{
	size_t count = (rs->size + CHUNK_BYTES - 1) / CHUNK_BYTES;
	char **variables = calloc(count + 1, sizeof(*variables));

	if (!variables)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		variables[i] = encode_variable(rs, i);
		if (variables[i])
			continue;
		while (i > 0)
			free(variables[--i]);
		free((void *)variables);
		return NULL;
	}
	return variables;
}
