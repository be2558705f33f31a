/* SPDX-License-Identifier: MIT */
/*
 * message.c - making messages, and looking at those that came
 */
#include "message.h"

#include <errno.h>
#include <string.h>

#define ERRNO_MAX 4095

static bool is_zero(const void *bytes, size_t size)
{
	const uint8_t *byte = bytes;
	uint8_t all = 0;

	for (size_t i = 0; i < size; i++)
		all |= byte[i];
	return all == 0;
}

static struct broker_head head_of(enum broker_kind kind, uint32_t size,
				  const struct broker_environment *environment)
{
	return (struct broker_head){
		.magic = BROKER_MAGIC,
		.version = BROKER_VERSION,
		.kind = (uint16_t)kind,
		.size = size,
		.rules = environment->rules,
	};
}

/* Beside kind, error, cookie and secret. */
static bool head_is_valid(const struct broker_head *head, uint32_t size,
			  const struct broker_environment *environment)
{
	return head->magic == BROKER_MAGIC && head->version == BROKER_VERSION &&
	       head->size == size && head->rules == environment->rules &&
	       is_zero(head->zero, sizeof head->zero);
}

/* ---- a program's ---- */

void broker_request(struct broker_request *request, enum broker_kind kind,
		    const struct broker_environment *environment, uint64_t cookie)
{
	memset(request, 0, sizeof *request);
	request->head = head_of(kind, BROKER_REQUEST_SIZE, environment);
	request->head.cookie = cookie;
	memcpy(request->head.secret, environment->token, BROKER_SECRET_SIZE);
}

static bool connect_is_valid(const struct broker_connect *connect)
{
	return connect->v6 <= 1 && connect->v6only <= connect->v6 &&
	       connect->nonblocking <= 1 && is_zero(connect->zero, sizeof connect->zero);
}

/* A name in normal form, and nothing behind it. */
static bool name_is_valid(const char name[HOST_MAX + 1])
{
	size_t length = strnlen(name, HOST_MAX + 1);
	char normal[HOST_MAX + 1];

	return length <= HOST_MAX && is_zero(name + length, HOST_MAX + 1 - length) &&
	       host_normal(name, normal) && memcmp(name, normal, length + 1) == 0;
}

/* Without a socket nothing is said. */
static bool listen_is_valid(const struct broker_listen *listen, unsigned descriptors)
{
	if (descriptors == 0)
		return is_zero(listen, sizeof *listen);
	return descriptors == BROKER_LISTEN_DESCRIPTORS && listen->v6only <= 1 &&
	       !is_zero(listen->key, sizeof listen->key) &&
	       is_zero(listen->zero, sizeof listen->zero);
}

/* What is behind the head; and what came with it. */
static bool body_is_valid(const struct broker_request *request, unsigned descriptors)
{
	bool no_connect = is_zero(&request->connect, sizeof request->connect);
	bool no_name = is_zero(request->name, sizeof request->name);
	bool no_listen = is_zero(&request->listen, sizeof request->listen);

	if (!no_listen && request->head.kind != BROKER_LISTEN)
		return false;
	switch (request->head.kind) {
	case BROKER_CONNECT:
		return descriptors == 0 && request->head.cookie != 0 && no_name &&
		       connect_is_valid(&request->connect);
	case BROKER_LOOKUP:
		return descriptors == 0 && request->head.cookie == 0 && no_connect &&
		       name_is_valid(request->name);
	case BROKER_HELLO:
	case BROKER_STATUS:
		return descriptors == 0 && request->head.cookie == 0 && no_connect && no_name;
	case BROKER_HOLD:
		return descriptors == BROKER_HOLD_DESCRIPTORS && request->head.cookie == 0 &&
		       no_connect && no_name;
	case BROKER_LISTEN:
		return request->head.cookie == 0 && no_connect && no_name &&
		       listen_is_valid(&request->listen, descriptors);
	default:
		return false;
	}
}

bool broker_request_is_valid(const void *bytes, size_t size, unsigned descriptors,
			     const struct broker_environment *environment,
			     struct broker_request *request)
{
	if (size != sizeof *request)
		return false;
	memcpy(request, bytes, sizeof *request);
	return head_is_valid(&request->head, BROKER_REQUEST_SIZE, environment) &&
	       broker_same_secret(request->head.secret, environment->token) &&
	       request->head.error == 0 && is_zero(request->zero, sizeof request->zero) &&
	       body_is_valid(request, descriptors);
}

/* ---- the broker's ---- */

void broker_answer(struct broker_head *answer, enum broker_kind kind,
		   const struct broker_environment *environment, uint32_t error)
{
	*answer = head_of(kind, BROKER_ANSWER_SIZE, environment);
	answer->error = error;
	if (kind == BROKER_WELCOME)
		memcpy(answer->secret, environment->secret, BROKER_SECRET_SIZE);
}

bool broker_answer_is_valid(const void *bytes, size_t size, unsigned descriptors,
			    enum broker_kind kind, const struct broker_environment *environment,
			    struct broker_head *answer)
{
	static const uint8_t none[BROKER_SECRET_SIZE];

	if (size != sizeof *answer)
		return false;
	memcpy(answer, bytes, sizeof *answer);
	if (!head_is_valid(answer, BROKER_ANSWER_SIZE, environment) || answer->kind != kind ||
	    answer->cookie != 0 || answer->error > ERRNO_MAX)
		return false;
	if (kind == BROKER_WELCOME)
		return answer->error == 0 && descriptors == BROKER_WELCOME_DESCRIPTORS &&
		       broker_same_secret(answer->secret, environment->secret);
	if (kind == BROKER_FOUND || kind == BROKER_LISTENING)
		return descriptors == 0 && broker_same_secret(answer->secret, none);
	return kind == BROKER_HANDOVER && broker_same_secret(answer->secret, none) &&
	       descriptors == (answer->error ? 0 : BROKER_HANDOVER_DESCRIPTORS);
}

void broker_arrival(struct broker_arrival *arrival,
		    const struct broker_environment *environment, const struct endpoint *client)
{
	memset(arrival, 0, sizeof *arrival);
	arrival->head = head_of(BROKER_ARRIVAL, BROKER_ARRIVAL_SIZE, environment);
	memcpy(arrival->head.secret, environment->secret, BROKER_SECRET_SIZE);
	if (!client)
		return;
	memcpy(arrival->ip, client->ip, sizeof arrival->ip);
	arrival->port = client->port;
	arrival->known = 1;
}

bool broker_arrival_is_valid(const void *bytes, size_t size, unsigned descriptors,
			     const struct broker_environment *environment,
			     struct broker_arrival *arrival)
{
	if (size != sizeof *arrival || descriptors != BROKER_ARRIVAL_DESCRIPTORS)
		return false;
	memcpy(arrival, bytes, sizeof *arrival);
	return head_is_valid(&arrival->head, BROKER_ARRIVAL_SIZE, environment) &&
	       arrival->head.kind == BROKER_ARRIVAL && arrival->head.error == 0 &&
	       arrival->head.cookie == 0 &&
	       broker_same_secret(arrival->head.secret, environment->secret) &&
	       arrival->known <= 1 && is_zero(arrival->zero, sizeof arrival->zero) &&
	       (arrival->known ||
		(arrival->port == 0 && is_zero(arrival->ip, sizeof arrival->ip)));
}
