/* SPDX-License-Identifier: MIT */
/*
 * test_image.c - tests of config/image.c
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../config/address.h"
#include "../../config/memory.h"
#include "../../config/stand_in.h"
#include "unit.h"

#define MANY_RULES 10000

/* The kernel's limit on one string of the environment. */
#define ONE_STRING_MAX 131072

static char **variables;

/**
 * lookup() - getenv() among the encoded variables
 */
static char *lookup(const char *name)
{
	size_t length = strlen(name);

	for (char **v = variables; *v; v++) {
		if (strncmp(*v, name, length) == 0 && (*v)[length] == '=')
			return *v + length + 1;
	}
	return NULL;
}

/**
 * encode() - encode an image into the variables
 * Return: them
 */
static __attribute__((returns_nonnull)) char **encode(const struct ruleset *rs)
{
	variables = ruleset_encode(rs);
	if (!variables) {
		CU_FAIL_FATAL("out of memory");
		abort(); /* not reached: CUnit jumps */
	}
	return variables;
}

/**
 * free_variables() - free the encoded variables
 */
static void free_variables(void)
{
	for (size_t i = 0; variables[i]; i++)
		free(variables[i]);
	free((void *)variables);
	variables = NULL;
}

/**
 * many_rules() - an image of random but valid rules
 * @count: of connect rules, and of listen rules
 */
static struct ruleset *many_rules(uint32_t count)
{
	struct rule *rules = memory_zeroed(count * sizeof(*rules));
	struct ruleset *rs;

	for (uint32_t i = 0; i < count; i++) {
		for (int byte = 0; byte < 16; byte++)
			rules[i].ip[byte] = (uint8_t)random_below(256);
		rules[i].prefix_bits = (uint8_t)random_below(129);
		rules[i].family = (uint8_t)random_below(3);
		rules[i].action = (uint8_t)random_below(3);
		rules[i].port_first = (uint16_t)(1 + random_below(60000));
		rules[i].port_last = (uint16_t)(rules[i].port_first + random_below(5000));
		rules[i].vsock_port = 1 + random_below(UINT32_MAX - 10000);
		rules[i].cid = random_below(UINT32_MAX);
		rules[i].peer = NO_PEER;
	}
	rs = image_of_rules(rules, rules, count);
	free(rules);
	return rs;
}

static void test_empty_is_valid(void)
{
	CU_ASSERT(ruleset_valid(&ruleset_empty, sizeof(ruleset_empty)));
	CU_ASSERT_STRING_EQUAL(ruleset_string(&ruleset_empty, 0), "");
	CU_ASSERT(ruleset_empty.names == 1);
}

/**
 * round_trip() - encode and decode an image, and compare
 */
static void round_trip(const struct ruleset *rs)
{
	uint64_t *copy;
	size_t size;

	for (char **v = encode(rs); *v; v++)
		CU_ASSERT(strlen(*v) < ONE_STRING_MAX);
	size = ruleset_encoded_size(lookup(RULESET_ENV));
	CU_ASSERT_FATAL(size == rs->size);
	copy = memory_zeroed(size);
	CU_ASSERT(ruleset_decode(lookup, copy, size));
	CU_ASSERT(memcmp(copy, rs, size) == 0);
	free(copy);
	free_variables();
}

static void test_round_trips(void)
{
	static const uint32_t counts[] = {0, 1, 2, 3, 5, 100, 936, 937, 938, 939, MANY_RULES};

	round_trip(&ruleset_empty);
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		struct ruleset *rs = many_rules(counts[i]);

		CU_ASSERT(ruleset_valid(rs, rs->size));
		round_trip(rs);
		free(rs);
	}
}

/*
 * Six bits a character, from '0' on: the magic number, the version, the size 128, in the
 * machine's own order of bytes, here that of most.
 */
static void test_text_form(void)
{
	char **encoded = encode(&ruleset_empty);

	CU_ASSERT(encoded[1] == NULL);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	CU_ASSERT(strncmp(encoded[0], "VSOCKIFY_RULES=128:<F]cMPL000200000P0000000", 43) == 0);
#endif
	for (const char *c = encoded[0] + 19; *c != '\0'; c++)
		CU_ASSERT(*c >= '0' && *c <= 'o');
	free_variables();
}

