/* SPDX-License-Identifier: MIT */
/*
 * exchange.h - what the two ends of a test connection say to each other: 1 MiB there and back
 *
 * The caller sends while it receives, ends its sending with a half-close, and wants the same
 * bytes back and then an end; the server sends nothing until it has everything. So both get on
 * with programs that echo piece by piece, that send first, or that read to the end before they
 * answer, and a half-close or an end that gets lost on the way is noticed.
 */
#ifndef TESTS_PROGRAMS_EXCHANGE_H
#define TESTS_PROGRAMS_EXCHANGE_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXCHANGE_SIZE (1 << 20)

static unsigned char exchange_sent[EXCHANGE_SIZE];
static unsigned char exchange_received[EXCHANGE_SIZE];

/* die() - say which call failed and why, and end */
static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* Read all of it and then the end. */
static bool receive_all(int fd)
{
	size_t done = 0;
	ssize_t got;
	char more;

	while (done < EXCHANGE_SIZE &&
	       (got = read(fd, exchange_received + done, EXCHANGE_SIZE - done)) > 0)
		done += (size_t)got;
	return done == EXCHANGE_SIZE && read(fd, &more, 1) == 0;
}

static void send_all(int fd, const unsigned char *data)
{
	for (size_t done = 0; done < EXCHANGE_SIZE;) {
		ssize_t put = write(fd, data + done, EXCHANGE_SIZE - done);

		if (put < 0)
			die("write");
		done += (size_t)put;
	}
	if (shutdown(fd, SHUT_WR) < 0)
		die("shutdown");
}

/* fill_pattern() - the bytes that a caller sends, always the same ones */
static void fill_pattern(void)
{
	for (size_t i = 0; i < EXCHANGE_SIZE; i++)
		exchange_sent[i] = (unsigned char)(i * 7919 >> 8);
}

/* exchange_as_server() - take everything, and give it back; return: an exit status */
static int exchange_as_server(int fd)
{
	bool whole = receive_all(fd);

	send_all(fd, exchange_received);
	return whole ? 0 : 1;
}

/* exchange_as_caller() - send, receive, compare and say so on stdout; return: an exit status */
static int exchange_as_caller(int fd)
{
	bool same;
	pid_t sender;
	int status;

	fill_pattern();
	sender = fork();
	if (sender < 0)
		die("fork");
	if (sender == 0) {
		send_all(fd, exchange_sent);
		_exit(0);
	}
	same = receive_all(fd) && memcmp(exchange_sent, exchange_received, EXCHANGE_SIZE) == 0;
	if (waitpid(sender, &status, 0) < 0)
		die("waitpid");
	same = same && status == 0;
	printf("call: data %s\n", same ? "same" : "DIFFERENT");
	return same ? 0 : 1;
}

#endif
