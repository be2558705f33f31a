/* SPDX-License-Identifier: MIT */
/*
 * spec.c - a libFuzzer target: peers and rules of the command line
 *
 * Whatever stands there, a line an option, there is either an error that names one of them, or
 * a valid image. The first letter of a line says which option it is.
 */
#include <stdlib.h>
#include <string.h>

#include "../../config/compile.h"
#include "../../config/spec.h"

int fuzz_spec(const uint8_t *data, size_t size);

/**
 * check_message() - a report_fn
 */
static void check_message(void *context, enum severity severity, const char *message)
{
	(void)context;
	(void)severity;
	if (strncmp(message, "--", 2) != 0)
		abort();
	for (; *message; message++) {
		if ((unsigned char)*message < ' ')
			abort();
	}
}

/**
 * parse_line() - hand one option over
 */
static void parse_line(struct builder *builder, const char *line)
{
	struct spec spec = {.kind = SPEC_CONNECT, .text = line + 1};

	if (*line == '\0')
		return;
	if (*line == 'p')
		spec.kind = SPEC_PEER;
	else if (*line == 'l')
		spec.kind = SPEC_LISTEN;
	spec_parse(builder, &spec);
}

int fuzz_spec(const uint8_t *data, size_t size)
{
	char *text = memory_string((const char *)data, strnlen((const char *)data, size));
	char *rest = text, *line;
	struct builder builder;
	struct ruleset *rs;

	builder_init(&builder, check_message, NULL);
	while ((line = strsep(&rest, "\n")))
		parse_line(&builder, line);
	rs = builder_finish(&builder, 3);
	if (rs ? !ruleset_valid(rs, rs->size) : builder.error_count == 0)
		abort();
	free(rs);
	builder_free(&builder);
	free(text);
	return 0;
}
