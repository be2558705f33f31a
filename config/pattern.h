/* SPDX-License-Identifier: MIT */
/*
 * pattern.h - the small texts of the configuration language: addresses, ports, CIDs, names
 *
 * Theory of operation
 *
 * A configuration file and the command line write addresses, ports and CIDs in the same way,
 * and both read them here. Nothing in these functions knows where the text came from: each
 * returns whether the text was good, and if not, puts a reason in words into a buffer, to
 * which the caller adds the file and line or the argument (config/builder.h).
 */
#ifndef VSOCKIFY_PATTERN_H
#define VSOCKIFY_PATTERN_H

#include "ruleset.h"

/* Bytes of the buffer for a reason, with the NUL. */
#define REASON_MAX 320

/* Bytes of the longest pattern, with the NUL: "[IPv6/128]:65534-65535". */
#define PATTERN_TEXT_MAX 72

/* The longest name of a peer, without the NUL. */
#define PEER_NAME_MAX 48

/* Bytes of a text from outside that are repeated in a reason. */
#define QUOTE_MAX 60

/* Which rules a pattern belongs to; a few addresses mean different things to the two. */
enum side {
	SIDE_CONNECT,
	SIDE_LISTEN,
};

/*
 * pattern_parse() - read which addresses and TCP ports a rule meets
 * @text: "10.0.2.15:5432", "10.0.0.0/8:8000-8099", "[fd00::/64]:*", "*:80"; in a listen rule
 *	also a port alone
 * @rule: sets ip, prefix_bits, family, all_ports, port_first, port_last, and vsock_port to
 *	the same port
 *
 * In a listen rule, 0.0.0.0 and :: without a prefix stand for every address of their family.
 */
bool pattern_parse(const char *text, enum side side, struct rule *rule,
		   char reason[REASON_MAX]);

/*
 * pattern_format() - the text of a rule's addresses and ports
 * @buf: PATTERN_TEXT_MAX bytes
 * Return: @buf
 */
char *pattern_format(const struct rule *rule, char *buf);

/*
 * pattern_set_port() - let a rule lead to a vsock port of its own
 * @rule: after pattern_parse()
 * @port: for the first TCP port; the others of a range follow in step. A rule for all TCP
 *	ports sends each of them to this one.
 */
bool pattern_set_port(struct rule *rule, int64_t port, char reason[REASON_MAX]);

/* address_parse() - read one address, "10.0.2.15", "fd00::1" or "[fd00::1]" */
bool address_parse(const char *text, uint8_t ip[16], char reason[REASON_MAX]);
/* address_fits_peer() - may a peer have this address? */
bool address_fits_peer(const uint8_t ip[16], char reason[REASON_MAX]);

/* cid_check() - is a number a CID that can be connected to? Sets *@cid. */
bool cid_check(int64_t number, uint32_t *cid, char reason[REASON_MAX]);
/* peer_name_check() - is a text fit to be the name of a peer? */
bool peer_name_check(const char *name, char reason[REASON_MAX]);

/* action_parse() - read "pass" or "deny"; false (without a reason) for anything else */
bool action_parse(const char *text, uint8_t *action);
/*
 * number_parse() - read a decimal number without sign
 * Return: false if it is none; a number beyond int64_t is read as INT64_MAX
 */
bool number_parse(const char *text, int64_t *number);

#endif
