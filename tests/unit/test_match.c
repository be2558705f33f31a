/* SPDX-License-Identifier: MIT */
/*
 * test_match.c - tests of config/match.c
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/vm_sockets.h> /* older ones leave sys/socket.h to whoever includes them */

#include "../../config/address.h"
#include "../../config/memory.h"
#include "unit.h"

/* What is to come of a connect or bind. */
struct expected {
	const char *address;
	uint16_t port;
	enum action action;
	int rule;
	uint32_t cid;
	uint32_t vsock_port;
};

/**
 * check_decision() - compare a decision with what is expected
 */
static void check_decision(struct decision d, const struct expected *wanted)
{
	bool same = d.action == wanted->action && d.rule == wanted->rule &&
		    (d.action != ACTION_VSOCK ||
		     (d.cid == wanted->cid && d.port == wanted->vsock_port));

	CU_ASSERT(same);
	if (!same)
		printf("\n    %s port %u: action %d by %d, CID %u port %u\n", wanted->address,
		       wanted->port, d.action, d.rule, d.cid, d.port);
}

/**
 * check_connects() - check what becomes of some connects
 * @options: the rules
 */
static void check_connects(const char *options, const struct expected *cases, size_t count)
{
	struct ruleset *rs = rules_of(options);

	for (size_t i = 0; i < count; i++) {
		struct endpoint to = endpoint(cases[i].address, cases[i].port);

		check_decision(decide_connect(rs, &to), &cases[i]);
	}
	free(rs);
}

/**
 * check_binds() - check what becomes of some binds
 */
