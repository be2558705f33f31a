/* SPDX-License-Identifier: MIT */
/*
 * test_dialogue.c - what is said to a VMM, and what of its answer is taken
 */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "../../shim/route/muxer.h"

/* tests/fuzz/dialogue.c, so that both check the same */
int fuzz_dialogue(const uint8_t *data, size_t size);

#define ROUNDS 300000

static bool says(uint32_t port, const char *wanted)
{
	char out[DIALOGUE_OUT_MAX];
	size_t size = muxer_say(port, out);

	return size == strlen(wanted) && memcmp(out, wanted, size) == 0;
}

static void test_command(void)
{
	CU_ASSERT(says(0, "CONNECT 0\n") && says(80, "CONNECT 80\n"));
	CU_ASSERT(says(4294967295, "CONNECT 4294967295\n"));
}

/*
 * Take an answer that comes in two pieces, the second perhaps the end.
 * @taken: how many bytes of it in all
 */
static int answer(const char *text, size_t cut, size_t *taken)
{
	size_t first = 0, second = 0;
	struct dialogue d;
	int result = 0;

	dialogue_step(&d, STEP_MUXER);
	if (cut > 0)
		result = muxer_take(&d, text, cut, &first);
	if (result == 0)
		result = muxer_take(&d, text + first, strlen(text) - first, &second);
	*taken = first + second;
	return result;
}

/* Whatever the cut, it comes to the same, and nothing is taken from the server. */
static bool comes_to(const char *text, int result, size_t taken)
{
	for (size_t cut = 0; cut < strlen(text); cut++) {
		size_t seen;

		if (answer(text, cut, &seen) != result || (result == 1 && seen != taken))
			return false;
	}
	return true;
}

static void test_answers(void)
{
	CU_ASSERT(comes_to("OK 1073741824\n", 1, 14));
	CU_ASSERT(comes_to("OK 80\nbanner\nOK 1\n", 1, 6));
	CU_ASSERT(comes_to("OK and what else there is to say\n", -EPROTO, 0));
	CU_ASSERT(comes_to("OK and what else there is to sa\n", 1, 32));
	CU_ASSERT(comes_to("HTTP/1.1 400 Bad Request\r\n", -EPROTO, 0));
	CU_ASSERT(comes_to("ok 80\n", -EPROTO, 0) && comes_to("\nOK 80\n", -EPROTO, 0));
	CU_ASSERT(comes_to("OKAY 80\n", -EPROTO, 0));
}

/* The end, at each place of the answer. */
static void test_ends(void)
{
	static const char text[] = "OK 1073741824";
	struct dialogue d;
	size_t taken;

	for (size_t size = 0; size < sizeof text; size++) {
		dialogue_step(&d, STEP_MUXER);
		if (size > 0)
			CU_ASSERT(muxer_take(&d, text, size, &taken) == 0 && taken == size);
		CU_ASSERT(muxer_take(&d, text, 0, &taken) == -ECONNREFUSED && taken == 0);
	}
}

static void test_random(void)
{
	uint8_t input[80];

	for (int i = 0; i < ROUNDS; i++) {
		size_t size = 8 + random_below(sizeof input - 7);

		for (size_t at = 0; at < size; at++)
			input[at] = (uint8_t)random_below(256);
		for (size_t at = 0; size > 11 && at < 3 && random_below(8); at++)
			input[8 + at] = (uint8_t) "OK "[at];
		if (size > 11 && random_below(2))
			input[11 + random_below((uint32_t)size - 11)] = '\n';
		fuzz_dialogue(input, size);
	}
	CU_PASS("answers of anybody's");
}

CU_TestInfo dialogue_tests[] = {
	{"commands", test_command}, {"answers, cut anywhere", test_answers},
	{"ends", test_ends},        {"random answers", test_random},
	CU_TEST_INFO_NULL,
};
