/* SPDX-License-Identifier: MIT */
/*
 * names.c - connect, accept, and what getsockname() and getpeername() say at both ends
 *
 * names			every family, blocking and not, listening at one address or at
 *all
 * names FROM TO PORT		a server bound to FROM (port PORT), a client that connects to
 *TO: prints all names with their numbers; TO may have another port: ADDRESS PORT2 at the end
 */
#include "tcp.h"

/* ---- the four names, echo, the end ---- */

static void short_buffer(const char *name, int (*call)(int, struct sockaddr *, socklen_t *),
			 int fd, socklen_t room)
{
	struct address a;
	int got;

	memset(&a, 0xee, sizeof a);
	a.len = room;
	got = call(fd, &a.any, &a.len);
	say("%s with room for %u: %s, len %u, next byte %s", name, room, result(got), a.len,
	    ((unsigned char *)&a.room)[room] == 0xee ? "untouched" : "written");
}

static void short_buffers(int fd)
{
	for (socklen_t room = 0; room < 30; room += 5) {
		short_buffer("getpeername", getpeername, fd, room);
		short_buffer("getsockname", getsockname, fd, room);
	}
}

static void talk(int client, int server)
{
	check_carried(client);
	check_carried(server);
	say("client: local %s, peer %s", local_name(client), peer_name(client));
	say("server: local %s, peer %s", local_name(server), peer_name(server));
	check_echo(client, server);
	short_buffers(client);
	close(client);
	say("end of data: %zd", read(server, &(char){0}, 1));
}

static int client_of(const struct family *f, const char *to, uint16_t port, bool blocking)
{
	int fd = socket_of(f, blocking ? SOCK_CLOEXEC : SOCK_NONBLOCK);

	say("before connect: local %s, peer %s", local_name(fd), peer_name(fd));
	say("connect: %s", result(connect_to(fd, to, port)));
	if (!blocking) {
		say("poll: %s", events_text(wait_for(fd, POLLIN | POLLOUT | POLLRDHUP)));
		say("SO_ERROR: %s", pending_error(fd));
		say("connect again: %s", result(connect_to(fd, to, port)));
	}
	say("connect once more: %s", result(connect_to(fd, to, port)));
	say("F_GETFL has O_NONBLOCK: %d, F_GETFD: %d", !!(fcntl(fd, F_GETFL) & O_NONBLOCK),
	    fcntl(fd, F_GETFD));
	fcntl(fd, F_SETFL, O_RDWR);
	know_port(local_port(fd), "client");
	return fd;
}

static int server_end(int listener, int flags)
{
	struct address peer = {.len = sizeof peer.room};
	int fd;

	say("listener: poll %s", events_text(wait_for(listener, POLLIN | POLLOUT | POLLRDHUP)));
	fd = must(flags < 0 ? accept(listener, &peer.any, &peer.len)
			    : accept4(listener, &peer.any, &peer.len, flags));
	say("accept: %s", show(&peer));
	say("F_GETFL has O_NONBLOCK: %d, F_GETFD: %d", !!(fcntl(fd, F_GETFL) & O_NONBLOCK),
	    fcntl(fd, F_GETFD));
	fcntl(fd, F_SETFL, O_RDWR);
	return fd;
}

static void meet(const struct family *f, const char *on, bool blocking)
{
	int listener = listener_on(f, on, blocking ? 0 : SOCK_NONBLOCK, "server");
	uint16_t port = local_port(listener);
	struct address peer = {.len = sizeof peer.room};
	int client, server;

	check_carried(listener);
	say("listener: local %s, peer %s", local_name(listener), peer_name(listener));
	if (!blocking)
		say("accept when nobody came: %s",
		    result(accept(listener, &peer.any, &peer.len)));
	client = client_of(f, f->loopback, port, blocking);
	server = server_end(listener, blocking ? -1 : SOCK_NONBLOCK | SOCK_CLOEXEC);
	talk(client, server);
	close(server);

	/* accept() without an address, and with too short a one */
	client = client_of(f, f->loopback, port, true);
	wait_for(listener, POLLIN);
	server = must(accept(listener, NULL, NULL));
	say("accept without an address: peer %s", peer_name(server));
	close(server);
	close(client);
	client = client_of(f, f->loopback, port, true);
	wait_for(listener, POLLIN);
	memset(&peer, 0xee, sizeof peer);
	peer.len = 4;
	server = must(accept(listener, &peer.any, &peer.len));
	say("accept with room for 4: len %u, next byte %s", peer.len,
	    ((unsigned char *)&peer.room)[4] == 0xee ? "untouched" : "written");
	close(server);
	close(client);
	client = client_of(f, f->loopback, port, true);
	wait_for(listener, POLLIN);
	peer.len = (socklen_t)-1;
	say("accept with a negative length: %s",
	    result(accept(listener, &peer.any, &peer.len)));
	close(client);
	close(listener);
}

