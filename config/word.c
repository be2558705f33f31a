/* SPDX-License-Identifier: MIT */
/*
 * word.c - the words of the configuration language: numbers, CIDs, names, paths, actions,
 * addresses
 *
 * Theory of operation: see word.h.
 */
#include "word.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "address.h"
#include "ruleset.h"
#include "stand_in.h"

bool refuse(char reason[REASON_MAX], const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(reason, REASON_MAX, format, arguments);
	va_end(arguments);
	return false;
}

bool number_parse(const char *text, int64_t *number)
{
	int64_t value = 0;

	if (*text == '\0')
		return false;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return false;
		if (value > (INT64_MAX - 9) / 10)
			value = INT64_MAX;
		else
			value = value * 10 + (*text - '0');
	}
	*number = value;
	return true;
}

bool action_parse(const char *text, uint8_t *action)
{
	if (strcmp(text, "pass") == 0)
		*action = ACTION_PASS;
	else if (strcmp(text, "deny") == 0)
		*action = ACTION_DENY;
	else
		return false;
	return true;
}

bool cid_check(int64_t number, uint32_t *cid, char reason[REASON_MAX])
{
	if (number < 1 || number >= CID_UNKNOWN)
		return refuse(
			reason,
			"%lld is no CID of a peer: they are 1 (this machine), 2 (the host) "
			"and 3 to 4294967294 (guests)",
			(long long)number);
	*cid = (uint32_t)number;
	return true;
}

/**
 * is_digit() - an ASCII digit, whatever the locale
 */
static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/**
 * is_letter() - an ASCII letter, whatever the locale
 */
static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool peer_name_check(const char *name, char reason[REASON_MAX])
{
	bool letter_seen = false;
	uint8_t action;

	for (const char *c = name; *c != '\0'; c++) {
		if (!is_letter(*c) && !is_digit(*c) && (c == name || !strchr("-_", *c)))
			return refuse(reason,
				      "\"%.*s\" cannot be a peer's name: use letters, digits, "
				      "\"-\" and \"_\"",
				      QUOTE_MAX, name);
		letter_seen = letter_seen || is_letter(*c);
	}
	if (!letter_seen)
		return refuse(reason,
			      "\"%.*s\" cannot be a peer's name: at least one letter must tell "
			      "it from a CID",
			      QUOTE_MAX, name);
	if (strlen(name) > PEER_NAME_MAX)
		return refuse(reason,
			      "\"%.*s...\" is too long for a peer's name: %d is the limit",
			      QUOTE_MAX, name, PEER_NAME_MAX);
	if (action_parse(name, &action))
		return refuse(reason,
			      "\"%s\" cannot be a peer's name, since it is an action: "
			      "choose another",
			      name);
	return true;
}

/**
 * has_control() - is there a newline or another control character in a text?
 */
static bool has_control(const char *text)
{
	while (*text != '\0' && (unsigned char)*text >= ' ' && *text != 0x7f)
		text++;
	return *text != '\0';
}

bool socket_path_check(const char *path, char reason[REASON_MAX])
{
	size_t length = strlen(path);

	if (length == 0)
		return refuse(reason,
			      "the path of a socket is empty: write that of the VMM's socket");
	if (has_control(path))
		return refuse(reason,
			      "\"%.*s\" cannot be the path of a socket, since a control "
			      "character is in it: rename what is called so",
			      QUOTE_MAX, path);
	if (*path != '/')
		return refuse(reason, "\"%.*s\" is a relative path: write it from \"/\" on",
			      QUOTE_MAX, path);
	if (path[length - 1] == '/')
		return refuse(reason,
			      "\"%.*s\" is the path of a directory: write that of the socket "
			      "in it",
			      QUOTE_MAX, path);
	if (length > SOCKET_PATH_MAX)
		return refuse(
			reason,
			"\"%.*s...\" is too long for the path of a socket: it has %zu "
			"bytes, and %d are the limit, so that \"_\" and a port fit behind "
			"it: put a symbolic link to its directory in a shorter place",
			QUOTE_MAX, path, length, SOCKET_PATH_MAX);
	return true;
}

