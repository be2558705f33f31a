/* SPDX-License-Identifier: MIT */
/*
 * test_names.c - tests of config/host.c, config/stand_in.c, config/names.c, what config/match.c
 * does with names, shim/broker/names.c and shim/kernel/hosts.c
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../config/address.h"
#include "../../config/memory.h"
#include "../../shim/broker/names.h"
#include "../../shim/kernel/hosts.h"
#include "unit.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void test_normal_form(void)
{
	static const struct {
		const char *name;
		const char *normal; /* NULL: none */
	} cases[] = {
		{"a", "a"},
		{"WWW.Example.COM", "www.example.com"},
		{"example.com.", "example.com"},
		{"x_y.a-b.1", "x_y.a-b.1"},
		{"", NULL},
		{".", NULL},
		{"a..b", NULL},
		{".a", NULL},
		{"a..", NULL},
		{"a b", NULL},
		{"a%b", NULL},
		{"b\303\274cher.example", NULL},
		{"a\n", NULL},
	};
	char normal[HOST_MAX + 1], name[400];

	for (size_t i = 0; i < COUNT(cases); i++) {
		bool good = host_normal(cases[i].name, normal);

		CU_ASSERT(good == (cases[i].normal != NULL));
		CU_ASSERT(!good || strcmp(normal, cases[i].normal) == 0);
	}
	for (size_t length = 1; length < sizeof(name); length++) {
		memset(name, 'a', length);
		name[length] = '\0';
		CU_ASSERT(host_normal(name, normal) == (length <= HOST_LABEL_MAX));
		for (size_t dot = 63; dot < length; dot += 64)
			name[dot] = '.';
		CU_ASSERT(host_normal(name, normal) ==
			  (length <= HOST_MAX ||
			   (length == HOST_MAX + 1 && name[HOST_MAX] == '.')));
	}
}

static void test_numbers(void)
{
	static const char *const numbers[] = {"1",  "127.1", "10.0.0.300", "0x7f.0X1",
					      "0x", "a.1",   "2130706433", "1.2.3.4.5"};
	static const char *const names[] = {"",    "a",     "1a",       "1.a", "0x7g",
					    "a0x", "x.0y1", "1.2.3.4a", "1."};

	for (size_t i = 0; i < COUNT(numbers); i++)
		CU_ASSERT(host_is_number(numbers[i]));
	for (size_t i = 0; i < COUNT(names); i++)
		CU_ASSERT(!host_is_number(names[i]));
}

static void test_patterns(void)
{
	CU_ASSERT(host_meets("a.com", "a.com") && !host_meets("a.com", "b.a.com"));
	CU_ASSERT(host_meets("*.com", "a.com") && host_meets("*.com", "b.a.com"));
	CU_ASSERT(!host_meets("*.a.com", "a.com") && !host_meets("*.a.com", "ba.com"));
	CU_ASSERT(!host_meets("*.a.com", ".a.com") && !host_meets("*.com", "com"));
	CU_ASSERT(host_covers("*.com", "*.a.com") && host_covers("*.com", "*.com"));
	CU_ASSERT(!host_covers("*.a.com", "*.com") && !host_covers("a.com", "*.com"));
	CU_ASSERT(host_covers("*.a.com", "b.a.com") && !host_covers("*.a.com", "a.com"));
}

static const char rules_text[] =
	"version = 1;\n"
	"peers = ( { name = \"db\"; cid = 7; } );\n"
	"connect = (\n"
	"  { to = \"10.0.0.0/8:*\"; cid = 9; },\n"
	"  { to = \"public.example.com:*\"; action = \"pass\"; },\n"
	"  { to = \"db.internal:5432\"; peer = \"db\"; },\n"
	"  { to = \"bad.example.com:443\"; action = \"deny\"; },\n"
	"  { to = \"*.example.com:8000-8099\"; cid = 2; port = 9000; },\n"
	"  { to = \"*:25\"; action = \"deny\"; },\n"
	"  { to = \"*:99\"; action = \"pass\"; },\n"
	"  { to = \"*.example.com:*\"; cid = 3; }\n"
	");\n";

