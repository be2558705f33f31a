/* SPDX-License-Identifier: MIT */
/*
 * doctor.c - vsockify --doctor: what stands in the way here, and what to do about it
 *
 * Theory of operation
 *
 * One line for each thing that was looked at: "ok", "warning" (something may fail, or is not
 * as it seems) or "problem" (it cannot work as it is). Lines of the latter two end with what to
 * do, and the last line says what to do next. The questions of the kernel are in here.c, what
 * its answers about AF_VSOCK mean in vsock_here.c, those of the program in engine_here.c, those
 * of peers' sockets in vmm.c, those of the broker in broker_here.c, and whether the rules' CIDs
 * make sense on this machine in plausible.c.
 *
 * The configuration is read first, though its turn comes later: a machine that reaches all its
 * peers by sockets needs no AF_VSOCK, so that its absence is no problem then.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "../config/address.h"
#include "../config/load.h"
#include "broker_here.h"
#include "cli.h"
#include "engine_here.h"
#include "error.h"
#include "findings.h"
#include "here.h"
#include "plausible.h"
#include "proxy_here.h"
#include "show.h"
#include "vmm.h"
#include "vsock_here.h"

/* What is said of a machine without a transport, or with a wrong one. */
#define LOAD_A_TRANSPORT                                                                      \
	"in a guest, give it a vsock device (QEMU: -device vhost-vsock-pci,guest-cid=3); on " \
	"a host, modprobe vhost_vsock; for this machine with itself, modprobe vsock_loopback"

/* ---- the kernel ---- */

/**
 * look_at_transports() - can anybody be reached at all?
 * Return: the transports
 */
static unsigned int look_at_transports(struct findings *findings)
{
	unsigned int loaded = here_transports();
	struct list text = {0};

	for (unsigned int one = 1; one <= TRANSPORT_LOOPBACK; one *= 2) {
		if (loaded & one)
			text_add(&text, "%s%s", text.count > 0 ? ", " : "",
				 here_transport_name((enum transport)one));
	}
	if (loaded)
		find(findings, LEVEL_OK, "transports-loaded", "transports", "%.*s",
		     (int)text.count, (const char *)text.items);
	else
		find(findings, findings->without_vsock, "transports-none", "transports",
		     "none is loaded, so that nobody can be reached: " LOAD_A_TRANSPORT);
	list_free(&text);
	return loaded;
}

/**
 * look_at_namespace() - does this network namespace have VM sockets of its own?
 */
static void look_at_namespace(struct findings *findings)
{
	char mode[16];

	here_namespace(mode, sizeof(mode));
	if (strcmp(mode, "local") == 0)
		find(findings, LEVEL_WARNING, "namespace-local", "network namespace",
		     "it has VM sockets of its own (net.vsock.ns_mode = local), so that it "
		     "reaches itself by CID 1, and guests whose VMM was started in it, and "
		     "nobody else: have it made by a namespace whose net.vsock.child_ns_mode "
		     "is global, or share the machine's network (Docker: --network host)");
	else if (*mode != '\0')
		find(findings, LEVEL_OK, "namespace-global", "network namespace",
		     "it shares its VM sockets with others (net.vsock.ns_mode = %s)", mode);
}

/**
 * look_at_device() - can this machine's CID be asked for?
 */
static void look_at_device(struct findings *findings)
{
	struct stat status;

	if (stat(VSOCK_DEVICE, &status) == 0 && access(VSOCK_DEVICE, R_OK) == 0)
		find(findings, LEVEL_OK, "device-readable", VSOCK_DEVICE,
		     "it can be read (mode %04o)", status.st_mode & 07777);
	else if (errno == EACCES)
		find(findings, LEVEL_WARNING, "device-unreadable", VSOCK_DEVICE,
		     "it cannot be read (%s), so that this machine's own CID stays unknown; "
		     "connections work: chmod 666 " VSOCK_DEVICE,
		     strerror(errno));
	else
		find(findings, LEVEL_WARNING, "device-missing", VSOCK_DEVICE,
		     "it is missing (%s), so that this machine's own CID stays unknown; "
		     "connections work if there is a transport: modprobe vsock; in a "
		     "container, pass the device on (Docker: --device " VSOCK_DEVICE ")",
		     strerror(errno));
}

