/* SPDX-License-Identifier: MIT */
/*
 * resolve.c - host names: *.vsock, and machines that have only a loopback interface
 *
 * Theory of operation
 *
 * A *.vsock name is turned into the text of an address, and libc is asked for that: so what
 * comes back is libc's own, to be freed by libc, with ports and flags as ever. (In musl it is
 * IPv4 alone, where both were asked for and there is one.) Reverse look-ups
 * of addresses that stand for a CID are answered here, without a DNS query.
 *
 * AI_ADDRCONFIG ("only families that this machine has") makes libc refuse, without asking
 * anybody, one family that no address but loopback's belongs to (127.0.0.1, ::1): names and
 * even numeric addresses. Such a family may still be reached over VM sockets, so libc is asked
 * again without the flag, but never so that a name server hears of it twice, or hears of what
 * libc would have kept from it: names only in a machine that has loopback alone, where libc
 * itself drops the flag for AF_UNSPEC; elsewhere numeric addresses, which cost no question.
 */
#include "resolve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../config/address.h"
#include "../kernel/endpoint.h"
#include "real.h"
#include "state.h"

#ifndef NETDB_INTERNAL /* "see errno" */
#define NETDB_INTERNAL (-1)
#endif

#define NAME_MAX_LENGTH 64 /* name_of_machine() */

/* ---- names ---- */

/* Is this a name of ours? *@machine is nobody if it ends in .vsock, but means nothing. */
static bool is_vsock_name(const struct ruleset *rs, const char *name, struct machine *machine)
{
	return rs->names && name && machine_of_name(rs, name, machine);
}

/* The text of the address to connect to for a machine; false if it has none in this family. */
static bool address_text(const struct ruleset *rs, struct machine machine, bool v6, char *text)
{
	uint8_t ip[16];

	if (!ip_to_reach(rs, machine, v6, ip))
		return false;
	ip_format(ip, text);
	return true;
}

/* ---- getaddrinfo() ---- */

/* A family that libc knows, and so do we; any other is libc's to refuse. */
static bool is_ip_family(const struct addrinfo *hints)
{
	return !hints || hints->ai_family == AF_UNSPEC || hints->ai_family == AF_INET ||
	       hints->ai_family == AF_INET6;
}

