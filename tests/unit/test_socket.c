/* SPDX-License-Identifier: MIT */
/*
 * test_socket.c - tests of peers that a VMM's socket leads to: from the language to the
 * decision
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../config/address.h"
#include "unit.h"

#define VM1  "/run/vm1/v.sock"
#define VM2  "/run/vm2/v.sock"
#define FILE "version = 1;\n"

/* vm1 and vm2 have one CID, krun has none; real is reached by that CID. */
static const char machines[] =
	FILE "peers = (\n"
	     "  { name = \"vm1\"; cid = 3; socket = \"" VM1 "\";\n"
	     "    addresses = [ \"10.0.2.15\", \"fd00:2::15\", \"10.0.2.16\" ]; },\n"
	     "  { name = \"vm2\"; cid = 3; socket = \"" VM2 "\"; },\n"
	     "  { socket = \"/run/krun/v.sock\"; addresses = [ \"10.0.2.17\" ]; },\n"
	     "  { name = \"real\"; cid = 3; addresses = [ \"10.0.2.18\" ]; }\n"
	     ");\n"
	     "connect = (\n"
	     "  { to = \"10.9.0.0/16:80-89\"; peer = \"vm2\"; port = 8080; },\n"
	     "  { to = \"10.8.0.1:*\"; peer = \"VM1\"; },\n"
	     "  { to = \"10.8.0.2:*\"; peer = \"real\"; }\n"
	     ");\n"
	     "listen = (\n"
	     "  { on = \"*:80\"; peer = \"vm1\"; port = 8080; },\n"
	     "  { on = \"127.0.0.2:*\"; peer = \"vm2\"; },\n"
	     "  { on = \"*:90-99\"; },\n"
	     "  { on = \"*:*\"; peer = \"vm1\"; }\n"
	     ");\n";

/* What is to come of a connect or bind. */
struct expected {
	const char *address;
	const char *socket; /* "": none */
	uint16_t port;
	enum action action;
	int rule;
	uint32_t cid; /* without a socket */
	uint32_t vsock_port;
	uint32_t peer;
};

/**
 * check_decision() - compare a decision with what is expected
 */
static void check_decision(const struct ruleset *rs, struct decision d,
			   const struct expected *wanted)
{
	const char *socket = ruleset_string(rs, d.socket);
	uint32_t cid = *wanted->socket != '\0' ? CID_UNKNOWN : wanted->cid;
	bool same = d.action == wanted->action && d.rule == wanted->rule;

	if (d.action == ACTION_VSOCK)
		same = same && d.cid == cid && d.port == wanted->vsock_port &&
		       strcmp(socket, wanted->socket) == 0 && d.peer == wanted->peer;
	CU_ASSERT(same);
	if (!same)
		printf("\n    %s port %u: action %d by %d, \"%s\" CID %u port %u peer %u\n",
		       wanted->address, wanted->port, d.action, d.rule, socket, d.cid, d.port,
		       d.peer);
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void test_connect(void)
{
	static const struct expected cases[] = {
		{"10.9.1.1", VM2, 80, ACTION_VSOCK, 0, 0, 8080, 1},
		{"10.9.1.1", VM2, 89, ACTION_VSOCK, 0, 0, 8089, 1},
		{"10.9.1.1", "", 90, ACTION_PASS, BY_DEFAULT, 0, 0, 0},
		{"10.8.0.1", VM1, 5432, ACTION_VSOCK, 1, 0, 5432, 0},
		{"10.8.0.1", "", 0, ACTION_DENY, 1, 0, 0, 0},
		{"10.8.0.2", "", 1, ACTION_VSOCK, 2, 3, 1, 3},
		{"10.0.2.15", VM1, 22, ACTION_VSOCK, BY_PEER, 0, 22, 0},
		{"fd00:2::15", VM1, 22, ACTION_VSOCK, BY_PEER, 0, 22, 0},
		{"10.0.2.16", "", 0, ACTION_DENY, BY_PEER, 0, 0, 0},
		{"10.0.2.17", "/run/krun/v.sock", 65535, ACTION_VSOCK, BY_PEER, 0, 65535, 2},
		{"10.0.2.18", "", 22, ACTION_VSOCK, BY_PEER, 3, 22, 3},
		{"240.0.0.3", "", 22, ACTION_VSOCK, BY_SYNTHETIC, 3, 22, NO_PEER},
	};
	struct ruleset *rs = rules_of_text(machines, "");

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct endpoint to = endpoint(cases[i].address, cases[i].port);

		check_decision(rs, decide_connect(rs, &to), &cases[i]);
	}
	free(rs);
}

