/* SPDX-License-Identifier: MIT */
/*
 * question.c - which addresses does --explain ask about?
 */
#include "question.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "../config/address.h"
#include "../shim/broker/names.h"
#include "../shim/kernel/hosts.h"

/**
 * add_endpoint() - add an address that is asked about
 * @ip: 16 bytes
 */
static void add_endpoint(struct question *question, const void *ip, uint16_t port)
{
	struct endpoint *ep = list_add(&question->endpoints, sizeof(*ep));

	memcpy(ep->ip, ip, sizeof(ep->ip));
	ep->port = port;
}

/**
 * add_result() - add one result of getaddrinfo()
 */
static void add_result(struct question *question, const struct addrinfo *result, uint16_t port)
{
	uint8_t ip[16];

	if (result->ai_family == AF_INET) {
		ip_from_v4(ip, &((const struct sockaddr_in *)result->ai_addr)->sin_addr);
		add_endpoint(question, ip, port);
	} else if (result->ai_family == AF_INET6) {
		add_endpoint(question,
			     &((const struct sockaddr_in6 *)result->ai_addr)->sin6_addr, port);
	}
}

#ifdef VSOCKIFY_STATIC
/**
 * look_up() - refuse to look up a name: glibc loads what does that, which is not to be had
 * where it is linked statically
 */
static bool look_up(struct question *question, uint16_t port)
{
	(void)add_result;
	(void)port;
	return refuse(question->error,
		      "cannot look up \"%.*s\": this vsockify is linked statically: ask about "
		      "an address (getent ahosts %.*s says which)",
		      QUOTE_MAX, question->host, QUOTE_MAX, question->host);
}
#else
/**
 * look_up() - ask getaddrinfo() for a name
 */
static bool look_up(struct question *question, uint16_t port)
{
	const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
	struct addrinfo *results;
	int error = getaddrinfo(question->host, NULL, &hints, &results);

	if (error != 0)
		return refuse(question->error,
			      "cannot look up \"%.*s\": %s: check the name, or ask about an "
			      "address",
			      QUOTE_MAX, question->host,
			      error == EAI_SYSTEM ? strerror(errno) : gai_strerror(error));
	for (const struct addrinfo *result = results; result; result = result->ai_next)
		add_result(question, result, port);
	freeaddrinfo(results);
	return true;
}
#endif

/**
 * look_up_machine() - find the addresses of a *.vsock name, IPv4 first as the shim has them
 * @machine: of the name
 */
static bool look_up_machine(const struct ruleset *rs, struct question *question,
			    struct machine machine, uint16_t port)
{
	uint8_t ip[16];

	for (int v6 = 0; v6 <= 1; v6++) {
		if (ip_to_reach(rs, machine, v6 != 0, ip))
			add_endpoint(question, ip, port);
	}
	if (question->endpoints.count > 0)
		return true;
	if (machine_exists(machine))
		return refuse(question->error,
			      "\"%.*s\" stands for no address: give the peer one, or ask about "
			      "one that a rule leads there",
			      QUOTE_MAX, question->host);
	return refuse(question->error,
		      "no peer has the name \"%.*s\": see vsockify --check for those there are",
		      QUOTE_MAX, question->host);
}

/**
 * look_up_taken() - find the address that stands for a name, if the rules take it
 *
 * It is the one where the broker begins to look for a free one. This machine's own name stands
 * for loopback.
 */
static enum taking look_up_taken(const struct ruleset *rs, struct question *question,
				 uint16_t port)
{
	enum taking taking = host_taking(rs, question->host, question->taken);
	uint8_t ip[16];

	question->is_hosts = taking == NAME_TAKEN && hosts_know(question->taken);
	if (taking == NAME_TAKEN && !question->is_hosts && hosts_is_own(question->taken)) {
		*question->taken = '\0';
		for (int v6 = 0; v6 <= 1; v6++) {
			ip_of_loopback(v6 != 0, ip);
			add_endpoint(question, ip, port);
		}
		return taking;
	}
	if (taking == NAME_TAKEN && !question->is_hosts) {
		stand_in_ip(rs, names_begin(rs, question->taken), false, ip);
		add_endpoint(question, ip, port);
		return taking;
	}
	*question->taken = '\0';
	return taking == NAME_BAD ? NAME_BAD : NAME_FREE;
}

/**
 * add_wildcards() - add both wildcard addresses
 */
static void add_wildcards(struct question *question, uint16_t port)
{
	static const uint8_t zeros[16];
	uint8_t v4[16];

	ip_from_v4(v4, zeros);
	add_endpoint(question, v4, port);
	add_endpoint(question, zeros, port);
}

/**
 * is_address() - is a text meant as an address, not as a name?
 */
static bool is_address(const char *text)
{
	return strchr(text, ':') || strspn(text, "0123456789.") == strlen(text);
}

/**
 * read_host() - find the addresses of the host
 */
static bool read_host(const struct ruleset *rs, struct question *question, uint16_t port)
{
	char *host = question->host;
	uint8_t ip[16];
	struct machine machine;

	if (question->side == SIDE_LISTEN && (*host == '\0' || strcmp(host, "*") == 0)) {
		add_wildcards(question, port);
		return true;
	}
	if (*host == '\0')
		return refuse(question->error, "write ADDRESS:PORT or NAME:PORT");
	if (is_address(host)) {
		if (!address_parse(host, ip, question->error))
			return false;
		add_endpoint(question, ip, port);
		return true;
	}
	question->is_name = true;
	if (rs->names && machine_of_name(rs, host, &machine))
		return look_up_machine(rs, question, machine, port);
	if (question->side == SIDE_LISTEN)
		return look_up(question, port);
	switch (look_up_taken(rs, question, port)) {
	case NAME_TAKEN:
		return true;
	case NAME_BAD:
		return refuse(question->error,
			      "\"%.*s\" is no host name: write ADDRESS:PORT or NAME:PORT",
			      QUOTE_MAX, host);
	default:
		return look_up(question, port);
	}
}

/**
 * find_port() - where in a question the port starts
 * Return: behind the last colon that stands outside brackets; NULL if there is none
 */
static const char *find_port(enum side side, const char *text)
{
	const char *colon = strrchr(text, ':');
	const char *bracket = strrchr(text, ']');

	if (colon && (!bracket || colon > bracket))
		return colon + 1;
	return side == SIDE_LISTEN && strspn(text, "0123456789") == strlen(text) ? text : NULL;
}

bool question_read(const struct ruleset *rs, enum side side, const char *text,
		   struct question *question)
{
	const char *port = find_port(side, text);
	int64_t number;

	*question = (struct question){.side = side, .text = text};
	if (!port)
		return refuse(question->error, "no port: write ADDRESS:PORT or NAME:PORT");
	if (!number_parse(port, &number) || number > UINT16_MAX)
		return refuse(question->error,
			      "\"%.*s\" is no TCP port: write a number up to 65535", QUOTE_MAX,
			      port);
	question->host = memory_string(text, port > text ? (size_t)(port - text) - 1 : 0);
	if (*question->host != '[' && strchr(question->host, ':'))
		return refuse(question->error,
			      "put the IPv6 address into brackets: [ADDRESS]:PORT");
	return read_host(rs, question, (uint16_t)number);
}

void question_free(struct question *question)
{
	free(question->host);
	question->host = NULL;
	list_free(&question->endpoints);
}
