/* SPDX-License-Identifier: MIT */
/*
 * muxer.c - the dialogue with a VMM
 */
#include "muxer.h"

#include <errno.h>
#include <string.h>

#include "../kernel/decimal.h"

static const char command[] = "CONNECT ", answer[] = "OK ";

size_t muxer_say(uint32_t port, char out[DIALOGUE_OUT_MAX])
{
	char *end;

	memcpy(out, command, sizeof command - 1);
	end = decimal_put(out + sizeof command - 1, port);
	*end++ = '\n';
	return (size_t)(end - out);
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
		return dialogue_failed(d, WHY_MUXER, ECONNREFUSED);
	if (size > room)
		size = room;
	end = memchr(seen, '\n', size);
	if (end)
		size = (size_t)(end + 1 - seen);
	memcpy(d->answer + d->have, seen, size);
	d->have = (uint16_t)(d->have + size);
	*taken = size;
	if (!may_be_answer(d->answer, d->have) || (!end && size == room))
		return dialogue_failed(d, WHY_MUXER, EPROTO);
	return end != NULL;
}
