/* SPDX-License-Identifier: MIT */
/*
 * attach.h - messages with descriptors, over the Unix sockets of programs
 *
 * None of these waits. What comes is anybody's: any number of descriptors.
 */
#ifndef VSOCKIFY_BROKER_ATTACH_H
#define VSOCKIFY_BROKER_ATTACH_H

#include <stddef.h>
#include <sys/types.h>

#define ATTACHED_MAX 253 /* the kernel's SCM_MAX_FD */

struct attached {
	unsigned count;
	int fd[ATTACHED_MAX];
};

/* attach_send() - send a message with a descriptor; 0, or a negated errno, also for half of it
 */
int attach_send(int socket, const void *message, size_t size, int fd);

/*
 * attach_peek() - look at what there is, without taking it
 * @descriptors: 0; 1: there are some with its end, nobody knows how many
 * Return: how many bytes, up to the first with descriptors, and that; or a negated errno
 */
ssize_t attach_peek(int socket, void *to, size_t size, unsigned *descriptors);

/* attach_receive() - take it: how many bytes, or a negated errno */
ssize_t attach_receive(int socket, void *to, size_t size, struct attached *attached);

/* attach_close() - close what came with it */
void attach_close(struct attached *attached);

#endif
