/* SPDX-License-Identifier: MIT */
/*
 * ask.h - what the shim asks of the broker
 *
 * Theory of operation
 *
 * docs/broker.md says what the two have to do with each other, broker/message.h in which words.
 * Here is who speaks first: the shim, always, and it waits 250 ms for an answer at most; 5 s
 * for that to a name, as resolvers do.
 *
 * The first time, it says HELLO and gets the memory that the broker writes: outcomes and names.
 * What answers must know the secret of the environment; the kernel says whose it is, and later
 * connections must lead to the same user: when a broker has died, anybody may take its name.
 * Nothing else is remembered.
 *
 * All functions are async-signal-safe, no cancellation points, and leave errno alone.
 */
#ifndef VSOCKIFY_SHIM_ASK_H
#define VSOCKIFY_SHIM_ASK_H

#include "broker/names.h"
#include "mark.h"
#include "transport/transport.h"

/* ask_welcome() - say HELLO now, for an engine that can wait now and not later; 0, or a negated
 * errno */
int ask_welcome(void);

/*
 * ask_connect() - ask the broker for a connection, and make of @fd the pending one
 * @fd: a fresh non-blocking Unix socket
 * @m: whom the program asked for, and what it bound to
 * Return: 0; a negated errno if the broker cannot be reached, or if it could not make @fd look
 * as if it were connecting
 */
int ask_connect(int fd, const struct mark *m);

/* ask_failed() - what it usually means that one of these fails with @error, a positive errno,
 * for log_failure(); "" if there is nothing to say */
const char *ask_failed(int error);

/* ask_outcome() - what the pending connection @fd failed with: a positive errno, and @why
 * (route/dialogue.h); 0: nobody knows */
int ask_outcome(int fd, uint8_t *why);

/*
 * ask_handover() - ask for the socket of a connection that was made
 * @fd: the pending one
 * @pair: set to a descriptor, for ask_commit()
 * Return: the socket, non-blocking and close-on-exec; or a negated errno, and the broker goes
 * on carrying what is said; -ENGINE_LATER
 */
int ask_handover(int fd, int *pair);

/* ask_commit() - the end of that: the program @takes it, or not */
void ask_commit(int pair, bool takes);

/* ask_names() - the table of host names (broker/names.h); NULL if the broker cannot be reached
 */
const struct names *ask_names(void);

/*
 * ask_name() - let the broker give a name a place in that table
 * @name: in normal form, one that the rules take
 * Return: 0; or a negated errno: it cannot be reached, or there is no room
 */
int ask_name(const char *name);

/* ask_hold() - a VMM has not answered on this socket: the broker closes it when it has. 0, or a
 * negated errno. */
int ask_hold(int muxer);

/*
 * ask_listen() - give a server's VM socket to the broker (proxied.h)
 * @vm: it, bound
 * @m: its mark
 * @key: of the private listener
 * Return: 0, and the broker answers by calling there; or a negated errno
 */
int ask_listen(int vm, const struct mark *m, const uint8_t key[TRANSPORT_KEY_SIZE]);

/* ask_listening() - does the broker listen for this private listener now? 0, or a negated
 * errno: it has not called within 5 s; -ENGINE_LATER */
int ask_listening(int listener);

/* ask_release() - let go of servers that have ended; 0, whatever comes of it; -ENGINE_LATER */
int ask_release(void);

/*
 * ask_arrival() - take what the broker has sent to a private listener
 * @fd: the accepted socket
 * @client: filled in if it is @known
 * Return: the connection; -EPROTO: it was not the broker; or another negated errno;
 * -ENGINE_LATER
 */
int ask_arrival(int fd, struct endpoint *client, bool *known);

#endif
