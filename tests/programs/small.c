/* SPDX-License-Identifier: MIT */
/*
 * small.c - small messages wait for a reader that pauses: the writer is told when there is no
 * more room, and all arrives
 *
 * small			over a connection of its own, for several sizes
 * small read PORT		accepts, and reads when there is a line on its standard input
 * small write PORT SIZE	connects to that, and writes
 */
#include "tcp.h"

/* More than anything has room for. */
#define MOST (16 << 20)

/* How many bytes went, in messages of @size; *@error: what ended it. Whether all that went has
 * a place is known some time after the last. */
static size_t write_messages(int fd, size_t size, const char **error)
{
	static const char message[4096];
	size_t sent = 0;
	int full = 0;

	*error = "0";
	while (sent < MOST && full < 5) {
		ssize_t part = send(fd, message, size, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (part >= 0) {
			sent += (size_t)part;
			continue;
		}
		*error = error_name(errno);
		if (errno != EAGAIN)
			break;
		full++;
		usleep(200000);
	}
	return sent;
}

/* How many bytes came, until the end. */
static size_t read_all(int fd, const char **error)
{
	static char room[1 << 16];
	size_t came = 0;
	ssize_t part;

	while ((part = recv(fd, room, sizeof room, 0)) > 0)
		came += (size_t)part;
	*error = part == 0 ? "the end" : error_name(errno);
	return came;
}

static void pause_over(size_t size)
{
	const char *full, *last;
	size_t sent, came;
	int ends[2];

	connected_pair(&families[0], families[0].loopback, ends);
	sent = write_messages(ends[0], size, &full);
	shutdown(ends[0], SHUT_WR);
	came = read_all(ends[1], &last);
	say("%zu bytes each, to a reader that pauses: %s", size, full);
	say("%zu bytes each: what arrives is %s, then %s", size, came == sent ? "all" : "less",
	    last);
	close(ends[0]);
	close(ends[1]);
}

static int reader(uint16_t port)
{
	int listener = socket_of(&families[0], 0), fd;
	const char *error;
	struct address peer;
	size_t came;

	must(bind_to(listener, families[0].loopback, port));
	must(listen(listener, 1));
	fd = accept_one(listener, &peer);
	check(write(fd, "!", 1) == 1); /* its buffer is large from now on */
	getchar();
	came = read_all(fd, &error);
	say("read %zu, then %s", came, error);
	return test_failed;
}

static int writer(uint16_t port, size_t size)
{
	int fd = socket_of(&families[0], 0);
	const char *error;
	size_t sent;

	must(connect_to(fd, families[0].loopback, port));
	check(read(fd, &(char){0}, 1) == 1);
	sent = write_messages(fd, size, &error);
	say("written %zu, then %s", sent, error);
	shutdown(fd, SHUT_WR);
	read(fd, &(char){0}, 1);
	return test_failed;
}

int main(int argc, char **argv)
{
	if (argc > 2 && strcmp(argv[1], "read") == 0)
		return reader((uint16_t)atoi(argv[2]));
	if (argc > 3 && strcmp(argv[1], "write") == 0)
		return writer((uint16_t)atoi(argv[2]), (size_t)atoi(argv[3]));
	for (size_t size = 100; size <= 900; size *= 3)
		pause_over(size);
	return test_failed;
}
