/* SPDX-License-Identifier: MIT */
/*
 * admit.c - a listener whose rule says accept_from
 *
 * admit ADDRESS PORT yes|no	is a connection from this machine let in?
 * admit ADDRESS PORT elsewhere	a program that knows of no rules is given the listener: it lets
 * nobody in
 */
#include <pthread.h>

#include "tcp.h"

static int client_of(const struct address *to)
{
	int fd = must(socket(to->any.sa_family, SOCK_STREAM, 0));

	must(connect(fd, &to->any, to->len));
	return fd;
}

/* The refused client sees an end, not silence. */
static void check_ended(int client)
{
	char byte;

	check(wait_for(client, POLLIN) & (POLLIN | POLLHUP));
	check(recv(client, &byte, 1, 0) <= 0);
	close(client);
}

/* A program that may have been told gets a connection that has ended, with the client's name.
 */
static void gets_an_end(int listener)
{
	struct address peer;
	int server = accept_one(listener, &peer);
	char byte;

	check(wait_for(server, POLLIN) & POLLIN);
	check(read(server, &byte, 1) == 0);
	check(strcmp(show(&peer), peer_name(server)) == 0);
	check(write(server, "x", 1) == 1); /* else a program dies that speaks first: SIGPIPE */
	check(send(server, "x", 1, MSG_NOSIGNAL) < 0 && errno == EPIPE);
	check(shutdown(server, SHUT_WR) == 0);
	close(server);
}

static void nobody_gets_in(int listener, const struct address *on)
{
	int clients[3];

	/* blocking, after poll: an answer, never a hang */
	clients[0] = client_of(on);
	check(write(clients[0], "x", 1) == 1);
	check(wait_for(listener, POLLIN) & POLLIN);
	gets_an_end(listener);
	check_ended(clients[0]);

	fcntl(listener, F_SETFL, O_RDWR | O_NONBLOCK);
	for (int i = 0; i < 3; i++)
		clients[i] = client_of(on);
	check(wait_for(listener, POLLIN) & POLLIN);
	errno = 0;
	check(accept4(listener, NULL, NULL, SOCK_CLOEXEC) < 0 && errno == EAGAIN);
	for (int i = 0; i < 3; i++)
		check_ended(clients[i]);
	errno = 0;
	check(accept(listener, NULL, NULL) < 0 && errno == EAGAIN);
	check(events_now(listener, POLLIN) == 0);
}

/* One accept() does not work through all that is queued, nor says EAGAIN while any is. */
static void bounded(int listener, const struct address *on)
{
	enum { MANY = 40, AT_ONCE = 16 };
	int clients[MANY];

	for (int i = 0; i < MANY; i++)
		clients[i] = client_of(on);
	for (int left = MANY; left > AT_ONCE; left -= AT_ONCE + 1)
		gets_an_end(listener);
	errno = 0;
	check(accept(listener, NULL, NULL) < 0 && errno == EAGAIN);
	for (int i = 0; i < MANY; i++)
		check_ended(clients[i]);
}

static void *knock(void *on)
{
	wait_asleep(getpid()); /* in accept() */
	for (int i = 0; i < 3; i++)
		check_ended(client_of(on));
	return NULL;
}

/* Nobody was told where the queue was empty when a blocking accept() began: it waits on, as
 * long as SO_RCVTIMEO lets it. From then on it is known that nobody ever is. */
static void waits_on(int listener, struct address *on)
{
	struct timeval limit = {.tv_sec = 1};
	pthread_t thread;
	int client;

	fcntl(listener, F_SETFL, O_RDWR);
	setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	check(pthread_create(&thread, NULL, knock, on) == 0);
	errno = 0;
	check(accept(listener, NULL, NULL) < 0 && errno == EAGAIN);
	pthread_join(thread, NULL);

	client = client_of(on);
	check(wait_for(listener, POLLIN) & POLLIN);
	errno = 0;
	check(accept(listener, NULL, NULL) < 0 && errno == EAGAIN);
	check_ended(client);
}

static void gets_in(int listener, const struct address *on)
{
	int client = client_of(on), server;
	struct address peer;

	server = accept_one(listener, &peer);
	check_echo(client, server);
	close(client);
	close(server);
}

int main(int argc, char **argv)
{
	struct address on = address_of(argv[1], (uint16_t)atoi(argv[2]));
	int listener;

	if (argc == 5) { /* the program that is given the listener */
		nobody_gets_in(atoi(argv[4]), &on);
		return test_failed;
	}
	check(argc == 4);
	listener = must(socket(on.any.sa_family, SOCK_STREAM, 0));
	must(bind(listener, &on.any, on.len));
	must(listen(listener, 5));
	check(carried(listener));
	if (strcmp(argv[3], "yes") == 0) {
		gets_in(listener, &on);
	} else if (strcmp(argv[3], "no") == 0) {
		nobody_gets_in(listener, &on);
		bounded(listener, &on);
		waits_on(listener, &on);
	} else {
		char number[12];

		sprintf(number, "%d", listener);
		execl("/usr/bin/env", "env", "-u", "VSOCKIFY_CONFIG", getenv("LAUNCHER"),
		      "--connect", "*:*=1", getenv("PROGRAM"), argv[1], argv[2], "given",
		      number, NULL);
		return 127;
	}
	return test_failed;
}
