/* SPDX-License-Identifier: MIT */
/*
 * proxy.c - a libFuzzer target: what may be where a proxy should be, cut at any place
 *
 * An answer is taken in the pieces in which it comes, and nothing of what is behind it; what it
 * comes to depends on its bytes and not on the pieces. The unit tests run the same with random
 * inputs (tests/unit/test_proxy.c).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../shim/route/http.h"
#include "../../shim/route/socks5.h"

int fuzz_proxy(const uint8_t *data, size_t size);

/**
 * require() - stop here, for the fuzzer to see, if something does not hold
 */
static void require(bool holds)
{
	if (!holds)
		abort();
}

/* What is spoken, by whom. */
struct client {
	bool http, has_user, one_write;
};

/* How an answer ended. */
struct end {
	int result;
	size_t taken;
	uint8_t why;
};

/**
 * take() - take what is seen, by the kind of proxy
 */
static int take(struct dialogue *d, const struct client *c, const char *seen, size_t size,
		size_t *taken)
{
	return c->http ? http_take(d, seen, size, taken)
		       : socks5_take(d, c->has_user, c->one_write, seen, size, taken);
}

/**
 * hold() - take an answer
 * @text, @size: of which so many bytes are there, and then the end
 * @cuts: bits that say where a piece ends
 */
static struct end hold(const struct client *c, const char *text, size_t size, uint64_t cuts)
{
	struct end end = {0, 0, 0};
	struct dialogue d;

	dialogue_step(&d, c->http ? STEP_HTTP : STEP_SOCKS5_METHOD);
	for (size_t there = 1; end.result == 0; there++) {
		size_t piece = (there < size ? there : size) - end.taken, taken;
		char *seen;

		if (there < size && !(cuts >> there % 64 & 1))
			continue;
		seen = malloc(piece + 1); /* of its very size, for a sanitizer to see */
		if (!seen)
			return end;
		memcpy(seen, text + end.taken, piece);
		d.said = true;
		end.result = take(&d, c, seen, piece, &taken);
		free(seen);
		require(taken <= piece && (taken > 0 || piece == 0));
		end.taken += taken;
		if (piece == 0)
			require(end.result == -ECONNREFUSED || end.result == -EPROTO);
		/* a step has ended: what comes next may be there */
		if (end.result == 0 && taken < piece)
			there--;
	}
	end.why = d.why;
	return end;
}

int fuzz_proxy(const uint8_t *data, size_t size)
{
	struct client client;
	struct end end, whole;
	const char *text;
	uint64_t cuts;

	if (size < sizeof cuts)
		return 0;
	memcpy(&cuts, data, sizeof cuts);
	client = (struct client){cuts & 1, cuts & 2, cuts & 4};
	text = (const char *)data + sizeof cuts;
	size -= sizeof cuts;
	end = hold(&client, text, size, cuts);
	whole = hold(&client, text, size, 0);
	require(end.result == whole.result && end.taken == whole.taken && end.why == whole.why);
	require(end.result == 1 ? end.why == WHY_UNKNOWN : end.why > WHY_MUXER);
	require(end.result != 1 || !client.http || text[end.taken - 1] == '\n');
	require(end.result != 1 || client.http ||
		(text[0] == 5 && end.taken >= 9 && end.taken <= 2 + 2 + 262));
	return 0;
}

#ifdef FUZZER
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return fuzz_proxy(data, size);
}
#endif
