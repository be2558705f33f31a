/* SPDX-License-Identifier: MIT */
/*
 * dial.c - what a connection costs past a VMM or a proxy that answers at once
 *
 *   dial muxer PATH            a VMM's Unix socket: says OK to whatever it is asked for
 *   dial serve PORT            a TCP server on loopback
 *   dial proxy echo|sink PORT  a proxy on VM sockets that is each destination itself
 *   dial connect HOST PORT COUNT  us for a connection: connect(), one round trip, close()
 *   dial begin   HOST PORT COUNT  the same by a connect() that does not wait, with poll() and
 *                                 SO_ERROR
 *
 * The proxy speaks SOCKS5 or HTTP CONNECT with who begins so, and serves, at once or then, as
 * bench/stream.c does, of which it takes the servers; STREAM_BUFFER as there.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "stream/serve.h"
#include "stream/socket.h"

/* ---- servers ---- */

static int listen_at(int family, const struct sockaddr *addr, socklen_t len)
{
	int fd = socket(family, SOCK_STREAM, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int)) < 0 ||
	    bind(fd, addr, len) < 0 || listen(fd, 4096) < 0)
		fail("listen");
	return fd;
}

static void add(int epoll, int fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0)
		fail("epoll_ctl");
}

/* Whatever is said is answered, as by a VMM. */
static void answer(int fd)
{
	char text[64];
	ssize_t got = read(fd, text, sizeof text);

	if (got <= 0)
		close(fd);
	else if (write(fd, "OK 1073741824\n", 14) != 14)
		fail("write");
}

static _Noreturn void serve_answers(int listener)
{
	int epoll = epoll_create1(0);
	struct epoll_event event;

	if (epoll < 0)
		fail("epoll_create1");
	add(epoll, listener);
	for (;;) {
		if (epoll_wait(epoll, &event, 1, -1) < 1)
			continue;
		if (event.data.fd == listener)
			add(epoll, accept(listener, NULL, NULL));
		else
			answer(event.data.fd);
	}
}

static _Noreturn void serve_muxer(const char *path)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};

	snprintf(un.sun_path, sizeof un.sun_path, "%s", path);
	serve_answers(listen_at(AF_UNIX, (struct sockaddr *)&un, sizeof un));
}

static struct sockaddr_in tcp_address(const char *host, const char *port)
{
	return (struct sockaddr_in){.sin_family = AF_INET,
				    .sin_addr.s_addr = inet_addr(host),
				    .sin_port = htons((uint16_t)strtoul(port, NULL, 10))};
}

static _Noreturn void serve_tcp(const char *port)
{
	struct sockaddr_in in = tcp_address("127.0.0.1", port);

	serve_answers(listen_at(AF_INET, (struct sockaddr *)&in, sizeof in));
}

/* ---- a proxy ---- */

/* Without a user, to an IPv4 address */
static void answer_socks5(int fd)
{
	read_all(fd, 3);
	write_all(fd, "\5\0", 2);
	read_all(fd, 10);
	write_all(fd, "\5\0\0\1\0\0\0\0\0\0", 10);
}

static void answer_http(int fd)
{
	static const char connected[] = "HTTP/1.1 200 OK\r\n\r\n";
	ssize_t got = recv(fd, buffer, 4096, MSG_PEEK);
	char *end = got > 0 ? memmem(buffer, (size_t)got, "\r\n\r\n", 4) : NULL;

	if (!end)
		fail("a request in pieces");
	read_all(fd, (size_t)(end + 4 - buffer));
	write_all(fd, connected, sizeof connected - 1);
}

static void serve_destination(int fd, int echoes)
{
	ssize_t got = recv(fd, buffer, 1, MSG_PEEK);

	if (got == 1 && buffer[0] == 5)
		answer_socks5(fd);
	else if (got == 1 && buffer[0] == 'C')
		answer_http(fd);
	if (echoes)
		serve_echo(fd);
	else
		serve_sink(fd);
	close(fd);
}

static _Noreturn void serve_proxy(int echoes, const char *port)
{
	int listener, fd;

	read_settings();
	listener = make_listener((unsigned)strtoul(port, NULL, 10));
	while ((fd = accept(listener, NULL, NULL)) >= 0)
		serve_destination(fd, echoes);
	fail("accept");
}

/* ---- clients ---- */

static double now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static void connect_waiting(int fd, const struct sockaddr_in *to)
{
	if (connect(fd, (const struct sockaddr *)to, sizeof *to) < 0)
		fail("connect");
}

static void connect_beginning(int fd, const struct sockaddr_in *to)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLOUT};
	int error = 0;
	socklen_t len = sizeof error;

	if (connect(fd, (const struct sockaddr *)to, sizeof *to) < 0 && errno != EINPROGRESS)
		fail("connect");
	if (poll(&poll_fd, 1, -1) < 1 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		fail("poll");
	errno = error;
	if (error)
		fail("SO_ERROR");
}

/* All of a connection: one round trip, so that the server has accepted it as well. */
static double once(const struct sockaddr_in *to, int flags)
{
	double begun = now_us();
	int fd = socket(AF_INET, SOCK_STREAM | flags, 0);
	char text[64] = "a word";

	if (fd < 0)
		fail("socket");
	if (flags)
		connect_beginning(fd, to);
	else
		connect_waiting(fd, to);
	if (fcntl(fd, F_SETFL, 0) < 0 || write(fd, text, 6) != 6 ||
	    read(fd, text, sizeof text) < 1)
		fail("a round trip");
	close(fd);
	return now_us() - begun;
}

static void measure(const struct sockaddr_in *to, int flags, long count)
{
	double all = 0;

	once(to, flags); /* what is done but once */
	for (long i = 0; i < count; i++)
		all += once(to, flags);
	printf("%.1f\n", all / (double)count);
}

int main(int argc, char **argv)
{
	struct sockaddr_in to;

	if (argc == 3 && strcmp(argv[1], "muxer") == 0)
		serve_muxer(argv[2]);
	if (argc == 3 && strcmp(argv[1], "serve") == 0)
		serve_tcp(argv[2]);
	if (argc == 4 && strcmp(argv[1], "proxy") == 0)
		serve_proxy(strcmp(argv[2], "echo") == 0, argv[3]);
	if (argc != 5)
		fail("usage");
	to = tcp_address(argv[2], argv[3]);
	measure(&to, strcmp(argv[1], "begin") == 0 ? SOCK_NONBLOCK : 0,
		strtol(argv[4], NULL, 10));
	return 0;
}
