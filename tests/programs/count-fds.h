/* SPDX-License-Identifier: MIT */
/*
 * count-fds.h - how many descriptors does this process have open?
 */
#ifndef TESTS_PROGRAMS_COUNT_FDS_H
#define TESTS_PROGRAMS_COUNT_FDS_H

#include <dirent.h>
#include <stdlib.h>

/* count_fds() - without the one that looking takes */
static inline int count_fds(void)
{
	DIR *directory = opendir("/proc/self/fd");
	int count = -3; /* ".", ".." and the directory itself */

	if (!directory)
		abort();
	while (readdir(directory))
		count++;
	closedir(directory);
	return count;
}

#endif
