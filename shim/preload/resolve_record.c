/* SPDX-License-Identifier: MIT */
/*
 * resolve_record.c - res_query() and its kin: other records than addresses
 *
 * Theory of operation
 *
 * Of a name that is answered here (known.h) there are no other records: HOST_NOT_FOUND, and
 * nobody is asked. Programs go on without them (apt asks for a service's SRV, mail programs for
 * MX). glibc has each function under two names: programs linked before 2.34, and old ones'
 * headers, have the one with "__", which no program is linked with any more.
 */
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <string.h>

#include "../known.h"
#include "real.h"
#include "resolve.h"

typedef int query(const char *name, int class, int type, unsigned char *answer, int size);
typedef int query_in(const char *name, const char *domain, int class, int type,
		     unsigned char *answer, int size);
typedef int nquery(void *state, const char *name, int class, int type, unsigned char *answer,
		   int size);
typedef int nquery_in(void *state, const char *name, const char *domain, int class, int type,
		      unsigned char *answer, int size);

/* libc's function of either name */
#define REAL_OF_TWO(type, name) ((type *)real_find_of_two(name, "__" name))

static int nothing(void)
{
	h_errno = HOST_NOT_FOUND;
	return -1;
}

static int nothing_in(void *state)
{
	((struct __res_state *)state)->res_h_errno = HOST_NOT_FOUND;
	return nothing();
}

/* "NAME.DOMAIN", as res_querydomain() puts it together; @domain may be NULL. */
static bool joined_is_known(const char *name, const char *domain)
{
	char joined[2 * HOST_MAX];
	size_t length = strlen(name);

	if (!domain || length + 1 + strlen(domain) >= sizeof joined)
		return known_service(name);
	memcpy(joined, name, length + 1);
	joined[length] = '.';
	memcpy(joined + length + 1, domain, strlen(domain) + 1);
	return known_service(joined);
}

int resolve_query(const char *name, int class, int type, unsigned char *answer, int size)
{
	return known_service(name)
		       ? nothing()
		       : REAL_OF_TWO(query, "res_query")(name, class, type, answer, size);
}

int resolve_search(const char *name, int class, int type, unsigned char *answer, int size)
{
	return known_service(name)
		       ? nothing()
		       : REAL_OF_TWO(query, "res_search")(name, class, type, answer, size);
}

int resolve_querydomain(const char *name, const char *domain, int class, int type,
			unsigned char *answer, int size)
{
	return joined_is_known(name, domain) ? nothing()
					     : REAL_OF_TWO(query_in, "res_querydomain")(
						       name, domain, class, type, answer, size);
}

int resolve_nquery(void *state, const char *name, int class, int type, unsigned char *answer,
		   int size)
{
	return known_service(name) ? nothing_in(state)
				   : REAL_OF_TWO(nquery, "res_nquery")(state, name, class, type,
								       answer, size);
}

int resolve_nsearch(void *state, const char *name, int class, int type, unsigned char *answer,
		    int size)
{
	return known_service(name) ? nothing_in(state)
				   : REAL_OF_TWO(nquery, "res_nsearch")(state, name, class,
									type, answer, size);
}

int resolve_nquerydomain(void *state, const char *name, const char *domain, int class, int type,
			 unsigned char *answer, int size)
{
	return joined_is_known(name, domain)
		       ? nothing_in(state)
		       : REAL_OF_TWO(nquery_in, "res_nquerydomain")(state, name, domain, class,
								    type, answer, size);
}
