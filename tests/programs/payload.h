/* SPDX-License-Identifier: MIT */
/*
 * payload.h - what each of many connections carries: of every size, and no two alike
 *
 * Both follow from the connection's number alone, so either end knows them, and whoever gets
 * another connection's bytes, or some of its own in another order, finds out.
 */
#ifndef TESTS_PROGRAMS_PAYLOAD_H
#define TESTS_PROGRAMS_PAYLOAD_H

#include <stddef.h>

#define LARGEST 65536 /* bytes; what few of them carry */

/* size_of() - how many bytes the connection of this number carries, at most LARGEST */
static inline size_t size_of(unsigned long number)
{
	if (number % 256 == 0)
		return LARGEST - number / 256 % 97;
	return 1 + number * 31 % (number % 16 ? 257 : 4099);
}

/* fill() - the bytes that it carries, each of which says whose it is, and where in it */
static inline void fill(unsigned char *data, unsigned long number, size_t size)
{
	for (size_t i = 0; i < size; i++)
		data[i] = (unsigned char)((number * 2654435761u + i * 40503u) >> 7);
}

#endif
