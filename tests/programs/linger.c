/* SPDX-License-Identifier: MIT */
/*
 * linger.c - SO_LINGER: what is read back, what accepted sockets get, and what close() does
 *
 * linger [undo]	undo: a socket that is bound in a way that a rule names, and connected
 *to an address that none does
 */
#include <time.h>

#include "tcp.h"

/* Longer than anything but waiting for just this takes. */
#define LONG 10

static void set_linger(int fd, int on, int seconds)
{
	struct linger linger = {on, seconds};

	must(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger));
}

static const char *read_linger(int fd)
{
	struct linger linger = {-1, -1};
	socklen_t len = sizeof linger;
	char *text = scratch_text();

	if (getsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, &len) < 0)
		return result(-1);
	sprintf(text, "%d %d len %u", linger.l_onoff, linger.l_linger, len);
	return text;
}

/* Only whether it lingers at all. */
static const char *read_half(int fd)
{
	int on = -1;
	socklen_t len = sizeof on;
	char *text = scratch_text();

	if (getsockopt(fd, SOL_SOCKET, SO_LINGER, &on, &len) < 0)
		return result(-1);
	sprintf(text, "%d len %u", on, len);
	return text;
}

/* ---- values ---- */

static const struct linger values[] = {
	{1, 5},  {0, 7},     {0, 0}, {1, 0}, {0, 3},  {1, 100000000},
	{1, -1}, {1, 65535}, {7, 2}, {1, 0}, {-1, 1}, {0, 0},
};

static void value_by_value(const char *what, int fd)
{
	struct linger linger = {1, 1};

	say("%s: at first %s", what, read_linger(fd));
	for (unsigned i = 0; i < ARRAY_SIZE(values); i++) {
		set_linger(fd, values[i].l_onoff, values[i].l_linger);
		say("%s: %d %d: %s, %s", what, values[i].l_onoff, values[i].l_linger,
		    read_linger(fd), read_half(fd));
	}
	say("%s: too short: %s", what,
	    result(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, 7)));
	say("%s: nothing: %s", what, result(setsockopt(fd, SOL_SOCKET, SO_LINGER, NULL, 8)));
	say("%s: then %s", what, read_linger(fd));
}

static void read_back(const struct family *f)
{
	int listener = listener_on(f, f->loopback, 0, "server"), ends[2], minutes = 5;

	connected_pair(f, f->loopback, ends);
	value_by_value("listener", listener);
	value_by_value("client", ends[0]);
	value_by_value("accepted", ends[1]);
	/* beside others that are remembered in the same place */
	must(setsockopt(ends[0], IPPROTO_TCP, TCP_KEEPINTVL, &minutes, sizeof minutes));
	value_by_value("client with TCP_KEEPINTVL", ends[0]);
	must(setsockopt(ends[1], IPPROTO_TCP, TCP_SYNCNT, &minutes, sizeof minutes));
	value_by_value("accepted with TCP_SYNCNT", ends[1]);
	check_echo(ends[0], ends[1]);
	close(ends[0]);
	close(ends[1]);
	close(listener);
}

/* Set before connect() and bind(); a listener's goes to what it accepts. */
static void handed_on(const struct family *f)
{
	for (unsigned i = 0; i < ARRAY_SIZE(values); i++) {
		int listener = socket_of(f, 0), client = socket_of(f, 0), server;
		struct address peer;

		set_linger(client, values[i].l_onoff, values[i].l_linger);
		set_linger(listener, 1, 77);
		set_linger(listener, values[i].l_onoff, values[i].l_linger);
		must(bind_to(listener, f->loopback, 0));
		must(listen(listener, 5));
		must(connect_to(client, f->loopback, local_port(listener)));
		server = accept_one(listener, &peer);
		say("%d %d before: client %s, listener %s, accepted %s", values[i].l_onoff,
		    values[i].l_linger, read_linger(client), read_linger(listener),
		    read_linger(server));
		close(server);
		close(client);
		set_linger(listener, 1, 88);
		client = socket_of(f, 0);
		must(connect_to(client, f->loopback, local_port(listener)));
		server = accept_one(listener, &peer);
		say("88 later: client %s, accepted %s", read_linger(client),
		    read_linger(server));
		close(server);
		close(client);
		close(listener);
	}
}

