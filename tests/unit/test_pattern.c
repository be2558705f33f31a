/* SPDX-License-Identifier: MIT */
/*
 * test_pattern.c - tests of config/pattern.c and config/word.c
 */
#include "../../config/pattern.h"

#include <stdio.h>
#include <string.h>

#include "unit.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The longest label; what fills up three of them to the longest name. */
#define LABEL "a23456789b123456789c123456789d123456789e123456789f123456789g123"
#define LONG  LABEL LABEL LABEL LABEL LABEL
#define REST  "a23456789b123456789c123456789d123456789e123456789f123456789g1"

static void test_good_patterns(void)
{
	static const struct {
		const char *text;
		const char *formatted; /* NULL: the same */
		enum side side;
		uint8_t family;
		uint8_t bits;
	} cases[] = {
		{"10.0.2.15:5432", NULL, SIDE_CONNECT, RULE_IPV4, 128},
		{"10.0.2.15/32:5432", "10.0.2.15:5432", SIDE_CONNECT, RULE_IPV4, 128},
		{"10.0.0.0/8:*", NULL, SIDE_CONNECT, RULE_IPV4, 104},
		{"0.0.0.0/0:1-65535", NULL, SIDE_CONNECT, RULE_IPV4, 96},
		{"*:80", NULL, SIDE_CONNECT, RULE_ANY_FAMILY, 0},
		{"*:*", NULL, SIDE_CONNECT, RULE_ANY_FAMILY, 0},
		{"[fd00:2::/64]:*", NULL, SIDE_CONNECT, RULE_IPV6, 64},
		{"[fd00:2::15]:80-80", "[fd00:2::15]:80", SIDE_CONNECT, RULE_IPV6, 128},
		{"[::/0]:80", NULL, SIDE_CONNECT, RULE_IPV6, 0},
		{"[::1]:80", NULL, SIDE_CONNECT, RULE_IPV6, 128},
		{"[::ffff:10.0.0.1]:80", "10.0.0.1:80", SIDE_CONNECT, RULE_IPV4, 128},
		{"[::ffff:10.0.0.0/104]:80", "10.0.0.0/8:80", SIDE_CONNECT, RULE_IPV4, 104},
		{"0.0.0.0:80", "0.0.0.0/0:80", SIDE_LISTEN, RULE_IPV4, 96},
		{"0.0.0.0/32:80", "0.0.0.0:80", SIDE_LISTEN, RULE_IPV4, 128},
		{"[::]:80", "[::/0]:80", SIDE_LISTEN, RULE_IPV6, 0},
		{"[::/128]:80", "[::]:80", SIDE_LISTEN, RULE_IPV6, 128},
		{"[::ffff:0.0.0.0]:80", "0.0.0.0/0:80", SIDE_LISTEN, RULE_IPV4, 96},
		{"db.example.com:80", NULL, SIDE_CONNECT, RULE_HOST, 128},
		{"DB.Example.COM.:80-90", "db.example.com:80-90", SIDE_CONNECT, RULE_HOST, 128},
		{"db:5432", NULL, SIDE_CONNECT, RULE_HOST, 128},
		{"*.example.com:*", NULL, SIDE_CONNECT, RULE_HOST, 128},
		{"*.com.:443", "*.com:443", SIDE_CONNECT, RULE_HOST, 128},
		{"_tcp.1.x-y:*", NULL, SIDE_CONNECT, RULE_HOST, 128},
		{"2130706433a:80", NULL, SIDE_CONNECT, RULE_HOST, 128},
		{LABEL ".example.com:80", NULL, SIDE_CONNECT, RULE_HOST, 128},
		{LABEL "." LABEL "." LABEL "." REST ":65534-65535", NULL, SIDE_CONNECT,
		 RULE_HOST, 128},
		{"80", "*:80", SIDE_LISTEN, RULE_ANY_FAMILY, 0},
		{"80-90", "*:80-90", SIDE_LISTEN, RULE_ANY_FAMILY, 0},
		{"*", "*:*", SIDE_LISTEN, RULE_ANY_FAMILY, 0},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct rule rule = {.vsock_port = 0};
		char reason[REASON_MAX] = "";
		char text[PATTERN_TEXT_MAX], host[HOST_MAX + 1];

		CU_ASSERT(pattern_parse(cases[i].text, cases[i].side, &rule, host, reason));
		CU_ASSERT_STRING_EQUAL(reason, "");
		CU_ASSERT(rule.family == cases[i].family && rule.prefix_bits == cases[i].bits);
		CU_ASSERT(rule.vsock_port == rule.port_first && !rule.fixed_port);
		CU_ASSERT_STRING_EQUAL(pattern_format(&rule, host, text),
				       cases[i].formatted ? cases[i].formatted : cases[i].text);
	}
}

