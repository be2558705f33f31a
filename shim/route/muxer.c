/* SPDX-License-Identifier: MIT */
/*
 * muxer.c - the dialogue with a VMM
 */
#include "muxer.h"

#include <errno.h>
#include <string.h>

#include "../kernel/decimal.h"

static const char command[] = "CONNECT ", answer[] = "OK ";

_Static_assert(sizeof "CONNECT 4294967295\n" <= DIALOGUE_OUT_MAX, "the command has room");

void muxer_begin(struct dialogue *d, uint32_t port)
{
	char *end;

	d->have = 0;
	memcpy(d->out, command, sizeof command - 1);
	end = decimal_put(d->out + sizeof command - 1, port);
	*end++ = '\n';
	d->out_size = (uint8_t)(end - d->out);
}

/* May this be the beginning of an answer? */
static bool may_be_answer(const char *text, size_t length)
{
	const size_t begin = sizeof answer - 1;

	return memcmp(text, answer, length < begin ? length : begin) == 0;
}

/* "OK 4294967295\n", and room for somebody who is wordy */
int muxer_take(struct dialogue *d, const char *seen, size_t size, size_t *taken)
{
	size_t room = sizeof d->answer - d->have;
	const char *end;

	*taken = 0;
	if (size == 0)
		return -ECONNREFUSED;
	if (size > room)
		size = room;
	end = memchr(seen, '\n', size);
	if (end)
		size = (size_t)(end + 1 - seen);
	memcpy(d->answer + d->have, seen, size);
	d->have = (uint8_t)(d->have + size);
	*taken = size;
	if (!may_be_answer(d->answer, d->have) || (!end && size == room))
		return -EPROTO;
	return end != NULL;
}

const char *muxer_failed(int error)
{
	switch (error) {
	case ECONNREFUSED:
		return " (nobody listens at this port of the guest, or the guest is not up)";
	case ETIMEDOUT:
		return " (no answer within connect_timeout: is the guest paused? "
		       "vhost-device-vsock 0.3.0 carries nothing any more after this)";
	case EPROTO:
		return " (the answer is none of a VMM's: does the path belong to one?)";
	default:
		return "";
	}
}
