/* SPDX-License-Identifier: MIT */
/*
 * payload.h - what connection number @i carries: its length, and its byte number @at
 *
 * Every client here, in whatever language, sends this and must get it back.
 */
#ifndef TESTS_LOOPS_PAYLOAD_H
#define TESTS_LOOPS_PAYLOAD_H

#include <stddef.h>

static inline size_t payload_size(size_t i)
{
	return 1000 + i * 61;
}

static inline unsigned char payload_byte(size_t i, size_t at)
{
	return (unsigned char)(i * 131 + at * 7 + at / 251);
}

#endif
