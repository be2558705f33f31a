/* SPDX-License-Identifier: MIT */
/*
 * via.h - the proxy of a rule, as it is written: socks5://user@host.vsock:1080
 *
 * Theory of operation
 *
 * A connect rule with a proxy leads to that, like any other rule to a peer: its CID or socket
 * and its port are the proxy's, whatever port the program asks for. What the proxy is told then
 * is the route's business (shim/route/). The proxy itself is reached by no rule, so there is no
 * chain of proxies.
 */
#ifndef VSOCKIFY_VIA_H
#define VSOCKIFY_VIA_H

#include "builder.h"

/*
 * via_parse() - read SCHEME://[USER@]PEER:PORT into a rule
 * @draft: after pattern_parse(); its `to`, `via` and `rule` are set. What `to.name` and
 *	`via.user` hold is to be freed, after an error too.
 * Return: false after an error, with a reason
 *
 * PEER is the name of a peer or a CID, each with or without ".vsock".
 */
bool via_parse(const char *text, struct rule_draft *draft, char reason[REASON_MAX]);

/*
 * via_check() - does what stands beside the URL fit to it?
 * @draft: after via_parse()
 */
bool via_check(const struct rule_draft *draft, char reason[REASON_MAX]);

#endif
