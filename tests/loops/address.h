/* SPDX-License-Identifier: MIT */
/*
 * address.h - what the clients and servers in plain C share: an address from two arguments
 */
#ifndef TESTS_LOOPS_ADDRESS_H
#define TESTS_LOOPS_ADDRESS_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

/* die() - say which call failed, and end */
static inline void die(const char *what)
{
	perror(what);
	exit(1);
}

/* address() - the socket address of an IPv4 address and a port in digits; ends if it is none */
static inline struct sockaddr_in address(const char *ip, const char *port)
{
	struct sockaddr_in in = {.sin_family = AF_INET,
				 .sin_port = htons((uint16_t)strtoul(port, NULL, 10))};

	if (inet_pton(AF_INET, ip, &in.sin_addr) != 1)
		die(ip);
	return in;
}

#endif
