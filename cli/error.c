/* SPDX-License-Identifier: MIT */
/*
 * error.c - what the launcher has to say against something
 */
#include "error.h"

#include <stdarg.h>
#include <stdio.h>

void cli_error(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	(void)fputs("vsockify: ", stderr);
	(void)vfprintf(stderr, format, arguments);
	(void)fputc('\n', stderr);
	va_end(arguments);
}
