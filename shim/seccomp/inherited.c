/* SPDX-License-Identifier: MIT */
/*
 * inherited.c - the descriptors that the program is to have, and nobody else
 */
#include "inherited.h"

#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

#include "../kernel/sys.h"

static int *numbers;
static size_t count;

static void add(int number)
{
	int *more = realloc(numbers, (count + 1) * sizeof *more);

	if (!more)
		return;
	numbers = more;
	numbers[count++] = number;
}

void inherited_note(void)
{
	DIR *folder = opendir("/proc/self/fd");
	const struct dirent *entry;

	while (folder && (entry = readdir(folder))) {
		int number = (int)strtol(entry->d_name, NULL, 10);

		if (number > STDERR_FILENO && number != dirfd(folder))
			add(number);
	}
	if (folder)
		(void)closedir(folder);
}

void inherited_close(void)
{
	for (size_t i = 0; i < count; i++)
		sys_close(numbers[i]);
	free(numbers);
	numbers = NULL;
	count = 0;
}
