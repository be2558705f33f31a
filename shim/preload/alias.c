/* SPDX-License-Identifier: MIT */
/*
 * alias.c - asks the hints, or walks over all descriptors
 */
#include "alias.h"

#include "procfd.h"

struct walk {
	int (*visit)(int fd, const void *argument);
	const void *argument;
	int result;
};

static bool visit_open(int fd, void *argument)
{
	struct walk *w = argument;

	w->result = w->visit(fd, w->argument);
	return w->result == 0;
}

int alias_each(int fd, int (*visit)(int fd, const void *argument), const void *argument)
{
	struct walk w = {visit, argument, 0};
	int failed;

	if (hint_is_made(fd))
		return hint_each_duplicate(fd, visit, argument);
	failed = procfd_each(visit_open, &w);
	return w.result ?: failed;
}
