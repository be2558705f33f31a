/* SPDX-License-Identifier: MIT */
/*
 * test_broker.c - what the broker and the shim say to each other
 */
#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../shim/broker/environment.h"
#include "../../shim/broker/message.h"
#include "../../shim/broker/outcome.h"

static const struct broker_environment here = {
	.token = "0123456789abcdef",
	.secret = {0, 255, 127, 128, 1},
	.rules = UINT64_C(0x8123456789abcdef),
	.name = "vsockify-broker/0a.B-9",
	.path = "/run/user/0/a b:c/broker",
};

/* ---- the variable ---- */

static bool same_environment(const struct broker_environment *one,
			     const struct broker_environment *other)
{
	return memcmp(one->token, other->token, BROKER_SECRET_SIZE) == 0 &&
	       memcmp(one->secret, other->secret, BROKER_SECRET_SIZE) == 0 &&
	       one->rules == other->rules && strcmp(one->name, other->name) == 0 &&
	       strcmp(one->path, other->path) == 0;
}

static void test_variable(void)
{
	struct broker_environment longest = here, read;
	char text[BROKER_TEXT_MAX];

	broker_encode(&here, text);
	CU_ASSERT_STRING_EQUAL(text, "1:30313233343536373839616263646566:"
				     "00ff7f80010000000000000000000000:8123456789abcdef:"
				     "vsockify-broker/0a.B-9:/run/user/0/a b:c/broker");
	CU_ASSERT(broker_decode(text, &read) && same_environment(&read, &here));
	memset(longest.name, 'n', BROKER_NAME_MAX);
	memset(longest.path, '/', BROKER_PATH_MAX);
	broker_encode(&longest, text);
	CU_ASSERT(broker_decode(text, &read) && same_environment(&read, &longest));
	longest.path[0] = '\0';
	broker_encode(&longest, text);
	CU_ASSERT(broker_decode(text, &read) && same_environment(&read, &longest));
}

/* Each text of which a byte is missing, changed or too many. */
static void test_broken_variable(void)
{
	struct broker_environment read;
	char text[BROKER_TEXT_MAX], broken[BROKER_TEXT_MAX + 128];

	broker_encode(&here, text);
	for (size_t i = 0; i < strlen(text) - strlen(here.path); i++) {
		memcpy(broken, text, i);
		broken[i] = '\0';
		CU_ASSERT(!broker_decode(broken, &read));
		memcpy(broken, text, sizeof text);
		broken[i] = '~';
		CU_ASSERT(!broker_decode(broken, &read));
	}
	memcpy(broken, text, sizeof text);
	memset(broken + strlen(text), 'x', BROKER_PATH_MAX + 1 - strlen(here.path));
	broken[strlen(text) + BROKER_PATH_MAX + 1 - strlen(here.path)] = '\0';
	CU_ASSERT(!broker_decode(broken, &read));
	memcpy(broken, text, sizeof text);
	*(strstr(broken, ":/run") + 1) = '.';
	CU_ASSERT(!broker_decode(broken, &read));
}

static void test_hash(void)
{
	struct ruleset *one = rules_of("--connect 10.0.0.1:80=7");
	struct ruleset *other = rules_of("--connect 10.0.0.1:80=8");
	struct ruleset *same = rules_of("--connect 10.0.0.1:80=7");

	CU_ASSERT(broker_hash(one) == broker_hash(same));
	CU_ASSERT(broker_hash(one) != broker_hash(other));
	CU_ASSERT(broker_hash(one) != 0 && broker_hash(&ruleset_empty) != 0);
	free(one);
	free(other);
	free(same);
}

/* ---- messages ---- */

static bool is_valid(const struct broker_request *request, unsigned descriptors)
{
	struct broker_request read;

	return broker_request_is_valid(request, sizeof *request, descriptors, &here, &read) &&
	       memcmp(request, &read, sizeof read) == 0;
}

static void make_connect(struct broker_request *request)
{
	broker_request(request, BROKER_CONNECT, &here, 5);
	request->connect.port = 80;
	request->connect.v6 = request->connect.v6only = request->connect.nonblocking = 1;
}

