/* SPDX-License-Identifier: MIT */
/*
 * endpoint.c - IP addresses and ports as programs and the kernel hand them over
 */
#include "endpoint.h"

#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>

#include "../../config/address.h"

/* An IPv6 address may lack its scope: RFC 2133, and Linux's SIN6_LEN_RFC2133. */
static const socklen_t shortest_v6 = offsetof(struct sockaddr_in6, sin6_scope_id);

bool endpoint_parse(const struct sockaddr *addr, socklen_t len, struct endpoint *ep)
{
	if (len < sizeof(sa_family_t) || len > sizeof(struct sockaddr_storage))
		return false;
	if (addr->sa_family == AF_INET && len >= sizeof(struct sockaddr_in)) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)addr;

		ip_from_v4(ep->ip, &in->sin_addr);
		ep->port = ntohs(in->sin_port);
		return true;
	}
	if (addr->sa_family == AF_INET6 && len >= shortest_v6) {
		const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)addr;

		memcpy(ep->ip, &in6->sin6_addr, 16);
		ep->port = ntohs(in6->sin6_port);
		return true;
	}
	return false;
}

int endpoint_refused(bool v6, const struct sockaddr *addr, socklen_t len)
{
	if (len < (v6 ? shortest_v6 : sizeof(struct sockaddr_in)))
		return -EINVAL;
	return addr->sa_family == (v6 ? AF_INET6 : AF_INET) ? 0 : -EAFNOSUPPORT;
}

void endpoint_store(const struct endpoint *ep, bool v6, struct sockaddr *addr, socklen_t *len)
{
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(ep->port)};
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(ep->port)};
	socklen_t full = v6 ? sizeof in6 : sizeof in;

	memcpy(&in6.sin6_addr, ep->ip, 16);
	memcpy(&in.sin_addr, ep->ip + 12, 4);
	memcpy(addr, v6 ? (const void *)&in6 : (const void *)&in, *len < full ? *len : full);
	*len = full;
}