/**
 * look_at_cid() - say what this machine's CID is
 * @cid: it, or CID_UNKNOWN
 */
static void look_at_cid(struct findings *findings, uint32_t cid)
{
	if (cid == CID_HOST)
		find(findings, LEVEL_OK, "cid-host", "local CID", "2, that of a host");
	else if (cid == CID_LOCAL)
		find(findings, LEVEL_OK, "cid-loopback", "local CID",
		     "1: only this machine itself");
	else if (cid != CID_UNKNOWN)
		find(findings, LEVEL_OK, "cid-guest", "local CID", "%u, that of a guest", cid);
	else if (access(VSOCK_DEVICE, R_OK) == 0)
		find(findings, LEVEL_OK, "cid-none", "local CID",
		     "none: no transport to a host or to guests is loaded");
}

/* ---- the configuration ---- */

/* A message of whoever read the configuration. */
struct message {
	enum level level;
	char *text;
};

/**
 * keep_message() - a report_fn
 * @context: a list of struct message
 */
static void keep_message(void *context, enum severity severity, const char *message)
{
	struct message *kept = list_add(context, sizeof(*kept));

	kept->level = severity == SEVERITY_ERROR ? LEVEL_PROBLEM : LEVEL_WARNING;
	kept->text = memory_string(message, strlen(message));
}

/**
 * drop_message() - a report_fn
 */
static void drop_message(void *context, enum severity severity, const char *message)
{
	(void)context;
	(void)severity;
	(void)message;
}

/**
 * look_at_config() - is the configuration sound?
 * @rs: its rules; NULL if it is not
 * @messages: what its reader said; freed
 */
static void look_at_config(struct findings *findings, const char *config,
			   const struct ruleset *rs, struct list *messages)
{
	const struct message *message = messages->items;

	for (size_t i = 0; i < messages->count; i++) {
		find(findings, message[i].level, "configuration-said", "configuration", "%s",
		     message[i].text);
		free(message[i].text);
	}
	list_free(messages);
	if (rs)
		find(findings, LEVEL_OK, "configuration-read", "configuration",
		     "%s: peers %u, connect rules %u, listen rules %u",
		     config ? config : "no file", rs->peer_count, rs->connect_count,
		     rs->listen_count);
}

/**
 * is_led_by_vsock() - does a rule lead over AF_VSOCK?
 */
static bool is_led_by_vsock(const struct ruleset *rs, const struct rule *rule)
{
	return rule->action == ACTION_VSOCK && machine_of_rule(rs, rule).socket == 0;
}

/**
 * needs_vsock() - would anything be missed without AF_VSOCK?
 *
 * Without any peer and rule it is there for the sake of names such as 3.vsock.
 */
static bool needs_vsock(const struct ruleset *rs)
{
	bool needed = rs->peer_count == 0;

	for (uint32_t i = 0; i < rs->peer_count && !needed; i++)
		needed = ruleset_peers(rs)[i].socket == 0;
	for (uint32_t i = 0; i < rs->connect_count && !needed; i++)
		needed = is_led_by_vsock(rs, &ruleset_connect(rs)[i]);
	for (uint32_t i = 0; i < rs->listen_count && !needed; i++)
		needed = is_led_by_vsock(rs, &ruleset_listen(rs)[i]);
	return needed;
}

/* ---- peers' sockets ---- */

/**
 * find_socket() - print what was found about a peer's socket
 */
static void find_socket(struct findings *findings, const struct ruleset *rs, uint32_t index,
			enum level level, struct list *found)
{
	const struct peer *peer = ruleset_peers(rs) + index;
	struct list text = {0};

	text_add_machine(&text, rs, (struct machine){peer->socket, CID_UNKNOWN, index}, "");
	find(findings, level, level == LEVEL_OK ? "socket-serves" : "socket-fails", "socket",
	     "%.*s: %.*s", (int)text.count, (const char *)text.items, (int)found->count,
	     (const char *)found->items);
	list_free(&text);
	list_free(found);
}

