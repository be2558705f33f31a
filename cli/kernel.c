/* SPDX-License-Identifier: MIT */
/*
 * kernel.c - which kernels are known for something that programs notice
 */
#include "kernel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

bool kernel_resets_small(const char *release)
{
	static const char series[] = "6.12.";
	const char *number = release + sizeof(series) - 1;
	char *end;
	long patch;

	if (strncmp(release, series, sizeof(series) - 1) != 0)
		return false;
	patch = strtol(number, &end, 10);
	return end != number && patch >= 92 && patch < 117;
}

bool kernel_is_old(const char *release)
{
	char *end;
	long major = strtol(release, &end, 10);

	if (*end != '.')
		return false;
	return major < 5 || (major == 5 && strtol(end + 1, NULL, 10) < 10);
}

const char *kernel_doubt(const char **id)
{
	static const char *const ids[] = {"kernel-old", "kernel-resets"};
	static char text[320];
	struct utsname name;
	bool old;

	if (uname(&name) < 0)
		return NULL;
	old = kernel_is_old(name.release);
	if (!old && !kernel_resets_small(name.release))
		return NULL;
	if (id)
		*id = ids[old ? 0 : 1];
	if (old)
		(void)snprintf(text, sizeof(text),
			       "Linux %.64s is too old: vsockify needs 5.10 or later; use one",
			       name.release);
	else
		(void)snprintf(
			text, sizeof(text),
			"Linux %.64s ends a connection when many messages of less than 576 "
			"bytes wait to be read (the writer gets EPIPE, the reader ENOBUFS): "
			"use 6.12.117 or later, or give the end that reads them a "
			"buffer_size of eight times the other's",
			name.release);
	return text;
}
