/* SPDX-License-Identifier: MIT */
/*
 * ready.c - an echo server, and a client of it with many connections at once, on the kernel's
 * own ways to wait: epoll (level, edge, one-shot), poll and select
 *
 * ready WAY serve PORT
 * ready WAY call ADDRESS PORT COUNT
 *
 * Clients are registered before connect(), and the server's listener before bind(). Every
 * handler goes on until EAGAIN, as edge-triggered ones must.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

#include "address.h"
#include "payload.h"

#define DESCRIPTORS 1024 /* as many as select() knows */

/* ---- ways to wait ---- */

struct way {
	const char *name;
	uint32_t flags; /* for epoll; 0 for the others, too */
	void (*wait)(void);
};

static const struct way *way;
static int epoll_fd = -1;
static uint32_t wanted[DESCRIPTORS]; /* EPOLLIN, EPOLLOUT: the same bits as poll()'s */
static bool watched[DESCRIPTORS];

static void handle(int fd);

/* want() - from now on these events of the descriptor matter; 0: none, it is about to be closed
 */
static void want(int fd, uint32_t events)
{
	struct epoll_event e = {.events = events | way->flags, .data.fd = fd};
	int what = !watched[fd] ? EPOLL_CTL_ADD : events ? EPOLL_CTL_MOD : EPOLL_CTL_DEL;
	bool rearm = way->flags & EPOLLONESHOT;

	if (epoll_fd >= 0 && (!watched[fd] || wanted[fd] != events || rearm) &&
	    epoll_ctl(epoll_fd, what, fd, &e) < 0)
		die("epoll_ctl");
	watched[fd] = events;
	wanted[fd] = events;
}

static void wait_epoll(void)
{
	struct epoll_event got[64];
	int count = epoll_wait(epoll_fd, got, 64, -1);

	for (int i = 0; i < count; i++)
		if (watched[got[i].data.fd])
			handle(got[i].data.fd);
}

static void wait_poll(void)
{
	static struct pollfd fds[DESCRIPTORS];
	nfds_t count = 0;

	for (int fd = 0; fd < DESCRIPTORS; fd++)
		if (wanted[fd])
			fds[count++] = (struct pollfd){.fd = fd, .events = (short)wanted[fd]};
	if (poll(fds, count, -1) < 0)
		die("poll");
	for (nfds_t i = 0; i < count; i++)
		if (fds[i].revents)
			handle(fds[i].fd);
}

static void wait_select(void)
{
	fd_set in, out;

	FD_ZERO(&in);
	FD_ZERO(&out);
	for (int fd = 0; fd < DESCRIPTORS; fd++) {
		if (wanted[fd] & EPOLLIN)
			FD_SET(fd, &in);
		if (wanted[fd] & EPOLLOUT)
			FD_SET(fd, &out);
	}
	if (select(DESCRIPTORS, &in, &out, NULL, NULL) < 0)
		die("select");
	for (int fd = 0; fd < DESCRIPTORS; fd++)
		if (FD_ISSET(fd, &in) || FD_ISSET(fd, &out))
			handle(fd);
}

static const struct way ways[] = {
	{"epoll", 0, wait_epoll},
	{"epoll-edge", EPOLLET, wait_epoll},
	{"epoll-one-shot", EPOLLONESHOT, wait_epoll},
	{"poll", 0, wait_poll},
	{"select", 0, wait_select},
};

/* ---- connections ---- */

struct connection {
	bool client;
	size_t number, sent, received; /* a client's */
	bool connected, shut;
	char buffer[8192]; /* what the server has read and not yet written */
	size_t from, to;
};

static struct connection *connections[DESCRIPTORS];
static int listener = -1;
static size_t finished, bytes;

static void end(int fd)
{
	want(fd, 0);
	close(fd);
	free(connections[fd]);
	connections[fd] = NULL;
	finished++;
}

static void handle_server(int fd, struct connection *c)
{
	for (;;) {
		while (c->from < c->to) {
			ssize_t put = write(fd, c->buffer + c->from, c->to - c->from);

			if (put < 0 && errno == EAGAIN)
				return want(fd, EPOLLOUT);
			if (put < 0)
				die("write");
			c->from += (size_t)put;
		}
		ssize_t got = read(fd, c->buffer, sizeof c->buffer);

		if (got < 0 && errno == EAGAIN)
			return want(fd, EPOLLIN);
		if (got < 0)
			die("read");
		if (got == 0)
			return end(fd);
		c->from = 0;
		c->to = (size_t)got;
	}
}

