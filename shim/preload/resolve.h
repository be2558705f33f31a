/* SPDX-License-Identifier: MIT */
/*
 * resolve.h - host names: *.vsock, and machines that have only a loopback interface
 *
 * Each is as the libc function it stands for. None is async-signal-safe, as none of those is.
 */
#ifndef VSOCKIFY_RESOLVE_H
#define VSOCKIFY_RESOLVE_H

#include <netdb.h>
#include <sys/socket.h>

int resolve_addrinfo(const char *node, const char *service, const struct addrinfo *hints,
		     struct addrinfo **result);
int resolve_nameinfo(const struct sockaddr *addr, socklen_t len, char *host, socklen_t host_len,
		     char *service, socklen_t service_len, int flags);

struct hostent *resolve_host(const char *name, int family);
struct hostent *resolve_host2(const char *name, int family);
int resolve_host_r(const char *name, struct hostent *entry, char *buffer, size_t size,
		   struct hostent **result, int *error);
int resolve_host2_r(const char *name, int family, struct hostent *entry, char *buffer,
		    size_t size, struct hostent **result, int *error);
struct hostent *resolve_addr(const void *addr, socklen_t len, int family);
int resolve_addr_r(const void *addr, socklen_t len, int family, struct hostent *entry,
		   char *buffer, size_t size, struct hostent **result, int *error);

#endif
