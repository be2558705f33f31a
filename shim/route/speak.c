/* SPDX-License-Identifier: MIT */
/*
 * speak.c - a dialogue, and the socket that it is held on
 */
#include "speak.h"

#include "../kernel/sys.h"
#include "muxer.h"

void speak_begin(struct dialogue *d, struct vm_address to)
{
	muxer_begin(d, to.port);
}

const char *speak_failed(int error)
{
	return muxer_failed(error);
}

/* Say it in one write; as speak(). */
static int say(int fd, struct dialogue *d)
{
	ssize_t sent = sys_send(fd, d->out, d->out_size, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (sent == d->out_size) {
		d->out_size = 0;
		return 0;
	}
	/* it has closed already, or takes half a command */
	return sent == -EPIPE || sent == -ECONNRESET ? -ECONNREFUSED
	       : sent < 0                            ? (int)sent
						     : -EPROTO;
}

/* Take what there is of the answer, and not a byte more; as speak(). */
static int take(int fd, struct dialogue *d)
{
	char seen[DIALOGUE_ANSWER_MAX];
	ssize_t size = sys_recv(fd, seen, sizeof seen, MSG_PEEK | MSG_DONTWAIT);
	size_t taken;
	int result;

	if (size == -EAGAIN)
		return 0;
	if (size == -ECONNRESET)
		size = 0;
	if (size < 0)
		return (int)size;
	result = muxer_take(d, seen, (size_t)size, &taken);
	if (taken > 0 && sys_recv(fd, seen, taken, MSG_DONTWAIT) != (ssize_t)taken)
		return -EPROTO;
	return result;
}

int speak(int fd, struct dialogue *d)
{
	return d->out_size > 0 ? say(fd, d) : take(fd, d);
}
