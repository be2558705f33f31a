/* SPDX-License-Identifier: MIT */
/*
 * pattern.h - which addresses, host names and ports does a rule meet, in text?
 *
 * Like words (word.h), patterns are written in the same way in a file and on the command line,
 * and are refused with a reason.
 */
#ifndef VSOCKIFY_PATTERN_H
#define VSOCKIFY_PATTERN_H

#include "host.h"
#include "ruleset.h"
#include "word.h"

/* Bytes of the longest pattern, with the NUL: "HOST:65534-65535". */
#define PATTERN_TEXT_MAX (HOST_MAX + 13)

/* Which rules a pattern belongs to; a few addresses mean different things to the two. */
enum side {
	SIDE_CONNECT,
	SIDE_LISTEN,
};

/*
 * pattern_parse() - read which addresses, or host names, and TCP ports a rule meets
 * @text: "10.0.2.15:5432", "10.0.0.0/8:8000-8099", "[fd00::/64]:*", "*:80"; in a connect rule
 *	also "api.example.com:443", "*.example.com:*"; in a listen rule also a port alone
 * @rule: sets ip, prefix_bits, family, all_ports, port_first, port_last, and vsock_port to
 *	the same port
 * @host: the pattern of names in normal form, for RULE_HOST; else empty
 *
 * In a listen rule, 0.0.0.0 and :: without a prefix stand for every address of their family.
 */
bool pattern_parse(const char *text, enum side side, struct rule *rule, char host[HOST_MAX + 1],
		   char reason[REASON_MAX]);

/*
 * pattern_format() - the text of a rule's addresses, or host names, and ports
 * @host: the pattern of names; of no account unless RULE_HOST
 * @buf: PATTERN_TEXT_MAX bytes
 * Return: @buf
 */
char *pattern_format(const struct rule *rule, const char *host, char *buf);

/*
 * pattern_set_port() - let a rule lead to a vsock port of its own
 * @rule: after pattern_parse()
 * @port: for the first TCP port; the others of a range follow in step. A rule for all TCP
 *	ports sends each of them to this one.
 */
bool pattern_set_port(struct rule *rule, int64_t port, char reason[REASON_MAX]);

#endif
