/* SPDX-License-Identifier: MIT */
/*
 * proctext.c - the texts of /proc: their names, and the numbers in them
 */
#include "proctext.h"

#include <limits.h>
#include <string.h>

#include "decimal.h"
#include "sys.h"

/* Not stpcpy(): each function of libc's costs something at every program's start. */
static char *put(char *at, const char *text)
{
	while (*text)
		*at++ = *text++;
	return at;
}

const char *proctext_path(char path[PROCTEXT_PATH], const char *before, int number,
			  const char *after)
{
	*put(decimal_put(put(path, before), (uint32_t)number), after) = 0;
	return path;
}

bool proctext_read(const char *path, char *text, size_t size)
{
	int fd = (int)SYS_CALL(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	long length;

	if (fd < 0)
		return false;
	length = SYS_CALL(SYS_read, fd, text, size - 1);
	sys_close(fd);
	text[length > 0 ? length : 0] = 0;
	return length > 0;
}

static unsigned digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned)(c - 'a') + 10;
	return UINT_MAX;
}

bool proctext_number(const char **text, unsigned base, uint64_t *number)
{
	const char *at = *text;
	unsigned digit;

	while (*at == ' ' || *at == '\t')
		at++;
	if (base == 16 && at[0] == '0' && at[1] == 'x')
		at += 2;
	digit = digit_of(*at);
	if (digit >= base)
		return false;
	for (*number = 0; digit < base; digit = digit_of(*++at))
		*number = *number * base + digit;
	*text = at;
	return true;
}

bool proctext_labelled(const char *text, const char *label, unsigned base, uint64_t *number)
{
	const char *at = strstr(text, label);

	if (!at)
		return false;
	at += strlen(label);
	return proctext_number(&at, base, number);
}
