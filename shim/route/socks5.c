/* SPDX-License-Identifier: MIT */
/*
 * socks5.c - the dialogue with a SOCKS5 proxy
 */
#include "socks5.h"

#include <errno.h>
#include <string.h>

#include "../../config/ip.h"

#define VERSION      5
#define USER_VERSION 1
#define CONNECT      1

enum method { METHOD_NONE = 0, METHOD_USER = 2, METHOD_NO_GOOD = 0xff };
enum kind { KIND_IPV4 = 1, KIND_NAME = 3, KIND_IPV6 = 4 };

/* ---- what is said ---- */

static char *put_greeting(char *at, bool user, bool one_write)
{
	*at++ = VERSION;
	if (user && !one_write) {
		*at++ = 2;
		*at++ = METHOD_NONE;
	} else {
		*at++ = 1;
	}
	*at++ = user ? METHOD_USER : METHOD_NONE;
	return at;
}

static char *put_text(char *at, const char *text, size_t most)
{
	size_t length = strnlen(text, most);

	*at++ = (char)length;
	memcpy(at, text, length);
	return at + length;
}

static char *put_user(char *at, const struct credentials *own)
{
	*at++ = USER_VERSION;
	at = put_text(at, own->user, UINT8_MAX);
	return put_text(at, own->password, UINT8_MAX);
}

static char *put_request(char *at, const struct destination *to)
{
	bool v4 = ip_is_v4(to->ip);
	size_t length = v4 ? 4 : 16;

	*at++ = VERSION;
	*at++ = CONNECT;
	*at++ = 0;
	if (to->name) {
		*at++ = KIND_NAME;
		at = put_text(at, to->name, HOST_MAX);
	} else {
		*at++ = v4 ? KIND_IPV4 : KIND_IPV6;
		memcpy(at, to->ip + 16 - length, length);
		at += length;
	}
	*at++ = (char)(to->port >> 8);
	*at++ = (char)to->port;
	return at;
}

size_t socks5_say(const struct dialogue *d, const struct destination *to,
		  const struct credentials *own, bool one_write, char out[DIALOGUE_OUT_MAX])
{
	bool all = one_write && d->step == STEP_SOCKS5_METHOD;
	char *at = out;

	if (d->step == STEP_SOCKS5_METHOD)
		at = put_greeting(at, own->user != NULL, one_write);
	if (d->step == STEP_SOCKS5_USER || (all && own->user))
		at = put_user(at, own);
	if (d->step == STEP_SOCKS5_REQUEST || all)
		at = put_request(at, to);
	return (size_t)(at - out);
}

/* ---- what is answered ---- */

/* The errno of a reply, TCP's for what has happened to the proxy's own attempt. */
static int refused(struct dialogue *d, uint8_t reply)
{
	static const uint8_t errnos[] = {
		[1] = ECONNREFUSED, /* it does not say why */
		[2] = EACCES,       [3] = ENETUNREACH, [4] = EHOSTUNREACH,
		[5] = ECONNREFUSED, [6] = ETIMEDOUT,   [8] = ENETUNREACH,
	};

	if (reply >= sizeof errnos || !errnos[reply])
		return dialogue_failed(d, WHY_NONSENSE, EPROTO);
	return dialogue_failed(d, reply == 2 ? WHY_RULES : WHY_REMOTE, errnos[reply]);
}

/* The method that the proxy has chosen */
static int take_method(struct dialogue *d, bool offers_user, bool one_write)
{
	uint8_t method = (uint8_t)d->answer[1];

	if (method == METHOD_NO_GOOD)
		return dialogue_failed(d, WHY_METHOD, EACCES);
	if (method == METHOD_USER ? !offers_user
				  : method != METHOD_NONE || (offers_user && one_write))
		return dialogue_failed(d, WHY_NONSENSE, EPROTO);
	dialogue_step(d, method == METHOD_USER ? STEP_SOCKS5_USER : STEP_SOCKS5_REQUEST);
	d->said = one_write;
	return 0;
}

static int take_user(struct dialogue *d, bool one_write)
{
	if (d->answer[1] != 0)
		return dialogue_failed(d, WHY_PASSWORD, EACCES);
	dialogue_step(d, STEP_SOCKS5_REQUEST);
	d->said = one_write;
	return 0;
}

/* How long a reply is, by what there is of it; 0: that is not to be seen yet. */
static size_t reply_length(const struct dialogue *d)
{
	const size_t around = 6; /* four bytes before the address, and two of the port */

	if (d->have < 5)
		return 0;
	switch (d->answer[3]) {
	case KIND_IPV4:
		return around + 4;
	case KIND_IPV6:
		return around + 16;
	default:
		return around + 1 + (uint8_t)d->answer[4];
	}
}

/* One more byte of a reply is there; as socks5_take(). */
static int look_at_reply(struct dialogue *d)
{
	if (d->have == 2 && d->answer[1] != 0)
		return refused(d, (uint8_t)d->answer[1]);
	if (d->have == 4 && d->answer[3] != KIND_IPV4 && d->answer[3] != KIND_NAME &&
	    d->answer[3] != KIND_IPV6)
		return dialogue_failed(d, WHY_NONSENSE, EPROTO);
	return d->have == reply_length(d);
}

/* One more byte of an answer is there; as socks5_take(). */
static int look(struct dialogue *d, bool offers_user, bool one_write)
{
	char version = d->step == STEP_SOCKS5_USER ? USER_VERSION : VERSION;

	if (d->answer[0] != version)
		return dialogue_failed(d, WHY_NONSENSE, EPROTO);
	if (d->step == STEP_SOCKS5_REQUEST)
		return look_at_reply(d);
	if (d->have < 2)
		return 0;
	return d->step == STEP_SOCKS5_USER ? take_user(d, one_write)
					   : take_method(d, offers_user, one_write);
}

int socks5_take(struct dialogue *d, bool offers_user, bool one_write, const char *seen,
		size_t size, size_t *taken)
{
	const uint8_t step = d->step;
	int result = 0;

	*taken = 0;
	if (size == 0)
		return d->have ? dialogue_failed(d, WHY_NONSENSE, EPROTO)
			       : dialogue_failed(d, WHY_CLOSED, ECONNREFUSED);
	while (result == 0 && d->step == step && *taken < size) {
		if (d->have < sizeof d->answer)
			d->answer[d->have] = seen[*taken];
		d->have++;
		++*taken;
		result = look(d, offers_user, one_write);
	}
	return result;
}
