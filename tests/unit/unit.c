/* SPDX-License-Identifier: MIT */
/*
 * unit.c - runs the unit tests, and helps them
 *
 * Theory of operation
 *
 * Each file of tests brings a table, from which CUnit's registry is filled. Nothing here or
 * in the tests opens a socket. Files are written to one scratch directory, which is removed
 * at the end.
 */
#include "unit.h"

#include <CUnit/Basic.h>
#include <arpa/inet.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../config/address.h"
#include "../../config/load.h"

static struct list report_text; /* of char */
static char scratch[] = "/tmp/vsockify-unit-XXXXXX";

/* ---- addresses ---- */

const uint8_t *ip(const char *text, uint8_t buf[16])
{
	uint8_t v4[4];

	if (inet_pton(AF_INET, text, v4) == 1)
		ip_from_v4(buf, v4);
	else if (inet_pton(AF_INET6, text, buf) != 1)
		CU_FAIL_FATAL("the test itself has a bad address");
	return buf;
}

struct endpoint endpoint(const char *address, uint16_t port)
{
	struct endpoint ep = {.port = port};

	ip(address, ep.ip);
	return ep;
}

bool same_ip(const uint8_t bytes[16], const char *text)
{
	uint8_t wanted[16];

	return memcmp(bytes, ip(text, wanted), 16) == 0;
}

/* ---- compiling ---- */

/**
 * keep_message() - a report_fn
 */
static void keep_message(void *context, enum severity severity, const char *message)
{
	(void)context;
	(void)severity;
	list_append(&report_text, message, strlen(message), 1);
	list_append(&report_text, "\n", 1, 1);
}

const char *messages(void)
{
	return report_text.items;
}

bool reported(const char *text)
{
	if (strstr(messages(), text))
		return true;
	printf("\n    wanted: %s\n    reported: %s", text, messages());
	return false;
}

/**
 * add_specs() - cut options into specs
 * @options: changed; its lines stay in use
 */
static void add_specs(struct list *specs, char *options)
{
	static const char *const names[] = {"--peer ", "--connect ", "--listen ", "--via "};
	char *rest = NULL;

	for (char *line = strtok_r(options, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		struct spec *spec = list_add(specs, sizeof(*spec));

		while (strncmp(line, names[spec->kind], strlen(names[spec->kind])) != 0)
			spec->kind++;
		spec->text = line + strlen(names[spec->kind]);
	}
}

/**
 * compile() - compile a file and options
 * @path: NULL: no file
 */
static struct ruleset *compile(const char *path, const char *options)
{
	char *copy = memory_string(options, strlen(options));
	struct list specs = {0};
	struct ruleset *rs;

	list_free(&report_text);
	add_specs(&specs, copy);
	rs = load_rules(path, specs.items, specs.count, keep_message, NULL);
	list_append(&report_text, "", 1, 1);
	list_free(&specs);
	free(copy);
	if (rs)
		CU_ASSERT(ruleset_valid(rs, rs->size));
	return rs;
}

/**
 * must_compile() - compile, or end the test
 */
static __attribute__((returns_nonnull)) struct ruleset *must_compile(const char *path,
								     const char *options)
{
	struct ruleset *rs = compile(path, options);

	if (!rs) {
		printf("\n    %s", messages());
		CU_FAIL_FATAL("the rules do not compile");
		abort(); /* not reached: CUnit jumps */
	}
	return rs;
}

struct ruleset *rules_of(const char *options)
{
	return must_compile(NULL, options);
}

struct ruleset *rules_of_text(const char *text, const char *options)
{
	write_scratch("conf", text, strlen(text));
	return must_compile(scratch_path("conf"), options);
}

bool refuses(const char *options)
{
	struct ruleset *rs = compile(NULL, options);

	free(rs);
	return !rs;
}

bool refuses_text(const char *text)
{
	struct ruleset *rs;

	write_scratch("conf", text, strlen(text));
	rs = compile(scratch_path("conf"), "");
	free(rs);
	return !rs;
}

struct ruleset *image_of_rules(const struct rule *connect, const struct rule *listen,
			       uint32_t count)
{
	size_t bytes = count * sizeof(struct rule);
	uint32_t end = (uint32_t)(sizeof(struct ruleset) + 2 * bytes);
	struct ruleset *rs = memory_zeroed(end + 8);

	*rs = ruleset_empty;
	rs->size = end + 8;
	rs->connect_at = sizeof(*rs);
	rs->listen_at = (uint32_t)(sizeof(*rs) + bytes);
	rs->connect_count = count;
	rs->listen_count = count;
	rs->sources_at = end;
	rs->source_count = 1;
	memcpy((char *)rs + rs->connect_at, connect, bytes);
	memcpy((char *)rs + rs->listen_at, listen, bytes);
	return rs;
}

/* ---- files ---- */

const char *scratch_dir(void)
{
	return scratch;
}

const char *scratch_path(const char *name)
{
	static char path[512];

	(void)snprintf(path, sizeof(path), "%s/%s", scratch, name);
	return path;
}

void write_scratch(const char *name, const char *text, size_t size)
{
	FILE *file = fopen(scratch_path(name), "w");

	CU_ASSERT_FATAL(file != NULL);
	CU_ASSERT_FATAL(fwrite(text, 1, size, file) == size);
	CU_ASSERT_FATAL(fclose(file) == 0);
}

/**
 * remove_entry() - for nftw()
 */
static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	(void)status;
	(void)type;
	(void)walk;
	return remove(path);
}

uint32_t random_below(uint32_t limit)
{
	static uint64_t state = 88172645463325252u;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 16) % limit;
}

int main(void)
{
	CU_SuiteInfo suites[] = {
		{.pName = "address", .pTests = address_tests},
		{.pName = "match", .pTests = match_tests},
		{.pName = "naive", .pTests = naive_tests},
		{.pName = "image", .pTests = image_tests},
		{.pName = "pattern", .pTests = pattern_tests},
		{.pName = "spec", .pTests = spec_tests},
		{.pName = "text", .pTests = text_tests},
		{.pName = "elf", .pTests = elf_tests},
		{.pName = "plausible", .pTests = plausible_tests},
		{.pName = "pack", .pTests = pack_tests},
		{.pName = "proctext", .pTests = proctext_tests},
		{.pName = "parse", .pTests = parse_tests},
		{.pName = "compile", .pTests = compile_tests},
		{.pName = "names", .pTests = names_tests},
		{.pName = "find", .pTests = find_tests},
		{.pName = "socket", .pTests = socket_tests},
		{.pName = "ports", .pTests = ports_tests},
		{.pName = "broker", .pTests = broker_tests},
		{.pName = "dialogue", .pTests = dialogue_tests},
		{.pName = "dns", .pTests = dns_tests},
		{.pName = "proxy", .pTests = proxy_tests},
		{.pName = "preface", .pTests = preface_tests},
		{.pName = "via", .pTests = via_tests},
		{.pName = "table", .pTests = table_tests},
		{.pName = "tree", .pTests = tree_tests},
		CU_SUITE_INFO_NULL,
	};
	unsigned int failures = 1;

	if (!mkdtemp(scratch) || CU_initialize_registry() != CUE_SUCCESS ||
	    CU_register_suites(suites) != CUE_SUCCESS) {
		(void)fprintf(stderr, "cannot set up the unit tests: %s\n", CU_get_error_msg());
		return EXIT_FAILURE;
	}
	CU_basic_set_mode(CU_BRM_VERBOSE);
	if (CU_basic_run_tests() == CUE_SUCCESS)
		failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	list_free(&report_text);
	(void)nftw(scratch, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
	return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
