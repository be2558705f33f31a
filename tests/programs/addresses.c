/* SPDX-License-Identifier: MIT */
/*
 * addresses.c - a server that listens on loopback and on an address of the network, on one port
 *
 * addresses NETWORK4 NETWORK6		two addresses of this machine
 * addresses take FIRST SECOND PORT	the other process of a test
 *
 * Over VM sockets a machine has CID 1 and one more, whatever number of addresses: each is
 * served, but not always by the listener of that name. So the lines say which only where the
 * loopback addresses come first, and the address only where there is one of the network.
 */
#include <sys/wait.h>

#include "tcp.h"

#define MOST 4

/* What is listened on, in this order; and what is connected to, if that is not the same. */
struct server {
	const char *ips[MOST + 1], *visits[MOST + 1];
	struct pollfd listeners[MOST];
	uint16_t port;
};

static bool is_loopback(const char *ip)
{
	return strncmp(ip, "127.", 4) == 0 || strcmp(ip, "::1") == 0;
}

static int domain_of(const char *ip)
{
	return address_of(ip, 0).any.sa_family;
}

static int listener_at(const char *ip)
{
	int fd = must(socket(domain_of(ip), SOCK_STREAM | SOCK_CLOEXEC, 0));

	if (domain_of(ip) == AF_INET6)
		must(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &(int){1}, sizeof(int)));
	return fd;
}

/* A port that nothing else has to do with: no connection lingers on it. */
static uint16_t fresh_port(void)
{
	static uint16_t next = 21000;

	return next++;
}

static void open_all(struct server *s)
{
	s->port = fresh_port();
	know_port(s->port, "port");
	for (unsigned i = 0; s->ips[i]; i++) {
		int fd = listener_at(s->ips[i]);

		say("bind to %s: %s", s->ips[i], result(bind_to(fd, s->ips[i], s->port)));
		say("local %s, listen: %s", local_name(fd), result(listen(fd, 5)));
		say("then local %s", local_name(fd));
		check_carried(fd);
		s->listeners[i] = (struct pollfd){.fd = fd, .events = POLLIN};
	}
}

static void accepted(const struct server *s, unsigned i, int client)
{
	int server = must(accept(s->listeners[i].fd, NULL, NULL));

	check_carried(server);
	check_echo(client, server);
	if (is_loopback(s->ips[0]))
		say("served on %s", is_loopback(s->ips[i]) ? "loopback" : "the network");
	if (!s->ips[MOST - 1] && is_loopback(s->ips[0]) && !is_loopback(s->ips[i]))
		say("at %s", local_name(server));
	/* the client first, so that nothing lingers on the server's port */
	shutdown(client, SHUT_RDWR);
	check(read(server, &(char){0}, 1) == 0);
	close(server);
}

/* One connection, accepted by whoever is ready. */
static void visit(struct server *s, const char *ip)
{
	int client = must(socket(domain_of(ip), SOCK_STREAM, 0)), ready = 0;

	say("connect to %s: %s", ip, result(connect_to(client, ip, s->port)));
	if (poll(s->listeners, MOST, 2000) > 0)
		for (unsigned i = 0; i < MOST && s->ips[i]; i++)
			if (s->listeners[i].revents & POLLIN) {
				accepted(s, i, client);
				ready++;
			}
	say("ready: %d", ready);
	close(client);
}

static void close_all(struct server *s)
{
	for (unsigned i = 0; s->ips[i]; i++)
		close(s->listeners[i].fd);
}

static void serve(struct server s)
{
	const char **visits = s.visits[0] ? s.visits : s.ips;

	section("on", s.ips[0]);
	for (unsigned i = 0; i < MOST; i++)
		s.listeners[i].fd = -1;
	open_all(&s);
	while (*visits)
		visit(&s, *visits++);
	close_all(&s);
}

static int take(char **argv)
{
	int fd = listener_at(argv[3]);

	say("%s listens, another process takes %s: %s", argv[2], argv[3],
	    result(bind_to(fd, argv[3], (uint16_t)atoi(argv[4]))));
	return test_failed;
}

static void take_elsewhere(const char *first, const char *second)
{
	struct server s = {.ips = {first}};
	char port[8];
	int status;

	section("two", "processes");
	open_all(&s);
	sprintf(port, "%u", s.port);
	if (must(fork()) == 0) {
		execl("/proc/self/exe", "addresses", "take", first, second, port, NULL);
		_exit(127);
	}
	must(wait(&status));
	close_all(&s);
}

int main(int argc, char **argv)
{
	const char *four, *six;

	if (argc == 5 && strcmp(argv[1], "take") == 0)
		return take(argv);
	if (argc != 3)
		return 2;
	four = argv[1];
	six = argv[2];
	serve((struct server){.ips = {"127.0.0.1", four}});
	serve((struct server){.ips = {"::1", "127.0.0.1", four}});
	serve((struct server){.ips = {"127.0.0.1", "::1", four, six}});
	serve((struct server){.ips = {"::1", "0.0.0.0"}, .visits = {"::1", four}});
	serve((struct server){.ips = {four, "127.0.0.1"}});
	serve((struct server){.ips = {six, four, "::1", "127.0.0.1"}});
	take_elsewhere("127.0.0.1", four);
	take_elsewhere("127.0.0.1", "0.0.0.0");
	take_elsewhere(four, four);
	take_elsewhere(four, "127.0.0.1");
	return test_failed;
}