/**
 * look_at_ports() - the same for each socket of a peer that has one for each port: one at which
 * a rule lets servers listen is theirs, and the others are the VMM's
 */
static void look_at_ports(struct findings *findings, const struct ruleset *rs, uint32_t index)
{
	const struct peer *peer = ruleset_peers(rs) + index;
	const struct port_socket *ports = ruleset_ports(rs) + peer->port_first;

	for (uint32_t i = 0; i < peer->port_count; i++) {
		const char *path = ruleset_string(rs, ports[i].path);
		bool served = rules_serve(rs, peer->socket, ports[i].port);
		struct list text = {0};
		bool good;

		text_add(&text, "%s, of port %u: ", path, ports[i].port);
		good = served ? vmm_inspect_place(path, &text) : vmm_inspect(path, &text);
		if (served && good)
			text_add(&text, "servers can listen there");
		find_socket(findings, rs, index, good ? LEVEL_OK : LEVEL_PROBLEM, &text);
	}
}

/**
 * look_at_group() - may the sockets of servers have the group that they are to have?
 */
static void look_at_group(struct findings *findings, const struct ruleset *rs, uint32_t index)
{
	const struct peer *peer = ruleset_peers(rs) + index;
	struct list text = {0};

	if (peer->group != NOT_SET && !vmm_inspect_group(peer->group, &text))
		find_socket(findings, rs, index, LEVEL_PROBLEM, &text);
}

/**
 * look_at_peers() - is somebody behind the peers' sockets, and may this user call?
 */
static void look_at_peers(struct findings *findings, const struct ruleset *rs)
{
	const struct peer *peers = ruleset_peers(rs);

	for (uint32_t i = 0; i < rs->peer_count; i++) {
		const char *path = ruleset_string(rs, peers[i].socket);
		struct list text = {0};
		uint32_t before = 0;
		bool good;

		while (before < i && peers[before].socket != peers[i].socket)
			before++;
		if (!peers[i].socket || before < i)
			continue;
		look_at_group(findings, rs, i);
		if (peers[i].port_count > 0) {
			look_at_ports(findings, rs, i);
			continue;
		}
		good = vmm_inspect(path, &text);
		find_socket(findings, rs, i, good ? LEVEL_OK : LEVEL_PROBLEM, &text);
		if (rules_serve(rs, peers[i].socket, 0) && !vmm_inspect_beside(path, &text))
			find_socket(findings, rs, i, LEVEL_PROBLEM, &text);
	}
}

/* ---- proxies ---- */

/**
 * is_same_proxy() - do two rules lead to the same proxy, as far as is looked at?
 */
static bool is_same_proxy(const struct ruleset *rs, const struct rule *a, const struct rule *b)
{
	const struct proxy *x = ruleset_proxy(rs, a->via);
	const struct proxy *y = ruleset_proxy(rs, b->via);

	return x && y && a->cid == b->cid && a->peer == b->peer &&
	       a->vsock_port == b->vsock_port && x->scheme == y->scheme &&
	       strcmp(ruleset_string(rs, x->user), ruleset_string(rs, y->user)) == 0 &&
	       strcmp(ruleset_string(rs, x->password_file),
		      ruleset_string(rs, y->password_file)) == 0;
}

/**
 * look_at_proxies() - is there a proxy at the other end, and how does it answer?
 */
static void look_at_proxies(struct findings *findings, const struct ruleset *rs)
{
	const struct rule *rules = ruleset_connect(rs);

	for (uint32_t i = 0; i < rs->connect_count; i++) {
		struct list found = {0};
		struct list text = {0};
		uint32_t before = 0;
		bool good;

		while (before < i && !is_same_proxy(rs, &rules[before], &rules[i]))
			before++;
		if (!rules[i].via || before < i)
			continue;
		good = proxy_inspect(rs, i, &found);
		text_add_proxy(&text, rs, ruleset_proxy(rs, rules[i].via));
		text_add(&text, " at port %u of ", rules[i].vsock_port);
		text_add_machine(&text, rs, machine_of_rule(rs, &rules[i]), "");
		find(findings, good ? LEVEL_OK : LEVEL_PROBLEM,
		     good ? "proxy-answers" : "proxy-fails", "proxy", "%.*s: %.*s",
		     (int)text.count, (const char *)text.items, (int)found.count,
		     (const char *)found.items);
		list_free(&text);
		list_free(&found);
	}
}

