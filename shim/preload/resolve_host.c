/* SPDX-License-Identifier: MIT */
/*
 * resolve_host.c - gethostbyname() and gethostbyaddr(), in all their forms
 *
 * What is known here is put together here: one name, one address.
 */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "../../config/ip.h"
#include "../known.h"
#include "real.h"
#include "resolve.h"

#ifndef NETDB_INTERNAL /* "see errno" */
#define NETDB_INTERNAL (-1)
#endif

/* What a struct hostent points to. */
struct host_answer {
	char *aliases[1];
	char *addresses[2];
	uint8_t address[16];
	char name[HOST_MAX + 1];
};

static void fill_hostent(struct hostent *entry, struct host_answer *answer, int family,
			 const char *name, const void *addr)
{
	int len = family == AF_INET6 ? 16 : 4;

	answer->aliases[0] = NULL;
	answer->addresses[0] = (char *)answer->address;
	answer->addresses[1] = NULL;
	memcpy(answer->address, addr, (size_t)len);
	memcpy(answer->name, name, strlen(name) + 1);
	*entry = (struct hostent){.h_name = answer->name,
				  .h_aliases = answer->aliases,
				  .h_addrtype = family,
				  .h_length = len,
				  .h_addr_list = answer->addresses};
}

/* The same in the program's own memory: 0, or ERANGE. */
static int fill_buffer(struct hostent *entry, char *buffer, size_t size, int family,
		       const char *name, const void *addr, struct hostent **result, int *error)
{
	size_t skip = -(uintptr_t)buffer % _Alignof(struct host_answer);

	*result = NULL;
	if (size < skip + sizeof(struct host_answer)) {
		*error = NETDB_INTERNAL;
		return ERANGE;
	}
	fill_hostent(entry, (struct host_answer *)(buffer + skip), family, name, addr);
	*result = entry;
	return 0;
}

/* In memory of ours, as libc's own is. */
static struct hostent *fill_static(int family, const char *name, const void *addr)
{
	static struct hostent entry;
	static struct host_answer answer;

	fill_hostent(&entry, &answer, family, name, addr);
	return &entry;
}

/* ---- names ---- */

/* Why there is no answer. */
static int error_of(enum known known)
{
	return known == KNOWN_LATER ? TRY_AGAIN : HOST_NOT_FOUND;
}

static struct hostent *no_answer(enum known known)
{
	h_errno = error_of(known);
	return NULL;
}

static int no_answer_r(enum known known, struct hostent **result, int *error)
{
	*result = NULL;
	*error = error_of(known);
	return 0;
}

/* The address as a struct hostent has it. */
static const void *bytes_of(const struct known_host *host, int family)
{
	return family == AF_INET6 ? host->ip[1] : host->ip[0] + 12;
}

/* Any other family is libc's to refuse. */
static enum known look_up(const char *name, int family, struct known_host *host)
{
	return family == AF_INET || family == AF_INET6 ? known_name(name, family, host)
						       : KNOWN_NOT;
}

struct hostent *resolve_host(const char *name)
{
	struct known_host host;
	enum known known = look_up(name, AF_INET, &host);

	if (known == KNOWN_NOT)
		return REAL(gethostbyname)(name);
	return known == KNOWN ? fill_static(AF_INET, host.name, bytes_of(&host, AF_INET))
			      : no_answer(known);
}

struct hostent *resolve_host2(const char *name, int family)
{
	struct known_host host;
	enum known known = look_up(name, family, &host);

	if (known == KNOWN_NOT)
		return REAL(gethostbyname2)(name, family);
	return known == KNOWN ? fill_static(family, host.name, bytes_of(&host, family))
			      : no_answer(known);
}

int resolve_host_r(const char *name, struct hostent *entry, char *buffer, size_t size,
		   struct hostent **result, int *error)
{
	struct known_host host;
	enum known known = look_up(name, AF_INET, &host);

	if (known == KNOWN_NOT)
		return REAL(gethostbyname_r)(name, entry, buffer, size, result, error);
	if (known != KNOWN)
		return no_answer_r(known, result, error);
	return fill_buffer(entry, buffer, size, AF_INET, host.name, bytes_of(&host, AF_INET),
			   result, error);
}

int resolve_host2_r(const char *name, int family, struct hostent *entry, char *buffer,
		    size_t size, struct hostent **result, int *error)
{
	struct known_host host;
	enum known known = look_up(name, family, &host);

	if (known == KNOWN_NOT)
		return REAL(gethostbyname2_r)(name, family, entry, buffer, size, result, error);
	if (known != KNOWN)
		return no_answer_r(known, result, error);
	return fill_buffer(entry, buffer, size, family, host.name, bytes_of(&host, family),
			   result, error);
}

/* ---- addresses ---- */

static enum known look_up_address(const void *addr, socklen_t len, int family,
				  char name[HOST_MAX + 1])
{
	uint8_t ip[16];

	if (family == AF_INET && len == 4)
		ip_from_v4(ip, addr);
	else if (family == AF_INET6 && len == 16)
		memcpy(ip, addr, 16);
	else
		return KNOWN_NOT;
	return known_address(ip, name);
}

struct hostent *resolve_addr(const void *addr, socklen_t len, int family)
{
	char name[HOST_MAX + 1];
	enum known known = look_up_address(addr, len, family, name);

	if (known == KNOWN_NOT)
		return REAL(gethostbyaddr)(addr, len, family);
	return known == KNOWN ? fill_static(family, name, addr) : no_answer(known);
}

int resolve_addr_r(const void *addr, socklen_t len, int family, struct hostent *entry,
		   char *buffer, size_t size, struct hostent **result, int *error)
{
	char name[HOST_MAX + 1];
	enum known known = look_up_address(addr, len, family, name);

	if (known == KNOWN_NOT)
		return REAL(gethostbyaddr_r)(addr, len, family, entry, buffer, size, result,
					     error);
	if (known != KNOWN)
		return no_answer_r(known, result, error);
	return fill_buffer(entry, buffer, size, family, name, addr, result, error);
}
