/* SPDX-License-Identifier: MIT */
/*
 * park.c - servers' sockets, where a worker's death does not reach them
 */
#include "park.h"

#include <errno.h>
#include <sys/socket.h>

#include "attach.h"

int park_make(int park[2])
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, park) < 0 ? errno : 0;
}

bool park_put(const int park[2], const struct server *server)
{
	return attach_send(park[0], server, sizeof(*server), server->listener) == 0;
}

bool park_take(const int park[2], struct server *server)
{
	struct attached attached;
	ssize_t size = attach_receive(park[1], server, sizeof(*server), &attached);

	if (size != sizeof(*server) || attached.count != 1) {
		attach_close(&attached);
		return false;
	}
	server->listener = attached.fd[0];
	return true;
}
