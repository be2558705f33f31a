/* SPDX-License-Identifier: MIT */
/*
 * parse.c - a libFuzzer target: configuration files
 *
 * Whatever the file holds, there is either an error that names a place, or a valid image; and
 * reading it does not crash. libconfig loses memory at syntax errors, hence
 * detect_leaks=0 in parse.test.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../config/compile.h"
#include "../../config/parse.h"

int fuzz_parse(const uint8_t *data, size_t size);

static char path[] = "/tmp/vsockify-fuzz-XXXXXX";

/**
 * check_message() - a report_fn
 */
static void check_message(void *context, enum severity severity, const char *message)
{
	(void)context;
	(void)severity;
	if (strncmp(message, path, strlen(path)) != 0 || strchr(message, '\n'))
		abort();
}

/**
 * write_input() - put the input into a file, the same each time
 */
static void write_input(const uint8_t *data, size_t size)
{
	static int fd = -1;

	if (fd < 0)
		fd = mkstemp(path);
	if (fd < 0 || ftruncate(fd, 0) < 0 || pwrite(fd, data, size, 0) != (ssize_t)size)
		abort();
}

int fuzz_parse(const uint8_t *data, size_t size)
{
	struct builder builder;
	struct ruleset *rs;

	write_input(data, size);
	builder_init(&builder, check_message, NULL);
	parse_file(&builder, path);
	rs = builder_finish(&builder, 3);
	if (rs ? !ruleset_valid(rs, rs->size) : builder.error_count == 0)
		abort();
	free(rs);
	builder_free(&builder);
	return 0;
}
