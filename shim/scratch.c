/* SPDX-License-Identifier: MIT */
/*
 * scratch.c - one buffer that every thread may write to and nobody reads
 */
#include "scratch.h"

#include <sys/uio.h>

#include "kernel/sys.h"

#define SIZE  65536
#define PARTS 64

_Static_assert(SCRATCH_MAX <= SIZE * PARTS, "there is room for it");

static char scratch[SIZE];

/* Many parts of one message, all the same buffer. */
ssize_t scratch_receive(int fd, size_t size, int flags,
			ssize_t (*receive)(int fd, struct msghdr *message, int flags))
{
	struct iovec parts[PARTS];
	struct msghdr message = {.msg_iov = parts};

	while (size > 0 && message.msg_iovlen < PARTS) {
		size_t part = size < sizeof scratch ? size : sizeof scratch;

		parts[message.msg_iovlen++] = (struct iovec){scratch, part};
		size -= part;
	}
	return receive(fd, &message, flags);
}

int scratch_peek(int fd, size_t most)
{
	return (int)scratch_receive(fd, most, MSG_PEEK | MSG_DONTWAIT, sys_recvmsg);
}
