/* SPDX-License-Identifier: MIT */
/*
 * refused.c - servers that accept in every way that there is, and a client of theirs
 *
 * refused serve LOOP PORT	LOOP: plain, select, poll, level, edge, late
 * refused call PORT	is one served there?
 *
 * A server gives back what it reads, and ends at anything that it does not expect, as programs
 * do that are written in a hurry.
 */
#include <signal.h>
#include <sys/epoll.h>
#include <sys/select.h>

#include "tcp.h"

/* ---- the server ---- */

/* To a caller that hung up nothing is said; reading from it must not be an error. */
static void serve_one(int fd)
{
	char text[64];
	ssize_t length = must(read(fd, text, sizeof text));

	if (length > 0) {
		must(write(fd, text, (size_t)length));
		say("one is served");
	}
	must(close(fd));
}

static void serve_plainly(int listener)
{
	for (;;)
		serve_one(must(accept(listener, NULL, NULL)));
}

/* Only what select() or poll() speaks of is accepted, so accept() must never wait. */
static void serve_selected(int listener)
{
	fd_set set;

	for (;;) {
		FD_ZERO(&set);
		FD_SET(listener, &set);
		must(select(listener + 1, &set, NULL, NULL, NULL));
		alarm(PATIENCE_MS / 1000);
		serve_one(must(accept(listener, NULL, NULL)));
		alarm(0);
	}
}

static void serve_polled(int listener)
{
	struct pollfd p = {.fd = listener, .events = POLLIN};

	for (;;) {
		must(poll(&p, 1, -1));
		alarm(PATIENCE_MS / 1000);
		serve_one(must(accept(listener, NULL, NULL)));
		alarm(0);
	}
}

/* What is accepted is served at once: a server of one connection at a time. */
static void serve_told(int listener, uint32_t edge)
{
	struct epoll_event event = {.events = EPOLLIN | edge};
	int epoll = must(epoll_create1(EPOLL_CLOEXEC)), fd;

	must(epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event));
	must(fcntl(listener, F_SETFL, O_RDWR | O_NONBLOCK));
	for (;;) {
		if (epoll_wait(epoll, &event, 1, -1) < 0) { /* SIGSTOP interrupts it */
			check(errno == EINTR);
			continue;
		}
		while ((fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
			serve_one(fd);
			if (!edge)
				break;
		}
		if (fd < 0 && errno != EAGAIN)
			must(fd);
	}
}

/* Nobody is accepted until SIGUSR1, and one then, who is not read from before 2.5 MiB wait. */
static void serve_late(int listener)
{
	static char data[5 << 19];
	sigset_t signals;
	int number, fd;

	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR1);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	must(-sigwait(&signals, &number));
	fd = must(accept(listener, NULL, NULL));
	/* not by SO_RCVLOWAT, which VM sockets do not know before Linux 6.1 */
	while (recv(fd, data, sizeof data, MSG_PEEK | MSG_DONTWAIT) < (ssize_t)sizeof data)
		poll(NULL, 0, 20);
	say("%zd bytes wait", recv(fd, data, sizeof data, MSG_DONTWAIT));
	pause();
}

static void serve(const char *loop, uint16_t port)
{
	int listener = must(socket(AF_INET, SOCK_STREAM, 0));

	must(bind_to(listener, "0.0.0.0", port));
	must(listen(listener, 5));
	check(carried(listener));
	if (strcmp(loop, "plain") == 0)
		serve_plainly(listener);
	else if (strcmp(loop, "select") == 0)
		serve_selected(listener);
	else if (strcmp(loop, "poll") == 0)
		serve_polled(listener);
	else if (strcmp(loop, "late") == 0)
		serve_late(listener);
	else
		serve_told(listener, strcmp(loop, "edge") == 0 ? EPOLLET : 0);
}

/* ---- the client ---- */

static void call(uint16_t port)
{
	int fd = must(socket(AF_INET, SOCK_STREAM, 0));
	char text[5] = "";

	must(connect_to(fd, "127.0.0.1", port));
	must(write(fd, "ping", 4));
	wait_for(fd, POLLIN);
	check(recv(fd, text, 4, MSG_WAITALL) == 4 && strcmp(text, "ping") == 0);
	say("served");
}

int main(int argc, char **argv)
{
	if (argc == 4)
		serve(argv[2], (uint16_t)atoi(argv[3]));
	else
		call((uint16_t)atoi(argv[2]));
	return test_failed;
}
