/* SPDX-License-Identifier: MIT */
/*
 * path.c - a path that is still right when the program has gone elsewhere
 */
#include "path.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "memory.h"

/**
 * skip_here() - what follows each "./" that a relative path begins with
 */
static const char *skip_here(const char *path)
{
	while (path[0] == '.' && path[1] == '/')
		path += 1 + strspn(path + 1, "/");
	return path;
}

char *path_absolute(const char *path)
{
	char *directory;
	char *absolute;

	if (*path == '/')
		return memory_string(path, strlen(path));
	directory = getcwd(NULL, 0);
	if (!directory)
		return NULL;
	absolute = memory_path(directory, skip_here(path));
	free(directory);
	return absolute;
}
