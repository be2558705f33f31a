/* SPDX-License-Identifier: MIT */
/*
 * elf.c - a libFuzzer target: what is told to run
 *
 * Whatever the file holds, looking at it reads no byte behind it, and what is named in it lies
 * within it.
 */
#include <stdlib.h>
#include <string.h>

#include "../../shim/kernel/elf.h"

int fuzz_elf(const uint8_t *data, size_t size);

int fuzz_elf(const uint8_t *data, size_t size)
{
	struct elf_facts facts;
	const char *end = (const char *)data + size;

	if (!elf_read(data, size, &facts) || !facts.same_order)
		return 0;
	if (facts.bits != 32 && facts.bits != 64)
		abort();
	if (facts.interpreter &&
	    (facts.interpreter < (const char *)data ||
	     !memchr(facts.interpreter, '\0', (size_t)(end - facts.interpreter))))
		abort();
	return 0;
}
