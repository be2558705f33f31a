/* SPDX-License-Identifier: MIT */
/*
 * test_ports.c - tests of peers that have a socket for each port: from the language to the
 * decision
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../config/address.h"
#include "unit.h"

#define FILE "version = 1;\n"
#define KRUN                                                                            \
	"{ name = \"krun\"; sockets = ( { port = 22; path = \"/run/krun/22.sock\"; }, " \
	"{ port = 7000; path = \"/run/krun/guest\"; } ); addresses = [ \"10.0.2.20\" ]; }"

#define SEVERAL                                                                                \
	"peers = ( { name = \"a\"; socket = \"/a\"; }, { name = \"b\"; cid = 3; socket = "     \
	"\"/b\"; },\n"                                                                         \
	"{ name = \"other\"; cid = 3; socket = \"/o\"; mode = \"600\"; }, { name = \"real\"; " \
	"cid = 4; } );\n"

static const char machines[] =
	FILE "peers = (\n" KRUN ",\n"
	     "  { name = \"vm1\"; socket = \"/run/vm1/v.sock\"; } );\n"
	     "connect = (\n"
	     "  { to = \"10.9.0.1:20-29\"; peer = \"krun\"; },\n"
	     "  { to = \"10.9.0.2:*\"; peer = \"krun\"; },\n"
	     "  { to = \"10.9.0.3:80\"; peer = \"krun\"; port = 22; }\n"
	     ");\n"
	     "listen = (\n"
	     "  { on = \"127.0.0.2:80\"; peer = \"krun\"; port = 7000; },\n"
	     "  { on = \"*:*\"; peer = \"krun\"; }\n"
	     ");\n";

/**
 * check_path() - check where a decision leads
 * @path: "": refused, since there is no socket for the port
 */
static void check_path(const struct ruleset *rs, struct decision d, uint32_t port,
		       const char *path)
{
	CU_ASSERT(d.action == (*path != '\0' ? ACTION_VSOCK : ACTION_DENY));
	CU_ASSERT(d.bare && d.port == port && d.peer == 0);
	CU_ASSERT(d.socket == ruleset_peers(rs)[0].socket);
	CU_ASSERT_STRING_EQUAL(ruleset_string(rs, d.path), path);
}

static void check_connect(const struct ruleset *rs, const char *address, uint16_t tcp,
			  uint32_t port, const char *path)
{
	struct endpoint to = endpoint(address, tcp);

	check_path(rs, decide_connect(rs, &to), port, path);
}

static void check_listen(const struct ruleset *rs, const char *address, uint16_t tcp,
			 uint32_t port, const char *path)
{
	struct endpoint on = endpoint(address, tcp);

	check_path(rs, decide_listen(rs, &on, false), port, path);
}

static void test_ways(void)
{
	struct ruleset *rs = rules_of_text(machines, "");
	struct endpoint vm1 = endpoint("10.8.0.1", 22);
	struct decision d;

	check_connect(rs, "10.9.0.1", 22, 22, "/run/krun/22.sock");
	check_connect(rs, "10.9.0.1", 23, 23, "");
	check_connect(rs, "10.9.0.2", 7000, 7000, "/run/krun/guest");
	check_connect(rs, "10.9.0.3", 80, 22, "/run/krun/22.sock");
	check_connect(rs, "10.0.2.20", 22, 22, "/run/krun/22.sock");
	check_connect(rs, "10.0.2.20", 80, 80, "");
	check_listen(rs, "127.0.0.2", 80, 7000, "/run/krun/guest");
	check_listen(rs, "0.0.0.0", 22, 22, "/run/krun/22.sock");
	check_listen(rs, "0.0.0.0", 80, 80, "");
	check_listen(rs, "0.0.0.0", 0, 0, "");
	free(rs);
	rs = rules_of_text(machines, "--connect 10.8.0.1:22=vm1\n");
	d = decide_connect(rs, &vm1);
	CU_ASSERT(d.action == ACTION_VSOCK && !d.bare && d.path == d.socket);
	free(rs);
}

static void test_names(void)
{
	struct ruleset *rs = rules_of_text(machines, "");
	struct machine m;
	char name[64];
	uint8_t a[16];

	CU_ASSERT(machine_of_name(rs, "krun.vsock", &m) && machine_exists(m) && m.peer == 0);
	CU_ASSERT(ip_to_reach(rs, m, false, a) && same_ip(a, "10.0.2.20"));
	name_of_machine(rs, m, name, sizeof(name));
	CU_ASSERT_STRING_EQUAL(name, "krun.vsock");
	free(rs);
}

