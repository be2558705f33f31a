/* SPDX-License-Identifier: MIT */
/*
 * guest.h - which guest has called at a socket that serves several?
 *
 * Theory of operation
 *
 * A guest's call arrives without a name: its VMM connects to the listener's socket. But the
 * kernel says which process that was, and who connects to the VMM's own socket is told which
 * process listens there: the same one. So, for a process that was not seen before, a connection
 * to the socket of each peer of the rule is begun and closed again, which a VMM takes for a
 * client that has thought better of it; and what came of it is remembered by the process's
 * number and start.
 *
 * It cannot be told who called where one process serves several of the peers, where the socket
 * was made by another process than the one that calls, where the VMM is in a process namespace
 * that this one does not see, and of peers with a socket for each port, whose guests a
 * connection would reach.
 *
 * Async-signal-safe, errno untouched.
 */
#ifndef VSOCKIFY_GUEST_H
#define VSOCKIFY_GUEST_H

#include <stdbool.h>

#include "../config/ruleset.h"

/* guest_matters() - may any listener have to know? Asked at every accept(), and looked up once.
 */
bool guest_matters(const struct ruleset *rs);

/*
 * guest_who() - whose guest is it?
 * @rule: of the listener
 * @accepted: the connection
 * Return: index of the peer; NO_PEER if that cannot be told. Where the rule serves one guest
 * and has no accept_from, it is that one, and nobody is asked.
 */
uint32_t guest_who(const struct ruleset *rs, const struct rule *rule, int accepted);

#endif
