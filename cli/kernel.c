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

const char *kernel_doubt(void)
{
	static char text[320];
	struct utsname name;

	if (uname(&name) < 0 || !kernel_resets_small(name.release))
		return NULL;
	(void)snprintf(text, sizeof(text),
		       "Linux %.64s ends a connection when many messages of less than 576 "
		       "bytes wait to be read (the writer gets EPIPE, the reader ENOBUFS): use "
		       "6.12.117 or later, or give the end that reads them a buffer_size of "
		       "eight times the other's",
		       name.release);
	return text;
}
