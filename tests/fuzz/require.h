/* SPDX-License-Identifier: MIT */
/*
 * require.h - what has to hold, in every target
 */
#ifndef TESTS_FUZZ_REQUIRE_H
#define TESTS_FUZZ_REQUIRE_H

#include <stdbool.h>
#include <stdlib.h>

/* require() - stop here, for the fuzzer to see, if something does not hold */
static inline void require(bool holds)
{
	if (!holds)
		abort();
}

#endif
