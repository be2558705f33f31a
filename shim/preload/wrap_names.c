/* SPDX-License-Identifier: MIT */
/*
 * wrap_names.c - the functions that a program calls here instead of in libc: host names
 *
 * As wrap.c. What they do is in resolve.c: names that rules take are never looked up.
 */
#include <netdb.h>
#include <sys/socket.h>

#include "export.h"
#include "resolve.h"
#include "trace.h"

/* ---- host names ---- */

EXPORT int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
		       struct addrinfo **result)
{
	return TRACED_LOOKUP(resolve_addrinfo(node, service, hints, result), node,
			     outcome ? gai_strerror(outcome) : NULL);
}

EXPORT int getnameinfo(const struct sockaddr *addr, socklen_t len, char *host,
		       socklen_t host_len, char *service, socklen_t service_len, int flags)
{
	return TRACED_LOOKUP(
		resolve_nameinfo(addr, len, host, host_len, service, service_len, flags), NULL,
		outcome ? gai_strerror(outcome) : NULL);
}

EXPORT struct hostent *gethostbyname(const char *name)
{
	return TRACED_LOOKUP(resolve_host(name), name, outcome ? NULL : "not found");
}

EXPORT struct hostent *gethostbyname2(const char *name, int family)
{
	return TRACED_LOOKUP(resolve_host2(name, family), name, outcome ? NULL : "not found");
}

EXPORT int gethostbyname_r(const char *name, struct hostent *entry, char *buffer, size_t size,
			   struct hostent **result, int *error)
{
	return TRACED_LOOKUP(resolve_host_r(name, entry, buffer, size, result, error), name,
			     *result ? NULL : "not found");
}

EXPORT int gethostbyname2_r(const char *name, int family, struct hostent *entry, char *buffer,
			    size_t size, struct hostent **result, int *error)
{
	return TRACED_LOOKUP(resolve_host2_r(name, family, entry, buffer, size, result, error),
			     name, *result ? NULL : "not found");
}

EXPORT struct hostent *gethostbyaddr(const void *addr, socklen_t len, int family)
{
	return TRACED_LOOKUP(resolve_addr(addr, len, family), NULL,
			     outcome ? NULL : "not found");
}

EXPORT int gethostbyaddr_r(const void *addr, socklen_t len, int family, struct hostent *entry,
			   char *buffer, size_t size, struct hostent **result, int *error)
{
	return TRACED_LOOKUP(
		resolve_addr_r(addr, len, family, entry, buffer, size, result, error), NULL,
		*result ? NULL : "not found");
}

EXPORT int getaddrinfo_a(int mode, struct gaicb *list[], int count, struct sigevent *event)
{
	return TRACED(resolve_addrinfo_later(mode, list, count, event), mode, count);
}

/* ---- other records of names ---- */

#define TRACED_RECORD(result, name) TRACED_LOOKUP(result, name, outcome < 0 ? "none" : NULL)

EXPORT int res_query(const char *name, int class, int type, unsigned char *answer, int size)
{
	return TRACED_RECORD(resolve_query(name, class, type, answer, size), name);
}

EXPORT int res_search(const char *name, int class, int type, unsigned char *answer, int size)
{
	return TRACED_RECORD(resolve_search(name, class, type, answer, size), name);
}

EXPORT int res_querydomain(const char *name, const char *domain, int class, int type,
			   unsigned char *answer, int size)
{
	return TRACED_RECORD(resolve_querydomain(name, domain, class, type, answer, size),
			     name);
}

EXPORT int res_nquery(void *state, const char *name, int class, int type, unsigned char *answer,
		      int size)
{
	return TRACED_RECORD(resolve_nquery(state, name, class, type, answer, size), name);
}

EXPORT int res_nsearch(void *state, const char *name, int class, int type,
		       unsigned char *answer, int size)
{
	return TRACED_RECORD(resolve_nsearch(state, name, class, type, answer, size), name);
}

EXPORT int res_nquerydomain(void *state, const char *name, const char *domain, int class,
			    int type, unsigned char *answer, int size)
{
	return TRACED_RECORD(
		resolve_nquerydomain(state, name, domain, class, type, answer, size), name);
}

/* The names that they have in headers of glibc before 2.34 */
#define SAME_AS(function) __attribute__((alias(#function)))

EXPORT int __res_query(const char *, int, int, unsigned char *, int) SAME_AS(res_query);
EXPORT int __res_search(const char *, int, int, unsigned char *, int) SAME_AS(res_search);
EXPORT int __res_querydomain(const char *, const char *, int, int, unsigned char *, int)
	SAME_AS(res_querydomain);
EXPORT int __res_nquery(void *, const char *, int, int, unsigned char *, int)
	SAME_AS(res_nquery);
EXPORT int __res_nsearch(void *, const char *, int, int, unsigned char *, int)
	SAME_AS(res_nsearch);
EXPORT int __res_nquerydomain(void *, const char *, const char *, int, int, unsigned char *,
			      int) SAME_AS(res_nquerydomain);
