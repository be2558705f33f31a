/* SPDX-License-Identifier: MIT */
/*
 * preface.c - a libFuzzer target: what may come in place of a proxy's header, cut at any place
 *
 * What a header comes to depends on its bytes and not on the pieces in which they come, nor on
 * what is behind it; and nothing is read behind what there is. The unit tests run the same with
 * random inputs (tests/unit/test_preface.c).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../cli/broker/preface.h"
#include "../../config/ip.h"
#include "require.h"

int fuzz_preface(const uint8_t *data, size_t size);

/**
 * read_exactly() - read from memory of this very size, for a sanitizer to see
 */
static int read_exactly(const uint8_t *data, size_t size, struct preface *preface)
{
	uint8_t *seen = malloc(size + 1);
	int result;

	if (!seen)
		exit(EXIT_SUCCESS);
	memcpy(seen + 1, data, size); /* at its end */
	result = preface_read(seen + 1, size, preface);
	free(seen);
	return result;
}

int fuzz_preface(const uint8_t *data, size_t size)
{
	struct preface whole, part;
	int result = read_exactly(data, size, &whole), before;

	require(result == 1 || result == 0 || result == -EPROTO || result == -EMSGSIZE);
	require(result != 1 || (whole.size > 0 && whole.size <= size));
	require(result != 0 || size < PREFACE_MAX);
	require(!whole.known || (result == 1 && !ip_is_loopback(whole.client.ip) &&
				 !ip_is_unspecified(whole.client.ip)));
	for (size_t cut = 0; cut < size && cut < 300; cut++) {
		before = read_exactly(data, cut, &part);
		/* what was seen early stays true */
		require(before == 0 || before == result);
		require(result != 1 || (before == 1) == (cut >= whole.size));
		require(before != 1 ||
			(part.size == whole.size && part.known == whole.known &&
			 memcmp(&part.client, &whole.client, sizeof part.client) == 0));
	}
	return 0;
}