static void check_binds(const char *options, bool v6only, const struct expected *cases,
			size_t count)
{
	struct ruleset *rs = rules_of(options);

	for (size_t i = 0; i < count; i++) {
		struct endpoint on = endpoint(cases[i].address, cases[i].port);

		check_decision(decide_listen(rs, &on, v6only), &cases[i]);
	}
	free(rs);
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void test_no_rules(void)
{
	struct endpoint to = endpoint("10.0.0.1", 80);

	check_decision(decide_connect(&ruleset_empty, &to),
		       &(struct expected){"10.0.0.1", 80, ACTION_PASS, BY_DEFAULT, 0, 0});
	check_decision(decide_listen(&ruleset_empty, &to, false),
		       &(struct expected){"10.0.0.1", 80, ACTION_PASS, BY_DEFAULT, 0, 0});
}

static void test_first_match_wins(void)
{
	static const struct expected cases[] = {
		{"10.0.2.15", 5432, ACTION_VSOCK, 0, 7, 9000},
		{"10.0.2.15", 80, ACTION_VSOCK, 1, 8, 80},
		{"10.0.2.16", 80, ACTION_DENY, 2, 0, 0},
		{"10.1.2.3", 443, ACTION_PASS, 3, 0, 0},
		{"11.0.0.1", 443, ACTION_PASS, BY_DEFAULT, 0, 0},
	};

	check_connects("--connect 10.0.2.15:5432=7:9000\n--connect 10.0.2.15:*=8\n"
		       "--connect 10.0.2.0/24:80=deny\n--connect 10.0.0.0/8:*=pass\n",
		       cases, COUNT(cases));
}

static void test_port_edges(void)
{
	static const struct expected cases[] = {
		{"10.0.0.1", 7999, ACTION_PASS, BY_DEFAULT, 0, 0},
		{"10.0.0.1", 8000, ACTION_VSOCK, 0, 7, 9000},
		{"10.0.0.1", 8099, ACTION_VSOCK, 0, 7, 9099},
		{"10.0.0.1", 8100, ACTION_PASS, BY_DEFAULT, 0, 0},
		{"10.0.0.1", 1, ACTION_VSOCK, 1, 8, 1},
		{"10.0.0.1", 65535, ACTION_VSOCK, 2, 9, 4294967294},
		{"10.0.0.1", 65534, ACTION_VSOCK, 2, 9, 4294967293},
		{"10.0.0.1", 0, ACTION_PASS, BY_DEFAULT, 0, 0},
		{"10.0.0.2", 1, ACTION_VSOCK, 3, 7, 1},
		{"10.0.0.2", 65535, ACTION_VSOCK, 3, 7, 65535},
		{"10.0.0.3", 1, ACTION_VSOCK, 4, 7, 70000},
		{"10.0.0.3", 65535, ACTION_VSOCK, 4, 7, 70000},
	};

	check_connects("--connect 10.0.0.1:8000-8099=7:9000\n--connect 10.0.0.1:1=8\n"
		       "--connect 10.0.0.1:65534-65535=9:4294967293\n--connect 10.0.0.2:*=7\n"
		       "--connect 10.0.0.3:*=7:70000\n",
		       cases, COUNT(cases));
}

/* TCP refuses port 0, and there is no vsock port 0. */
static void test_connect_to_port_0(void)
{
	static const struct expected cases[] = {
		{"10.0.0.1", 0, ACTION_DENY, 0, 0, 0},
		{"10.0.0.2", 0, ACTION_VSOCK, 1, 7, 80},
		{"10.0.0.3", 0, ACTION_DENY, BY_PEER, 0, 0},
		{"240.0.0.3", 0, ACTION_DENY, BY_SYNTHETIC, 0, 0},
		{"10.0.0.4", 0, ACTION_PASS, BY_DEFAULT, 0, 0},
	};

	check_connects("--connect 10.0.0.1:*=7\n--connect 10.0.0.2:*=7:80\n--peer 10.0.0.3=9\n",
		       cases, COUNT(cases));
}

static void test_prefixes(void)
{
	static const struct expected cases[] = {
		{"10.0.0.127", 80, ACTION_VSOCK, 0, 7, 80},
		{"10.0.0.128", 80, ACTION_PASS, BY_DEFAULT, 0, 0},
		{"fd00:0:0:1:ffff::", 80, ACTION_VSOCK, 1, 8, 80},
		{"fd00:0:0:2::", 80, ACTION_PASS, BY_DEFAULT, 0, 0},
		{"2001:db8:7fff::", 80, ACTION_VSOCK, 2, 9, 80},
		{"2001:db8:8000::", 80, ACTION_PASS, BY_DEFAULT, 0, 0},
		{"::1", 80, ACTION_PASS, BY_DEFAULT, 0, 0},
	};

	check_connects("--connect 10.0.0.0/25:80=7\n--connect [fd00:0:0:1::/64]:80=8\n"
		       "--connect [2001:db8::/33]:80=9\n",
		       cases, COUNT(cases));
}

/* An IPv6 prefix covers the mapped IPv4 addresses in bits, but not in meaning. */
static void test_families(void)
{
	static const struct expected cases[] = {
		{"10.0.0.1", 1, ACTION_VSOCK, 0, 4, 1},
		{"::ffff:10.0.0.1", 1, ACTION_VSOCK, 0, 4, 1},
		{"fd00::1", 1, ACTION_VSOCK, 1, 6, 1},
		{"::10.0.0.1", 1, ACTION_VSOCK, 1, 6, 1},
		{"10.0.0.1", 2, ACTION_VSOCK, 2, 10, 2},
		{"fd00::1", 2, ACTION_VSOCK, 2, 10, 2},
		{"10.0.0.1", 3, ACTION_VSOCK, 3, 16, 3},
		{"10.0.0.2", 3, ACTION_PASS, BY_DEFAULT, 0, 0},
	};

	check_connects("--connect 0.0.0.0/0:1=4\n--connect [::/0]:1=6\n--connect *:2=10\n"
		       "--connect [::ffff:10.0.0.1]:3=16\n",
		       cases, COUNT(cases));
}

static void test_unspecified_means_loopback(void)
{
	static const struct expected cases[] = {
		{"0.0.0.0", 80, ACTION_VSOCK, 0, 7, 80},
		{"::ffff:0.0.0.0", 80, ACTION_VSOCK, 0, 7, 80},
		{"::", 80, ACTION_VSOCK, 1, 8, 80},
		{"127.0.0.2", 80, ACTION_PASS, BY_DEFAULT, 0, 0},
	};

	check_connects("--connect 127.0.0.1:80=7\n--connect [::1]:80=8\n", cases, COUNT(cases));
}

static void test_peers_and_synthetic(void)
{
	static const struct expected cases[] = {
		{"10.0.2.15", 80, ACTION_VSOCK, BY_PEER, 7, 80},
		{"10.0.2.15", 22, ACTION_PASS, 0, 0, 0},
		{"fd00::15", 65535, ACTION_VSOCK, BY_PEER, 8, 65535},
		{"240.0.0.3", 80, ACTION_VSOCK, BY_SYNTHETIC, 3, 80},
		{"240.0.0.4", 80, ACTION_DENY, 1, 0, 0},
		{"fd76:736f:636b::1", 80, ACTION_VSOCK, BY_SYNTHETIC, 1, 80},
		{"240.0.0.1", 80, ACTION_DENY, BY_SYNTHETIC, 0, 0},
		{"240.0.0.0", 80, ACTION_DENY, BY_SYNTHETIC, 0, 0},
		{"fd76:736f:636b::", 80, ACTION_DENY, BY_SYNTHETIC, 0, 0},
		{"255.255.255.255", 80, ACTION_PASS, BY_DEFAULT, 0, 0},
	};

	check_connects("--peer 10.0.2.15=7\n--peer fd00::15=8\n--connect 10.0.2.15:22=pass\n"
		       "--connect 240.0.0.4:80=deny\n",
		       cases, COUNT(cases));
}

/* The default comes before the addresses of peers; names = false does not touch those. */
static void test_default_and_names(void)
{
	struct ruleset *rs = rules_of("--peer 10.0.2.15=7\n--connect 10.0.2.15:22=7\n");
	struct endpoint peer = endpoint("10.0.2.15", 80);
	struct endpoint ruled = endpoint("10.0.2.15", 22);
	struct endpoint synthetic = endpoint("240.0.0.3", 80);

	rs->names = 0;
	CU_ASSERT(decide_connect(rs, &peer).rule == BY_PEER);
	CU_ASSERT(decide_connect(rs, &synthetic).action == ACTION_PASS);
	rs->names = 1;
	rs->default_connect = ACTION_DENY;
	CU_ASSERT(decide_connect(rs, &ruled).action == ACTION_VSOCK);
	CU_ASSERT(decide_connect(rs, &peer).action == ACTION_DENY);
	CU_ASSERT(decide_connect(rs, &peer).rule == BY_DEFAULT);
	CU_ASSERT(decide_connect(rs, &synthetic).action == ACTION_DENY);
	CU_ASSERT(decide_listen(rs, &peer, false).action == ACTION_PASS);
	rs->default_listen = ACTION_DENY;
	CU_ASSERT(decide_listen(rs, &peer, false).action == ACTION_DENY);
	CU_ASSERT(decide_listen(rs, &peer, false).rule == BY_DEFAULT);
	free(rs);
}

static void test_bind_wildcards(void)
{
	static const struct expected dual[] = {
		{"0.0.0.0", 80, ACTION_VSOCK, 0, VMADDR_CID_ANY, 8080},
		{"10.1.2.3", 80, ACTION_VSOCK, 0, VMADDR_CID_ANY, 8080},
		{"127.0.0.1", 80, ACTION_VSOCK, 0, VMADDR_CID_ANY, 8080},
		{"::", 80, ACTION_VSOCK, 0, VMADDR_CID_ANY, 8080},
		{"::ffff:0.0.0.0", 80, ACTION_VSOCK, 0, VMADDR_CID_ANY, 8080},
		{"::1", 80, ACTION_PASS, BY_DEFAULT, 0, 0},
		{"::", 443, ACTION_VSOCK, 1, VMADDR_CID_ANY, 8443},
		{"fd00::1", 443, ACTION_VSOCK, 1, VMADDR_CID_ANY, 8443},
		{"0.0.0.0", 443, ACTION_PASS, BY_DEFAULT, 0, 0},
		{"10.1.2.3", 443, ACTION_PASS, BY_DEFAULT, 0, 0},
		{"0.0.0.0", 25, ACTION_PASS, BY_DEFAULT, 0, 0},
		{"10.0.0.1", 25, ACTION_VSOCK, 2, VMADDR_CID_ANY, 25},
	};
	static const struct expected v6only[] = {
		{"::", 80, ACTION_PASS, BY_DEFAULT, 0, 0},
		{"::", 443, ACTION_VSOCK, 1, VMADDR_CID_ANY, 8443},
	};
	static const char rules[] = "--listen 0.0.0.0:80=8080\n--listen [::]:443=8443\n"
				    "--listen 10.0.0.1:25\n";

	check_binds(rules, false, dual, COUNT(dual));
	check_binds(rules, true, v6only, COUNT(v6only));
}

static void test_bind_port_0(void)
{
	static const struct expected cases[] = {
		{"10.0.0.1", 0, ACTION_PASS, BY_DEFAULT, 0, 0},
		{"10.0.0.2", 0, ACTION_VSOCK, 1, VMADDR_CID_ANY, 0},
		{"10.0.0.3", 0, ACTION_VSOCK, 2, VMADDR_CID_ANY, 80},
		{"10.0.0.4", 0, ACTION_DENY, 3, 0, 0},
	};

	check_binds("--listen 10.0.0.1:1-65535\n--listen 10.0.0.2:*\n--listen 10.0.0.3:*=80\n"
		    "--listen 10.0.0.4:*=deny\n",
		    false, cases, COUNT(cases));
}

static void test_bind_loopback_stays_local(void)
{
	static const struct expected all[] = {
		{"127.0.0.1", 8080, ACTION_VSOCK, 0, VMADDR_CID_LOCAL, 8080},
		{"::1", 0, ACTION_VSOCK, 0, VMADDR_CID_LOCAL, 0},
		{"0.0.0.0", 8080, ACTION_VSOCK, 0, VMADDR_CID_ANY, 8080},
		{"::", 8080, ACTION_VSOCK, 0, VMADDR_CID_ANY, 8080},
		{"10.0.0.1", 8080, ACTION_VSOCK, 0, VMADDR_CID_ANY, 8080},
	};
	static const struct expected named[] = {
		{"127.0.0.1", 8080, ACTION_VSOCK, 0, VMADDR_CID_ANY, 8080},
		{"127.1.0.1", 8080, ACTION_VSOCK, 1, VMADDR_CID_ANY, 8080},
		{"::1", 8080, ACTION_VSOCK, 2, VMADDR_CID_ANY, 8080},
	};
	static const struct expected wider[] = {
		{"127.0.0.1", 8080, ACTION_VSOCK, 0, VMADDR_CID_LOCAL, 8080},
		{"::1", 8080, ACTION_VSOCK, 1, VMADDR_CID_LOCAL, 8080},
	};
	static const struct expected port[] = {
		{"127.0.0.1", 80, ACTION_VSOCK, 0, VMADDR_CID_ANY, 80},
		{"::1", 80, ACTION_VSOCK, 0, VMADDR_CID_ANY, 80},
		{"127.0.0.1", 65535, ACTION_VSOCK, 1, VMADDR_CID_ANY, 65535},
	};

	check_binds("--listen *:*\n", false, all, COUNT(all));
	check_binds("--listen 127.0.0.1:*\n--listen 127.0.0.0/8:*\n--listen [::1]:*\n", false,
		    named, COUNT(named));
	check_binds("--listen 126.0.0.0/7:*\n--listen [::/127]:*\n", false, wider,
		    COUNT(wider));
	check_binds("--listen *:80\n--listen *:81-65535\n", false, port, COUNT(port));
}

static void test_accepts(void)
{
	struct ruleset *rs =
		rules_of_text("version = 1; listen = (\n"
			      "{ on = \"*:80\"; accept_from = [ \"host\", 7 ]; },\n"
			      "{ on = \"*:81\"; accept_from = [ ]; },\n"
			      "{ on = \"*:82\"; },\n"
			      "{ on = \"*:83\"; accept_from = [ 9 ]; } );\n",
			      "");
	const struct rule *rules;

	rules = ruleset_listen(rs);
	CU_ASSERT(rule_accepts(rs, &rules[0], 2));
	CU_ASSERT(rule_accepts(rs, &rules[0], 7));
	CU_ASSERT(!rule_accepts(rs, &rules[0], 9));
	CU_ASSERT(!rule_accepts(rs, &rules[1], 2));
	CU_ASSERT(rule_accepts(rs, &rules[2], 2));
	CU_ASSERT(rule_accepts(rs, &rules[3], 9));
	CU_ASSERT(!rule_accepts(rs, &rules[3], 7));
	free(rs);
}

CU_TestInfo match_tests[] = {
	{"no rules", test_no_rules},
	{"the first match wins", test_first_match_wins},
	{"ports and offsets at their edges", test_port_edges},
	{"connect to port 0", test_connect_to_port_0},
	{"prefixes", test_prefixes},
	{"families", test_families},
	{"connect to the unspecified address", test_unspecified_means_loopback},
	{"peers' and synthetic addresses", test_peers_and_synthetic},
	{"default and names", test_default_and_names},
	{"bind to wildcards", test_bind_wildcards},
	{"bind to port 0", test_bind_port_0},
	{"bind to loopback stays local", test_bind_loopback_stays_local},
	{"accept_from", test_accepts},
	CU_TEST_INFO_NULL,
};