/* The command line leads the name elsewhere; its own paths are a VMM's that is spoken to. */
static void test_options(void)
{
	struct endpoint krun = endpoint("10.0.2.20", 22), other = endpoint("10.8.0.1", 80);
	struct ruleset *rs =
		rules_of_text(FILE "peers = ( " KRUN " );", "--peer krun=/v.sock\n");
	struct decision d = decide_connect(rs, &krun);

	CU_ASSERT(!d.bare);
	CU_ASSERT_STRING_EQUAL(ruleset_string(rs, d.path), "/v.sock");
	free(rs);
	rs = rules_of_text(FILE "peers = ( " KRUN " );",
			   "--connect 10.8.0.1:80=/run/krun/22.sock\n");
	d = decide_connect(rs, &other);
	CU_ASSERT(d.action == ACTION_VSOCK && !d.bare && d.port == 80);
	CU_ASSERT_STRING_EQUAL(ruleset_string(rs, d.path), "/run/krun/22.sock");
	free(rs);
}

static void test_errors(void)
{
	static const struct {
		const char *text;
		const char *message;
	} cases[] = {
		{"peers = ( { name = \"k\"; sockets = ( ); } );", "\"sockets\" is empty"},
		{"peers = ( { name = \"k\"; sockets = ( 7 ); } );",
		 "an element of \"sockets\" must be a group"},
		{"peers = ( { name = \"k\"; sockets = ( { port = 7; } ); } );",
		 "an element of \"sockets\" has a \"port\" and a \"path\""},
		{"peers = ( { name = \"k\"; sockets = ( { port = 0; path = \"/a\"; } ); } );",
		 "0 is no vsock port"},
		{"peers = ( { name = \"k\"; sockets = ( { port = 4294967295; path = \"/a\"; } "
		 "); } );",
		 "4294967295 is no vsock port"},
		{"peers = ( { name = \"k\"; sockets = ( { port = 1; path = \"a\"; } ); } );",
		 "\"a\" is a relative path"},
		{"peers = ( { name = \"k\"; sockets = ( { port = 1; path = \"/a\\n\"; } ); } "
		 ");",
		 "since a control character is in it"},
		{"peers = ( { name = \"k\"; sockets = ( { port = 1; path = \"/a\"; }, "
		 "{ port = 1; path = \"/b\"; } ); } );",
		 "port 1 has a socket already"},
		{"peers = ( { name = \"k\"; sockets = ( { port = 1; path = \"/a\"; }, "
		 "{ port = 2; path = \"/a\"; } ); } );",
		 "/a is the socket of port 1 already"},
		{"peers = ( { name = \"k\"; sockets = ( { port = 1; path = \"/a\"; mode = 1; } "
		 "); } );",
		 "unknown setting \"mode\""},
		{"peers = ( { name = \"k\"; socket = \"/b\"; sockets = ( { port = 1; path = "
		 "\"/a\"; } ); } );",
		 "\"socket\" and \"sockets\" exclude each other"},
		{"peers = ( { addresses = [ \"10.0.0.1\" ]; sockets = ( { port = 1; path = "
		 "\"/a\"; } ); } );",
		 "a peer with \"sockets\" needs a \"name\""},
		{SEVERAL "listen = ( { on = \"*:80\"; peers = [ ]; } );", "\"peers\" is empty"},
		{SEVERAL "listen = ( { on = \"*:80\"; peers = [ 7 ]; } );",
		 "\"peers\" lists names"},
		{SEVERAL "listen = ( { on = \"*:80\"; peer = \"a\"; peers = [ \"b\" ]; } );",
		 "\"peer\" and \"peers\" exclude each other"},
		{SEVERAL "listen = ( { on = \"*:80\"; peers = [ \"a\", \"nobody\" ]; } );",
		 "there is no peer \"nobody\""},
		{SEVERAL "listen = ( { on = \"*:80\"; peers = [ \"a\", \"real\" ]; } );",
		 "\"real\" has no socket"},
		{SEVERAL "listen = ( { on = \"*:80\"; peers = [ \"a\", \"b\", \"a\" ]; } );",
		 "\"a\" stands here twice"},
		{SEVERAL "listen = ( { on = \"*:80\"; peers = [ \"a\", \"other\" ]; } );",
		 "\"other\" wants another mode or group than \"a\""},
		{SEVERAL "listen = ( { on = \"*:80\"; peers = [ \"a\", \"b\" ]; accept_from = "
			 "[ 3 ]; } );",
		 "a CID means nobody who calls at a VMM's socket"},
		{SEVERAL "listen = ( { on = \"*:80\"; peers = [ \"a\", \"b\" ]; accept_from = "
			 "[ \"other\" ]; } );",
		 "\"other\" is not among the peers of this rule"},
		{SEVERAL "listen = ( { on = \"*:80\"; at = \"/at\"; } );",
		 "\"at\" is for the guests"},
		{SEVERAL "listen = ( { on = \"*:80\"; peer = \"a\"; at = \"at\"; } );",
		 "\"at\" is a relative path"},
		{SEVERAL "listen = ( { on = \"*:80\"; action = \"deny\"; at = \"/at\"; } );",
		 "\"at\" and \"action\" exclude each other"},
		{"peers = ( " KRUN ", { name = \"a\"; socket = \"/a\"; } );\n"
		 "listen = ( { on = \"*:80\"; peers = [ \"a\", \"krun\" ]; } );",
		 "\"krun\" has no socket for port 80"},
		{"peers = ( { name = \"k\"; cid = 3; half_close = \"hold\"; } );",
		 "\"half_close\" is for a peer with a \"socket\""},
		{"peers = ( { name = \"k\"; socket = \"/a\"; half_close = \"no\"; } );",
		 "unknown half_close \"no\": write \"pass\" or \"hold\""},
		{"peers = ( { name = \"k\"; cid = 3; mode = \"660\"; } );",
		 "\"mode\" is for the sockets that servers make"},
		{"peers = ( { name = \"k\"; cid = 3; group = \"0\"; } );",
		 "\"group\" is for the sockets"},
		{"peers = ( { name = \"k\"; socket = \"/a\"; mode = 660; } );",
		 "\"mode\" must be a text"},
		{"peers = ( { name = \"k\"; socket = \"/a\"; mode = \"66\"; } );",
		 "\"66\" is no mode"},
		{"peers = ( { name = \"k\"; socket = \"/a\"; mode = \"4755\"; } );",
		 "\"4755\" is no mode"},
		{"peers = ( { name = \"k\"; socket = \"/a\"; mode = \"680\"; } );",
		 "\"680\" is no mode"},
		{"peers = ( { name = \"k\"; socket = \"/a\"; group = \"no such\"; } );",
		 "there is no group \"no such\" in /etc/group"},
		{"peers = ( { name = \"k\"; socket = \"/a\"; group = \"\"; } );",
		 "there is no group \"\""},
		{"peers = ( { name = \"k\"; socket = \"/a\"; group = \"4294967295\"; } );",
		 "there is no group"},
		{"peers = ( { name = \"j\"; socket = \"/a\"; },\n"
		 "{ name = \"k\"; sockets = ( { port = 1; path = \"/b\"; }, { port = 2; path = "
		 "\"/a\"; } ); } );",
		 "conf:3: the socket /a is that of a peer already (line 2)"},
		{"peers = ( " KRUN
		 " );\nconnect = ( { to = \"10.0.0.1:80\"; peer = \"krun\"; } );",
		 "conf:3: \"krun\" has no socket for port 80"},
		{"peers = ( " KRUN
		 " );\nlisten = ( { on = \"*:*\"; peer = \"krun\"; port = 8; } );",
		 "conf:3: \"krun\" has no socket for port 8"},
		{"peers = ( " KRUN
		 " );\nconnect = ( { to = \"10.0.0.1:23-6999\"; peer = \"krun\"; } );",
		 "conf:3: \"krun\" has no socket for port 23"},
	};
	char text[512];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		(void)snprintf(text, sizeof(text), FILE "%s", cases[i].text);
		CU_ASSERT(refuses_text(text));
		CU_ASSERT(reported(cases[i].message));
	}
}