/* ---- CIDs ---- */

/* Where a CID is first named. */
struct mention {
	uint32_t cid;
	const struct rule *rule; /* NULL: by a peer */
};

/**
 * add_mention() - note a CID, unless it was noted before
 */
static void add_mention(struct list *mentions, struct mention mention)
{
	const struct mention *known = mentions->items;

	for (size_t i = 0; i < mentions->count; i++) {
		if (known[i].cid == mention.cid)
			return;
	}
	list_append(mentions, &mention, 1, sizeof(mention));
}

/**
 * find_doubt() - print what is doubtful about a CID, if anything is
 */
static void find_doubt(struct findings *findings, const struct ruleset *rs,
		       const struct mention *mention, unsigned int loaded)
{
	const char *doubt = cid_doubt(mention->cid, rs->local_cid, loaded);
	struct list text = {0};

	if (!doubt)
		return;
	if (mention->rule)
		text_add_origin(&text, rs, mention->rule);
	else
		text_add(&text, "peers");
	text_add(&text, ": CID ");
	text_add_machine(&text, rs, machine_of_cid(mention->cid), "");
	find(findings, LEVEL_WARNING, "cid-doubtful", "configuration", "%.*s: %s",
	     (int)text.count, (const char *)text.items, doubt);
	list_free(&text);
}

/**
 * look_at_rules() - do the CIDs of the rules and peers make sense on this machine?
 * @loaded: its transports, of enum transport
 */
static void look_at_rules(struct findings *findings, const struct ruleset *rs,
			  unsigned int loaded)
{
	const struct rule *rules = ruleset_connect(rs);
	const struct peer *peers = ruleset_peers(rs);
	struct list mentions = {0};
	const struct mention *mention;

	for (uint32_t i = 0; i < rs->connect_count; i++) {
		if (is_led_by_vsock(rs, &rules[i]))
			add_mention(&mentions,
				    (struct mention){.cid = rules[i].cid, .rule = &rules[i]});
	}
	for (uint32_t i = 0; i < rs->peer_count; i++) {
		if (!peers[i].socket)
			add_mention(&mentions, (struct mention){.cid = peers[i].cid});
	}
	mention = mentions.items;
	for (size_t i = 0; i < mentions.count; i++)
		find_doubt(findings, rs, &mention[i], loaded);
	list_free(&mentions);
}

int doctor(const char *config, const struct spec *specs, size_t count, enum engine wanted,
	   const char *program, bool json)
{
	struct list messages = {0};
	struct ruleset *sound = load_rules(config, specs, count, keep_message, &messages);
	struct ruleset *rs = sound ? sound : load_rules(NULL, NULL, 0, drop_message, NULL);
	struct findings findings = {
		.json = json,
		.without_vsock = needs_vsock(rs) ? LEVEL_PROBLEM : LEVEL_WARNING,
	};
	unsigned int loaded;

	look_at_sockets(&findings);
	loaded = look_at_transports(&findings);
	look_at_namespace(&findings);
	look_at_device(&findings);
	look_at_config(&findings, config, sound, &messages);
	look_at_cid(&findings, here_cid(rs->local_cid));
	look_at_rules(&findings, rs, loaded);
	look_at_peers(&findings, rs);
	look_at_proxies(&findings, rs);
	look_at_broker(&findings, rs);
	look_at_engines(&findings, rs, wanted, program);
	findings_end(&findings, program);
	free(rs);
	if (fflush(stdout) == 0 && !ferror(stdout))
		return findings.count[LEVEL_PROBLEM] > 0;
	cli_error("cannot write the findings to standard output: %s", strerror(errno));
	return EX_IOERR;
}
