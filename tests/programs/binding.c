/* SPDX-License-Identifier: MIT */
/*
 * binding.c - bind() and listen(): who may have a port, and who gets the connections
 *
 * binding			over TCP or over VM sockets: the same
 * binding hold ADDRESS PORT	bind and listen there until the end of standard input
 * binding take ...		the other process of a test
 */
#include <sys/wait.h>

#include "tcp.h"

static void set(int fd, int level, int name, int value)
{
	must(setsockopt(fd, level, name, &value, sizeof value));
}

/* ---- two binds of one port ---- */

struct place {
	const char *label, *ip;
	bool v6only;
};

static const struct place places[] = {
	{"0.0.0.0", "0.0.0.0", false},
	{"127.0.0.1", "127.0.0.1", false},
	{"127.0.0.2", "127.0.0.2", false},
	{"::", "::", false},
	{":: V6ONLY", "::", true},
	{"::1", "::1", false},
	{"::ffff:127.0.0.1", "::ffff:127.0.0.1", false},
	{"::ffff:0.0.0.0", "::ffff:0.0.0.0", false},
};

static int socket_for(const struct place *place, int option)
{
	int fd = must(
		socket(address_of(place->ip, 0).any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0));

	if (place->v6only)
		set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	if (option)
		set(fd, SOL_SOCKET, option, 1);
	return fd;
}

/* A port that nothing else has to do with: no connection lingers on it. */
static uint16_t fresh_port(void)
{
	static uint16_t next = 20000;

	return next++;
}

/* The second bind of a port, and its listen(), when the first one is bound or listens. */
static void second_bind(const struct place *first, const struct place *second, int option,
			bool listening)
{
	int one = socket_for(first, option), other = socket_for(second, option), bound;
	uint16_t port;

	/* a quirk of the kernel: this pair it finds in conflict only the other way round */
	if (strcmp(first->label, "::ffff:0.0.0.0") == 0 &&
	    strcmp(second->label, "::ffff:127.0.0.1") == 0)
		return (void)(close(one), close(other));
	port = fresh_port();
	must(bind_to(one, first->ip, port));
	if (listening)
		must(listen(one, 5));
	bound = bind_to(other, second->ip, port);
	say("%s %s, then %s: bind %s", first->label, listening ? "listens" : "is bound",
	    second->label, result(bound));
	if (bound == 0) {
		know_port(port, "port");
		say("  local %s, listen %s", local_name(other), result(listen(other, 5)));
		say("  the first is %s, listen %s", local_name(one), result(listen(one, 5)));
		forget_ports();
	}
	close(one);
	close(other);
}

/* With @bound also those where the first has not called listen() yet. */
static void second_binds(const char *title, int option, bool bound)
{
	section("all pairs,", title);
	for (unsigned i = 0; i < ARRAY_SIZE(places); i++)
		for (unsigned j = 0; j < ARRAY_SIZE(places); j++)
			for (int listening = !bound; listening < 2; listening++)
				second_bind(&places[i], &places[j], option, listening);
}

/* TCP lets several sockets have a port with SO_REUSEADDR as long as none listens. */
static void both_bound_reuseaddr(void)
{
	int one = socket_for(&places[0], SO_REUSEADDR),
	    other = socket_for(&places[0], SO_REUSEADDR);

	must(bind_to(one, "0.0.0.0", 0));
	say("with SO_REUSEADDR, neither listens: bind %s",
	    result(bind_to(other, "0.0.0.0", local_port(one))));
	close(one);
	close(other);
}

static void take_elsewhere(const struct place *first, const struct place *second, int option)
{
	int one = socket_for(first, option), status;
	char port[8];

	must(bind_to(one, first->ip, fresh_port()));
	must(listen(one, 5));
	sprintf(port, "%u", local_port(one));
	if (must(fork()) == 0) {
		execl("/proc/self/exe", "binding", "take", first->label, second->label,
		      second->ip, port, second->v6only ? "v6only" : "",
		      option ? "reuseport" : "", NULL);
		_exit(127);
	}
	must(wait(&status));
	close(one);
}

static void other_process(void)
{
	section("two", "processes");
	for (unsigned i = 0; i < ARRAY_SIZE(places); i++)
		take_elsewhere(&places[i], &places[i], 0);
	take_elsewhere(&places[0], &places[1], 0);
	take_elsewhere(&places[3], &places[0], 0);
	take_elsewhere(&places[0], &places[4], 0);
	take_elsewhere(&places[0], &places[0], SO_REUSEPORT);
}

