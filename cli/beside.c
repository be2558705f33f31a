/* SPDX-License-Identifier: MIT */
/*
 * beside.c - the files that belong to the launcher
 */
#include "beside.h"

#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "../config/memory.h"

/**
 * own_path() - where this program lies
 * Return: to be freed; NULL if that is not known
 */
static char *own_path(void)
{
	char *path = realpath("/proc/self/exe", NULL);

	/* in a root without /proc, as it was executed */
	return path ? path : realpath((const char *)getauxval(AT_EXECFN), NULL);
}

/**
 * directly_beside() - a file in the directory of this program
 * Return: its path, to be freed; NULL if there is none
 */
static char *directly_beside(const char *file)
{
	char *self = own_path();
	char *slash = self ? strrchr(self, '/') : NULL;
	char *path = NULL;

	if (slash) {
		*slash = '\0';
		path = memory_path(self, file);
		if (access(path, F_OK) < 0) {
			free(path);
			path = NULL;
		}
	}
	free(self);
	return path;
}

char *beside_launcher(const char *file, const char *installed)
{
	char *path = directly_beside(file);

	return path ? path : memory_path(installed, file);
}