static void test_taking(void)
{
	struct ruleset *rs = rules_of_text(rules_text, "");
	char normal[HOST_MAX + 1];

	CU_ASSERT(rs->takes_names);
	CU_ASSERT(host_taking(rs, "DB.internal.", normal) == NAME_TAKEN);
	CU_ASSERT_STRING_EQUAL(normal, "db.internal");
	CU_ASSERT(host_taking(rs, "a.b.example.com", normal) == NAME_TAKEN);
	CU_ASSERT(host_taking(rs, "bad.example.com", normal) == NAME_TAKEN);
	CU_ASSERT(host_taking(rs, "public.EXAMPLE.com", normal) == NAME_FREE);
	CU_ASSERT(host_taking(rs, "example.com", normal) == NAME_FREE);
	CU_ASSERT(host_taking(rs, "x.db.internal", normal) == NAME_FREE);
	CU_ASSERT(host_taking(rs, "a..example.com", normal) == NAME_BAD);
	CU_ASSERT(host_taking(rs, "b\303\274cher.example.com", normal) == NAME_BAD);
	CU_ASSERT(host_taking(rs, "", normal) == NAME_FREE);
	CU_ASSERT(host_taking(rs, "10.0.0.1", normal) == NAME_FREE);
	CU_ASSERT(host_taking(&ruleset_empty, "db.internal", normal) == NAME_FREE);
	CU_ASSERT(!host_takes_all(rs) && !host_takes_all(&ruleset_empty));
	free(rs);
	rs = rules_of("--connect a.example:*=pass\n--connect *:*=2");
	CU_ASSERT(!rs->takes_names);
	free(rs);
}

static void test_decisions(void)
{
	static const struct {
		const char *name;
		uint16_t port;
		enum action action;
		int rule;
		uint32_t cid, vsock_port;
	} cases[] = {
		{"db.internal", 5432, ACTION_VSOCK, 2, 7, 5432},
		{"db.internal", 5433, ACTION_DENY, BY_NAME, 0, 0},
		{"db.internal", 25, ACTION_DENY, 5, 0, 0},
		{"bad.example.com", 443, ACTION_DENY, 3, 0, 0},
		{"bad.example.com", 80, ACTION_VSOCK, 7, 3, 80},
		{"a.example.com", 8001, ACTION_VSOCK, 4, 2, 9001},
		{"a.example.com", 443, ACTION_VSOCK, 7, 3, 443},
		{"a.example.com", 25, ACTION_DENY, 5, 0, 0},
		{"a.example.com", 99, ACTION_DENY, 6, 0, 0}, /* it cannot pass */
		{"public.example.com", 443, ACTION_DENY, 1, 0, 0},
	};
	struct ruleset *rs = rules_of_text(rules_text, "");
	struct endpoint zero = endpoint("fd00::", 443);

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct decision d = decide_connect_name(rs, cases[i].name, cases[i].port);
		bool good = d.action == cases[i].action && d.rule == cases[i].rule &&
			    (d.action != ACTION_VSOCK ||
			     (d.cid == cases[i].cid && d.port == cases[i].vsock_port));
		enum fit fit = d.rule < 0 ? FIT_MEETS
					  : rule_fit_name(rs, ruleset_connect(rs) + d.rule,
							  cases[i].name, cases[i].port);

		CU_ASSERT(good);
		CU_ASSERT(fit == FIT_MEETS);
		if (!good)
			printf("\n    %s:%u: action %d by %d\n", cases[i].name, cases[i].port,
			       d.action, d.rule);
	}
	/* no address meets a rule for names, whatever its halves are */
	CU_ASSERT(decide_connect(rs, &zero).action == ACTION_PASS);
	CU_ASSERT(rule_fit(ruleset_connect(rs) + 7, &zero) == FIT_OTHER_NAME);
	CU_ASSERT(rule_fit_name(rs, ruleset_connect(rs), "a.b", 80) == FIT_OTHER_ADDRESS);
	CU_ASSERT(rule_fit_name(rs, ruleset_connect(rs) + 7, "a.b", 80) == FIT_OTHER_NAME);
	CU_ASSERT(rule_fit_name(rs, ruleset_connect(rs) + 2, "a.b", 80) == FIT_OTHER_PORT);
	free(rs);
}

