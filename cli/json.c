/* SPDX-License-Identifier: MIT */
/*
 * json.c - JSON (RFC 8259) on stdout, for scripts
 */
#include "json.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

/**
 * utf8_length() - how many bytes the first character of a text has
 * Return: 1 to 4, or 0 if it is no UTF-8 (RFC 3629)
 */
static size_t utf8_length(const unsigned char *text)
{
	static const struct {
		unsigned char first, last;        /* the range of the first byte */
		unsigned char second, second_end; /* and of the second */
		size_t length;
	} forms[] = {
		{0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
		{0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3},
		{0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4},
		{0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
	};

	if (text[0] < 0x80)
		return 1;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		size_t at = 2;

		if (text[0] < forms[i].first || text[0] > forms[i].last)
			continue;
		if (text[1] < forms[i].second || text[1] > forms[i].second_end)
			return 0;
		while (at < forms[i].length && (text[at] & 0xc0) == 0x80)
			at++;
		return at == forms[i].length ? at : 0;
	}
	return 0;
}

/**
 * put_text() - write a text in quotes
 */
static void put_text(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;

	(void)putchar('"');
	while (*at != '\0') {
		size_t length = utf8_length(at);

		if (length == 0)
			(void)fputs("\\ufffd", stdout);
		else if (*at < 0x20 || *at == 0x7f)
			(void)printf("\\u%04x", *at);
		else if (*at == '"' || *at == '\\')
			(void)printf("\\%c", *at);
		else
			(void)fwrite(at, 1, length, stdout);
		at += length > 0 ? length : 1;
	}
	(void)putchar('"');
}

/**
 * put_key() - write what stands before a value
 */
static void put_key(struct json *json, const char *key)
{
	if (json->comma)
		(void)fputs(", ", stdout);
	json->comma = true;
	if (!key)
		return;
	put_text(key);
	(void)fputs(": ", stdout);
}

void json_open(struct json *json, const char *key, char bracket)
{
	put_key(json, key);
	(void)putchar(bracket);
	json->comma = false;
}

void json_close(struct json *json, char bracket)
{
	(void)putchar(bracket);
	json->comma = true;
}

void json_string(struct json *json, const char *key, const char *value)
{
	put_key(json, key);
	put_text(value);
}

void json_number(struct json *json, const char *key, uint32_t value)
{
	put_key(json, key);
	(void)printf("%u", value);
}
