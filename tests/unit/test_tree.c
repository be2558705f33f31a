/* SPDX-License-Identifier: MIT */
/*
 * test_tree.c - whose is a process, by its environment?
 */
#include "unit.h"

#include "../../cli/broker/tree.h"

#define SAYS(text) tree_read_environment("1:a:b", text, sizeof(text))

static void test_environments(void)
{
	CU_ASSERT(SAYS("PATH=/bin\0VSOCKIFY_BROKER=1:a:b") == ENVIRONMENT_OURS);
	CU_ASSERT(SAYS("VSOCKIFY_RULES=8:0\0VSOCKIFY_BROKER=1:a:b\0X=") == ENVIRONMENT_OURS);
	CU_ASSERT(SAYS("VSOCKIFY_BROKER=1:a:c\0X=") == ENVIRONMENT_OTHERS);
	CU_ASSERT(SAYS("VSOCKIFY_BROKER=1:a:b:\0X=") == ENVIRONMENT_OTHERS);
	CU_ASSERT(SAYS("VSOCKIFY_BROKER=") == ENVIRONMENT_OTHERS);
	CU_ASSERT(SAYS("VSOCKIFY_RULES=8:0\0X=") == ENVIRONMENT_OTHERS);
	CU_ASSERT(SAYS("VSOCKIFY_RULES_1=0\0X=") == ENVIRONMENT_NOTHING);
	CU_ASSERT(SAYS("VSOCKIFY_BROKERS=1:a:b\0XVSOCKIFY_BROKER=1:a:b") ==
		  ENVIRONMENT_NOTHING);
	CU_ASSERT(SAYS("") == ENVIRONMENT_NOTHING && SAYS("\0\0\0\0") == ENVIRONMENT_NOTHING);
	/* nothing there; and the end of it cut off */
	CU_ASSERT(tree_read_environment("1:a:b", NULL, 0) == ENVIRONMENT_NOTHING);
	CU_ASSERT(tree_read_environment("1:a:b", "VSOCKIFY_BROKER=1:a:b", 21) ==
		  ENVIRONMENT_NOTHING);
}

static void test_stat(void)
{
	static const char text[] =
		"1234 (a) S 9) S 77 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 "
		"456789 1000 200 18446744073709551615\n";
	struct tree_stat stat;

	CU_ASSERT(tree_read_stat(text, &stat) && stat.parent == 77 && stat.started == 456789);
	CU_ASSERT(!tree_read_stat("", &stat) && !tree_read_stat("1 (a", &stat));
	CU_ASSERT(!tree_read_stat("1 (a) S 77 1 1 0 -1", &stat));
}

CU_TestInfo tree_tests[] = {
	{"environments", test_environments},
	{"/proc/PID/stat", test_stat},
	CU_TEST_INFO_NULL,
};