/* ---- who gets the connections ---- */

static void serve_one(const struct pollfd *listeners, unsigned count, int client)
{
	unsigned ready = 0;

	for (unsigned i = 0; i < count; i++) {
		struct address peer;
		int fd;

		if (!(listeners[i].revents & POLLIN))
			continue;
		ready++;
		fd = accept_one(listeners[i].fd, &peer);
		check_echo(client, fd);
		close(fd);
	}
	say("listeners that were ready for one connection: %u", ready);
}

/* Connections to each address in turn: exactly one listener gets each, none hangs. */
static void connections(struct pollfd *listeners, unsigned count, uint16_t port,
			const char *const *addresses)
{
	for (; *addresses; addresses++) {
		struct address a = address_of(*addresses, port);
		int client = must(socket(a.any.sa_family, SOCK_STREAM, 0));

		say("connect to %s: %s", *addresses, result(connect(client, &a.any, a.len)));
		check(poll(listeners, count, PATIENCE_MS) > 0);
		serve_one(listeners, count, client);
		close(client);
	}
	for (unsigned i = 0; i < count; i++) {
		fcntl(listeners[i].fd, F_SETFL, O_RDWR | O_NONBLOCK);
		say("listener %u afterwards: events %s, accept %s", i,
		    events_text(events_now(listeners[i].fd, POLLIN | POLLOUT)),
		    result(accept(listeners[i].fd, NULL, NULL)));
	}
}

/* As most servers do: 0.0.0.0 and [::] of one port. */
static void both_wildcards(bool v6_first)
{
	static const char *const all[] = {"127.0.0.1", "::1", "::ffff:127.0.0.1", "127.0.0.1",
					  NULL};
	int v4 = socket_for(&places[0], SO_REUSEADDR),
	    v6 = socket_for(&places[4], SO_REUSEADDR);
	int one = v6_first ? v6 : v4, other = v6_first ? v4 : v6;
	struct pollfd listeners[] = {{.fd = one, .events = POLLIN},
				     {.fd = other, .events = POLLIN}};
	uint16_t port;

	section(v6_first ? "v6 and v4" : "v4 and v6", "wildcards of one port");
	/* not one that the kernel picks for one family: a client of the other may have had it
	 * just now */
	port = fresh_port();
	must(bind_to(one, v6_first ? "::" : "0.0.0.0", port));
	know_port(port, "port");
	must(bind_to(other, v6_first ? "0.0.0.0" : "::", port));
	must(listen(one, 5));
	must(listen(other, 5));
	say("local %s and %s", local_name(one), local_name(other));
	check_carried(one);
	check_carried(other);
	say("ready before anybody came: %d", poll(listeners, 2, 0));
	connections(listeners, 2, port, all);
	close(one);
	/* the one that is left is still a listener */
	say("the other: events %s", events_text(events_now(other, POLLIN)));
	close(other);
}

static void reuseport(void)
{
	struct pollfd listeners[3];
	struct place any = {"", "127.0.0.1", false};
	uint16_t port = 0;
	int got = 0;

	section("v4", "SO_REUSEPORT in one process");
	for (int i = 0; i < 3; i++) {
		listeners[i] =
			(struct pollfd){.fd = socket_for(&any, SO_REUSEPORT), .events = POLLIN};
		fcntl(listeners[i].fd, F_SETFL, O_RDWR | O_NONBLOCK);
		must(bind_to(listeners[i].fd, any.ip, port));
		port = local_port(listeners[i].fd);
		must(listen(listeners[i].fd, 20));
		check_carried(listeners[i].fd);
	}
	for (int i = 0; i < 10; i++) {
		int client = socket_of(&families[0], 0), server = -1;

		must(connect_to(client, any.ip, port));
		while (server < 0 && poll(listeners, 3, PATIENCE_MS) > 0)
			for (int j = 0; j < 3 && server < 0; j++)
				if (listeners[j].revents)
					server = accept(listeners[j].fd, NULL, NULL);
		if (server >= 0) {
			check_echo(client, server);
			got++;
		}
		close(server);
		close(client);
	}
	say("accepted: %d", got);
	for (int i = 0; i < 3; i++)
		close(listeners[i].fd);
}

