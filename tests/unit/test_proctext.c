/* SPDX-License-Identifier: MIT */
/*
 * test_proctext.c - tests of shim/kernel/proctext.c
 */
#include "../../shim/kernel/proctext.h"

#include <limits.h>

#include "unit.h"

static void test_path(void)
{
	char path[PROCTEXT_PATH];

	CU_ASSERT_STRING_EQUAL(proctext_path(path, "/proc/self/fd/", 0, ""), "/proc/self/fd/0");
	CU_ASSERT_STRING_EQUAL(proctext_path(path, "/proc/self/task/", INT_MAX, "/syscall"),
			       "/proc/self/task/2147483647/syscall");
}

/* One text, and what stands behind the number. */
static void test_numbers(void)
{
	static const struct {
		const char *text, *behind;
		unsigned base;
		uint64_t number;
	} good[] = {
		{"5", "", 10, 5},
		{" \t32768\t60999\n", "\t60999\n", 10, 32768},
		{"5f", "f", 10, 5},
		{"5fg", "g", 16, 0x5f},
		{" 0x7f 0", " 0", 16, 0x7f},
		{"0", "", 16, 0},
		{"0x7f", "x7f", 10, 0},
		{"ffffffffffffffff ", " ", 16, UINT64_MAX},
	};
	static const char *const bad[] = {"", "a", ".", "..", "-1", "running", "\n5", " "};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		const char *at = good[i].text;
		uint64_t number = 77;

		CU_ASSERT(proctext_number(&at, good[i].base, &number));
		CU_ASSERT(number == good[i].number);
		CU_ASSERT_STRING_EQUAL(at, good[i].behind);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *at = bad[i];
		uint64_t number;

		CU_ASSERT(!proctext_number(&at, 10, &number) && at == bad[i]);
	}
}

/* A line as epoll's fdinfo has them. */
static void test_labels(void)
{
	static const char line[] =
		"tfd:       12 events: 8000001d data:         ffff5  pos:0 ino:61 sdev:8";
	uint64_t number;

	CU_ASSERT(proctext_labelled(line, "tfd:", 10, &number) && number == 12);
	CU_ASSERT(proctext_labelled(line, "events:", 16, &number) && number == 0x8000001d);
	CU_ASSERT(proctext_labelled(line, "data:", 16, &number) && number == 0xffff5);
	CU_ASSERT(!proctext_labelled(line, "mnt_id:", 10, &number));
	CU_ASSERT(!proctext_labelled("tfd:", "tfd:", 10, &number));
}

static void test_read(void)
{
	char text[6];

	write_scratch("five", "12345678", 8);
	CU_ASSERT(proctext_read(scratch_path("five"), text, sizeof text));
	CU_ASSERT_STRING_EQUAL(text, "12345");
	write_scratch("empty", "", 0);
	CU_ASSERT(!proctext_read(scratch_path("empty"), text, sizeof text) && text[0] == 0);
	CU_ASSERT(!proctext_read(scratch_path("none"), text, sizeof text));
	CU_ASSERT(!proctext_read(scratch_dir(), text, sizeof text) && text[0] == 0);
}

CU_TestInfo proctext_tests[] = {
	{"paths", test_path},
	{"numbers", test_numbers},
	{"numbers behind labels", test_labels},
	{"short files", test_read},
	CU_TEST_INFO_NULL,
};