/* A rule for every port leaves loopback alone, and so denies what only a guest could reach. */
static void test_listen(void)
{
	static const struct expected cases[] = {
		{"0.0.0.0", VM1, 80, ACTION_VSOCK, 0, 0, 8080, 0},
		{"127.0.0.1", VM1, 80, ACTION_VSOCK, 0, 0, 8080, 0},
		{"::", VM1, 80, ACTION_VSOCK, 0, 0, 8080, 0},
		{"127.0.0.2", VM2, 81, ACTION_VSOCK, 1, 0, 81, 1},
		{"0.0.0.0", "", 90, ACTION_VSOCK, 2, CID_ANY, 90, NO_PEER},
		{"0.0.0.0", VM1, 443, ACTION_VSOCK, 3, 0, 443, 0},
		{"0.0.0.0", VM1, 0, ACTION_VSOCK, 3, 0, 0, 0},
		{"127.0.0.1", "", 443, ACTION_DENY, 3, 0, 0, 0},
		{"::1", "", 0, ACTION_DENY, 3, 0, 0, 0},
	};
	struct ruleset *rs = rules_of_text(machines, "");

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct endpoint on = endpoint(cases[i].address, cases[i].port);

		check_decision(rs, decide_listen(rs, &on, false), &cases[i]);
	}
	free(rs);
}

/**
 * check_name() - check whom a name stands for, and what it resolves to
 * @v4, @v6: addresses, or NULL
 */
static void check_name(const struct ruleset *rs, const char *name, const char *socket,
		       const char *v4, const char *v6)
{
	const char *const wanted[] = {v4, v6};
	struct machine m;
	char shown[64];
	uint8_t a[16];

	CU_ASSERT_FATAL(machine_of_name(rs, name, &m));
	CU_ASSERT_STRING_EQUAL(ruleset_string(rs, m.socket), socket);
	CU_ASSERT(m.socket == 0 || m.cid == CID_UNKNOWN);
	name_of_machine(rs, m, shown, sizeof(shown));
	CU_ASSERT(*socket == '\0' || strcmp(shown, name) == 0);
	for (int family = 0; family < 2; family++) {
		bool found = ip_to_reach(rs, m, family == 1, a);

		CU_ASSERT(found == (wanted[family] != NULL));
		CU_ASSERT(!found || !wanted[family] || same_ip(a, wanted[family]));
	}
}

/* A number is a CID, and a CID leads past every socket. */
static void test_names(void)
{
	struct ruleset *rs = rules_of_text(machines, "");
	struct machine m;
	char name[64] = "x";
	uint8_t a[16];

	check_name(rs, "vm1.vsock", VM1, "10.0.2.15", "fd00:2::15");
	check_name(rs, "vm2.vsock", VM2, NULL, NULL);
	check_name(rs, "real.vsock", "", "10.0.2.18", "fd76:736f:636b::3");
	check_name(rs, "3.vsock", "", "10.0.2.18", "fd76:736f:636b::3");
	name_of_machine(rs, machine_of_cid(3), name, sizeof(name));
	CU_ASSERT_STRING_EQUAL(name, "real.vsock");
	CU_ASSERT(machine_of_peer_address(rs, ip("10.0.2.17", a), &m) && m.peer == 2);
	name_of_machine(rs, m, name, sizeof(name));
	CU_ASSERT_STRING_EQUAL(name, "");
	CU_ASSERT(!machine_of_peer_address(rs, ip("10.0.2.14", a), &m));
	free(rs);

	/* Also if nobody else has that CID, or "host" is no longer the host. */
	rs = rules_of_text(FILE "peers = ( { name = \"host\"; cid = 3; socket = \"" VM1
				"\"; addresses = [ \"10.0.0.3\" ]; } );",
			   "");
	check_name(rs, "3.vsock", "", "240.0.0.3", "fd76:736f:636b::3");
	check_name(rs, "host.vsock", VM1, "10.0.0.3", NULL);
	name_of_machine(rs, machine_of_cid(3), name, sizeof(name));
	CU_ASSERT_STRING_EQUAL(name, "3.vsock");
	name_of_machine(rs, machine_of_cid(2), name, sizeof(name));
	CU_ASSERT_STRING_EQUAL(name, "2.vsock");
	ip_of_cid(rs, 3, false, false, a);
	CU_ASSERT(same_ip(a, "240.0.0.3"));
	free(rs);
}

