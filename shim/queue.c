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
	if (sys_getsockopt_int(fd, SOL_SOCKET, SO_ACCEPTCONN, 0))
		return -EINVAL; /* as TCP */
	if (request == SIOCINQ)
		return message_readable(fd);
	return 0; /* SIOCOUTQ: handed to the peer already. SIOCATMARK: no urgent data. */
}

int queue_ioctl(int fd, unsigned long request, void *argument)
{
	int result = sys_ioctl(fd, request, argument), number;
	struct mark m;

	if (result != -EOPNOTSUPP && result != -ENOTTY)
		return result;
	if ((request != SIOCINQ && request != SIOCOUTQ && request != SIOCATMARK) || !argument ||
	    !mark_head(fd, &m))
		return result;
	number = answer(fd, request);
	if (number < 0)
		return number;
	*(int *)argument = number;
	return 0;
}
