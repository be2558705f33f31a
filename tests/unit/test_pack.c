/* SPDX-License-Identifier: MIT */
/*
 * test_pack.c - marks as words: what somebody else has written does no harm
 */
#include "unit.h"

#include "../../shim/pack.h"

/* tests/fuzz/mark.c, so that both check the same */
int fuzz_mark(const uint8_t *data, size_t size);

#define ROUNDS 1000000

/**
 * random_bytes() - fill a buffer
 */
static void random_bytes(uint8_t *to, size_t size)
{
	for (size_t i = 0; i < size; i++)
		to[i] = (uint8_t)random_below(256);
}

/* An input of fuzz_mark() with tags that mean something in most places. */
static size_t random_input(uint8_t *input)
{
	size_t count = random_below(FILTER_MAX + 1), at = 22;

	random_bytes(input, at);
	input[20] |= 3;
	input[21] = (uint8_t)count;
	for (size_t i = 0; i < count; i++, at += 5) {
		random_bytes(input + at, 5);
		if (random_below(2))
			input[at] = (uint8_t)(240 + (i + random_below(2)) % 14);
		if (random_below(2)) /* the kind of an address */
			input[at + 3] = (uint8_t)random_below(6), input[at + 4] = 0;
	}
	return at;
}

static void test_random(void)
{
	uint8_t input[22 + 5 * FILTER_MAX];

	for (int i = 0; i < ROUNDS; i++)
		fuzz_mark(input, random_input(input));
	CU_PASS("a million marks that nobody has packed");
}

/* An address whose end is not there, and one of a kind that does not exist. */
static void test_crafted(void)
{
	struct filter f = {.count = 5};
	struct mark m;
	const uint64_t a = UINT64_C(5) << 61 | (uint64_t)FORM_FILTER << 50;

	for (uint8_t i = 0; i < 5; i++)
		f.code[i].jt = (uint8_t)(239 + i);
	f.code[0].k = FILTER_MAGIC;
	f.code[1].k = PLACE_FULL << 16 | 80;
	CU_ASSERT(unpack_head(&m, a) == FORM_FILTER);
	unpack_filter(&m, FORM_FILTER, &f);
	CU_ASSERT(m.local.kind == PLACE_NONE && m.local.port == 0);
	f.count = 7;
	f.code[5].jt = 244;
	unpack_filter(&m, FORM_FILTER, &f);
	CU_ASSERT(m.local.kind == PLACE_FULL && m.local.port == 80);
	unpack_head(&m, a);
	f.code[1].k = (PLACE_FULL + 1) << 16 | 80;
	unpack_filter(&m, FORM_FILTER, &f);
	CU_ASSERT(m.local.kind == PLACE_NONE && m.extra_count == 0);
}

CU_TestInfo pack_tests[] = {
	{"crafted filters", test_crafted},
	{"random words", test_random},
	CU_TEST_INFO_NULL,
};
