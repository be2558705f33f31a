/* SPDX-License-Identifier: MIT */
/*
 * test_spec.c - tests of config/spec.c
 */
#include "../../config/spec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void test_connect(void)
{
	static const struct {
		const char *option;
		enum action action;
		uint32_t cid;
		uint32_t vsock_port;
		bool fixed;
	} cases[] = {
		{"--connect 10.0.2.15:5432=7:5432", ACTION_VSOCK, 7, 5432, false},
		{"--connect 10.0.2.15:5432=7", ACTION_VSOCK, 7, 5432, false},
		{"--connect 10.0.2.15:5432=db", ACTION_VSOCK, 9, 5432, false},
		{"--connect 10.0.2.15:5432=DB:9000", ACTION_VSOCK, 9, 9000, false},
		{"--connect 10.0.2.15:5432=host", ACTION_VSOCK, 2, 5432, false},
		{"--connect 10.0.2.15:5432=local:1", ACTION_VSOCK, 1, 1, false},
		{"--connect 10.0.2.15:5432=4294967294:4294967294", ACTION_VSOCK, 4294967294,
		 4294967294, false},
		{"--connect 10.0.2.15:5432=pass", ACTION_PASS, 0, 5432, false},
		{"--connect 10.0.2.15:5432=deny", ACTION_DENY, 0, 5432, false},
		{"--connect [fd00::/64]:*=7", ACTION_VSOCK, 7, 0, false},
		{"--connect [fd00::/64]:*=7:80", ACTION_VSOCK, 7, 80, true},
		{"--connect 127.0.0.1:8000-8099=7:9000", ACTION_VSOCK, 7, 9000, false},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		char options[128];
		struct ruleset *rs;
		const struct rule *rule;

		(void)snprintf(options, sizeof(options), "--peer db=9\n%s", cases[i].option);
		rs = rules_of(options);
		rule = ruleset_connect(rs);
		CU_ASSERT(rs->connect_count == 1 && rs->listen_count == 0);
		CU_ASSERT(rule->action == cases[i].action && rule->cid == cases[i].cid &&
			  rule->vsock_port == cases[i].vsock_port &&
			  rule->fixed_port == cases[i].fixed);
		CU_ASSERT(rule->line == 0);
		CU_ASSERT_STRING_EQUAL(ruleset_source(rs, rule), cases[i].option);
		free(rs);
	}
}

static void test_listen(void)
{
	static const struct {
		const char *option;
		enum action action;
		uint16_t port_first;
		uint32_t vsock_port;
	} cases[] = {
		{"--listen 80=8080", ACTION_VSOCK, 80, 8080},
		{"--listen 80", ACTION_VSOCK, 80, 80},
		{"--listen *:*", ACTION_VSOCK, 0, 0},
		{"--listen *", ACTION_VSOCK, 0, 0},
		{"--listen 127.0.0.1:80=pass", ACTION_PASS, 80, 80},
		{"--listen 80=deny", ACTION_DENY, 80, 80},
		{"--listen [::]:80-89=4294967285", ACTION_VSOCK, 80, 4294967285},
		{"--listen *:*=80", ACTION_VSOCK, 0, 80},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ruleset *rs = rules_of(cases[i].option);
		const struct rule *rule;

		rule = ruleset_listen(rs);
		CU_ASSERT(rs->listen_count == 1 && rs->connect_count == 0);
		CU_ASSERT(rule->action == cases[i].action && !rule->restricted &&
			  rule->port_first == cases[i].port_first &&
			  rule->vsock_port == cases[i].vsock_port);
		free(rs);
	}
}

static void test_peers(void)
{
	struct ruleset *rs = rules_of("--peer 10.0.2.15=7\n--peer [fd00::15]=7\n--peer db=7\n"
				      "--connect 1.2.3.4:5=db\n--peer fd00::16=4294967294\n");
	const struct peer *peers;

	peers = ruleset_peers(rs);
	CU_ASSERT(rs->peer_count == 4 && rs->address_count == 3);
	CU_ASSERT(peers[0].cid == 7 && peers[0].address_count == 1);
	CU_ASSERT(same_ip(ruleset_addresses(rs)[peers[1].address_first], "fd00::15"));
	CU_ASSERT_STRING_EQUAL(ruleset_string(rs, peers[2].name), "db");
	CU_ASSERT(peers[3].cid == 4294967294);
	free(rs);
}

