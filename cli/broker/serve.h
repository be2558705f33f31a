/* SPDX-License-Identifier: MIT */
/*
 * serve.h - servers whose callers say first whose connection it is
 *
 * Theory of operation
 *
 * A program that listens by a rule with accept_proxy has a private listener, and the socket
 * where its clients call is here (shim/proxied.h). Whoever calls and is not in the rule's
 * accept_from is closed unread. Of the others the header (preface.h) is awaited, for ten
 * seconds, and taken, to the byte; then the connection is sent to the program's listener, where
 * accept() finds it. Nobody waits for another, and the program is not told of one that is not
 * complete.
 *
 * A server has ended when nobody has its name any more, which is looked at every second, and
 * when somebody asks: there is no event for it. What its program does not take stays here until
 * it does, for a minute.
 */
#ifndef VSOCKIFY_BROKER_SERVE_H
#define VSOCKIFY_BROKER_SERVE_H

#include "../../shim/broker/message.h"
#include "work.h"

/* serve_recall() - go on with those of a worker that has died; false if that cannot be */
bool serve_recall(struct worker *w);

/*
 * serve_begin() - a program listens
 * @listener: the socket where its clients will call, from now on ours
 * @uid: whose program it is
 *
 * The answer is a call where it listens, ahead of all clients; none if that cannot be.
 */
void serve_begin(struct worker *w, const struct broker_listen *asked, int listener, uid_t uid);

/* serve_sweep() - let go of servers that have ended */
void serve_sweep(struct worker *w);

/* serve_watch() - ask for those who call, or no longer; false if that cannot be */
bool serve_watch(const struct worker *w, int operation);

/*
 * serve_accept() - take one who calls
 * Return: 0; -EAGAIN: nobody; -ENOENT: that is no listener of a server; or another negated
 * errno: there is no room for more
 */
int serve_accept(struct worker *w, int listener);

/* serve_event(), serve_time() - something has come; it has not */
void serve_event(struct worker *w, struct connection *c, uint32_t events);
void serve_time(struct worker *w, struct connection *c);

#endif
