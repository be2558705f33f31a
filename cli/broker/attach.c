/* SPDX-License-Identifier: MIT */
/*
 * attach.c - messages with descriptors, over the Unix sockets of programs
 */
#include "attach.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int attach_send(int socket, const void *message, size_t size, int fd)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {.head = {.cmsg_len = CMSG_LEN(sizeof(int)),
			      .cmsg_level = SOL_SOCKET,
			      .cmsg_type = SCM_RIGHTS}};
	struct iovec part = {.iov_base = (void *)message, .iov_len = size};
	struct msghdr whole = {.msg_iov = &part,
			       .msg_iovlen = 1,
			       .msg_control = &control,
			       .msg_controllen = sizeof(control)};
	ssize_t sent;

	memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	sent = sendmsg(socket, &whole, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (sent < 0)
		return -errno;
	return (size_t)sent == size ? 0 : -EPIPE;
}

/* Without room for them, the kernel says that there would have been some: every version since
 * there are stream sockets with descriptors stops a peek behind them. */
ssize_t attach_peek(int socket, void *to, size_t size, unsigned *descriptors)
{
	struct iovec part = {.iov_base = to, .iov_len = size};
	struct msghdr whole = {.msg_iov = &part, .msg_iovlen = 1};
	ssize_t seen = recvmsg(socket, &whole, MSG_PEEK | MSG_DONTWAIT);

	*descriptors = seen > 0 && whole.msg_flags & MSG_CTRUNC ? 1 : 0;
	if (seen < 0)
		return -errno;
	return seen;
}

/**
 * take_descriptors() - those of one control message
 */
static void take_descriptors(struct attached *attached, const struct cmsghdr *head)
{
	size_t count = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);

	if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS)
		return;
	if (count > ATTACHED_MAX - attached->count)
		count = ATTACHED_MAX - attached->count;
	memcpy(attached->fd + attached->count, CMSG_DATA(head), count * sizeof(int));
	attached->count += (unsigned)count;
}

ssize_t attach_receive(int socket, void *to, size_t size, struct attached *attached)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(ATTACHED_MAX * sizeof(int))];
	} control;
	struct iovec part = {.iov_base = to, .iov_len = size};
	struct msghdr whole = {.msg_iov = &part,
			       .msg_iovlen = 1,
			       .msg_control = &control,
			       .msg_controllen = sizeof(control)};
	ssize_t got = recvmsg(socket, &whole, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	attached->count = 0;
	if (got < 0)
		return -errno;
	for (struct cmsghdr *head = CMSG_FIRSTHDR(&whole); head;
	     head = CMSG_NXTHDR(&whole, head))
		take_descriptors(attached, head);
	return got;
}

void attach_close(struct attached *attached)
{
	for (unsigned i = 0; i < attached->count; i++)
		close(attached->fd[i]);
	attached->count = 0;
}