static void test_bad_patterns(void)
{
	static const struct {
		enum side side;
		const char *text;
		const char *reason; /* a part of it */
	} cases[] = {
		{SIDE_CONNECT, "", "no port"},
		{SIDE_CONNECT, ":", "\"\" is no IPv4 address"},
		{SIDE_CONNECT, ":80", "\"\" is no IPv4 address"},
		{SIDE_CONNECT, "10.0.0.1:", "\"\" is no port"},
		{SIDE_CONNECT, "10.0.0.1", "has no port"},
		{SIDE_CONNECT, "80", "has no port"},
		{SIDE_LISTEN, "10.0.0.1", "has no port"},
		{SIDE_LISTEN, "10.0.0.0/8", "has no port"},
		{SIDE_LISTEN, "", "\"\" is no port"},
		{SIDE_CONNECT, "10.0.0.1:0", "0 is no TCP port"},
		{SIDE_CONNECT, "10.0.0.1:65536", "65536 is no TCP port"},
		{SIDE_CONNECT, "10.0.0.1:18446744073709551617", "is no TCP port"},
		{SIDE_CONNECT, "10.0.0.1:-1", "\"\" is no port"},
		{SIDE_CONNECT, "10.0.0.1:+1", "\"+1\" is no port"},
		{SIDE_CONNECT, "10.0.0.1: 80", "\" 80\" is no port"},
		{SIDE_CONNECT, "10.0.0.1:http", "\"http\" is no port"},
		{SIDE_CONNECT, "10.0.0.1:90-80", "write 80-90"},
		{SIDE_CONNECT, "10.0.0.1:80-", "\"\" is no port"},
		{SIDE_CONNECT, "10.0.0.1:80-90-100", "\"90-100\" is no port"},
		{SIDE_CONNECT, "10.0.0.1:80-*", "\"*\" is no port"},
		{SIDE_CONNECT, "10.0.0.1/8:80", "write 10.0.0.0/8"},
		{SIDE_CONNECT, "10.0.0.0/33:80", "\"/33\" is no prefix length"},
		{SIDE_CONNECT, "10.0.0.0/:80", "\"/\" is no prefix length"},
		{SIDE_CONNECT, "10.0.0.0/-1:80", "\"/-1\" is no prefix length"},
		{SIDE_CONNECT, "10.0.0.0/255.0.0.0:80", "is no prefix length"},
		{SIDE_CONNECT, "10.0.0.256:80", "is no IPv4 address"},
		{SIDE_CONNECT, "10.0.0:80", "is no IPv4 address"},
		{SIDE_CONNECT, "010.0.0.1:80", "is no IPv4 address"},
		{SIDE_LISTEN, "db.example.com:80", "is no IPv4 address"},
		{SIDE_CONNECT, "db.example.com", "has no port"},
		{SIDE_CONNECT, "db.example.0x1f:80", "is no IPv4 address"},
		{SIDE_CONNECT, "db.example.com/24:80", "is no IPv4 address"},
		{SIDE_CONNECT, "db..example.com:80", "is no host name"},
		{SIDE_CONNECT, ".example.com:80", "is no host name"},
		{SIDE_CONNECT, "*.:80", "is no host name"},
		{SIDE_CONNECT, "*..:80", "is no host name"},
		{SIDE_CONNECT, "b\303\274cher.example:80", "is no host name"},
		{SIDE_CONNECT, "db example.com:80", "is no host name"},
		{SIDE_CONNECT, LABEL "a.example.com:80", "is no host name"},
		{SIDE_CONNECT, LABEL "." LABEL "." LABEL "." LABEL ":80", "too long"},
		{SIDE_CONNECT,
		 "*." LABEL "." LABEL "." LABEL ".123456789.123456789."
		 "123456789.123456789.123456789.123456789.a:80",
		 "too long"},
		{SIDE_CONNECT, "db.*.com:80", "stands at the front"},
		{SIDE_CONNECT, "*db.example.com:80", "stands at the front"},
		{SIDE_CONNECT, "*.*.com:80", "stands at the front"},
		{SIDE_CONNECT, "localhost:80", "write 127.0.0.1"},
		{SIDE_CONNECT, "www.LOCALHOST.:80", "write 127.0.0.1"},
		{SIDE_CONNECT, "*.localhost:80", "write 127.0.0.1"},
		{SIDE_CONNECT, "db.vsock:80", "the name of a peer"},
		{SIDE_CONNECT, "*.vsock:80", "the name of a peer"},
		{SIDE_CONNECT, "*/8:80", "is no IPv4 address"},
		{SIDE_CONNECT, "[fd00::1:80", "no closing bracket"},
		{SIDE_CONNECT, "[fd00::1]", "has no port"},
		{SIDE_CONNECT, "[fd00::1]80", "has no port"},
		{SIDE_CONNECT, "[fd00::]/64:80", "inside the brackets"},
		{SIDE_CONNECT, "[fd00::1/64]:80", "write fd00::/64"},
		{SIDE_CONNECT, "[fd00::/129]:80", "\"/129\" is no prefix length"},
		{SIDE_CONNECT, "[10.0.0.1]:80", "no IPv6 address"},
		{SIDE_CONNECT, "[*]:80", "no IPv6 address"},
		{SIDE_CONNECT, "[fe80::1%eth0]:80", "no IPv6 address"},
		{SIDE_CONNECT, "fd00::1:80", "in brackets"},
		{SIDE_CONNECT, "0.0.0.0:80", "write 127.0.0.1"},
		{SIDE_CONNECT, "[::]:80", "write ::1"},
		{SIDE_CONNECT, "0.0.0.0/32:80", "can never be met"},
		{SIDE_CONNECT, "10.0.0.1:" LONG, "too long"},
		{SIDE_CONNECT, "[" LONG "]:80", "too long"},
		{SIDE_LISTEN, LONG, "too long"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct rule rule = {.vsock_port = 0};
		char reason[REASON_MAX] = "";
		char host[HOST_MAX + 1];
		bool refused =
			!pattern_parse(cases[i].text, cases[i].side, &rule, host, reason) &&
			strstr(reason, cases[i].reason);

		CU_ASSERT(refused);
		if (!refused)
			printf("\n    %s: %s\n", cases[i].text, reason);
	}
}

static void test_vsock_ports(void)
{
	static const struct {
		const char *pattern;
		int64_t port;
		bool good;
	} cases[] = {
		{"10.0.0.1:80", 1, true},
		{"10.0.0.1:80", 4294967294, true},
		{"10.0.0.1:80", 4294967295, false},
		{"10.0.0.1:80", 4294967376, false},
		{"10.0.0.1:80", 0, false},
		{"10.0.0.1:80", -1, false},
		{"10.0.0.1:80", INT64_MAX, false},
		{"10.0.0.1:80-89", 4294967285, true},
		{"10.0.0.1:80-89", 4294967286, false},
		{"10.0.0.1:*", 4294967294, true},
		{"10.0.0.1:*", 4294967295, false},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct rule rule = {.vsock_port = 0};
		char reason[REASON_MAX] = "", host[HOST_MAX + 1];

		CU_ASSERT(pattern_parse(cases[i].pattern, SIDE_CONNECT, &rule, host, reason));
		CU_ASSERT(pattern_set_port(&rule, cases[i].port, reason) == cases[i].good);
		CU_ASSERT(cases[i].good == (reason[0] == '\0'));
		CU_ASSERT(!cases[i].good || rule.vsock_port == (uint32_t)cases[i].port);
		CU_ASSERT(!cases[i].good || rule.fixed_port == rule.all_ports);
	}
}

static void test_cids(void)
{
	static const int64_t bad[] = {0,          -1,        4294967295, 4294967296,
				      4294967299, INT64_MAX, INT64_MIN};
	char reason[REASON_MAX];
	uint32_t cid;

	for (size_t i = 0; i < COUNT(bad); i++)
		CU_ASSERT(!cid_check(bad[i], &cid, reason));
	CU_ASSERT(cid_check(1, &cid, reason) && cid == 1);
	CU_ASSERT(cid_check(4294967294, &cid, reason) && cid == 4294967294);
}

static void test_peer_names(void)
{
	static const char *const good[] = {"db",
					   "host",
					   "a",
					   "web-1",
					   "7up",
					   "A_b",
					   "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuv"};
	static const char *const bad[] = {
		"",         "7",
		"12-3",     "-db",
		"_db",      "d b",
		"db.vsock", "d\xc3\xbc",
		"pass",     "deny",
		"a:b",      "a\nb",
		"a=b",      "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvw"};
	char reason[REASON_MAX];

	for (size_t i = 0; i < COUNT(good); i++)
		CU_ASSERT(peer_name_check(good[i], reason));
	for (size_t i = 0; i < COUNT(bad); i++)
		CU_ASSERT(!peer_name_check(bad[i], reason));
}

static void test_addresses(void)
{
	static const char *const bad[] = {
		"",   "10.0.0",    "10.0.0.1/32", "10.0.0.1:80", "[fd00::1",    "[10.0.0.1]",
		"[]", "fd00::/64", "db",          "fe80::1%lo",  "[fd00::1]:80"};
	char reason[REASON_MAX];
	uint8_t a[16];

	CU_ASSERT(address_parse("10.0.2.15", a, reason) && same_ip(a, "10.0.2.15"));
	CU_ASSERT(address_parse("fd00::15", a, reason) && same_ip(a, "fd00::15"));
	CU_ASSERT(address_parse("[fd00::15]", a, reason) && same_ip(a, "fd00::15"));
	CU_ASSERT(address_parse("::ffff:10.0.2.15", a, reason) && same_ip(a, "10.0.2.15"));
	for (size_t i = 0; i < COUNT(bad); i++)
		CU_ASSERT(!address_parse(bad[i], a, reason));
}

static void test_peer_addresses(void)
{
	static const char *const bad[] = {"127.0.0.1",        "127.9.9.9",        "::1",
					  "::ffff:127.0.0.1", "0.0.0.0",          "::",
					  "255.255.255.255",  "224.0.0.1",        "ff02::1",
					  "240.0.0.3",        "fd76:736f:636b::3"};
	static const char *const good[] = {"10.0.2.15", "fd00::15", "169.254.1.1", "fe80::1"};
	char reason[REASON_MAX];
	uint8_t a[16];

	for (size_t i = 0; i < COUNT(bad); i++)
		CU_ASSERT(!address_fits_peer(ip(bad[i], a), reason));
	for (size_t i = 0; i < COUNT(good); i++)
		CU_ASSERT(address_fits_peer(ip(good[i], a), reason));
}

static void test_numbers(void)
{
	int64_t number = 5;

	CU_ASSERT(!number_parse("", &number) && number == 5);
	CU_ASSERT(!number_parse("7x", &number) && number == 5);
	CU_ASSERT(!number_parse("-7", &number));
	CU_ASSERT(number_parse("0", &number) && number == 0);
	CU_ASSERT(number_parse("007", &number) && number == 7);
	CU_ASSERT(number_parse("9223372036854775807", &number) && number == INT64_MAX);
	CU_ASSERT(number_parse("9223372036854775808", &number) && number == INT64_MAX);
	CU_ASSERT(number_parse("99999999999999999999999999", &number) && number == INT64_MAX);
}

CU_TestInfo pattern_tests[] = {
	{"good patterns", test_good_patterns},
	{"bad patterns", test_bad_patterns},
	{"vsock ports", test_vsock_ports},
	{"CIDs", test_cids},
	{"names of peers", test_peer_names},
	{"addresses", test_addresses},
	{"addresses of peers", test_peer_addresses},
	{"numbers", test_numbers},
	CU_TEST_INFO_NULL,
};