/* The results for one family of a *.vsock name, put at the end of *@list. */
static int add_family(const struct ruleset *rs, struct machine machine, bool v6,
		      const char *service, const struct addrinfo *hints, struct addrinfo **list)
{
	struct addrinfo numeric = *hints;
	bool first = !*list;
	char text[IP_TEXT_MAX];

	if (!address_text(rs, machine, v6, text))
		return EAI_NONAME;
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
static int resolve_vsock_name(const struct ruleset *rs, struct machine machine,
			      const char *node, const char *service,
			      const struct addrinfo *hints, struct addrinfo **result)
{
	struct addrinfo none = {.ai_family = AF_UNSPEC}, second, *list = NULL;
	int v4 = EAI_NONAME, v6 = EAI_NONAME;

	if (!hints)
		hints = &none;
	if (hints->ai_family != AF_INET6)
		v4 = add_family(rs, machine, false, service, hints, &list);
	second = *hints;
	if (list) /* only the first entry of a list has the name */
		second.ai_flags &= ~AI_CANONNAME;
	if (hints->ai_family != AF_INET && (!list || lists_are_loose()))
		v6 = add_family(rs, machine, true, service, &second, &list);
	if (!list)
		return hints->ai_family == AF_INET6 ? v6 : v4;
	if (list->ai_canonname)
		name_canonically(list, node);
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

int resolve_addrinfo(const char *node, const char *service, const struct addrinfo *hints,
		     struct addrinfo **result)
{
	const struct ruleset *rs = rules();
	struct machine machine;
	int error;

	if (is_vsock_name(rs, node, &machine) && is_ip_family(hints) &&
	    !(hints && hints->ai_flags & AI_NUMERICHOST))
		return resolve_vsock_name(rs, machine, node, service, hints, result);
	error = REAL(getaddrinfo)(node, service, hints, result);
	if (!failed_for_family(error) || !hints || !(hints->ai_flags & AI_ADDRCONFIG))
		return error;
	return ask_without_addrconfig(node, service, hints, result, error);
}

/* ---- addresses back to names ---- */

/* The machine that an address stands for, if it is one that has a name of ours. */
static bool machine_of_ip(const struct ruleset *rs, const uint8_t ip[16],
			  struct machine *machine)
{
	if (!rs->names)
		return false;
	if (machine_of_peer_address(rs, ip, machine) && ruleset_peers(rs)[machine->peer].name)
		return true;
	*machine = machine_of_cid(CID_UNKNOWN);
	return cid_of_synthetic(ip, &machine->cid) && machine_exists(*machine);
}

int resolve_nameinfo(const struct sockaddr *addr, socklen_t len, char *host, socklen_t host_len,
		     char *service, socklen_t service_len, int flags)
{
	const struct ruleset *rs = rules();
	char name[NAME_MAX_LENGTH];
	struct endpoint ep;
	struct machine machine;

	if (flags & NI_NUMERICHOST || !host || !host_len || !endpoint_parse(addr, len, &ep) ||
	    !machine_of_ip(rs, ep.ip, &machine))
		return REAL(getnameinfo)(addr, len, host, host_len, service, service_len,
					 flags);
	name_of_machine(rs, machine, name, sizeof name);
	if (strlen(name) >= host_len)
		return EAI_OVERFLOW;
	memcpy(host, name, strlen(name) + 1);
	if (!service || !service_len)
		return 0;
	return REAL(getnameinfo)(addr, len, NULL, 0, service, service_len,
				 flags & ~NI_NAMEREQD);
}

/* ---- the older calls ---- */

/*
 * substitute() - the name to ask libc for
 * @text: room for the text of an address
 * Return: @name itself, or @text in place of a *.vsock name; NULL if that means nothing
 */
static const char *substitute(const char *name, int family, char *text)
{
	const struct ruleset *rs = rules();
	struct machine machine;

	if (!is_vsock_name(rs, name, &machine))
		return name;
	return address_text(rs, machine, family == AF_INET6, text) ? text : NULL;
}

static int not_found(struct hostent **result, int *error)
{
	*result = NULL;
	*error = HOST_NOT_FOUND;
	return 0;
}

static struct hostent *null_not_found(void)
{
	h_errno = HOST_NOT_FOUND;
	return NULL;
}

struct hostent *resolve_host(const char *name, int family)
{
	char text[IP_TEXT_MAX];
	const char *ask = substitute(name, family, text);

	return ask ? REAL(gethostbyname)(ask) : null_not_found();
}

struct hostent *resolve_host2(const char *name, int family)
{
	char text[IP_TEXT_MAX];
	const char *ask = substitute(name, family, text);

	return ask ? REAL(gethostbyname2)(ask, family) : null_not_found();
}

int resolve_host_r(const char *name, struct hostent *entry, char *buffer, size_t size,
		   struct hostent **result, int *error)
{
	char text[IP_TEXT_MAX];
	const char *ask = substitute(name, AF_INET, text);

	if (!ask)
		return not_found(result, error);
	return REAL(gethostbyname_r)(ask, entry, buffer, size, result, error);
}

int resolve_host2_r(const char *name, int family, struct hostent *entry, char *buffer,
		    size_t size, struct hostent **result, int *error)
{
	char text[IP_TEXT_MAX];
	const char *ask = substitute(name, family, text);

	if (!ask)
		return not_found(result, error);
	return REAL(gethostbyname2_r)(ask, family, entry, buffer, size, result, error);
}

/* What a struct hostent points to, for one name and one address. */
struct host_answer {
	char *aliases[1];
	char *addresses[2];
	uint8_t address[16];
	char name[NAME_MAX_LENGTH];
};

static void fill_hostent(struct hostent *entry, struct host_answer *answer, int family,
			 const void *addr, socklen_t len)
{
	answer->aliases[0] = NULL;
	answer->addresses[0] = (char *)answer->address;
	answer->addresses[1] = NULL;
	memcpy(answer->address, addr, len);
	*entry = (struct hostent){.h_name = answer->name,
				  .h_aliases = answer->aliases,
				  .h_addrtype = family,
				  .h_length = (int)len,
				  .h_addr_list = answer->addresses};
}

/* Is this the address of a machine with a name of ours? */
static bool parse_addr(const void *addr, socklen_t len, int family, struct machine *machine)
{
	uint8_t ip[16];

	if (family == AF_INET && len == 4)
		ip_from_v4(ip, addr);
	else if (family == AF_INET6 && len == 16)
		memcpy(ip, addr, 16);
	else
		return false;
	return machine_of_ip(rules(), ip, machine);
}

struct hostent *resolve_addr(const void *addr, socklen_t len, int family)
{
	static struct hostent entry; /* static, as libc's is */
	static struct host_answer answer;
	struct machine machine;

	if (!parse_addr(addr, len, family, &machine))
		return REAL(gethostbyaddr)(addr, len, family);
	name_of_machine(rules(), machine, answer.name, sizeof answer.name);
	fill_hostent(&entry, &answer, family, addr, len);
	return &entry;
}

int resolve_addr_r(const void *addr, socklen_t len, int family, struct hostent *entry,
		   char *buffer, size_t size, struct hostent **result, int *error)
{
	size_t skip = -(uintptr_t)buffer % _Alignof(struct host_answer);
	struct host_answer *answer = (struct host_answer *)(buffer + skip);
	struct machine machine;

	if (!parse_addr(addr, len, family, &machine))
		return REAL(gethostbyaddr_r)(addr, len, family, entry, buffer, size, result,
					     error);
	*result = NULL;
	if (size < skip + sizeof *answer) {
		*error = NETDB_INTERNAL;
		return ERANGE;
	}
	name_of_machine(rules(), machine, answer->name, sizeof answer->name);
	fill_hostent(entry, answer, family, addr, len);
	*result = entry;
	return 0;
}
