/* SPDX-License-Identifier: MIT */
/*
 * pattern.c - which addresses, host names and ports does a rule meet, in text?
 *
 * Theory of operation
 *
 * A pattern is cut into its address and its ports first (split_pattern), then each part is read
 * on its own. What can be mistaken for something else is refused, with a reason that says what
 * to write.
 */
#include "pattern.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "address.h"

#define TCP_PORT_MAX   65535
#define VSOCK_PORT_MAX 4294967294LL

/* An IPv4 prefix is counted in the 16-byte form of addresses. */
#define V4_OFFSET_BITS 96

/* Texts cut out of a pattern: the longest host name, a dot, and the NUL. */
#define PART_MAX (HOST_MAX + 2)

/* ---- addresses ---- */

/**
 * clear_past_prefix() - set the bits of an address past its prefix to zero
 */
static void clear_past_prefix(uint8_t ip[16], unsigned int bits)
{
	for (unsigned int i = 0; i < 16; i++) {
		unsigned int kept = bits > 8 * i ? bits - 8 * i : 0;

		if (kept < 8)
			ip[i] &= (uint8_t)(0xff00u >> kept);
	}
}

/**
 * prefix_check() - refuse a prefix with bits set past its length
 * @address, @length: as written
 */
static bool prefix_check(const struct rule *rule, const char *address, int64_t length,
			 char reason[REASON_MAX])
{
	uint8_t masked[16];
	char text[IP_TEXT_MAX];

	memcpy(masked, rule->ip, 16);
	clear_past_prefix(masked, rule->prefix_bits);
	if (memcmp(masked, rule->ip, 16) == 0)
		return true;
	return refuse(
		reason,
		"%s/%lld has bits set past its prefix: write %s/%lld for the whole prefix, or "
		"%s for the one address",
		address, (long long)length, ip_format(masked, text), (long long)length,
		address);
}

/**
 * parse_prefix_length() - read what follows the slash, if there is one
 * @slash: behind the slash; NULL if there is none
 */
static bool parse_prefix_length(const char *slash, bool v6, struct rule *rule,
				const char *address, char reason[REASON_MAX])
{
	int64_t most = v6 ? 128 : 32;
	int64_t length = most;

	if (slash && (!number_parse(slash, &length) || length > most))
		return refuse(reason,
			      "\"/%.*s\" is no prefix length: they are 0 to %lld for IPv%d",
			      QUOTE_MAX, slash, (long long)most, v6 ? 6 : 4);
	rule->prefix_bits = (uint8_t)(v6 ? length : length + V4_OFFSET_BITS);
	return prefix_check(rule, address, length, reason);
}

/**
 * settle_unspecified() - give 0.0.0.0 and :: without a prefix their meaning
 *
 * To bind(2) they mean every address. connect(2) takes them for loopback before any rule is
 * asked; whoever writes them there means something else.
 */
static bool settle_unspecified(struct rule *rule, enum side side, bool has_prefix,
			       char reason[REASON_MAX])
{
	bool v4 = rule->family == RULE_IPV4;
	const char *text = v4 ? "0.0.0.0" : "::";

	if (rule->prefix_bits < 128 || !ip_is_unspecified(rule->ip))
		return true;
	if (side == SIDE_CONNECT)
		return refuse(
			reason,
			"%s can never be met, since to connect it means loopback: write %s, or "
			"%s/0 for every IPv%d address",
			text, v4 ? "127.0.0.1" : "::1", text, v4 ? 4 : 6);
	if (!has_prefix)
		rule->prefix_bits = v4 ? V4_OFFSET_BITS : 0;
	return true;
}

/* ---- host names ---- */

/**
 * is_host() - is a text meant as a host name, or as a pattern of some?
 *
 * What ends in a number is an address, right or wrong.
 */
static bool is_host(const char *text)
{
	return *text != '\0' && strcmp(text, "*") != 0 && !strchr(text, '/') &&
	       !host_is_number(text);
}

/**
 * parse_host() - read a pattern's host name, with "*." in front or without
 */
static bool parse_host(const char *text, struct rule *rule, char host[HOST_MAX + 1],
		       char reason[REASON_MAX])
{
	size_t front = strncmp(text, "*.", 2) == 0 ? 2 : 0;

	if (strchr(text + front, '*'))
		return refuse(reason,
			      "\"%.*s\": a \"*\" stands at the front of a host name alone, as "
			      "in *.example.com",
			      QUOTE_MAX, text);
	if (!host_normal(text + front, host) || front + strlen(host) > HOST_MAX)
		return refuse(reason,
			      "\"%.*s\" is no host name: it is made of labels of up to %d "
			      "letters, digits, \"-\" and \"_\", with dots between them, and "
			      "has %d characters at most",
			      QUOTE_MAX, text, HOST_LABEL_MAX, HOST_MAX);
	if (host_is_local(host))
		return refuse(reason,
			      "\"%.*s\" always is this machine itself: write 127.0.0.1 or "
			      "[::1]",
			      QUOTE_MAX, text);
	if (host_meets("*.vsock", host) || strcmp(host, "vsock") == 0)
		return refuse(reason,
			      "\"%.*s\" is the name of a peer, which leads there without a "
			      "rule: write an address of it",
			      QUOTE_MAX, text);
	memmove(host + front, host, strlen(host) + 1);
	memcpy(host, text, front);
	rule->family = RULE_HOST;
	rule->prefix_bits = 128;
	return true;
}

