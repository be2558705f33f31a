/* SPDX-License-Identifier: MIT */
/*
 * proxy.c - a libFuzzer target: what may be where a proxy should be, cut at any place
 *
 * An answer is taken in the pieces in which it comes, and nothing of what is behind it; what it
 * comes to depends on its bytes and not on the pieces. The unit tests run the same with random
 * inputs (tests/unit/test_proxy.c).
 */
#include "../../shim/route/http.h"
#include "../../shim/route/socks5.h"
#include "pieces.h"

int fuzz_proxy(const uint8_t *data, size_t size);

/* What is spoken, by whom. */
struct client {
	bool http, has_user, one_write;
};

/**
 * take() - take what is seen, by the kind of proxy
 */
static int take(struct dialogue *d, const void *whom, const char *seen, size_t size,
		size_t *taken)
{
	const struct client *c = whom;
	int result;

	d->said = true;
	result = c->http ? http_take(d, seen, size, taken)
			 : socks5_take(d, c->has_user, c->one_write, seen, size, taken);
	require(*taken > 0 || size == 0);
	return result;
}

int fuzz_proxy(const uint8_t *data, size_t size)
{
	struct client client;
	uint8_t first;
	struct end end, whole;
	const char *text;
	uint64_t cuts;

	if (size < sizeof cuts)
		return 0;
	memcpy(&cuts, data, sizeof cuts);
	client = (struct client){cuts & 1, cuts & 2, cuts & 4};
	text = (const char *)data + sizeof cuts;
	size -= sizeof cuts;
	first = client.http ? STEP_HTTP : STEP_SOCKS5_METHOD;
	end = hold(take, &client, first, text, size, cuts);
	whole = hold(take, &client, first, text, size, 0);
	require(end.result == whole.result && end.taken == whole.taken && end.why == whole.why);
	require(end.result == 1 ? end.why == WHY_UNKNOWN : end.why > WHY_MUXER);
	require(end.result != 1 || !client.http || text[end.taken - 1] == '\n');
	require(end.result != 1 || client.http ||
		(text[0] == 5 && end.taken >= 9 && end.taken <= 2 + 2 + 262));
	return 0;
}
