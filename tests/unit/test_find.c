/* SPDX-License-Identifier: MIT */
/*
 * test_find.c - tests of config/find.c
 */
#include "../../config/find.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

/**
 * check_found() - check which file is found
 * @wanted: its path within the scratch directory if @scratch, else its path; NULL for none
 */
static void check_found(struct config_places places, const char *wanted)
{
	char *found = find_config(&places);

	CU_ASSERT((found == NULL) == (wanted == NULL));
	if (found && wanted)
		CU_ASSERT_STRING_EQUAL(found, wanted);
	free(found);
}

static void test_order(void)
{
	char user[256];
	char user_file[300];
	char system[256];
	char system_file[300];
	struct config_places places = {.user_dir = user, .system_dir = system};

	(void)snprintf(user, sizeof(user), "%s", scratch_path("user"));
	(void)snprintf(system, sizeof(system), "%s", scratch_path("system"));
	(void)snprintf(user_file, sizeof(user_file), "%s/vsockify.conf", user);
	(void)snprintf(system_file, sizeof(system_file), "%s/vsockify.conf", system);
	CU_ASSERT_FATAL(mkdir(system, 0700) == 0);
	check_found(places, NULL);
	write_scratch("system/vsockify.conf", "", 0);
	check_found(places, system_file);
	CU_ASSERT_FATAL(mkdir(user, 0700) == 0);
	check_found(places, system_file);
	write_scratch("user/vsockify.conf", "", 0);
	check_found(places, user_file);
	places.variable = "";
	check_found(places, user_file);
	places.variable = "/nonexistent";
	check_found(places, "/nonexistent");
	places.option = "elsewhere";
	check_found(places, "elsewhere");
	places.variable = places.option = NULL;
	places.user_dir = "";
	check_found(places, system_file);
	CU_ASSERT_FATAL(chdir(scratch_dir()) == 0);
	places.user_dir = "user";
	check_found(places, system_file);
	CU_ASSERT_FATAL(chdir("/") == 0);
}

/* Rules that are there but cannot be looked at must not be taken for none. */
static void test_exists_but_unreadable(void)
{
	struct config_places places = {.system_dir = scratch_dir()};

	CU_ASSERT_FATAL(symlink("vsockify.conf", scratch_path("vsockify.conf")) == 0);
	check_found(places, scratch_path("vsockify.conf"));
	CU_ASSERT_FATAL(unlink(scratch_path("vsockify.conf")) == 0);
	check_found(places, NULL);
}

static void test_environment(void)
{
	struct config_places places;

	CU_ASSERT_FATAL(setenv("VSOCKIFY_CONFIG", "one", 1) == 0);
	CU_ASSERT_FATAL(setenv("XDG_CONFIG_HOME", "/two", 1) == 0);
	places = config_places("three");
	CU_ASSERT_STRING_EQUAL(places.option, "three");
	CU_ASSERT_STRING_EQUAL(places.variable, "one");
	CU_ASSERT_STRING_EQUAL(places.user_dir, "/two");
	CU_ASSERT_STRING_EQUAL(places.system_dir, "/etc");
	unsetenv("VSOCKIFY_CONFIG");
	unsetenv("XDG_CONFIG_HOME");
	places = config_places(NULL);
	CU_ASSERT(places.option == NULL && places.variable == NULL && places.user_dir == NULL);
}

CU_TestInfo find_tests[] = {
	{"the order of places", test_order},
	{"a file that cannot be looked at", test_exists_but_unreadable},
	{"places of the environment", test_environment},
	CU_TEST_INFO_NULL,
};
