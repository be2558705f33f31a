/* SPDX-License-Identifier: MIT */
/*
 * errors.c - what connect() and its neighbours say when things go wrong
 *
 * errors			over TCP or over VM sockets: the same
 * errors connect ADDRESS PORT	one address, blocking and not: prints the two errors
 * errors bind ADDRESS PORT	one address: prints the error
 * errors nobody ADDRESS PORT	the same, as an ordinary user
 */
#include <grp.h>

#include "tcp.h"

static void try_good(int fd, const struct family *f, const char *how)
{
	int listener = listener_on(f, f->loopback, 0, "server"), server;
	uint16_t port = local_port(listener);
	struct address peer;

	say("%s, connect to a good port: %s", how, result(connect_to(fd, f->loopback, port)));
	if (errno == ECONNABORTED || errno == ECONNREFUSED) {
		say("%s, and again: %s", how, result(connect_to(fd, f->loopback, port)));
	}
	if (wait_for(fd, POLLOUT) != POLLOUT) {
		complain("%s: not connected", how);
		return;
	}
	say("%s, SO_ERROR: %s", how, pending_error(fd));
	know_port(local_port(fd), "client");
	server = accept_one(listener, &peer);
	say("%s, peer %s, accepted %s", how, peer_name(fd), show(&peer));
	check_carried(fd);
	fcntl(fd, F_SETFL, O_RDWR);
	check_echo(fd, server);
	close(server);
	close(listener);
	close(fd);
}

/* ---- refused ---- */

static void refused_blocking(const struct family *f)
{
	int fd = socket_of(f, 0);
	uint16_t port = free_port();

	say("connect: %s", result(connect_to(fd, f->loopback, port)));
	say("SO_ERROR: %s", pending_error(fd));
	say("peer %s", peer_name(fd));
	say("connect again: %s", result(connect_to(fd, f->loopback, port)));
	say("connect to port 0: %s", result(connect_to(fd, f->loopback, 0)));
	for (int i = 0; i < 300; i++) {
		errno = 0;
		check(connect_to(fd, f->loopback, port) < 0 && errno == ECONNREFUSED);
	}
	try_good(fd, f, "after refusals");
}

/* The orders in which a program may ask about a failure. */
static void refused_nonblocking(const struct family *f)
{
	uint16_t port = free_port();
	int fd = socket_of(f, SOCK_NONBLOCK);

	say("connect: %s", result(connect_to(fd, f->loopback, port)));
	say("events: %s", events_text(wait_for(fd, POLLIN | POLLOUT | POLLRDHUP)));
	say("SO_ERROR: %s, and then", pending_error(fd));
	say("SO_ERROR: %s", pending_error(fd));
	try_good(fd, f, "after SO_ERROR was read");

	fd = socket_of(f, SOCK_NONBLOCK);
	say("connect: %s", result(connect_to(fd, f->loopback, port)));
	wait_for(fd, POLLOUT);
	say("connect without asking: %s", result(connect_to(fd, f->loopback, port)));
	say("SO_ERROR: %s", pending_error(fd));
	try_good(fd, f, "after connect told the error");

	fd = socket_of(f, SOCK_NONBLOCK);
	say("connect: %s", result(connect_to(fd, f->loopback, port)));
	wait_for(fd, POLLOUT);
	try_good(fd, f, "after nothing was asked");

	fd = socket_of(f, SOCK_NONBLOCK);
	say("connect to port 0: %s", result(connect_to(fd, f->loopback, 0)));
	wait_for(fd, POLLOUT);
	say("port 0, SO_ERROR: %s", pending_error(fd));
	close(fd);
}

/* Bound by the program before it connects. */
static void refused_bound(const struct family *f)
{
	uint16_t port = free_port(), own;
	int fd = socket_of(f, 0);

	must(bind_to(fd, f->loopback, 0));
	own = local_port(fd);
	say("connect: %s", result(connect_to(fd, f->loopback, port)));
	say("SO_ERROR: %s", pending_error(fd));
	say("the port is %s", local_port(fd) == own ? "kept" : "changed");
	try_good(fd, f, "bound");
}

/* ---- in the wrong state ---- */

