/* SPDX-License-Identifier: MIT */
/*
 * call.c - one caught call: the descriptors that it is about
 */
#include "call.h"

#include <stdlib.h>
#include <sys/ioctl.h>

#include "../kernel/sys.h"

int call_listener = -1;
struct call *call_now;

bool call_is_there(struct call *call)
{
	if (!call->gone &&
	    SYS_CALL(SYS_ioctl, call_listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &call->id) < 0)
		call->gone = true;
	return !call->gone;
}

/* ---- descriptors ---- */

static bool any(int fd)
{
	return fd >= 0;
}

int call_hold(struct call *call, int number)
{
	return call_hold_if(call, number, any);
}

int call_hold_if(struct call *call, int number, bool (*wanted)(int fd))
{
	struct held *more = realloc(call->held, (size_t)(call->held_count + 1) * sizeof *more);
	int fd;

	if (!more)
		return -ENOMEM;
	call->held = more;
	fd = process_descriptor(call->process, number);
	if (fd < 0)
		return fd;
	if (!wanted(fd)) {
		sys_close(fd);
		return -ENOENT;
	}
	more[call->held_count++] = (struct held){fd, number};
	return fd;
}

int call_number(const struct call *call, int fd)
{
	for (int i = 0; i < call->held_count; i++)
		if (call->held[i].fd == fd)
			return call->held[i].number;
	return -1;
}

void call_drop(struct call *call)
{
	for (int i = 0; i < call->held_count; i++)
		sys_close(call->held[i].fd);
	free(call->held);
	call->held = NULL;
	call->held_count = 0;
	call->fd = -1;
	if (call->kept >= 0)
		sys_close(call->kept);
	call->kept = -1;
}

int call_add_descriptor(struct call *call, int fd, int number, bool close_on_exec)
{
	struct seccomp_notif_addfd add = {
		.id = call->id,
		.flags = number >= 0 ? SECCOMP_ADDFD_FLAG_SETFD : SECCOMP_ADDFD_FLAG_SEND,
		.srcfd = (uint32_t)fd,
		.newfd = number >= 0 ? (uint32_t)number : 0,
		.newfd_flags = close_on_exec ? O_CLOEXEC : 0,
	};
	int result = (int)SYS_CALL(SYS_ioctl, call_listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add);

	if (result == -ENOENT || result == -ESRCH || result == -EINPROGRESS)
		call->gone = true;
	return result;
}
