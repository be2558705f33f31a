/* SPDX-License-Identifier: MIT */
/*
 * test_text.c - tests of config/text.c
 */
#include "../../config/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

#define READ_ADVICE ": check its name (-c, VSOCKIFY_CONFIG) and permissions"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static char last_error[1024];

/**
 * keep_error() - a report_fn
 */
static void keep_error(void *context, enum severity severity, const char *message)
{
	(void)context;
	(void)severity;
	(void)snprintf(last_error, sizeof(last_error), "%s", message);
}

/**
 * read_text() - read the scratch file "conf"
 */
static bool read_text(struct builder *builder, struct config_text *text)
{
	*text = (struct config_text){.bytes = {0}};
	last_error[0] = '\0';
	builder_init(builder, keep_error, NULL);
	return config_text_read(builder, scratch_path("conf"), text);
}

/**
 * check_text() - check what becomes of a text
 */
static void check_text(const char *before, const char *after)
{
	struct config_text text;
	struct builder builder;

	write_scratch("conf", before, strlen(before));
	CU_ASSERT(read_text(&builder, &text));
	CU_ASSERT_STRING_EQUAL(text.bytes.items, after);
	config_text_free(&text);
	builder_free(&builder);
}

/**
 * check_error() - check that a text is refused
 * @reason: a part of the message, behind the name of the file
 */
static void check_error(const char *before, size_t size, const char *reason)
{
	struct config_text text;
	struct builder builder;
	bool good;

	write_scratch("conf", before, size);
	good = read_text(&builder, &text);
	CU_ASSERT(!good && strstr(last_error, reason));
	if (good || !strstr(last_error, reason))
		printf("\n    wanted: %s\n    reported: %s\n", reason, last_error);
	config_text_free(&text);
	builder_free(&builder);
}

static void test_numbers(void)
{
	check_text("a = 7;\n", "a = 7;\n");
	check_text("a = 2147483647;", "a = 2147483647;\n");
	check_text("a = 2147483648;", "a = 2147483648L;\n");
	check_text("a = 4294967303;", "a = 4294967303L;\n");
	check_text("a = 4294967303L;", "a = 4294967303L;\n");
	check_text("a = 7L, 8LL", "a = 7L, 8LL\n");
	check_text("a = -4294967303", "a = -4294967303L\n");
	check_text("a = 0x7fffffff;", "a = 0x7fffffff;\n");
	check_text("a = 0x100000007;", "a = 4294967303L;\n");
	check_text("a = 0XFFFFFFFFL;", "a = 4294967295L;\n");
	check_text("a = 00000000000007;", "a = 00000000000007;\n");
	check_text("a = 9223372036854775807", "a = 9223372036854775807L\n");
	check_text("a = 2.0; b = 1e10; c = 99999999999.5; d = .99999999999; e = -1.5e-3",
		   "a = 2.0; b = 1e10; c = 99999999999.5; d = .99999999999; e = -1.5e-3\n");
	check_text("a99999999999 = b-99999999999", "a99999999999 = b-99999999999\n");
	check_error("a = 1;\nb = 9223372036854775808;", 30,
		    ":2: the number 9223372036854775808");
	check_error("b = 0x10000000000000000;", 24, ":1: the number ");
	check_error("b = 99999999999999999999999999L;", 32, ":1: the number ");
	check_error("b = 0b10;", 9, ":1: the number 0b...");
	check_error("b = 0O17;", 9, ":1: the number 0O...");
}

static void test_brackets(void)
{
	check_text("a = [ \"host\", 7 ];", "a = ( \"host\", 7 );\n");
	check_text("a = \"[::1]\"; # [\nb = [];", "a = \"[::1]\"; # [\nb = ();\n");
	check_text("/* [ */ a = [ // ]\n]", "/* [ */ a = ( // ]\n)\n");
}

static void test_strings_and_comments(void)
{
	check_text("a = \"4294967303 \\\" [\";", "a = \"4294967303 \\\" [\";\n");
	check_text("a = \"\\\\\"; b = [", "a = \"\\\\\"; b = (\n");
	check_text("a = \"x\n@include \\\"y\\\"\n[\"; [",
		   "a = \"x\n@include \\\"y\\\"\n[\"; (\n");
	check_text("/* \"\n[ \" @include \"y\"\n*/ [", "/* \"\n[ \" @include \"y\"\n*/ (\n");
	check_text("/*\n@include \"absent\"\n*/", "/*\n@include \"absent\"\n*/\n");
	check_text("# \" /*\n[", "# \" /*\n(\n");
	check_text("// \" /*\n[", "// \" /*\n(\n");
	check_text("/**/[", "/**/(\n");
	check_text("/*/[*/[", "/*/[*/(\n");
	check_text("a / b\n", "a / b\n");
	check_error("a = 1;\nb = \"x\ny\n", 15, ":2: this string is never closed");
	check_error("a = 1;\n\n/* b\n", 13, ":3: this comment is never closed");
	check_error("a = \"x\\", 7, ":1: this string is never closed");
}