/* ---- addresses ---- */

/**
 * ip_parse() - read an address without brackets, of either family
 */
static bool ip_parse(const char *text, uint8_t ip[16])
{
	uint8_t v4[4];

	if (inet_pton(AF_INET, text, v4) == 1) {
		ip_from_v4(ip, v4);
		return true;
	}
	return inet_pton(AF_INET6, text, ip) == 1;
}

bool address_parse(const char *text, uint8_t ip[16], char reason[REASON_MAX])
{
	size_t length = strlen(text);
	char bare[INET6_ADDRSTRLEN];

	if (ip_parse(text, ip))
		return true;
	if (length > 2 && length - 2 < sizeof(bare) && text[0] == '[' &&
	    text[length - 1] == ']') {
		memcpy(bare, text + 1, length - 2);
		bare[length - 2] = '\0';
		if (inet_pton(AF_INET6, bare, ip) == 1)
			return true;
	}
	return refuse(reason,
		      "\"%.*s\" is no IP address: write one such as 10.0.2.15 or fd00::15",
		      QUOTE_MAX, text);
}

bool stand_ins_parse(const char *text, uint32_t *network, uint32_t *bits,
		     char reason[REASON_MAX])
{
	const char *slash = strchr(text, '/');
	char address[INET_ADDRSTRLEN] = "";
	struct in_addr v4;
	int64_t length;
	uint32_t first;

	if (slash && (size_t)(slash - text) < sizeof(address))
		memcpy(address, text, (size_t)(slash - text));
	if (!slash || inet_pton(AF_INET, address, &v4) != 1 ||
	    !number_parse(slash + 1, &length) || length < STAND_INS_BITS_MIN ||
	    length > STAND_INS_BITS_MAX)
		return refuse(reason,
			      "\"%.*s\" is no range of IPv4 addresses: write ADDRESS/LENGTH, "
			      "such as 198.18.0.0/15, with a length of %u to %u",
			      QUOTE_MAX, text, STAND_INS_BITS_MIN, STAND_INS_BITS_MAX);
	*bits = (uint32_t)length;
	*network = ntohl(v4.s_addr);
	first = *network >> 24;
	if (*network << *bits != 0)
		return refuse(reason,
			      "\"%.*s\" has bits set past its prefix: write its first address",
			      QUOTE_MAX, text);
	if (first == 0 || first == 127 || first >= 224)
		return refuse(reason,
			      "\"%.*s\" cannot stand for host names, since its addresses mean "
			      "something else already: write a range that nobody routes, such "
			      "as 198.18.0.0/15",
			      QUOTE_MAX, text);
	return true;
}

/**
 * is_group() - multicast, or the IPv4 broadcast address
 */
static bool is_group(const uint8_t ip[16])
{
	static const uint8_t broadcast[4] = {255, 255, 255, 255};

	if (!ip_is_v4(ip))
		return ip[0] == 0xff;
	return (ip[12] & 0xf0) == 0xe0 || memcmp(ip + 12, broadcast, 4) == 0;
}

bool address_fits_peer(const uint8_t ip[16], char reason[REASON_MAX])
{
	char text[IP_TEXT_MAX];
	uint32_t cid;

	ip_format(ip, text);
	if (ip_is_loopback(ip))
		return refuse(reason,
			      "%s cannot be a peer's address, since programs trust loopback: "
			      "choose another address, or write a connect rule for this one",
			      text);
	if (ip_is_unspecified(ip) || is_group(ip))
		return refuse(reason,
			      "%s cannot be a peer's address, since it does not name one "
			      "machine: write the machine's own",
			      text);
	if (cid_of_synthetic(ip, &cid))
		return refuse(
			reason,
			"%s cannot be a peer's address, since it stands for a CID already: "
			"choose another address, or write a connect rule for this one",
			text);
	return true;
}
