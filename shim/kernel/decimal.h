/* SPDX-License-Identifier: MIT */
/*
 * decimal.h - writes a number where there is no stdio
 */
#ifndef VSOCKIFY_DECIMAL_H
#define VSOCKIFY_DECIMAL_H

#include <stdint.h>

/* decimal_put() - write a number, without a NUL behind it; where it ends */
static inline char *decimal_put(char *at, uint32_t number)
{
	uint32_t unit = 1;

	while (number / unit >= 10)
		unit *= 10;
	for (; unit; unit /= 10)
		*at++ = (char)('0' + number / unit % 10);
	return at;
}

#endif
