/* SPDX-License-Identifier: MIT */
/*
 * call.c - one caught call: the descriptors that it is about
 */
#include "call.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "../kernel/sys.h"
#include "bell.h"

int call_listener = -1;
struct call *call_now;

/* The kernel may take a lock before it looks at what it is asked, and a signal may end that. */
static int ask(unsigned long what, void *about)
{
	long result;

	do
		result = SYS_CALL(SYS_ioctl, call_listener, what, about);
	while (result == -EINTR);
	return (int)result;
}

int call_answer(struct call *call, struct seccomp_notif_resp *answer)
{
	answer->id = call->id;
	return ask(SECCOMP_IOCTL_NOTIF_SEND, answer);
}

bool call_is_there(struct call *call)
{
	if (!call->gone && ask(SECCOMP_IOCTL_NOTIF_ID_VALID, &call->id) < 0)
		call->gone = true;
	return !call->gone;
}

/* ---- descriptors ---- */

static struct held *held(struct call *call, int index)
{
	return index ? &call->more[index - 1] : &call->first;
}

static bool any(int fd)
{
	return fd >= 0;
}

int call_hold(struct call *call, int number)
{
	return call_hold_if(call, number, any);
}

/* For one more; the first has it. */
static bool make_room(struct call *call)
{
	struct held *more = NULL;

	if (call->held_count)
		more = realloc(call->more, (size_t)call->held_count * sizeof *more);
	if (more)
		call->more = more;
	return more || !call->held_count;
}

int call_hold_if(struct call *call, int number, bool (*wanted)(int fd))
{
	int fd;

	if (!make_room(call))
		return -ENOMEM;
	fd = process_descriptor(call->process, number);
	if (fd < 0)
		return fd;
	if (!wanted(fd)) {
		sys_close(fd);
		return -ENOENT;
	}
	*held(call, call->held_count++) = (struct held){fd, number};
	return fd;
}

int call_number(const struct call *call, int fd)
{
	if (call->held_count && call->first.fd == fd)
		return call->first.number;
	for (int i = 1; i < call->held_count; i++)
		if (call->more[i - 1].fd == fd)
			return call->more[i - 1].number;
	return -1;
}

int call_ask_name(struct call *call)
{
	int domain = AF_UNSPEC, result;

	call->name_len = sizeof call->name;
	result = sys_getsockname(call->fd, &call->name, &call->name_len);
	if (result == 0)
		return call->name.ss_family;
	call->name_len = 0;
	if (!sys_no_socket(result)) /* some families have no names */
		sys_getsockopt_int(call->fd, SOL_SOCKET, SO_DOMAIN, &domain);
	return domain;
}

bool call_take_name(struct call *call, void *addr, socklen_t *len)
{
	socklen_t size = call->name_len;

	call->name_len = 0;
	if (!size || size > *len)
		return false;
	memcpy(addr, &call->name, size);
	*len = size;
	return true;
}

void call_close(struct call *call, int fd)
{
	if (call->closing >= 0)
		sys_close(call->closing);
	call->closing = fd;
}

/* The descriptor that a call is about, and one that was made for it, mostly follow each other:
 * then they are closed at once. */
static void close_first(struct call *call)
{
	int first = call->first.fd, last = call->closing;

	if (last == first + 1 && SYS_CALL(SYS_close_range, first, last, 0) == 0)
		call->closing = -1;
	else
		sys_close(first);
}

void call_drop(struct call *call)
{
	if (call->held_count)
		close_first(call);
	for (int i = 1; i < call->held_count; i++)
		sys_close(call->more[i - 1].fd);
	call_close(call, -1);
	free(call->more);
	call->more = NULL;
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
	int result;

	if (number < 0)
		bell_muffle();
	result = ask(SECCOMP_IOCTL_NOTIF_ADDFD, &add);
	if (result == -ENOENT || result == -ESRCH || result == -EINPROGRESS)
		call->gone = true;
	return result;
}
