/* SPDX-License-Identifier: MIT */
/*
 * hosts.c - vsockify --hosts: names of machines, for /etc/hosts
 *
 * A program that resolves names by itself (Go, static ones) reads that file before it asks any
 * name server, and no name server knows these names.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "../config/address.h"
#include "cli.h"
#include "error.h"

/**
 * print_machine() - print the lines of a machine
 * Return: false if there is no address that leads to it, which was reported
 */
static bool print_machine(const struct ruleset *rs, const char *name, struct machine machine)
{
	char text[IP_TEXT_MAX];
	uint8_t ip[16];
	bool any = false;

	for (int v6 = 0; v6 < 2; v6++) {
		if (!machine_exists(machine) || !ip_to_reach(rs, machine, v6, ip))
			continue;
		ip_format(ip, text);
		(void)printf("%s\t%s\n", text, name);
		any = true;
	}
	if (!any)
		cli_error("no address stands for %s: it takes a peer's name, host.vsock, or a "
			  "CID as in 3.vsock",
			  name);
	return any;
}

/**
 * print_peers() - print those of all peers that have a name
 */
static bool print_peers(const struct ruleset *rs)
{
	char name[64];
	bool all = true;

	for (uint32_t i = 0; i < rs->peer_count; i++) {
		struct machine machine = machine_of_peer(rs, i);

		if (*ruleset_string(rs, ruleset_peers(rs)[i].name) == '\0')
			continue;
		name_of_machine(rs, machine, name, sizeof(name));
		all = print_machine(rs, name, machine) && all;
	}
	return all;
}

int hosts_print(const struct ruleset *rs, char *const *names)
{
	bool all = *names || print_peers(rs);

	for (; *names; names++) {
		struct machine machine = machine_of_cid(CID_UNKNOWN);

		(void)machine_of_name(rs, *names, &machine);
		all = print_machine(rs, *names, machine) && all;
	}
	if (fflush(stdout) == 0 && !ferror(stdout))
		return all ? EX_OK : EX_USAGE;
	cli_error("cannot write to standard output: %s", strerror(errno));
	return EX_IOERR;
}
