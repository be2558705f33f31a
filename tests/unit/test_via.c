/* SPDX-License-Identifier: MIT */
/*
 * test_via.c - tests of config/via.c, and of what a rule with a proxy meets
 */
#include "../../config/via.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../config/ip.h"
#include "../../config/password.h"
#include "unit.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct decision decided(const struct ruleset *rs, const char *text, uint16_t port)
{
	struct endpoint to = {.port = port};
	uint8_t v4[4];

	if (inet_pton(AF_INET, text, v4) == 1)
		ip_from_v4(to.ip, v4);
	else
		CU_ASSERT(inet_pton(AF_INET6, text, to.ip) == 1);
	return decide_connect(rs, &to);
}

static void test_urls(void)
{
	static const struct {
		const char *option;
		uint32_t scheme, cid, port;
	} cases[] = {
		{"--via socks5://host.vsock:1080", PROXY_SOCKS5, 2, 1080},
		{"--via socks5://host:1080/", PROXY_SOCKS5, 2, 1080},
		{"--via HTTP://3.vsock:3128", PROXY_HTTP, 3, 3128},
		{"--via http://4294967294:4294967294", PROXY_HTTP, 4294967294, 4294967294},
		{"--via socks5://DB.VSOCK:80", PROXY_SOCKS5, 9, 80},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		char options[128];
		struct ruleset *rs;
		struct decision d;

		(void)snprintf(options, sizeof(options), "--peer db=9\n%s", cases[i].option);
		rs = rules_of(options);
		d = decided(rs, "192.0.2.1", 443);
		CU_ASSERT(d.action == ACTION_VSOCK && d.cid == cases[i].cid &&
			  d.port == cases[i].port && d.via == 1);
		CU_ASSERT(ruleset_proxy(rs, d.via)->scheme == cases[i].scheme);
		CU_ASSERT(!ruleset_proxy(rs, d.via)->user);
		free(rs);
	}
}

/* A proxy for everything means what is elsewhere; other rules mean what they say. */
static void test_elsewhere(void)
{
	static const struct {
		const char *address;
		int rule;
		enum action action;
		bool via;
	} cases[] = {
		{"192.0.2.1", 3, ACTION_VSOCK, true},
		{"fd00::1", 3, ACTION_VSOCK, true},
		{"127.0.0.1", BY_DEFAULT, ACTION_PASS, false},
		{"::1", BY_DEFAULT, ACTION_PASS, false},
		{"0.0.0.0", BY_DEFAULT, ACTION_PASS, false},
		{"10.0.2.15", BY_PEER, ACTION_VSOCK, false},
		{"240.0.0.7", BY_SYNTHETIC, ACTION_VSOCK, false},
		{"fd76:736f:636b::7", BY_SYNTHETIC, ACTION_VSOCK, false},
		{"198.51.100.1", 0, ACTION_PASS, false},
		{"127.0.0.9", 1, ACTION_VSOCK, true},
		{"10.0.2.16", 2, ACTION_VSOCK, true},
	};
	struct ruleset *rs = rules_of("--peer 10.0.2.15=7\n--peer 10.0.2.16=8\n"
				      "--via socks5://3:1080\n--connect 198.51.100.1:*=pass");
	struct ruleset *file = rules_of_text(
		"version = 1;\n"
		"peers = ( { cid = 7; addresses = [ \"10.0.2.15\", \"10.0.2.16\" ]; } );\n"
		"connect = ( { to = \"198.51.100.1:*\"; action = \"pass\"; },\n"
		"  { to = \"127.0.0.9:*\"; via = \"http://3:1080\"; },\n"
		"  { to = \"10.0.2.16/31:*\"; via = \"http://3:1080\"; },\n"
		"  { to = \"*:*\"; via = \"http://3:1080\"; } );\n",
		"");

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct decision d = decided(file, cases[i].address, 443);

		CU_ASSERT(d.rule == cases[i].rule && d.action == cases[i].action &&
			  (d.via != 0) == cases[i].via);
	}
	CU_ASSERT(decided(rs, "198.51.100.1", 443).rule == 0); /* --via comes last */
	CU_ASSERT(decided(rs, "198.51.100.2", 443).rule == 1);
	CU_ASSERT(decided(rs, "10.0.2.16", 443).rule == BY_PEER);
	CU_ASSERT(decided(rs, "192.0.2.1", 0).action == ACTION_DENY);
	free(rs);
	free(file);
}

