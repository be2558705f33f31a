/* SPDX-License-Identifier: MIT */
/*
 * proxied.h - servers whose callers say first whose connection it is (accept_proxy)
 *
 * Theory of operation
 *
 * Behind a proxy each connection begins with a header that names the client (the PROXY
 * protocol). It may come late, or byte by byte, and accept() must neither wait for it nor be
 * told of a connection before it is there; and nothing puts a connection back into a queue. So
 * listen() gives the VM socket to the broker, which lets in whom accept_from names and reads
 * the headers (cli/broker/serve.h), and puts a Unix socket in its place, with its mark: the
 * private listener, which is ready when a whole connection is. accept() takes a message from
 * there and out of that the connection itself, a VM socket, and writes onto it who its client
 * is (mark.h), where getpeername() finds it in whatever process.
 *
 * Without a broker listen() fails with EACCES: who listens without reading headers takes the
 * proxy for the client, and a header for the client's first word. A listener by such a rule
 * that is still a VM socket, having come from elsewhere, lets nobody in.
 *
 * All functions are async-signal-safe and leave errno alone.
 */
#ifndef VSOCKIFY_SHIM_PROXIED_H
#define VSOCKIFY_SHIM_PROXIED_H

#include "../config/ruleset.h"
#include "mark.h"
#include "transport/address.h"

/*
 * proxied_is_meant() - is this a bound socket of ours whose rule has accept_proxy, and which is
 * no private listener?
 * Return: 1, 0, or a negated errno
 */
int proxied_is_meant(const struct ruleset *rs, int fd);

/* proxied_listen() - listen() of one; 0, or a negated errno; -ENGINE_LATER */
int proxied_listen(const struct ruleset *rs, int fd);

/* proxied_release() - its port is taken: if that is by a server that has ended, it is free
 * afterwards. 0; -ENGINE_LATER */
int proxied_release(void);

/*
 * proxied_take() - what was accepted is a message at a private listener: take the connection
 * @accepted: gets it in its place
 * @flags: of accept4(2)
 * @client: filled in, if @known: who its client is
 * Return: 0; -EPROTO: somebody else has called there; or another negated errno, -ENGINE_LATER
 */
int proxied_take(int accepted, int flags, struct endpoint *client, bool *known);

/*
 * proxied_show() - what a program is shown as a client, by a socket of the family that @m has:
 * one of IPv6 at a server that knows none is 240.0.0.1, which is nobody's
 */
void proxied_show(const struct mark *m, struct endpoint *client);

#endif
