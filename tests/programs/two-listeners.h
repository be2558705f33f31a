/* SPDX-License-Identifier: MIT */
/*
 * two-listeners.h - two listeners of one port, and clients of both
 */
#ifndef TESTS_PROGRAMS_TWO_LISTENERS_H
#define TESTS_PROGRAMS_TWO_LISTENERS_H

#include <sys/epoll.h>
#include <sys/ioctl.h>

#include "tcp.h"

/* Two addresses of one port, and where a client of each connects to. */
static const struct pair {
	const char *ips[2], *to[2];
} pairs[] = {
	{{"0.0.0.0", "::"}, {"127.0.0.1", "::1"}},
	{{"::", "0.0.0.0"}, {"::1", "127.0.0.1"}},
	{{"127.0.0.1", "::1"}, {"127.0.0.1", "::1"}},
	{{"127.0.0.2", "127.0.0.1"}, {"127.0.0.2", "127.0.0.1"}},
};

/* How a listener comes not to block, and how the program waits. */
struct way {
	const char *label;
	enum { FROM_BIRTH, BY_FCNTL, BY_IOCTL, BEFORE_LISTEN, BLOCKING } when;
	enum { POLL, EPOLL, EPOLL_EDGE } wait;
};

struct server {
	const struct pair *pair;
	const struct way *way;
	int fds[2], epoll;
	int late; /* events for one that is closed */
	uint16_t port;
};

MAYBE_UNUSED static int domain_of(const char *ip)
{
	return address_of(ip, 0).any.sa_family;
}

/* ---- opening ---- */

MAYBE_UNUSED static void never_block(int fd)
{
	must(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK));
}

/* A port that nothing else has to do with: no connection lingers on it. */
MAYBE_UNUSED static uint16_t fresh_port(void)
{
	static uint16_t next = 22000;

	return next++;
}

MAYBE_UNUSED static void bind_one(struct server *s, int i)
{
	int flags = s->way->when == FROM_BIRTH ? SOCK_NONBLOCK : 0, on = 1;
	int fd = must(socket(domain_of(s->pair->ips[i]), SOCK_STREAM | flags, 0));

	if (domain_of(s->pair->ips[i]) == AF_INET6)
		must(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on));
	must(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on)); /* for the next run */
	must(bind_to(fd, s->pair->ips[i], s->port));
	s->fds[i] = fd;
}

MAYBE_UNUSED static void listen_one(struct server *s, int i)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)i};
	int on = 1;

	if (s->way->when == BEFORE_LISTEN)
		never_block(s->fds[i]);
	must(listen(s->fds[i], 5));
	if (s->way->when == BY_FCNTL)
		never_block(s->fds[i]);
	if (s->way->when == BY_IOCTL)
		must(ioctl(s->fds[i], FIONBIO, &on));
	check_carried(s->fds[i]);
	if (s->way->wait == EPOLL_EDGE)
		event.events |= EPOLLET;
	must(epoll_ctl(s->epoll, EPOLL_CTL_ADD, s->fds[i], &event));
}

MAYBE_UNUSED static void open_both(struct server *s, const struct pair *pair,
				   const struct way *way)
{
	section(way->label, pair->ips[0]);
	*s = (struct server){.pair = pair, .way = way, .port = fresh_port()};
	s->epoll = must(epoll_create1(EPOLL_CLOEXEC));
	know_port(s->port, "port");
	bind_one(s, 0);
	bind_one(s, 1);
	listen_one(s, 0);
	listen_one(s, 1);
}

MAYBE_UNUSED static void close_all(struct server *s)
{
	close(s->fds[0]);
	close(s->fds[1]);
	close(s->epoll);
}

/* ---- serving ---- */

/* Which listeners are ready? A bit for each. */
MAYBE_UNUSED static unsigned ready(struct server *s, int timeout)
{
	struct pollfd fds[2] = {{.fd = s->fds[0], .events = POLLIN},
				{.fd = s->fds[1], .events = POLLIN}};
	struct epoll_event events[2];
	unsigned bits = 0;
	int count;

	if (s->way->wait == POLL) {
		if (poll(fds, 2, timeout) > 0)
			bits = (fds[0].revents & POLLIN ? 1 : 0) |
			       (fds[1].revents & POLLIN ? 2 : 0);
		return bits;
	}
	if (s->fds[0] < 0 || s->fds[1] < 0)
		poll(NULL, 0, 50); /* till there are all events that there will be */
	count = epoll_wait(s->epoll, events, 2, timeout);
	for (int i = 0; i < count; i++) {
		bits |= 1U << events[i].data.u32;
		s->late += s->fds[events[i].data.u32] < 0;
	}
	return bits;
}

/* The accepted socket that a client of ours belongs to; -1 if nobody is told of it. */
MAYBE_UNUSED static int accept_from(struct server *s, struct address *peer, int timeout)
{
	int fd = -1;

	while (fd < 0) {
		unsigned bits = ready(s, timeout);

		if (!bits)
			return -1;
		for (int i = 0; i < 2 && fd < 0; i++) {
			if (!(bits >> i & 1) || s->fds[i] < 0)
				continue;
			peer->len = sizeof peer->room;
			fd = accept(s->fds[i], &peer->any, &peer->len);
			check(fd >= 0 || errno == EAGAIN);
		}
	}
	return fd;
}

/* Clients are other programs, as it were: they do not take the number of what is closed. */
MAYBE_UNUSED static int client_socket(struct server *s, int i)
{
	int fd = must(socket(domain_of(s->pair->to[i]), SOCK_STREAM, 0));
	int high = must(fcntl(fd, F_DUPFD_CLOEXEC, 500));

	close(fd);
	return high;
}

MAYBE_UNUSED static int client_to(struct server *s, int i)
{
	int fd = client_socket(s, i);
	int connected = connect_to(fd, s->pair->to[i], s->port);

	say("connect to %s: %s", s->pair->to[i], result(connected));
	if (connected == 0)
		know_port(local_port(fd), "client");
	return fd;
}

MAYBE_UNUSED static void end(int client, int server)
{
	check_carried(server);
	check_echo(client, server);
	shutdown(client, SHUT_RDWR);
	check(read(server, &(char){0}, 1) == 0);
	close(client);
	close(server);
}

/* A client of either address is served, whichever listener it is that does. */
MAYBE_UNUSED static void both_serve(struct server *s)
{
	struct address peer;

	for (int i = 0; i < 4; i++) {
		int client = client_to(s, i % 2), server = accept_from(s, &peer, PATIENCE_MS);

		say("accepted: %d", server >= 0);
		end(client, server);
	}
}

MAYBE_UNUSED static void describe(int fd)
{
	int domain = 0, v6only = 0;
	socklen_t len = sizeof(int);

	must(getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len));
	say("local %s, domain %d", local_name(fd), domain);
	say("IPV6_V6ONLY: %s, %d",
	    result(getsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6only, &len)), v6only);
	say("set IPV6_V6ONLY: %s",
	    result(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6only, sizeof v6only)));
	say("bind again: %s", result(bind_to(fd, "127.0.0.1", 0)));
}

/* A client of the address that is left gets what it would get had there been no other. */
MAYBE_UNUSED static void serves_on(struct server *s, int i)
{
	struct address peer;
	int client = client_to(s, i), server = accept_from(s, &peer, 2000);

	if (server < 0) {
		say("nobody is told");
		close(client);
		return;
	}
	say("accepted from %s", show(&peer));
	say("local %s, peer %s", local_name(server), peer_name(server));
	end(client, server);
}

#endif
