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
 * The text form is plain base64 (RFC 4648), so that a person can look into it with
 * base64 -d. Each variable holds a multiple of four characters and is decoded by itself.
 * Decoding happens at every start of a program: one table, no branches per character.
 */
#include "ruleset.h"

#include <stdlib.h>
#include <string.h>

#include "address.h"

/* The highest vsock port; one more is VMADDR_PORT_ANY. */
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
	.sources_at = sizeof(struct ruleset),
	.strings_at = sizeof(struct ruleset),
	.default_connect = ACTION_PASS,
	.default_listen = ACTION_PASS,
	.names = 1,
	.local_cid = CID_UNKNOWN,
};

/**
 * at() - the address of what stands at a byte offset of an image
 */
static const void *at(const struct ruleset *rs, uint32_t offset)
{
	return (const char *)rs + offset;
}

const struct rule *ruleset_connect(const struct ruleset *rs)
{
	return at(rs, rs->connect_at);
}

const struct rule *ruleset_listen(const struct ruleset *rs)
{
	return at(rs, rs->listen_at);
}

const struct peer *ruleset_peers(const struct ruleset *rs)
{
	return at(rs, rs->peers_at);
}

const uint8_t (*ruleset_addresses(const struct ruleset *rs))[16]
{
	return at(rs, rs->addresses_at);
}

const uint32_t *ruleset_accepts(const struct ruleset *rs)
{
	return at(rs, rs->accepts_at);
}

const char *ruleset_string(const struct ruleset *rs, uint32_t offset)
{
	/* ruleset_empty has no string table. */
	if (offset >= rs->strings_size)
		return "";
	return (const char *)at(rs, rs->strings_at) + offset;
}

const char *ruleset_source(const struct ruleset *rs, const struct rule *rule)
{
	const uint32_t *sources = at(rs, rs->sources_at);

	return ruleset_string(rs, sources[rule->source]);
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
	const char *strings = at(rs, rs->strings_at);
	const uint32_t *sources = at(rs, rs->sources_at);

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
 * peers_valid() - check every peer
 */
static bool peers_valid(const struct ruleset *rs)
{
	const struct peer *peers = ruleset_peers(rs);

	for (uint32_t i = 0; i < rs->peer_count; i++) {
		if (!string_valid(rs, peers[i].name) ||
		    !slice_inside(peers[i].address_first, peers[i].address_count,
				  rs->address_count))
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
	       ports_valid(rule) &&
	       slice_inside(rule->accept_first, rule->accept_count, rs->accept_count);
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
	       rules_valid(rs, ruleset_connect(rs), rs->connect_count) &&
	       rules_valid(rs, ruleset_listen(rs), rs->listen_count);
}

/* ---- base64 ---- */

/*
 * The value of a base64 digit by its character code, plus one; 0 where there is none, so that
 * the table needs to name the digits only.
 */
static const uint8_t digit_plus_one[256] = {
	['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,
	['H'] = 8,  ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14,
	['O'] = 15, ['P'] = 16, ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21,
	['V'] = 22, ['W'] = 23, ['X'] = 24, ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28,
	['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32, ['g'] = 33, ['h'] = 34, ['i'] = 35,
	['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40, ['o'] = 41, ['p'] = 42,
	['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48, ['w'] = 49,
	['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
	['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['+'] = 63,
	['/'] = 64,
};

/* The digits by value, and the padding after them. */
static const char base64_digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";

#define PADDING 64

/**
 * digit_value() - the value of a base64 digit
 * Return: 0..63; UINT32_MAX if it is none
 */
static uint32_t digit_value(char digit)
{
	return (uint32_t)digit_plus_one[(unsigned char)digit] - 1;
}

/**
 * decode_group() - turn four base64 digits into three bytes
 * @out: not touched if there is anything wrong
 */
static bool decode_group(const char *text, uint8_t *out)
{
	uint32_t a = digit_value(text[0]);
	uint32_t b = digit_value(text[1]);
	uint32_t c = digit_value(text[2]);
	uint32_t d = digit_value(text[3]);
	uint32_t bytes = a << 18 | b << 12 | c << 6 | d;

	if ((a | b | c | d) > 63)
		return false;
	out[0] = (uint8_t)(bytes >> 16);
	out[1] = (uint8_t)(bytes >> 8);
	out[2] = (uint8_t)bytes;
	return true;
}

/**
 * decode_last_group() - the same for the last group, which may be padded with "="
 * Return: the number of bytes, 1..3; 0 if there is anything wrong
 */
static size_t decode_last_group(const char *text, uint8_t out[3])
{
	char padded[4];
	size_t pads = 0;

	memcpy(padded, text, 4);
	while (pads < 2 && padded[3 - pads] == '=')
		padded[3 - pads++] = 'A';
	return decode_group(padded, out) ? 3 - pads : 0;
}

/**
 * decode_chunk() - turn the text of one variable into bytes
 * @room: bytes that may be written to @out
 * Return: the number of bytes, or 0 if the text is empty, no base64, or too long
 */
static size_t decode_chunk(const char *text, uint8_t *out, size_t room)
{
	size_t groups = strlen(text) / 4;
	uint8_t last[3];
	size_t last_size;
	size_t whole;

	if (groups == 0 || text[4 * groups] != '\0')
		return 0;
	whole = 3 * (groups - 1);
	if (whole >= room)
		return 0;
	for (size_t i = 0; i < whole; i += 3, text += 4) {
		if (!decode_group(text, out + i))
			return 0;
	}
	last_size = decode_last_group(text, last);
	if (last_size > room - whole)
		return 0;
	memcpy(out + whole, last, last_size);
	return last_size > 0 ? whole + last_size : 0;
}

/* ---- the variables ---- */

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
 * announced_size() - read the "SIZE:" in front of the first variable's base64
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
		const char *text;
		size_t chunk;

		variable_name(name, index);
		text = lookup(name);
		if (!text || (index == 0 && announced_size(text, &text) != size))
			return false;
		chunk = decode_chunk(text, (uint8_t *)out + done, size - done);
		if (chunk == 0)
			return false;
		done += chunk;
	}
	return ruleset_valid(out, size);
}

/* Bytes of the image that one variable carries. */
#define CHUNK_BYTES ((size_t)RULESET_ENV_CHUNK / 4 * 3)

/**
 * encode_bytes() - write base64, with its NUL
 */
static void encode_bytes(char *to, const uint8_t *from, size_t size)
{
	for (size_t i = 0; i < size; i += 3) {
		size_t left = size - i;
		uint32_t bytes = (uint32_t)from[i] << 16;

		if (left > 1)
			bytes |= (uint32_t)from[i + 1] << 8;
		if (left > 2)
			bytes |= from[i + 2];
		*to++ = base64_digits[bytes >> 18];
		*to++ = base64_digits[bytes >> 12 & 63];
		*to++ = base64_digits[left > 1 ? bytes >> 6 & 63 : PADDING];
		*to++ = base64_digits[left > 2 ? bytes & 63 : PADDING];
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
	char *text = malloc(VARIABLE_NAME_MAX + 32 + (size + 2) / 3 * 4);
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
