/* SPDX-License-Identifier: MIT */
/*
 * scratch.h - receives data that nobody wants, to throw it away or to count it
 *
 * Async-signal-safe.
 */
#ifndef VSOCKIFY_SCRATCH_H
#define VSOCKIFY_SCRATCH_H

#include <sys/socket.h>

#define SCRATCH_MAX (4 << 20) /* bytes in one call */

/*
 * scratch_receive() - receive into nowhere
 * @size: how much at most; above SCRATCH_MAX, that
 * @receive: what it is done with; its result, and errno, are the result here
 */
ssize_t scratch_receive(int fd, size_t size, int flags,
			ssize_t (*receive)(int fd, struct msghdr *message, int flags));

/*
 * scratch_peek() - how many bytes can be read without waiting?
 * @most: no more than that are looked at; up to SCRATCH_MAX
 * Return: a number, or a negated errno; errno untouched. Takes as long as to read them.
 */
int scratch_peek(int fd, size_t most);

#endif
