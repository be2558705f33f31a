/* SPDX-License-Identifier: MIT */
/*
 * ahead.c - data that is sent before the connection is accepted, and before anybody reads
 */
#include "tcp.h"

/* What programs may count on that write before they read; TCP's own depends on the machine's
 * memory. */
#define IN_FLIGHT        (5 << 19)
#define IN_FLIGHT_OF_TCP (1 << 20)

/* More than a small first message. */
#define EARLY 65536

/* The nth byte of what @fd's program writes */
static char byte_at(size_t n, char first)
{
	return (char)(first + n % 251);
}

/* Write up to @size bytes without a reader; how many went. It may take a moment until the other
 * side has said that it has room. */
static size_t write_ahead(int fd, char first, size_t done, size_t size, int patience)
{
	static char data[IN_FLIGHT];
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	ssize_t sent = 0;

	for (size_t i = done; i < size; i++)
		data[i] = byte_at(i, first);
	while (done < size && sent >= 0 && poll(&p, 1, patience) > 0) {
		sent = write(fd, data + done, size - done);
		done += sent > 0 ? (size_t)sent : 0;
	}
	return done;
}

static void read_all(int fd, char first, size_t size)
{
	static char data[IN_FLIGHT];
	size_t wrong = 0;

	must(fcntl(fd, F_SETFL, O_RDWR));
	check(recv(fd, data, size, MSG_WAITALL) == (ssize_t)size);
	for (size_t i = 0; i < size; i++)
		wrong += data[i] != byte_at(i, first);
	say("all of it was in flight, %zu bytes are wrong", wrong);
}

static void ahead(const struct family *f, const char *ip)
{
	int listener = listener_on(f, ip, 0, "server"), client = socket_of(f, 0), server;
	struct address peer;
	size_t early, size = over_vsock() ? IN_FLIGHT : IN_FLIGHT_OF_TCP;

	must(connect_to(client, f->loopback, local_port(listener)));
	must(fcntl(client, F_SETFL, O_RDWR | O_NONBLOCK));
	early = write_ahead(client, 'a', 0, 1000, PATIENCE_MS);
	say("at %s, a small message before accept(): %zu bytes", ip, early);
	early = write_ahead(client, 'a', early, EARLY, 500);
	say("at %s, a large one: %s", ip, early == EARLY ? "all of it" : "a part");
	server = accept_one(listener, &peer);
	must(fcntl(server, F_SETFL, O_RDWR | O_NONBLOCK));
	check(write_ahead(client, 'a', early, size, PATIENCE_MS) == size);
	check(write_ahead(server, 'A', 0, size, PATIENCE_MS) == size);
	read_all(client, 'A', size);
	read_all(server, 'a', size);
	close(client);
	close(server);
	close(listener);
}

int main(void)
{
	section("v4", "loopback");
	ahead(&families[0], families[0].loopback);
	section("v4", "any address");
	ahead(&families[0], families[0].any);
	return test_failed;
}