static void wrong_state(const struct family *f)
{
	int ends[2], fd = socket_of(f, 0), listener = listener_on(f, f->loopback, 0, "server");
	uint16_t port = local_port(listener);
	struct address peer = {.len = sizeof peer.room};

	connected_pair(f, f->loopback, ends);
	for (int i = 0; i < 2; i++) {
		say("end %d: connect: %s", i, result(connect_to(ends[i], f->loopback, port)));
		say("end %d: bind: %s", i, result(bind_to(ends[i], f->loopback, 0)));
		say("end %d: listen: %s", i, result(listen(ends[i], 5)));
		peer.len = sizeof peer.room;
		say("end %d: accept: %s", i, result(accept(ends[i], &peer.any, &peer.len)));
		say("end %d: shutdown 3: %s", i, result(shutdown(ends[i], 3)));
		close(ends[i]);
	}
	say("listener: connect: %s", result(connect_to(listener, f->loopback, port)));
	say("listener: bind: %s", result(bind_to(listener, f->loopback, 0)));
	say("listener: listen: %s", result(listen(listener, 0)));
	say("listener: peer %s", peer_name(listener));
	say("listener: recv %s", result(recv(listener, &(char){0}, 1, 0)));
	say("listener: SO_ERROR %s", pending_error(listener));
	say("listener: shutdown 3: %s", result(shutdown(listener, 3)));
	say("listener: shutdown for writing: %s", result(shutdown(listener, SHUT_WR)));
	say("listener: SO_ACCEPTCONN %d", ({
		    int value = -1;
		    getsockopt(listener, SOL_SOCKET, SO_ACCEPTCONN, &value,
			       &(socklen_t){sizeof value});
		    value;
	    }));
	close(listener);

	must(bind_to(fd, f->loopback, 0));
	know_port(local_port(fd), "bound");
	say("bound: local %s, peer %s", local_name(fd), peer_name(fd));
	say("bound: bind: %s", result(bind_to(fd, f->loopback, 0)));
	say("bound: accept: %s", result(accept(fd, &peer.any, &peer.len)));
	say("bound: recv: %s", result(recv(fd, &(char){0}, 1, 0)));
	say("bound: send: %s", result(send(fd, "x", 1, MSG_NOSIGNAL)));
	say("bound: listen twice: %s", result(listen(fd, 5)));
	say("bound: listen twice: %s", result(listen(fd, 5)));
	close(fd);

	fd = socket_of(f, 0);
	must(bind_to(fd, f->loopback, 0));
	say("bound: shutdown: %s", result(shutdown(fd, SHUT_RDWR)));
	say("bound: peer after it: %s", peer_name(fd));
	close(fd);

	fd = socket_of(f, 0);
	say("fresh: peer %s", peer_name(fd));
	say("fresh: accept: %s", result(accept(fd, &peer.any, &peer.len)));
	say("fresh: shutdown: %s", result(shutdown(fd, SHUT_RDWR)));
	say("fresh: recv: %s", result(recv(fd, &(char){0}, 1, 0)));
	close(fd);
}

/* An address of the other family, on sockets in every state. */
static void wrong_family(const struct family *f)
{
	bool v6 = f->domain == AF_INET6;
	const char *other = v6 ? "127.0.0.1" : "::1";
	int ends[2], fd = socket_of(f, 0), listener = listener_on(f, f->loopback, 0, "server");
	uint16_t port = local_port(listener);

	say("fresh: connect: %s", result(connect_to(fd, other, port)));
	say("fresh: bind: %s", result(bind_to(fd, other, 0)));
	must(bind_to(fd, f->loopback, 0));
	say("bound: bind: %s", result(bind_to(fd, other, 0)));
	say("bound: connect: %s", result(connect_to(fd, other, port)));
	say("listener: connect: %s", result(connect_to(listener, other, port)));
	close(fd);
	connected_pair(f, f->loopback, ends);
	say("connected: connect: %s", result(connect_to(ends[0], other, port)));
	say("connected: bind: %s", result(bind_to(ends[0], other, port)));
	close(ends[0]);
	close(ends[1]);
	close(listener);
}

/* An IPv6 socket that must not use IPv4. */
static void v6only(const char *when, int fd, uint16_t port)
{
	must(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &(int){1}, sizeof(int)));
	if (*when == 'b')
		must(bind_to(fd, "::1", 0));
	say("%s, V6ONLY: connect to a mapped address: %s", when,
	    result(connect_to(fd, "::ffff:127.0.0.1", port)));
	say("%s, V6ONLY: connect to ::1: %s", when, result(connect_to(fd, "::1", port)));
	close(fd);
}

/* ---- given addresses ---- */

static int try_connect(const char *ip, uint16_t port)
{
	struct address a = address_of(ip, port);
	int fd = must(socket(a.any.sa_family, SOCK_STREAM, 0)), error;

	printf("%s", result(connect(fd, &a.any, a.len)));
	close(fd);
	fd = must(socket(a.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK, 0));
	error = connect(fd, &a.any, a.len) < 0 ? errno : 0;
	if (error == EINPROGRESS) {
		wait_for(fd, POLLOUT);
		printf(" later %s\n", pending_error(fd));
	} else {
		printf(" at once %s\n", error_name(error));
	}
	return test_failed;
}

static int try_bind(const char *ip, uint16_t port)
{
	struct address a = address_of(ip, port);

	puts(result(bind(must(socket(a.any.sa_family, SOCK_STREAM, 0)), &a.any, a.len)));
	return test_failed;
}

static void become_nobody(void)
{
	must(setgroups(0, NULL));
	must(setgid(65534));
	must(setuid(65534));
}

int main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "connect") == 0)
		return try_connect(argv[2], (uint16_t)atoi(argv[3]));
	if (argc == 4 && strcmp(argv[1], "nobody") == 0)
		become_nobody();
	if (argc == 4)
		return try_bind(argv[2], (uint16_t)atoi(argv[3]));
	each_family("refused, blocking", refused_blocking);
	each_family("refused, non-blocking", refused_nonblocking);
	each_family("refused, bound", refused_bound);
	each_family("wrong state", wrong_state);
	each_family("wrong family", wrong_family);
	section("v6", "V6ONLY");
	v6only("fresh", socket_of(&families[1], 0),
	       local_port(listener_on(&families[1], "::", 0, "server")));
	v6only("bound", socket_of(&families[1], 0),
	       local_port(listener_on(&families[1], "::", 0, "server")));
	return test_failed;
}
