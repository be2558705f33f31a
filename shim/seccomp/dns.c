/* SPDX-License-Identifier: MIT */
/*
 * dns.c - what programs ask a name server, and what it would answer
 */
#include "dns.h"

#include <string.h>

#include "../../config/ip.h"

/* For how long an answer may be kept: what it says holds for as long as the program runs. */
#define SECONDS 60

/* Of the head: where things stand, and bits of the two bytes of flags */
enum { AT_FLAGS = 2, AT_CODE = 3, AT_QUESTIONS = 4, AT_ANSWERS = 6 };
#define IS_ANSWER       0x80
#define OPERATION       0x78
#define WANTS_RECURSION 0x01
#define HAS_RECURSION   0x80
#define UNCHECKED       0x10

/* A name that is there already: the question's */
#define SAME_NAME (0xc000u | DNS_HEAD)

static unsigned two_bytes(const uint8_t *at)
{
	return (unsigned)at[0] << 8 | at[1];
}

static void put_two(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

/* ---- questions ---- */

/* A label's characters, so that the text has no other dots, and ends where the name does */
static void copy_label(char *to, const uint8_t *from, size_t length)
{
	memcpy(to, from, length);
	for (size_t i = 0; i < length; i++)
		if (from[i] <= ' ' || from[i] >= 0x7f || from[i] == '.')
			to[i] = '?';
}

/* Return: where the name ends; 0 if there is none */
static size_t read_name(const uint8_t *message, size_t size, char name[HOST_MAX + 1])
{
	size_t at = DNS_HEAD, length = 0;

	for (;;) {
		size_t label = at < size ? message[at] : HOST_LABEL_MAX + 1;

		if (label == 0) {
			name[length] = '\0';
			return at + 1;
		}
		if (label > HOST_LABEL_MAX || at + 1 + label > size ||
		    length + (length > 0) + label > HOST_MAX)
			return 0;
		if (length > 0)
			name[length++] = '.';
		copy_label(name + length, message + at + 1, label);
		length += label;
		at += 1 + label;
	}
}

bool dns_read(const uint8_t *message, size_t size, struct dns_question *question)
{
	size_t at;

	if (size < DNS_HEAD || message[AT_FLAGS] & (IS_ANSWER | OPERATION) ||
	    two_bytes(message + AT_QUESTIONS) != 1 || two_bytes(message + AT_ANSWERS) != 0)
		return false;
	at = read_name(message, size, question->name);
	if (at == 0 || size - at < 4)
		return false;
	question->type = (uint16_t)two_bytes(message + at);
	question->class = (uint16_t)two_bytes(message + at + 2);
	question->end = at + 4;
	return true;
}

/* ---- names of addresses ---- */

/* The number that is a name's first label, and the name behind that in *@rest; -1: none */
static int take_number(const char *name, unsigned base, const char **rest)
{
	unsigned value = 0;
	int digits = 0;

	for (; *name != '.'; name++, digits++) {
		unsigned char c = (unsigned char)*name;
		unsigned digit = c >= '0' && c <= '9' ? c - 0u - '0' : (c | 0x20u) - 'a' + 10;

		if (digit >= base || digits == 3)
			return -1;
		value = value * base + digit;
	}
	*rest = name + 1;
	return digits > 0 && value <= 255 ? (int)value : -1;
}

/* "arpa" and its like, whatever the case */
static bool is_end(const char *name, const char *end)
{
	while (*name && (*name | 0x20) == (*end | 0x20)) {
		name++;
		end++;
	}
	return !*name && !*end;
}

static bool v4_address(const char *name, uint8_t ip[16])
{
	uint8_t v4[4];

	for (int i = 3; i >= 0; i--) {
		int number = take_number(name, 10, &name);

		if (number < 0)
			return false;
		v4[i] = (uint8_t)number;
	}
	ip_from_v4(ip, v4);
	return is_end(name, "in-addr.arpa");
}

static bool v6_address(const char *name, uint8_t ip[16])
{
	for (int i = 15; i >= 0; i--) {
		int low = take_number(name, 16, &name);
		int high = low < 0 || low > 15 ? -1 : take_number(name, 16, &name);

		if (high < 0 || high > 15)
			return false;
		ip[i] = (uint8_t)(high << 4 | low);
	}
	return is_end(name, "ip6.arpa");
}

bool dns_address(const char *name, uint8_t ip[16])
{
	return v4_address(name, ip) || v6_address(name, ip);
}

/* ---- answers ---- */

size_t dns_begin(const uint8_t *query, const struct dns_question *question, enum dns_code code,
		 uint8_t answer[DNS_ANSWER_MAX])
{
	memcpy(answer, query, question->end);
	memset(answer + AT_QUESTIONS, 0, DNS_HEAD - AT_QUESTIONS);
	answer[AT_FLAGS] = (query[AT_FLAGS] & WANTS_RECURSION) | IS_ANSWER;
	answer[AT_CODE] = (uint8_t)((query[AT_CODE] & UNCHECKED) | HAS_RECURSION | code);
	answer[AT_QUESTIONS + 1] = 1;
	return question->end;
}

/* The record but for its data, of which there will be @length bytes */
static uint8_t *add_record(uint8_t *answer, size_t size, const struct dns_question *question,
			   size_t length)
{
	uint8_t *at = answer + size;

	answer[AT_ANSWERS + 1] = 1;
	put_two(at, SAME_NAME);
	put_two(at + 2, question->type);
	put_two(at + 4, question->class);
	put_two(at + 6, 0);
	put_two(at + 8, SECONDS);
	put_two(at + 10, (unsigned)length);
	return at + 12;
}

size_t dns_add_ip(uint8_t answer[DNS_ANSWER_MAX], size_t size,
		  const struct dns_question *question, const uint8_t ip[16])
{
	size_t length = question->type == DNS_AAAA ? 16 : 4;
	uint8_t *at = add_record(answer, size, question, length);

	memcpy(at, ip + 16 - length, length);
	return (size_t)(at - answer) + length;
}

size_t dns_add_name(uint8_t answer[DNS_ANSWER_MAX], size_t size,
		    const struct dns_question *question, const char *name)
{
	size_t length = strnlen(name, HOST_MAX);
	/* each dot becomes the length of the label behind it, and there is one in front */
	uint8_t *at = add_record(answer, size, question, length + 2), *label = at;

	memcpy(at + 1, name, length);
	for (size_t i = 1; i <= length; i++) {
		if (at[i] != '.')
			continue;
		*label = (uint8_t)(at + i - label - 1);
		label = at + i;
	}
	*label = (uint8_t)(at + 1 + length - label - 1);
	at[length + 1] = 0;
	return (size_t)(at - answer) + length + 2;
}
