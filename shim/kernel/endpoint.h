/* SPDX-License-Identifier: MIT */
/*
 * endpoint.h - IP addresses and ports as programs and the kernel hand them over
 *
 * Async-signal-safe; no system call, but where memory.h makes one.
 */
#ifndef VSOCKIFY_ENDPOINT_H
#define VSOCKIFY_ENDPOINT_H

#include <stdbool.h>
#include <sys/socket.h>

#include "../../config/ruleset.h"
#include "memory.h"

/* endpoint_given() - can an address that the program hands over be looked at? If not, the
 * kernel will not like it either. */
static inline bool endpoint_given(const struct sockaddr *addr, socklen_t len)
{
	return len <= sizeof(struct sockaddr_storage) && memory_readable(addr, len);
}

/* endpoint_parse() - read an AF_INET or AF_INET6 address that can be looked at; false if it is
 * neither, or short */
bool endpoint_parse(const struct sockaddr *addr, socklen_t len, struct endpoint *ep);

/*
 * endpoint_refused() - TCP's dislike of an address that a socket cannot take
 * @v6: the socket is an IPv6 one
 * Return: 0; -EINVAL if the address is too short, -EAFNOSUPPORT if it is of another family
 *         (tcp_v4_connect(), tcp_v6_connect(), inet_bind(), inet6_bind())
 */
int endpoint_refused(bool v6, const struct sockaddr *addr, socklen_t len);

/*
 * endpoint_store() - give an address to the program as getsockname(2) does
 * @v6: as sockaddr_in6, an IPv4 address mapped
 * @addr, @len: the program's; cut to *@len, which then says how long it would have been
 */
void endpoint_store(const struct endpoint *ep, bool v6, struct sockaddr *addr, socklen_t *len);

#endif
