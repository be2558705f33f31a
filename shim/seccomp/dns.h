/* SPDX-License-Identifier: MIT */
/*
 * dns.h - what programs ask a name server, and what it would answer
 *
 * Theory of operation
 *
 * A program that resolves names by itself sends a *query*: 12 bytes of a head, one question (a
 * name, label by label, then a type and a class), and what else it likes (EDNS). The answer is
 * the head with some bits changed, the question byte for byte as it was asked (programs compare
 * it, capitals too), and records. None is longer than DNS_ANSWER_MAX, so that none has to be
 * cut and asked for again by TCP.
 *
 * What is read comes from anybody: each byte is looked for within the message, and a name is
 * one piece; that it goes on elsewhere (compression) no question says. Pure functions; fuzzed
 * (tests/fuzz/dns.c).
 */
#ifndef VSOCKIFY_SECCOMP_DNS_H
#define VSOCKIFY_SECCOMP_DNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../config/host.h"

#define DNS_PORT       53
#define DNS_HEAD       12
#define DNS_ANSWER_MAX 1024

/* The numbers of RFC 1035 and 3596 */
enum { DNS_A = 1, DNS_PTR = 12, DNS_AAAA = 28 };
enum { DNS_IN = 1 };
enum dns_code { DNS_FOUND = 0, DNS_FAILED = 2, DNS_NO_NAME = 3 };

struct dns_question {
	char name[HOST_MAX +
		  1]; /* with dots, without one at its end; what no name can have: '?' */
	uint16_t type, class;
	size_t end; /* where it ends in the message */
};

/* dns_read() - is this a query of one question? @question: filled in if it is */
bool dns_read(const uint8_t *message, size_t size, struct dns_question *question);

/* dns_address() - the address that a name of in-addr.arpa or ip6.arpa is about; false: it is
 * none
 */
bool dns_address(const char *name, uint8_t ip[16]);

/*
 * dns_begin() - an answer without a record
 * @query: what dns_read() took
 * Return: its length
 */
size_t dns_begin(const uint8_t *query, const struct dns_question *question, enum dns_code code,
		 uint8_t answer[DNS_ANSWER_MAX]);

/*
 * dns_add_ip(), dns_add_name() - put the record behind it that was asked for: an address, of
 * IPv4 for DNS_A, or a name
 * @size: how long the answer is; one record is all that there is room for
 * Return: how long it is then
 */
size_t dns_add_ip(uint8_t answer[DNS_ANSWER_MAX], size_t size,
		  const struct dns_question *question, const uint8_t ip[16]);
size_t dns_add_name(uint8_t answer[DNS_ANSWER_MAX], size_t size,
		    const struct dns_question *question, const char *name);

#endif
