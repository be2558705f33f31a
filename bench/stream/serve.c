/* SPDX-License-Identifier: MIT */
/*
 * stream/serve.c - one connection after the other
 */
#include <stdint.h>
#include <unistd.h>

#include "serve.h"
#include "socket.h"

void serve_echo(int fd)
{
	ssize_t got;

	while ((got = read(fd, buffer, sizeof buffer)) > 0)
		write_all(fd, buffer, (size_t)got);
}

void serve_sink(int fd)
{
	uint64_t total = 0, done = 0;
	ssize_t got = recv(fd, &total, sizeof total, MSG_WAITALL);

	while (got > 0 && done < total) {
		got = read(fd, buffer, 65536);
		done += (uint64_t)got;
	}
	write_all(fd, &total, sizeof total);
}

/* Answers once, and keeps the connection. */
static void hold(int fd)
{
	ssize_t got = read(fd, buffer, sizeof(uint64_t));

	if (got > 0)
		(void)!write(fd, buffer, (size_t)got);
}

_Noreturn void serve(const char *how, unsigned port)
{
	int listener = make_listener(port), fd;

	while ((fd = accept(listener, NULL, NULL)) >= 0) {
		set_nodelay(fd);
		switch (how[0]) {
		case 'e':
			serve_echo(fd);
			close(fd);
			break;
		case 's':
			serve_sink(fd);
			close(fd);
			break;
		default:
			hold(fd);
		}
	}
	fail("accept");
}
