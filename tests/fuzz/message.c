/* SPDX-License-Identifier: MIT */
/*
 * message.c - a libFuzzer target: what anybody may send to the broker or to the shim
 *
 * A message of any bytes, with any number of descriptors, is valid only if everything in it is
 * as it may be: then it is what the other side would have made. The same bytes as the text of
 * VSOCKIFY_BROKER: what is read from it gives the same text again. The unit tests run the same
 * with random inputs (tests/unit/test_broker.c).
 */
#include <stdlib.h>
#include <string.h>

#include "../../shim/broker/message.h"
#include "require.h"

int fuzz_message(const uint8_t *data, size_t size);

static const struct broker_environment here = {
	.token = "0123456789abcdef",
	.secret = "fedcba9876543210",
	.rules = 7,
	.name = "n",
};

/**
 * check_request() - that a valid one is what broker_request() makes, but for what it asks for
 */
static void check_request(const uint8_t *bytes, size_t size, unsigned descriptors)
{
	struct broker_request read, made;
	char normal[HOST_MAX + 1];

	if (!broker_request_is_valid(bytes, size, descriptors, &here, &read))
		return;
	broker_request(&made, (enum broker_kind)read.head.kind, &here, read.head.cookie);
	made.connect = read.connect;
	made.listen = read.listen;
	memcpy(made.name, read.name, sizeof made.name);
	require(size == sizeof made && memcmp(bytes, &made, sizeof made) == 0);
	require(descriptors == (read.head.kind == BROKER_HOLD) ||
		(descriptors == 1 && read.head.kind == BROKER_LISTEN));
	require((read.head.kind == BROKER_CONNECT) == (read.head.cookie != 0));
	require((read.head.kind == BROKER_LOOKUP) == (read.name[0] != '\0'));
	require(read.head.kind != BROKER_LOOKUP ||
		(host_normal(read.name, normal) && strcmp(read.name, normal) == 0));
	require(read.connect.v6 <= 1 && read.connect.v6only <= read.connect.v6);
}

/**
 * check_answer() - that a valid one is what broker_answer() makes
 */
static void check_answer(const uint8_t *bytes, size_t size, unsigned descriptors,
			 enum broker_kind kind)
{
	struct broker_head read, made;

	if (!broker_answer_is_valid(bytes, size, descriptors, kind, &here, &read))
		return;
	broker_answer(&made, kind, &here, read.error);
	require(size == sizeof made && memcmp(bytes, &made, sizeof made) == 0);
	require(descriptors == (read.error == 0 && kind != BROKER_FOUND));
}

/**
 * check_arrival() - that a valid one is what broker_arrival() makes
 */
static void check_arrival(const uint8_t *bytes, size_t size, unsigned descriptors)
{
	struct broker_arrival read, made;
	struct endpoint client = {.port = 0};

	if (!broker_arrival_is_valid(bytes, size, descriptors, &here, &read))
		return;
	memcpy(client.ip, read.ip, sizeof client.ip);
	client.port = read.port;
	broker_arrival(&made, &here, read.known ? &client : NULL);
	require(size == sizeof made && memcmp(bytes, &made, sizeof made) == 0);
	require(descriptors == 1);
}

/**
 * check_text() - that what is read from a text says that text
 */
static void check_text(const uint8_t *bytes, size_t size)
{
	struct broker_environment read;
	char again[BROKER_TEXT_MAX], *text = malloc(size + 1);

	if (!text)
		return;
	memcpy(text, bytes, size);
	text[size] = '\0';
	if (broker_decode(text, &read)) {
		broker_encode(&read, again);
		require(strcmp(text, again) == 0);
	}
	free(text);
}

/**
 * begin_well() - have the input begin as a message does, so that what is behind is looked at
 * @how: what of it
 */
static void begin_well(uint8_t *bytes, size_t size, uint8_t how)
{
	struct broker_request request;
	struct broker_head answer;

	broker_request(&request, (enum broker_kind)(how & 15), &here, how & 16);
	if (request.head.kind == BROKER_LISTEN)
		request.listen.key[0] = 1;
	if (request.head.kind == BROKER_LOOKUP)
		memcpy(request.name, "a.example", sizeof "a.example");
	broker_answer(&answer,
		      how & 16   ? BROKER_FOUND
		      : how & 32 ? BROKER_WELCOME
				 : BROKER_HANDOVER,
		      &here, 0);
	if (how & 64)
		memcpy(bytes, &request, size < sizeof request ? size : sizeof request);
	else if (how & 128)
		memcpy(bytes, &answer, size < sizeof answer ? size : sizeof answer);
}

/*
 * Two bytes say how it is, then come changes of it (three bytes each: where, what), or, if
 * there is nothing to change, the bytes themselves.
 */
int fuzz_message(const uint8_t *data, size_t size)
{
	uint8_t how, descriptors, *bytes;
	size_t length;

	if (size < 2)
		return 0;
	how = *data++;
	descriptors = *data++;
	size -= 2;
	if (!(how & (64 | 128))) {
		check_text(data, size);
		check_request(data, size, descriptors % 4);
		check_arrival(data, size, descriptors % 4);
		return 0;
	}
	length = how & 64 ? BROKER_REQUEST_SIZE : BROKER_ANSWER_SIZE;
	length -= descriptors >> 4; /* mostly whole */
	bytes = calloc(1, length);
	if (!bytes)
		return 0;
	begin_well(bytes, length, how);
	for (; size >= 3; size -= 3, data += 3)
		bytes[(data[0] | (size_t)data[1] << 8) % length] = data[2];
	check_request(bytes, length, descriptors % 4);
	check_answer(bytes, length, descriptors % 4, BROKER_WELCOME);
	check_answer(bytes, length, descriptors % 4, BROKER_HANDOVER);
	check_answer(bytes, length, descriptors % 4, BROKER_FOUND);
	free(bytes);
	return 0;
}
