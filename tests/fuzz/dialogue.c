/* SPDX-License-Identifier: MIT */
/*
 * dialogue.c - a libFuzzer target: what may be at the path of a muxer, cut at any place
 *
 * An answer is taken in the pieces in which it comes, and nothing of what is behind it; whether
 * it is one depends on its bytes and not on the pieces. The unit tests run the same with random
 * inputs (tests/unit/test_dialogue.c).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../shim/route/muxer.h"

int fuzz_dialogue(const uint8_t *data, size_t size);

/**
 * require() - stop here, for the fuzzer to see, if something does not hold
 */
static void require(bool holds)
{
	if (!holds)
		abort();
}

/* How an answer ended. */
struct end {
	int result;
	size_t taken;
};

/**
 * hold() - take an answer
 * @text, @size: of which so many bytes are there, and then the end
 * @cuts: bits that say where a piece ends
 */
static struct end hold(const char *text, size_t size, uint64_t cuts)
{
	struct end end = {0, 0};
	struct dialogue d;

	dialogue_step(&d, STEP_MUXER);
	for (size_t there = 1; end.result == 0; there++) {
		size_t piece = (there < size ? there : size) - end.taken, taken;
		char *seen;

		if (there < size && !(cuts >> there % 64 & 1))
			continue;
		seen = malloc(piece + 1); /* of its very size, for a sanitizer to see */
		if (!seen)
			return end;
		memcpy(seen, text + end.taken, piece);
		end.result = muxer_take(&d, seen, piece, &taken);
		free(seen);
		require(taken <= piece);
		end.taken += taken;
		require(taken == piece || end.result != 0);
		if (piece == 0)
			require(end.result == -ECONNREFUSED);
	}
	return end;
}

/**
 * expected() - what it must come to, whatever the pieces
 */
static int expected(const char *text, size_t size)
{
	const char *line =
		memchr(text, '\n', size < DIALOGUE_ANSWER_MAX ? size : DIALOGUE_ANSWER_MAX);
	size_t length = line ? (size_t)(line + 1 - text) : size;

	if (length > 0 && memcmp(text, "OK ", length < 3 ? length : 3) != 0)
		return -EPROTO;
	if (line)
		return 1;
	return size < DIALOGUE_ANSWER_MAX ? -ECONNREFUSED : -EPROTO;
}

int fuzz_dialogue(const uint8_t *data, size_t size)
{
	const char *text;
	struct end end;
	uint64_t cuts;

	if (size < sizeof cuts)
		return 0;
	memcpy(&cuts, data, sizeof cuts);
	text = (const char *)data + sizeof cuts;
	size -= sizeof cuts;
	end = hold(text, size, cuts);
	require(end.result == expected(text, size));
	require(end.result != 1 || text[end.taken - 1] == '\n');
	require(end.result != 1 || !memchr(text, '\n', end.taken - 1));
	return 0;
}

#ifdef FUZZER
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return fuzz_dialogue(data, size);
}
#endif
