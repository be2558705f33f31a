/* SPDX-License-Identifier: MIT */
/*
 * echo serve PORT | call ADDRESS PORT - an ordinary TCP program: 1 MiB there and back, compared
 *
 * Both print the addresses that they see. serve ends after one connection.
 */
#include <arpa/inet.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SIZE (1 << 20)

static unsigned char sent[SIZE], received[SIZE];

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static size_t read_all(int fd, unsigned char *to)
{
	size_t done = 0;
	ssize_t got;

	while (done < SIZE && (got = read(fd, to + done, SIZE - done)) > 0)
		done += (size_t)got;
	return done;
}

static void write_all(int fd, const unsigned char *from, size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t put = write(fd, from + done, size - done);

		if (put < 0)
			die("write");
		done += (size_t)put;
	}
}

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

static int serve(const char *port)
{
	struct sockaddr_in any = {.sin_family = AF_INET,
				  .sin_port = htons((uint16_t)atoi(port))};
	int listener = socket(AF_INET, SOCK_STREAM, 0), fd;
	size_t size;

	if (bind(listener, (struct sockaddr *)&any, sizeof any) < 0 || listen(listener, 5) < 0)
		die("bind or listen");
	fd = accept(listener, NULL, NULL);
	if (fd < 0)
		die("accept");
	print_names("serve", fd);
	size = read_all(fd, received);
	write_all(fd, received, size);
	return size == SIZE ? 0 : 1;
}

static int call(const char *address, const char *port)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *to;
	bool same;
	int fd;

	if (getaddrinfo(address, port, &hints, &to)) {
		fprintf(stderr, "%s: no such host\n", address);
		return 1;
	}
	fd = socket(to->ai_family, SOCK_STREAM, 0);
	if (connect(fd, to->ai_addr, to->ai_addrlen) < 0)
		die("connect");
	print_names("call", fd);
	for (size_t i = 0; i < SIZE; i++)
		sent[i] = (unsigned char)(i * 7919 >> 8);
	write_all(fd, sent, SIZE);
	same = read_all(fd, received) == SIZE && memcmp(sent, received, SIZE) == 0;
	printf("call: data %s\n", same ? "same" : "DIFFERENT");
	return same ? 0 : 1;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "serve") == 0)
		return serve(argv[2]);
	if (argc == 4 && strcmp(argv[1], "call") == 0)
		return call(argv[2], argv[3]);
	fprintf(stderr, "usage: echo serve PORT | call ADDRESS PORT\n");
	return 2;
}
