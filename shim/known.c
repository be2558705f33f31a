/* SPDX-License-Identifier: MIT */
/*
 * known.c - names and addresses that are not libc's to resolve
 */
#include "known.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "../config/address.h"
#include "../config/stand_in.h"
#include "engine.h"
#include "kernel/hosts.h"
#include "log/log.h"
#include "named.h"

/* ---- names ---- */

/* A name with ".vsock", as it was written. */
static enum known machine_named(const struct ruleset *rs, struct machine machine,
				const char *name, int family, struct known_host *host)
{
	bool wanted[2] = {family != AF_INET6, family != AF_INET};

	strncpy(host->name, name, HOST_MAX);
	host->name[HOST_MAX] = '\0';
	for (int v6 = 0; v6 < 2; v6++)
		host->has[v6] = wanted[v6] && ip_to_reach(rs, machine, v6, host->ip[v6]);
	return host->has[0] || host->has[1] ? KNOWN : KNOWN_NOTHING;
}

static void say(const char *name, const char *what)
{
	log_loading(LOG_DECISIONS, "look-up", name, what);
}

/* The machine's own name. libc would ask for it, or know it, as this machine is set up. */
static enum known own_name(int family, struct known_host *host)
{
	for (int v6 = 0; v6 < 2; v6++) {
		host->has[v6] = family != (v6 ? AF_INET : AF_INET6);
		ip_of_loopback(v6, host->ip[v6]);
	}
	say(host->name, "it is this machine's own name");
	return KNOWN;
}

/* A name that the rules take, in normal form in @host. */
static enum known stand_in_for(const struct ruleset *rs, int family, struct known_host *host)
{
	bool v6 = family == AF_INET6;
	int result;

	if (hosts_is_own(host->name))
		return own_name(family, host);
	result = named_ip(rs, host->name, v6, host->ip[v6]);
	if (result < 0) {
		say(host->name, result == -ENOSPC
					? "the broker has no room for one more name"
					: "there is no broker to give it an address (vsockify "
					  "starts one)");
		return KNOWN_LATER;
	}
	host->has[v6] = true;
	host->has[!v6] = false;
	say(host->name, "a rule takes it: an address stands for it, and nobody is asked");
	return KNOWN;
}

/* Does /etc/hosts have a name that the rules take? Then it is libc's. */
static bool is_in_hosts(const char *name)
{
	bool known = hosts_know(name);

	if (known)
		say(name, "this machine knows it by itself (/etc/hosts), so that no rule "
			  "for the name applies");
	return known;
}

/* @asked: of a name server */
static enum known look_up(const char *name, int family, bool asked, struct known_host *host)
{
	const struct ruleset *rs = rules();
	struct machine machine;

	if (rs->names && machine_of_name(rs, name, &machine))
		return machine_named(rs, machine, name, family, host);
	switch (host_taking(rs, name, host->name)) {
	case NAME_TAKEN:
		return !asked && is_in_hosts(host->name) ? KNOWN_NOT
							 : stand_in_for(rs, family, host);
	case NAME_BAD:
		return KNOWN_NOTHING;
	default:
		return KNOWN_NOT;
	}
}

enum known known_name(const char *name, int family, struct known_host *host)
{
	return name ? look_up(name, family, false, host) : KNOWN_NOT;
}

enum known known_asked(const char *name, struct known_host *host)
{
	return look_up(name, AF_UNSPEC, true, host);
}

bool known_service(const char *name)
{
	const struct ruleset *rs = rules();
	char normal[HOST_MAX + 1];
	struct machine machine;

	if (rs->names && machine_of_name(rs, name, &machine))
		return true;
	for (const char *dot; *name == '_' && (dot = strchr(name, '.')); name = dot + 1) {
		if (host_taking(rs, name, normal) != NAME_FREE)
			return true;
	}
	return host_taking(rs, name, normal) != NAME_FREE;
}

/* ---- addresses ---- */

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

enum known known_address(const uint8_t ip[16], char name[HOST_MAX + 1])
{
	const struct ruleset *rs = rules();
	struct machine machine;

	if (stand_in_is(rs, ip))
		return named_text(rs, ip, name) ? KNOWN : KNOWN_NOTHING;
	if (!machine_of_ip(rs, ip, &machine))
		return KNOWN_NOT;
	name_of_machine(rs, machine, name, HOST_MAX + 1);
	return KNOWN;
}
