/* SPDX-License-Identifier: MIT */
/*
 * translate.h - the IP addresses that a converted socket shows
 *
 * All functions are async-signal-safe and leave errno alone.
 */
#ifndef VSOCKIFY_TRANSLATE_H
#define VSOCKIFY_TRANSLATE_H

#include "../config/ruleset.h"
#include "mark.h"
#include "transport/address.h"

/* decide_marked() - what the rules say of binding to the address that a listener's mark has, or
 * that of a socket it accepted */
struct decision decide_marked(const struct ruleset *rs, const struct mark *m);

/* rule_marked() - the rule that has made a listener of this mark; NULL if there is none: a
 * process that inherited it may have other rules */
const struct rule *rule_marked(const struct ruleset *rs, const struct mark *m);

/*
 * guest_endpoint() - what a call of a peer's guest is shown as, with the port that is in @ep:
 * its first address of the listener's family; to one that serves both, as over TCP, of IPv4 if
 * it has no other Return: false if it has none
 */
bool guest_endpoint(const struct ruleset *rs, const struct mark *m, uint32_t peer,
		    struct endpoint *ep);

/*
 * endpoint_of_caller() - the vsock address of whoever has connected, as IP address and port
 *
 * Of the family of its listener; where that serves both, as IPv4 in an IPv6 address, if the
 * client's port says so (port.h), or if the client has configured addresses of IPv4 alone.
 */
void endpoint_of_caller(const struct ruleset *rs, const struct mark *m,
			const struct vm_address *name, struct endpoint *ep);

/*
 * shows_v6() - are its addresses IPv6 ones?
 *
 * Not if it is AF_INET, nor if the program bound an AF_INET6 socket to an IPv4-mapped address.
 */
bool shows_v6(const struct mark *m);

/* local_endpoint() - what getsockname() says; @name is the kernel's answer, @m needs its names
 */
void local_endpoint(const struct ruleset *rs, int fd, const struct mark *m,
		    const struct vm_address *name, struct endpoint *ep);

/* peer_endpoint() - what getpeername() says; @name is the kernel's answer, or NULL if it has
 * forgotten the peer since shutdown() */
void peer_endpoint(const struct ruleset *rs, const struct mark *m,
		   const struct vm_address *name, struct endpoint *ep);

#endif