/* The digits behind the last colon are a port, where one can stand. */
static void test_options(void)
{
	static const struct {
		const char *option;
		const char *socket;
		uint32_t vsock_port;
	} cases[] = {
		{"--connect 10.0.0.1:80=/v.sock", "/v.sock", 80},
		{"--connect 10.0.0.1:80=/v.sock:8080", "/v.sock", 8080},
		{"--connect 10.0.0.1:80-89=/v.sock:4294967285", "/v.sock", 4294967285},
		{"--connect 10.0.0.1:80=/a:1/v.sock", "/a:1/v.sock", 80},
		{"--connect 10.0.0.1:80=/v.sock:1:2", "/v.sock:1", 2},
		{"--connect 10.0.0.1:80=/v.sock:", "/v.sock:", 80},
		{"--connect 10.0.0.1:80=/v.sock:1x", "/v.sock:1x", 80},
		{"--connect 10.0.0.1:80=/a=b/v.sock", "/a=b/v.sock", 80},
		{"--listen 80=/v.sock", "/v.sock", 80},
		{"--listen 80=/v.sock:8080", "/v.sock", 8080},
		{"--listen *:*=/v.sock", "/v.sock", 0},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ruleset *rs = rules_of(cases[i].option);
		const struct rule *rule =
			rs->connect_count > 0 ? ruleset_connect(rs) : ruleset_listen(rs);

		CU_ASSERT_FATAL(rule->peer < rs->peer_count);
		CU_ASSERT(rule->action == ACTION_VSOCK && rule->cid == CID_UNKNOWN &&
			  rule->vsock_port == cases[i].vsock_port);
		CU_ASSERT_STRING_EQUAL(ruleset_string(rs, ruleset_peers(rs)[rule->peer].socket),
				       cases[i].socket);
		free(rs);
	}
}

/* However often a socket is named, it leads to one machine. */
static void test_one_machine(void)
{
	struct ruleset *rs = rules_of("--peer 10.0.0.1=" VM1 "\n--connect 10.0.0.2:80=" VM1
				      "\n--peer vm1=" VM1 "\n--peer fd00::1=" VM1
				      "\n--connect 10.0.0.3:80=" VM2 "\n--listen 80=" VM2);
	const struct rule *rules = ruleset_connect(rs);

	check_name(rs, "vm1.vsock", VM1, "10.0.0.1", "fd00::1");
	CU_ASSERT(rs->peer_count == 4);
	CU_ASSERT(rules[0].peer == 0 && rules[1].peer == 3);
	CU_ASSERT(ruleset_listen(rs)->peer == 3);
	CU_ASSERT(ruleset_peers(rs)[0].socket == ruleset_peers(rs)[2].socket);
	free(rs);

	/* A rule of the command line finds the peer of the file. */
	rs = rules_of_text(machines, "--connect 10.0.0.1:80=" VM2 "\n");
	CU_ASSERT(rs->peer_count == 4 && ruleset_connect(rs)->peer == 1);
	free(rs);
}

/* The command line leads names elsewhere, and takes their addresses along. */
static void test_overridden(void)
{
	struct ruleset *rs =
		rules_of_text(machines, "--peer vm1=/a.sock\n--peer real=/b.sock\n");
	struct endpoint vm1 = endpoint("10.0.2.15", 80), real = endpoint("10.8.0.2", 80),
			any = endpoint("0.0.0.0", 443);

	check_name(rs, "vm1.vsock", "/a.sock", "10.0.2.15", "fd00:2::15");
	CU_ASSERT_STRING_EQUAL(ruleset_string(rs, decide_connect(rs, &vm1).socket), "/a.sock");
	CU_ASSERT_STRING_EQUAL(ruleset_string(rs, decide_connect(rs, &real).socket), "/b.sock");
	CU_ASSERT_STRING_EQUAL(ruleset_string(rs, decide_listen(rs, &any, false).socket),
			       "/a.sock");
	free(rs);

	/* ... also where there is no socket: then a number means what it says. */
	rs = rules_of_text(FILE "peers = ( { name = \"vm1\"; cid = 3; socket = \"" VM1
				"\"; addresses = [ \"10.0.2.15\" ]; } );\n"
				"connect = ( { to = \"10.0.0.1:80\"; cid = 3; } );",
			   "--peer vm1=9\n");
	check_name(rs, "vm1.vsock", "", "10.0.2.15", "fd76:736f:636b::9");
	CU_ASSERT(decide_connect(rs, &vm1).socket == 0 && decide_connect(rs, &vm1).cid == 9);
	free(rs);
}

