/* SPDX-License-Identifier: MIT */
/*
 * test_compile.c - tests of config/builder.c, config/compile.c and config/overlap.c
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char file[] = "version = 1;\n"
			   "peers = ( { name = \"db\"; cid = 7; addresses = [ \"10.0.2.15\", "
			   "\"10.0.2.16\" ]; } );\n"
			   "connect = ( { to = \"1.2.3.4:5\"; peer = \"db\"; } );\n";

static void test_arguments_come_first(void)
{
	struct ruleset *rs = rules_of_text(file, "--connect 1.2.3.0/24:5=9\n");
	struct endpoint to = endpoint("1.2.3.4", 5);

	CU_ASSERT_STRING_EQUAL(messages(), "");
	CU_ASSERT(rs->connect_count == 2);
	CU_ASSERT(decide_connect(rs, &to).cid == 9);
	free(rs);
}

/* A name given on the command line takes the peer's addresses and rules along. */
static void test_name_overridden(void)
{
	struct ruleset *rs = rules_of_text(file, "--peer db=9\n");
	struct endpoint rule = endpoint("1.2.3.4", 5);
	struct endpoint peer = endpoint("10.0.2.15", 5);

	CU_ASSERT(decide_connect(rs, &rule).cid == 9);
	CU_ASSERT(decide_connect(rs, &peer).cid == 9);
	free(rs);
}

/* An address given on the command line is taken away from the peer of the file. */
static void test_address_overridden(void)
{
	struct ruleset *rs = rules_of_text(file, "--peer 10.0.2.15=9\n");
	struct endpoint moved = endpoint("10.0.2.15", 5);
	struct endpoint kept = endpoint("10.0.2.16", 5);

	CU_ASSERT(rs->address_count == 2);
	CU_ASSERT(decide_connect(rs, &moved).cid == 9);
	CU_ASSERT(decide_connect(rs, &kept).cid == 7);
	free(rs);
}

/* CIDs that the command line makes meet are no error of the file. */
static void test_cid_overridden(void)
{
	struct ruleset *rs = rules_of_text("version = 1; peers = ( { name = \"db\"; cid = 7; "
					   "}, { name = \"web\"; cid = 9; } );",
					   "--peer db=9\n--peer gate=9\n");

	CU_ASSERT(rs->peer_count == 4);
	CU_ASSERT(ruleset_peers(rs)[2].cid == 9 && ruleset_peers(rs)[3].cid == 9);
	free(rs);
}

static void test_unreachable(void)
{
	static const struct {
		const char *options;
		bool unreachable;
	} cases[] = {
		{"--connect 10.0.0.1:80=7\n--connect 10.0.0.1:80=8", true},
		{"--connect 10.0.0.0/8:*=7\n--connect 10.0.0.1:80=8", true},
		{"--connect 10.0.0.1:80-89=7\n--connect 10.0.0.1:85-89=deny", true},
		{"--connect *:80=pass\n--connect [fd00::1]:80=8", true},
		{"--connect *:*=pass\n--connect 10.0.0.1:80=8", true},
		{"--connect [fd00::/33]:80=7\n--connect [fd00:0:7fff::/48]:80=8", true},
		{"--connect 10.0.0.1:80=7\n--connect [::ffff:10.0.0.1]:80=8", true},
		{"--listen 0.0.0.0:80\n--listen 127.0.0.1:80=8", true},
		{"--listen *:*\n--listen 80", true},
		{"--connect 10.0.0.1:80=8\n--connect 10.0.0.0/8:*=7", false},
		{"--connect 10.0.0.0/24:80=8\n--connect 10.0.0.0/8:80=7", false},
		{"--connect 10.0.0.1:80-89=7\n--connect 10.0.0.1:85-90=deny", false},
		{"--connect 10.0.0.1:80=7\n--connect 10.0.0.2:80=8", false},
		{"--connect [::/0]:80=7\n--connect 10.0.0.1:80=8", false},
		{"--connect [fd00::/33]:80=7\n--connect [fd00:0:8000::/48]:80=8", false},
		{"--connect 0.0.0.0/0:80=7\n--connect *:80=8", false},
		{"--listen 0.0.0.0:80\n--listen [::]:80", false},
		{"--listen 1-65535=pass\n--listen *", false},
		{"--connect 10.0.0.1:80=7\n--listen 10.0.0.1:80", false},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		CU_ASSERT(refuses(cases[i].options) == cases[i].unreachable);
		if (cases[i].unreachable)
			CU_ASSERT(reported("can never be reached"));
	}
}

