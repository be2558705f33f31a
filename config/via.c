/* SPDX-License-Identifier: MIT */
/*
 * via.c - the proxy of a rule, as it is written
 */
#include "via.h"

#include <string.h>
#include <strings.h>

#include "address.h"

#define PORT_MAX 4294967294

static const struct {
	const char *begin;
	uint8_t scheme;
} schemes[] = {
	{"socks5://", PROXY_SOCKS5},
	{"http://", PROXY_HTTP},
};

/**
 * take_scheme() - read how the proxy is spoken to
 * Return: what is behind it; NULL after an error
 */
static const char *take_scheme(const char *text, uint8_t *scheme, char reason[REASON_MAX])
{
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		size_t length = strlen(schemes[i].begin);

		if (strncasecmp(text, schemes[i].begin, length) != 0)
			continue;
		*scheme = schemes[i].scheme;
		return text + length;
	}
	(void)refuse(
		reason,
		"\"%.*s\" is no proxy: write socks5://PEER:PORT or http://PEER:PORT; names "
		"always travel to it, and VM sockets have no TLS",
		QUOTE_MAX, text);
	return NULL;
}

/**
 * take_user() - read the user's name, if there is one
 * Return: what is behind it; NULL after an error
 */
static const char *take_user(const char *text, struct proxy_draft *via, char reason[REASON_MAX])
{
	const char *at = strrchr(text, '@');
	size_t length;

	if (!at)
		return text;
	length = (size_t)(at - text);
	if (memchr(text, ':', length)) {
		(void)refuse(reason, "a password does not stand here, where others can read "
				     "it: write it into a file that only its owner can read, "
				     "and that into password_file");
		return NULL;
	}
	if (length == 0 || length > PROXY_USER_MAX) {
		(void)refuse(reason, "the name of a user has 1 to %d bytes", PROXY_USER_MAX);
		return NULL;
	}
	via->user = memory_string(text, length);
	return at + 1;
}

/**
 * take_port() - read the port, up to the end
 */
static bool take_port(const char *text, struct rule *rule, char reason[REASON_MAX])
{
	size_t length = strlen(text);
	char digits[16];
	int64_t port;

	if (length > 0 && text[length - 1] == '/')
		length--;
	if (length > 0 && length < sizeof(digits)) {
		memcpy(digits, text, length);
		digits[length] = '\0';
		if (number_parse(digits, &port) && port >= 1 && port <= PORT_MAX) {
			rule->vsock_port = (uint32_t)port;
			rule->fixed_port = 1;
			return true;
		}
	}
	return refuse(reason,
		      "\"%.*s\" is no port of a proxy: write a number from 1 to 4294967294",
		      QUOTE_MAX, text);
}

/**
 * take_peer() - read whom the proxy runs at
 */
static bool take_peer(const char *text, size_t length, struct peer_reference *to,
		      char reason[REASON_MAX])
{
	static const char suffix[] = ".vsock";
	const size_t suffix_length = sizeof(suffix) - 1;
	char label[PEER_NAME_MAX + 1];
	int64_t number;

	if (length > suffix_length &&
	    strncasecmp(text + length - suffix_length, suffix, suffix_length) == 0)
		length -= suffix_length;
	if (length == 0 || length >= sizeof(label) || memchr(text, '.', length) ||
	    memchr(text, ':', length))
		return refuse(reason,
			      "\"%.*s\" is not where a proxy can be: it is reached by a VM "
			      "socket, so write host.vsock, a CID or the name of a peer",
			      (int)(length < QUOTE_MAX ? length : QUOTE_MAX), text);
	memcpy(label, text, length);
	label[length] = '\0';
	if (number_parse(label, &number))
		return cid_check(number, &to->cid, reason);
	if (!peer_name_check(label, reason))
		return false;
	to->name = memory_string(label, length);
	return true;
}

bool via_parse(const char *text, struct rule_draft *draft, char reason[REASON_MAX])
{
	const char *rest = take_scheme(text, &draft->via.scheme, reason);
	const char *colon;

	if (!rest)
		return false;
	if (strchr(rest, ',') || strstr(rest, "://"))
		return refuse(reason,
			      "a rule has one proxy, which no other one leads to: there "
			      "are no chains");
	draft->via.used = true;
	draft->rule.action = ACTION_VSOCK;
	rest = take_user(rest, &draft->via, reason);
	if (!rest)
		return false;
	colon = strrchr(rest, ':');
	if (!colon)
		return refuse(reason, "\"%.*s\" has no port: write PEER:PORT", QUOTE_MAX, rest);
	return take_port(colon + 1, &draft->rule, reason) &&
	       take_peer(rest, (size_t)(colon - rest), &draft->to, reason);
}

bool via_check(const struct rule_draft *draft, char reason[REASON_MAX])
{
	const struct proxy_draft *via = &draft->via;

	if (via->user && !via->password_file)
		return refuse(reason,
			      "the user \"%.*s\" needs a \"password_file\" beside the proxy",
			      QUOTE_MAX, via->user);
	if (via->password_file && !via->user)
		return refuse(reason, "a \"password_file\" needs a user in the proxy's URL: "
				      "socks5://USER@PEER:PORT");
	if (via->one_write && via->scheme != PROXY_SOCKS5)
		return refuse(reason, "\"one_write\" is for socks5: with http there is one "
				      "request, and one write, anyway");
	return true;
}
