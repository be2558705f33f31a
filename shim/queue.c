/* SPDX-License-Identifier: MIT */
/*
 * queue.c - the ioctl()s that ask how much data is queued
 */
#include "queue.h"

#include <linux/sockios.h>
#include <stdbool.h>
#include <sys/ioctl.h>

#include "mark.h"
#include "message.h"
#include "sys.h"

/* The answer for a converted socket; a negated errno if there is none. */
static int answer(int fd, unsigned long request)
{
	int listens = sys_listens(fd);

	if (listens)
		return listens < 0 ? listens : -EINVAL; /* as TCP */
	if (request == SIOCINQ)
		return message_readable(fd);
	return 0; /* SIOCOUTQ: handed to the peer already. SIOCATMARK: no urgent data. */
}

int queue_ioctl(int fd, unsigned long request, void *argument)
{
	int result = sys_ioctl(fd, request, argument), number;
	struct mark m;

	bool known = request == SIOCINQ || request == SIOCOUTQ || request == SIOCATMARK;

	/* ENOTTY is what TCP says to a request it does not know; AF_VSOCK of 6.1 does not */
	if (result != -EOPNOTSUPP && !(result == -ENOTTY && known))
		return result;
	if (mark_head(fd, &m) != 1)
		return result;
	if (!known)
		return -ENOTTY;
	if (!argument)
		return -EFAULT;
	number = answer(fd, request);
	if (number < 0)
		return number;
	*(int *)argument = number;
	return 0;
}