/* One error for each rule is enough. */
static void test_unreachable_twice(void)
{
	CU_ASSERT(refuses("--connect 10.0.0.0/8:80=7\n--connect 10.0.0.0/7:80=7\n"
			  "--connect 10.0.0.1:80=7"));
	CU_ASSERT(strstr(messages(), "\n") == strrchr(messages(), '\n'));
}

static void test_meeting_ports(void)
{
	static const struct {
		const char *options;
		bool warned;
	} cases[] = {
		{"--listen 80=8080\n--listen 8080", true},
		{"--listen 10.0.0.1:80=8080\n--listen 10.0.0.2:81=8080", true},
		{"--listen 80=8080\n--listen *", true},
		{"--listen 80-89=8080\n--listen 8089=8089", true},
		{"--listen 80-89=8080\n--listen 90-99=8089", true},
		{"--listen *=80", true},
		{"--listen 80=8080\n--listen 8080=80\n--listen *", false},
		{"--listen 80=8080\n--listen 8080=pass\n--listen *", false},
		{"--listen 8080=pass\n--listen *", false},
		{"--listen 10.0.0.1:80=8080\n--listen 10.0.0.2:80=8080", false},
		{"--listen 80-89=8080\n--listen 90-99=8090", false},
		{"--listen 10.0.0.1:80-89=8080\n--listen 10.0.0.2:85-95=8085", false},
		{"--listen 80=8080\n--listen 8080=deny", false},
		{"--connect 10.0.0.1:80=7:1\n--connect 10.0.0.1:81=7:1", false},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ruleset *rs = rules_of(cases[i].options);

		CU_ASSERT((strstr(messages(), ": warning: ") != NULL) == cases[i].warned);
		if ((strstr(messages(), ": warning: ") != NULL) != cases[i].warned)
			printf("\n    %s\n    %s\n", cases[i].options, messages());
		free(rs);
	}
}

/**
 * many_rules_text() - the text of a configuration of many rules
 * Return: it, to be freed
 */
static char *many_rules_text(int count)
{
	size_t size = 64 + 64 * (size_t)count;
	char *text = malloc(size);
	size_t used;

	CU_ASSERT_FATAL(text != NULL);
	used = (size_t)snprintf(text, size, "version = 1;\nconnect = (\n");
	for (int i = 0; i < count; i++)
		used += (size_t)snprintf(text + used, size - used,
					 "%s{ to = \"10.%d.%d.0/24:%d\"; cid = 7; }\n",
					 i > 0 ? "," : "", i / 256, i % 256, 1 + i);
	(void)snprintf(text + used, size - used, ");");
	return text;
}

static void test_many_rules(void)
{
	char *text = many_rules_text(10000);
	struct ruleset *rs = rules_of_text(text, "");
	struct endpoint to = endpoint("10.39.15.1", 10000);

	CU_ASSERT(rs->connect_count == 10000);
	CU_ASSERT(decide_connect(rs, &to).rule == 9999);
	CU_ASSERT(ruleset_connect(rs)[9999].line == 10002);
	free(rs);
	free(text);
}

CU_TestInfo compile_tests[] = {
	{"the command line comes first", test_arguments_come_first},
	{"a name from the command line", test_name_overridden},
	{"an address from the command line", test_address_overridden},
	{"CIDs that meet by the command line", test_cid_overridden},
	{"rules that can never be reached", test_unreachable},
	{"a rule behind two others", test_unreachable_twice},
	{"ports that meet", test_meeting_ports},
	{"10,000 rules", test_many_rules},
	CU_TEST_INFO_NULL,
};
