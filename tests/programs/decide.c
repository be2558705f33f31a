/* SPDX-License-Identifier: MIT */
/*
 * decide.c - makes the calls that it reads from standard input
 *
 * A line is "connect ADDRESS PORT", "bind ADDRESS PORT", or "v6only ADDRESS PORT" for a bind()
 * with IPV6_V6ONLY. Each is made on a socket of its own, without waiting; what comes of it is
 * for the log of whoever looks on.
 */
#include <arpa/inet.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static socklen_t parse(const char *text, unsigned short port, struct sockaddr_storage *address)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)address;
	struct sockaddr_in *in = (struct sockaddr_in *)address;

	memset(address, 0, sizeof *address);
	if (inet_pton(AF_INET, text, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		return sizeof *in;
	}
	if (inet_pton(AF_INET6, text, &in6->sin6_addr) != 1)
		errx(1, "no address: %s", text);
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(port);
	return sizeof *in6;
}

static void make_call(const char *call, const char *text, unsigned short port)
{
	struct sockaddr_storage address;
	socklen_t length = parse(text, port, &address);
	int fd = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
	int v6only = strcmp(call, "v6only") == 0;

	if (fd < 0)
		err(1, "socket");
	if (address.ss_family == AF_INET6 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6only, sizeof v6only) < 0)
		err(1, "IPV6_V6ONLY");
	if (strcmp(call, "connect") == 0)
		(void)connect(fd, (struct sockaddr *)&address, length);
	else
		(void)bind(fd, (struct sockaddr *)&address, length);
	close(fd);
}

int main(void)
{
	char call[16], address[64], port[8];

	while (scanf("%15s %63s %7s", call, address, port) == 3)
		make_call(call, address, (unsigned short)strtoul(port, NULL, 10));
	return 0;
}
