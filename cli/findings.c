/* SPDX-License-Identifier: MIT */
/*
 * findings.c - what vsockify --doctor has found
 */
#include "findings.h"

#include <stdarg.h>
#include <stdio.h>

void find(struct findings *findings, enum level level, const char *subject, const char *format,
	  ...)
{
	static const char *const words[] = {
		[LEVEL_OK] = "ok",
		[LEVEL_WARNING] = "warning",
		[LEVEL_PROBLEM] = "problem",
	};
	va_list arguments;

	findings->count[level]++;
	(void)printf("%-8s %s: ", words[level], subject);
	va_start(arguments, format);
	(void)vprintf(format, arguments);
	va_end(arguments);
	(void)putchar('\n');
}
