/* SPDX-License-Identifier: MIT */
/*
 * stream/socket.c - addresses, sockets and whole messages
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "socket.h"

char buffer[BUFFER_SIZE];

_Noreturn void fail(const char *what)
{
	fprintf(stderr, "stream: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* ---- the settings ---- */

static uint64_t buffer_size; /* in bytes; 0: the kernel's */
static int sends;
static int nodelay;
#ifdef VSOCK
static const char *design; /* of STREAM_CONVERT; NULL: plain */
#endif

void read_settings(void)
{
	const char *size = getenv("STREAM_BUFFER");

	if (size)
		buffer_size = strtoul(size, NULL, 10);
	sends = getenv("STREAM_SEND") != NULL;
	nodelay = getenv("STREAM_NODELAY") != NULL;
#ifdef VSOCK
	design = getenv("STREAM_CONVERT");
#endif
}

/* ---- addresses ---- */

#ifdef VSOCK
address address_of(const char *host, unsigned port)
{
	return (address){.svm_family = AF_VSOCK,
			 .svm_cid = host ? (unsigned)strtoul(host, NULL, 10) : VMADDR_CID_ANY,
			 .svm_port = port};
}
#elif defined UNIX
address address_of(const char *host, unsigned port)
{
	address un = {.sun_family = AF_UNIX};

	(void)host;
	snprintf(un.sun_path, sizeof un.sun_path, "stream_%u", port);
	return un;
}
#else
address address_of(const char *host, unsigned port)
{
	return (address){.sin_family = AF_INET,
			 .sin_addr.s_addr = host ? inet_addr(host) : INADDR_ANY,
			 .sin_port = htons((uint16_t)port)};
}
#endif

/* ---- sockets ---- */

int make_socket(void)
{
	int fd = socket(FAMILY, SOCK_STREAM, 0);

	if (fd < 0)
		fail("socket");
#ifdef VSOCK
	if (buffer_size) {
		setsockopt(fd, AF_VSOCK, SO_VM_SOCKETS_BUFFER_MAX_SIZE, &buffer_size, 8);
		setsockopt(fd, AF_VSOCK, SO_VM_SOCKETS_BUFFER_SIZE, &buffer_size, 8);
	}
#elif defined UNIX
	if (buffer_size) { /* which the kernel doubles */
		int half = (int)(buffer_size / 2);

		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &half, sizeof half);
	}
#endif
	return fd;
}

#ifdef VSOCK
/* A VM socket with what a shim must give it: a port that TCP has too, and a mark. */
static int make_marked(int flags)
{
	static unsigned port = 40000;
	struct sockaddr_vm from = {.svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_ANY};
	int fd = socket(AF_VSOCK, SOCK_STREAM | flags, 0);
	uint64_t mark = (uint64_t)1 << 63;

	from.svm_port = port++;
	if (port == 60000)
		port = 40000;
	if (bind(fd, (struct sockaddr *)&from, sizeof from) < 0)
		fail("bind");
	setsockopt(fd, AF_VSOCK, SO_VM_SOCKETS_BUFFER_MAX_SIZE, &mark, sizeof mark);
	return fd;
}

static void connect_waiting(int fd, const address *to)
{
	if (connect(fd, (const struct sockaddr *)to, sizeof *to) < 0)
		fail("connect");
}

/* A signal must not abort the attempt, so it is begun and then waited for. */
static void connect_beginning(int fd, const address *to)
{
	struct pollfd connected = {.fd = fd, .events = POLLOUT};

	if (connect(fd, (const struct sockaddr *)to, sizeof *to) < 0 && errno != EINPROGRESS)
		fail("connect");
	fcntl(fd, F_SETFL, O_RDWR);
	if (poll(&connected, 1, -1) != 1 || connected.revents != POLLOUT)
		fail("connect");
}

/* The program has a TCP socket, in whose place a VM socket is put. */
static int convert(int flags)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), spare = make_marked(flags);

	if (dup3(spare, fd, 0) < 0)
		fail("dup3");
	close(spare);
	return fd;
}

/* socket() and a blocking connect() of a shim, with no system call that it could do without */
static int convert_and_connect(const address *to)
{
	bool waits = strstr(design, "waiting");
	int fd;

	if (strncmp(design, "early", 5) == 0) {
		fd = make_marked(0);
		if (!waits)
			fcntl(fd, F_SETFL, O_RDWR | O_NONBLOCK);
	} else {
		fd = convert(waits ? 0 : SOCK_NONBLOCK);
	}
	if (waits)
		connect_waiting(fd, to);
	else
		connect_beginning(fd, to);
	return fd;
}
#endif

void set_nodelay(int fd)
{
	if (nodelay && FAMILY == AF_INET &&
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &nodelay, sizeof nodelay) < 0)
		fail("TCP_NODELAY");
}

int make_connection(const address *to)
{
	int fd;

#ifdef VSOCK
	if (design)
		return convert_and_connect(to);
#endif
	fd = make_socket();
	if (connect(fd, (const struct sockaddr *)to, sizeof *to) < 0)
		fail("connect");
	set_nodelay(fd);
	return fd;
}

int make_listener(unsigned port)
{
	address on = address_of(NULL, port);
	int fd = make_socket(), one = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (bind(fd, (struct sockaddr *)&on, sizeof on) < 0)
		fail("bind");
	if (listen(fd, 1024) < 0)
		fail("listen");
	return fd;
}

void write_all(int fd, const void *data, size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t wrote = sends ? send(fd, (const char *)data + done, size - done, 0)
				      : write(fd, (const char *)data + done, size - done);

		if (wrote < 0)
			fail("write");
		done += (size_t)wrote;
	}
}

void read_all(int fd, size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t got = read(fd, buffer + done, size - done);

		if (got <= 0)
			fail(got ? "read" : "the server hung up");
		done += (size_t)got;
	}
}

void round_trip(int fd, size_t size)
{
	write_all(fd, buffer, size);
	read_all(fd, size);
}

void connect_once(const address *to)
{
	int fd = make_connection(to);

	round_trip(fd, 1);
	close(fd);
}

/*
 * Does the server answer, and every relay before it? Eight zeros come back from each kind; to a
 * sink they announce nothing. Nobody is half-closed: not every VMM passes that on.
 */
static int answers(const address *to)
{
	uint64_t nothing = 0;
	int fd = make_socket(), result;

	result = connect(fd, (const struct sockaddr *)to, sizeof *to) == 0 &&
		 write(fd, &nothing, sizeof nothing) == sizeof nothing &&
		 recv(fd, &nothing, sizeof nothing, MSG_WAITALL) == sizeof nothing;
	close(fd);
	return result;
}

void wait_for_server(const address *to)
{
	for (int i = 0; !answers(to); i++) {
		if (i == 1000)
			fail("no server");
		poll(NULL, 0, 20);
	}
}
