/* SPDX-License-Identifier: MIT */
/*
 * findings.c - what vsockify --doctor has found
 */
#include "findings.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "json.h"
#include "show.h"

static const char *const words[] = {
	[LEVEL_OK] = "ok",
	[LEVEL_WARNING] = "warning",
	[LEVEL_PROBLEM] = "problem",
};

/**
 * print_finding() - print one for scripts
 */
static void print_finding(enum level level, const char *id, const char *subject,
			  const char *text)
{
	struct json json = {false};

	json_open(&json, NULL, '{');
	json_string(&json, "id", id);
	json_string(&json, "level", words[level]);
	json_string(&json, "subject", subject);
	json_string(&json, "text", text);
	json_close(&json, '}');
	(void)putchar('\n');
}

void find(struct findings *findings, enum level level, const char *id, const char *subject,
	  const char *format, ...)
{
	va_list arguments;
	char *text;

	findings->count[level]++;
	va_start(arguments, format);
	text = text_of(format, arguments);
	va_end(arguments);
	if (findings->json)
		print_finding(level, id, subject, text);
	else
		(void)printf("%-8s %s: %s\n", words[level], subject, text);
	free(text);
}

void findings_end(const struct findings *findings, const char *program)
{
	struct json json = {false};
	const char *next =
		program ? "run it by the same command without --doctor; if it fails, add -v"
			: "vsockify --doctor PROGRAM looks at a program";

	if (findings->count[LEVEL_PROBLEM] > 0)
		next = "do what the first problem says, and ask again";
	if (!findings->json) {
		(void)printf("next     %s\n", next);
		return;
	}
	json_open(&json, NULL, '{');
	json_number(&json, "problems", findings->count[LEVEL_PROBLEM]);
	json_number(&json, "warnings", findings->count[LEVEL_WARNING]);
	json_string(&json, "next", next);
	json_close(&json, '}');
	(void)putchar('\n');
}
