/* SPDX-License-Identifier: MIT */
/*
 * port.h - which local port does a client get?
 */
#ifndef VSOCKIFY_SHIM_PORT_H
#define VSOCKIFY_SHIM_PORT_H

#include <stdbool.h>
#include <stdint.h>

#include "transport/address.h"

/* port_is_local() - is this one of those that TCP gives to clients (ip_local_port_range)? */
bool port_is_local(uint16_t port);

/*
 * port_of_ipv4() - was a client with this port connected by IPv4?
 *
 * Nothing else on the wire tells a server that has both families. So where a port is chosen
 * here for a client, it is even for IPv4 and odd for IPv6. The kernel's own choice for native
 * clients has 32 bits, and is hardly ever in this range.
 *
 * Return: 1; 0: by IPv6; -1: the port was not chosen here, as far as can be told
 */
int port_of_ipv4(uint32_t port);

/*
 * bind_client_port() - give an unbound VM socket a 16-bit port, as TCP's connect() would
 *
 * Taken from net.ipv4.ip_local_port_range, so that both ends of the connection show the same
 * number. Where a few dozen tries find only ports that are taken, the kernel picks a 32-bit
 * port, which is shown folded. Async-signal-safe.
 *
 * @muxed: it is a Unix socket
 * @v4: it is connected by IPv4
 * Return: the port, 0 for the kernel's choice, or -errno of bind()
 */
int bind_client_port(int fd, bool muxed, bool v4);

/*
 * bind_free_port() - the same for a bind() to port 0, after which it may listen: harder to
 * discourage, since its clients want the number that it shows
 * @to: the CID to bind to, or CID_ANY; or the path. Its port says nothing.
 * @v4: it is bound to an address of IPv4, by which it will be connected if it is a client. If
 * none is free that says so, it has one that does not.
 */
int bind_free_port(int fd, struct vm_address to, bool v4);

#endif
