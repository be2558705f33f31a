/* SPDX-License-Identifier: MIT */
/*
 * test_parse.c - tests of config/parse.c
 *
 * Bad configurations are told in tests/config/; here it is what good ones mean.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../config/memory.h"
#include "../../config/pattern.h"
#include "unit.h"

static const char whole_language[] =
	"version = 1;\n"
	"peers = (\n"
	"  { name = \"host\"; cid = 2; addresses = [ \"10.0.2.2\" ]; },\n"
	"  { name = \"db\";   cid = 7; addresses = [ \"10.0.2.15\", \"fd00:2::15\" ]; }\n"
	");\n"
	"connect = (                                   # the first rule that matches wins\n"
	"  { to = \"10.0.2.15:5432\";      peer = \"db\"; },\n"
	"  { to = \"127.0.0.1:8000-8099\"; peer = \"db\"; port = 9000; },\n"
	"  { to = \"[fd00:2::/64]:*\";     cid = 7; },\n"
	"  { to = \"192.168.0.0/16:25\";   action = \"deny\"; },\n"
	"  { to = \"192.168.0.0/16:*\";    action = \"pass\"; }\n"
	");\n"
	"listen = (\n"
	"  { on = \"*:80\";                port = 8080; accept_from = [ \"host\", 7 ]; },\n"
	"  { on = \"127.0.0.1:*\";         action = \"pass\"; }\n"
	");\n"
	"default = { connect = \"pass\"; listen = \"deny\"; };\n"
	"options = { connect_timeout = 2.0; buffer_size = 4194304; names = false; };\n";

/**
 * check_rule() - compare a rule with what is expected
 */
static void check_rule(const struct rule *rule, const char *pattern, uint32_t line,
		       enum action action, uint32_t cid, uint32_t vsock_port)
{
	char text[PATTERN_TEXT_MAX];

	CU_ASSERT_STRING_EQUAL(pattern_format(rule, "", text), pattern);
	CU_ASSERT(rule->line == line && rule->action == action);
	CU_ASSERT(action != ACTION_VSOCK ||
		  (rule->cid == cid && rule->vsock_port == vsock_port));
}

static void test_whole_language(void)
{
	struct ruleset *rs = rules_of_text(whole_language, "");
	const struct rule *rules;

	CU_ASSERT_STRING_EQUAL(messages(), "");
	CU_ASSERT(rs->peer_count == 2 && rs->connect_count == 5 && rs->listen_count == 2);
	rules = ruleset_connect(rs);
	check_rule(&rules[0], "10.0.2.15:5432", 7, ACTION_VSOCK, 7, 5432);
	check_rule(&rules[1], "127.0.0.1:8000-8099", 8, ACTION_VSOCK, 7, 9000);
	check_rule(&rules[2], "[fd00:2::/64]:*", 9, ACTION_VSOCK, 7, 0);
	check_rule(&rules[3], "192.168.0.0/16:25", 10, ACTION_DENY, 0, 0);
	check_rule(&rules[4], "192.168.0.0/16:*", 11, ACTION_PASS, 0, 0);
	CU_ASSERT_STRING_EQUAL(ruleset_source(rs, &rules[0]), scratch_path("conf"));
	rules = ruleset_listen(rs);
	check_rule(&rules[0], "*:80", 14, ACTION_VSOCK, 0, 8080);
	CU_ASSERT(rules[0].restricted && rule_accepts(rs, &rules[0], 2) &&
		  rule_accepts(rs, &rules[0], 7) && !rule_accepts(rs, &rules[0], 3));
	check_rule(&rules[1], "127.0.0.1:*", 15, ACTION_PASS, 0, 0);
	CU_ASSERT(rs->default_connect == ACTION_PASS && rs->default_listen == ACTION_DENY);
	CU_ASSERT(rs->connect_timeout_us == 2000000 && rs->buffer_size == 4194304);
	CU_ASSERT(rs->names == 0);
	free(rs);
}

