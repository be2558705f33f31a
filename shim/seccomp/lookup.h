/* SPDX-License-Identifier: MIT */
/*
 * lookup.h - programs that ask a name server
 *
 * Theory of operation
 *
 * Go's resolver, and glibc's in static programs, connect a UDP socket to port 53 of each name
 * server that they ask. Where names mean something to the rules, such a connect() is done, as
 * the rules have it, and then the socket under the program's descriptor is exchanged for a
 * Unix socket, at whose other end the responder answers (responder.h). So no
 * name that the rules take leaves the machine; it needs no name server, no /etc/resolv.conf, no
 * network that is up; and nobody else can put in a word.
 *
 * A resolver that looks whose address an answer has, takes none from there (resolver.h). Where
 * no rule takes names, and *.vsock alone would be answered, it is left to its name server.
 *
 * By TCP a name server is asked for what UDP has not carried, and where /etc/resolv.conf says
 * so: such a connect() goes where the rules say. Only where they take all names it comes to the
 * responder as well, and goes no further.
 *
 * The kernel's socket is the record here as well: the new one has an abstract name that says
 * what getsockname() and getpeername() are to answer.
 */
#ifndef VSOCKIFY_SECCOMP_LOOKUP_H
#define VSOCKIFY_SECCOMP_LOOKUP_H

#include "call.h"

/* lookup_is() - is this connect(), whose address was read, one to a name server that is to be
 * led to the responder? */
bool lookup_is(const struct call *call);

/* lookup_lead() - lead it there; what the call comes to */
int lookup_lead(struct call *call);

/*
 * lookup_holds_back() - is this a sendto() of a query that is not to leave?
 *
 * A resolver that connects no socket, as musl's, takes an answer from the server's address
 * alone, which nobody else can have. What it asks of names that rules take goes nowhere, as if
 * it were lost on its way: so they are not found, and not found by IP either.
 */
bool lookup_holds_back(struct call *call);

/*
 * lookup_name() - the address that a socket which was led there shows
 * @peer: the name server's; else the program's own, as its own socket has it
 * Return: false if @fd is none
 */
bool lookup_name(int fd, bool peer, struct sockaddr_storage *address, socklen_t *len);

static inline bool lookup_was_led(int fd)
{
	struct sockaddr_storage address;
	socklen_t len = sizeof address;

	return lookup_name(fd, true, &address, &len);
}

/* lookup_end() - no more calls will come */
void lookup_end(void);

#endif
