/* SPDX-License-Identifier: MIT */
/*
 * beside.c - the files that belong to the launcher
 */
#include "beside.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../config/memory.h"

/**
 * directly_beside() - a file in the directory of this program
 * Return: its path, to be freed; NULL if there is none
 */
static char *directly_beside(const char *file)
{
	char self[4096];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;
	char *path;

	if (length < 0)
		return NULL;
	self[length] = '\0';
	slash = strrchr(self, '/');
	if (!slash)
		return NULL;
	*slash = '\0';
	path = memory_path(self, file);
	if (access(path, F_OK) == 0)
		return path;
	free(path);
	return NULL;
}

char *beside_launcher(const char *file, const char *installed)
{
	char *path = directly_beside(file);

	return path ? path : memory_path(installed, file);
}
