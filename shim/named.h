/* SPDX-License-Identifier: MIT */
/*
 * named.h - addresses that stand for host names, as programs meet them
 *
 * Theory of operation
 *
 * Which name has which address is the broker's word (broker/names.h): who resolves a name asks
 * it for one, and who connects finds the name again in its memory. Nothing is kept in the
 * process, so that any process of the tree may resolve, and any other connect. A stand-in leads
 * nowhere by itself: what no rule takes from there is refused, and so is all that is not TCP.
 *
 * All functions are async-signal-safe and leave errno alone.
 */
#ifndef VSOCKIFY_NAMED_H
#define VSOCKIFY_NAMED_H

#include <sys/socket.h>

#include "../config/host.h"
#include "../config/stand_in.h"

/*
 * named_ip() - the address that stands for a name
 * @name: in normal form, one that the rules take
 * @v6: of which family
 * Return: 0; or a negated errno: nobody can say
 */
int named_ip(const struct ruleset *rs, const char *name, bool v6, uint8_t ip[16]);

/* named_text() - the name that an address stands for; false if for none that is known */
bool named_text(const struct ruleset *rs, const uint8_t ip[16], char name[HOST_MAX + 1]);

/*
 * named_decide() - what becomes of a connect() to @to, by its name if it stands for one
 * @name: filled in; empty if it is an address like any other, or stands for nothing
 */
struct decision named_decide(const struct ruleset *rs, const struct endpoint *to,
			     char name[HOST_MAX + 1]);

/* named_refuses() - is this what a socket that is not TCP's must not be sent to? */
bool named_refuses(const struct ruleset *rs, int fd, const struct sockaddr *addr,
		   socklen_t len);

#endif
