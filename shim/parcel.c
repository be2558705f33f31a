/* SPDX-License-Identifier: MIT */
/*
 * parcel.c - messages with descriptors, as the shim sends and gets them
 */
#include "parcel.h"

#include <string.h>

#include "engine.h"
#include "kernel/sys.h"

union control {
	char room[CMSG_SPACE(PARCEL_MAX * sizeof(int))];
	struct cmsghdr aligned;
};

int parcel_wait(int socket, int64_t ms)
{
	int64_t until = sys_now_ms() + ms, left;
	int result;

	do {
		left = until - sys_now_ms();
		result = engine_wait_out(socket, POLLIN, left > 0 ? (int)left : 0);
	} while (result == -EINTR);
	return result > 0 ? 0 : result ?: -ETIMEDOUT;
}

int parcel_send(int socket, const void *data, size_t size, int fd)
{
	struct iovec part = {(void *)data, size};
	union control control;
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	struct cmsghdr *head;
	ssize_t sent;

	if (fd >= 0) {
		memset(&control, 0, sizeof control);
		message.msg_control = control.room;
		message.msg_controllen = CMSG_SPACE(sizeof fd);
		head = CMSG_FIRSTHDR(&message);
		head->cmsg_level = SOL_SOCKET;
		head->cmsg_type = SCM_RIGHTS;
		head->cmsg_len = CMSG_LEN(sizeof fd);
		memcpy(CMSG_DATA(head), &fd, sizeof fd);
	}
	sent = SYS_CALL(SYS_sendmsg, socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
	return sent < 0 ? (int)sent : (size_t)sent == size ? 0 : -EPROTO;
}

/* The descriptors that came with a message. */
static void take_descriptors(struct msghdr *message, struct parcel *came)
{
	struct cmsghdr *head = message->msg_controllen ? CMSG_FIRSTHDR(message) : NULL;

	if (!head || head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS)
		return;
	came->count = (unsigned)((head->cmsg_len - CMSG_LEN(0)) / sizeof(int));
	memcpy(came->fd, CMSG_DATA(head), came->count * sizeof(int));
}

ssize_t parcel_take(int socket, void *data, size_t size, struct parcel *came)
{
	struct iovec part = {data, size};
	union control control;
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control.room,
		.msg_controllen = sizeof control.room,
	};
	ssize_t got = sys_recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	came->count = 0;
	if (got >= 0)
		take_descriptors(&message, came);
	return got;
}

void parcel_drop(const struct parcel *came)
{
	for (unsigned i = 0; i < came->count; i++)
		sys_close(came->fd[i]);
}
