/* SPDX-License-Identifier: MIT */
/*
 * plugin.c - an object that a program loads with dlopen(), and that connects
 */
#include <sys/socket.h>

int open_client(const struct sockaddr *addr, socklen_t len);

int open_client(const struct sockaddr *addr, socklen_t len)
{
	int fd = socket(addr->sa_family, SOCK_STREAM, 0);

	return fd < 0 || connect(fd, addr, len) < 0 ? -1 : fd;
}
