/* SPDX-License-Identifier: MIT */
/*
 * test_address.c - tests of config/address.c
 */
#include "../../config/address.h"

#include <stdlib.h>
#include <string.h>

#include "unit.h"

static const char peers[] = "--peer 10.0.2.15=7\n--peer db=7\n--peer fd00:2::15=7\n"
			    "--peer 10.0.2.16=7\n--peer host=5\n--peer gate=8\n";

static void test_kinds(void)
{
	uint8_t a[16];

	CU_ASSERT(ip_is_v4(ip("10.0.0.1", a)));
	CU_ASSERT(ip_is_v4(ip("::ffff:10.0.0.1", a)));
	CU_ASSERT(!ip_is_v4(ip("::10.0.0.1", a)));
	CU_ASSERT(ip_is_unspecified(ip("0.0.0.0", a)));
	CU_ASSERT(ip_is_unspecified(ip("::", a)));
	CU_ASSERT(!ip_is_unspecified(ip("0.0.0.1", a)));
	CU_ASSERT(!ip_is_unspecified(ip("::1", a)));
	CU_ASSERT(ip_is_loopback(ip("127.0.0.1", a)));
	CU_ASSERT(ip_is_loopback(ip("127.255.255.255", a)));
	CU_ASSERT(ip_is_loopback(ip("::1", a)));
	CU_ASSERT(!ip_is_loopback(ip("126.0.0.1", a)));
	CU_ASSERT(!ip_is_loopback(ip("::2", a)));
	CU_ASSERT(!ip_is_loopback(ip("::127.0.0.1", a)));
}

/* The address that a CID is shown as must lead back to it. */
static void test_synthetic(void)
{
	static const struct {
		const char *address;
		uint32_t cid;
		bool v6;
		bool connectable;
	} cases[] = {
		{"240.0.0.3", 3, false, true},
		{"240.0.0.2", 2, false, true},
		{"240.0.0.1", 1, false, false},
		{"240.0.0.1", 0, false, false},
		{"255.255.255.254", 0x0ffffffe, false, true},
		{"240.0.0.1", 0x0fffffff, false, false},
		{"240.0.0.1", 0x10000003, false, false},
		{"240.0.0.1", CID_UNKNOWN, false, false},
		{"fd76:736f:636b::3", 3, true, true},
		{"fd76:736f:636b::1", 1, true, true},
		{"fd76:736f:636b::", 0, true, false},
		{"fd76:736f:636b::ffff:fffe", 0xfffffffe, true, true},
		{"fd76:736f:636b::ffff:ffff", CID_UNKNOWN, true, false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t a[16];
		uint32_t cid = 99;

		CU_ASSERT(synthetic_ip(cases[i].cid, cases[i].v6, a) == cases[i].connectable);
		CU_ASSERT(same_ip(a, cases[i].address));
		CU_ASSERT(cid_of_synthetic(a, &cid));
		CU_ASSERT(cid == (cases[i].connectable ? cases[i].cid : CID_UNKNOWN));
	}
}

static void test_not_synthetic(void)
{
	static const char *const others[] = {
		"239.255.255.255",         "10.0.0.3",          "127.0.0.1",  "::1",
		"fd76:736f:636b:0:0:1::3", "fd76:736f:636a::3", "::240.0.0.3"};
	static const char *const nobody[] = {"240.0.0.0", "240.0.0.1", "255.255.255.255"};
	uint8_t a[16];
	uint32_t cid;

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		CU_ASSERT(!cid_of_synthetic(ip(others[i], a), &cid));
	for (size_t i = 0; i < sizeof(nobody) / sizeof(nobody[0]); i++) {
		cid = 99;
		CU_ASSERT(cid_of_synthetic(ip(nobody[i], a), &cid) && cid == CID_UNKNOWN);
	}
}

static void test_shown_as(void)
{
	struct ruleset *rs = rules_of(peers);
	uint8_t a[16];

	ip_of_cid(rs, 7, false, true, a);
	CU_ASSERT(same_ip(a, "10.0.2.15"));
	ip_of_cid(rs, 7, true, true, a);
	CU_ASSERT(same_ip(a, "fd00:2::15"));
	ip_of_cid(rs, 8, false, true, a);
	CU_ASSERT(same_ip(a, "240.0.0.8"));
	ip_of_cid(rs, 1, false, true, a);
	CU_ASSERT(same_ip(a, "127.0.0.1"));
	ip_of_cid(rs, 1, true, true, a);
	CU_ASSERT(same_ip(a, "::1"));
	free(rs);
}

/* Whoever has addresses of one family alone is shown by it, whichever it came by. */
static void test_family(void)
{
	struct ruleset *rs =
		rules_of("--peer 10.0.0.4=4\n--peer fd00::6=6\n--peer fd00::46=46\n"
			 "--peer 10.0.0.46=46\n--peer none=9\n");
	static const struct {
		uint32_t cid;
		bool by_v6, v6;
	} shown[] = {{4, true, false}, {4, false, false},  {6, true, true}, {6, false, true},
		     {46, true, true}, {46, false, false}, {9, true, true}, {9, false, false},
		     {77, true, true}, {77, false, false}, {1, true, true}, {1, false, false}};

	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
		CU_ASSERT(family_of_cid(rs, shown[i].cid, shown[i].by_v6) == shown[i].v6);
	free(rs);
}

/* Without the loopback transport, CID 1 leads to the hypervisor. */
static void test_local_without_loopback(void)
{
	uint8_t a[16];

	ip_of_cid(&ruleset_empty, 1, false, false, a);
	CU_ASSERT(same_ip(a, "240.0.0.1"));
	ip_of_cid(&ruleset_empty, 1, true, false, a);
	CU_ASSERT(same_ip(a, "fd76:736f:636b::1"));
}

static void test_names(void)
{
	static const struct {
		const char *name;
		uint32_t cid; /* 0: not a name of ours at all */
	} cases[] = {
		{"3.vsock", 3},
		{"3.VSOCK", 3},
		{"3.vsock.", 3},
		{"4294967294.vsock", 4294967294},
		{"4294967295.vsock", CID_UNKNOWN},
		{"4294967299.vsock", CID_UNKNOWN},
		{"0.vsock", CID_UNKNOWN},
		{"03.vsock", CID_UNKNOWN},
		{"-3.vsock", CID_UNKNOWN},
		{"99999999999999999999.vsock", CID_UNKNOWN},
		{"18446744073709551619.vsock", CID_UNKNOWN}, /* 2^64 + 3 */
		{"db.vsock", 7},
		{"Db.Vsock", 7},
		{"dbx.vsock", CID_UNKNOWN},
		{"d.vsock", CID_UNKNOWN},
		{"host.vsock", 5},
		{"local.vsock", 1},
		{".vsock", CID_UNKNOWN},
		{"..vsock", CID_UNKNOWN},
		{"a.db.vsock", CID_UNKNOWN},
		{"vsock", 0},
		{"3vsock", 0},
		{"3.vsock..", 0},
		{"3.vsock.org", 0},
		{"", 0},
		{".", 0},
	};
	struct ruleset *rs = rules_of(peers);
	struct machine m;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		m = machine_of_cid(99);
		CU_ASSERT(machine_of_name(rs, cases[i].name, &m) == (cases[i].cid != 0));
		CU_ASSERT(cases[i].cid == 0 || (m.cid == cases[i].cid && m.socket == 0));
	}
	CU_ASSERT(machine_of_name(&ruleset_empty, "host.vsock", &m) && m.cid == 2);
	CU_ASSERT(machine_of_name(&ruleset_empty, "db.vsock", &m) && !machine_exists(m));
	free(rs);
}

