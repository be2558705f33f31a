/* SPDX-License-Identifier: MIT */
/*
 * known.h - names and addresses that are not libc's to resolve
 *
 * Theory of operation
 *
 * Two kinds of names have addresses that no name server knows: *.vsock, which stand for
 * machines (config/address.h), and those that the rules take (config/host.h), for each of which
 * the broker has an address that stands for it. Whoever asks for either is answered here, and
 * no query leaves the machine. What /etc/hosts has stays libc's, which needs to ask nobody.
 * The machine's own name, where a rule (for all names) takes it and that file has it not, is
 * loopback's.
 *
 * Async-signal-safe.
 */
#ifndef VSOCKIFY_KNOWN_H
#define VSOCKIFY_KNOWN_H

#include "../config/host.h"

enum known {
	KNOWN_NOT,     /* it is libc's */
	KNOWN,         /* here is the answer */
	KNOWN_NOTHING, /* there is no such name, or address */
	KNOWN_LATER,   /* nobody can say at the moment */
};

struct known_host {
	char name[HOST_MAX + 1]; /* its canonical name */
	bool has[2];             /* IPv4, IPv6: is there an address? */
	uint8_t ip[2][16];
};

/*
 * known_name() - what stands for a name?
 * @name: may be NULL
 * @family: what is asked for: AF_UNSPEC, AF_INET or AF_INET6
 * @host: filled in for KNOWN
 *
 * A name that the rules take has one address: of IPv6 where that alone is asked for, else of
 * IPv4. With both, programs that try one after the other would dial twice.
 */
enum known known_name(const char *name, int family, struct known_host *host);

/* known_asked() - the same of a name that a name server is asked for, of any family: who asks
 * one has looked into /etc/hosts, if he does */
enum known known_asked(const char *name, struct known_host *host);

/* known_service() - does a name, or what it is a service of ("_http._tcp.NAME"), have an answer
 * here? Then no other record is asked for. */
bool known_service(const char *name);

/* known_address() - what is the name of an address? @name: filled in for KNOWN */
enum known known_address(const uint8_t ip[16], char name[HOST_MAX + 1]);

#endif