/* Each names the whole argument in front of the reason. */
static void test_bad(void)
{
	static const struct {
		const char *options;
		const char *message;
	} cases[] = {
		{"--connect 10.0.2.15:99999=7",
		 "--connect 10.0.2.15:99999=7: 99999 is no TCP port"},
		{"--connect 10.0.2.15:80", "--connect 10.0.2.15:80: write ADDRESS:PORT=CID"},
		{"--connect 10.0.2.15:80=", ": \"\" cannot be a peer's name"},
		{"--connect 10.0.2.15:80=0", ": 0 is no CID"},
		{"--connect 10.0.2.15:80=4294967295", ": 4294967295 is no CID"},
		{"--connect 10.0.2.15:80=4294967303", ": 4294967303 is no CID"},
		{"--connect 10.0.2.15:80=7:", ": \"\" is no vsock port"},
		{"--connect 10.0.2.15:80=7:0", ": 0 is no vsock port"},
		{"--connect 10.0.2.15:80=7:4294967295", ": 4294967295 is no vsock port"},
		{"--connect 10.0.2.15:80-89=7:4294967290", "run past the last one"},
		{"--connect 10.0.2.15:80=7:80:90", ": \"80:90\" is no vsock port"},
		{"--connect 10.0.2.15:80=web", ": there is no peer \"web\""},
		{"--connect 10.0.2.15:80=pass:80", ": \"pass\" cannot be a peer's name"},
		{"--connect 10.0.2.15:80=Pass", ": there is no peer \"Pass\""},
		{"--connect =7", ": \"\" has no port"},
		{"--listen 80=0", "--listen 80=0: 0 is no vsock port"},
		{"--listen 80=", ": \"\" is no vsock port"},
		{"--listen 0", ": 0 is no TCP port"},
		{"--listen 80=7:80", ": \"7:80\" is no vsock port"},
		{"--listen 80=db", ": \"db\" is no vsock port"},
		{"--listen http", ": \"http\" is no port"},
		{"--peer 10.0.2.15", "--peer 10.0.2.15: write ADDRESS=CID or NAME=CID"},
		{"--peer 10.0.2.15=", ": \"\" is no CID"},
		{"--peer 10.0.2.15=db", ": \"db\" is no CID"},
		{"--peer 10.0.2.15=0", ": 0 is no CID"},
		{"--peer =7", ": \"\" cannot be a peer's name"},
		{"--peer 7=7", ": \"7\" cannot be a peer's name"},
		{"--peer 127.0.0.1=7", ": 127.0.0.1 cannot be a peer's address"},
		{"--peer 10.0.2.15/32=7", ": \"10.0.2.15/32\" is no IP address"},
		{"--peer db=7\n--peer db=8",
		 "--peer db=8: there is a peer \"db\" already (--peer db=7)"},
		{"--peer 10.0.0.1=7\n--peer 10.0.0.1=8",
		 "--peer 10.0.0.1=8: 10.0.0.1 is the address of a peer already"},
		{"--connect 10.0.0.0/8:*=7\n--connect 10.0.0.1:80=8",
		 "--connect 10.0.0.1:80=8: this rule can never be reached, since 10.0.0.0/8:* "
		 "(--connect 10.0.0.0/8:*=7)"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		CU_ASSERT(refuses(cases[i].options));
		CU_ASSERT(reported(cases[i].message));
	}
}

static void test_control_characters(void)
{
	CU_ASSERT(refuses("--connect 10.0.2.15:80=\x1b[31m"));
	CU_ASSERT(reported("--connect 10.0.2.15:80=?[31m: \"?[31m\" cannot"));
}

CU_TestInfo spec_tests[] = {
	{"--connect", test_connect},
	{"--listen", test_listen},
	{"--peer", test_peers},
	{"bad options", test_bad},
	{"control characters in a message", test_control_characters},
	CU_TEST_INFO_NULL,
};