/* Each of them can accept by itself: a server with a listener for each worker. */
static void reuseport_each(void)
{
	struct place any = {"", "0.0.0.0", false};
	int one = socket_for(&any, SO_REUSEPORT), other = socket_for(&any, SO_REUSEPORT);
	uint16_t port;

	section("v4", "SO_REUSEPORT, one closed");
	must(bind_to(one, any.ip, 0));
	port = local_port(one);
	must(listen(one, 5));
	must(bind_to(other, any.ip, port));
	must(listen(other, 5));
	close(one);
	for (int i = 0; i < 3; i++) {
		int client = socket_of(&families[0], 0), server;
		struct address peer;

		must(connect_to(client, "127.0.0.1", port));
		server = accept_one(other, &peer);
		check_echo(client, server);
		close(client);
		close(server);
	}
	say("the other one serves");
	close(other);
}

/* ---- ports ---- */

static void port_zero(const struct family *f)
{
	int fds[20], different = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(fds); i++) {
		fds[i] = listener_on(f, f->loopback, 0, "server");
		check(local_port(fds[i]) >= 1024);
		for (unsigned j = 0; j < i; j++)
			different += local_port(fds[i]) != local_port(fds[j]);
	}
	say("pairs with different ports: %d", different);
	for (unsigned i = 0; i < ARRAY_SIZE(fds); i++)
		close(fds[i]);
}

static void unbound_listen(const struct family *f)
{
	int fd = socket_of(f, 0), client = socket_of(f, 0), server;
	struct address peer;

	say("listen: %s", result(listen(fd, 5)));
	know_port(local_port(fd), "server");
	check(local_port(fd) >= 1024);
	check_carried(fd);
	say("local %s", local_name(fd));
	say("connect: %s", result(connect_to(client, f->loopback, local_port(fd))));
	know_port(local_port(client), "client");
	server = accept_one(fd, &peer);
	say("client %s -> %s", local_name(client), peer_name(client));
	check_echo(client, server);
	close(client);
	close(server);
	close(fd);
}

/* A port is free again at once when its listener is closed, connections or not. */
static void rebind(const struct family *f)
{
	int listener = socket_of(f, 0), client = socket_of(f, 0), server,
	    again = socket_of(f, 0);
	struct address peer;
	uint16_t port;

	set(listener, SOL_SOCKET, SO_REUSEADDR, 1);
	set(again, SOL_SOCKET, SO_REUSEADDR, 1);
	must(bind_to(listener, f->loopback, 0));
	port = local_port(listener);
	must(listen(listener, 5));
	must(connect_to(client, f->loopback, port));
	server = accept_one(listener, &peer);
	close(listener);
	say("bind again: %s", result(bind_to(again, f->loopback, port)));
	say("listen again: %s", result(listen(again, 5)));
	check_echo(client, server);
	close(client);
	close(server);
	close(again);
}

static int take(char **argv)
{
	struct place place = {"", argv[4], strcmp(argv[6], "v6only") == 0};
	int fd = socket_for(&place, *argv[7] ? SO_REUSEPORT : 0);

	say("%s listens%s, another process takes %s: %s", argv[2],
	    *argv[7] ? " with SO_REUSEPORT" : "", argv[3],
	    result(bind_to(fd, place.ip, (uint16_t)atoi(argv[5]))));
	return 0;
}

static int hold(char **argv)
{
	struct address on = address_of(argv[2], (uint16_t)atoi(argv[3]));
	int fd = must(socket(on.any.sa_family, SOCK_STREAM, 0));
	char byte;

	must(bind(fd, &on.any, on.len));
	must(listen(fd, 5));
	say("%u", local_port(fd));
	while (read(STDIN_FILENO, &byte, 1) > 0)
		continue;
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 8 && strcmp(argv[1], "take") == 0)
		return take(argv);
	if (argc == 4 && strcmp(argv[1], "hold") == 0)
		return hold(argv);
	second_binds("no option", 0, true);
	second_binds("SO_REUSEADDR", SO_REUSEADDR, false);
	both_bound_reuseaddr();
	second_binds("SO_REUSEPORT", SO_REUSEPORT, true);
	other_process();
	both_wildcards(false);
	both_wildcards(true);
	reuseport();
	reuseport_each();
	each_family("port 0", port_zero);
	each_family("listen without bind", unbound_listen);
	each_family("a port again", rebind);
	return test_failed;
}