static void test_requests(void)
{
	struct broker_request request, read;

	make_connect(&request);
	CU_ASSERT(is_valid(&request, 0) && !is_valid(&request, 1));
	for (size_t size = 0; size < sizeof request; size++)
		CU_ASSERT(!broker_request_is_valid(&request, size, 0, &here, &read));
	request.connect.v6 = 0; /* and v6only */
	CU_ASSERT(!is_valid(&request, 0));
	request.connect.v6 = 1;
	request.head.cookie = 0;
	CU_ASSERT(!is_valid(&request, 0));
	for (int kind = 0; kind < 20; kind++) {
		bool plain =
			kind == BROKER_HELLO || kind == BROKER_STATUS || kind == BROKER_LISTEN;

		broker_request(&request, (enum broker_kind)kind, &here, 0);
		CU_ASSERT(is_valid(&request, 0) == plain);
		CU_ASSERT(is_valid(&request, 1) == (kind == BROKER_HOLD));
		CU_ASSERT(!is_valid(&request, 2));
		request.head.cookie = 1;
		CU_ASSERT(is_valid(&request, 0) == (kind == BROKER_CONNECT));
	}
}

static void test_listen(void)
{
	struct broker_request request;

	broker_request(&request, BROKER_LISTEN, &here, 0);
	request.listen.key[BROKER_SECRET_SIZE - 1] = 1;
	CU_ASSERT(is_valid(&request, 1) && !is_valid(&request, 0) && !is_valid(&request, 2));
	request.listen.port = 80;
	request.listen.v6only = 1;
	request.listen.ip[15] = 1;
	CU_ASSERT(is_valid(&request, 1));
	request.listen.v6only = 2;
	CU_ASSERT(!is_valid(&request, 1));
	request.listen.v6only = 0;
	request.listen.zero[0] = 1;
	CU_ASSERT(!is_valid(&request, 1));
	request.listen.zero[0] = 0;
	request.connect.port = 1;
	CU_ASSERT(!is_valid(&request, 1));
	broker_request(&request, BROKER_HOLD, &here, 0);
	request.listen.port = 80;
	CU_ASSERT(!is_valid(&request, 1));
}

static bool arrives(const struct broker_arrival *arrival, unsigned descriptors)
{
	struct broker_arrival read;

	return broker_arrival_is_valid(arrival, sizeof *arrival, descriptors, &here, &read) &&
	       memcmp(arrival, &read, sizeof read) == 0;
}

static void test_arrival(void)
{
	struct broker_environment impostor = here;
	struct broker_arrival arrival, read;
	struct endpoint client = endpoint("203.0.113.7", 51234);

	broker_arrival(&arrival, &here, &client);
	CU_ASSERT(arrives(&arrival, 1) && !arrives(&arrival, 0) && !arrives(&arrival, 2));
	CU_ASSERT(same_ip(arrival.ip, "203.0.113.7") && arrival.port == 51234 &&
		  arrival.known == 1);
	for (size_t size = 0; size < sizeof arrival; size++)
		CU_ASSERT(!broker_arrival_is_valid(&arrival, size, 1, &here, &read));
	arrival.known = 0; /* and an address all the same */
	CU_ASSERT(!arrives(&arrival, 1));
	arrival.known = 2;
	CU_ASSERT(!arrives(&arrival, 1));
	impostor.secret[0] ^= 1;
	broker_arrival(&arrival, &impostor, &client);
	CU_ASSERT(!arrives(&arrival, 1));
	broker_arrival(&arrival, &here, NULL);
	CU_ASSERT(arrives(&arrival, 1) && arrival.known == 0);
	arrival.zero[4] = 1;
	CU_ASSERT(!arrives(&arrival, 1));
}

/* The bytes of a CONNECT that are free: anything may stand there. */
static bool is_free(size_t at)
{
	const size_t connect = offsetof(struct broker_request, connect);

	return (at >= offsetof(struct broker_head, cookie) &&
		at < offsetof(struct broker_head, secret)) ||
	       (at >= connect && at < connect + offsetof(struct broker_connect, v6));
}

/* Every bit of a CONNECT changed, one after the other; v6only may be 0, and nonblocking. */
static void test_changed_bits(void)
{
	const size_t connect = offsetof(struct broker_request, connect);
	struct broker_request request;
	uint8_t *bytes = (uint8_t *)&request;

	for (size_t i = 0; i < sizeof request; i++) {
		for (int bit = 0; bit < 8; bit++) {
			bool flag =
				bit == 0 &&
				(i == connect + offsetof(struct broker_connect, v6only) ||
				 i == connect + offsetof(struct broker_connect, nonblocking));

			make_connect(&request);
			bytes[i] ^= (uint8_t)(1 << bit);
			if (i >= offsetof(struct broker_head, cookie) &&
			    request.head.cookie == 0)
				continue;
			CU_ASSERT(is_valid(&request, 0) == (is_free(i) || flag));
		}
	}
}

