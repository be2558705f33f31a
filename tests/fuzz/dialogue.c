/* SPDX-License-Identifier: MIT */
/*
 * dialogue.c - a libFuzzer target: what may be at the path of a muxer, cut at any place
 *
 * An answer is taken in the pieces in which it comes, and nothing of what is behind it; whether
 * it is one depends on its bytes and not on the pieces. The unit tests run the same with random
 * inputs (tests/unit/test_dialogue.c).
 */
#include "../../shim/route/muxer.h"
#include "pieces.h"

int fuzz_dialogue(const uint8_t *data, size_t size);

/**
 * take() - take what is seen, as from a muxer: all of it, or the answer has ended
 */
static int take(struct dialogue *d, const void *whom, const char *seen, size_t size,
		size_t *taken)
{
	int result = muxer_take(d, seen, size, taken);

	(void)whom;
	require(*taken == size || result != 0);
	require(size > 0 || result == -ECONNREFUSED);
	return result;
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
	end = hold(take, NULL, STEP_MUXER, text, size, cuts);
	require(end.result == expected(text, size));
	require(end.result != 1 || text[end.taken - 1] == '\n');
	require(end.result != 1 || !memchr(text, '\n', end.taken - 1));
	return 0;
}