/**
 * parse_prefix() - read a pattern's address, with or without a prefix length
 * @text: without brackets; changed
 * @bracketed: it stood in brackets, and so must be IPv6
 */
static bool parse_prefix(char *text, bool bracketed, enum side side, struct rule *rule,
			 char reason[REASON_MAX])
{
	char *slash = strchr(text, '/');
	uint8_t v4[4];

	if (!bracketed && strcmp(text, "*") == 0) {
		rule->family = RULE_ANY_FAMILY;
		return true;
	}
	if (slash)
		*slash++ = '\0';
	if (bracketed) {
		if (inet_pton(AF_INET6, text, rule->ip) != 1)
			return refuse(reason, "\"%.*s\" in brackets is no IPv6 address",
				      QUOTE_MAX, text);
	} else {
		if (inet_pton(AF_INET, text, v4) != 1)
			return refuse(
				reason,
				"\"%.*s\" is no IPv4 address: write one such as 10.0.2.15, "
				"10.0.0.0/8, [fd00::15], or * for all",
				QUOTE_MAX, text);
		ip_from_v4(rule->ip, v4);
	}
	if (!parse_prefix_length(slash, bracketed, rule, text, reason))
		return false;
	rule->family = RULE_IPV6;
	if (rule->prefix_bits >= V4_OFFSET_BITS && ip_is_v4(rule->ip))
		rule->family = RULE_IPV4;
	return settle_unspecified(rule, side, slash != NULL, reason);
}

/* ---- ports ---- */

/**
 * parse_port() - read one TCP port
 */
static bool parse_port(const char *text, uint16_t *port, char reason[REASON_MAX])
{
	int64_t number;

	if (!number_parse(text, &number))
		return refuse(
			reason,
			"\"%.*s\" is no port: write a number, a range such as 8000-8099, or "
			"* for all",
			QUOTE_MAX, text);
	if (number < 1 || number > TCP_PORT_MAX)
		return refuse(reason, "%.*s is no TCP port: they are 1 to %d", QUOTE_MAX, text,
			      TCP_PORT_MAX);
	*port = (uint16_t)number;
	return true;
}

/**
 * parse_ports() - read a port, a range, or "*"
 * @text: changed
 */
static bool parse_ports(char *text, struct rule *rule, char reason[REASON_MAX])
{
	char *dash = strchr(text, '-');

	if (strcmp(text, "*") == 0) {
		rule->all_ports = 1;
		rule->port_first = 0;
		rule->port_last = TCP_PORT_MAX;
		return true;
	}
	if (dash)
		*dash++ = '\0';
	if (!parse_port(text, &rule->port_first, reason) ||
	    !parse_port(dash ? dash : text, &rule->port_last, reason))
		return false;
	if (rule->port_first > rule->port_last)
		return refuse(reason, "the ports %u-%u run backwards: write %u-%u",
			      rule->port_first, rule->port_last, rule->port_last,
			      rule->port_first);
	return true;
}

bool pattern_set_port(struct rule *rule, int64_t port, char reason[REASON_MAX])
{
	int64_t span = rule->all_ports ? 0 : rule->port_last - rule->port_first;

	if (port < 1 || port > VSOCK_PORT_MAX)
		return refuse(reason, "%lld is no vsock port: they are 1 to %lld",
			      (long long)port, VSOCK_PORT_MAX);
	if (port + span > VSOCK_PORT_MAX)
		return refuse(
			reason,
			"ports %u-%u from vsock port %lld on would run past the last one, "
			"%lld",
			rule->port_first, rule->port_last, (long long)port, VSOCK_PORT_MAX);
	rule->vsock_port = (uint32_t)port;
	rule->fixed_port = rule->all_ports;
	return true;
}

/* ---- patterns ---- */

/* A pattern, cut into its parts. */
struct parts {
	char address[PART_MAX];
	char ports[PART_MAX];
	bool bracketed;
};

/**
 * copy_part() - cut a part out of a pattern
 * Return: false if it is too long to be anything good
 */
static bool copy_part(char part[PART_MAX], const char *from, size_t length)
{
	if (length >= PART_MAX)
		return false;
	memcpy(part, from, length);
	part[length] = '\0';
	return true;
}