static bool answers(const struct broker_head *answer, unsigned descriptors,
		    enum broker_kind kind)
{
	struct broker_head read;

	return broker_answer_is_valid(answer, sizeof *answer, descriptors, kind, &here, &read);
}

static void test_answers(void)
{
	struct broker_environment impostor = here;
	struct broker_head answer;

	broker_answer(&answer, BROKER_WELCOME, &here, 0);
	CU_ASSERT(answers(&answer, 1, BROKER_WELCOME));
	CU_ASSERT(!answers(&answer, 0, BROKER_WELCOME) && !answers(&answer, 2, BROKER_WELCOME));
	CU_ASSERT(!answers(&answer, 1, BROKER_HANDOVER));
	impostor.secret[15] ^= 1;
	broker_answer(&answer, BROKER_WELCOME, &impostor, 0);
	CU_ASSERT(!answers(&answer, 1, BROKER_WELCOME));
	broker_answer(&answer, BROKER_HANDOVER, &here, 0);
	CU_ASSERT(answers(&answer, 1, BROKER_HANDOVER) &&
		  !answers(&answer, 0, BROKER_HANDOVER));
	answer.error = ENOTCONN;
	CU_ASSERT(answers(&answer, 0, BROKER_HANDOVER) &&
		  !answers(&answer, 1, BROKER_HANDOVER));
	answer.error = 4096;
	CU_ASSERT(!answers(&answer, 0, BROKER_HANDOVER));
	answer.error = 0;
	answer.zero[15] = 1;
	CU_ASSERT(!answers(&answer, 1, BROKER_HANDOVER));
}

/* tests/fuzz/message.c, so that both check the same */
int fuzz_message(const uint8_t *data, size_t size);

#define ROUNDS 200000

/* A message with a few bytes changed, or a text. */
static void test_random(void)
{
	uint8_t input[64];

	for (int i = 0; i < ROUNDS; i++) {
		size_t size = 2 + random_below(sizeof input - 1);

		for (size_t at = 0; at < size; at++)
			input[at] = (uint8_t)random_below(256);
		if (random_below(2)) /* a change that may be one in vain */
			input[4] = 0;
		fuzz_message(input, size);
	}
	CU_PASS("messages of anybody's");
}

/* ---- outcomes ---- */

static void test_outcomes(void)
{
	static struct outcomes outcomes;
	uint8_t why;

	CU_ASSERT(outcome_of(&outcomes, 7, &why) == 0 && outcome_of(&outcomes, 0, &why) == 0);
	outcome_note(&outcomes, 7, ECONNREFUSED, 3);
	outcome_note(&outcomes, UINT64_C(0x100000008), ETIMEDOUT, 255);
	CU_ASSERT(outcome_of(&outcomes, 7, &why) == ECONNREFUSED && why == 3);
	CU_ASSERT(outcome_of(&outcomes, UINT64_C(0x100000008), &why) == ETIMEDOUT &&
		  why == 255);
	CU_ASSERT(outcome_of(&outcomes, 8, &why) == 0 &&
		  outcome_of(&outcomes, 65543, &why) == 0);
	outcome_note(&outcomes, 65543, EPROTO, 0);
	CU_ASSERT(outcome_of(&outcomes, 65543, &why) == EPROTO &&
		  outcome_of(&outcomes, 7, &why) == 0);
	/* a writer has died in the middle; and somebody has scribbled */
	outcomes.slots[7].turn |= 1;
	CU_ASSERT(outcome_of(&outcomes, 65543, &why) == 0);
	outcome_note(&outcomes, 7, ECONNREFUSED, 3);
	CU_ASSERT(outcome_of(&outcomes, 7, &why) == ECONNREFUSED);
	outcomes.slots[7].error = 5000;
	CU_ASSERT(outcome_of(&outcomes, 7, &why) == 0);
}

CU_TestInfo broker_tests[] = {
	{"VSOCKIFY_BROKER", test_variable},
	{"broken ones", test_broken_variable},
	{"hash of the rules", test_hash},
	{"messages of programs", test_requests},
	{"servers", test_listen},
	{"a client that arrives", test_arrival},
	{"each bit changed", test_changed_bits},
	{"answers", test_answers},
	{"random messages", test_random},
	{"outcomes", test_outcomes},
	CU_TEST_INFO_NULL,
};