static void handle_listener(void)
{
	int fd;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		if (fd >= DESCRIPTORS || !(connections[fd] = calloc(1, sizeof *connections[0])))
			die("too many connections");
		want(fd, EPOLLIN);
	}
	if (errno != EAGAIN)
		die("accept");
	want(listener, EPOLLIN);
}

static void finish_connect(int fd, struct connection *c)
{
	int error = 0;
	socklen_t len = sizeof error;

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0 || error) {
		errno = error;
		die("connect");
	}
	c->connected = true;
}

/* send_some() - false when the socket takes no more for now */
static bool send_some(int fd, struct connection *c)
{
	unsigned char piece[1500];
	size_t size = payload_size(c->number) - c->sent;
	ssize_t put;

	size = size < sizeof piece ? size : sizeof piece;
	for (size_t i = 0; i < size; i++)
		piece[i] = payload_byte(c->number, c->sent + i);
	put = write(fd, piece, size);
	if (put < 0 && errno != EAGAIN)
		die("write");
	c->sent += put > 0 ? (size_t)put : 0;
	return put > 0;
}

/* receive_some() - false when there is nothing to read for now; ends the connection at its end
 */
static bool receive_some(int fd, struct connection *c)
{
	unsigned char piece[1500];
	ssize_t got = read(fd, piece, sizeof piece);

	if (got < 0 && errno != EAGAIN)
		die("read");
	for (ssize_t i = 0; i < got; i++)
		if (piece[i] != payload_byte(c->number, c->received++))
			die("what came back differs");
	if (got == 0) {
		if (c->received != payload_size(c->number))
			die("what came back is cut");
		bytes += c->received;
		end(fd);
	}
	return got > 0;
}

static void handle_client(int fd, struct connection *c)
{
	size_t size = payload_size(c->number);

	if (!c->connected)
		finish_connect(fd, c);
	while (c->sent < size && send_some(fd, c))
		continue;
	if (c->sent == size && !c->shut) {
		if (shutdown(fd, SHUT_WR) < 0)
			die("shutdown");
		c->shut = true;
	}
	while (receive_some(fd, c))
		continue;
	if (connections[fd])
		want(fd, EPOLLIN | (c->sent < size ? EPOLLOUT : 0));
}

static void handle(int fd)
{
	if (fd == listener)
		handle_listener();
	else if (connections[fd]->client)
		handle_client(fd, connections[fd]);
	else
		handle_server(fd, connections[fd]);
}

/* ---- the two roles ---- */

static _Noreturn void serve(const char *port)
{
	struct sockaddr_in on = address("0.0.0.0", port);

	listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (epoll_fd >= 0)
		want(listener, EPOLLIN);
	if (bind(listener, (struct sockaddr *)&on, sizeof on) < 0 || listen(listener, 512) < 0)
		die("bind or listen");
	want(listener, EPOLLIN);
	for (;;)
		way->wait();
}

static void begin(const struct sockaddr_in *to, size_t number)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	if (fd < 0 || fd >= DESCRIPTORS ||
	    !(connections[fd] = calloc(1, sizeof *connections[0])))
		die("socket");
	connections[fd]->client = true;
	connections[fd]->number = number;
	want(fd, EPOLLIN | EPOLLOUT);
	if (connect(fd, (const struct sockaddr *)to, sizeof *to) < 0 && errno != EINPROGRESS)
		die("connect");
}

static int call(const char *ip, const char *port, size_t count)
{
	struct sockaddr_in to = address(ip, port);

	for (size_t i = 0; i < count; i++)
		begin(&to, i);
	while (finished < count)
		way->wait();
	printf("%zu connections, %zu bytes the same\n", finished, bytes);
	return 0;
}

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof ways / sizeof ways[0]; i++)
		if (strcmp(ways[i].name, argv[1]) == 0)
			way = &ways[i];
	if (way && way->wait == wait_epoll)
		epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (way && argc == 4 && strcmp(argv[2], "serve") == 0)
		serve(argv[3]);
	if (way && argc == 6 && strcmp(argv[2], "call") == 0)
		return call(argv[3], argv[4], strtoul(argv[5], NULL, 10));
	fprintf(stderr, "usage: ready WAY serve PORT | WAY call ADDRESS PORT COUNT\n");
	return 2;
}
