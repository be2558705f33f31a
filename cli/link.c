/* SPDX-License-Identifier: MIT */
/*
 * link.c - vsockify --attach: lead the sockets of VMs that have come later to servers that
 * listen
 *
 * Theory of operation
 *
 * A server for the guests of several VMMs has one socket, and makes the others' paths links to
 * it when it binds (shim/seat.h). Where the directory of a VM was not there then, this makes
 * the link: for each rule that serves several, or has a place of its own (`at`), and for each
 * port that a socket lies at. It is the very function that the server would have called.
 */
#include <dirent.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sysexits.h>

#include "../config/address.h"
#include "../shim/transport/file.h"
#include "cli.h"
#include "error.h"
#include "show.h"

/* What is to be done. */
struct attaching {
	const struct ruleset *rs;
	const struct rule *rule;
	const char *only; /* the name of a peer, or NULL: all */
	unsigned int links;
	int status;
};

/**
 * path_of() - the path at which calls to a port arrive
 * @name: filled in with PATH_PORT
 * Return: its length as bind(2) has it
 */
static socklen_t path_of(struct sockaddr_un *name, const char *path, uint32_t port)
{
	*name = (struct sockaddr_un){.sun_family = AF_UNIX};
	/* no path is longer than SOCKET_PATH_MAX, so that the port fits */
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
			   (size_t)snprintf(name->sun_path, sizeof(name->sun_path), "%s_%u",
					    path, port));
}

/**
 * seat_of() - the path at which a guest's calls to a port arrive
 * Return: as path_of(); 0 if its peer has none for this port
 */
static socklen_t seat_of(const struct ruleset *rs, const struct peer *peer, uint32_t port,
			 struct sockaddr_un *name)
{
	const struct port_socket *own = ruleset_port(rs, peer, port);

	if (peer->port_count == 0)
		return path_of(name, ruleset_string(rs, peer->socket), port);
	if (!own)
		return 0;
	*name = (struct sockaddr_un){.sun_family = AF_UNIX};
	(void)snprintf(name->sun_path, sizeof(name->sun_path), "%s",
		       ruleset_string(rs, own->path));
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name->sun_path));
}

/**
 * is_meant() - is this peer to be attached?
 */
static bool is_meant(const struct attaching *a, const struct peer *peer)
{
	return !a->only || strcasecmp(ruleset_string(a->rs, peer->name), a->only) == 0;
}

/**
 * attach_guest() - let the path of a guest lead to a server's socket
 *
 * That the VM is not there yet is an error only if it was asked for by name.
 */
static void attach_guest(struct attaching *a, const struct peer *peer, uint32_t port,
			 const char *server)
{
	struct sockaddr_un name;
	socklen_t length = seat_of(a->rs, peer, port, &name);
	int result;

	if (length == 0 || !is_meant(a, peer))
		return;
	result = file_link(server, &name, length);
	if (result == 0) {
		(void)printf("%s leads to %s\n", name.sun_path, server);
		a->links++;
		return;
	}
	if (result == -ENOENT && !a->only) {
		(void)printf("%s: there is no such directory yet\n", name.sun_path);
		return;
	}
	cli_error("cannot let %s lead to %s: %s%s", name.sun_path, server, strerror(-result),
		  result == -EADDRINUSE
			  ? ": another server listens there, or it is no socket of this user's"
			  : "");
	a->status = EX_CANTCREAT;
}

/**
 * attach_port() - let the paths of a rule's guests lead to the server at a port
 */
static void attach_port(struct attaching *a, const char *server, uint32_t port)
{
	const uint32_t *guests = ruleset_guests(a->rs, a->rule);

	for (uint32_t i = a->rule->at ? 0 : 1; i < a->rule->guest_count; i++)
		attach_guest(a, ruleset_peers(a->rs) + guests[i], port, server);
}

/**
 * port_of_name() - the port in the name of a server's socket
 * @base: the name without "_" and the port
 * Return: it; 0 if it is another file
 */
static uint32_t port_of_name(const char *name, const char *base)
{
	size_t length = strlen(base);
	unsigned long long port;
	char *end;

	if (strncmp(name, base, length) != 0 || name[length] != '_' || name[length + 1] < '1' ||
	    name[length + 1] > '9')
		return 0;
	port = strtoull(name + length + 1, &end, 10);
	return *end == '\0' && port < UINT32_MAX ? (uint32_t)port : 0;
}

/**
 * attach_beside() - do so for each port of the rule at which a socket lies
 * @path: that of the servers' sockets, without the ports
 */
static void attach_beside(struct attaching *a, const char *path)
{
	const char *base = strrchr(path, '/') + 1;
	char *directory = memory_string(path, (size_t)(base - path));
	DIR *stream = opendir(directory);
	const struct dirent *entry;
	struct sockaddr_un server;

	while (stream && (entry = readdir(stream))) {
		uint32_t port = port_of_name(entry->d_name, base);

		if (port == 0 || !rule_leads_to(a->rule, port))
			continue;
		(void)path_of(&server, path, port);
		attach_port(a, server.sun_path, port);
	}
	if (stream)
		(void)closedir(stream);
	free(directory);
}

/**
 * attach_rule() - do so for a rule
 */
static void attach_rule(struct attaching *a)
{
	const struct peer *first = ruleset_peers(a->rs) + a->rule->peer;
	const struct port_socket *ports = ruleset_ports(a->rs) + first->port_first;

	if (a->rule->guest_count == 0 || (a->rule->guest_count == 1 && !a->rule->at))
		return;
	if (a->rule->at || first->port_count == 0) {
		attach_beside(a,
			      ruleset_string(a->rs, a->rule->at ? a->rule->at : first->socket));
		return;
	}
	for (uint32_t i = 0; i < first->port_count; i++) {
		if (rule_leads_to(a->rule, ports[i].port))
			attach_port(a, ruleset_string(a->rs, ports[i].path), ports[i].port);
	}
}

int attach(const struct ruleset *rs, const char *peer)
{
	struct attaching a = {.rs = rs, .only = peer, .status = EX_OK};

	for (uint32_t i = 0; i < rs->listen_count; i++) {
		a.rule = &ruleset_listen(rs)[i];
		attach_rule(&a);
	}
	if (a.links == 0 && a.status == EX_OK && peer) {
		cli_error(
			"nothing to attach for \"%s\": no server listens for it, or no listen "
			"rule with \"peers\" or \"at\" names it",
			peer);
		a.status = EX_UNAVAILABLE;
	}
	if (fflush(stdout) != 0)
		a.status = EX_IOERR;
	return a.status;
}
