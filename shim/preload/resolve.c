/* SPDX-License-Identifier: MIT */
/*
 * resolve.c - getaddrinfo() and getnameinfo(), and machines that have only a loopback interface
 *
 * Theory of operation
 *
 * A name that is answered here (known.h) is turned into the text of an address, and libc is
 * asked for that: so what comes back is libc's own, to be freed by libc, with ports and flags
 * as ever. (In musl it is IPv4 alone, where both were asked for and there is one.)
 *
 * AI_ADDRCONFIG ("only families that this machine has") makes libc refuse, without asking
 * anybody, one family that no address but loopback's belongs to (127.0.0.1, ::1): names and
 * even numeric addresses. Such a family may still be reached over VM sockets, so libc is asked
 * again without the flag, but never so that a name server hears of it twice, or hears of what
 * libc would have kept from it: names only in a machine that has loopback alone, where libc
 * itself drops the flag for AF_UNSPEC; elsewhere numeric addresses, which cost no question.
 */
#include "resolve.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "../../config/address.h"
#include "../kernel/endpoint.h"
#include "../known.h"
#include "real.h"
#include "state.h"

/* ---- getaddrinfo() ---- */

/* A family that libc knows, and so do we; any other is libc's to refuse. */
static bool is_ip_family(const struct addrinfo *hints)
{
	return !hints || hints->ai_family == AF_UNSPEC || hints->ai_family == AF_INET ||
	       hints->ai_family == AF_INET6;
}

/* The results for one family, put at the end of *@list. */
static int add_family(const struct known_host *host, bool v6, const char *service,
		      const struct addrinfo *hints, struct addrinfo **list)
{
	struct addrinfo numeric = *hints;
	bool first = !*list;
	char text[IP_TEXT_MAX];

	if (!host->has[v6])
		return EAI_NONAME;
	ip_format(host->ip[v6], text);
	while (*list)
		list = &(*list)->ai_next;
	numeric.ai_family = v6 ? AF_INET6 : AF_INET;
	numeric.ai_flags = (numeric.ai_flags & ~AI_ADDRCONFIG) | AI_NUMERICHOST;
	if (!first) /* only the first result has a canonical name */
		numeric.ai_flags &= ~AI_CANONNAME;
	return REAL(getaddrinfo)(text, service, &numeric, list);
}

/*
 * Is each entry of a list, and its name, a piece of memory by itself, as glibc has it? In musl
 * they lie in one, which freeaddrinfo() counts: no two lists can be put together there.
 */
static bool lists_are_loose(void)
{
	return real_find_any("gnu_get_libc_version");
}

/* Where the name lies within the list, a longer one has no room. */
static void name_canonically(struct addrinfo *first, const char *name)
{
	char *own = lists_are_loose() ? strdup(name) : NULL;

	if (own) {
		free(first->ai_canonname);
		first->ai_canonname = own;
	} else if (strlen(name) <= strlen(first->ai_canonname)) {
		memcpy(first->ai_canonname, name, strlen(name) + 1);
	}
}

/* IPv4 comes first: a machine may be without IPv6. */
static int resolve_known(const struct known_host *host, const char *service,
			 const struct addrinfo *hints, struct addrinfo **result)
{
	struct addrinfo second = *hints, *list = NULL;
	int v4 = EAI_NONAME, v6 = EAI_NONAME;

	v4 = add_family(host, false, service, hints, &list);
	if (list) /* only the first entry of a list has the name */
		second.ai_flags &= ~AI_CANONNAME;
	if (!list || lists_are_loose())
		v6 = add_family(host, true, service, &second, &list);
	if (!list)
		return host->has[0] ? v4 : v6;
	if (list->ai_canonname)
		name_canonically(list, host->name);
	*result = list;
	return 0;
}

static bool failed_for_family(int error)
{
	return error == EAI_NONAME || error == EAI_NODATA || error == EAI_ADDRFAMILY;
}