static void blocking_loopback(const struct family *f)
{
	meet(f, f->loopback, true);
}

static void blocking_any(const struct family *f)
{
	meet(f, f->any, true);
}

static void nonblocking_loopback(const struct family *f)
{
	meet(f, f->loopback, false);
}

static void nonblocking_any(const struct family *f)
{
	meet(f, f->any, false);
}

/* connect() to 0.0.0.0 or :: means loopback */
static void to_unspecified(const struct family *f)
{
	int listener = listener_on(f, f->loopback, 0, "server"), client = socket_of(f, 0);

	say("connect: %s", result(connect_to(client, f->any, local_port(listener))));
	know_port(local_port(client), "client");
	check_carried(client);
	say("client: local %s, peer %s", local_name(client), peer_name(client));
	close(client);
	close(listener);
}

/* An IPv4 client of a listener at [::]. */
static void dual_stack(void)
{
	int listener = listener_on(&families[1], "::", 0, "server");
	int client = socket_of(&families[0], 0), server;
	struct address peer;

	must(connect_to(client, "127.0.0.1", local_port(listener)));
	know_port(local_port(client), "client");
	server = accept_one(listener, &peer);
	say("accept at [::]: %s", show(&peer));
	say("client: local %s, peer %s", local_name(client), peer_name(client));
	say("server: local %s, peer %s at [::]", local_name(server), peer_name(server));
	check_echo(client, server);
	close(client);
	close(server);
	close(listener);
}

/* A shorter IPv6 address, without its scope, is good too; a longer one as well. */
static void odd_lengths(void)
{
	int listener = listener_on(&families[1], "::1", 0, "server");
	struct address a = address_of("::1", local_port(listener)),
		       unbound = address_of("::1", 0);

	for (socklen_t len = 22; len <= 34; len += 2) {
		int fd = socket_of(&families[1], 0);

		say("connect with length %u: %s", len, result(connect(fd, &a.any, len)));
		close(fd);
		fd = socket_of(&families[1], 0);
		say("bind with length %u: %s", len, result(bind(fd, &unbound.any, len)));
		close(fd);
	}
	close(listener);
}

/* ---- any addresses, with their numbers ---- */

static const char *name_in_numbers(const struct address *a)
{
	static char texts[4][80];
	static int next;
	char ip[INET6_ADDRSTRLEN], *text = texts[next++ % 4];
	bool v4 = a->any.sa_family == AF_INET;

	inet_ntop(a->any.sa_family, v4 ? (void *)&a->in.sin_addr : (void *)&a->in6.sin6_addr,
		  ip, sizeof ip);
	snprintf(text, 80, "%s %s", ip,
		 port_in(a) >= 32768 ? port_name(port_in(a)) : result(port_in(a)));
	return text;
}

static const char *name_of(int fd, int (*call)(int, struct sockaddr *, socklen_t *))
{
	struct address a = {.len = sizeof a.room};

	must(call(fd, &a.any, &a.len));
	return name_in_numbers(&a);
}

static int explicitly(const char *from, uint16_t port, const char *to, uint16_t to_port)
{
	struct address on = address_of(from, port), target = address_of(to, to_port), peer;
	int listener = must(socket(on.any.sa_family, SOCK_STREAM, 0)), server;
	int client = must(socket(target.any.sa_family, SOCK_STREAM, 0));

	must(bind(listener, &on.any, on.len));
	must(listen(listener, 5));
	must(connect(client, &target.any, target.len));
	know_port(local_port(client), "client");
	check_carried(client);
	server = accept_one(listener, &peer);
	printf("accept %s\n", name_in_numbers(&peer));
	printf("client %s -> %s\n", name_of(client, getsockname), name_of(client, getpeername));
	printf("server %s -> %s\n", name_of(server, getsockname), name_of(server, getpeername));
	check_echo(client, server);
	shutdown(client, SHUT_WR);
	shutdown(server, SHUT_WR);
	printf("client after shutdown %s -> %s\n", name_of(client, getsockname),
	       name_of(client, getpeername));
	printf("server after shutdown %s -> %s\n", name_of(server, getsockname),
	       name_of(server, getpeername));
	return test_failed;
}

int main(int argc, char **argv)
{
	if (argc >= 4)
		return explicitly(argv[1], (uint16_t)atoi(argv[2]), argv[3],
				  (uint16_t)atoi(argv[argc > 4 ? 4 : 2]));
	each_family("blocking, at loopback", blocking_loopback);
	each_family("blocking, at all addresses", blocking_any);
	each_family("non-blocking, at loopback", nonblocking_loopback);
	each_family("non-blocking, at all addresses", nonblocking_any);
	each_family("to the unspecified address", to_unspecified);
	section("v6", "dual stack");
	dual_stack();
	section("v6", "odd lengths");
	odd_lengths();
	return test_failed;
}