/* Ports meet only where the same callers come. */
static void test_meeting_ports(void)
{
	static const struct {
		const char *peers[2];
		bool warned;
	} cases[] = {
		{{"peer = \"vm1\";", "peer = \"vm1\";"}, true},
		{{"peer = \"vm1\";", "peer = \"vm2\";"}, false},
		{{"peer = \"vm1\";", ""}, false},
		{{"", "peer = \"vm1\";"}, false},
	};
	char text[512];

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ruleset *rs;

		(void)snprintf(text, sizeof(text),
			       FILE "peers = ( { name = \"vm1\"; socket = \"" VM1 "\"; },\n"
				    "{ name = \"vm2\"; socket = \"" VM2 "\"; } );\n"
				    "listen = ( { on = \"*:80\"; port = 8080; %s },\n"
				    "{ on = \"*:81\"; port = 8080; %s } );",
			       cases[i].peers[0], cases[i].peers[1]);
		rs = rules_of_text(text, "");
		CU_ASSERT((strstr(messages(), ": warning: ") != NULL) == cases[i].warned);
		free(rs);
	}
}

/* A port of ten digits must fit behind the longest path. */
static void test_length(void)
{
	char path[SOCKET_PATH_MAX + 2];
	char text[256];
	char *stored;
	struct ruleset *rs;

	memset(path, 'x', sizeof(path));
	path[0] = '/';
	path[SOCKET_PATH_MAX] = '\0';
	(void)snprintf(text, sizeof(text),
		       FILE "peers = ( { name = \"vm\"; socket = \"%s\"; } );", path);
	rs = rules_of_text(text, "");
	stored = (char *)ruleset_string(rs, ruleset_peers(rs)->socket);
	CU_ASSERT_STRING_EQUAL(stored, path);
	stored[SOCKET_PATH_MAX] = 'x'; /* the next string goes on with it */
	CU_ASSERT(!ruleset_valid(rs, rs->size));
	free(rs);
	path[SOCKET_PATH_MAX] = 'x';
	path[SOCKET_PATH_MAX + 1] = '\0';
	(void)snprintf(text, sizeof(text),
		       FILE "peers = ( { name = \"vm\"; socket = \"%s\"; } );", path);
	CU_ASSERT(refuses_text(text));
	CU_ASSERT(reported("conf:2: \"/xx"));
	CU_ASSERT(reported("...\" is too long for the path of a socket: it has 97 bytes, and "
			   "96 are the limit"));
}

static void test_damaged_sockets(void)
{
	struct ruleset *rs = rules_of_text(machines, "");
	struct peer *peers = (struct peer *)ruleset_peers(rs);
	struct rule *connect = (struct rule *)ruleset_connect(rs);
	struct rule *listen = (struct rule *)ruleset_listen(rs);
	char *path = (char *)rs + rs->strings_at + peers[0].socket;
	const uint32_t kept = peers[0].socket;

	peers[0].socket = rs->strings_size;
	CU_ASSERT(!ruleset_valid(rs, rs->size));
	peers[0].socket = rs->strings_size - 1; /* an empty path is an abstract name */
	CU_ASSERT(!ruleset_valid(rs, rs->size));
	peers[0].socket = kept;
	CU_ASSERT(ruleset_valid(rs, rs->size));
	*path = 'r';
	CU_ASSERT(!ruleset_valid(rs, rs->size));
	*path = '/';

	connect[0].peer = rs->peer_count;
	CU_ASSERT(!ruleset_valid(rs, rs->size));
	connect[0].peer = NO_PEER;
	CU_ASSERT(ruleset_valid(rs, rs->size));
	listen[0].peer = 3; /* real, which has none: the listener would be open to all */
	CU_ASSERT(!ruleset_valid(rs, rs->size));
	listen[0].peer = 1; /* not the first of its guests */
	CU_ASSERT(!ruleset_valid(rs, rs->size));
	listen[0].peer = 0;
	CU_ASSERT(ruleset_valid(rs, rs->size));
	free(rs);
}

CU_TestInfo socket_tests[] = {
	{"connect", test_connect},
	{"listen", test_listen},
	{"names", test_names},
	{"options", test_options},
	{"several names for one socket", test_one_machine},
	{"a name from the command line", test_overridden},
	{"ports that meet", test_meeting_ports},
	{"the longest path", test_length},
	{"damaged peers and rules", test_damaged_sockets},
	CU_TEST_INFO_NULL,
};