/* What a reader takes for granted of a proxy. */
static void test_valid(void)
{
	struct ruleset *rs = rules_of("--via socks5://3:1080");
	struct proxy *proxy = (struct proxy *)ruleset_proxy(rs, 1);
	struct rule *rule = (struct rule *)ruleset_connect(rs);

	CU_ASSERT(ruleset_valid(rs, rs->size));
	rule->via = 2;
	CU_ASSERT(!ruleset_valid(rs, rs->size));
	rule->via = 1;
	rule->fixed_port = 0;
	CU_ASSERT(!ruleset_valid(rs, rs->size));
	rule->fixed_port = 1;
	proxy->scheme = PROXY_HTTP + 1;
	CU_ASSERT(!ruleset_valid(rs, rs->size));
	proxy->scheme = PROXY_HTTP;
	CU_ASSERT(ruleset_valid(rs, rs->size));
	proxy->user = 1; /* without a file */
	CU_ASSERT(!ruleset_valid(rs, rs->size));
	proxy->password_file = rs->strings_size;
	CU_ASSERT(!ruleset_valid(rs, rs->size));
	free(rs);
}

/* ---- password files ---- */

static const char path[] = "unit-password";

static const char *read_with(const char *text, size_t size, mode_t mode,
			     char password[PROXY_PASSWORD_MAX + 1])
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	const char *wrong;

	CU_ASSERT(fd >= 0 && write(fd, text, size) == (ssize_t)size && fchmod(fd, mode) == 0);
	close(fd);
	wrong = password_read(path, password);
	unlink(path);
	return wrong;
}

static void test_passwords(void)
{
	char password[PROXY_PASSWORD_MAX + 1], text[PROXY_PASSWORD_MAX + 3];

	memset(text, 'x', sizeof(text));
	CU_ASSERT(!read_with("secret\n", 7, 0600, password));
	CU_ASSERT_STRING_EQUAL(password, "secret");
	CU_ASSERT(!read_with("a b", 3, 0400, password));
	CU_ASSERT_STRING_EQUAL(password, "a b");
	CU_ASSERT(!read_with(text, PROXY_PASSWORD_MAX, 0600, password));
	CU_ASSERT(strlen(password) == PROXY_PASSWORD_MAX);
	CU_ASSERT_PTR_NOT_NULL(read_with(text, PROXY_PASSWORD_MAX + 1, 0600, password));
	CU_ASSERT(password[0] == '\0');
	CU_ASSERT_PTR_NOT_NULL(read_with(text, sizeof(text), 0600, password));
	CU_ASSERT_PTR_NOT_NULL(read_with("", 0, 0600, password));
	CU_ASSERT_PTR_NOT_NULL(read_with("\n", 1, 0600, password));
	CU_ASSERT_PTR_NOT_NULL(read_with("a\nb\n", 4, 0600, password));
	CU_ASSERT_PTR_NOT_NULL(read_with("a\0b", 3, 0600, password));
	CU_ASSERT_PTR_NOT_NULL(read_with("secret\n", 7, 0640, password));
	CU_ASSERT_PTR_NOT_NULL(read_with("secret\n", 7, 0604, password));
	CU_ASSERT_PTR_NOT_NULL(password_read(".", password));
	CU_ASSERT_PTR_NOT_NULL(password_read("not/there", password));
	if (mkfifo(path, 0600) == 0) { /* which nobody writes to: it must not hang */
		CU_ASSERT_PTR_NOT_NULL(password_read(path, password));
		unlink(path);
	}
}

CU_TestInfo via_tests[] = {
	{"URLs", test_urls},
	{"what is elsewhere", test_elsewhere},
	{"proxies in an image", test_valid},
	{"password files", test_passwords},
	CU_TEST_INFO_NULL,
};