static void test_accept_proxy(void)
{
	static const char *const without[] = {
		"{ on = \"*:80\"; accept_proxy = true; }",
		"{ on = \"*:80\"; accept_proxy = true; port = 8080; }",
	};
	struct ruleset *rs = rules_of_text(
		"version = 1;\n"
		"peers = ( { name = \"vm1\"; socket = \"/run/vm1.sock\"; } );\n"
		"listen = (\n"
		"  { on = \"*:80\"; accept_from = [ 2 ]; accept_proxy = true; },\n"
		"  { on = \"*:81\"; accept_from = [ 2 ]; accept_proxy = false; },\n"
		"  { on = \"*:82\"; peer = \"vm1\"; accept_proxy = true; },\n"
		"  { on = \"*:83\"; accept_proxy = false; }\n"
		");",
		"");
	const struct rule *rules = ruleset_listen(rs);
	char text[200];

	CU_ASSERT(rs->accepts_proxy && rules[0].accept_proxy && !rules[1].accept_proxy &&
		  rules[2].accept_proxy && !rules[3].accept_proxy);
	free(rs);
	for (size_t i = 0; i < sizeof(without) / sizeof(without[0]); i++) {
		(void)snprintf(text, sizeof(text), "version = 1;\nlisten = (\n%s\n);",
			       without[i]);
		CU_ASSERT(refuses_text(text));
		CU_ASSERT(reported(":3: \"accept_proxy\" needs \"accept_from\""));
	}
	CU_ASSERT(refuses_text("version = 1;\nlisten = ( { on = \"*:80\";\n"
			       "action = \"deny\";\naccept_proxy = true; } );"));
	CU_ASSERT(reported(":4: \"accept_proxy\" and \"action\" exclude each other"));
	CU_ASSERT(refuses_text("version = 1;\nlisten = ( { on = \"*:80\"; accept_from = [];\n"
			       "accept_proxy = 1; } );"));
	CU_ASSERT(reported(":3: ") && reported("accept_proxy"));
	rs = rules_of("--listen 80=8080");
	CU_ASSERT(!rs->accepts_proxy);
	free(rs);
}

static void test_least(void)
{
	struct ruleset *rs = rules_of_text("version = 1;", "");

	CU_ASSERT(rs->peer_count + rs->connect_count + rs->listen_count == 0);
	CU_ASSERT(rs->default_connect == ACTION_PASS && rs->default_listen == ACTION_PASS);
	CU_ASSERT(rs->connect_timeout_us == 0 && rs->buffer_size == 0 && rs->names == 1 &&
		  rs->unseen == UNSEEN_USUAL);
	free(rs);
}

/* Numbers that libconfig 1.5 by itself would make something else of. */
static void test_large_numbers(void)
{
	struct ruleset *rs = rules_of_text(
		"version = 1L;\n"
		"peers = ( { name = \"a\"; cid = 4294967294; }, { name = \"b\"; cid = 0x7; },\n"
		"  { name = \"c\"; cid = 4294967293L; }, { name = \"d\"; cid = 0xfffffffc; } "
		");\n"
		"connect = ( { to = \"10.0.0.1:80\"; cid = 3000000000; port = 4000000000; } "
		");\n"
		"options = { connect_timeout = 3; }",
		"");
	const struct peer *peers;

	peers = ruleset_peers(rs);
	CU_ASSERT(peers[0].cid == 4294967294 && peers[1].cid == 7);
	CU_ASSERT(peers[2].cid == 4294967293 && peers[3].cid == 4294967292);
	check_rule(ruleset_connect(rs), "10.0.0.1:80", 4, ACTION_VSOCK, 3000000000, 4000000000);
	CU_ASSERT(rs->connect_timeout_us == 3000000);
	free(rs);
}