/* ---- close() ---- */

static double now(void)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

/* Close one end after some data, while the other has neither read nor closed. */
static void close_with_data(const char *what, int closing, int other, bool orderly)
{
	static char data[100000];
	double before = now();
	size_t size = 0;
	ssize_t got;

	must(write(closing, "data", 4) + write(closing, data, 65536));
	must(close(closing));
	say("%s: close() %s", what, now() - before < LONG / 2.0 ? "returns" : "waits");
	while (orderly && (got = must(read(other, data, sizeof data))) > 0)
		size += (size_t)got;
	if (orderly)
		say("%s: the other side has read %zu", what, size);
	close(other);
}

static void closing(const struct family *f)
{
	static const char *const whats[] = {"client", "accepted"};
	int ends[2];

	for (int closes = 0; closes < 2; closes++) {
		int other = !closes, flags;

		connected_pair(f, f->loopback, ends);
		set_linger(ends[closes], 1, LONG);
		close_with_data(whats[closes], ends[closes], ends[other], true);

		connected_pair(f, f->loopback, ends);
		set_linger(ends[closes], 1, LONG);
		flags = fcntl(ends[closes], F_GETFL);
		must(fcntl(ends[closes], F_SETFL, flags | O_NONBLOCK));
		close_with_data("non-blocking", ends[closes], ends[other], true);

		connected_pair(f, f->loopback, ends);
		set_linger(ends[closes], 1, LONG);
		must(shutdown(ends[closes], SHUT_RD));
		close_with_data("after shutdown", ends[closes], ends[other], true);

		connected_pair(f, f->loopback, ends);
		set_linger(ends[closes], 1, LONG);
		set_linger(ends[closes], 1, 0);
		close_with_data("aborted", ends[closes], ends[other], false);

		connected_pair(f, f->loopback, ends);
		set_linger(ends[closes], 1, LONG);
		set_linger(ends[closes], 0, 0);
		close_with_data("turned off", ends[closes], ends[other], true);
	}
}

static void closing_what_was_set_before(const struct family *f)
{
	int listener = socket_of(f, 0), clients[2], servers[2];
	struct address peer;

	set_linger(listener, 1, LONG);
	must(bind_to(listener, f->loopback, 0));
	must(listen(listener, 5));
	for (int i = 0; i < 2; i++) {
		clients[i] = socket_of(f, 0);
		set_linger(clients[i], 1, LONG);
		must(connect_to(clients[i], f->loopback, local_port(listener)));
		servers[i] = accept_one(listener, &peer);
	}
	close_with_data("set before connect()", clients[0], servers[0], true);
	close_with_data("set before bind()", servers[1], clients[1], true);
	close(listener);
}

/* ---- a conversion that is undone ---- */

static void undone(const struct family *f, const struct linger *value, bool late)
{
	int listener = listener_on(f, f->loopback, 0, "server"), fd = socket_of(f, 0);

	if (!late)
		set_linger(fd, value->l_onoff, value->l_linger);
	must(bind_to(fd, "127.0.0.9", 0));
	check_carried(fd);
	if (late)
		set_linger(fd, value->l_onoff, value->l_linger);
	must(connect_to(fd, f->loopback, local_port(listener)));
	check(kernel_family(fd) == AF_INET);
	say("%d %d: %s", value->l_onoff, value->l_linger, read_linger(fd));
	close(fd);
	close(listener);
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "undo") == 0) {
		for (unsigned i = 0; i < 2 * ARRAY_SIZE(values); i++)
			undone(&families[0], &values[i / 2], i % 2);
		return test_failed;
	}
	each_family("values", read_back);
	each_family("set before", handed_on);
	each_family("close", closing);
	each_family("close, set before", closing_what_was_set_before);
	return test_failed;
}
