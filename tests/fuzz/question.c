/* SPDX-License-Identifier: MIT */
/*
 * question.c - a libFuzzer target: what --explain is asked
 *
 * Whatever stands in a line, it is refused with a reason of one line, or answered. (Built as
 * for a static launcher, which looks up no names.)
 */
#include <stdlib.h>
#include <string.h>

#include "../../cli/answer.h"
#include "../../cli/question.h"
#include "../../config/compile.h"
#include "../../config/spec.h"

int fuzz_question(const uint8_t *data, size_t size);

static const struct spec specs[] = {
	{SPEC_PEER, "db=7"},
	{SPEC_PEER, "10.0.2.15=7"},
	{SPEC_PEER, "vm1=/run/vm1/v.sock"},
	{SPEC_PEER, "10.0.2.16=/run/vm1/v.sock"},
	{SPEC_CONNECT, "127.0.0.1:8000-8099=7:9000"},
	{SPEC_CONNECT, "192.168.0.0/16:25=deny"},
	{SPEC_CONNECT, "[fd00:2::/64]:*=vm1"},
	{SPEC_CONNECT, "*.names.test:443=2"},
	{SPEC_LISTEN, "80=8080"},
	{SPEC_LISTEN, "[::1]:*=pass"},
	{SPEC_LISTEN, "*:*=./v.sock"},
};

/**
 * refuse_all() - a report_fn: there is nothing to report
 */
static void refuse_all(void *context, enum severity severity, const char *message)
{
	(void)context;
	(void)message;
	if (severity == SEVERITY_ERROR)
		abort();
}

/**
 * compile() - the rules that are asked about
 */
static const struct ruleset *compile(void)
{
	struct builder builder;
	struct ruleset *rs;

	builder_init(&builder, refuse_all, NULL);
	for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++)
		spec_parse(&builder, &specs[i]);
	rs = builder_finish(&builder, 3);
	builder_free(&builder);
	if (!rs)
		abort();
	return rs;
}

/**
 * ask() - ask for one of the two calls
 */
static void ask(const struct ruleset *rs, enum side side, const char *text)
{
	struct question question;
	const struct endpoint *at;

	if (!question_read(rs, side, text, &question) &&
	    (*question.error == '\0' || memchr(question.error, '\0', REASON_MAX) == NULL))
		abort();
	at = question.endpoints.items;
	for (size_t i = 0; i < question.endpoints.count; i++) {
		struct answer answer = answer_for(rs, side, &at[i], false);

		for (uint32_t rule = 0; rule < looked_at(&answer); rule++)
			(void)fit_of(&answer, rules_of_side(&answer) + rule);
		(void)machine_of_answer(&answer);
		(void)same_outcome(&answer, &answer);
		(void)has_v6only_form(&answer);
	}
	question_free(&question);
}

int fuzz_question(const uint8_t *data, size_t size)
{
	static const struct ruleset *rs;
	char *text = memory_string((const char *)data, strnlen((const char *)data, size));

	if (!rs)
		rs = compile();
	ask(rs, SIDE_CONNECT, text);
	ask(rs, SIDE_LISTEN, text);
	free(text);
	return 0;
}