static void test_rights(void)
{
	struct ruleset *rs = rules_of_text(
		FILE "peers = ( { name = \"a\"; socket = \"/a\"; mode = \"0660\"; half_close = "
		     "\"hold\"; group = "
		     "\"root\"; },\n"
		     "{ name = \"b\"; socket = \"/b\"; group = \"4294967294\"; half_close = "
		     "\"pass\"; } );",
		"--peer c=/c\n");
	struct peer *peers = (struct peer *)ruleset_peers(rs); /* the option's comes first */

	CU_ASSERT(peers[0].mode == NOT_SET && peers[0].group == NOT_SET);
	CU_ASSERT(!peers[0].holds && peers[1].holds && !peers[2].holds);
	CU_ASSERT(peers[1].mode == 0660 && peers[1].group == 0);
	CU_ASSERT(peers[2].mode == NOT_SET && peers[2].group == 4294967294);
	peers[1].mode = 01660;
	CU_ASSERT(!ruleset_valid(rs, rs->size));
	free(rs);
}

/* One socket for the guests of several. */
static void test_guests(void)
{
	struct ruleset *rs = rules_of_text(
		FILE SEVERAL "listen = ( { on = \"*:80\"; peers = [ \"a\", \"b\" ]; "
			     "accept_from = [ \"B\" ]; },\n"
			     "{ on = \"*:81\"; peer = \"b\"; at = \"/at\"; port = 8081; } );",
		"");
	struct rule *rules = (struct rule *)ruleset_listen(rs);
	uint32_t *guests = (uint32_t *)ruleset_guests(rs, &rules[0]);
	struct endpoint web = endpoint("0.0.0.0", 80), other = endpoint("0.0.0.0", 81);
	struct decision d = decide_listen(rs, &web, false);

	CU_ASSERT(rules[0].guest_count == 2 && guests[0] == 0 && guests[1] == 1);
	CU_ASSERT(d.action == ACTION_VSOCK && d.peer == 0 && d.port == 80);
	CU_ASSERT_STRING_EQUAL(ruleset_string(rs, d.path), "/a");
	CU_ASSERT(rule_accepts_peer(rs, &rules[0], 1));
	CU_ASSERT(!rule_accepts_peer(rs, &rules[0], 0));
	CU_ASSERT(!rule_accepts_peer(rs, &rules[0], NO_PEER));
	CU_ASSERT(!rule_accepts(rs, &rules[0], 1) && !rule_accepts(rs, &rules[0], 3));
	CU_ASSERT(rule_accepts_peer(rs, &rules[1], NO_PEER));
	d = decide_listen(rs, &other, false);
	CU_ASSERT(d.action == ACTION_VSOCK && d.peer == 1 && d.port == 8081 && !d.bare);
	CU_ASSERT_STRING_EQUAL(ruleset_string(rs, d.path), "/at");

	guests[1] = 3; /* who has no socket */
	CU_ASSERT(!ruleset_valid(rs, rs->size));
	guests[1] = rs->peer_count;
	CU_ASSERT(!ruleset_valid(rs, rs->size));
	guests[1] = 1;
	CU_ASSERT(ruleset_valid(rs, rs->size));
	rules[0].guest_count = 0;
	CU_ASSERT(!ruleset_valid(rs, rs->size));
	rules[0].guest_count = 4;
	CU_ASSERT(!ruleset_valid(rs, rs->size));
	rules[0].guest_count = 2;
	rules[1].at = rs->strings_size;
	CU_ASSERT(!ruleset_valid(rs, rs->size));
	free(rs);
}

