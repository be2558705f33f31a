/* SPDX-License-Identifier: MIT */
/*
 * carry.c - the compiled rules as text, for the environment
 *
 * Theory of operation
 *
 * The text form is six bits a character, '0' plus their value, so that eight characters are
 * decoded at once without a table: it happens at every start of a program. Each variable but
 * the last holds the same number of bytes, and is decoded by itself.
 */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "ruleset.h"

/* What ruleset_encoded_size() believes at most. */
#define IMAGE_SIZE_MAX ((size_t)64 << 20)

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
