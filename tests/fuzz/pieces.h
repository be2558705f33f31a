/* SPDX-License-Identifier: MIT */
/*
 * pieces.h - an answer that is taken in pieces, cut at any place: what targets of dialogues
 * share
 *
 * What an answer comes to depends on its bytes and not on the pieces in which it comes, and
 * nothing of what is behind it is taken.
 */
#ifndef TESTS_FUZZ_PIECES_H
#define TESTS_FUZZ_PIECES_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../shim/route/dialogue.h"
#include "require.h"

/* What takes what is seen, as dialogue.h has it; @whom: whatever it needs beside. */
typedef int (*taker)(struct dialogue *d, const void *whom, const char *seen, size_t size,
		     size_t *taken);

/* How an answer ended. */
struct end {
	int result;
	size_t taken;
	uint8_t why;
};

/*
 * hold() - take an answer
 * @first: the step with which it begins
 * @text, @size: of which so many bytes are there, and then the end
 * @cuts: bits that say where a piece ends
 */
static inline struct end hold(taker take, const void *whom, uint8_t first, const char *text,
			      size_t size, uint64_t cuts)
{
	struct end end = {0, 0, 0};
	struct dialogue d;

	dialogue_step(&d, first);
	for (size_t there = 1; end.result == 0; there++) {
		size_t piece = (there < size ? there : size) - end.taken, taken;
		char *seen;

		if (there < size && !(cuts >> there % 64 & 1))
			continue;
		seen = malloc(piece + 1); /* of its very size, for a sanitizer to see */
		if (!seen)
			return end;
		memcpy(seen, text + end.taken, piece);
		end.result = take(&d, whom, seen, piece, &taken);
		free(seen);
		require(taken <= piece && (taken > 0 || piece == 0 || end.result != 0));
		end.taken += taken;
		require(piece > 0 || end.result == -ECONNREFUSED || end.result == -EPROTO);
		/* a step has ended: what comes next may be there */
		if (end.result == 0 && taken < piece)
			there--;
	}
	end.why = d.why;
	return end;
}

#endif