static void test_overflowing_numbers(void)
{
	static const char *const cids[] = {
		"4294967295",  "4294967296",  "4294967303",         "-1",
		"0",           "0x100000007", "-4294967289",        "18446744073709551623",
		"4294967303L", "0xffffffff",  "0x10000000000000007"};
	char text[256];

	for (size_t i = 0; i < sizeof(cids) / sizeof(cids[0]); i++) {
		(void)snprintf(text, sizeof(text),
			       "version = 1;\npeers = ( { name = \"db\";\n"
			       "cid = %s; } );",
			       cids[i]);
		CU_ASSERT(refuses_text(text));
		CU_ASSERT(reported("conf:3: "));
		(void)snprintf(text, sizeof(text),
			       "version = 1;\nlisten = ( { on = \"*:80\";\nport = %s; } );",
			       cids[i]);
		if (strcmp(cids[i], "4294967295") == 0 || strchr(cids[i], '6'))
			CU_ASSERT(refuses_text(text));
	}
}

/* Rules of an included file name that file and its lines. */
static void test_included_rules(void)
{
	static const char inner[] = "\n{ to = \"10.0.0.1:80\"; cid = 7; },\n";
	struct ruleset *rs;
	const struct rule *rules;

	write_scratch("inner", inner, strlen(inner));
	rs = rules_of_text("version = 1;\nconnect = (\n@include \"inner\"\n"
			   "{ to = \"10.0.0.2:80\"; cid = 7; } );\n",
			   "");
	rules = ruleset_connect(rs);
	CU_ASSERT(rules[0].line == 2 && rules[1].line == 4);
	CU_ASSERT_STRING_EQUAL(ruleset_source(rs, &rules[0]), scratch_path("inner"));
	CU_ASSERT_STRING_EQUAL(ruleset_source(rs, &rules[1]), scratch_path("conf"));
	free(rs);

	write_scratch("inner", "\n{ to = \"10.0.0.1:0\"; cid = 7; }\n", 33);
	CU_ASSERT(refuses_text("version = 1;\nconnect = (\n@include \"inner\"\n);"));
	CU_ASSERT(reported("/inner:2: 0 is no TCP port"));
	write_scratch("inner", "\n\n{ to = ;\n", 11);
	CU_ASSERT(refuses_text("version = 1;\nconnect = (\n@include \"inner\"\n);"));
	CU_ASSERT(reported("/inner:3: syntax error"));
}

/* One run shows several errors. */
static void test_several_errors(void)
{
	CU_ASSERT(
		refuses_text("version = 1;\npeers = (\n{ name = \"db\"; },\n{ cid = 7; }\n);\n"
			     "connect = (\n{ to = \"10.0.0.1:0\"; cid = 7; },\n"
			     "{ to = \"10.0.0.1:80\"; peer = \"web\"; } );\n"));
	CU_ASSERT(reported("conf:3: this peer has neither a \"cid\" nor a \"socket\""));
	CU_ASSERT(reported("conf:4: this peer needs"));
	CU_ASSERT(reported("conf:7: 0 is no TCP port"));
	CU_ASSERT(reported("conf:8: there is no peer \"web\""));
}

/**
 * append() - put a text behind another
 */
static void append(struct list *text, const char *more)
{
	list_append(text, more, strlen(more), 1);
}

static void test_endless_errors(void)
{
	struct list text = {0};
	size_t lines = 0;

	append(&text, "version = 1; connect = (");
	for (int i = 0; i < 500; i++)
		append(&text, "{ to = \"10.0.0.1:0\"; cid = 7; },\n");
	append(&text, "{ to = \"*:80\"; cid = 7; } );");
	list_append(&text, "", 1, 1);
	CU_ASSERT(refuses_text(text.items));
	for (const char *c = messages(); *c != '\0'; c++)
		lines += *c == '\n';
	CU_ASSERT(lines == 21);
	CU_ASSERT(reported("there is more, which is not shown"));
	list_free(&text);
}

CU_TestInfo parse_tests[] = {
	{"the whole language", test_whole_language},
	{"accept_proxy", test_accept_proxy},
	{"the least configuration", test_least},
	{"large numbers", test_large_numbers},
	{"overflowing numbers", test_overflowing_numbers},
	{"included rules", test_included_rules},
	{"several errors", test_several_errors},
	{"endless errors", test_endless_errors},
	CU_TEST_INFO_NULL,
};