static void test_encoded_size(void)
{
	static const struct {
		const char *text;
		size_t size;
	} cases[] = {
		{"128:", 128},
		{"136:AAAA", 136},
		{"67108864:", 67108864},
		{"67108872:", 0},
		{"127:", 0},
		{"129:", 0},
		{"120:", 0},
		{"0:", 0},
		{"", 0},
		{":", 0},
		{"128", 0},
		{"128;", 0},
		{"-128:", 0},
		{" 128:", 0},
		{"184467440737095516160:", 0},
		{"99999999999999999999999999999999:", 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		CU_ASSERT(ruleset_encoded_size(cases[i].text) == cases[i].size);
}

/**
 * decodes() - is what stands in the variables taken for an image?
 */
static bool decodes(size_t size)
{
	uint64_t *copy = memory_zeroed(size);
	bool good = ruleset_decode(lookup, copy, size);

	free(copy);
	return good;
}

static void test_damaged_text(void)
{
	struct ruleset *rs = many_rules(2000);
	char **encoded = encode(rs);
	size_t size = rs->size;
	size_t last = 0;
	size_t length;
	char *text;

	CU_ASSERT_FATAL(encoded[1] != NULL);
	CU_ASSERT(decodes(size));
	CU_ASSERT(!decodes(size - 8));
	CU_ASSERT(!decodes(size + 8));

	while (encoded[last + 1])
		last++;
	text = encoded[last];
	length = strlen(text);
	for (size_t cut = 1; cut < 9; cut++) {
		char kept = text[length - cut];

		text[length - cut] = '\0';
		CU_ASSERT(!decodes(size));
		text[length - cut] = kept;
	}
	for (const char *wrong = "/p\xc3 \n\x7f"; *wrong != '\0'; wrong++) {
		char kept = text[length - 9];

		text[length - 9] = *wrong;
		CU_ASSERT(!decodes(size));
		text[length - 9] = kept;
	}
	CU_ASSERT(decodes(size));

	encoded[last] = NULL;
	CU_ASSERT(!decodes(size));
	encoded[last] = text;
	free_variables();
	free(rs);
}

/* A value that announces one size and carries more must not be written past the buffer. */
static void test_too_much_text(void)
{
	struct ruleset *rs = many_rules(3);
	char **encoded = encode(rs);
	size_t length = strlen(encoded[0]);

	encoded[0] = memory_resize(encoded[0], length + 9);
	memcpy(encoded[0] + length, "00000000", 9);
	CU_ASSERT(!decodes(rs->size));
	free_variables();
	free(rs);
}

/* One field of the header, or four, set to something wrong. */
struct damage {
	size_t offset;
	uint32_t value;
};

/* A listener that believes whoever calls; and one of which the header does not know. */
static void test_accept_proxy(void)
{
	struct ruleset *rs = rules_of_text(
		"version = 1;\n"
		"listen = ( { on = \"*:80\"; accept_from = [ 2 ]; accept_proxy = true; } );",
		"");
	struct rule *rule = (struct rule *)ruleset_listen(rs);

	CU_ASSERT(ruleset_valid(rs, rs->size));
	rule->restricted = 0;
	CU_ASSERT(!ruleset_valid(rs, rs->size));
	rule->restricted = 1;
	rs->accepts_proxy = 0;
	CU_ASSERT(!ruleset_valid(rs, rs->size));
	rs->accepts_proxy = 1;
	rule->accept_proxy = 2;
	CU_ASSERT(!ruleset_valid(rs, rs->size));
	rule->accept_proxy = 1;
	rule->action = ACTION_PASS;
	CU_ASSERT(!ruleset_valid(rs, rs->size));
	free(rs);
}

static void test_damaged_header(void)
{
	const struct damage damages[] = {
		{offsetof(struct ruleset, magic), 0},
		{offsetof(struct ruleset, version), RULESET_VERSION + 1},
		{offsetof(struct ruleset, size), 0},
		{offsetof(struct ruleset, size), UINT32_MAX},
		{offsetof(struct ruleset, connect_at), 0},
		{offsetof(struct ruleset, connect_at), sizeof(struct ruleset) + 1},
		{offsetof(struct ruleset, connect_at), UINT32_MAX - 3},
		{offsetof(struct ruleset, connect_count), UINT32_MAX},
		{offsetof(struct ruleset, listen_at), 1u << 30},
		{offsetof(struct ruleset, listen_count), 1u << 27},
		{offsetof(struct ruleset, peers_at), 8},
		{offsetof(struct ruleset, peer_count), 1u << 28},
		{offsetof(struct ruleset, addresses_at), 0},
		{offsetof(struct ruleset, addresses_at), UINT32_MAX},
		{offsetof(struct ruleset, address_count), 1u << 28},
		{offsetof(struct ruleset, accepts_at), sizeof(struct ruleset) + 2},
		{offsetof(struct ruleset, accept_count), 1u << 30},
		{offsetof(struct ruleset, sources_at), 4},
		{offsetof(struct ruleset, source_count), 1u << 30},
		{offsetof(struct ruleset, guests_at), 8},
		{offsetof(struct ruleset, guest_count), 1u << 30},
		{offsetof(struct ruleset, ports_at), 8},
		{offsetof(struct ruleset, port_count), 1u << 29},
		{offsetof(struct ruleset, strings_at), 0},
		{offsetof(struct ruleset, strings_size), UINT32_MAX},
		{offsetof(struct ruleset, default_connect), htole32(ACTION_VSOCK)},
		{offsetof(struct ruleset, default_connect), htole32(ACTION_VSOCK << 8)},
	};
	struct ruleset *rs = rules_of("--connect 10.0.0.1:80=7\n--peer db=7\n");
	uint32_t size;

	size = rs->size;
	CU_ASSERT(ruleset_valid(rs, size));
	CU_ASSERT(!ruleset_valid(rs, size - 8));
	CU_ASSERT(!ruleset_valid(rs, size + 8));
	CU_ASSERT(!ruleset_valid(rs, 0));
	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		char *field = (char *)rs + damages[i].offset;
		uint32_t kept;

		memcpy(&kept, field, sizeof(kept));
		memcpy(field, &damages[i].value, sizeof(kept));
		CU_ASSERT(!ruleset_valid(rs, size));
		memcpy(field, &kept, sizeof(kept));
	}
	CU_ASSERT(ruleset_valid(rs, size));
	((char *)rs)[rs->strings_at + rs->strings_size - 1] = 'x';
	CU_ASSERT(!ruleset_valid(rs, size));
	free(rs);
}

/* Ways to spoil a good rule for ports 10 to 20. */
static void spoil_prefix(struct rule *rule)
{
	rule->prefix_bits = 129;
}
static void spoil_family(struct rule *rule)
{
	rule->family = RULE_IPV6 + 1;
}
static void spoil_action(struct rule *rule)
{
	rule->action = ACTION_VSOCK + 1;
}
static void spoil_order(struct rule *rule)
{
	rule->port_last = 9;
}
static void spoil_all_ports(struct rule *rule)
{
	rule->all_ports = 1;
}
static void spoil_all_in_step(struct rule *rule)
{
	rule->all_ports = 1;
	rule->port_first = 0;
	rule->port_last = UINT16_MAX;
	rule->vsock_port = 5;
}
static void spoil_source(struct rule *rule)
{
	rule->source = 7;
}
static void spoil_port(struct rule *rule)
{
	rule->vsock_port = 0;
}
static void spoil_offset(struct rule *rule)
{
	rule->vsock_port = UINT32_MAX - 10;
}
static void spoil_fixed(struct rule *rule)
{
	rule->fixed_port = 1;
	rule->vsock_port = UINT32_MAX;
}
static void spoil_first(struct rule *rule)
{
	rule->accept_first = 1;
}
static void spoil_count(struct rule *rule)
{
	rule->accept_count = UINT32_MAX;
}

static void test_damaged_rules(void)
{
	static void (*const spoil[])(struct rule *) = {
		spoil_prefix,    spoil_family,      spoil_action, spoil_order,
		spoil_all_ports, spoil_all_in_step, spoil_source, spoil_port,
		spoil_offset,    spoil_fixed,       spoil_first,  spoil_count};
	struct rule good = {.action = ACTION_VSOCK,
			    .port_first = 10,
			    .port_last = 20,
			    .peer = NO_PEER,
			    .vsock_port = UINT32_MAX - 11};

	for (size_t i = 0; i < sizeof(spoil) / sizeof(spoil[0]); i++) {
		struct rule bad = good;
		struct ruleset *as_connect;
		struct ruleset *as_listen;

		spoil[i](&bad);
		as_connect = image_of_rules(&bad, &good, 1);
		as_listen = image_of_rules(&good, &bad, 1);
		CU_ASSERT(!ruleset_valid(as_connect, as_connect->size));
		CU_ASSERT(!ruleset_valid(as_listen, as_listen->size));
		free(as_connect);
		as_connect = image_of_rules(&good, &good, 1);
		CU_ASSERT(ruleset_valid(as_connect, as_connect->size));
		free(as_connect);
		free(as_listen);
	}
}

static void test_damaged_peers(void)
{
	struct ruleset *rs = rules_of("--peer 10.0.0.1=7\n--peer db=8\n");
	struct peer *peers;

	peers = (struct peer *)ruleset_peers(rs);
	peers[1].name = rs->strings_size;
	CU_ASSERT(!ruleset_valid(rs, rs->size));
	peers[1].name = rs->strings_size - 1;
	CU_ASSERT(ruleset_valid(rs, rs->size));
	peers[0].address_count = 2;
	CU_ASSERT(!ruleset_valid(rs, rs->size));
	peers[0].address_count = 1;
	peers[1].address_first = 2;
	CU_ASSERT(!ruleset_valid(rs, rs->size));
	free(rs);
}

/* Whatever random damage leaves valid must be safe to read; the sanitizers watch. */
static void test_random_damage(void)
{
	struct ruleset *rs =
		rules_of_text("version = 1;\n"
			      "peers = ( { name = \"db\"; cid = 7; addresses = "
			      "[ \"10.0.2.15\", \"fd00::15\" ]; },\n"
			      "{ name = \"vm\"; socket = \"/run/vm/v.sock\"; } );\n"
			      "connect = ( { to = \"10.0.0.1:1-4\"; peer = \"db\"; },\n"
			      "{ to = \"db.example:1-9\"; peer = \"vm\"; },\n"
			      "{ to = \"10.0.0.1:5-9\"; peer = \"vm\"; } );\n"
			      "listen = ( { on = \"*:8-9\"; accept_from = [ 7 ]; },\n"
			      "{ on = \"*:1-7\"; peer = \"vm\"; } );",
			      "");
	unsigned int still_valid = 0;
	uint32_t size;
	char *copy;

	size = rs->size;
	copy = memory_zeroed(size);
	for (int i = 0; i < 200000; i++) {
		struct ruleset *damaged = (struct ruleset *)copy;
		struct endpoint ep = endpoint("10.0.0.1", (uint16_t)random_below(10));
		struct decision d;
		struct machine m;
		char name[64];
		uint8_t shown[16];

		memcpy(copy, rs, size);
		for (uint32_t damage = 1 + random_below(3); damage > 0; damage--)
			copy[random_below(size)] = (char)random_below(256);
		if (!ruleset_valid(damaged, size))
			continue;
		still_valid++;
		d = decide_connect(damaged, &ep);
		CU_ASSERT(strlen(ruleset_string(damaged, d.socket)) <= SOCKET_PATH_MAX);
		d = decide_connect_name(damaged, "db.example", 7);
		CU_ASSERT(strlen(ruleset_string(damaged, d.socket)) <= SOCKET_PATH_MAX);
		CU_ASSERT(stand_in_room(damaged) >= 254 &&
			  stand_in_room(damaged) <= STAND_INS_MAX);
		d = decide_listen(damaged, &ep, false);
		CU_ASSERT(strlen(ruleset_string(damaged, d.socket)) <= SOCKET_PATH_MAX);
		if (d.rule >= 0)
			(void)rule_accepts(damaged, ruleset_listen(damaged), 7);
		for (uint32_t r = 0; r < damaged->connect_count; r++)
			(void)strlen(ruleset_source(damaged, &ruleset_connect(damaged)[r]));
		if (machine_of_name(damaged, i % 2 ? "vm.vsock" : "db.vsock", &m))
			name_of_machine(damaged, m, name, sizeof(name));
		ip_of_cid(damaged, 7, true, true, shown);
	}
	CU_ASSERT(still_valid > 1000);
	free(copy);
	free(rs);
}

CU_TestInfo image_tests[] = {
	{"the empty image", test_empty_is_valid},
	{"encode and decode, up to 10,000 rules", test_round_trips},
	{"the form of the text", test_text_form},
	{"announced sizes", test_encoded_size},
	{"damaged text", test_damaged_text},
	{"more text than announced", test_too_much_text},
	{"a rule with accept_proxy", test_accept_proxy},
	{"damaged headers", test_damaged_header},
	{"damaged rules", test_damaged_rules},
	{"damaged peers", test_damaged_peers},
	{"random damage", test_random_damage},
	CU_TEST_INFO_NULL,
};