/**
 * check_name() - check the name that a CID is shown by
 */
static void check_name(const struct ruleset *rs, uint32_t cid, const char *wanted)
{
	char name[64];

	name_of_machine(rs, machine_of_cid(cid), name, sizeof(name));
	CU_ASSERT_STRING_EQUAL(name, wanted);
}

/* A CID's name must lead back to it, also if a peer has taken a built-in name. */
static void test_names_back(void)
{
	struct ruleset *rs = rules_of(peers);

	check_name(rs, 7, "db.vsock");
	check_name(rs, 5, "host.vsock");
	check_name(rs, 2, "2.vsock");
	check_name(rs, 1, "local.vsock");
	check_name(rs, 4294967294, "4294967294.vsock");
	check_name(&ruleset_empty, 2, "host.vsock");
	free(rs);
}

static void test_name_is_cut(void)
{
	char name[8] = "-------";

	name_of_machine(&ruleset_empty, machine_of_cid(123456), name, 5);
	CU_ASSERT_STRING_EQUAL(name, "1234");
	CU_ASSERT(name[5] == '-');
	name_of_machine(&ruleset_empty, machine_of_cid(3), name, 0);
	CU_ASSERT_STRING_EQUAL(name, "1234");
}

static void test_format(void)
{
	static const char *const texts[] = {
		"10.0.0.1", "0.0.0.0",    "255.255.255.255", "::",
		"::1",      "fd00:2::15", "::10.0.0.1",      "1:2:3:4:5:6:7:8"};
	uint8_t a[16];
	char text[IP_TEXT_MAX];

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		CU_ASSERT_STRING_EQUAL(ip_format(ip(texts[i], a), text), texts[i]);
	CU_ASSERT_STRING_EQUAL(ip_format(ip("::ffff:1.2.3.4", a), text), "1.2.3.4");
	memset(a, 0xff, sizeof(a));
	CU_ASSERT(strlen(ip_format(a, text)) < IP_TEXT_MAX);
}

static void test_fold(void)
{
	CU_ASSERT(port_fold(1) == 1);
	CU_ASSERT(port_fold(65535) == 65535);
	CU_ASSERT(port_fold(65536) == 32768);
	CU_ASSERT(port_fold(65536 + 80) == 32768 + 80);
	CU_ASSERT(port_fold(4294967294) == 65534);
	for (uint32_t port = 65536; port < UINT32_MAX - 70000; port += 65521)
		CU_ASSERT(port_fold(port) >= 32768);
}

CU_TestInfo address_tests[] = {
	{"kinds of addresses", test_kinds},
	{"synthetic addresses and back", test_synthetic},
	{"addresses that are not synthetic", test_not_synthetic},
	{"the address a CID is shown as", test_shown_as},
	{"the family of a CID's address", test_family},
	{"CID 1 without the loopback transport", test_local_without_loopback},
	{"CIDs of names", test_names},
	{"names of CIDs", test_names_back},
	{"a name is cut to its buffer", test_name_is_cut},
	{"text of addresses", test_format},
	{"folded ports", test_fold},
	CU_TEST_INFO_NULL,
};
