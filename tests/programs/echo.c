/* SPDX-License-Identifier: MIT */
/*
 * echo serve PORT [ADDRESS...] | call ADDRESS PORT - an ordinary TCP program: 1 MiB there and
 * back, compared (exchange.h)
 *
 * Both print the addresses that they see. serve ends after one connection for each ADDRESS, one
 * in all if there is none.
 */
#include <arpa/inet.h>
#include <netdb.h>
#include <poll.h>

#include "exchange.h"

/* "ADDRESS PORT" of one end, as getsockname() or getpeername() gives it. */
static const char *name(int fd, int (*call)(int, struct sockaddr *, socklen_t *), char *text)
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof addr;
	char host[64], port[8];

	if (call(fd, (struct sockaddr *)&addr, &len) < 0)
		die("getsockname or getpeername");
	getnameinfo((struct sockaddr *)&addr, len, host, sizeof host, port, sizeof port,
		    NI_NUMERICHOST | NI_NUMERICSERV);
	snprintf(text, 80, "%s %s", host, port);
	return text;
}

static void print_names(const char *who, int fd)
{
	char self[80], peer[80];

	printf("%s: peer %s self %s\n", who, name(fd, getpeername, peer),
	       name(fd, getsockname, self));
	fflush(stdout);
}

static int listener_at(const char *address, const char *port)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST}, *at;
	int fd;

	if (getaddrinfo(address, port, &hints, &at))
		die("not an address");
	fd = socket(at->ai_family, SOCK_STREAM, 0);
	if (bind(fd, at->ai_addr, at->ai_addrlen) < 0 || listen(fd, 5) < 0)
		die("bind or listen");
	freeaddrinfo(at);
	return fd;
}

static int serve_one(int listener)
{
	int fd = accept(listener, NULL, NULL);

	if (fd < 0)
		die("accept");
	print_names("serve", fd);
	return exchange_as_server(fd);
}

static int serve(const char *port, char **addresses, int count)
{
	struct pollfd listeners[8];
	int served = 0, status = 0;

	if (count > 8)
		return 2;
	for (int i = 0; i < count; i++)
		listeners[i] = (struct pollfd){.fd = listener_at(addresses[i], port),
					       .events = POLLIN};
	while (served < count && status == 0 && poll(listeners, (nfds_t)count, -1) > 0)
		for (int i = 0; i < count && status == 0; i++)
			if (listeners[i].revents) {
				status = serve_one(listeners[i].fd);
				served++;
			}
	return status;
}

static int call(const char *address, const char *port)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *to;
	int fd;

	if (getaddrinfo(address, port, &hints, &to)) {
		fprintf(stderr, "%s: no such host\n", address);
		return 1;
	}
	fd = socket(to->ai_family, SOCK_STREAM, 0);
	if (connect(fd, to->ai_addr, to->ai_addrlen) < 0)
		die("connect");
	print_names("call", fd);
	return exchange_as_caller(fd);
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "serve") == 0)
		return serve(argv[2], &(char *){"0.0.0.0"}, 1);
	if (argc > 3 && strcmp(argv[1], "serve") == 0)
		return serve(argv[2], argv + 3, argc - 3);
	if (argc == 4 && strcmp(argv[1], "call") == 0)
		return call(argv[2], argv[3]);
	fprintf(stderr, "usage: echo serve PORT [ADDRESS...] | call ADDRESS PORT\n");
	return 2;
}
