/* SPDX-License-Identifier: MIT */
/*
 * environment.c - VSOCKIFY_BROKER, written and read
 */
#include "environment.h"

#include <string.h>

/* Counted up with every change of what stands in the variable. */
#define VERSION "1:"

/* ---- hashing ---- */

/* FNV-1a, eight bytes at a time: an image is a multiple of that. Nobody is kept out by it: it
 * tells rules of one launcher from those of another. */
uint64_t broker_hash(const struct ruleset *rs)
{
	const char *bytes = (const char *)rs;
	uint64_t hash = UINT64_C(0xcbf29ce484222325), part;

	for (uint32_t i = 0; i + sizeof part <= rs->size; i += sizeof part) {
		memcpy(&part, bytes + i, sizeof part);
		hash = (hash ^ part) * UINT64_C(0x100000001b3);
		hash ^= hash >> 29; /* or high bits would never reach low ones */
	}
	return hash ? hash : 1;
}

/* ---- writing ---- */

static char *put_hex(char *at, const uint8_t *bytes, size_t size)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < size; i++) {
		*at++ = digits[bytes[i] >> 4];
		*at++ = digits[bytes[i] & 15];
	}
	*at++ = ':';
	return at;
}

static char *put_text(char *at, const char *text, size_t max)
{
	size_t length = strnlen(text, max);

	memcpy(at, text, length);
	return at + length;
}

/* What is written in hexadecimal: two digits a byte, and the colons. */
#define HEX_MAX (2 * (BROKER_SECRET_SIZE + BROKER_SECRET_SIZE + 8) + 3)
_Static_assert(sizeof VERSION + HEX_MAX + BROKER_NAME_MAX + 1 + BROKER_PATH_MAX <=
		       BROKER_TEXT_MAX,
	       "all of it has room");

void broker_encode(const struct broker_environment *environment, char text[BROKER_TEXT_MAX])
{
	uint8_t rules[8];
	char *at = put_text(text, VERSION, sizeof VERSION);

	for (int i = 0; i < 8; i++)
		rules[i] = (uint8_t)(environment->rules >> (56 - 8 * i));
	at = put_hex(at, environment->token, BROKER_SECRET_SIZE);
	at = put_hex(at, environment->secret, BROKER_SECRET_SIZE);
	at = put_hex(at, rules, sizeof rules);
	at = put_text(at, environment->name, BROKER_NAME_MAX);
	*at++ = ':';
	at = put_text(at, environment->path, BROKER_PATH_MAX);
	*at = '\0';
}

/* ---- reading ---- */

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Bytes and the colon behind them; where to go on, NULL if they are not there. */
static const char *take_hex(const char *at, uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		int high = digit(at[0]), low = high < 0 ? -1 : digit(at[1]);

		if (low < 0)
			return NULL;
		bytes[i] = (uint8_t)(high << 4 | low);
		at += 2;
	}
	return *at == ':' ? at + 1 : NULL;
}

static bool may_be_in_name(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       c == '/' || c == '-' || c == '.';
}

static const char *take_name(const char *at, char name[BROKER_NAME_MAX + 1])
{
	size_t length = 0;

	while (length < BROKER_NAME_MAX && may_be_in_name(at[length])) {
		name[length] = at[length];
		length++;
	}
	name[length] = '\0';
	return length > 0 && at[length] == ':' ? at + length + 1 : NULL;
}

static bool take_path(const char *at, char path[BROKER_PATH_MAX + 1])
{
	size_t length = strnlen(at, BROKER_PATH_MAX + 1);

	if (length > BROKER_PATH_MAX || (length > 0 && *at != '/'))
		return false;
	memcpy(path, at, length + 1);
	return true;
}

bool broker_decode(const char *text, struct broker_environment *environment)
{
	uint8_t rules[8];
	const char *at = text;

	if (strncmp(at, VERSION, sizeof VERSION - 1) != 0)
		return false;
	at = take_hex(at + sizeof VERSION - 1, environment->token, BROKER_SECRET_SIZE);
	if (at)
		at = take_hex(at, environment->secret, BROKER_SECRET_SIZE);
	if (at)
		at = take_hex(at, rules, sizeof rules);
	if (at)
		at = take_name(at, environment->name);
	if (!at || !take_path(at, environment->path))
		return false;
	environment->rules = 0;
	for (int i = 0; i < 8; i++)
		environment->rules = environment->rules << 8 | rules[i];
	return true;
}