static void test_errors(void)
{
	CU_ASSERT(refuses("--connect a.example:80=pass") && reported("write a.example:*"));
	CU_ASSERT(refuses("--connect *.example:80=2\n--connect A.example:80=3") &&
		  reported("*.example:80") && reported("covers a.example:80"));
	CU_ASSERT(refuses("--connect *:80=2\n--connect a.example:80=3"));
	CU_ASSERT(refuses("--connect *.b.example:*=2\n--connect *.a.b.example:1-5=3"));
	free(rules_of("--connect *.a.example:*=2\n--connect *.example:*=3"));
	CU_ASSERT(refuses("--connect 198.18.0.1:80=2\n--connect a.example:80=3") &&
		  reported("stands for host names"));
	CU_ASSERT(refuses("--connect [fd76:736f:636b:1::/96]:80=2\n--connect a.example:80=3"));
	CU_ASSERT(refuses("--peer 198.19.255.1=7\n--connect a.example:80=3") &&
		  reported("give the peer another address"));
	free(rules_of("--peer 198.20.0.1=7\n--connect 198.0.0.0/8:*=2\n--connect a.b:80=3"));
	free(rules_of("--peer 198.19.255.1=7\n--connect 198.18.0.1:*=2"));
	CU_ASSERT(refuses_text("version = 1; options = { stand_ins = \"198.18.0.0/25\"; };") &&
		  reported("conf:1: ") && reported("length of 8 to 24"));
	CU_ASSERT(refuses_text("version = 1; options = { stand_ins = \"198.18.0.0\"; };"));
	CU_ASSERT(refuses_text("version = 1; options = { stand_ins = \"198.18.0.0/\"; };"));
	CU_ASSERT(refuses_text("version = 1; options = { stand_ins = \"fd00::/16\"; };"));
	CU_ASSERT(refuses_text("version = 1; options = { stand_ins = \"198.19.0.0/14\"; };") &&
		  reported("past its prefix"));
	CU_ASSERT(refuses_text("version = 1; options = { stand_ins = \"127.0.0.0/8\"; };") &&
		  reported("something else already"));
	CU_ASSERT(refuses_text("version = 1; options = { stand_ins = \"240.0.0.0/8\"; };"));
}

static void test_stand_ins(void)
{
	struct ruleset *rs = rules_of("--connect a.example:80=2");
	struct ruleset *small =
		rules_of_text("version = 1; options = { stand_ins = \"10.77.3.0/24\"; };\n"
			      "connect = ( { to = \"a.example:80\"; cid = 2; } );",
			      "");
	uint8_t address[16], other[16];
	uint32_t number;

	CU_ASSERT(stand_in_room(rs) == STAND_INS_MAX && stand_in_room(small) == 254);
	for (uint32_t i = 0; i < stand_in_room(rs); i++) {
		stand_in_ip(rs, i, false, address);
		if (!stand_in_number(rs, address, &number) || number != i ||
		    address[12] != 198 || (address[13] & 0xfe) != 18 || address[15] == 0 ||
		    address[15] == 255)
			CU_FAIL("IPv4");
		stand_in_ip(rs, i, true, address);
		if (!stand_in_number(rs, address, &number) || number != i)
			CU_FAIL("IPv6");
	}
	stand_in_ip(small, 0, false, address);
	CU_ASSERT(same_ip(address, "10.77.3.1"));
	stand_in_ip(small, 253, false, address);
	CU_ASSERT(same_ip(address, "10.77.3.254"));
	stand_in_ip(small, 253, true, address);
	CU_ASSERT(same_ip(address, "fd76:736f:636b:1::fe"));
	CU_ASSERT(stand_in_is(rs, ip("198.19.255.255", other)) &&
		  !stand_in_number(rs, other, &number));
	CU_ASSERT(!stand_in_number(rs, ip("198.18.3.0", other), &number));
	CU_ASSERT(!stand_in_is(rs, ip("198.20.0.1", other)));
	CU_ASSERT(!stand_in_is(rs, ip("198.17.255.254", other)));
	CU_ASSERT(!stand_in_is(rs, ip("fd76:736f:636b::7", other)));
	CU_ASSERT(stand_in_is(rs, ip("fd76:736f:636b:1::", other)) &&
		  !stand_in_number(rs, other, &number));
	CU_ASSERT(stand_in_is(rs, ip("fd76:736f:636b:1:0:1::1", other)) &&
		  !stand_in_number(rs, other, &number));
	CU_ASSERT(!stand_in_is(&ruleset_empty, ip("198.18.0.1", other)));
	free(rs);
	free(small);
}