static void test_damaged(void)
{
	struct ruleset *rs = rules_of_text(machines, "");
	struct peer *peers = (struct peer *)ruleset_peers(rs);
	struct port_socket *ports = (struct port_socket *)ruleset_ports(rs);
	const struct port_socket kept = ports[1];

	CU_ASSERT(rs->port_count == 2 && peers[0].port_count == 2 && peers[1].port_count == 0);
	ports[1].path = 0;
	CU_ASSERT(!ruleset_valid(rs, rs->size));
	ports[1].path = rs->strings_size;
	CU_ASSERT(!ruleset_valid(rs, rs->size));
	ports[1] = kept;
	CU_ASSERT(ruleset_valid(rs, rs->size));
	peers[0].port_count = 3;
	CU_ASSERT(!ruleset_valid(rs, rs->size));
	peers[0].port_count = 2;
	peers[0].socket = 0;
	CU_ASSERT(!ruleset_valid(rs, rs->size));
	free(rs);
}

CU_TestInfo ports_tests[] = {
	{"ways", test_ways},
	{"names", test_names},
	{"options", test_options},
	{"errors", test_errors},
	{"mode and group", test_rights},
	{"one socket for several", test_guests},
	{"damaged sockets", test_damaged},
	CU_TEST_INFO_NULL,
};
