/* SPDX-License-Identifier: MIT */
/*
 * admit.c - a listener whose rule says accept_from
 *
 * admit ADDRESS PORT yes|no	is a connection from this machine let in?
 * admit ADDRESS PORT elsewhere	a program that knows of no rules is given the listener: it lets
 * nobody in
 */
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

static void nobody_gets_in(int listener, const struct address *on)
{
	int clients[3];

	/* blocking, after poll: an answer, never a hang */
	clients[0] = client_of(on);
	check(wait_for(listener, POLLIN) & POLLIN);
	errno = 0;
	check(accept(listener, NULL, NULL) < 0 && errno == ECONNABORTED);
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
	check(kernel_family(listener) == AF_VSOCK);
	if (strcmp(argv[3], "yes") == 0) {
		gets_in(listener, &on);
	} else if (strcmp(argv[3], "no") == 0) {
		nobody_gets_in(listener, &on);
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