static void test_table(void)
{
	struct ruleset *rs = rules_of("--connect *.example:80=2");
	struct names *names = memory_zeroed(sizeof(*names));
	uint32_t room = stand_in_room(rs), most = room - room / 4;
	struct endpoint to = {.port = 80};
	char name[HOST_MAX + 1], found[HOST_MAX + 1];
	int32_t *number = memory_zeroed(room * sizeof(*number));
	unsigned begun = 0;

	CU_ASSERT(names_find(names, rs, "0.example") < 0 && !names_text(names, 5, found));
	for (uint32_t i = 0; i < most; i++) {
		(void)snprintf(name, sizeof(name), "n%u.example", i);
		number[i] = names_add(names, rs, name);
		if (number[i] < 0 || names_add(names, rs, name) != number[i])
			CU_FAIL("it is not added once");
		begun += (uint32_t)number[i] == names_begin(rs, name);
	}
	CU_ASSERT(names->count == most);
	CU_ASSERT(begun > most / 2); /* most are where they will be the next time */
	CU_ASSERT(names_add(names, rs, "one-more.example") == -1);
	CU_ASSERT(names_add(names, rs, "n7.example") == number[7]);
	for (uint32_t i = 0; i < most; i++) {
		(void)snprintf(name, sizeof(name), "n%u.example", i);
		if (names_find(names, rs, name) != number[i] ||
		    !names_text(names, (uint32_t)number[i], found) || strcmp(name, found) != 0)
			CU_FAIL("it is not there, or another");
	}
	stand_in_ip(rs, (uint32_t)number[7], false, to.ip);
	CU_ASSERT(names_decide(names, rs, &to, found).cid == 2);
	CU_ASSERT_STRING_EQUAL(found, "n7.example");
	CU_ASSERT(names_decide(NULL, rs, &to, found).rule == BY_NAME && *found == '\0');
	to.port = 81;
	CU_ASSERT(names_decide(names, rs, &to, found).rule == BY_NAME && *found != '\0');
	to = endpoint("10.0.0.1", 80);
	CU_ASSERT(names_decide(names, rs, &to, found).action == ACTION_PASS);
	/* memory that somebody else has written */
	for (uint32_t i = 0; i < room; i++)
		names->entries[i].length = UINT16_MAX;
	CU_ASSERT(names_find(names, rs, "n7.example") == -1 && !names_text(names, 7, found));
	CU_ASSERT(names_add(names, rs, "n7.example") == -1);
	free(number);
	free(names);
	free(rs);
}

static void test_hosts(void)
{
	static const char text[] = "127.0.0.1\tlocalhost here.example # not.example\r\n"
				   "#10.0.0.1 gone.example\n"
				   "\n  10.0.0.2   Mixed.Example alias\n"
				   "10.0.0.3 last.example";

	CU_ASSERT(hosts_text_knows(text, "localhost") &&
		  hosts_text_knows(text, "here.example"));
	CU_ASSERT(hosts_text_knows(text, "mixed.example") && hosts_text_knows(text, "alias"));
	CU_ASSERT(hosts_text_knows(text, "last.example"));
	CU_ASSERT(!hosts_text_knows(text, "not.example") &&
		  !hosts_text_knows(text, "gone.example"));
	CU_ASSERT(!hosts_text_knows(text, "127.0.0.1") && !hosts_text_knows(text, "10.0.0.3"));
	CU_ASSERT(!hosts_text_knows(text, "last") && !hosts_text_knows(text, "t.example"));
	CU_ASSERT(!hosts_text_knows(text, "last.example.com") && !hosts_text_knows("", "a"));
}

CU_TestInfo names_tests[] = {
	{"the normal form of names", test_normal_form},
	{"what ends in a number", test_numbers},
	{"patterns of names", test_patterns},
	{"which names are taken", test_taking},
	{"decisions by name", test_decisions},
	{"rules of names that are refused", test_errors},
	{"addresses that stand for names", test_stand_ins},
	{"the table of names", test_table},
	{"/etc/hosts", test_hosts},
	CU_TEST_INFO_NULL,
};