static void test_not_text(void)
{
	check_error("a = 1;\n\0", 8, ":2: a byte of value 0 is no text");
	check_error("a = 1;\n# \x1b[31m\n", 15, ":2: a byte of value 27 is no text");
	check_text("a\t=\r\n\f 1;\r\n", "a\t=\r\n\f 1;\r\n");
	check_text("# gr\xc3\xbc\xc3\x9f dich\n", "# gr\xc3\xbc\xc3\x9f dich\n");
}

static void test_includes(void)
{
	struct config_text text;
	struct builder builder;
	struct origin origin;

	write_scratch("inner", "c = [\n3 ];", 10);
	check_text("a = 1;\n  @include \t\"inner\"  # more\nb = 2;\n",
		   "a = 1;\nc = (\n3 );\nb = 2;\n");
	CU_ASSERT(read_text(&builder, &text));
	for (unsigned int line = 1; line <= 4; line++) {
		static const unsigned int wanted[] = {1, 1, 2, 3};

		origin = config_text_origin(&text, line);
		CU_ASSERT(origin.line == wanted[line - 1]);
		CU_ASSERT(origin.source == (line == 2 || line == 3));
	}
	/* libconfig counts one line more than there is, if the end is what it did not expect.
	 */
	CU_ASSERT(config_text_origin(&text, 5).line == 3);
	CU_ASSERT(config_text_origin(&text, 0).line == 1);
	CU_ASSERT_STRING_EQUAL(((char **)builder.sources.items)[1], scratch_path("inner"));
	config_text_free(&text);
	builder_free(&builder);
}

static void test_deep_includes(void)
{
	char name[8];
	char text[32];

	for (int depth = 1; depth < 10; depth++) {
		(void)snprintf(name, sizeof(name), "d%d", depth);
		(void)snprintf(text, sizeof(text), "@include \"d%d\"\n", depth + 1);
		write_scratch(name, text, strlen(text));
	}
	write_scratch("d10", "a = 1;", 6);
	check_text("@include \"d1\"", "a = 1;\n");
	write_scratch("d10", "@include \"d11\"", 14);
	write_scratch("d11", "a = 1;", 6);
	check_error("@include \"d1\"", 13,
		    "/d10:1: files include each other more than 10 deep");
}

static void test_bad_includes(void)
{
	static const struct {
		const char *text;
		const char *reason;
	} cases[] = {
		{"a = 1;\n@include \"absent\"\n", "conf:2: "},
		{"a = 1;\n@include \"absent\"\n", "absent cannot be read: No such file"},
		{"@include \".\"\n", "/. cannot be read: Is a directory"},
		{"@include \"/\"\n", ":1: / cannot be read: Is a directory"},
		{"@include \"\"\n", ":1: write @include \"FILE\""},
		{"@include \"x\n", ":1: write @include \"FILE\""},
		{"@include \"inner\" a = 1;\n", ":1: nothing may follow"},
		{"@include \"conf\"\n", ":1: files include each other more than 10 deep"},
		{"a = 1;\n@include \"open\"\n", "open:2: this string is never closed"},
		{"a = 1;\n@include \"noise\"\n", "noise:1: a byte of value 1 is no text"},
	};

	write_scratch("inner", "c = 3;", 6);
	write_scratch("open", "\nc = \"3;", 8);
	write_scratch("noise", "\1", 1);
	for (size_t i = 0; i < COUNT(cases); i++)
		check_error(cases[i].text, strlen(cases[i].text), cases[i].reason);
}

static void test_unreadable(void)
{
	struct config_text text = {.bytes = {0}};
	struct builder builder;

	builder_init(&builder, keep_error, NULL);
	CU_ASSERT(!config_text_read(&builder, "/nonexistent/conf", &text));
	CU_ASSERT_STRING_EQUAL(last_error,
			       "/nonexistent/conf:1: this file cannot be read: No such "
			       "file or directory" READ_ADVICE);
	config_text_free(&text);
	CU_ASSERT(!config_text_read(&builder, "/", &text));
	CU_ASSERT_STRING_EQUAL(last_error,
			       "/:1: this file cannot be read: Is a directory" READ_ADVICE);
	config_text_free(&text);
	CU_ASSERT(!config_text_read(&builder, "/dev/zero", &text));
	CU_ASSERT_STRING_EQUAL(
		last_error,
		"/dev/zero:1: this file cannot be read: File too large" READ_ADVICE);
	config_text_free(&text);
	builder_free(&builder);
}

static void test_empty(void)
{
	struct config_text text;
	struct builder builder;

	write_scratch("conf", "", 0);
	CU_ASSERT(read_text(&builder, &text));
	CU_ASSERT_STRING_EQUAL(text.bytes.items, "");
	CU_ASSERT(config_text_origin(&text, 1).line == 1);
	config_text_free(&text);
	builder_free(&builder);
}

CU_TestInfo text_tests[] = {
	{"numbers that need 64 bits", test_numbers},
	{"brackets", test_brackets},
	{"strings and comments", test_strings_and_comments},
	{"bytes that are no text", test_not_text},
	{"@include", test_includes},
	{"@include in included files", test_deep_includes},
	{"@include that fails", test_bad_includes},
	{"files that cannot be read", test_unreadable},
	{"an empty file", test_empty},
	CU_TEST_INFO_NULL,
};
