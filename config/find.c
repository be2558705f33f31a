/* SPDX-License-Identifier: MIT */
/*
 * find.c - which configuration file is in force
 *
 * Theory of operation: see find.h.
 */
#include "find.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "memory.h"

#define CONFIG_FILE "vsockify.conf"

/**
 * is_named() - was a file or directory named at all?
 */
static bool is_named(const char *path)
{
	return path && *path != '\0';
}

/**
 * may_exist() - is there a file, as far as can be seen?
 */
static bool may_exist(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

/**
 * file_in() - the configuration file of a directory
 * Return: its path, to be freed; NULL if it does not exist
 */
static char *file_in(const char *directory)
{
	char *path = memory_path(directory, CONFIG_FILE);

	if (may_exist(path))
		return path;
	free(path);
	return NULL;
}

struct config_places config_places(const char *option)
{
	return (struct config_places){
		.option = option,
		.variable = secure_getenv(CONFIG_ENV),
		.user_dir = secure_getenv("XDG_CONFIG_HOME"),
		.system_dir = VSOCKIFY_SYSCONFDIR,
	};
}

char *find_config(const struct config_places *places)
{
	char *found = NULL;

	if (is_named(places->option))
		return memory_string(places->option, strlen(places->option));
	if (is_named(places->variable))
		return memory_string(places->variable, strlen(places->variable));
	if (is_named(places->user_dir) && *places->user_dir == '/')
		found = file_in(places->user_dir);
	if (!found && is_named(places->system_dir))
		found = file_in(places->system_dir);
	return found;
}