/**
 * split_bracketed() - cut "[ADDRESS]:PORTS"
 */
static bool split_bracketed(const char *text, struct parts *parts, char reason[REASON_MAX])
{
	const char *end = strchr(text, ']');

	if (!end)
		return refuse(reason, "\"%.*s\" has no closing bracket: write [ADDRESS]:PORT",
			      QUOTE_MAX, text);
	if (end[1] == '/')
		return refuse(reason,
			      "\"%.*s\": the prefix length stands inside the brackets: write "
			      "[ADDRESS/LENGTH]:PORT",
			      QUOTE_MAX, text);
	if (end[1] != ':')
		return refuse(reason,
			      "\"%.*s\" has no port: write [ADDRESS]:PORT, or [ADDRESS]:*",
			      QUOTE_MAX, text);
	parts->bracketed = true;
	if (!copy_part(parts->address, text + 1, (size_t)(end - text - 1)) ||
	    !copy_part(parts->ports, end + 2, strlen(end + 2)))
		return refuse(reason,
			      "\"%.*s...\" is too long: write one such as 10.0.2.15:80 or "
			      "[fd00::/64]:*",
			      QUOTE_MAX, text);
	return true;
}

/**
 * split_pattern() - cut a pattern into address and ports
 */
static bool split_pattern(const char *text, enum side side, struct parts *parts,
			  char reason[REASON_MAX])
{
	const char *colon = strchr(text, ':');
	const char *address = text;
	size_t address_length;

	if (text[0] == '[')
		return split_bracketed(text, parts, reason);
	if (colon && strchr(colon + 1, ':'))
		return refuse(reason,
			      "\"%.*s\": put an IPv6 address in brackets, [ADDRESS]:PORT",
			      QUOTE_MAX, text);
	if (!colon && (side == SIDE_CONNECT || strpbrk(text, "./")))
		return refuse(reason, "\"%.*s\" has no port: write ADDRESS:PORT, or ADDRESS:*",
			      QUOTE_MAX, text);
	if (!colon) {
		address = "*";
		address_length = 1;
	} else {
		address_length = (size_t)(colon - text);
		text = colon + 1;
	}
	if (!copy_part(parts->address, address, address_length) ||
	    !copy_part(parts->ports, text, strlen(text)))
		return refuse(reason,
			      "\"%.*s...\" is too long: write one such as 10.0.2.15:80 or "
			      "[fd00::/64]:*",
			      QUOTE_MAX, address);
	return true;
}

bool pattern_parse(const char *text, enum side side, struct rule *rule, char host[HOST_MAX + 1],
		   char reason[REASON_MAX])
{
	struct parts parts = {.bracketed = false};
	bool good;

	*host = '\0';
	if (!split_pattern(text, side, &parts, reason))
		return false;
	if (side == SIDE_CONNECT && !parts.bracketed && is_host(parts.address))
		good = parse_host(parts.address, rule, host, reason);
	else
		good = parse_prefix(parts.address, parts.bracketed, side, rule, reason);
	if (!good || !parse_ports(parts.ports, rule, reason))
		return false;
	rule->vsock_port = rule->port_first;
	rule->fixed_port = 0;
	return true;
}

/**
 * format_address() - the text of a rule's addresses, or host names
 * @buf: PATTERN_TEXT_MAX bytes
 * Return: the length
 */
static int format_address(const struct rule *rule, const char *host, char *buf)
{
	char ip[IP_TEXT_MAX];
	unsigned int bits = rule->prefix_bits;
	bool v4 = rule->family == RULE_IPV4;

	if (rule->family == RULE_ANY_FAMILY)
		return snprintf(buf, PATTERN_TEXT_MAX, "*");
	if (rule->family == RULE_HOST)
		return snprintf(buf, PATTERN_TEXT_MAX, "%s", host);
	ip_format(rule->ip, ip);
	if (bits == 128)
		return snprintf(buf, PATTERN_TEXT_MAX, v4 ? "%s" : "[%s]", ip);
	return snprintf(buf, PATTERN_TEXT_MAX, v4 ? "%s/%u" : "[%s/%u]", ip,
			v4 ? bits - V4_OFFSET_BITS : bits);
}

char *pattern_format(const struct rule *rule, const char *host, char *buf)
{
	int used = format_address(rule, host, buf);
	size_t left = (size_t)(PATTERN_TEXT_MAX - used);

	if (rule->all_ports)
		(void)snprintf(buf + used, left, ":*");
	else if (rule->port_first == rule->port_last)
		(void)snprintf(buf + used, left, ":%u", rule->port_first);
	else
		(void)snprintf(buf + used, left, ":%u-%u", rule->port_first, rule->port_last);
	return buf;
}