/* Is this a family that AI_ADDRCONFIG makes libc refuse here? Numbers cost no question. */
static bool lacks_family(int family)
{
	struct addrinfo numeric = {.ai_family = family,
				   .ai_flags = AI_NUMERICHOST | AI_ADDRCONFIG},
			*list;

	if (REAL(getaddrinfo)(family == AF_INET6 ? "::1" : "127.0.0.1", NULL, &numeric, &list))
		return true;
	freeaddrinfo(list);
	return false;
}

/*
 * ask_without_addrconfig() - once more, after libc has failed
 * @error: what it said; stays the answer if nothing better is found
 */
static int ask_without_addrconfig(const char *node, const char *service,
				  const struct addrinfo *hints, struct addrinfo **result,
				  int error)
{
	struct addrinfo relaxed = *hints;
	bool asked = hints->ai_family == AF_UNSPEC || !lacks_family(AF_INET) ||
		     !lacks_family(AF_INET6);

	relaxed.ai_flags &= ~AI_ADDRCONFIG;
	if (!asked)
		return REAL(getaddrinfo)(node, service, &relaxed, result);
	relaxed.ai_flags |= AI_NUMERICHOST;
	return REAL(getaddrinfo)(node, service, &relaxed, result) ? error : 0;
}

/* libc's answer */
static int resolve_unknown(const char *node, const char *service, const struct addrinfo *hints,
			   struct addrinfo **result)
{
	int error = REAL(getaddrinfo)(node, service, hints, result);

	if (!failed_for_family(error) || !hints || !(hints->ai_flags & AI_ADDRCONFIG))
		return error;
	return ask_without_addrconfig(node, service, hints, result, error);
}

int resolve_addrinfo(const char *node, const char *service, const struct addrinfo *hints,
		     struct addrinfo **result)
{
	static const struct addrinfo none = {.ai_family = AF_UNSPEC};
	struct known_host host;

	if (!is_ip_family(hints) || (hints && hints->ai_flags & AI_NUMERICHOST))
		return resolve_unknown(node, service, hints, result);
	switch (known_name(node, hints ? hints->ai_family : AF_UNSPEC, &host)) {
	case KNOWN:
		return resolve_known(&host, service, hints ? hints : &none, result);
	case KNOWN_NOTHING:
		return EAI_NONAME;
	case KNOWN_LATER:
		return EAI_AGAIN;
	default:
		return resolve_unknown(node, service, hints, result);
	}
}

/* ---- getnameinfo() ---- */

/* The name, and what libc says of the port. */
static int put_name(const char *name, const struct sockaddr *addr, socklen_t len, char *host,
		    socklen_t host_len, char *service, socklen_t service_len, int flags)
{
	if (strlen(name) >= host_len)
		return EAI_OVERFLOW;
	memcpy(host, name, strlen(name) + 1);
	if (!service || !service_len)
		return 0;
	return REAL(getnameinfo)(addr, len, NULL, 0, service, service_len,
				 flags & ~NI_NAMEREQD);
}

int resolve_nameinfo(const struct sockaddr *addr, socklen_t len, char *host, socklen_t host_len,
		     char *service, socklen_t service_len, int flags)
{
	enum known known = KNOWN_NOT;
	char name[HOST_MAX + 1];
	struct endpoint ep;

	rules();
	if (!(flags & NI_NUMERICHOST) && host && host_len && endpoint_parse(addr, len, &ep))
		known = known_address(ep.ip, name);
	if (known == KNOWN)
		return put_name(name, addr, len, host, host_len, service, service_len, flags);
	if (known == KNOWN_NOTHING && flags & NI_NAMEREQD)
		return EAI_NONAME;
	if (known == KNOWN_NOTHING) /* nor does any name server know it */
		flags |= NI_NUMERICHOST;
	return REAL(getnameinfo)(addr, len, host, host_len, service, service_len, flags);
}
