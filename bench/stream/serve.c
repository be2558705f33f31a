/* SPDX-License-Identifier: MIT */
/*
 * stream/serve.c - one connection after the other
 */
#include <unistd.h>

#include "serve.h"
#include "socket.h"

static void echo(int fd)
{
	ssize_t got;

	while ((got = read(fd, buffer, sizeof buffer)) > 0)
		write_all(fd, (size_t)got);
	close(fd);
}

static void sink(int fd)
{
	while (read(fd, buffer, 65536) > 0)
		continue;
	(void)!write(fd, buffer, 1);
	close(fd);
}

/* Answers once, and keeps the connection. */
static void hold(int fd)
{
	if (read(fd, buffer, 1) == 1)
		(void)!write(fd, buffer, 1);
}

_Noreturn void serve(const char *how, unsigned port)
{
	int listener = make_listener(port), fd;

	while ((fd = accept(listener, NULL, NULL)) >= 0) {
		set_nodelay(fd);
		switch (how[0]) {
		case 'e':
			echo(fd);
			break;
		case 's':
			sink(fd);
			break;
		default:
			hold(fd);
		}
	}
	fail("accept");
}
