/* SPDX-License-Identifier: MIT */
/*
 * http.c - the dialogue with an HTTP proxy
 */
#include "http.h"

#include <errno.h>
#include <string.h>

#include "../../config/address.h"
#include "../kernel/decimal.h"

#define HEAD_MAX 8192

/* ---- what is said ---- */

static char *put(char *at, const char *text)
{
	while (*text)
		*at++ = *text++;
	return at;
}

/* "api.example.com:443", "[fd00::1]:443" */
static char *put_authority(char *at, const struct destination *to)
{
	bool brackets = !to->name && !ip_is_v4(to->ip);
	char ip[IP_TEXT_MAX];

	if (brackets)
		*at++ = '[';
	at = put(at, to->name ? to->name : ip_format(to->ip, ip));
	if (brackets)
		*at++ = ']';
	*at++ = ':';
	return decimal_put(at, to->port);
}

/* The byte at @index of "user:password"; 0 behind its end */
static uint8_t byte_at(const struct credentials *own, size_t user, size_t password,
		       size_t index)
{
	if (index < user)
		return (uint8_t)own->user[index];
	if (index == user)
		return ':';
	return index - user - 1 < password ? (uint8_t)own->password[index - user - 1] : 0;
}

#define FILLER 64 /* of base64's digits, the last */

/* "user:password" in base64 */
static char *put_pair(char *at, const struct credentials *own)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
	size_t user = strlen(own->user), password = strlen(own->password);
	size_t size = user + 1 + password;

	for (size_t i = 0; i < size; i += 3) {
		uint32_t group = 0;

		for (size_t j = i; j < i + 3; j++)
			group = group << 8 | byte_at(own, user, password, j);
		*at++ = digits[group >> 18];
		*at++ = digits[group >> 12 & 63];
		*at++ = digits[i + 1 < size ? group >> 6 & 63 : FILLER];
		*at++ = digits[i + 2 < size ? group & 63 : FILLER];
	}
	return at;
}

size_t http_say(const struct destination *to, const struct credentials *own,
		char out[DIALOGUE_OUT_MAX])
{
	char *at = put_authority(put(out, "CONNECT "), to);

	at = put_authority(put(at, " HTTP/1.1\r\nHost: "), to);
	if (own->user)
		at = put_pair(put(at, "\r\nProxy-Authorization: Basic "), own);
	at = put(at, "\r\n\r\n");
	return (size_t)(at - out);
}

/* ---- what is answered ---- */

/* What a status that is no success says. Any other: it does not know CONNECT, or not this one.
 */
static const struct refusal {
	uint16_t status;
	uint8_t why;
	uint8_t error;
} refusals[] = {
	{401, WHY_PASSWORD, EACCES},     {407, WHY_PASSWORD, EACCES},
	{403, WHY_RULES, EACCES},        {451, WHY_RULES, EACCES},
	{404, WHY_REMOTE, EHOSTUNREACH}, {410, WHY_REMOTE, EHOSTUNREACH},
	{408, WHY_REMOTE, ETIMEDOUT},    {504, WHY_REMOTE, ETIMEDOUT},
	{429, WHY_REMOTE, ECONNREFUSED}, {500, WHY_REMOTE, ECONNREFUSED},
	{502, WHY_REMOTE, ECONNREFUSED}, {503, WHY_REMOTE, ECONNREFUSED},
};

static int refused(struct dialogue *d, int status)
{
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		if (refusals[i].status == status)
			return dialogue_failed(d, refusals[i].why, refusals[i].error);
	return dialogue_failed(d, WHY_NONSENSE, EPROTO);
}

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : -1;
}

/* "HTTP/1.1 200": the status, once that many bytes are there */
#define STATUS_SIZE 12

/* May this byte of the status line stand there? */
static bool fits(char c, size_t at)
{
	static const char form[] = "HTTP/1.d ddd";

	return form[at] == 'd' ? digit(c) >= 0 : form[at] == c;
}

/* One more byte of the head is there; as http_take(). */
static int look(struct dialogue *d, char c)
{
	if (d->have <= STATUS_SIZE) {
		if (!fits(c, d->have - 1U))
			return dialogue_failed(d, WHY_NONSENSE, EPROTO);
		d->answer[d->have - 1] = c;
		if (d->have == STATUS_SIZE && d->answer[9] != '2')
			return refused(d, digit(d->answer[9]) * 100 +
						  digit(d->answer[10]) * 10 +
						  digit(d->answer[11]));
		return 0;
	}
	if (c == '\n' && d->at_start)
		return 1;
	if (c != '\r')
		d->at_start = c == '\n';
	return d->have < HEAD_MAX ? 0 : dialogue_failed(d, WHY_NONSENSE, EPROTO);
}

int http_take(struct dialogue *d, const char *seen, size_t size, size_t *taken)
{
	int result = 0;

	*taken = 0;
	if (size == 0)
		return d->have ? dialogue_failed(d, WHY_NONSENSE, EPROTO)
			       : dialogue_failed(d, WHY_CLOSED, ECONNREFUSED);
	while (result == 0 && *taken < size) {
		d->have++;
		result = look(d, seen[(*taken)++]);
	}
	return result;
}
